"""What the API is made of, put together once, and what routes ask of it."""

from __future__ import annotations

from typing import Annotated, cast

from fastapi import Depends, Request
from fastapi.routing import APIRoute

from redress.api.backends import Reach, Unavailable
from redress.api.callers import Callers
from redress.api.problems import Refusal, unavailable
from redress.api.settings import ApiSettings
from redress.domain.parsing import Problem
from redress.security.encryption import Cipher
from redress.security.tokens import Caller
from redress.store import callers
from redress.store.api_store import open_store
from redress.store.intake_queue import Waiting


class House:
    """The parts of one api."""

    def __init__(self, settings: ApiSettings, cipher: Cipher) -> None:
        self.settings = settings
        self.cipher = cipher
        self.reach = Reach(settings, cipher)
        store = open_store(settings.store_url)
        self.callers = Callers(store, settings)
        self.waiting = Waiting(store, cipher)

    async def reachable(self, caller: Caller, reference: str) -> None:
        """Turn away a caller who is limited to one authority from another's complaint. Raises `Refusal`."""
        if caller.authority is None:
            return
        try:
            owner = await self.reach.ask(lambda register: callers.authority_of(register, reference))
        except Unavailable:
            raise unavailable("The register does not answer.") from None
        if owner is not None:
            check_authority(caller, owner)


def check_authority(caller: Caller, authority: object) -> None:
    """Turn away a caller who is limited to another authority. Raises `Refusal`."""
    if caller.authority not in (None, authority):
        raise Refusal("not-allowed", f"This caller is limited to {caller.authority}.")


def context_of(request: Request) -> House:
    """The house that a request came to."""
    return cast(House, request.app.state.house)


async def admitted(request: Request) -> None:
    """Ask who calls before anything else; every route depends on it."""
    house = context_of(request)
    operation = str(request.scope["route"].operation_id)
    caller = await house.callers.admit(operation, request)
    if caller is not None and caller.authority is not None and operation.startswith("codec_"):
        raise Refusal("not-allowed", "Whoever decodes payloads reads every authority's.")
    request.state.caller = caller
    _known_parameters(request)


def _known_parameters(request: Request) -> None:
    """Turn away a parameter that is not there: misspelt, a filter would be passed over in silence."""
    route = request.scope["route"]
    if not isinstance(route, APIRoute) or not route.path.startswith("/v1/"):
        return  # what calls those is not made for this api
    known = {each.alias for each in route.dependant.query_params}
    given = [name for name, _ in request.query_params.multi_items()]
    problems = [
        Problem(_plain(name), "no such parameter" if name not in known else "is given more than once")
        for name in dict.fromkeys(given)
        if name not in known or given.count(name) > 1
    ]
    if problems:
        detail = "Nothing was changed: a parameter cannot be taken."
        raise Refusal("malformed", detail, errors=problems[:20])


def _plain(name: str) -> str:
    """A parameter's name as it can be told again."""
    return "".join(each if each.isprintable() else "?" for each in name[:60]) or "?"


def caller_of(request: Request) -> Caller:
    """Who calls, at an operation that not anybody may use."""
    return cast(Caller, request.state.caller)


TheHouse = Annotated[House, Depends(context_of)]
TheCaller = Annotated[Caller, Depends(caller_of)]
