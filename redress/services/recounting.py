"""A newer list of bank holidays for complaints that are open: what it moves, and moving it.

Every complaint is asked what would move; for good, it then gets the newer calendar as a message, which
counts once however often a run is repeated. One that is out of reach stops no other.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import date
from functools import partial
from typing import Any, Literal, NamedTuple

from temporalio.client import Client

from redress.contract import MOVES
from redress.domain.calendar import Differing, HolidayTable
from redress.domain.case import Answer
from redress.domain.messages import Recount
from redress.domain.parsing import Malformed
from redress.procedures.bank_holidays import holiday_table
from redress.procedures.loader import authority as find_authority
from redress.procedures.loader import newer_holidays
from redress.security.keyring import KeyDestroyed
from redress.services import sending
from redress.services.clock import today
from redress.services.errors import NoAnswer
from redress.services.querying import ONLY_OPEN, NotRunning, ask
from redress.store.register import Register, Underway

Progress = Callable[[str], None]

COMPLAINTS_AT_ONCE = 16
"""How many complaints are asked at once: enough that a worker never waits for us, and far fewer than the
workflow tasks it takes at once, so that others are answered meanwhile."""

GIVE_UP_AFTER = 12
"""After so many complaints in a row without an answer nobody is asked any more: no worker runs."""

ENDED = "its workflow does not run: was it terminated?"


class MovedDate(NamedTuple):
    """A due date that moves: the limit's name and title, ISO dates, whether the limit is paused."""

    name: str
    title: str
    was_due_on: str
    due_on: str
    paused: bool


class ComplaintRecount(NamedTuple):
    """What became of one complaint.

    `moved`: dates move; `unmoved`: it gets the newer calendar, and no date moves; `untouched`: there is
    nothing newer for it; `failed`: for a `reason`. `was` is the version it counted with.
    """

    reference: str
    outcome: Literal["moved", "unmoved", "untouched", "failed"]
    was: str = ""
    dates: Sequence[MovedDate] = ()
    days: Sequence[Differing] = ()
    reason: str = ""


class RecountReport(NamedTuple):
    """A whole run. `to` is the newer calendar's version, `complaints` in the order of references."""

    to: str
    dry_run: bool
    complaints: list[ComplaintRecount]

    def of(self, outcome: str) -> list[ComplaintRecount]:
        """The complaints with one outcome."""
        return [each for each in self.complaints if each.outcome == outcome]

    @property
    def days(self) -> list[Differing]:
        """The days that differ for any complaint."""
        return sorted({day for each in self.complaints for day in each.days})

    def document(self) -> dict[str, Any]:
        """The run as `--json` gives it."""
        moved, unmoved, untouched, failed = map(self.of, ("moved", "unmoved", "untouched", "failed"))
        return {
            "dry_run": self.dry_run,
            "from": sorted({each.was for each in moved + unmoved}),
            "to": self.to,
            "days": [{"on": day.on.isoformat(), "name": day.name, "now": day.now} for day in self.days],
            "looked_at": len(self.complaints),
            "moved": [
                {
                    "reference": each.reference,
                    "from": each.was,
                    "dates": [move._asdict() for move in each.dates],
                }
                for each in moved
            ],
            "unmoved": [each.reference for each in unmoved],
            "untouched": [each.reference for each in untouched],
            "failed": [{"reference": each.reference, "reason": each.reason} for each in failed],
        }


