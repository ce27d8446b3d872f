"""A made-up complaint walked through a whole procedure, by moving its own clock.

The walker knows nothing of any one procedure: it looks at what is owed next and sends the message
that meets it, a little before its last day.
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from temporalio.client import Client, WorkflowHandle
from temporalio.testing import TimeSkipper, TimeSkippingConfig

from redress.bootstrap import activities_for, running_workers
from redress.contract import TASK_QUEUE, WORKFLOW, Start, workflow_id
from redress.domain.calendar import Calendar, long_date
from redress.domain.london import instant, london_date
from redress.domain.parsing import Malformed, Problem
from redress.domain.procedure import Procedure
from redress.domain.sentences import with_long_dates
from redress.domain.status import DeadlineStatus, Status
from redress.domain.words import plain
from redress.letters.check import check_letters
from redress.procedures.bank_holidays import calendar_today
from redress.procedures.loader import authority as find_authority
from redress.procedures.loader import authority_names
from redress.procedures.loader import procedure as find_procedure
from redress.security.encryption import PlaintextCipher
from redress.services import sending
from redress.services.clock import today
from redress.services.timeline import Happening, course
from redress.settings import Settings
from redress.store.register import Register
from redress.store.schema import migrate
from redress.temporal.embedded import embedded_server

Progress = Callable[[str], None]

SLACK = {"limit": 1, "target": 1, "window": 5}
"""How many working days before the last one the walker acts."""

LONGEST_WALK = 60

USUAL = "family-rights"
"""The authority of a rehearsal where nobody names one and it has the procedure."""

AT_ONCE = 4
"""How many rehearsals walk beside each other."""

FURTHEST = timedelta(days=731)
"""How far ahead a rehearsal may start."""


class Rehearsed(NamedTuple):
    """How a rehearsal ended and what happened on the way."""

    procedure: str
    authority: str
    status: Status
    course: list[Happening]


async def rehearse(
    procedure: str, authority: str | None, received: date, progress: Progress = lambda _line: None
) -> Rehearsed:
    """Walk a made-up complaint through `procedure`, on a server, register and outbox thrown away after.

    `received` is today or later; without an authority, the first that has the procedure. Raises
    `Malformed` where there is no such procedure or authority.
    """
    name = procedure.replace("-", "_")
    chosen = authority or having(name)
    find_procedure(name, chosen)
    return (await _walk_all([(name, chosen)], received, progress))[0]


async def rehearse_all(received: date, progress: Progress = lambda _line: None) -> list[Rehearsed]:
    """Walk through every procedure of every authority, a few at a time on one server."""
    pairs = [(name, each) for each in authority_names() for name in find_authority(each).procedures]
    return await _walk_all(pairs, received, progress)


def having(procedure: str) -> str:
    """An authority that has the procedure: the usual one, else the first. Raises `Malformed` for none."""
    names = [each for each in authority_names() if procedure in find_authority(each).procedures]
    if not names:
        known = sorted({name for each in authority_names() for name in find_authority(each).procedures})
        raise Malformed([Problem("procedure", f"{procedure!r} is none of {', '.join(known)}")])
    return USUAL if USUAL in names else names[0]


async def _walk_all(pairs: Sequence[tuple[str, str]], received: date, progress: Progress) -> list[Rehearsed]:
    if received < today():
        raise Malformed([Problem("received", f"{received} has passed; a rehearsal starts today or later")])
    if received > today() + FURTHEST:
        raise Malformed([Problem("received", f"{received} lies too far ahead: at most two years")])
    folder = Path(tempfile.mkdtemp(prefix="redress-rehearsal-"))
    check_letters()
    room = asyncio.Semaphore(AT_ONCE)
    try:
        settings = Settings(state=folder, register_url="", outbox=None)
        progress("starting a Temporal server for the rehearsal")
        async with embedded_server(moves_time=True) as (_address, client):
            errands = activities_for(settings, PlaintextCipher())
            migrate(errands.register.engine, "register")

            async def one(number: int, procedure: str, authority: str) -> Rehearsed:
                rules = find_procedure(procedure, authority)
                which = f"{authority}, {procedure}: " if len(pairs) > 1 else ""
                walker = Walker(
                    client,
                    errands.register,
                    rules,
                    settings.answer_within,
                    lambda line: progress(which + line),
                    f"REHEARSAL-{number}",
                )
                async with room:
                    await walker.open_made_up(authority, procedure, received)
                    status = await walker.walk()
                return Rehearsed(procedure, authority, status, course(status))

            async with running_workers(client, errands, settings):
                return await asyncio.gather(*(one(at, *pair) for at, pair in enumerate(pairs, 1)))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


class Walker:
    """Takes one complaint from where it stands to its end."""

    def __init__(
        self,
        client: Client,
        register: Register,
        rules: Procedure,
        within: float,
        progress: Progress,
        reference: str = "REHEARSAL-1",
    ) -> None:
        self.skipper = TimeSkipper(client, config=TimeSkippingConfig(enabled=False))
        self.register = register
        self.rules = rules
        self.within = within
        self.progress = progress
        self.reference = reference
        self.ahead = timedelta()
        self.calendar: Calendar = calendar_today()
        self.done: set[str] = set()

    @property
    def handle(self) -> WorkflowHandle[Any, Any]:
        """The complaint's workflow."""
        return self.skipper.client.get_workflow_handle(workflow_id(self.reference))

    @property
    def now(self) -> datetime:
        """The complaint's own time."""
        return datetime.now(UTC) + self.ahead

    async def open_made_up(self, authority: str, procedure: str, received: date) -> None:
        """Start a made-up complaint received on a day to come."""
        wait = max(instant(received, "09:30") - self.now, timedelta())
        opening = {
            "authority": authority,
            "procedure": procedure,
            "kind": "compliment" if procedure == "representation" else "complaint",
            "source": "rehearsal",
            "source_id": self.reference,
            "channel": "web_form",
            "received_on": received.isoformat(),
            "points": ["My review was cancelled twice and nobody told me why."],
            "complainant": {"name": "Robin Rehearsal", "role": self._role()},
        }
        await self.skipper.client.start_workflow(
            WORKFLOW,
            Start(reference=self.reference, opening=opening).model_dump(mode="json", exclude_none=True),
            id=workflow_id(self.reference),
            task_queue=TASK_QUEUE,
            start_delay=wait if wait else None,
        )
        if wait:
            await self._move(wait + timedelta(seconds=5))
        self.progress(f"{long_date(received)}: a made-up complaint is received")

    def _role(self) -> str:
        """Somebody who may complain under this procedure."""
        only = [each.values[0] for each in self.rules.questions if each.when == "role_not_in"]
        return only[0] if only else "young_person"

    async def walk(self) -> Status:
        """Act on what is owed next until the complaint closes; gives the status then."""
        for _ in range(LONGEST_WALK):
            status = await self.status()
            if status["closed_on"]:
                await self._move(timedelta(seconds=2))
                return await self.status()
            owed = [d for d in status["deadlines"] if d["state"] in ("running", "overdue")]
            owed = [d for d in owed if self._can_be_met(d)]
            await self._meet(min(owed, key=lambda d: (d["due_on"], d["kind"] == "window")))
        raise RuntimeError("the rehearsal did not come to an end")

    async def status(self) -> Status:
        """Where it stands on its own today."""
        client = self.skipper.client
        return await sending.status(client, self.register, self.reference, london_date(self.now), self.within)

    async def send(self, action: str, **fields: object) -> None:
        """One message, dated with the complaint's own day."""
        name, said = sending.complete(action, {"on": london_date(self.now).isoformat(), **fields})
        answer = await sending.send(
            self.skipper.client, self.register, self.reference, name, said, self.within
        )
        outcome = "" if answer.applied else f": {with_long_dates(answer.reason)}"
        role = str(fields.get("role") or fields.get("kind") or "")
        said_of = f" {role}".rstrip().replace("_", " ")
        self.progress(f"{long_date(answer.on)}: {name.replace('_', ' ')}{said_of}{outcome}")

    async def move_to(self, day: date) -> None:
        """Move its clock to ten o'clock in London on a day, unless that has passed."""
        await self._move(instant(day, "10:00") - self.now)

    async def _move(self, ahead: timedelta) -> None:
        if ahead > timedelta():
            await self.skipper.fast_forward(self.handle, ahead)
            self.ahead += ahead

    def _can_be_met(self, deadline: DeadlineStatus) -> bool:
        limit = self.rules.limit.get(deadline["name"])
        return limit is not None and limit.follows is None and bool(limit.met_by)

    async def _meet(self, deadline: DeadlineStatus) -> None:
        due_on = date.fromisoformat(deadline["due_on"])
        milestone = self.rules.limit[deadline["name"]].met_by[0]
        if milestone == "panel_held" and "panel_scheduled" in self.done:
            await self._to_the_panel()
        else:
            await self.move_to(self.calendar.before(due_on, SLACK[deadline["kind"]]))
        await self._reach(milestone, deadline)

    async def _reach(self, milestone: str, deadline: DeadlineStatus) -> None:
        """Send what reaches a milestone, and before it what the procedure expects to be there."""
        for before in self.rules.expects.get(milestone, ()):
            if before not in self.done and not before.startswith("requested:"):
                await self._reach(before, deadline)
        if milestone == "panel_held":
            await self._to_the_panel()
        self.done.add(milestone)
        what, _, of = milestone.partition(":")
        match what:
            case "acknowledged":
                await self.send("acknowledge")
            case "answered":
                await self.send(
                    "respond",
                    outcome="partly_upheld",
                    summary="Made-up answer of a rehearsal.",
                    by=f"Made-up person who answers at {of.replace('_', ' ')}",
                    independent_person_consulted=True,
                )
            case "requested":
                await self.send("escalate", reason="Made-up: not content with the answer.")
            case "appointed":
                await self._appoint(of)
            case "statement_agreed":
                await self.send("agree_statement", points=["A made-up point."])
            case "reported":
                await self.send("report", kind=of)
            case "panel_scheduled":
                await self.send("schedule_panel", meeting_on=await self._panel_day(), place="A made-up room")
            case "papers_sent":
                await self.send("send_papers")
            case "panel_held":
                await self.send("hold_panel")
            case "decided":
                await self.send("accept", reason="Made-up: it is taken.")
            case "informally_tried":
                await self.send("resolve_informally", agreed=False)
            case "met_in_person":
                await self.send("record_meeting", **{"with": "everybody concerned"})
            case _:
                raise RuntimeError(f"the walker does not know how to reach {plain(milestone)}")

    async def _appoint(self, role: str) -> None:
        for seat in range(self.rules.role[role].seats):
            title = self.rules.role[role].title
            person = {"name": f"{title} {seat + 1} (invented)", "id": f"{role}-{seat + 1}"}
            await self.send("appoint", role=role, person=person, connection="none")
        if role == "panel_chair" and "panel_member" in self.rules.role:
            self.done.add("appointed:panel_member")
            await self._appoint("panel_member")

    async def _panel_day(self) -> str:
        """A day for the panel: three working days before its limit."""
        return self.calendar.before(await self._due("panel_meeting"), 3).isoformat()

    async def _to_the_panel(self) -> None:
        status = await self.status()
        papers = next((d for d in status["deadlines"] if d["name"] == "panel_papers"), None)
        if papers is not None:
            await self.move_to(date.fromisoformat(papers["counts_from"]))

    async def _due(self, name: str) -> date:
        status = await self.status()
        return date.fromisoformat(next(d["due_on"] for d in status["deadlines"] if d["name"] == name))


def course_lines(rehearsed: Rehearsed) -> list[str]:
    """The dated course for people, and how it ended."""
    lines = [f"{long_date(date.fromisoformat(h['on']))}  {h['what']}" for h in rehearsed.course]
    status = rehearsed.status
    closed = date.fromisoformat(status["closed_on"] or status["as_of"])
    return [*lines, f"ended: {str(status['closed_as']).replace('_', ' ')}, {long_date(closed)}"]


def ending_line(rehearsed: Rehearsed) -> str:
    """How one of many rehearsals ended, in a line."""
    status = rehearsed.status
    closed = date.fromisoformat(status["closed_on"] or status["as_of"])
    letters = len(status["letters"])
    ended = str(status["closed_as"]).replace("_", " ")
    return f"{rehearsed.authority}, {rehearsed.procedure}: {ended} on {long_date(closed)}, {letters} letters"
