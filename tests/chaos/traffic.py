"""Complaints under way: each opened and sent its messages through entry points chosen by the seed.

A sender does what docs/ asks of one: whatever gets no answer is sent again under the same id until it does.
What was answered is what the model counts with.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Literal, TypeVar

import httpx
from temporalio.client import WorkflowUpdateFailedError, WorkflowUpdateRPCTimeoutOrCancelledError
from temporalio.service import RPCError

from tests.chaos.faults import SKEWS
from tests.chaos.mailbox import mails
from tests.chaos.model import ANSWER, Sent
from tests.chaos.papers import Paper, paper
from tests.chaos.servers import Installation

EntryPoint = Literal["http", "update", "signal", "command"]

AUTHORITY, SOURCE = "family-rights", "chaos"

FURTHEST_BEHIND = -min(SKEWS)
"""How many seconds an entry point's clock may be behind."""

APPROVER = "approver"
"""Who approves what others wrote, and sends it back."""

OF_DRAFTS = ("edit_letter", "send_back_letter", "approve_letter")
"""What names a draft by its mark."""

Given = TypeVar("Given")

Step = tuple[str, dict[str, object]]
"""An action with its fields; or `attach`, with nothing."""

ANSWERED_WITHIN = 30.0
"""Seconds after which a sender takes it that no answer will come, and sends again."""


class Refused(Exception):
    """An entry point said no for good to what the rules allow."""


class NotNow(Exception):
    """No answer, or the answer to come again."""


@dataclass
class Life:
    """One complaint as its senders know it."""

    number: int
    received_on: date
    sent: list[Sent] = field(default_factory=list)
    papers: list[Paper] = field(default_factory=list)
    mark: str = ""
    """Of the letter with its answer, where that was drafted."""
    posted: bool = False
    """Whether staff say that they posted it: nobody could know whether it had left."""
    reference: str = ""
    opened_at: float = 0.0
    over: bool = False
    differs_by: str = ""
    """What was planted in it."""

    @property
    def source_id(self) -> str:
        return f"life-{self.number}"

    @property
    def approved(self) -> bool:
        """Whether its answer was drafted and approved."""
        return any(message.action == "approve_letter" for message in self.sent)

    @property
    def email(self) -> str:
        return f"{self.source_id}@inventata.example"

    def opening(self) -> dict[str, object]:
        return {
            "authority": AUTHORITY,
            "kind": "complaint",
            "statutory": True,
            "source": SOURCE,
            "source_id": self.source_id,
            "channel": "web_form",
            "received_on": self.received_on.isoformat(),
            "points": [f"The invented point of {self.source_id}."],
            "complainant": {"name": "Testa Inventata", "role": "parent", "email": self.email},
        }


