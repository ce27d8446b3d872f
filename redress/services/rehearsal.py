"""A made-up complaint taken through a whole procedure, by moving its own clock.

The simulation knows nothing of any one procedure: it looks at what is owed next and sends the message
that meets it, a little before its last day.
"""

from __future__ import annotations

import asyncio
import tomllib
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from temporalio.client import Client
from temporalio.testing import TimeSkipper, TimeSkippingConfig

from redress.contract import Start, workflow_id
from redress.domain.calendar import long_date
from redress.domain.london import instant, london_date
from redress.domain.parsing import Malformed, Problem
from redress.domain.procedure import Procedure
from redress.domain.sentences import with_long_dates
from redress.domain.splitting import PartOpening
from redress.domain.status import DeadlineStatus, Status
from redress.domain.words import plain
from redress.letters.check import check_letters
from redress.procedures.bank_holidays import calendar_today
from redress.procedures.loader import authority as find_authority
from redress.procedures.loader import authority_names
from redress.procedures.loader import procedure as find_procedure
from redress.services import letters, sending
from redress.services.checking_texts import check_own_texts
from redress.services.clock import today
from redress.services.documents import Attachment, Documents
from redress.services.intake import start
from redress.services.procedure_names import resolve
from redress.services.timeline import TimelineEntry, timeline
from redress.services.wording import day, words
from redress.settings import Settings
from redress.store.register import Register
from redress.temporal.embedded import embedded_server

Progress = Callable[[str], None]

RunWorker = Callable[[Client, Path], AbstractAsyncContextManager[Register]]
"""Runs a worker with everything in one folder; gives its register."""

SLACK = {"limit": 1, "target": 1, "window": 5}
"""How many working days before the last one the simulation acts."""

MOST_STEPS = 60

SIMULATIONS_AT_ONCE = 4

FURTHEST = timedelta(days=731)
"""How far ahead a rehearsal may start."""

DATA = tomllib.loads(Path(__file__).with_name("rehearsal.toml").read_text(encoding="utf-8"))

ANSWER_WITHIN = 30.0
"""Seconds that the complaint has to answer."""


PAPERS = {
    "reported:investigation": ("investigation_report", "independent_person_report"),
    "papers_sent": ("panel_papers",),
    "reported:panel": ("panel_report",),
}
"""What is attached before what is reported, since letters about it wait for that."""


def settings_in(folder: Path) -> Settings:
    """The settings of a rehearsal, all of which stays in one folder."""
    return Settings(state=folder, register_url="", outbox=None, documents="", clamav="")


class Rehearsed(NamedTuple):
    """How a rehearsal ended and what happened on the way."""

    procedure: str
    authority: str
    status: Status
    course: list[TimelineEntry]

    @property
    def ending(self) -> str:
        """How and when it ended."""
        status = self.status
        return f"{words(status['closed_as'])}, {day(status['closed_on'] or status['as_of'])}"


async def rehearse(
    procedure: str | None,
    authority: str | None,
    received: date,
    run_worker: RunWorker,
    progress: Progress,
    keep: Path | None = None,
) -> list[Rehearsed]:
    """Take made-up complaints through procedures, on a server, register and outbox thrown away after.

    Without a procedure: all of every authority, a few at a time; without an authority: of the usual one that
    has the procedure. `received` is today or later; `keep`: a folder for all their letters. Raises
    `Malformed`, also for a procedure there is not.
    """
    if procedure is None:
        pairs = [(name, each) for each in authority_names() for name in find_authority(each).procedures]
    else:
        pairs = [resolve(procedure, authority)]
    rules = [find_procedure(*pair) for pair in pairs]
    if received < today():
        raise Malformed([Problem("received", f"{received} has passed; a rehearsal starts today or later")])
    if received > today() + FURTHEST:
        raise Malformed([Problem("received", f"{received} lies too far ahead: at most two years")])
    check_letters()
    check_own_texts()
    semaphore = asyncio.Semaphore(SIMULATIONS_AT_ONCE)

    async def one(client: Client, register: Register, documents: Documents, number: int) -> Rehearsed:
        name, authority = pairs[number]
        prefix = f"{authority}, {name}: " if len(pairs) > 1 else ""
        reference = f"REHEARSAL-{today().year}-{number + 1:06d}"
        simulation = Simulation(
            client, register, rules[number], reference, lambda line: progress(prefix + line), documents
        )
        async with semaphore:
            await simulation.open_made_up(authority, name, received)
            status = await simulation.run()
            if keep is not None:
                await simulation.keep_letters(keep / authority / name)
        return Rehearsed(name, authority, status, timeline(status))

    progress("starting a Temporal server for the rehearsal")
    with TemporaryDirectory(prefix="redress-rehearsal-", ignore_cleanup_errors=True) as folder:
        async with (
            embedded_server(moves_time=True) as (_address, client),
            run_worker(client, Path(folder)) as register,
        ):
            documents = Documents(register, settings_in(Path(folder)))
            return await asyncio.gather(
                *(one(client, register, documents, number) for number in range(len(pairs)))
            )


