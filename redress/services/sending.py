"""Sending a message to a complaint, and reading where it stands."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta
from random import uniform
from time import monotonic
from typing import Any, cast
from uuid import uuid4

from temporalio.client import (
    Client,
    WorkflowHandle,
    WorkflowQueryFailedError,
    WorkflowQueryRejectedError,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode

from redress.contract import STATUS, STILL_OPENING, Start, workflow_id
from redress.domain.case import Answer
from redress.domain.erasure import Erased
from redress.domain.messages import MESSAGES
from redress.domain.parsing import FIRST_YEAR, Malformed, Problem, parse_message
from redress.domain.status import Status
from redress.services.clock import today
from redress.services.errors import NoAnswer, NoSuchComplaint
from redress.services.intake import start
from redress.services.letters import with_delivery
from redress.store.key_store import KeyDestroyed
from redress.store.register import Register

BUSY = {
    RPCStatusCode.RESOURCE_EXHAUSTED,
    RPCStatusCode.UNAVAILABLE,
    RPCStatusCode.ABORTED,
    RPCStatusCode.FAILED_PRECONDITION,
}
"""What the server says to more messages at once than one run takes, or while a new run takes over."""

REFUSED_UPDATE = "Refused"
"""The type of the failure that a refused update ends with; its first detail is the whole answer."""

MOST_TAKEN_UP = 5
"""How often a complaint that has ended is taken up for one message, which may come late again."""

FIRST_PAUSE, LONGEST_PAUSE = 0.5, 20.0
"""Seconds between two tries of a message that the server was too busy to take."""


def complete(action: str, body: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """A message with what the door adds: today's date and an id. Raises `Malformed` for a bad form."""
    action = action.replace("-", "_")
    if action not in MESSAGES:
        raise Malformed([Problem("action", f"{action!r} is none of {', '.join(MESSAGES)}")])
    said = {"on": today().isoformat(), "message_id": f"m-{uuid4().hex}"} | {
        name: value for name, value in body.items() if value is not None or name not in ("on", "message_id")
    }
    parse_message(action, said, received_on=date(1995, 1, 1), today=date(2099, 12, 31))
    return action, said


async def send(
    client: Client, register: Register, reference: str, action: str, body: dict[str, Any], within: float
) -> Answer:
    """Send one completed message and wait for its answer, at most `within` seconds.

    Raises `Malformed`, `NoSuchComplaint` or `NoAnswer`. A complaint whose workflow has ended is taken
    up again from the register.
    """
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
                try:
                    await take_up_again(client, register, reference)
                except NoAnswer as unanswered:
                    raise NoAnswer(str(unanswered), reference=reference, applied="no") from None
                taken_up += 1
            elif error.status not in BUSY or monotonic() >= ends_at:
                raise _no_answer(error, reference) from None
            else:
                # The message has an id: it counts once however often it comes. Ever longer pauses, since
                # each message that a server turns away costs those it is about to take (decision 0004).
                await asyncio.sleep(min(uniform(0.5, 1.5) * pause, max(ends_at - monotonic(), 0.1)))
                pause = min(pause * 2, LONGEST_PAUSE)


def _erased(register: Register, reference: str) -> Erased:
    with register.reading() as db:
        left = register.erased(db, reference)
    return Erased(reference, str(left.get("erased_on")) if left else "an earlier day")


async def take_up_again(client: Client, register: Register, reference: str) -> None:
    """Start the workflow of a known complaint again, from its record or, failing that, its opening."""
    opening = await asyncio.to_thread(register.opening, reference)
    if opening is None:
        raise NoSuchComplaint(reference)
    recorded = await asyncio.to_thread(register.recall, reference) is not None
    begin = Start(reference=reference) if recorded else Start(reference=reference, opening=opening)
    await start(client, begin, again=True)


