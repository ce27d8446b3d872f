"""Counts what is there against what was sent: read through public entry points, judged by the model alone."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal, NamedTuple

import httpx

from tests.chaos.mailbox import Mail, mails
from tests.chaos.model import ANSWER, Expected, expected
from tests.chaos.papers import Line, judge_papers
from tests.chaos.servers import Installation
from tests.chaos.traffic import SOURCE, Life

Kind = Literal["lost", "doubled", "swapped", "wrong date", "diverged", "stuck"]


class Finding(NamedTuple):
    """Something that is not as it must be."""

    kind: Kind
    life: int
    reference: str
    what: str


class Told(NamedTuple):
    """A notice that a webhook brought."""

    id: str
    at: float
    body: bytes


@dataclass
class Restored:
    """The stretch of time that a restore took back, in Unix seconds: what left in it may leave again."""

    since: float = 0.0
    until: float = 0.0

    def covers(self, at: float) -> bool:
        return self.since <= at <= self.until


@dataclass
class Observed:
    """What the public entry points say."""

    statuses: dict[str, dict[str, Any]] = field(default_factory=dict)
    changes: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    lines: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    """Lines of the list, by reference."""
    by_command: dict[str, dict[str, Any]] = field(default_factory=dict)
    waiting_letters: list[dict[str, Any]] = field(default_factory=list)
    """Letters that have not left, or may not have, as operators see them."""
    workflows: dict[str, list[str]] = field(default_factory=dict)
    """The states of the latest run of each complaint's workflow."""
    mails: dict[str, list[Mail]] = field(default_factory=dict)
    told: list[Told] = field(default_factory=list)
    days: dict[Mail, set[str]] = field(default_factory=dict)
    """The London dates that a process may have had when it sent a letter."""
    papers: dict[str, list[Line]] = field(default_factory=dict)
    faults: list[dict[str, Any]] | None = None
    """What `verify` says is not whole; None: it gave no answer."""


CLOCKS_DIFFER = (-60, -30, 0, 30, 60, 90)
"""Seconds by which the clock of whoever sent a letter may differ from that of the mail server, or by which it
noted later that it had."""


ASKED_AGAIN = 3
"""How often an entry point is asked that gives no answer."""


