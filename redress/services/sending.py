"""Sending a message to a complaint, and reading where it stands."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import date
from functools import partial
from random import uniform
from time import monotonic
from typing import Any, Literal, NamedTuple, Protocol, TypeVar, cast, get_args
from uuid import uuid4

from sqlalchemy.exc import SQLAlchemyError
from temporalio.client import (
    Client,
    WorkflowHandle,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode

from redress.contract import Start, workflow_id
from redress.domain.case import Answer
from redress.domain.contact_details import contact_problems
from redress.domain.erasure import Erased
from redress.domain.intake_content import differing_fields
from redress.domain.messages import MESSAGES, ChangeProcedure, Correct, Withhold
from redress.domain.opening_parsing import parse_opening
from redress.domain.parsing import ENVELOPE, FIRST_YEAR, Malformed, Problem, ProblemCode, parse_message
from redress.domain.status import DifferingStatus, Status
from redress.procedures.loader import rules_for
from redress.security.keyring import KeyDestroyed
from redress.services import following_up
from redress.services.clock import latest_today, today
from redress.services.errors import NoAnswer, NotFound
from redress.services.intake import check_themes, start
from redress.services.letters import with_delivery
from redress.services.querying import BUSY, NotRunning, live_status
from redress.store import differing, documents
from redress.store.register import Register

T = TypeVar("T")

REFUSED_UPDATE = "Refused"
"""The type of the failure that a refused update ends with; its first detail is the whole answer."""

MOST_TAKEN_UP = 5
"""How often a complaint that has ended is taken up for one message, which may come late again."""

FIRST_PAUSE, LONGEST_PAUSE = 0.5, 20.0
"""Seconds between two tries of a message that the server was too busy to take."""


def accept(action: str, body: dict[str, Any], *, from_intake: bool = False) -> tuple[str, dict[str, Any]]:
    """A message as an entry point sends it: completed, its dates judged by today there, and in its envelope.

    `from_intake`: an intake system brought it; the entry point says so, and no field of a body. A date that
    the sender left out is today's, marked as assumed. Raises `Malformed`.
    """
    forged = [Problem(name, "no such field", "unknown_field") for name in ENVELOPE if name in body]
    if forged:
        raise Malformed(forged)
    accepted_on = latest_today()
    name, message = complete(action, body, judged_on=accepted_on)
    assumed = body.get("on") is None
    return name, message | {
        "accepted_on": accepted_on.isoformat(),
        "assumed": assumed,
        "from_intake": from_intake,
    }


def complete(
    action: str, body: dict[str, Any], *, judged_on: date = date(2099, 12, 31)
) -> tuple[str, dict[str, Any]]:
    """A message with what its sender may leave out: today's date and an id. Raises `Malformed`.

    `judged_on`: the London date that counts as today; left out, whoever handles it judges its dates.
    """
    action = action.replace("-", "_")
    if action not in MESSAGES:
        raise Malformed([Problem("action", f"{action!r} is none of {', '.join(MESSAGES)}")])
    message = {"on": today().isoformat(), "message_id": f"m-{uuid4().hex}"} | {
        name: value for name, value in body.items() if value is not None or name not in ("on", "message_id")
    }
    problems = contact_problems(message)
    try:
        parse_message(action, message, received_on=date(FIRST_YEAR, 1, 1), today=judged_on)
    except Malformed as malformed:
        problems = [*malformed.problems, *problems]
    if problems:
        raise Malformed(problems)
    return action, message


async def send(
    client: Client, register: Register, reference: str, action: str, body: dict[str, Any], within: float
) -> Answer:
    """Send one completed message, and what follows from it to another complaint that it names.

    Raises as `send_alone`; `Malformed` also where there is no such other complaint.
    """
    if action in following_up.OF_DRAFTS:
        answer = await send_alone(client, register, reference, action, body, within)
        closing = await asyncio.to_thread(following_up.drafted, register, reference, body["mark"])
        if answer.applied and closing is not None:
            await _follow_up(client, register, reference, closing[0], "close", closing[1], within)
        return answer
    if action not in following_up.NAMES:
        return await send_alone(client, register, reference, action, body, within)
    other = await asyncio.to_thread(following_up.other_named, register, reference, action, body)
    if other is None:
        return await send_alone(client, register, reference, action, body, within)
    for each in await asyncio.to_thread(following_up.before, register, reference, other, action, body):
        await send_alone(client, register, each.reference, each.action, each.body, within)
    answer = await send_alone(client, register, reference, action, body, within)
    if following_up.is_taken(answer):
        await _follow_up(client, register, reference, other, action, body, within)
    return answer


async def _follow_up(
    client: Client,
    register: Register,
    reference: str,
    other: str,
    action: str,
    body: dict[str, Any],
    within: float,
) -> None:
    for each in await asyncio.to_thread(following_up.after, register, reference, other, action, body):
        await send_alone(client, register, each.reference, each.action, each.body, within)


async def send_alone(
    client: Client, register: Register, reference: str, action: str, body: dict[str, Any], within: float
) -> Answer:
    """Send one completed message and wait for its answer, at most `within` seconds.

    Raises `Malformed`, `NotFound` or `NoAnswer`. A complaint whose workflow has ended is taken
    up again from the register.
    """
    if action == Correct.action and body["field"] == "themes":
        await asyncio.to_thread(_check_themes, register, reference, body["value"])
    if action == Withhold.action:
        await asyncio.to_thread(_check_document, register, reference, str(body["document"]))
    if action == ChangeProcedure.action:
        body = await asyncio.to_thread(with_rules, register, reference, body)
    ends_at = monotonic() + within
    taken_up = 0
    pause = FIRST_PAUSE
    while True:
        try:
            return await _update(client, reference, action, body, max(ends_at - monotonic(), 0.1))
        except KeyDestroyed:
            raise _erased(register, reference) from None
        except RPCError as error:
            if error.status == RPCStatusCode.NOT_FOUND and taken_up < MOST_TAKEN_UP:
                await take_up_again(client, register, reference)
                taken_up += 1
            elif error.status not in BUSY or monotonic() >= ends_at:
                why = f"Temporal did not answer ({error.status.name}: {error.message})"
                raise NoAnswer(why, reference=reference, applied="unknown") from None
            else:
                # The message has an id: it counts once however often it comes. Ever longer pauses, since
                # each message that a server turns away costs those it is about to take (decision 0004).
                await asyncio.sleep(min(uniform(0.5, 1.5) * pause, max(ends_at - monotonic(), 0.1)))
                pause = min(pause * 2, LONGEST_PAUSE)


def _check_themes(register: Register, reference: str, themes: object) -> None:
    """Raise `Malformed` where a correction names what is no theme of the complaint's authority."""
    council = register.authority_of(reference)
    if council is not None and isinstance(themes, list):
        check_themes([str(theme) for theme in themes], council, "value")


