"""Reading over HTTP: where a complaint stands, lists, what is due, and how a date is counted."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import date
from functools import partial
from typing import Annotated, Any, TypeVar

from fastapi import Query, Response
from fastapi.encoders import jsonable_encoder

from redress.api.context import (
    AppContext,
    Context,
    CurrentCaller,
    OnlyAuthority,
    Reference,
    check_authority,
)
from redress.api.problems import unavailable, wrong
from redress.api.routing import endpoints, header, roles
from redress.api.schemas import ComplaintPage, Counted, DuePage, Standing
from redress.domain.calendar import OutsideTable, long_date
from redress.domain.fields import Day, Kind
from redress.domain.identifiers import typed_reference
from redress.domain.procedure import Owner, StageName, WaitingFor
from redress.domain.status import Status
from redress.procedures.files import FileError
from redress.security.access import CASEWORK, EVERYBODY, MANAGER, READERS, READS_TEXT, TEAMS
from redress.security.tokens import Caller
from redress.services import due_dates, lists, sending
from redress.services.approvals import approvers_of
from redress.services.backends import Unavailable
from redress.services.clock import today
from redress.services.errors import NoAnswer
from redress.services.struck_out import with_what_it_said
from redress.store.listing import ComplaintFilter, Line, OwedDate, OwedFilter
from redress.store.register import Register

router = endpoints()

T = TypeVar("T")

READ_FROM = header("Redress-Read-From", "Who answered: `temporal`, or `register`.")
"""A header of what `_status` gives."""

STATUS_WITHIN = 3.0
"""Seconds that the complaint itself has to answer before the register is read instead."""

AsOf = Annotated[
    Day | None, Query(description="On which London date; today if left out.", examples=["2026-11-20"])
]
Limit = Annotated[int, Query(ge=1, le=500, description="How many at most on one page.")]
After = Annotated[
    str, Query(max_length=300, description="`next` of the page before; left out: from the start.")
]


@router.get(
    "/v1/complaints",
    summary="List complaints",
    tags=["complaints"],
    response_model=ComplaintPage,
    openapi_extra=roles(READERS | TEAMS),
)
async def list_complaints(
    context: Context,
    caller: CurrentCaller,
    all: Annotated[bool, Query(description="Closed ones too.")] = False,
    stage: Annotated[StageName | None, Query(description="Only this stage.", examples=["stage_2"])] = None,
    overdue: Annotated[bool, Query(description="Only with a limit that has passed.")] = False,
    due_before: Annotated[Day | None, Query(description="Only due before this date.")] = None,
    authority: OnlyAuthority = None,
    waiting_for: Annotated[
        WaitingFor | None, Query(description="Only what waits for this role.", examples=["stage_manager"])
    ] = None,
    kind: Annotated[Kind | None, Query(description="Only this kind.", examples=["complaint"])] = None,
    procedure: Annotated[
        str | None, Query(max_length=40, description="Only this procedure.", examples=["statutory"])
    ] = None,
    team: Annotated[str | None, Query(max_length=500, description="Only about this team.")] = None,
    received_from: Annotated[Day | None, Query(description="Received on this date or later.")] = None,
    received_to: Annotated[Day | None, Query(description="Received on this date or earlier.")] = None,
    reference: Annotated[str | None, Query(max_length=40, description="Only this complaint.")] = None,
    source_id: Annotated[
        str | None, Query(max_length=200, description="Only what intake systems call this.")
    ] = None,
    limit: Limit = 100,
    after: After = "",
) -> dict[str, Any]:
    """Open complaints, late limits first and then by next due date, as of today in London.

    From the register: Temporal may be down. Pages follow the reference; the order is that of each page.
    """
    wanted = ComplaintFilter(
        closed=all,
        authority=_only(caller, authority),
        stage=stage,
        overdue=overdue,
        due_before=due_before,
        waiting_for=waiting_for,
        kind=kind,
        procedure=procedure,
        team=team,
        received_from=received_from,
        received_to=received_to,
        reference=typed_reference(reference) if reference else None,
        source_id=source_id,
        only_teams=caller.only_teams,
    )
    page, names = await context.backends.ask(
        partial(_listed, wanted=wanted, limit=limit, after=after, with_names=bool(caller.roles & READS_TEXT))
    )
    shown = [_shown(line) | {"approver": names.get(line.reference)} for line in page.complaints]
    return {"complaints": shown, "next": page.next}


def _listed(
    register: Register, *, wanted: ComplaintFilter, limit: int, after: str, with_names: bool
) -> tuple[lists.ComplaintPage, dict[str, str]]:
    """A page of complaints, and who is asked to approve their letters."""
    page = lists.list_complaints(register, wanted, today(), limit=limit, after=after)
    waiting = [line.reference for line in page.complaints if line.waiting_for == "approver"]
    return page, approvers_of(register, waiting, today()) if with_names else {}


@router.get(
    "/v1/due",
    summary="What is due, by day",
    tags=["dates"],
    response_model=DuePage,
    openapi_extra=roles(READERS | TEAMS),
)
async def list_due(
    context: Context,
    caller: CurrentCaller,
    from_: Annotated[Day | None, Query(alias="from", description="Due on this date or later.")] = None,
    until: Annotated[Day | None, Query(description="Due on this date or earlier.")] = None,
    authority: OnlyAuthority = None,
    owner: Annotated[
        Owner | None, Query(description="Owed by this role.", examples=["stage_manager"])
    ] = None,
    limit: Limit = 100,
    after: After = "",
) -> dict[str, Any]:
    """Every limit, target and window that still runs, overdue ones included; paused ones are left out."""
    wanted = OwedFilter(_only(caller, authority), from_, until, owner, caller.only_teams)
    page = await context.backends.ask(
        lambda register: lists.list_due(register, wanted, today(), limit=limit, after=after)
    )
    return {"due": [_shown(owed) for owed in page.due], "next": page.next}


@router.get(
    "/v1/complaints/{reference}",
    summary="Where a complaint stands",
    tags=["complaints"],
    response_model=Status,
    responses={200: READ_FROM},
    openapi_extra=roles(CASEWORK),
)
async def read_complaint(
    reference: Reference, response: Response, context: Context, caller: CurrentCaller, as_of: AsOf = None
) -> Status:
    """Everything about it: limits, letters, messages. What was struck out managers alone can read.

    `Redress-Read-From` says whether the complaint itself answered (`temporal`) or, since it does not answer
    or has ended, the register (`register`), which follows within seconds.
    """
    status = await _status(context, response, reference, as_of)
    if caller.role in MANAGER and status.get("struck_out"):
        with suppress(Unavailable):
            return await context.backends.ask(lambda register: with_what_it_said(register, status))
    return status


@router.get(
    "/v1/complaints/{reference}/standing",
    summary="Where a complaint stands, in dates alone",
    tags=["complaints"],
    response_model=Standing,
    responses={200: READ_FROM},
    openapi_extra=roles(EVERYBODY),
)
async def read_standing(
    reference: Reference, response: Response, context: Context, as_of: AsOf = None
) -> Status:
    """Its stage, its limits and whether they are met; nothing that anybody wrote."""
    return await _status(context, response, reference, as_of)


@router.get(
    "/v1/calendar/count",
    summary="Count working days from a date",
    tags=["dates"],
    response_model=Counted,
    openapi_extra=roles(EVERYBODY, is_personal=False),
)
async def count_days(
    from_: Annotated[
        Day, Query(alias="from", description="The date counted from: day 0.", examples=["2026-12-18"])
    ],
    days: Annotated[int, Query(ge=0, le=5000, description="How many.", examples=[10])],
    calendar_days: Annotated[bool, Query(description="Count every day.")] = False,
    before: Annotated[bool, Query(description="Count back.")] = False,
) -> dict[str, Any]:
    """The date N working days after (or before) another, with every day that does not count, and why."""
    try:
        answer, provisional, skipped = await asyncio.to_thread(
            due_dates.due, from_, days, calendar_days=calendar_days, before=before
        )
    except OutsideTable as error:
        raise wrong("from", str(error)) from None
    except FileError:
        raise unavailable("The file of bank holidays cannot be read.", seconds=60) from None
    unit = "calendar_days" if calendar_days else "working_days"
    counted = unit.replace("_", " ") if days != 1 else unit.replace("_days", " day")
    where = "before" if before else "after"
    explanation = f"{long_date(answer)} is {days} {counted} {where} {long_date(from_)}"
    if skipped:
        explanation += (
            f"; {len(skipped)} day{'s between do' if len(skipped) > 1 else ' between does'} not count"
        )
    return {
        "from": from_,
        "days": days,
        "unit": unit,
        "before": before,
        "due_on": answer,
        "provisional": provisional,
        "explanation": f"{explanation}.",
        "skipped": [day._asdict() for day in skipped],
    }


async def _status(context: AppContext, response: Response, reference: str, as_of: date | None) -> Status:
    async def ask(work: Callable[[Register], T]) -> T:
        try:
            return await context.backends.ask(work)
        except Unavailable:
            raise NoAnswer("the register does not answer") from None

    try:
        client = context.backends.temporal()
    except Unavailable:
        client = None
    day = as_of or today()
    try:
        reading = await sending.read_status(client, ask, reference, day, STATUS_WITHIN, although_down=True)
    except NoAnswer as error:
        why = str(error)
        raise unavailable(f"{why[:1].upper()}{why[1:]}.") from None
    response.headers["Redress-Read-From"] = reading.source
    return reading.status


def _shown(line: Line | OwedDate) -> Any:
    """A line as the OpenAPI document has it: dates are texts there."""
    return jsonable_encoder(line._asdict())


def _only(caller: Caller, authority: str | None) -> str | None:
    """The authority that a list is limited to: the caller's own, where they have one."""
    if authority is not None:
        check_authority(caller, authority)
    return authority or caller.authority