class Reader:
    """Reads the public entry points."""

    def __init__(self, installation: Installation, told: list[Told]) -> None:
        self.installation, self.told = installation, told
        self._http = httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{installation.api_port}",
            headers={"Authorization": f"Bearer {installation.token}"},
            timeout=60,
        )

    async def read(self, lives: list[Life]) -> Observed:
        """Everything about some complaints, and every letter and notice that came."""
        seen = Observed(told=self.told)
        for mail in await asyncio.to_thread(lambda: list(mails(self.installation.mails))):
            seen.mails.setdefault(mail.to, []).append(mail)
            day = self.installation.clocks.day
            seen.days[mail] = {day(mail.at + seconds).isoformat() for seconds in CLOCKS_DIFFER}
        turns = asyncio.Semaphore(8)

        async def one(reference: str) -> None:
            path = f"/v1/complaints/{reference}"
            async with turns:
                seen.statuses[reference] = await self._get(path)
                seen.changes[reference] = (await self._get(f"{path}/changes?limit=200")).get("changes", [])
                seen.papers[reference] = [line async for line in self._papers(f"{path}/documents")]

        await asyncio.gather(*(one(life.reference) for life in lives if life.reference))
        return seen

    async def read_whole(self, seen: Observed, lives: list[Life], commands: int) -> None:
        """The lists, Temporal's workflows, and some complaints by the command line."""
        after = ""
        while True:
            page = await self._get(f"/v1/complaints?all=true&limit=500{after}")
            for line in page["complaints"]:
                seen.lines.setdefault(line["reference"], []).append(line)
            if not page["next"]:
                break
            after = f"&after={page['next']}"
        async for workflow in self.installation.client.list_workflows("WorkflowType = 'Complaint'"):
            state = workflow.status.name if workflow.status else "?"
            seen.workflows.setdefault(workflow.id.removeprefix("complaint-"), []).append(state)
        status, letters = await self.installation.command("letters")
        if status == 0 and letters:
            seen.waiting_letters = letters
        for life in lives[:: max(1, len(lives) // max(commands, 1))][:commands]:
            status, shown = await self.installation.command("show", life.reference)
            if status == 0:
                seen.by_command[life.reference] = shown
        for _ in range(ASKED_AGAIN):  # a machine under load is no finding
            _, verified = await self.installation.command("verify")
            if verified:
                seen.faults = verified["faults"]
                break

    async def _papers(self, path: str) -> AsyncIterator[Line]:
        """The documents of a complaint, each as it is given out."""
        for each in await self._get(path) or []:
            content = await self._asked(f"{path}/{each['document']}/content")
            sha256 = hashlib.sha256(content.content).hexdigest() if content else ""
            yield Line(each["document"], each["name"], each["kind"], each["size"], sha256)

    async def _get(self, path: str) -> Any:
        answer = await self._asked(path)
        return answer.json() if answer else {}

    async def _asked(self, path: str) -> httpx.Response | None:
        """The answer; None where there is none, or it was no."""
        for pause in range(ASKED_AGAIN):
            await asyncio.sleep(pause)
            with suppress(httpx.HTTPError):
                answer = await self._http.get(path)
                if answer.is_success:
                    return answer
        return None


OF_LETTERS = ("letter_left", "letter_not_left")
"""What the complaint notes of its own letters: nobody sends it."""


def judge(life: Life, seen: Observed, restored: Restored) -> Iterator[Finding]:
    """What is wrong with one complaint."""

    def found(kind: Kind, what: str) -> Finding:
        return Finding(kind, life.number, life.reference, what)

    if not life.reference:
        yield found("stuck" if not life.over else "lost", "its opening was never answered")
        return
    status = seen.statuses.get(life.reference)
    if not status:
        yield found("stuck", "nobody says where it stands")
        return
    told = [each for each in status["messages"] if each["action"] in OF_LETTERS]
    left = max((date.fromisoformat(each["on"]) for each in told), default=date.min)
    stands = expected(life.received_on, life.sent, left)
    for part in (
        _messages(life, stands, status),
        _record(life, seen),
        _dates(stands, status),
        _drafted(life, told, seen),
        judge_papers(life.papers, seen.papers.get(life.reference, [])),
    ):
        for kind, what in part:
            yield found(kind, what)
    for name, value in (("state", stands.state), ("stage", stands.stage), ("closed_as", stands.closed_as)):
        if status[name] != value:
            yield found("diverged", f"{name} is {status[name]}, must be {value}")
    raised = {each["letter"] for each in status["letters"] if each["state"] in ("unsure", "failed")}
    for kind, what in (
        *_letters(life, stands, seen, restored, doubt=bool(raised)),
        *_notices(life, stands, seen, restored),
    ):
        yield found(kind, what)


Wrong = Iterator[tuple[Kind, str]]


def _messages(life: Life, stands: Expected, status: dict[str, Any]) -> Wrong:
    """Each message once, in the order answered, with its day and outcome, and nothing that was not sent."""
    ids = [each["message_id"] for each in status["messages"] if each["action"] not in OF_LETTERS]
    times = Counter(ids)
    wanted = [message.id for message in life.sent]
    for message in life.sent:
        if not times[message.id]:
            yield "lost", f"message {message.action} {message.id}"
    for id, number in times.items():
        if number > 1:
            yield "doubled", f"message {id} stands {number} times"
        if id not in wanted:
            yield "diverged", f"message {id} was not sent here"
    if not Counter(ids) - Counter(wanted) and [id for id in wanted if times[id]] != ids:
        yield "swapped", f"messages stand as {ids}, were answered as {wanted}"
    entries = {each["message_id"]: each for each in status["messages"]}
    for message in life.sent:
        entry = entries.get(message.id)
        if entry is None:
            continue
        if entry["on"] != message.on.isoformat():
            yield "wrong date", f"{message.action} {message.id} is of {entry['on']}, was {message.on}"
        outcome = stands.outcomes.get(message.id, "applied")
        if entry["outcome"] != outcome:
            kind: Kind = "lost" if outcome == "applied" else "diverged"
            yield kind, f"{message.action} {message.id} is {entry['outcome']}, must be {outcome}"
        for name, value in message.fields.items():
            if name != "outcome" and entry.get(name) != value:
                yield "diverged", f"{message.action} {message.id}: {name} is not what was sent"
    for refused in status["refused"]:
        yield "diverged", f"refused: {json.dumps(refused)[:200]}"


def _record(life: Life, seen: Observed) -> Wrong:
    """The register has the same messages as the workflow."""
    recorded = [each for each in seen.changes.get(life.reference, []) if each["kind"] == "message"]
    times = Counter(str((each["details"] or {}).get("message_id")) for each in recorded)
    for message in life.sent:
        if not times[message.id]:
            yield "lost", f"the record of {message.action} {message.id}"
        elif times[message.id] > 1:
            yield "doubled", f"the record of {message.action} {message.id} stands {times[message.id]} times"
    openings = [each for each in seen.changes.get(life.reference, []) if each["kind"] == "opened"]
    if len(openings) != 1:
        yield "doubled" if openings else "lost", f"the record of its opening stands {len(openings)} times"
    elif (openings[0]["details"] or {}).get("source_id") != life.source_id:
        yield "swapped", f"its opening is that of {(openings[0]['details'] or {}).get('source_id')}"


def _dates(stands: Expected, status: dict[str, Any]) -> Wrong:
    shown = {each["name"]: each["due_on"] for each in status["deadlines"]}
    for name, day in stands.due.items():
        if shown.get(name) != day.isoformat():
            yield "wrong date", f"{name} is due on {shown.get(name)}, must be {day}"
    for name in {"stage_1_review", "letter_approval"} & shown.keys() - stands.due.keys():
        yield "diverged", f"{name} runs, and nothing has begun it"
    answered_on = stands.answered_on and stands.answered_on.isoformat()
    met_on = {each["name"]: each["met_on"] for each in status["deadlines"]}["stage_1_response"]
    if met_on != answered_on:
        yield "wrong date", f"stage_1_response was met on {met_on}, must be {answered_on}"


def _drafted(life: Life, told: list[dict[str, Any]], seen: Observed) -> Wrong:
    """A drafted letter is noted as left once it was approved, and on the day on which it was sent."""
    if not any(message.drafts for message in life.sent):
        return
    days = [each["on"] for each in told if each["action"] == "letter_left"]
    if not life.approved:
        if days:
            yield "diverged", "a letter is noted as left that nobody approved"
        return
    if not days:
        yield "lost", "nothing is noted of an approved letter's leaving"
    # What was approved on the day after, by a clock ahead, leaves by others on the day before.
    possible = {message.on.isoformat() for message in life.sent if message.action == "approve_letter"}
    possible.update(*(seen.days[mail] for mail in seen.mails.get(life.email, []) if _says(mail, ANSWER)))
    for day in days:
        if day not in possible and not life.posted:
            yield "wrong date", f"an approved letter is noted as left on {day}, was sent on {possible}"


def _says(mail: Mail, subject: str) -> bool:
    return mail.subject.startswith(f"{subject} (")


def _letters(life: Life, stands: Expected, seen: Observed, restored: Restored, *, doubt: bool) -> Wrong:
    """Each letter once at the address of this complaint, in the order of causes, and no other's.

    `doubt`: one is raised to a person, since nobody can know whether it left: it may be there or not.
    """
    came = seen.mails.get(life.email, [])
    of_another = [
        mail
        for mail in came
        if not mail.subject.endswith(f"({life.reference})") and not restored.covers(mail.at)
    ]
    for mail in of_another:
        yield "swapped", f"a letter of another complaint came to {life.email}: {mail.subject}"
    came = [mail for mail in came if mail not in of_another]
    subjects = [mail.subject.rpartition(" (")[0] for mail in came]
    certain = Counter(mail.subject.rpartition(" (")[0] for mail in came if not restored.covers(mail.at))
    for subject in stands.letters:
        if subject not in subjects and not doubt and not (subject == ANSWER and life.posted):
            yield "lost", f"letter: {subject}"
        if certain[subject] > 1 or subjects.count(subject) > 2:
            yield "doubled", f"letter came {subjects.count(subject)} times: {subject}"
    for subject in {*subjects} - {*stands.letters}:
        yield "diverged", f"a letter that nothing causes: {subject}"
    for mail in came:
        if _says(mail, ANSWER) and stands.answer not in " ".join(mail.text.split()):
            yield "diverged", f"the answer's letter does not say: {stands.answer}"
    # By the last of each: what left before a restore may lack a letter that nobody could be sure of then.
    lasts = [subject for subject in [*dict.fromkeys(reversed(subjects))][::-1] if subject in stands.letters]
    if lasts != [subject for subject in stands.letters if subject in lasts] and not doubt:
        yield "swapped", f"letters left as {lasts}"


def _notices(life: Life, stands: Expected, seen: Observed, restored: Restored) -> Wrong:
    told: defaultdict[str, dict[str, float]] = defaultdict(dict)
    for notice in seen.told:
        body = json.loads(notice.body)
        if body["data"]["reference"] == life.reference:
            told[body["type"]].setdefault(notice.id, notice.at)
    for event in stands.notices:
        certain = [at for at in told[event].values() if not restored.covers(at)]
        if not told[event]:
            yield "lost", f"notice {event}"
        elif len(certain) > 1:
            yield "doubled", f"notice {event} has {len(certain)} ids"
    for event in told.keys() - {*stands.notices}:
        # What a restore took back was another complaint's: its reference is given out again.
        if any(not restored.covers(at) for at in told[event].values()):
            yield "diverged", f"notice {event} that nothing causes"


NO_ROW = "its row is not in the register"
"""Of a document: the backup has its file, which came after the backup of the register."""


def judge_all(lives: list[Life], seen: Observed, brought_back: set[str]) -> Iterator[Finding]:
    """What is wrong with them together: lists, workflows, documents, ids of notices, and what nobody sent.

    `brought_back`: the names of files in the document store that came out of a backup.
    """
    by_reference = {life.reference: life for life in lives if life.reference}
    twice = Counter(life.reference for life in lives if life.reference)
    for reference, number in twice.items():
        if number > 1:
            yield Finding("swapped", -1, reference, f"{number} openings have this reference")
    for reference in seen.lines.keys() - by_reference.keys():
        yield Finding("doubled", -1, reference, f"a complaint that no opening of {SOURCE} answers for")
    for reference, life in by_reference.items():
        lines = seen.lines.get(reference, [])
        if len(lines) != 1:
            yield Finding(
                "doubled" if lines else "lost", life.number, reference, f"{len(lines)} lines in the list"
            )
            continue
        shown = seen.statuses.get(reference) or {}
        for name in ("state", "stage", "next_due_on", "closed_on", "waiting_for", "overdue"):
            if lines[0][name] != shown.get(name):
                what = f"{name}: the list has {lines[0][name]}, the complaint {shown.get(name)}"
                yield Finding("diverged", life.number, reference, what)
        states = seen.workflows.get(reference, [])
        if states.count("RUNNING") != 1:
            yield Finding("stuck", life.number, reference, f"its workflow is {states or 'not there'}")
    for reference, shown in seen.by_command.items():
        other = seen.statuses.get(reference) or {}
        for name in ("state", "stage", "messages", "deadlines"):
            if shown.get(name) != other.get(name):
                yield Finding(
                    "diverged", by_reference[reference].number, reference, f"{name} by command and HTTP"
                )
    drafts = {life.reference for life in lives if expected(life.received_on, life.sent).has_draft}
    for letter in seen.waiting_letters:
        if letter["state"] == "draft" and letter["reference"] in drafts:
            continue
        if letter["state"] not in ("unsure", "failed"):
            what = f"a letter is still {letter['state']}: {letter['letter']}"
            yield Finding("stuck", -1, letter["reference"], what)
    if seen.faults is None:
        yield Finding("stuck", -1, "", "verify gave no answer")
    for fault in seen.faults or []:
        document = fault["what"].removeprefix("document ").partition(":")[0]
        if not (document in brought_back and fault["what"].endswith(NO_ROW)):
            yield Finding("diverged", -1, fault["reference"], f"verify: {fault['fault']}: {fault['what']}")
    stand_for: dict[str, bytes] = {}
    for notice in seen.told:
        if stand_for.setdefault(notice.id, notice.body) != notice.body:
            yield Finding("swapped", -1, "", f"the webhook id {notice.id} came for two notices")
