"""A newer list of bank holidays for complaints that are open: what it moves, and moving it.

Every complaint is asked what would move; for good, it then gets the newer calendar as a message, which
counts once however often a run is repeated. One that is out of reach stops no other.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from time import monotonic
from typing import Any, Literal, NamedTuple

from rich import box
from rich.table import Table
from temporalio.client import Client, WorkflowHandle, WorkflowQueryFailedError, WorkflowQueryRejectedError
from temporalio.common import QueryRejectCondition
from temporalio.service import RPCError, RPCStatusCode

from redress.contract import MOVES, STILL_OPENING, workflow_id
from redress.domain.calendar import Differing, HolidayTable, long_date
from redress.domain.case import Answer
from redress.domain.messages import Recount
from redress.domain.parsing import Malformed, Problem
from redress.procedures.bank_holidays import holiday_table
from redress.procedures.loader import authority_names, newer_holidays
from redress.services import sending
from redress.services.clock import today
from redress.services.errors import NoAnswer
from redress.store.key_store import KeyDestroyed
from redress.store.register import Register, Underway

Progress = Callable[[str], None]

AT_ONCE = 4
"""How many complaints are asked at once: a worker that answers all of them still has room for others."""

GIVE_UP_AFTER = 12
"""After so many complaints in a row without an answer nobody is asked any more: no worker runs."""

MOST_DAYS = 20
"""How many of the days that differ people are shown."""

ENDED = "its workflow does not run: was it terminated?"


class MovedDate(NamedTuple):
    """A due date that moves: the limit's name and title, ISO dates, whether the limit is paused."""

    name: str
    title: str
    was_due_on: str
    due_on: str
    paused: bool


class Looked(NamedTuple):
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


class Recounted(NamedTuple):
    """A whole run. `to` is the newer calendar's version, `looked` in the order of references."""

    to: str
    dry_run: bool
    looked: list[Looked]

    def of(self, outcome: str) -> list[Looked]:
        """The complaints with one outcome."""
        return [each for each in self.looked if each.outcome == outcome]

    @property
    def days(self) -> list[Differing]:
        """The days that differ for any complaint."""
        return sorted({day for each in self.looked for day in each.days})

    def document(self) -> dict[str, Any]:
        """The run as `--json` gives it."""
        return {
            "dry_run": self.dry_run,
            "from": sorted({each.was for each in self.of("moved") + self.of("unmoved")}),
            "to": self.to,
            "days": [{"on": day.on.isoformat(), "name": day.name, "now": day.now} for day in self.days],
            "looked_at": len(self.looked),
            "moved": [
                {
                    "reference": each.reference,
                    "from": each.was,
                    "dates": [moved._asdict() for moved in each.dates],
                }
                for each in self.of("moved")
            ],
            "unmoved": [each.reference for each in self.of("unmoved")],
            "untouched": [each.reference for each in self.of("untouched")],
            "failed": [{"reference": each.reference, "reason": each.reason} for each in self.of("failed")],
        }


async def recount(
    client: Client,
    register: Register,
    within: float,
    *,
    dry_run: bool,
    authority: str | None = None,
    progress: Progress = lambda _line: None,
) -> Recounted:
    """Go over every complaint whose workflow lives; each has `within` seconds to answer.

    Raises `Malformed` for an authority there is not, `FileError` where the file of days is wrong.
    """
    if authority is not None and authority not in authority_names():
        raise Malformed([Problem("authority", f"{authority!r} is none of {', '.join(authority_names())}")])
    version = holiday_table().version
    underway = register.underway(authority)
    room = asyncio.Semaphore(AT_ONCE)
    done = silent = 0

    async def one(known: Underway) -> Looked:
        nonlocal done, silent
        async with room:
            if silent >= GIVE_UP_AFTER:
                why = f"not asked: {silent} others in a row did not answer"
                looked = Looked(known.reference, "failed", reason=why)
            else:
                try:
                    looked = await _look(client, register, known, within, dry_run=dry_run)
                    silent = 0
                except NoAnswer as error:
                    looked = Looked(known.reference, "failed", reason=str(error))
                    silent += 1
                except Exception as error:  # whatever is wrong with this one, the others are seen to
                    looked = Looked(known.reference, "failed", reason=f"unexpected: {type(error).__name__}")
        done += 1
        progress(f"{done} of {len(underway)}  {known.reference}: {_in_words(looked)}")
        return looked

    looked = await asyncio.gather(*(one(known) for known in underway))
    return Recounted(version, dry_run, looked)


