"""Reading over HTTP: where a complaint stands, lists, what is due, and how a date is counted."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import date
from typing import Annotated, Any, Literal, TypeVar

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, ConfigDict, Field, JsonValue

from redress.api.backends import Unavailable
from redress.api.context import House, TheCaller, TheHouse, check_authority
from redress.api.messages import Reference
from redress.api.openapi import answers
from redress.api.problems import Refusal, malformed, unavailable, wrong
from redress.domain.calendar import OutsideTable, long_date
from redress.domain.fields import Day
from redress.domain.parsing import Malformed
from redress.domain.procedure import Owner, StageName
from redress.domain.status import DeadlineState, Status
from redress.procedures.files import FileError
from redress.security.tokens import Caller
from redress.services import due_dates, lists, sending
from redress.services.clock import today
from redress.services.errors import NoAnswer, NoSuchComplaint
from redress.store.listing import ComplaintFilter, OwedFilter
from redress.store.register import Register

router = APIRouter()

T = TypeVar("T")

STATUS_WITHIN = 3.0
"""Seconds that the complaint itself has to answer before the register is read instead."""

AsOf = Annotated[
    Day | None, Query(description="On which London date; today if left out.", examples=["2026-11-20"])
]
Authority = Annotated[
    str | None,
    Query(
        pattern=r"^[a-z0-9][a-z0-9-]{0,99}$", description="Only this authority.", examples=["family-rights"]
    ),
]
Limit = Annotated[int, Query(ge=1, le=500, description="How many at most on one page.")]
After = Annotated[
    str, Query(max_length=300, description="`next` of the page before; left out: from the start.")
]


class Moved(BaseModel):
    """An earlier due date."""

    due_on: date
    reason: str
    breach: bool = Field(description="Whether it had passed by then.")


class DatedDeadline(BaseModel):
    """A limit that runs, or has run, in a complaint."""

    name: str = Field(examples=["stage_1_response"])
    title: str
    stage: str
    owner: str
    kind: Literal["limit", "target", "window"]
    counts_from: date = Field(description="Day 0.")
    limit: int = Field(description="How many days.")
    unit: Literal["working_days", "calendar_days"]
    due_on: date = Field(description="The last day that is in time.")
    provisional: bool = Field(description="No official list of bank holidays covers it yet.")
    met_on: date | None
    state: DeadlineState
    days_late: int
    source: str = Field(description="The rule that it comes from.")


class StatusDeadline(DatedDeadline):
    """The same, with what moved it, and why."""

    model_config = ConfigDict(extra="allow")

    moved: list[Moved]


class ComplaintLine(BaseModel):
    """A complaint in a line. Nothing in it is personal."""

    reference: str = Field(examples=["CYP-2026-000123"])
    authority: str = Field(examples=["family-rights"])
    procedure: str = Field(examples=["statutory"])
    kind: str = Field(examples=["complaint"])
    state: Literal["open", "suspended", "closed"]
    stage: str = Field(examples=["stage_1"])
    received_on: date
    next_due_on: date | None = Field(
        description="The earliest date still owed, one that has passed included."
    )
    waiting_for: str = Field(examples=["stage_manager"])
    overdue: bool = Field(description="Whether a limit has passed and is still owed.")
    closed_on: date | None
    closed_as: str | None


class Standing(ComplaintLine):
    """Where a complaint stands, in dates and states alone."""

    deadlines: list[DatedDeadline]
    as_of: date


class ComplaintStatus(ComplaintLine):
    """Where a complaint stands, with all that was said."""

    model_config = ConfigDict(extra="allow")

    deadlines: list[StatusDeadline]
    appointments: list[dict[str, JsonValue]]
    letters: list[dict[str, JsonValue]]
    remedies: list[dict[str, JsonValue]]
    messages: list[dict[str, JsonValue]] = []
    pending: list[dict[str, JsonValue]]
    refused: list[dict[str, JsonValue]]
    irregular: list[dict[str, JsonValue]]
    as_of: date


class ComplaintPage(BaseModel):
    """A page of complaints, by next due date. Pages follow the reference, which never moves."""

    complaints: list[ComplaintLine]
    next: str | None = Field(description="Give it as `after` for the next page; null: this is the last.")


class OwedDate(BaseModel):
    """A date that somebody owes."""

    due_on: date
    reference: str
    authority: str
    name: str = Field(examples=["stage_1_response"])
    stage: str
    kind: str = Field(description="limit, target or window.")
    owner: str = Field(examples=["stage_manager"])
    state: str = Field(description="running or overdue.")
    days_late: int
    provisional: bool
    source: str


class DuePage(BaseModel):
    """A page of dates, by day. Pages follow the reference, which never moves."""

    due: list[OwedDate]
    next: str | None = Field(description="Give it as `after` for the next page; null: this is the last.")


class SkippedDay(BaseModel):
    """A day that does not count."""

    on: date
    why: str = Field(examples=["Saturday"])


class Counted(BaseModel):
    """A date, and how it was counted."""

    from_: date = Field(alias="from", description="Day 0.")
    days: int
    unit: Literal["working_days", "calendar_days"]
    before: bool
    due_on: date
    provisional: bool = Field(
        description="No official list of bank holidays covers it yet; it may still move."
    )
    explanation: str = Field(description="The same in a sentence.")
    skipped: list[SkippedDay] = Field(description="Every day that was passed over, and why.")


@router.get(
    "/v1/complaints",
    operation_id="list_complaints",
    summary="List complaints",
    tags=["complaints"],
    response_model=ComplaintPage,
    responses=answers(reaches=True),
)
async def list_complaints(
    house: TheHouse,
    caller: TheCaller,
    all: Annotated[bool, Query(description="Closed ones too.")] = False,
    stage: Annotated[StageName | None, Query(description="Only this stage.", examples=["stage_2"])] = None,
    overdue: Annotated[bool, Query(description="Only with a limit that has passed.")] = False,
    due_before: Annotated[Day | None, Query(description="Only due before this date.")] = None,
    authority: Authority = None,
    limit: Limit = 100,
    after: After = "",
) -> ComplaintPage:
    """Open complaints by next due date, as of today in London, from the register: Temporal may be down."""
    only = _only(caller, authority)
    wanted = ComplaintFilter(all, only, stage, overdue, due_before)
    page = await _asked(
        house, lambda register: lists.list_complaints(register, wanted, today(), limit=limit, after=after)
    )
    return ComplaintPage(
        complaints=[ComplaintLine(**line._asdict()) for line in page.complaints], next=page.next
    )


@router.get(
    "/v1/due",
    operation_id="list_due",
    summary="What is due, by day",
    tags=["dates"],
    response_model=DuePage,
    responses=answers(reaches=True),
)
async def list_due(
    house: TheHouse,
    caller: TheCaller,
    from_: Annotated[Day | None, Query(alias="from", description="Due on this date or later.")] = None,
    until: Annotated[Day | None, Query(description="Due on this date or earlier.")] = None,
    authority: Authority = None,
    owner: Annotated[
        Owner | None, Query(description="Owed by this role.", examples=["stage_manager"])
    ] = None,
    limit: Limit = 100,
    after: After = "",
) -> DuePage:
    """Every limit, target and window that still runs, overdue ones included; paused ones are left out."""
    wanted = OwedFilter(_only(caller, authority), from_, until, owner)
    page = await _asked(
        house, lambda register: lists.list_due(register, wanted, today(), limit=limit, after=after)
    )
    return DuePage(due=[OwedDate(**each._asdict()) for each in page.due], next=page.next)


@router.get(
    "/v1/complaints/{reference}",
    operation_id="read_complaint",
    summary="Where a complaint stands",
    tags=["complaints"],
    response_model=ComplaintStatus,
    responses=answers(found=True, reaches=True),
)
async def read_complaint(
    reference: Reference, response: Response, house: TheHouse, caller: TheCaller, as_of: AsOf = None
) -> dict[str, Any]:
    """Everything about it: limits, letters, messages.

    `Redress-Read-From` says whether the complaint itself answered (`temporal`) or, since it does not answer
    or has ended, the register (`register`), which follows within seconds.
    """
    await house.reachable(caller, reference)
    return dict(await _status(house, response, reference, as_of))


@router.get(
    "/v1/complaints/{reference}/standing",
    operation_id="read_standing",
    summary="Where a complaint stands, in dates alone",
    tags=["complaints"],
    response_model=Standing,
    responses=answers(found=True, reaches=True),
)
async def read_standing(
    reference: Reference, response: Response, house: TheHouse, caller: TheCaller, as_of: AsOf = None
) -> dict[str, Any]:
    """Its stage, its limits and whether they are met; nothing that anybody wrote."""
    await house.reachable(caller, reference)
    return dict(await _status(house, response, reference, as_of))


@router.get(
    "/v1/calendar/count",
    operation_id="count_days",
    summary="Count working days from a date",
    tags=["dates"],
    response_model=Counted,
    responses=answers(),
)
async def count_days(
    from_: Annotated[
        Day, Query(alias="from", description="The date counted from: day 0.", examples=["2026-12-18"])
    ],
    days: Annotated[int, Query(ge=0, le=5000, description="How many.", examples=[10])],
    calendar_days: Annotated[bool, Query(description="Count every day.")] = False,
    before: Annotated[bool, Query(description="Count back.")] = False,
) -> Counted:
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
    where = "before" if before else "after"
    counted = unit.replace("_", " ") if days != 1 else unit.replace("_", " ").removesuffix("s")
    said = f"{long_date(answer)} is {days} {counted} {where} {long_date(from_)}"
    if skipped:
        said += f"; {len(skipped)} day{'s between do' if len(skipped) > 1 else ' between does'} not count"
    return Counted.model_validate(
        {
            "from": from_,
            "days": days,
            "unit": unit,
            "before": before,
            "due_on": answer,
            "provisional": provisional,
            "explanation": said + ".",
            "skipped": [{"on": day.on, "why": day.why} for day in skipped],
        }
    )


async def _status(house: House, response: Response, reference: str, as_of: date | None) -> Status:
    day = as_of or today()

    async def ask(work: Callable[[Register], T]) -> T:
        try:
            return await house.reach.ask(work)
        except Unavailable:
            raise NoAnswer("the register does not answer") from None

    try:
        client = house.reach.temporal()
    except Unavailable:
        client = None
    try:
        found = await sending.read_status(client, ask, reference, day, STATUS_WITHIN, although_down=True)
    except Malformed as error:
        raise malformed(error) from None
    except NoSuchComplaint as error:
        raise Refusal("not-found", f"{error}.") from None
    except NoAnswer as error:
        said = str(error)
        raise unavailable(f"{said[:1].upper()}{said[1:]}.") from None
    response.headers["Redress-Read-From"] = found.source
    return found.status


async def _asked(house: House, work: Callable[[Register], T]) -> T:
    try:
        return await house.reach.ask(work)
    except Unavailable:
        raise unavailable("The register does not answer.") from None
    except Malformed as error:
        raise malformed(error) from None


def _only(caller: Caller, authority: str | None) -> str | None:
    """The authority that a list is limited to: the caller's own, where they have one."""
    if authority is not None:
        check_authority(caller, authority)
    return authority or caller.authority
