"""One run: an installation, traffic, faults, midnight, a restore; then quiet, and the count."""

from __future__ import annotations

import asyncio
import random
import smtplib
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any, Literal, get_args

import httpx

from tests.chaos.check import Finding, Kind, Reader, Restored, Told, judge, judge_all
from tests.chaos.clocks import Clocks
from tests.chaos.faults import Faults
from tests.chaos.mailbox import mails
from tests.chaos.model import Sent
from tests.chaos.papers import Paper
from tests.chaos.servers import Installation
from tests.chaos.traffic import Life, Traffic
from tests.serving import Handler, serving

Plant = Literal["loss", "double", "swap", "date", "paper"]
Store = Literal["sqlite", "postgresql"]

REPORTED_AS: dict[Plant, Kind] = {
    "loss": "lost",
    "double": "doubled",
    "swap": "swapped",
    "date": "wrong date",
    "paper": "lost",
}
"""What a mistake that is planted must be told as."""


@dataclass
class Options:
    """How a run is made."""

    store: Store
    seed: int
    seconds: float
    lives_at_once: int = 12
    pause: float = 1.5
    """Seconds between two messages of one complaint, at most."""
    fault_pause: float = 1.0
    """Seconds between two faults, on average; 0: none are made."""
    quiet_within: float = 300.0
    """Seconds after which what has not come to rest is stuck."""
    plants: tuple[Plant, ...] = ()
    keep: Path | None = None
    """Where the installation's files are left; else they are deleted."""


@dataclass
class Result:
    """What is printed, and given as JSON."""

    store: str
    seed: int
    seconds: float
    lost: int
    doubled: int
    diverged: int
    stuck: int
    lives: int
    messages: int
    documents: int
    drafts: int
    approved: int
    repeats: int
    retries: int
    kills: int
    clocks: str
    skewed: dict[str, int]
    midnight: str
    waited_in_queue: int
    raised: int
    """Letters of which nobody can know whether they left: a person was told."""
    entry_points: dict[str, int]
    faults: dict[str, int]
    recovery_seconds: dict[str, dict[str, float]]
    quiet_after_seconds: float
    planted: dict[str, bool]
    """Of each mistake that was planted after the count: whether it was told."""
    findings: list[dict[str, Any]] = field(default_factory=list)

    @property
    def holds(self) -> bool:
        found = self.lost or self.doubled or self.diverged or self.stuck
        return not found and all(self.planted.values())


@contextmanager
def _told(told: list[Told]) -> Iterator[str]:
    """A receiver of webhooks: what it answered 204 to is in the list; gives its URL."""

    class Takes(Handler):
        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            body = self.rfile.read(length)
            if len(body) < length:  # the API was killed in the middle
                self.close_connection = True
                return
            told.append(Told(str(self.headers["webhook-id"]), time.time(), body))
            self.send_response(204)
            self.send_header("Content-Length", "0")
            self.end_headers()

    with serving(Takes) as port:
        yield f"http://127.0.0.1:{port}/"


async def run(options: Options) -> Result:
    """The whole of it."""
    with tempfile.TemporaryDirectory(prefix="chaos-", ignore_cleanup_errors=True) as name:
        folder = (options.keep or Path(name)) / options.store
        folder.mkdir(parents=True)
        midnight = datetime.now(UTC) + timedelta(seconds=_set_up_takes(options) + options.seconds / 2)
        installation = Installation(folder, options.store, Clocks(folder, midnight))
        told: list[Told] = []
        try:
            await installation.set_up()
            with _told(told) as url:
                await _subscribe(installation, url)
                return await Run(installation, options, told, midnight).run()
        finally:
            await installation.tear_down()


def _set_up_takes(options: Options) -> float:
    return 25.0 if options.store == "postgresql" else 15.0


async def _subscribe(installation: Installation, url: str) -> None:
    headers = {"Authorization": f"Bearer {installation.token}"}
    async with httpx.AsyncClient(headers=headers, timeout=60) as http:
        made = await http.post(f"http://127.0.0.1:{installation.api_port}/v1/webhooks", json={"url": url})
        made.raise_for_status()


