"""How a complaint moves: it waits for the next message or the next due instant, and acts on it.

All rules are the case's (`redress.domain.case`). Here stand only the waiting, the timers, the activities
that are asked for, and what operators see.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from temporalio import workflow
from temporalio.common import RawValue, TypedSearchAttributes
from temporalio.exceptions import ApplicationError

from redress import contract
from redress.contract import NOTHING, Inbound, Start
from redress.domain.calendar import HolidayTable, OutsideTable, long_date
from redress.domain.case import Answer, Case, Task, Timer
from redress.domain.london import instant, london_date
from redress.domain.messages import MESSAGES, LetterLeft, LetterNotLeft
from redress.domain.opening import Opening
from redress.domain.opening_parsing import parse_opening
from redress.domain.packing import Unpackable, pack_state, unpack, unpack_state
from redress.domain.parsing import Malformed, Parsed, Problem, judged_on, parse_message
from redress.domain.sentences import with_long_dates
from redress.domain.status import Status, WhoAndWhat
from redress.domain.status_building import who_and_what
from workflows.descriptions import (
    DOCUMENTS_CHANGED_DESCRIPTION,
    MOVES_DESCRIPTION,
    STATUS_DESCRIPTION,
    UNKNOWN_SIGNAL_DESCRIPTION,
    WHO_DESCRIPTION,
)
from workflows.details import current_details, search_attributes
from workflows.handlers import ComplaintHandlers
from workflows.outbox import Outbox, at_once, until_it_works

MESSAGES_A_RUN = 1000
"""After so many messages a run continues as new: the server takes 2,000 updates a run and no more."""

RULES_ARE_KEPT = "The calendar and the rules that this complaint will run under are kept"

SOFTWARE_FAULT = "a fault of the software: the message was not taken, and nothing has changed"

HELD = (
    "came unencrypted, and here no such signal is applied: read it, and send what is right of it as an update"
)

SEND_ENCRYPTED = (
    "came unencrypted, so it was not taken, and nothing of it is kept: send it encrypted, by the Temporal UI "
    "with its codec server, by the temporal command with --codec-endpoint, or by starter.py"
)
"""What its sender is told: what is taken stays in the history, and there a name would stay readable."""


@workflow.defn(name=contract.WORKFLOW)
class Complaint(ComplaintHandlers):
    """One complaint, from its receipt to its end."""

    @workflow.init
    def __init__(self, start: Inbound[Start] = NOTHING) -> None:
        self._case: Case | None = None
        self._packed_rules = ""
        self._has_work = False
        self._handled = 0
        self._rejected = self._rejected_before = 0
        self._is_flooded = False
        self._timers: dict[str, tuple[datetime, asyncio.Task[None]]] = {}
        self._shown: TypedSearchAttributes | None = None
        self._outbox = Outbox(
            self._consider_a_new_run, self._note_that_it_left, self._note_that_it_has_not_left
        )
        self._checked: tuple[str, Parsed] | None = None
        self._early: list[tuple[str, str, str, int]] = []
        self._start: Start | None = None
        self._opening: Opening | None = None
        self._unfit = ""
        self._holds_clear_signals = False
        self._check_start(start)

    @workflow.run
    async def run(self, start: Inbound[Start] = NOTHING) -> None:
        """Live; a request to cancel is written down and changes nothing."""
        life = asyncio.create_task(self._live())
        while not life.done():
            try:
                await workflow.wait([life])
            except asyncio.CancelledError:
                # A complaint does not end by a button: its clocks would stop in silence.
                what = "a complaint is ended by 'withdraw' or 'close', not by cancelling its workflow"
                self._reject_soon("cancel", what, "")
        goes_on = life.result()
        if goes_on is not None:
            workflow.continue_as_new(goes_on.model_dump(mode="json", exclude_defaults=True))

    def _check_start(self, start: Inbound[Start]) -> None:
        """Keep what the workflow was started with, or why it is not fit to be a complaint."""
        try:
            if start.in_clear:
                raise ValueError("this start came unencrypted though there are keys")
            begun = Start.model_validate(start.opened())
            if workflow.info().workflow_id != contract.workflow_id(begun.reference):
                name = contract.workflow_id(begun.reference)
                raise ValueError(f"the workflow of {begun.reference} is named {name}")
            if begun.opening is not None:
                today = london_date(workflow.now())
                self._opening = parse_opening(begun.opening, max(today, begun.accepted_on or today))
            self._start = begun
        except (ValueError, Malformed) as error:
            self._unfit = f"a complaint is opened by 'starter.py open': {error}"

    async def _live(self) -> Start | None:
        """Begin, then act and wait by turns until nothing is owed and the tail has passed.

        Gives what to go on with where the run has become too long.
        """
        await self._begin()
        await workflow.wait_condition(lambda: True)  # first what came meanwhile and waited for the rules
        for name, problem, received, count in self._early:
            self._reject(name, [problem], received, count)
        outbox = asyncio.create_task(self._outbox.run(self._known))
        while True:
            self._has_work = False
            # While signals pour in, the server refuses to end a run, and updates wait for it: better later.
            self._is_flooded = self._rejected > self._rejected_before + 5
            self._rejected_before = self._rejected
            self._act()
            self._show()
            if self._is_over():
                if await self._has_ended(outbox):
                    outbox.cancel()
                    return None
                continue
            self._set_timers()
            await workflow.wait_condition(lambda: self._has_work or outbox.done())
            if outbox.done():
                outbox.result()  # a fault of ours fails the workflow task, where an operator sees it
            if self._is_long():
                return self._handed_on()  # what is being recorded is taken along and counts once

    async def _has_ended(self, outbox: asyncio.Task[None]) -> bool:
        """Hand the last of it over; whether nothing came meanwhile that wakes the complaint again."""
        self._outbox.put("ended", f"ended:{workflow.info().run_id}:{self._handled}", {})
        self._outbox.release()
        await workflow.wait_condition(lambda: self._has_work or self._outbox.is_done or outbox.done())
        if outbox.done():
            outbox.result()  # as above
        has_work, self._has_work = self._has_work, False
        return not has_work and workflow.all_handlers_finished()

    # --- what it does by turns -----------------------------------------------------------------------

    async def _begin(self) -> None:
        """Bring the rules into the history: nothing else decides a date from here on."""
        start = self._start
        if start is None:
            raise ApplicationError(self._unfit, type=contract.MALFORMED, non_retryable=True)
        if start.carried is not None:
            self._case = _carried_case(start.reference, start.carried)
            self._packed_rules = start.carried.terms
            self._holds_clear_signals = start.carried.holds_clear_signals
            self._outbox.entries = start.carried.outbox
            self._outbox.letters_waiting = start.carried.letters_waiting
            self._outbox.chained = contract.Chained(entries=start.carried.entries, head=start.carried.head)
            return
        today = await self._opening_day(start)
        request = contract.BeginRequest(
            reference=start.reference, opened_on=today.isoformat(), opening=start.opening
        )
        asked = contract.BEGIN, request, contract.BeginResult, RULES_ARE_KEPT
        begun = await at_once(*asked) or await until_it_works(*asked)
        self._packed_rules = begun.terms
        self._holds_clear_signals = begun.holds_clear_signals
        self._outbox.chained = contract.Chained(entries=begun.entries, head=begun.head)
        if begun.state is not None:
            self._case = Case.restore(unpack(begun.terms), unpack_state(begun.state))
            self._outbox.letters_waiting = begun.letters_waiting
            return
        assert self._opening is not None, "what starts without an opening was in the register"
        self._case = Case(unpack(begun.terms), start.reference, self._opening, today)
        if not begun.recorded:
            body = {"opening": start.opening, "opened_on": today.isoformat(), "terms": begun.terms}
            self._outbox.put("opened", "opened", body)

    async def _opening_day(self, start: Start) -> date:
        """The London date that it opens on: today, or an entry point's today where its clock is ahead.

        An opening that a clock far ahead has dated waits for its day: it was accepted, and does not fail.
        """
        today = judged_on(london_date(workflow.now()), start.accepted_on)
        if self._opening is None:
            return today
        last = max([self._opening.received_on, *(p.message.on for p in self._opening.parsed_messages or ())])
        if last > today:
            opens = instant(last)
            summary = f"It is dated ahead of today: it opens on {long_date(last)}"
            await workflow.sleep(opens - workflow.now(), summary=summary)
        return max(today, last)

    def _act(self) -> None:
        """Let the rules say what is due now, and send it on its way."""
        for task in self._known.due(workflow.now()):
            self._outbox.put("effect", f"effect:{task.effect.key}", _as_body(task))
        if not self._outbox.entries:  # once all that came before is: many signals are few entries
            self._put_counted()
        self._outbox.release()

    def _set_timers(self) -> None:
        """One durable timer for each running limit, one for the next reminder or letter."""
        now = workflow.now()
        wanted = {timer.name: timer for timer in self._known.timers(now)}
        if self._known.is_finished and not wanted:
            ends = self._known.tail_ends()
            summary = f"On {long_date(london_date(ends))} the file closes, since nothing is owed any more"
            wanted["end"] = Timer("end", ends, summary)
        for name, (at, waiting) in list(self._timers.items()):
            timer = wanted.pop(name, None)
            if timer is None or timer.at != at:
                waiting.cancel()
                del self._timers[name]
                if timer is not None:
                    wanted[name] = timer
        for timer in wanted.values():
            self._timers[timer.name] = (timer.at, asyncio.create_task(self._wait_for(timer)))

    async def _wait_for(self, timer: Timer) -> None:
        await workflow.sleep(timer.at - workflow.now(), summary=timer.summary)
        self._timers.pop(timer.name, None)
        self._has_work = True

    def _is_over(self) -> bool:
        case = self._known
        return case.is_finished and not case.timers(workflow.now()) and case.tail_ends() <= workflow.now()

    def _is_long(self) -> bool:
        """Whether to go on in a new run: in a quiet moment, or at last when it must be.

        Messages that arrive while one run hands over to the next have to be sent again by their
        senders. What is still to be carried out must be small enough to take along.
        """
        must = self._handled >= MESSAGES_A_RUN * 1.7 or self._rejected >= MESSAGES_A_RUN * 8
        is_ready = must or not (self._outbox.entries or self._is_flooded)
        return self._is_old() and is_ready and self._outbox.fits_one_batch

    def _is_old(self) -> bool:
        return (
            self._handled + self._rejected >= MESSAGES_A_RUN or workflow.info().is_continue_as_new_suggested()
        )

    def _consider_a_new_run(self) -> None:
        """A quiet moment: to go on in a new run, or to record what was counted meanwhile."""
        self._has_work = self._has_work or self._is_old() or self._known.rejects.has_counted

    def _handed_on(self) -> Start:
        self._put_counted()
        carried = contract.Carried(
            terms=self._packed_rules,
            state=pack_state(self._known.saved()),
            outbox=self._outbox.entries,
            letters_waiting=self._outbox.letters_waiting,
            holds_clear_signals=self._holds_clear_signals,
            **self._outbox.chained.model_dump(),
        )
        return Start(reference=self._known.reference, carried=carried)

    # --- messages --------------------------------------------------------------------------------

    @property
    def _known(self) -> Case:
        assert self._case is not None, "asked before the case was begun"
        return self._case

    def check(self, action: str, message: Inbound[Any]) -> None:
        """Turn away what is malformed, each problem by its field, before anything is recorded."""
        try:
            if message.in_clear:
                raise Malformed([Problem("message", SEND_ENCRYPTED)])
            parsed = self._parse(action, message)
        except Malformed as malformed:
            raise contract.rejection(malformed, contract.RejectedUpdate) from None
        if self._case is not None:  # else it is parsed again once there is a case to check it against
            self._checked = (_update_id(), parsed)

    async def take(self, action: str, message: Inbound[Any]) -> dict[str, Any]:
        """Hand one message to the case and give its answer; the main loop does the work.

        A refusal is recorded like any other message and told as a failure, with the answer in its details:
        the Temporal UI calls every update that is answered successful.
        """
        checked, self._checked = self._checked, None
        if self._case is None:  # only until its rules are there
            await workflow.wait_condition(lambda: self._case is not None)
        try:
            parsed = checked[1] if checked and checked[0] == _update_id() else self._parse(action, message)
            answer = self._receive(parsed)
        except Malformed as malformed:
            raise contract.rejection(malformed) from None
        except Exception as fault:
            # Ours, not the sender's. Raised further it would stop the workflow task, and every clock with it.
            workflow.logger.error("a message was turned away by a fault: %s", type(fault).__name__)
            name = type(fault).__name__
            raise ApplicationError(SOFTWARE_FAULT, name, type="Fault", non_retryable=True) from None
        body = answer.model_dump(mode="json")
        if not (answer.applied or answer.pending):
            refused = f"Refused: {with_long_dates(answer.reason)}"
            raise ApplicationError(refused, body, type=contract.REFUSED, non_retryable=True)
        return body

    async def take_signal(self, action: str, message: Inbound[Any]) -> None:
        """A signal has nobody to answer: what cannot be taken is kept with its problems."""
        if self._case is None:
            await workflow.wait_condition(lambda: self._case is not None)
        if message.in_clear and self._holds_clear_signals:
            self._reject(action, [HELD], message.received, in_clear=True)
            return
        try:
            self._receive(self._parse(action, message, is_signal=True), in_clear=message.in_clear)
        except Malformed as malformed:
            problems = [str(problem) for problem in malformed.problems]
            self._reject(action, problems, message.received, in_clear=message.in_clear)
        except Exception as fault:
            workflow.logger.error("a signal was put aside by a fault: %s", type(fault).__name__)
            self._reject(action, [f"{SOFTWARE_FAULT} ({type(fault).__name__})"], message.received)

    @workflow.signal(name=contract.DOCUMENTS_CHANGED, description=DOCUMENTS_CHANGED_DESCRIPTION)
    def documents_changed(self) -> None:
        """A document was attached: a letter may have waited for it."""
        self._outbox.look_again()

    @workflow.signal(dynamic=True, description=UNKNOWN_SIGNAL_DESCRIPTION)
    def unknown_signal(self, name: str, arguments: Sequence[RawValue]) -> None:
        """A signal of a name that is none: kept like any other that cannot be taken."""
        what = "is an update, not a signal" if name in MESSAGES else "is no action"
        self._reject_soon(name, f"action: {name[:100]!r} {what}", contract.text_of(arguments))
        surplus = contract.SURPLUS.get()
        for each, count in surplus.after_one().items() if surplus else ():
            self._reject_soon(each, "", "", count)

    def _reject_soon(self, name: str, problem: str, received: str, count: int = 1) -> None:
        if self._case is None:  # only until its rules are there
            self._early.append((name, problem, received, count))
        else:
            self._reject(name, [problem], received, count)

    def _parse(self, action: str, message: Inbound[Any], *, is_signal: bool = False) -> Parsed:
        document, now, update_id = message.opened(), workflow.now(), _update_id()
        if self._case is not None:
            return self._case.parse(action, document, now, update_id, is_signal=is_signal)
        received_on = self._opening.received_on if self._opening else date.min
        return parse_message(
            action, document, received_on=received_on, today=london_date(now), message_id=update_id
        )

    def _receive(self, parsed: Parsed, *, in_clear: bool = False) -> Answer:
        case = self._known
        answer = case.receive(parsed, workflow.now(), in_clear=in_clear)
        self._handled += 1
        self._has_work = True  # a repeat too: it counts towards what a run can take
        if not answer.repeated:
            logged = case.logged[answer.message_id]
            self._outbox.put("message", f"message:{logged.seq}", logged.model_dump(mode="json"))
        return answer

    def _note_that_it_left(self, letter: contract.LeftLetter) -> bool:
        """A letter has left: its message, or the time after it, counts from then; whether that is news."""
        draft = self._known.state.drafts.marked(letter.mark)
        drafted_on = draft.entry.message.on.isoformat() if draft is not None else letter.on
        on = max(letter.on, drafted_on)
        message_id = self._known.id_of_leaving(letter.mark, date.fromisoformat(on))
        body = {"mark": letter.mark, "on": on, "accepted_on": on, "message_id": message_id}
        return self._note(LetterLeft.action, body)

    def _note_that_it_has_not_left(self, letter: contract.WaitingLetter) -> bool:
        """A letter did not leave on the assumed day, or waits for an enclosure; whether that is news."""
        left, action = self._known.known_to_leave(letter.mark), LetterNotLeft.action
        if left is None:
            return False  # it was struck out meanwhile
        on, message_id = left.isoformat(), self._known.id_of_leaving(letter.mark, left, action)
        body: dict[str, Any] = {"mark": letter.mark, "on": on, "accepted_on": on, "message_id": message_id}
        if letter.kinds:
            body |= {"waits_for": letter.kinds, "is_copy": letter.is_copy}
        return self._note(action, body)

    def _note(self, action: str, body: dict[str, Any]) -> bool:
        """Log what became of a letter; whether that is news."""
        try:
            answer = self._receive(self._known.parse(action, body, workflow.now()))
        except Malformed:
            workflow.logger.error("what became of a letter could not be taken in")
            return False
        return answer.applied and not answer.repeated

    def _reject(
        self, action: str, problems: list[str], received: str, count: int = 1, *, in_clear: bool = False
    ) -> None:
        now = workflow.now()
        rejected = self._known.reject(action, problems, received, now, count, in_clear=in_clear)
        if rejected is not None:
            number = self._known.rejects.total
            self._outbox.put("rejected", f"rejected:{number}", rejected.model_dump(mode="json"))
        self._rejected += count
        self._has_work = True  # it counts towards what a run can take

    def _put_counted(self) -> None:
        """Have recorded what was only counted."""
        for key, rejected in self._known.rejects.counted():
            self._outbox.put("rejected", f"rejected:{key}", rejected.model_dump(mode="json"))

    # --- what can be seen ------------------------------------------------------------------------

    @workflow.query(name=contract.STATUS, description=STATUS_DESCRIPTION)
    def status(self, asked: Inbound[str] = NOTHING) -> Status:
        """Where the complaint stands on a London date; without one, today."""
        if self._case is None:
            raise ApplicationError(contract.STILL_OPENING)
        as_of: Any = asked.document
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

    @workflow.query(name=contract.WHO, description=WHO_DESCRIPTION)
    def who_complains(self) -> WhoAndWhat:
        """Who complains, and what about: what the page must not show, in a few lines."""
        if self._case is None:
            raise ApplicationError(contract.STILL_OPENING)
        return who_and_what(self._case.state)

    @workflow.query(name=contract.MOVES, description=MOVES_DESCRIPTION)
    def what_a_recount_moves(
        self,
        holidays: Inbound[HolidayTable] = NOTHING,
        on: Inbound[str] = NOTHING,
    ) -> dict[str, Any]:
        """What moves if the table of bank holidays that is asked about counted from a London date, or today.

        Gives the present calendar's version (`calendar`), how often a newer one was brought (`recounts`),
        the days that differ (`days`) and the due dates that would move (`moves`).
        """
        if self._case is None:
            raise ApplicationError(contract.STILL_OPENING)
        try:
            table = HolidayTable.model_validate(holidays.document)
            today = date.fromisoformat(str(on.document)) if on.document else london_date(workflow.now())
            moves = self._case.moves_of(table, today)
        except (TypeError, ValueError, OverflowError) as error:
            raise ApplicationError(f"holidays: {error}") from None
        now = self._case.state.calendar
        return {
            "calendar": now.version,
            "official_until": now.table.official_until.isoformat(),
            "recounts": self._case.recounts,
            "days": [{**day._asdict(), "on": day.on.isoformat()} for day in now.differs(table)],
            "moves": moves,
        }

    def _show(self) -> None:
        """Bring search attributes and the current details on the workflow's page up to date."""
        case = self._known
        today = london_date(workflow.now())
        wanted = search_attributes(case)
        if self._shown is None:
            self._shown = workflow.info().typed_search_attributes
        shown, now = _by_name(self._shown), _by_name(wanted)
        changed = [
            pair.key.value_set(pair.value) for pair in wanted if shown.get(pair.key.name) != pair.value
        ]
        if contract.NEXT_DUE.name in shown and contract.NEXT_DUE.name not in now:
            changed.append(contract.NEXT_DUE.value_unset())
        if changed:
            workflow.upsert_search_attributes(changed)
            self._shown = wanted
        workflow.set_current_details(current_details(case, today, workflow.info().namespace))


