"""Opening a complaint: once for each intake, however often it is sent."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from pydantic import BaseModel
from temporalio.client import Client
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError

from redress.contract import TASK_QUEUE, WORKFLOW, Start, workflow_id
from redress.domain.case import Case
from redress.domain.contact_details import contact_problems
from redress.domain.opening import Opening
from redress.domain.opening_parsing import parse_opening
from redress.domain.parsing import Malformed, Problem
from redress.domain.status import MessageOutcome
from redress.procedures.loader import authority, procedure, procedure_for, rules_for
from redress.services.clock import latest_today
from redress.services.errors import NoAnswer
from redress.services.following_up import check_there
from redress.store import differing
from redress.store.register import Register, Reserved
from workflows.details import STATIC_DETAILS, search_attributes, title


class Opened(BaseModel):
    """What became of an opening. `refused`: its past messages that the rules refused, and why."""

    reference: str
    workflow_id: str
    created: bool
    differs: bool
    refused: list[MessageOutcome] = []


def check(raw: object, accepted_on: date | None = None) -> Opening:
    """The opening, if it can be taken; what was accepted on an earlier London date is not judged again.

    Raises `Malformed`.
    """
    problems = contact_problems(raw)
    try:
        opening = parse_opening(raw, _judged_on(accepted_on))
    except Malformed as malformed:
        problems = [*malformed.problems, *problems]
    try:
        if not problems:
            procedure(procedure_for(opening).procedure, opening.authority)
            check_themes(opening.themes, opening.authority, "themes")
            return opening
        if isinstance(raw, dict) and isinstance(raw.get("authority"), str):
            authority(raw["authority"])
    except Malformed as malformed:
        problems += malformed.problems
    raise Malformed(problems)


def check_themes(themes: Sequence[str], council: str, field: str) -> None:
    """Raise `Malformed` for what is no theme of an authority, with those there are."""
    known = authority(council).themes
    choices = f"should be one of {', '.join(known)}" if known else f"{council} has no themes in its file"
    wrong = [at for at, theme in enumerate(themes) if theme not in known]
    if wrong:
        raise Malformed([Problem(f"{field}[{at}]", choices, "not_one_of") for at in wrong])


async def open_complaint(client: Client, register: Register, raw: dict[str, Any]) -> Opened:
    """Reserve the reference, then start the workflow; a retry finishes a start that failed.

    Raises `Malformed` before anything is written, `NoAnswer` where Temporal did not take it.
    """
    opening = check(raw)
    reserved = reserve(register, opening, raw)
    if not reserved.started:
        await begin(client, reserved, opening if reserved.created else None)
    return Opened(
        reference=reserved.reference,
        workflow_id=workflow_id(reserved.reference),
        created=reserved.created,
        differs=reserved.differs,
        refused=refused_of(reserved),
    )


def reserve(register: Register, opening: Opening, raw: dict[str, Any], brought_by: str = "") -> Reserved:
    """The reference of an intake; what comes again with other content is kept for staff.

    Raises `Malformed` where it belongs with a complaint that the authority does not have.
    """
    for other in opening.links_to:
        check_there(register, opening.authority, other, "linked_to")
    reserved = register.reserve(opening, raw, authority(opening.authority).prefix, brought_by=brought_by)
    if reserved.differs:
        differing.keep(register, reserved.reference, raw, brought_by)
    return reserved


async def begin(client: Client, reserved: Reserved, parsed: Opening | None = None) -> None:
    """Start the workflow of a reserved reference with what it was reserved for. Raises `NoAnswer`.

    `parsed`: the same, where it has been parsed a moment ago.
    """
    reference, accepted_on = reserved.reference, reserved.accepted_on
    start_with = Start(reference=reference, opening=reserved.opening, accepted_on=accepted_on)
    await start(client, start_with, shown=_case(reserved, parsed))


def refused_of(reserved: Reserved) -> list[MessageOutcome]:
    """The past messages of an opening that the rules refused."""
    if reserved.differs or not reserved.opening.get("messages"):
        return []
    case = _case(reserved)
    return case.latest_status(case.state.day)["refused"]


def _case(reserved: Reserved, parsed: Opening | None = None) -> Case:
    """The complaint as it will be on the day it opens."""
    day = _judged_on(reserved.accepted_on)
    opening = parsed or parse_opening(reserved.opening, day)
    return Case(rules_for(opening, day), reserved.reference, opening, day)


def _judged_on(accepted_on: date | None) -> date:
    judged_on = latest_today()
    return max(judged_on, accepted_on or judged_on)


async def start(
    client: Client,
    what: Start,
    *,
    shown: Case | None = None,
    again: bool = False,
    in_place: bool = False,
    delay: timedelta | None = None,
) -> None:
    """Start a complaint's workflow unless it runs or has ended well. Raises `NoAnswer`.

    `shown` is the case as it will be: the list of workflows shows it right from the start. `again`: also
    where it has ended well; `in_place`: also where it runs, in its place. `delay`: not before then.
    """
    conflict, reuse = WorkflowIDConflictPolicy.USE_EXISTING, WorkflowIDReusePolicy.ALLOW_DUPLICATE_FAILED_ONLY
    if again or in_place:
        reuse = WorkflowIDReusePolicy.ALLOW_DUPLICATE
    if in_place:
        conflict = WorkflowIDConflictPolicy.TERMINATE_EXISTING
    try:
        await client.start_workflow(
            WORKFLOW,
            what.model_dump(mode="json", exclude_none=True),
            id=workflow_id(what.reference),
            task_queue=TASK_QUEUE,
            id_conflict_policy=conflict,
            id_reuse_policy=reuse,
            start_delay=delay,
            static_summary=title(what.reference, shown.opening.authority if shown else ""),
            static_details=STATIC_DETAILS,
            search_attributes=search_attributes(shown) if shown else None,
        )
    except WorkflowAlreadyStartedError:
        return  # it ran to its end: the complaint is there
    except RPCError as error:
        raise NoAnswer(
            f"Temporal did not take the start of {what.reference} ({error.message})",
            reference=what.reference,
            applied="no",
        ) from None