class Traffic:
    """Lives at once, until told to start no more; `kill_command`: how often a command is killed half-way."""

    def __init__(self, installation: Installation, seed: int, *, at_once: int, pause: float) -> None:
        self.installation, self.seed, self.at_once, self.pause = installation, seed, at_once, pause
        self.rng = random.Random(f"{seed} entry points")
        self.lives: list[Life] = []
        self.entry_points: Counter[str] = Counter()
        self.repeats = 0
        self.retries = 0
        self.waited_in_queue = 0
        self.commands_killed = 0
        self.kills_commands = True
        self.faults: list[tuple[Life, str]] = []
        self.goes_on = asyncio.Event()
        self.goes_on.set()
        self.stops = False
        self._busy = 0
        self._http = httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{installation.api_port}",
            headers={"Authorization": f"Bearer {installation.token}"},
            timeout=ANSWERED_WITHIN,
            limits=httpx.Limits(max_keepalive_connections=0),
        )

    async def run(self) -> None:
        """Until `stops`; every life that has begun comes to its end."""
        async with self._http:
            await asyncio.gather(*(self._one_after_the_other() for _ in range(self.at_once)))
            # What a restore took back was approved once more, and leaves once more.
            await asyncio.gather(*(self._until_left(life) for life in self.lives if life.reference))

    async def _one_after_the_other(self) -> None:
        while not self.stops:
            life = Life(len(self.lives), self.installation.clocks.today())
            self.lives.append(life)
            try:
                await self._live(life)
            except Refused as refused:
                self.faults.append((life, str(refused)))
            except Exception as error:  # whatever an entry point did there, the others go on
                self.faults.append((life, f"an entry point broke its sender: {error!r}"[:300]))
            life.over = True

    async def _live(self, life: Life) -> None:
        rng = random.Random(f"{self.seed} life {life.number}")
        life.received_on -= timedelta(rng.randrange(3))
        await self._step(lambda: self.open(life, "command" if rng.random() < 0.05 else "http"))
        for at, (action, fields) in enumerate(plan(rng, life)):
            await asyncio.sleep(rng.uniform(0, self.pause))
            entry_point = choose(rng, action)
            if action == "attach":
                await self._attach_some(life, paper(rng, f"{life.source_id}-{at}"), entry_point, rng)
                continue
            if action in OF_DRAFTS:
                await self._step(lambda: self.find_draft(life))
                fields = fields | {"mark": life.mark}
            by = APPROVER if action in ("approve_letter", "send_back_letter") else "chaos"
            message = Sent(action, f"{life.source_id}-{at}", fields, date.min, by=by)
            stamped = entry_point == "http" and rng.random() < 0.5
            await self._step(lambda m=message, e=entry_point, s=stamped: self.send(life, m, e, stamped=s))  # type: ignore[misc]  # mypy knows no defaults of lambdas
            if rng.random() < 0.1:
                again: EntryPoint = rng.choice(("http", "update")) if rng.random() < 0.9 else "command"
                await self._step(lambda m=message, d=again: self.repeat(life, m, d))  # type: ignore[misc]  # as above
            if action == "approve_letter":
                await self._until_left(life)

    async def _step(self, step: Callable[[], Awaitable[Given]]) -> Given:
        await self.goes_on.wait()
        self._busy += 1
        try:
            return await step()
        finally:
            self._busy -= 1

    async def hold(self) -> None:
        """Let nothing new begin, and wait for what is under way."""
        self.goes_on.clear()
        while self._busy:
            await asyncio.sleep(0.1)

    # --- opening -----------------------------------------------------------------------------------------

    async def open(self, life: Life, entry_point: EntryPoint) -> None:
        """Until it is opened; where the entry point keeps it, until the queue has opened it."""
        self.entry_points[f"open {entry_point}"] += 1
        while True:
            try:
                opened = await (
                    self._open_by_command(life) if entry_point == "command" else self._open_by_http(life)
                )
            except NotNow:
                await self._again()
                continue
            if life.reference and life.reference != opened:
                raise Refused(f"opened again it is {opened}, and was {life.reference}")
            life.reference = opened
            life.opened_at = time.time()
            return

    async def _open_by_http(self, life: Life) -> str:
        answer = await self._request("POST", "/v1/complaints", life.opening())
        document = answer.json()
        if answer.status_code == 202:
            self.waited_in_queue += 1
            while document["state"] == "waiting":
                await asyncio.sleep(0.5)
                try:
                    document = (
                        await self._request("GET", f"/v1/receipts/{document['receipt']}", None)
                    ).json()
                except NotNow:
                    continue
        if document["state"] != "opened" or document["differs"]:
            raise Refused(
                f"opening: {document['state']}, differs {document['differs']}, {document['problem']}"
            )
        return str(document["reference"])

    async def _open_by_command(self, life: Life) -> str:
        status, document = await self.installation.command(
            "open", "-", given=life.opening(), kill_after=self._killed()
        )
        if status == 0 and document:
            return str(document["reference"])
        if status in (2, 4):
            raise Refused(f"opening: exit status {status}: {document}")
        raise NotNow

    # --- messages ----------------------------------------------------------------------------------------

    async def send(
        self, life: Life, message: Sent, entry_point: EntryPoint, *, stamped: bool = False
    ) -> None:
        """Until it is answered; `stamped`: the entry point says which day it is."""
        self.entry_points[entry_point] += 1
        body: dict[str, object] = message.fields | {"message_id": message.id}
        behind = FURTHEST_BEHIND if stamped else 0
        while life.sent and self.installation.clocks.today(-behind) < life.sent[-1].on:
            await asyncio.sleep(0.2)  # a clock ahead has dated the last one: this one is of no earlier day
        if not stamped:
            message.on = self.installation.clocks.today()
            body["on"] = message.on.isoformat()
        answer = await self._answer(life, message, body, entry_point)
        message.on = date.fromisoformat(answer["on"]) if answer else message.on
        message.at = time.time()
        life.sent.append(message)

    async def repeat(self, life: Life, message: Sent, entry_point: EntryPoint) -> None:
        """The same again through another entry point: it must be known."""
        self.repeats += 1
        body = message.fields | {"message_id": message.id, "on": message.on.isoformat()}
        answer = await self._answer(life, message, body, entry_point)
        if answer and not answer["repeated"]:
            raise Refused(f"{message.action} {message.id}: sent again it was taken as new")

    async def send_all_again(self, since: float) -> None:
        """Everything that was answered since a moment, several complaints at once."""
        turns = asyncio.Semaphore(self.at_once)

        async def one(life: Life) -> None:
            async with turns:
                try:
                    await self.send_again(life, since)
                except Refused as refused:
                    self.faults.append((life, f"after the restore: {refused}"))

        await asyncio.gather(*map(one, self.lives))

    async def send_again(self, life: Life, since: float) -> None:
        """What was answered since a moment, in its order: what senders do after a restore."""
        if life.opened_at >= since:
            life.reference = ""
            await self.open(life, "http")
        for message in life.sent:
            if message.at >= since:
                body = message.fields | {"message_id": message.id, "on": message.on.isoformat()}
                await self._answer(life, message, body, "http")
        for each in life.papers:
            if each.at >= since:
                await self.attach(life, each, "http")

    async def _answer(
        self, life: Life, message: Sent, body: dict[str, object], entry_point: EntryPoint
    ) -> dict[str, Any] | None:
        ways = {"http": self._by_http, "update": self._by_update, "signal": self._by_signal}
        while True:
            try:
                async with asyncio.timeout(ANSWERED_WITHIN + 5):
                    answer = await ways.get(entry_point, self._by_command)(life, message, body)
            except (NotNow, TimeoutError):
                await self._again()
                continue
            if answer and not (answer["applied"] or (message.drafts and answer["pending"])):
                raise Refused(f"{message.action} by {entry_point}: not applied: {answer['reason']}")
            return answer

    async def _by_http(self, life: Life, message: Sent, body: dict[str, object]) -> dict[str, Any] | None:
        path = f"/v1/complaints/{life.reference}/{message.action.replace('_', '-')}"
        answer: dict[str, Any] = (await self._request("POST", path, body, by=message.by)).json()
        return answer

    async def _by_update(self, life: Life, message: Sent, body: dict[str, object]) -> dict[str, Any] | None:
        handle = self.installation.client.get_workflow_handle(f"complaint-{life.reference}")
        try:
            answer: dict[str, Any] = await handle.execute_update(
                message.action, body | {"by": message.by}, result_type=dict
            )
        except WorkflowUpdateFailedError as error:
            raise Refused(f"{message.action} by update: {error.cause}") from None
        except (RPCError, WorkflowUpdateRPCTimeoutOrCancelledError):
            raise NotNow from None
        return answer

    async def _by_signal(self, life: Life, message: Sent, body: dict[str, object]) -> dict[str, Any] | None:
        handle = self.installation.client.get_workflow_handle(f"complaint-{life.reference}")
        try:
            await handle.signal(message.action, body | {"by": message.by})
        except RPCError:
            raise NotNow from None
        return None

    async def _by_command(self, life: Life, message: Sent, body: dict[str, object]) -> dict[str, Any] | None:
        words = ("send", life.reference, message.action, "--data", "-")
        status, answer = await self.installation.command(
            *words, given=body | {"by": message.by}, kill_after=self._killed()
        )
        if status in (2, 5):
            raise Refused(f"{message.action} by command: exit status {status}: {answer}")
        if status not in (0, 4) or not answer:
            raise NotNow
        return dict(answer)

    # --- drafts --------------------------------------------------------------------------------------------

    async def find_draft(self, life: Life) -> None:
        """By which mark the draft goes: a signal has told nobody."""
        while not life.mark:
            with suppress(NotNow):
                status = (await self._request("GET", f"/v1/complaints/{life.reference}", None)).json()
                life.mark = next((each["mark"] for each in status["letters"] if each["state"] == "draft"), "")
            await asyncio.sleep(0.2)

    async def _until_left(self, life: Life) -> None:
        """Until the letter that was approved has left, if one was."""
        while life.approved:
            await asyncio.sleep(self.rng.uniform(0.3, 0.8))
            with suppress(NotNow, Refused):
                if await self._step(lambda: self._has_left(life)):
                    return

    async def _has_left(self, life: Life) -> bool:
        """Whether the approved letter has left; of what nobody can know, staff look it up at the mail server.

        What is not there they post, as docs/operating.md has it: it may have been on its way all the same.
        """
        path = f"/v1/complaints/{life.reference}"
        status = (await self._request("GET", path, None)).json()
        if any(each["action"] == "letter_left" for each in status["messages"]):
            return True
        letters = (await self._request("GET", f"{path}/letters", None)).json()["letters"]
        its = next((each for each in letters if each["mark"] == life.mark), None)
        if its is None or its["state"] not in ("unsure", "failed"):
            return False
        own = [
            mail
            for mail in await asyncio.to_thread(lambda: list(mails(self.installation.mails)))
            if mail.to == life.email and mail.subject == f"{ANSWER} ({life.reference})"
        ]
        life.posted |= not own
        on = self.installation.clocks.day(own[-1].at) if own else self.installation.clocks.today()
        said: dict[str, object] = {"on": max(on, life.sent[-1].on, date.fromisoformat(its["on"])).isoformat()}
        with suppress(Refused):  # the entry point's clock is behind, or somebody still sends it: asked again
            await self._request("POST", f"{path}/letters/{life.mark}/done", said, by=APPROVER)
        return False

    # --- documents -----------------------------------------------------------------------------------------

    async def _attach_some(self, life: Life, one: Paper, entry_point: EntryPoint, rng: random.Random) -> None:
        """Attach a document, and sometimes the same once more."""
        await self._step(lambda: self.attach(life, one, entry_point))
        if rng.random() < 0.2:
            self.repeats += 1
            again: EntryPoint = "command" if rng.random() < 0.2 else "http"
            await self._step(lambda: self.attach(life, one, again, is_new=False))

    async def attach(self, life: Life, one: Paper, entry_point: EntryPoint, *, is_new: bool = True) -> None:
        """Until it is answered."""
        way = self._attach_by_command if entry_point == "command" else self._attach_by_http
        self.entry_points[f"attach {'command' if entry_point == 'command' else 'http'}"] += 1
        while True:
            try:
                answer = await way(life, one)
            except NotNow:
                await self._again()
                continue
            if not is_new and (answer["created"] or answer["document"] != one.document):
                raise Refused(f"{one.name}: attached again it was taken as new")
            if is_new:
                one.document, one.at = str(answer["document"]), time.time()
                life.papers = [*(each for each in life.papers if each is not one), one]
            return

    async def _attach_by_http(self, life: Life, one: Paper) -> dict[str, Any]:
        files = {"file": (one.name, one.content, "application/octet-stream")}
        path = f"/v1/complaints/{life.reference}/documents"
        answer: dict[str, Any] = (
            await self._request("POST", path, None, files=files, data={"kind": one.kind})
        ).json()
        return answer

    async def _attach_by_command(self, life: Life, one: Paper) -> dict[str, Any]:
        file = self.installation.papers / one.name
        file.write_bytes(one.content)
        words = ("attach", life.reference, str(file), "--kind", one.kind)
        status, answer = await self.installation.command(*words, kill_after=self._killed())
        if status in (2, 4, 5):
            raise Refused(f"attach by command: exit status {status}: {answer}")
        if status != 0 or not answer:
            raise NotNow
        return dict(answer)

    # --- the entry points ---------------------------------------------------------------------------------

    async def _request(
        self, method: str, path: str, body: dict[str, object] | None, by: str = "", **more: Any
    ) -> httpx.Response:
        if by == APPROVER:
            more["headers"] = {"Authorization": f"Bearer {self.installation.approver_token}"}
        try:
            answer = await self._http.request(method, path, json=body, **more)
        except httpx.HTTPError:
            raise NotNow from None
        if answer.status_code in (408, 429) or answer.status_code >= 500:
            raise NotNow
        if answer.status_code not in (200, 201, 202):
            raise Refused(f"{method} {path.split('/')[-1]}: {answer.status_code} {answer.text[:300]}")
        return answer

    async def _again(self) -> None:
        self.retries += 1
        await asyncio.sleep(self.rng.uniform(0.3, 1.2))

    def _killed(self) -> float | None:
        """Whether a command is killed half-way, and after how many seconds."""
        if not self.kills_commands or self.rng.random() > 0.5:
            return None
        self.commands_killed += 1
        return self.rng.uniform(0.8, 3.0)


