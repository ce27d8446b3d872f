"""Complaints under way: each opened and sent its messages through doors chosen by the seed.

A sender does what docs/ asks of one: whatever gets no answer is sent again under the same id until it does.
What was answered is what the model counts with.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Literal

import httpx
from temporalio.client import WorkflowUpdateFailedError, WorkflowUpdateRPCTimeoutOrCancelledError
from temporalio.service import RPCError

from tests.chaos.faults import SKEWS
from tests.chaos.model import Sent
from tests.chaos.servers import Installation

Door = Literal["http", "update", "signal", "command"]

AUTHORITY, SOURCE = "family-rights", "chaos"

FURTHEST_BEHIND = -min(SKEWS)
"""How many seconds a door's clock may be behind."""

ANSWERED_WITHIN = 30.0
"""Seconds after which a sender takes it that no answer will come, and sends again."""


class Refused(Exception):
    """A door said no for good to what the rules allow."""


class NotNow(Exception):
    """No answer, or the answer to come again."""


@dataclass
class Life:
    """One complaint as its senders know it."""

    number: int
    received_on: date
    sent: list[Sent] = field(default_factory=list)
    reference: str = ""
    opened_at: float = 0.0
    over: bool = False
    differs_by: str = ""
    """What was planted in it."""

    @property
    def source_id(self) -> str:
        return f"life-{self.number}"

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

    def __init__(self, house: Installation, seed: int, *, at_once: int, pause: float) -> None:
        self.house, self.seed, self.at_once, self.pause = house, seed, at_once, pause
        self.rng = random.Random(f"{seed} doors")
        self.lives: list[Life] = []
        self.doors: Counter[str] = Counter()
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
            base_url=f"http://127.0.0.1:{house.api_port}",
            headers={"Authorization": f"Bearer {house.token}"},
            timeout=ANSWERED_WITHIN,
            limits=httpx.Limits(max_keepalive_connections=0),
        )

    async def run(self) -> None:
        """Until `stops`; every life that has begun comes to its end."""
        async with self._http:
            await asyncio.gather(*(self._one_after_the_other() for _ in range(self.at_once)))

    async def _one_after_the_other(self) -> None:
        while not self.stops:
            life = Life(len(self.lives), self.house.clocks.today())
            self.lives.append(life)
            try:
                await self._live(life)
            except Refused as refused:
                self.faults.append((life, str(refused)))
            except Exception as error:  # whatever a door did there, the others go on
                self.faults.append((life, f"a door broke its sender: {error!r}"[:300]))
            life.over = True

    async def _live(self, life: Life) -> None:
        rng = random.Random(f"{self.seed} life {life.number}")
        life.received_on -= timedelta(rng.randrange(3))
        await self._step(lambda: self.open(life, "command" if rng.random() < 0.05 else "http"))
        for at, (action, fields) in enumerate(plan(rng, life)):
            await asyncio.sleep(rng.uniform(0, self.pause))
            door = choose(rng, action)
            message = Sent(action, f"{life.source_id}-{at}", fields, date.min)
            stamped = door == "http" and rng.random() < 0.5
            await self._step(lambda m=message, d=door, s=stamped: self.send(life, m, d, stamped=s))  # type: ignore[misc]  # mypy knows no defaults of lambdas
            if rng.random() < 0.1:
                again: Door = rng.choice(("http", "update")) if rng.random() < 0.9 else "command"
                await self._step(lambda m=message, d=again: self.repeat(life, m, d))  # type: ignore[misc]  # as above

    async def _step(self, step: Callable[[], Awaitable[None]]) -> None:
        await self.goes_on.wait()
        self._busy += 1
        try:
            await step()
        finally:
            self._busy -= 1

    async def hold(self) -> None:
        """Let nothing new begin, and wait for what is under way."""
        self.goes_on.clear()
        while self._busy:
            await asyncio.sleep(0.1)

    # --- opening -----------------------------------------------------------------------------------------

    async def open(self, life: Life, door: Door) -> None:
        """Until it is opened; where the door keeps it, until the queue has opened it."""
        self.doors[f"open {door}"] += 1
        while True:
            try:
                opened = await (
                    self._open_by_command(life) if door == "command" else self._open_by_http(life)
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
        status, document = await self.house.command(
            "open", "-", given=life.opening(), kill_after=self._killed()
        )
        if status == 0 and document:
            return str(document["reference"])
        if status in (2, 4):
            raise Refused(f"opening: exit status {status}: {document}")
        raise NotNow

    # --- messages ----------------------------------------------------------------------------------------

    async def send(self, life: Life, message: Sent, door: Door, *, stamped: bool = False) -> None:
        """Until it is answered; `stamped`: the door says which day it is."""
        self.doors[door] += 1
        body: dict[str, object] = message.fields | {"message_id": message.id}
        behind = FURTHEST_BEHIND if stamped else 0
        while life.sent and self.house.clocks.today(-behind) < life.sent[-1].on:
            await asyncio.sleep(0.2)  # a clock ahead has dated the last one: this one is of no earlier day
        if not stamped:
            message.on = self.house.clocks.today()
            body["on"] = message.on.isoformat()
        answer = await self._answer(life, message, body, door)
        message.on = date.fromisoformat(answer["on"]) if answer else message.on
        message.at = time.time()
        life.sent.append(message)

    async def repeat(self, life: Life, message: Sent, door: Door) -> None:
        """The same again through another door: it must be known."""
        self.repeats += 1
        body = message.fields | {"message_id": message.id, "on": message.on.isoformat()}
        answer = await self._answer(life, message, body, door)
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

    async def _answer(
        self, life: Life, message: Sent, body: dict[str, object], door: Door
    ) -> dict[str, Any] | None:
        ways = {"http": self._by_http, "update": self._by_update, "signal": self._by_signal}
        while True:
            try:
                async with asyncio.timeout(ANSWERED_WITHIN + 5):
                    answer = await ways.get(door, self._by_command)(life, message.action, body)
            except (NotNow, TimeoutError):
                await self._again()
                continue
            if answer is not None and not answer["applied"]:
                raise Refused(f"{message.action} by {door}: not applied: {answer['reason']}")
            return answer

    async def _by_http(self, life: Life, action: str, body: dict[str, object]) -> dict[str, Any] | None:
        path = f"/v1/complaints/{life.reference}/{action.replace('_', '-')}"
        answer: dict[str, Any] = (await self._request("POST", path, body)).json()
        return answer

    async def _by_update(self, life: Life, action: str, body: dict[str, object]) -> dict[str, Any] | None:
        handle = self.house.client.get_workflow_handle(f"complaint-{life.reference}")
        try:
            answer: dict[str, Any] = await handle.execute_update(
                action, body | {"by": "chaos"}, result_type=dict
            )
        except WorkflowUpdateFailedError as error:
            raise Refused(f"{action} by update: {error.cause}") from None
        except (RPCError, WorkflowUpdateRPCTimeoutOrCancelledError):
            raise NotNow from None
        return answer

    async def _by_signal(self, life: Life, action: str, body: dict[str, object]) -> dict[str, Any] | None:
        handle = self.house.client.get_workflow_handle(f"complaint-{life.reference}")
        try:
            await handle.signal(action, body | {"by": "chaos"})
        except RPCError:
            raise NotNow from None
        return None

    async def _by_command(self, life: Life, action: str, body: dict[str, object]) -> dict[str, Any] | None:
        words = ("send", life.reference, action, "--data", "-")
        status, answer = await self.house.command(
            *words, given=body | {"by": "chaos"}, kill_after=self._killed()
        )
        if status in (2, 5):
            raise Refused(f"{action} by command: exit status {status}: {answer}")
        if status not in (0, 4) or not answer:
            raise NotNow
        return dict(answer)

    async def _request(self, method: str, path: str, body: dict[str, object] | None) -> httpx.Response:
        try:
            answer = await self._http.request(method, path, json=body)
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


def plan(rng: random.Random, life: Life) -> list[tuple[str, dict[str, object]]]:
    """What happens to a complaint."""
    note = iter(f"Note {n} of {life.source_id}." for n in range(9))
    steps: list[tuple[str, dict[str, object]]] = [("acknowledge", {})]
    steps += [("add_note", {"note": next(note)}) for _ in range(rng.randrange(3))]
    if rng.random() < 0.4:
        steps.append(("extend", {"reason": f"Two teams of {life.source_id}."}))
    steps.append(("respond", {"outcome": "not_upheld", "summary": f"The answer of {life.source_id}."}))
    if rng.random() < 0.6:
        steps.append(("escalate", {"reason": f"The reason of {life.source_id}."}))
    steps += [("add_note", {"note": next(note)}) for _ in range(rng.randrange(2))]
    if rng.random() < 0.5:
        steps.append(("withdraw", {"reason": f"The end of {life.source_id}."}))
    return steps


def choose(rng: random.Random, action: str) -> Door:
    """A door for an action; only some are signals."""
    weights: dict[Door, int] = {"http": 10, "update": 7, "command": 1}
    if action in ("escalate", "respond"):
        weights["signal"] = 8
    return rng.choices(list(weights), list(weights.values()))[0]