def _check_document(register: Register, reference: str, said: str) -> None:
    """Raise `Malformed` where what is to be withheld is no document here: it would keep nothing back."""
    if not register.knows(reference):
        return  # what there is none of is told otherwise
    known = documents.of(register, reference)
    if not any(each.is_erased or documents.is_called(each, said) for each in known):
        what = f"{reference} has no such document: attach it first, or name it as 'documents' does"
        raise Malformed([Problem("document", what)])


def with_rules(register: Register, reference: str, body: dict[str, Any]) -> dict[str, Any]:
    """A move to another procedure with the rules of that one. Raises `Malformed` where there is none."""
    raw = register.opening(reference)
    if raw is None:
        raise NotFound(reference)
    day = today()
    kind = "complaint" if body["procedure"] != "representation" else "comment"
    wanted = raw | {"procedure": body["procedure"], "statutory": None, "kind": kind, "messages": []}
    opening = parse_opening({name: value for name, value in wanted.items() if value is not None}, day)
    return body | {"rules": rules_for(opening, day).packed}


def _erased(register: Register, reference: str) -> Erased:
    with register.reading() as db:
        left = register.erased(db, reference)
    return Erased(reference, str(left.get("erased_on")) if left else "an earlier day")


async def take_up_again(client: Client, register: Register, reference: str) -> None:
    """Start the workflow of a known complaint again, from its record or, failing that, its opening."""
    opening = await asyncio.to_thread(register.opening, reference)
    if opening is None:
        raise NotFound(reference)
    recorded = await asyncio.to_thread(register.recall, reference) is not None
    accepted_on = None if recorded else await asyncio.to_thread(register.accepted_on, reference)
    known = None if recorded else opening
    await start(client, Start(reference=reference, opening=known, accepted_on=accepted_on), again=True)


async def _update(client: Client, reference: str, action: str, body: dict[str, Any], within: float) -> Answer:
    handle: WorkflowHandle[Any, Any] = client.get_workflow_handle(workflow_id(reference))
    try:
        async with asyncio.timeout(within):
            answer = await handle.execute_update(action, body, result_type=dict)
    except WorkflowUpdateFailedError as error:
        answer = _refused(error.cause)
    except (TimeoutError, WorkflowUpdateRPCTimeoutOrCancelledError):
        asking = asyncio.current_task()
        if asking is not None and asking.cancelling():  # of being told to end the SDK says the same
            raise asyncio.CancelledError from None
        why = f"no answer within {within:.0f} s: is a worker running?"
        raise NoAnswer(why, reference=reference, applied="unknown") from None
    return Answer.model_validate(answer)