def _carried_case(reference: str, carried: contract.Carried) -> Case:
    """The case that an earlier run handed on. Fails the workflow, at once, where it is none.

    What an earlier run did hand on and this version cannot take is a fault of ours: it fails the task, so
    that a corrected version goes on from there.
    """
    try:
        rules, state = unpack(carried.terms), unpack_state(carried.state)
        if state.reference != reference:
            raise Unpackable("is another complaint's")
        return Case.restore(rules, state)
    except Exception as error:
        if workflow.info().continued_run_id and not isinstance(error, Unpackable):
            raise
        what = f"carried: {error}" if isinstance(error, Unpackable) else "carried: is no complaint's state"
        raise ApplicationError(what, type=contract.MALFORMED, non_retryable=True) from None


def _by_name(attributes: TypedSearchAttributes) -> dict[str, Any]:
    return {pair.key.name: pair.value for pair in attributes}


def _update_id() -> str:
    """What an update without a message id is known by."""
    update = workflow.current_update_info()
    return update.id if update else ""


def _as_body(task: Task) -> dict[str, Any]:
    effect = task.effect
    return {
        "key": effect.key,
        "kind": effect.kind,
        "template": effect.template,
        "on": effect.on.isoformat(),
        "state": task.state,
        "facts": effect.shown(),
    }