async def recount(
    client: Client,
    register: Register,
    within: float,
    *,
    dry_run: bool,
    authority: str | None = None,
    progress: Progress = lambda _line: None,
) -> RecountReport:
    """Go over every complaint whose workflow lives; each has `within` seconds to answer.

    Raises `Malformed` for an authority there is not, `FileError` where the file of days is wrong.
    """
    if authority is not None:
        find_authority(authority)
    version = holiday_table().version
    underway = register.underway(authority)
    semaphore = asyncio.Semaphore(COMPLAINTS_AT_ONCE)
    done = silent = 0

    async def one(known: Underway) -> ComplaintRecount:
        nonlocal done, silent
        failed = partial(ComplaintRecount, known.reference, "failed")
        async with semaphore:
            try:
                if silent >= GIVE_UP_AFTER:
                    result = failed(reason=f"not asked: {silent} others in a row did not answer")
                else:
                    result = await _recount_one(client, register, known, within, dry_run=dry_run)
                    silent = 0
            except NoAnswer as error:
                result = failed(reason=str(error))
                silent += 1
            except Exception as error:  # whatever is wrong with this one, the others are seen to
                result = failed(reason=f"unexpected: {type(error).__name__}")
        done += 1
        progress(f"{done} of {len(underway)}  {known.reference}: {_in_words(result)}")
        return result

    results = await asyncio.gather(*(one(known) for known in underway))
    return RecountReport(version, dry_run, results)


async def _recount_one(
    client: Client, register: Register, known: Underway, within: float, *, dry_run: bool
) -> ComplaintRecount:
    """What became of one complaint. Raises `NoAnswer`."""
    reference, on = known.reference, today()
    newer = newer_holidays(known.received_on, on)
    holidays = newer.model_dump(mode="json")
    try:
        asked = await ask(
            client, reference, MOVES, holidays, on.isoformat(), within=within, condition=ONLY_OPEN
        )
    except KeyDestroyed:
        return ComplaintRecount(reference, "untouched")  # erased, and the register is older than that
    except NotRunning:
        if known.is_recorded and not known.is_closed:
            return ComplaintRecount(reference, "failed", reason=ENDED)
        return ComplaintRecount(reference, "untouched")
    was = asked["calendar"]
    days = [Differing(date.fromisoformat(day["on"]), day["name"], day["now"]) for day in asked["days"]]
    same = not days and asked["official_until"] == newer.official_until.isoformat()
    if same or was == newer.version:
        return ComplaintRecount(reference, "untouched", was)
    moves = [MovedDate(**move) for move in asked["moves"]]
    if not dry_run:
        message = _message(newer, on, asked["recounts"] + 1)
        try:
            answer = await sending.send(client, register, reference, Recount.action, message, within)
        except Malformed as malformed:
            return ComplaintRecount(reference, "failed", was, reason="; ".join(map(str, malformed.problems)))
        if not answer.applied:
            return ComplaintRecount(reference, "failed", was, reason=answer.reason)
        moves = _moved_by(answer, moves)
    return ComplaintRecount(reference, "moved" if moves else "unmoved", was, moves, days)


def _message(newer: HolidayTable, on: date, number: int) -> dict[str, Any]:
    """The message that brings a newer calendar.

    Its id is the same until the complaint has taken it: a run that broke off can be repeated. It is
    another one when a complaint gets the same calendar a second time, after a third in between.
    """
    return {
        "on": on.isoformat(),
        "by": "starter.py recount",
        "message_id": f"recount-{number}-{newer.version}",
        "holidays": newer.model_dump(mode="json"),
    }


def _moved_by(answer: Answer, expected: Sequence[MovedDate]) -> list[MovedDate]:
    """The dates that the message has moved, with the titles that were asked for before."""
    known = {move.name: move for move in expected}
    moved = []
    for change in answer.changed:
        name, was, due_on = str(change["what"]), change.get("was_due_on"), change.get("due_on")
        if was and due_on and was != due_on:
            titled = known.get(name) or MovedDate(name, name.replace("_", " "), was, due_on, paused=False)
            moved.append(titled._replace(was_due_on=was, due_on=due_on))
    return moved


def _in_words(result: ComplaintRecount) -> str:
    if result.outcome == "moved":
        return "1 date" if len(result.dates) == 1 else f"{len(result.dates)} dates"
    return {"unmoved": "no date", "untouched": "nothing newer"}.get(result.outcome, result.reason)