async def _update(client: Client, reference: str, action: str, body: dict[str, Any], within: float) -> Answer:
    handle: WorkflowHandle[Any, Any] = client.get_workflow_handle(workflow_id(reference))
    try:
        answer = await asyncio.wait_for(handle.execute_update(action, body, result_type=dict), timeout=within)
    except WorkflowUpdateFailedError as error:
        answer = _refused(error.cause)
    except (TimeoutError, WorkflowUpdateRPCTimeoutOrCancelledError):
        raise NoAnswer(
            f"no answer within {within:.0f} s: is a worker running?",
            reference=reference,
            applied="unknown",
        ) from None
    return Answer.model_validate(answer)


async def status(client: Client, register: Register, reference: str, as_of: date, within: float) -> Status:
    """Where a complaint stands on a London date; from the register once Temporal has forgotten it."""
    _check_as_of(as_of)
    try:
        found = await running_status(client, reference, as_of, within)
        return await asyncio.to_thread(with_delivery, register, found)
    except (WorkflowQueryFailedError, WorkflowQueryRejectedError) as error:
        raise NoAnswer(f"the complaint could not be read: {error}", reference=reference) from None
    except TimeoutError:
        raise NoAnswer(
            f"no answer within {within:.0f} s: is a worker running?", reference=reference
        ) from None
    except RPCError as error:
        if error.status != RPCStatusCode.NOT_FOUND:
            raise NoAnswer(
                f"no answer within {within:.0f} s ({error.message}): is a worker running?",
                reference=reference,
            ) from None
    except KeyDestroyed:
        pass  # erased: its dates and outcomes stand in the register
    return await asyncio.to_thread(recorded_status, register, reference, as_of)


def recorded_status(register: Register, reference: str, as_of: date) -> Status:
    """Where a complaint stands as the register has it, with what became of its letters.

    Raises `Malformed`, `NoSuchComplaint`, and `NoAnswer` for one that was never started.
    """
    _check_as_of(as_of)
    recorded = register.status(reference, as_of)
    if recorded is None:
        if not register.knows(reference):
            raise NoSuchComplaint(reference)
        raise NoAnswer(
            f"{reference} is reserved, but its start did not reach Temporal: send its opening again",
            reference=reference,
        )
    return with_delivery(register, recorded)


def _check_as_of(as_of: date) -> None:
    if not FIRST_YEAR <= as_of.year <= today().year + 10:
        raise Malformed([Problem("as_of", f"{as_of} lies beyond what the calendar covers")])


async def running_status(client: Client, reference: str, as_of: date, within: float) -> Status:
    """Where a complaint stands as its workflow has it. Raises what the SDK raises, `TimeoutError`."""
    return await asyncio.wait_for(_query(client, reference, as_of, within), timeout=within)


async def _query(client: Client, reference: str, as_of: date, within: float) -> Status:
    handle: WorkflowHandle[Any, Any] = client.get_workflow_handle(workflow_id(reference))
    while True:
        try:
            found = await handle.query(
                STATUS, as_of.isoformat(), result_type=dict, rpc_timeout=timedelta(seconds=within)
            )
            return cast(Status, found)
        except WorkflowQueryFailedError as error:
            if STILL_OPENING not in str(error):
                raise
            await asyncio.sleep(0.1)


def _refused(cause: BaseException | None) -> Any:
    """The answer that a refused update fails with, recorded like any other. Raises `Malformed` for others."""
    if isinstance(cause, ApplicationError) and cause.type == REFUSED_UPDATE and cause.details:
        return cause.details[0]
    raise _malformed(cause)


def _malformed(cause: BaseException | None) -> Malformed:
    if isinstance(cause, ApplicationError) and cause.type == "Malformed":
        problems = [
            Problem(str(each.get("field")), str(each.get("problem")))
            for each in cause.details
            if isinstance(each, dict)
        ]
        return Malformed(problems or [Problem("message", cause.message)])
    return Malformed([Problem("message", str(cause))])


def _no_answer(error: RPCError, reference: str) -> NoAnswer:
    why = f"Temporal did not answer ({error.status.name}: {error.message})"
    return NoAnswer(why, reference=reference, applied="unknown")
