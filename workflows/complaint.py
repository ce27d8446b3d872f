"""How a complaint moves: it waits for the next message or the next due instant, and acts on it.

All rules are the case's (`redress.domain.case`). Here stand only the waiting, the timers, the errands that
go out, and what operators see.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import date, datetime, timedelta
from typing import Any

from temporalio import workflow
from temporalio.common import RetryPolicy, TypedSearchAttributes
from temporalio.exceptions import ApplicationError, FailureError

from redress.contract import (
    BEGIN,
    MOVES,
    OPENING,
    STATUS,
    WORKFLOW,
    Begin,
    Begun,
    Carried,
    Start,
    workflow_id,
)
from redress.domain.calendar import HolidayTable, OutsideTable, long_date
from redress.domain.case import Answer, Case, Task, Timer
from redress.domain.london import london_date
from redress.domain.messages import MESSAGES
from redress.domain.opening_parsing import parse_opening
from redress.domain.packing import pack_state, unpack, unpack_state
from redress.domain.parsing import Malformed, Parsed, parse_message
from redress.domain.status import Status
from redress.search_attributes import NEXT_DUE
from redress.temporal.refusals import RejectedUpdate
from workflows.descriptions import MOVES_DESCRIPTION, STATUS_DESCRIPTION
from workflows.details import current_details, search_attributes
from workflows.handlers import Handlers
from workflows.inbound import as_text, one_document, turned_away
from workflows.outbox import HEARTBEAT_TIMEOUT, RETRY_FOREVER, START_TO_CLOSE, Outbox

TERMS_AT_ONCE = "terms-at-once"
"""A patch: histories from before it have an ordinary activity at their start (docs/decisions/0015)."""

ONCE = RetryPolicy(maximum_attempts=1)

AT_ONCE = timedelta(seconds=2)
"""At most, the wait for a free hand included: meanwhile the workflow task is open, and a worker has few."""

MESSAGES_A_RUN = 1000
"""After so many messages a run continues as new: the server takes 2,000 updates a run and no more."""

TERMS_ARE_KEPT = "The calendar and the rules that this complaint will run under are kept"

FAULT = "a fault of the software: the message was not taken, and nothing has changed"


@workflow.defn(name=WORKFLOW)
class Complaint(Handlers):
    """One complaint, from its receipt to its end."""

    @workflow.init
    def __init__(self, *started_with: Any) -> None:
        self._case: Case | None = None
        self._terms = ""
        self._stirred = False
        self._taken = 0
        self._timers: dict[str, tuple[datetime, asyncio.Task[None]]] = {}
        self._shown: TypedSearchAttributes | None = None
        self._tray = Outbox(emptied=self._all_is_carried_out)
        self._start, self._unfit = _start(started_with)

    @workflow.run
    async def run(self, *started_with: Any) -> None:
        """Live; a request to cancel is written down and changes nothing."""
        life = asyncio.create_task(self._live())
        while not life.done():
            try:
                await workflow.wait([life])
            except asyncio.CancelledError:
                # A complaint does not end by a button: its clocks would stop in silence.
                what = "a complaint is ended by 'withdraw' or 'close', not by cancelling its workflow"
                self._reject_soon("cancel", what, ())
        goes_on = life.result()
        if goes_on is not None:
            workflow.continue_as_new(goes_on.model_dump(mode="json", exclude_defaults=True))

    async def _live(self) -> Start | None:
        """Begin, then act and wait by turns until nothing is owed and the tail has passed.

        Gives what to go on with where the run has become too long.
        """
        await self._begin()
        carrying = asyncio.create_task(self._tray.carry_out(self._known))
        while True:
            self._act()
            self._show()
            if self._is_over():
                if await self._has_ended():
                    carrying.cancel()
                    return None
                continue
            self._set_timers()
            await workflow.wait_condition(lambda: self._stirred)
            self._stirred = False
            if self._is_long():
                return self._handed_on()  # an errand under way is taken along and counts once

    async def _has_ended(self) -> bool:
        """Hand the last of it over; whether nothing came meanwhile that wakes the complaint again."""
        self._tray.put("ended", f"ended:{workflow.info().run_id}:{self._taken}", {})
        self._tray.release()
        await workflow.wait_condition(lambda: self._stirred or self._tray.is_done)
        stirred, self._stirred = self._stirred, False
        return not stirred and workflow.all_handlers_finished()

    # --- the story's verbs -----------------------------------------------------------------------

    async def _begin(self) -> None:
        """Bring the terms into the history: nothing else decides a date from here on."""
        start = self._start
        if start is None:
            raise ApplicationError(self._unfit, type="Malformed", non_retryable=True)
        if start.carried is not None:
            self._case = Case.restore(unpack(start.carried.terms), unpack_state(start.carried.state))
            self._terms = start.carried.terms
            self._tray.entries = start.carried.outbox
            self._tray.undelivered = start.carried.undelivered
            return
        today = london_date(workflow.now())
        asked = Begin(reference=start.reference, opened_on=today.isoformat(), opening=start.opening)
        begun = await self._begun(asked)
        self._terms = begun.terms
        if begun.state is not None:
            self._case = Case.restore(unpack(begun.terms), unpack_state(begun.state))
            self._tray.undelivered = begun.undelivered
            return
        opening = parse_opening(start.opening, today)
        self._case = Case(unpack(begun.terms), start.reference, opening, today)
        if not begun.recorded:
            body = {"opening": start.opening, "opened_on": today.isoformat(), "terms": begun.terms}
            self._tray.put("opened", "opened", body)

    async def _begun(self, asked: Begin) -> Begun:
        """The terms: within this workflow task where that goes, else by an activity that operators see."""
        begun: Begun | None = None
        if workflow.patched(TERMS_AT_ONCE):
            with suppress(FailureError):  # the activity tells why, and is tried until it works
                begun = await workflow.execute_local_activity(
                    BEGIN,
                    asked,
                    result_type=Begun,
                    schedule_to_close_timeout=AT_ONCE,
                    retry_policy=ONCE,
                    summary=TERMS_ARE_KEPT,
                )
        if begun is None:
            begun = await workflow.execute_activity(
                BEGIN,
                asked,
                result_type=Begun,
                start_to_close_timeout=START_TO_CLOSE,
                heartbeat_timeout=HEARTBEAT_TIMEOUT,
                retry_policy=RETRY_FOREVER,
                summary=TERMS_ARE_KEPT,
            )
        return begun

    def _act(self) -> None:
        """Let the rules say what is due now, and send it on its way."""
        for task in self._known.due(workflow.now()):
            self._tray.put("effect", f"effect:{task.effect.key}", _as_body(task))
        self._tray.release()

    def _set_timers(self) -> None:
        """One durable timer for each running limit, one for the next reminder or letter."""
        now = workflow.now()
        wanted = {timer.name: timer for timer in self._known.timers(now)}
        if self._known.is_finished and not wanted:
            ends = self._known.tail_ends()
            summary = f"On {long_date(london_date(ends))} the file closes, since nothing is owed any more"
            wanted["end"] = Timer("end", ends, summary)
        for name, (at, ringing) in list(self._timers.items()):
            timer = wanted.pop(name, None)
            if timer is None or timer.at != at:
                ringing.cancel()
                del self._timers[name]
                if timer is not None:
                    wanted[name] = timer
        for timer in wanted.values():
            self._timers[timer.name] = (timer.at, asyncio.create_task(self._ring(timer)))

    async def _ring(self, timer: Timer) -> None:
        await workflow.sleep(timer.at - workflow.now(), summary=timer.summary)
        self._timers.pop(timer.name, None)
        self._stirred = True

    def _is_over(self) -> bool:
        case = self._known
        return case.is_finished and not case.timers(workflow.now()) and case.tail_ends() <= workflow.now()

    def _is_long(self) -> bool:
        """Whether to go on in a new run: in a quiet moment, or at last when it must be.

        Messages that arrive while one run hands over to the next have to be sent again by their
        senders. What is still to be carried out must be small enough to take along.
        """
        if not self._is_old():
            return False
        if self._taken < MESSAGES_A_RUN * 1.7 and self._tray.entries:
            return False
        return self._tray.fits_one_errand

    def _is_old(self) -> bool:
        return self._taken >= MESSAGES_A_RUN or workflow.info().is_continue_as_new_suggested()

    def _all_is_carried_out(self) -> None:
        self._stirred = self._stirred or self._is_old()  # a quiet moment to go on in a new run

    def _handed_on(self) -> Start:
        carried = Carried(
            terms=self._terms,
            state=pack_state(self._known.state()),
            outbox=self._tray.entries,
            undelivered=self._tray.undelivered,
        )
        return Start(reference=self._known.reference, carried=carried)

    # --- messages --------------------------------------------------------------------------------

    @property
    def _known(self) -> Case:
        assert self._case is not None, "asked before the case was begun"
        return self._case

    def check(self, action: str, arrived: tuple[Any, ...]) -> None:
        """Turn away what is malformed, each problem by its field, before anything is recorded."""
        try:
            self._parse(action, arrived)
        except Malformed as malformed:
            raise turned_away(malformed, RejectedUpdate) from None

    async def take(self, action: str, arrived: tuple[Any, ...]) -> dict[str, Any]:
        """Hand one message to the case and give its answer; the main loop does the work."""
        if self._case is None:  # only until its terms are there
            await workflow.wait_condition(lambda: self._case is not None)
        try:
            answer = self._receive(action, self._parse(action, arrived))
        except Malformed as malformed:
            raise turned_away(malformed) from None
        except Exception as fault:
            # Ours, not the sender's. Raised further it would stop the workflow task, and every clock with it.
            workflow.logger.error("a message was turned away by a fault: %s", type(fault).__name__)
            raise ApplicationError(FAULT, type(fault).__name__, type="Fault", non_retryable=True) from None
        return answer.model_dump(mode="json")

    async def take_signal(self, action: str, arrived: tuple[Any, ...]) -> None:
        """A signal has nobody to answer: what cannot be taken is kept with its problems."""
        if self._case is None:
            await workflow.wait_condition(lambda: self._case is not None)
        try:
            self._receive(action, self._parse(action, arrived))
        except Malformed as malformed:
            self._reject(action, [str(p) for p in malformed.problems], as_text(arrived))
        except Exception as fault:
            workflow.logger.error("a signal was put aside by a fault: %s", type(fault).__name__)
            self._reject(action, [f"{FAULT} ({type(fault).__name__})"], as_text(arrived))

    def refuse_signal(self, name: str, arrived: tuple[Any, ...]) -> None:
        """A signal of a name that is none: kept like any other that cannot be taken."""
        what = "is an update, not a signal" if name in MESSAGES else "is no action"
        self._reject_soon(name, f"action: {name[:100]!r} {what}", arrived)

    def _reject_soon(self, name: str, problem: str, arrived: tuple[Any, ...]) -> None:
        async def later() -> None:
            await workflow.wait_condition(lambda: self._case is not None)
            self._reject(name, [problem], as_text(arrived))

        if self._case is None:
            asyncio.create_task(later())
        else:
            self._reject(name, [problem], as_text(arrived))

    def _parse(self, action: str, arrived: tuple[Any, ...]) -> Parsed:
        said = one_document(arrived)
        update = workflow.current_update_info()
        message_id = update.id if update else ""
        now = workflow.now()
        if self._case is not None:
            return self._case.parse(action, said, now, message_id)
        received_on = date.fromisoformat(_received_on(self._start))
        today = london_date(now)
        return parse_message(action, said, received_on=received_on, today=today, message_id=message_id)

    def _receive(self, action: str, parsed: Parsed) -> Answer:
        case = self._known
        answer = case.receive(parsed, workflow.now())
        self._taken += 1
        self._stirred = True  # a repeat too: it counts towards what a run can take
        if not answer.repeated:
            kept = case.logged[answer.message_id]
            self._tray.put("message", f"message:{kept.seq}", kept.model_dump(mode="json"))
        return answer

    def _reject(self, action: str, problems: list[str], received: str) -> None:
        rejected = self._known.reject(action, problems, received, workflow.now())
        number = len(self._known.rejected)
        self._tray.put("rejected", f"rejected:{number}", rejected.model_dump(mode="json"))
        self._stirred = True

    # --- what can be seen ------------------------------------------------------------------------

    @workflow.query(name=STATUS, description=STATUS_DESCRIPTION)
    def status(self, *asked: Any) -> Status:
        """Where the complaint stands on a London date; without one, today."""
        if self._case is None:
            raise ApplicationError(OPENING)
        as_of = asked[0] if asked else None
        if isinstance(as_of, dict):
            as_of = as_of.get("as_of")
        try:
            day = date.fromisoformat(as_of) if as_of else london_date(workflow.now())
        except (TypeError, ValueError):
            raise ApplicationError(f"as_of: should be a date like 2026-11-20, not {as_of!r}") from None
        try:
            return self._case.status(day)
        except (OutsideTable, OverflowError) as error:
            raise ApplicationError(f"as_of: {error}") from None

    @workflow.query(name=MOVES, description=MOVES_DESCRIPTION)
    def what_a_recount_moves(self, *asked: Any) -> dict[str, Any]:
        """What moves if the table of bank holidays that is asked about counted from a London date, or today.

        Gives the present calendar's version (`calendar`), how often a newer one was brought (`recounts`),
        the days that differ (`days`) and the due dates that would move (`moves`).
        """
        if self._case is None:
            raise ApplicationError(OPENING)
        try:
            table = HolidayTable.model_validate(asked[0] if asked else None)
            today = date.fromisoformat(asked[1]) if len(asked) > 1 else london_date(workflow.now())
            moves = self._case.moves_of(table, today)
        except (TypeError, ValueError, OverflowError) as error:
            raise ApplicationError(f"holidays: {error}") from None
        now = self._case.fold.calendar
        return {
            "calendar": now.version,
            "official_until": now.table.official_until.isoformat(),
            "recounts": self._case.recounts,
            "days": [
                {"on": day.on.isoformat(), "name": day.name, "now": day.now} for day in now.differs(table)
            ],
            "moves": moves,
        }

    def _show(self) -> None:
        """Bring search attributes and the card on the workflow's page up to date."""
        case = self._known
        today = london_date(workflow.now())
        wanted = search_attributes(case)
        if self._shown is None:
            self._shown = workflow.info().typed_search_attributes
        shown, now = _by_name(self._shown), _by_name(wanted)
        changed = [
            pair.key.value_set(pair.value) for pair in wanted if shown.get(pair.key.name) != pair.value
        ]
        if NEXT_DUE.name in shown and NEXT_DUE.name not in now:
            changed.append(NEXT_DUE.value_unset())
        if changed:
            workflow.upsert_search_attributes(changed)
            self._shown = wanted
        workflow.set_current_details(current_details(case, today, workflow.info().namespace))


def _by_name(attributes: TypedSearchAttributes) -> dict[str, Any]:
    return {pair.key.name: pair.value for pair in attributes}


def _start(started_with: tuple[Any, ...]) -> tuple[Start | None, str]:
    """What the workflow was started with, or why it is not fit to be a complaint."""
    try:
        start = Start.model_validate(started_with[0] if len(started_with) == 1 else None)
        if workflow.info().workflow_id != workflow_id(start.reference):
            raise ValueError(f"the workflow of {start.reference} is named {workflow_id(start.reference)}")
        if start.opening is not None:
            parse_opening(start.opening, london_date(workflow.now()))
    except (ValueError, Malformed) as error:
        return None, f"a complaint is opened by 'starter.py open': {error}"
    return start, ""


def _received_on(start: Start | None) -> str:
    if start is not None and start.opening is not None:
        return str(start.opening["received_on"])
    return "1900-01-01"


def _as_body(task: Task) -> dict[str, Any]:
    effect = task.effect
    return {
        "key": effect.key,
        "kind": effect.kind,
        "template": effect.template,
        "on": effect.on.isoformat(),
        "state": task.state,
        "facts": effect.said(),
    }
