"""What the API is made of, put together once; what endpoints ask of it; who may come in."""

from __future__ import annotations

import asyncio
from time import monotonic
from typing import Annotated, TypeVar, cast

from fastapi import Depends, Path, Query, Request

from redress.api.callers import Callers
from redress.api.problems import Refusal, no_such_complaint, unavailable
from redress.api.readings import ReadingLog
from redress.api.settings import ApiSettings
from redress.api.slow_work import SlowWork
from redress.domain.identifiers import REFERENCE, AuthorityName
from redress.security.access import INTAKE, Role
from redress.security.encryption import Cipher
from redress.security.tokens import Caller
from redress.services.backends import ASKING, Asking, Backends, Unavailable
from redress.services.documents import Documents
from redress.services.openings import Openings
from redress.services.reach import reaches
from redress.store.api_store import open_store
from redress.store.database import connect
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
        self.readings = ReadingLog(connect(settings.store_url), self.backends, settings)
        self.openings = Openings(self.backends, self.queue)
        self.documents = Documents(self.backends.register, settings)
        self.document_work = SlowWork("documents", at_most=16, of_one_caller=4)
        self.audit_work = SlowWork("questions to the audit", at_most=8, of_one_caller=4)
        self.printing = SlowWork("letters to print", at_most=3, of_one_caller=1)


NOT_SOONER = 0.1
"""Seconds before anybody is answered who does not reach a complaint: how long it took would say why."""


def check_authority(caller: Caller, authority: object) -> None:
    """Refuse a caller who names another authority than the one they are limited to. Raises `Refusal`."""
    if caller.authority not in (None, authority):
        raise Refusal("not-allowed", f"This caller is limited to {caller.authority}.")


def check_source(caller: Caller, source: object) -> None:
    """Refuse a caller who names a source that is not theirs; what is no text, is malformed."""
    if caller.sources is not None and isinstance(source, str) and source not in caller.sources:
        may = ", ".join(sorted(caller.sources)) or "none"
        raise Refusal("source-not-allowed", f"This caller may name these sources: {may}.")


async def admit(request: Request, allowed: frozenset[Role] | None, *, keeps_unreached: bool = False) -> None:
    """Note who calls, if they have one of the roles and reach the complaint that the path names.

    `allowed` None: anybody may. `keeps_unreached`: the endpoint keeps what an intake caller says about a
    complaint beyond its reach, and finds in `request.state.reached` whether it is. Raises `Refusal`.
    """
    ASKING.set(None)  # a request may begin with what the one before it on its connection had set
    if allowed is None:
        return
    context = context_of(request)
    caller = await context.callers.admit(allowed, request)
    request.state.caller, request.state.reached = caller, True
    ASKING.set(Asking(caller.identity))
    reference = request.path_params.get("reference", "")
    if not REFERENCE.fullmatch(reference):
        return  # there is none in this path, or one that is named as malformed
    asked_at = monotonic()
    request.state.reached = await check_reach(context, caller, allowed, reference)
    if request.state.reached:
        return
    await asyncio.sleep(max(asked_at + NOT_SOONER - monotonic(), 0))
    if not (keeps_unreached and caller.roles & allowed <= INTAKE):
        raise no_such_complaint()


async def check_reach(context: AppContext, caller: Caller, allowed: frozenset[Role], reference: str) -> bool:
    """Whether a caller reaches a complaint in one of these roles. Raises `Refusal` where nobody can say."""
    try:
        return await reaches(context.backends, caller, allowed, reference)
    except Unavailable:
        raise unavailable("The register does not answer, which says whose complaint it is.") from None


def context_of(request: Request) -> AppContext:
    """The context of the app that a request came to."""
    return cast(AppContext, request.app.state.context)


def caller_of(request: Request) -> Caller:
    """Who calls, at an endpoint that not anybody may use."""
    return cast(Caller, request.state.caller)


def reached_of(request: Request) -> bool:
    """Whether the caller reaches the complaint that the path names, at an endpoint that takes both."""
    return bool(request.state.reached)


Context = Annotated[AppContext, Depends(context_of)]
CurrentCaller = Annotated[Caller, Depends(caller_of)]
IsReached = Annotated[bool, Depends(reached_of)]
OnlyAuthority = Annotated[
    AuthorityName | None, Query(description="Only this authority.", examples=["family-rights"])
]
Reference = Annotated[
    str,
    Path(
        pattern=f"^{REFERENCE.pattern}$",
        description="The complaint's reference.",
        examples=["CYP-2026-000123"],
    ),
]