async def _look(
    client: Client, register: Register, known: Underway, within: float, *, dry_run: bool
) -> Looked:
    """What became of one complaint. Raises `NoAnswer`."""
    reference, on = known.reference, today()
    newer = newer_holidays(known.received_on, on)
    try:
        asked = await _ask(client, reference, newer, on, within)
    except KeyDestroyed:
        return Looked(reference, "untouched")  # erased, and the register is older than that
    if asked is None:
        terminated = known.is_recorded and not known.is_closed
        return Looked(reference, "failed", reason=ENDED) if terminated else Looked(reference, "untouched")
    was = asked["calendar"]
    days = [Differing(date.fromisoformat(day["on"]), day["name"], day["now"]) for day in asked["days"]]
    same = not days and asked["official_until"] == newer.official_until.isoformat()
    if same or was == newer.version:
        return Looked(reference, "untouched", was)
    moves = [MovedDate(**move) for move in asked["moves"]]
    if not dry_run:
        message = _message(newer, on, asked["recounts"] + 1)
        try:
            answer = await sending.send(client, register, reference, Recount.action, message, within)
        except Malformed as malformed:
            return Looked(reference, "failed", was, reason="; ".join(map(str, malformed.problems)))
        if not answer.applied:
            return Looked(reference, "failed", was, reason=answer.reason)
        moves = _moved_by(answer, moves)
    return Looked(reference, "moved" if moves else "unmoved", was, moves, days)


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


async def _ask(
    client: Client, reference: str, newer: HolidayTable, on: date, within: float
) -> dict[str, Any] | None:
    """What the newer calendar would move, from the complaint itself; None where its workflow has ended."""
    handle: WorkflowHandle[Any, Any] = client.get_workflow_handle(workflow_id(reference))
    ends_at = monotonic() + within
    said = f"no answer within {within:.0f} s: is a worker running?"
    while True:
        left = max(ends_at - monotonic(), 0.1)
        try:
            return await asyncio.wait_for(
                handle.query(
                    MOVES,
                    args=[newer.model_dump(mode="json"), on.isoformat()],
                    result_type=dict,
                    reject_condition=QueryRejectCondition.NOT_OPEN,
                    rpc_timeout=timedelta(seconds=left),
                ),
                timeout=left,
            )
        except WorkflowQueryRejectedError:
            return None
        except WorkflowQueryFailedError as error:
            if STILL_OPENING not in str(error) or monotonic() >= ends_at:
                raise NoAnswer(f"it could not be read: {error}", reference=reference) from None
        except TimeoutError:
            raise NoAnswer(said, reference=reference) from None
        except RPCError as error:
            if error.status == RPCStatusCode.NOT_FOUND:
                return None
            if error.status not in sending.BUSY or monotonic() >= ends_at:
                raise NoAnswer(f"{said} ({error.message})", reference=reference) from None
        await asyncio.sleep(0.2)


# --- what people see -----------------------------------------------------------------------------


def table_of(recounted: Recounted) -> Table:
    """The dates that move, a line each."""
    table = Table(box=box.SIMPLE_HEAD)
    table.add_column("reference", no_wrap=True)
    table.add_column("limit", overflow="fold")
    for name in ("was", "is", ""):
        table.add_column(name, no_wrap=True)
    for each in recounted.of("moved"):
        for moved in each.dates:
            was, due_on = (long_date(date.fromisoformat(day)) for day in (moved.was_due_on, moved.due_on))
            table.add_row(each.reference, moved.title, was, due_on, "paused" if moved.paused else "")
    return table


def summary(recounted: Recounted) -> list[str]:
    """The run in a few lines: the days that differ, and how many complaints they concern."""
    moved, unmoved = len(recounted.of("moved")), len(recounted.of("unmoved"))
    failed = len(recounted.of("failed"))
    if not (moved or unmoved or failed):
        return [f"nothing newer for any complaint: the list is {recounted.to}"]
    lines = [str(day) for day in recounted.days[:MOST_DAYS]]
    if len(recounted.days) > MOST_DAYS:
        lines.append(f"and {len(recounted.days) - MOST_DAYS} more days (--json has them all)")
    would = "would move" if recounted.dry_run else "have moved"
    untouched = len(recounted.of("untouched"))
    lines.append(f"{len(recounted.looked)} complaints looked at")
    lines.append(f"  {moved}: dates {would}")
    lines.append(f"  {unmoved}: the newer list moves no date")
    lines.append(f"  {untouched}: nothing newer")
    if failed:
        lines.append(f"  {failed}: failed; run it again")
    return [*lines, "dry run: nothing has changed"] if recounted.dry_run else lines


def _in_words(looked: Looked) -> str:
    match looked.outcome:
        case "moved":
            return f"{len(looked.dates)} date{'' if len(looked.dates) == 1 else 's'}"
        case "unmoved":
            return "no date"
        case "untouched":
            return "nothing newer"
        case _:
            return looked.reason