class StatusReading(NamedTuple):
    """Where a complaint stands, and who said so: its workflow, or the register, which follows in seconds."""

    status: Status
    source: Literal["temporal", "register"]


class AskRegister(Protocol):
    """How the register is asked without holding up others. Raises `NoAnswer` where it is out of reach."""

    def __call__(self, work: Callable[[Register], T], /) -> Awaitable[T]: ...


async def status(client: Client, register: Register, reference: str, as_of: date, within: float) -> Status:
    """Where a complaint stands on a London date; from the register once Temporal has forgotten it.

    `within`: seconds that its workflow has to answer. Raises `Malformed`, `NotFound`, `NoAnswer`.
    """

    async def ask(work: Callable[[Register], T]) -> T:
        return await asyncio.to_thread(work, register)

    return (await read_status(client, ask, reference, as_of, within, although_down=False)).status


async def read_status(
    client: Client | None,
    ask: AskRegister,
    reference: str,
    as_of: date,
    within: float,
    *,
    although_down: bool,
) -> StatusReading:
    """The same for whoever asks the register in a way of their own; `client` is None where Temporal is down.

    `although_down`: the register is read too where Temporal does not answer, not only where it has
    forgotten the complaint. What became of its letters is from the register in either case.
    """
    if not FIRST_YEAR <= as_of.year <= today().year + 10:
        raise Malformed([Problem("as_of", f"{as_of} lies beyond what the calendar covers")])
    try:
        running = await _status_by_temporal(client, reference, as_of, within)
    except NoAnswer:
        if not although_down:
            raise
        running = None
    if running is not None:
        shown: Status = running
        with suppress(NoAnswer):
            shown = await ask(partial(_with_register, status=running))
        return StatusReading(shown, "temporal")
    recorded = await ask(lambda register: register.status(reference, as_of))
    if recorded is not None:
        return StatusReading(await ask(partial(_with_register, status=recorded)), "register")
    if not await ask(lambda register: register.knows(reference)):
        raise NotFound(reference)
    why = f"{reference} is reserved, but its start did not reach Temporal: send its opening again"
    raise NoAnswer(why, reference=reference)


def _with_register(register: Register, status: Status) -> Status:
    """A status with what only the register knows: what became of letters, and which intakes differ."""
    with suppress(SQLAlchemyError, OSError):
        status["differing"] = differing_of(register, status["reference"])
    return with_delivery(register, status)


def differing_of(register: Register, reference: str) -> list[DifferingStatus]:
    """The submissions of the same intake that said something else, in the order they came."""
    kept = differing.of(register, reference)
    first = register.opening(reference) or {} if any(each.opening is not None for each in kept) else {}
    return [
        DifferingStatus(
            number=each.number,
            arrived_at=each.arrived_at.isoformat(),
            brought_by=each.brought_by,
            state=each.state,
            times=each.times,
            fields=differing_fields(first, each.opening) if each.opening is not None else {},
        )
        for each in kept
    ]


async def _status_by_temporal(
    client: Client | None, reference: str, as_of: date, within: float
) -> Status | None:
    """None where there is no such workflow, or nobody can read it any more. Raises `NoAnswer`."""
    if client is None:
        raise NoAnswer("Temporal is out of reach", reference=reference)
    try:
        return await live_status(client, reference, as_of, within)
    except (NotRunning, KeyDestroyed):  # of an erased one dates and outcomes stand in the register
        return None


def _refused(cause: BaseException | None) -> Any:
    """The answer that a refused update fails with. Raises `Malformed` for the other failures."""
    problems: list[Problem] = []
    if isinstance(cause, ApplicationError):
        if cause.type == REFUSED_UPDATE and cause.details:
            return cause.details[0]
        if cause.type == "Malformed":
            details = [each for each in cause.details if isinstance(each, dict)]
            problems = [_problem(each) for each in details]
            problems = problems or [Problem("message", cause.message)]
    raise Malformed(problems or [Problem("message", str(cause))])


def _problem(detail: dict[str, Any]) -> Problem:
    """What a complaint's workflow says is wrong with a field."""
    code = next((each for each in get_args(ProblemCode) if each == detail.get("code")), "invalid")
    return Problem(str(detail.get("field")), str(detail.get("problem")), cast(ProblemCode, code))