class Run:
    """What happens on an installation that stands."""

    def __init__(
        self, installation: Installation, options: Options, told: list[Told], midnight: datetime
    ) -> None:
        self.installation, self.options, self.told, self.midnight = installation, options, told, midnight
        self.traffic = Traffic(installation, options.seed, at_once=options.lives_at_once, pause=options.pause)
        self.faults = Faults(installation, options.seed, pause=options.fault_pause)
        self.restored = Restored()
        self.restores = 0

    async def run(self) -> Result:
        began = time.monotonic()
        traffic = asyncio.create_task(self.traffic.run())
        if self.options.fault_pause:
            await self._faults(began)
        else:
            self.traffic.kills_commands = False
            await asyncio.sleep(self.options.seconds)
        self.traffic.stops, self.traffic.kills_commands = True, False
        quiet_from = time.monotonic()
        await asyncio.wait([traffic], timeout=self.options.quiet_within)
        traffic.cancel()  # what has not come to its end by now is stuck
        await self._plant(self.options.plants)
        findings = await self._settled(quiet_from)
        quiet = time.monotonic() - quiet_from
        return self._result(findings, quiet, await self._checked())

    async def _faults(self, began: float) -> None:
        """Until half-way, then a backup; some time later all of it is put back, and on it goes."""
        seconds = self.options.seconds
        await self.faults.run(began + 0.45 * seconds)
        await self.faults.all_up()
        since = time.time()
        backup = await asyncio.to_thread(self.installation.back_up)
        await self.faults.run(began + 0.65 * seconds)
        await self.faults.all_up()
        await self.traffic.hold()
        restoring = time.monotonic()
        await self.installation.restore(backup)
        self.restored = Restored(since, time.time())
        self.restores += 1
        self.faults.recoveries["restore, reconcile included"].append(time.monotonic() - restoring)
        await self.traffic.send_all_again(since)
        self.restored.until = time.time() + 5
        self.traffic.goes_on.set()
        await self.faults.run(began + seconds)
        await self.faults.all_up()

    # --- what is planted, to see that it is found ----------------------------------------------------------

    async def _plant(self, plants: Sequence[Plant]) -> list[Life]:
        """Make mistakes that must be found, with real letters, in a complaint of its own each."""
        lives = [life for life in self.traffic.lives if life.over and len(life.sent) > 1]
        # One of which nobody can know whether its letters left may have none to plant.
        written_to = {mail.to for mail in mails(self.installation.mails)}
        lives = [life for life in lives if not life.differs_by and life.email in written_to]
        random.Random(self.options.seed).shuffle(lives)
        planted = []
        for plant in plants:
            life = lives.pop()
            planted.append(life)
            life.differs_by = plant
            match plant:
                case "loss":
                    life.sent.append(Sent("add_note", "never-sent", {"note": "x"}, life.sent[-1].on))
                case "double":
                    await self._mail(life, life)
                case "swap":
                    await self._mail(lives[0], life)
                case "date":
                    life.received_on -= timedelta(7)
                case "paper" if life.papers:
                    life.papers[0].content += b" "
                case "paper":
                    life.papers.append(Paper("never-attached.pdf", "report", b"x", "0" * 32))
        return planted

    async def _checked(self) -> dict[str, bool]:
        """Whether the count would have told a loss, a double, a swap and a wrong date: each is made."""
        plants = list(get_args(Plant))
        planted = await self._plant(plants)
        seen = await Reader(self.installation, self.told).read(planted)
        found = [{each.kind for each in judge(life, seen, self.restored)} for life in planted]
        return {plant: REPORTED_AS[plant] in kinds for plant, kinds in zip(plants, found, strict=True)}

    async def _mail(self, of: Life, to: Life) -> None:
        """Hand a letter of one complaint to the mail server once more, for somebody."""
        while True:
            # What a restore took back may have left under a reference that is another complaint's by now.
            own = f"({of.reference})"
            came = [
                mail
                for mail in mails(self.installation.mails)
                if mail.to == of.email and mail.subject.endswith(own)
            ]
            if came:
                break
            await asyncio.sleep(0.2)
        letter = EmailMessage()
        letter["From"], letter["To"], letter["Subject"] = "a@inventata.example", to.email, came[0].subject
        letter.set_content(came[0].text)

        # What a restore took back may leave again: there a letter is one too many only the third time.
        copies = 2 if self.restored.covers(came[0].at) else 1

        def send() -> None:
            with smtplib.SMTP("127.0.0.1", self.installation.mail_port, timeout=10) as server:
                for _ in range(copies):
                    server.send_message(letter)

        await asyncio.to_thread(send)

    # --- the count --------------------------------------------------------------------------------------

    async def _settled(self, quiet_from: float) -> list[Finding]:
        """Look until nothing is missing any more, or the time for that is over."""
        reader, open_ones = Reader(self.installation, self.told), self.traffic.lives
        ends = quiet_from + self.options.quiet_within
        planted = {life.number for life in open_ones if life.differs_by}
        while True:
            seen = await reader.read(open_ones)
            found = [each for life in open_ones for each in judge(life, seen, self.restored)]
            missing = {each.life for each in found} - planted
            if not missing or time.monotonic() > ends:
                break
            open_ones = [life for life in open_ones if life.number in missing]
            await asyncio.sleep(1)
        seen = await reader.read(self.traffic.lives)
        await reader.read_whole(seen, self.traffic.lives, commands=3)
        found = [each for life in self.traffic.lives for each in judge(life, seen, self.restored)]
        found += judge_all(self.traffic.lives, seen, self.installation.brought_back)
        found += [
            Finding("diverged", life.number, life.reference, what) for life, what in self.traffic.faults
        ]
        self.raised = sum(
            each["state"] in ("unsure", "failed")
            for status in seen.statuses.values()
            for each in status.get("letters", [])
        )
        return found

    def _result(self, findings: list[Finding], quiet: float, planted: dict[str, bool]) -> Result:
        kinds = Counter(each.kind for each in findings)
        lives, options = self.traffic.lives, self.options
        return Result(
            store=options.store,
            seed=options.seed,
            seconds=options.seconds,
            lost=kinds["lost"],
            doubled=kinds["doubled"],
            diverged=kinds["diverged"] + kinds["swapped"] + kinds["wrong date"],
            stuck=kinds["stuck"],
            lives=len(lives),
            messages=sum(len(life.sent) for life in lives),
            documents=sum(len(life.papers) for life in lives),
            drafts=sum(message.drafts for life in lives for message in life.sent),
            approved=sum(life.approved for life in lives),
            repeats=self.traffic.repeats,
            retries=self.traffic.retries,
            kills=self.faults.kills + self.traffic.commands_killed,
            clocks=self.installation.clocks.skewed_by,
            skewed=dict(self.faults.skewed),
            midnight=self.midnight.isoformat(timespec="seconds"),
            waited_in_queue=self.traffic.waited_in_queue,
            raised=self.raised,
            entry_points=dict(self.traffic.entry_points),
            faults=dict(self.faults.done) | {"restore from backup": self.restores},
            recovery_seconds=self.faults.seconds_to_recover(),
            quiet_after_seconds=round(quiet, 1),
            planted=planted,
            findings=[each._asdict() for each in findings],
        )


def document(results: list[Result]) -> dict[str, Any]:
    """All runs as JSON has them."""
    total = {
        name: sum(getattr(each, name) for each in results)
        for name in (
            "lost",
            "doubled",
            "diverged",
            "stuck",
            "lives",
            "messages",
            "documents",
            "approved",
            "kills",
        )
    }
    return total | {"runs": [asdict(each) for each in results], "on": date.today().isoformat()}
