"""What the API is made of, put together once; what endpoints ask of it; who may come in."""

from __future__ import annotations

from typing import Annotated, TypeVar, cast

from fastapi import Depends, Path, Request

from redress.api.callers import Callers
from redress.api.problems import Refusal
from redress.api.settings import ApiSettings
from redress.domain.identifiers import REFERENCE
from redress.security.access import CODEC, Role
from redress.security.encryption import Cipher
from redress.security.tokens import Caller
from redress.services.backends import ASKING, Asking, Backends
from redress.services.openings import Openings
from redress.store.api_store import open_store
from redress.store.intake_queue import IntakeQueue

T = TypeVar("T")


class AppContext:
    """The parts of one API."""

    def __init__(self, settings: ApiSettings, cipher: Cipher) -> None:
        self.settings = settings
        self.cipher = cipher
        self.backends = Backends(settings, cipher)
        store = open_store(settings.store_url)
        self.callers = Callers(store, settings)
        self.queue = IntakeQueue(store, cipher)
        self.openings = Openings(self.backends, self.queue)


def check_authority(caller: Caller, authority: object) -> None:
    """Refuse a caller who is limited to another authority. Raises `Refusal`."""
    if caller.authority not in (None, authority):
        raise Refusal("not-allowed", f"This caller is limited to {caller.authority}.")


async def admit(request: Request, allowed: frozenset[Role] | None) -> None:
    """Note who calls, if they have one of the roles and reach the complaint that the path names.

    `allowed` None: anybody may. Raises `Refusal`.
    """
    if allowed is None:
        return
    context = context_of(request)
    caller = await context.callers.admit(allowed, request)
    if allowed == CODEC and caller.authority is not None:
        raise Refusal("not-allowed", "Decoding payloads reads every authority's.")
    request.state.caller = caller
    ASKING.set(Asking(f"{caller.name} {caller.token}"))
    reference = request.path_params.get("reference", "")
    if caller.authority is not None and REFERENCE.fullmatch(reference):
        owner = await context.backends.ask(lambda register: register.authority_of(reference))
        if owner is not None:
            check_authority(caller, owner)


def context_of(request: Request) -> AppContext:
    """The context of the app that a request came to."""
    return cast(AppContext, request.app.state.context)


def caller_of(request: Request) -> Caller:
    """Who calls, at an endpoint that not anybody may use."""
    return cast(Caller, request.state.caller)


Context = Annotated[AppContext, Depends(context_of)]
CurrentCaller = Annotated[Caller, Depends(caller_of)]
Reference = Annotated[
    str,
    Path(
        pattern=f"^{REFERENCE.pattern}$",
        description="The complaint's reference.",
        examples=["CYP-2026-000123"],
    ),
]