class Simulation:
    """Takes one complaint from where it stands to its end."""

    def __init__(
        self,
        client: Client,
        register: Register,
        rules: Procedure,
        reference: str,
        progress: Progress,
        documents: Documents | None = None,
    ) -> None:
        """`documents`: where what letters enclose is attached; without, they wait for it."""
        self.documents = documents
        self.skipper = TimeSkipper(client, config=TimeSkippingConfig(enabled=False))
        self.client = self.skipper.client
        self.register = register
        self.rules = rules
        self.reference = reference
        self.progress = progress
        self.ahead = timedelta()
        self.calendar = calendar_today()
        self.reached: set[str] = set()

    @property
    def now(self) -> datetime:
        """The complaint's own time."""
        return datetime.now(UTC) + self.ahead

    async def open_made_up(self, authority: str, procedure: str, received: date) -> None:
        """Start a made-up complaint received on a day to come."""
        wait = max(instant(received, "09:30") - self.now, timedelta())
        opening = DATA["opening"] | {
            "authority": authority,
            "procedure": procedure,
            "kind": "compliment" if procedure == "representation" else "complaint",
            "source_id": self.reference,
            "received_on": received.isoformat(),
            "complainant": {"name": "Robin Rehearsal", "role": self._role()},
        }
        await asyncio.to_thread(self._reserve, PartOpening(self.reference, opening))
        await start(self.client, Start(reference=self.reference, opening=opening), delay=wait or None)
        if wait:
            await self._move(wait + timedelta(seconds=5))
        self.progress(f"{long_date(received)}: a made-up complaint is received")

    def _reserve(self, opening: PartOpening) -> None:
        """Keep the reference as any complaint's: documents are attached to it."""
        with self.register.writing() as db:
            self.register.reserve_part(db, opening)

    def _role(self) -> str:
        """Somebody who may complain under this procedure."""
        only = [each.values[0] for each in self.rules.questions if each.when == "role_not_in"]
        return only[0] if only else "young_person"

    async def run(self) -> Status:
        """Act on what is owed next until the complaint closes; gives the status then."""
        for _ in range(MOST_STEPS):
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
        on = london_date(self.now)
        return await sending.status(self.client, self.register, self.reference, on, ANSWER_WITHIN)

    async def send(self, action: str, **fields: object) -> None:
        """One message, dated with the complaint's own day."""
        name, message = sending.complete(action, {"on": london_date(self.now).isoformat(), **fields})
        answer = await sending.send(self.client, self.register, self.reference, name, message, ANSWER_WITHIN)
        outcome = "" if answer.applied else f": {with_long_dates(answer.reason)}"
        which = words(f" {fields.get('role') or fields.get('kind') or ''}".rstrip())
        self.progress(f"{long_date(answer.on)}: {words(name)}{which}{outcome}")
        if answer.pending:
            await self._approve()

    async def _approve(self) -> None:
        """Have what waits to be approved approved, and posted."""
        status = await self.status()
        marks = [letter["mark"] for letter in status["letters"] if letter.get("state") == "draft"]
        for mark in marks:
            await self.send("approve_letter", mark=mark, by="Made-up approver")
            await self.send("letter_left", mark=mark)

    async def keep_letters(self, folder: Path) -> None:
        """Write every letter of its life into a folder, once all have left."""
        for _ in range(300):
            if not await asyncio.to_thread(letters.are_under_way, self.register, self.reference):
                break
            await asyncio.sleep(0.1)
        await asyncio.to_thread(_write, folder, letters.texts(self.register, self.reference))

    async def move_to(self, to: date) -> None:
        """Move its clock to ten o'clock in London on a day, unless that has passed."""
        await self._move(instant(to, "10:00") - self.now)

    async def _move(self, ahead: timedelta) -> None:
        if ahead > timedelta():
            handle = self.client.get_workflow_handle(workflow_id(self.reference))
            await self.skipper.fast_forward(handle, ahead)
            self.ahead += ahead

    def _can_be_met(self, deadline: DeadlineStatus) -> bool:
        limit = self.rules.limit.get(deadline["name"])
        return limit is not None and limit.follows is None and bool(limit.met_by)

    async def _meet(self, deadline: DeadlineStatus) -> None:
        milestone = self.rules.limit[deadline["name"]].met_by[0]
        if milestone == "panel_held" and "panel_scheduled" in self.reached:
            await self._to_the_panel()
        else:
            due_on = date.fromisoformat(deadline["due_on"])
            await self.move_to(self.calendar.before(due_on, SLACK[deadline["kind"]]))
        await self._reach(milestone)

    async def _reach(self, milestone: str) -> None:
        """Send what reaches a milestone, and before it what the procedure expects to be there."""
        for before in self.rules.expects.get(milestone, ()):
            if before not in self.reached and not before.startswith("requested:"):
                await self._reach(before)
        if milestone == "panel_held":
            await self._to_the_panel()
        await self._attach(*PAPERS.get(milestone, ()))
        self.reached.add(milestone)
        what, _, of = milestone.partition(":")
        match what:
            case "appointed":
                await self._appoint(of)
            case "reported":
                await self.send("report", kind=of)
            case "panel_scheduled":
                meeting = await self._deadline("panel_meeting")
                assert meeting is not None, "a panel is scheduled where one is owed"
                meeting_on = self.calendar.before(date.fromisoformat(meeting["due_on"]), 3)
                await self.send("schedule_panel", meeting_on=meeting_on.isoformat(), place="A made-up room")
            case _ if what in DATA["messages"]:
                fields = DATA["messages"][what].items()
                await self.send(**{k: v.format(of=words(of)) if isinstance(v, str) else v for k, v in fields})
            case _:
                raise RuntimeError(f"the simulation does not know how to reach {plain(milestone)}")

    async def _attach(self, *kinds: str) -> None:
        """Attach a made-up document of each kind."""
        documents = self.documents
        if documents is None:
            return
        for kind in kinds:
            await asyncio.to_thread(_attach, documents, self.reference, kind)
            self.progress(f"{long_date(london_date(self.now))}: {words(kind)} attached")

    async def _appoint(self, role: str) -> None:
        for seat in range(1, self.rules.role[role].seats + 1):
            person = {"name": f"{self.rules.role[role].title} {seat} (invented)", "id": f"{role}-{seat}"}
            await self.send("appoint", role=role, person=person, connection="none")
        if role == "panel_chair" and "panel_member" in self.rules.role:
            self.reached.add("appointed:panel_member")
            await self._appoint("panel_member")

    async def _to_the_panel(self) -> None:
        papers = await self._deadline("panel_papers")
        if papers is not None:
            await self.move_to(date.fromisoformat(papers["counts_from"]))

    async def _deadline(self, name: str) -> DeadlineStatus | None:
        return next((d for d in (await self.status())["deadlines"] if d["name"] == name), None)


def _attach(documents: Documents, reference: str, kind: str) -> None:
    with documents.spool() as spool:
        spool.write(f"%PDF-1.7\n% a made-up {kind}\n%%EOF\n".encode())
        documents.attach(reference, spool, Attachment(f"{kind}.pdf", kind), "rehearsal")


def _write(folder: Path, kept: list[tuple[letters.LetterLine, str]]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for line, text in kept:
        name = f"{line['on']}-{line['letter']}-{line['to']}-{line['mark']}.txt"
        (folder / name).write_text(text, encoding="utf-8")