def plan(rng: random.Random, life: Life) -> list[Step]:
    """What happens to a complaint."""
    note = iter(f"Note {n} of {life.source_id}." for n in range(9))
    steps: list[Step] = [("acknowledge", {})]
    steps += [("add_note", {"note": next(note)}) for _ in range(rng.randrange(3))]
    if rng.random() < 0.4:
        steps.append(("extend", {"reason": f"Two teams of {life.source_id}."}))
    answer: dict[str, object] = {"outcome": "not_upheld", "summary": f"The answer of {life.source_id}."}
    if rng.random() < 0.4:
        steps += _drafted(rng, life, answer | {"letter": "draft"}, next(note))
    else:
        steps.append(("respond", answer))
        if rng.random() < 0.6:
            steps.append(("escalate", {"reason": f"The reason of {life.source_id}."}))
        steps += [("add_note", {"note": next(note)}) for _ in range(rng.randrange(2))]
        if rng.random() < 0.5:
            steps.append(("withdraw", {"reason": f"The end of {life.source_id}."}))
    for _ in range(rng.choice((0, 0, 1, 1, 2))):
        steps.insert(rng.randint(0, len(steps)), ("attach", {}))
    return steps


def _drafted(rng: random.Random, life: Life, answer: dict[str, object], note: str) -> list[Step]:
    """An answer whose letter waits to be approved: most are, some wait on, some are overtaken.

    Nothing follows an approval that counts from the answer: after a restore its letter may leave a day later.
    """
    steps: list[Step] = [("respond", answer)]
    if rng.random() < 0.3:
        steps.append(("send_back_letter", {"reason": f"Clearer words, please, of {life.source_id}."}))
    if rng.random() < 0.5:
        steps.append(("edit_letter", {"texts": {"summary": f"The clearer answer of {life.source_id}."}}))
    ends = rng.random()
    if ends < 0.75:
        steps.append(("approve_letter", {}))
    elif ends < 0.9:
        steps.append(("withdraw", {"reason": f"The end of {life.source_id}."}))
    if rng.random() < 0.5:
        steps.append(("add_note", {"note": note}))
    return steps


def choose(rng: random.Random, action: str) -> EntryPoint:
    """An entry point for an action; only some are signals."""
    weights: dict[EntryPoint, int] = {"http": 10, "update": 7, "command": 1}
    if action in ("escalate", "respond"):
        weights["signal"] = 8
    return rng.choices(list(weights), list(weights.values()))[0]
