"""What one caller, or nobody in particular, can make the API spend; and that others do not notice."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest
import pytest_asyncio
from fastapi import Request
from starlette.types import Message, Receive, Scope, Send
from temporalio.client import Client

from redress.api import limits, protocol
from redress.api.context import admit
from redress.api.limits import Guard, Rates
from redress.api.problems import Refusal
from redress.security.encryption import PlaintextCipher
from redress.security.tokens import Caller
from redress.services import sending
from redress.services.backends import ASKING, Asking, Backends, Busy
from redress.services.errors import NoAnswer
from redress.settings import Settings
from redress.store.register import Register
from tests.api.api_process import ApiProcess, ApiThread, invented

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest_asyncio.fixture
async def near(
    api: ApiProcess, server: tuple[str, object], monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[ApiThread]:
    """An API of its own, of little patience."""
    monkeypatch.setattr(protocol, "HEADERS_WITHIN", 0.5)
    monkeypatch.setattr(limits, "READ_WITHIN", 0.5)
    near = ApiThread(api.state, str(server[0]), REDRESS_RATE_PER_MINUTE="80", REDRESS_BYTES_PER_DAY="60000")
    await near.start()
    yield near
    await near.close()


async def raw(near: ApiProcess, *parts: bytes) -> bytes:
    """What a connection is answered on which these are sent, until the API ends it."""
    reader, writer = await asyncio.open_connection("127.0.0.1", near.port)
    for part in parts:
        writer.write(part)
        await writer.drain()
    answer = b""
    with suppress(ConnectionError):
        answer = await asyncio.wait_for(reader.read(), 60)
    writer.close()
    return answer


async def test_a_login_takes_a_small_form_and_nothing_else(near: ApiThread) -> None:
    form = "token=" + "x" * 5000
    assert (await near.http.post("/codec/login", content=form, headers=FORM)).status_code == 413


async def test_a_good_token_is_not_locked_out_by_bad_ones(near: ApiThread) -> None:
    """Nor do bad ones become others by an address that their sender made up."""
    claimed = [{"X-Forwarded-For": f"192.0.2.{n}"} for n in range(30)]
    bad = [await near.http.post("/codec/login", data={"token": "bad"}, headers=each) for each in claimed]
    assert bad[-1].status_code == 429
    assert int(bad[-1].headers["Retry-After"]) > 0
    good = await near.http.post("/codec/login", data={"token": near.token("codec")})
    assert good.status_code == 200


async def test_who_hangs_up_or_dawdles_is_no_fault(near: ApiThread, caplog: pytest.LogCaptureFixture) -> None:
    head = b"POST /codec/login HTTP/1.1\r\nHost: x\r\nContent-Length: 20\r\n\r\n"
    _, writer = await asyncio.open_connection("127.0.0.1", near.port)
    writer.write(head + b"token=")
    await writer.drain()
    await asyncio.sleep(0.1)
    writer.close()
    assert b" 408 " in await raw(near, head, b"token=")
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


@pytest.mark.parametrize("sent", [b"", b"GET /healthz HTTP/1.1\r\nHost: x\r\n"])
async def test_a_connection_that_asks_nothing_is_closed(near: ApiThread, sent: bytes) -> None:
    assert b" 200 " not in await raw(near, sent)
    whole = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
    assert b" 200 " in await raw(near, whole, sent)


async def test_a_caller_sends_so_many_bytes_a_day(near: ApiThread) -> None:
    headers = near.headers("staff")
    opening = invented(desired_outcome="x" * 7000)
    answers = [await near.http.post("/v1/complaints", json=opening, headers=headers) for _ in range(10)]
    assert answers[-1].status_code == 429
    assert int(answers[-1].headers["Retry-After"]) > 0
    other = await near.http.post("/v1/complaints", json=opening, headers=near.headers("staff"))
    assert other.status_code in (200, 202)


async def test_a_reference_is_taken_as_people_write_it(api: ApiProcess, staff: dict[str, str]) -> None:
    reference = await api.open(staff)
    answer = await api.http.get(f"/v1/complaints/%20{reference.lower()}%20/standing", headers=staff)
    assert answer.status_code == 200
    assert answer.json()["reference"] == reference
    for odd in ("..%2F..%2F..%2Fx", "x%00", "CYP-2026-000001%0a-", "％43YP-2026-000001"):
        answer = await api.http.get(f"/v1/complaints/{odd}/standing", headers=staff)
        assert answer.status_code in (404, 422), odd


async def test_work_on_the_register_counts_in_the_rate_of_every_token_of_a_caller(near: ApiThread) -> None:
    first, second, other = (near.headers("reader", name=name) for name in ("busy", "busy", "idle"))
    caller = await near.context.callers.identify({"authorization": first["Authorization"]})
    assert caller is not None
    near.context.callers.charge(caller, 60.0)
    for headers, status in ((first, 429), (second, 429), (other, 200)):
        assert (await near.http.get("/v1/due", headers=headers)).status_code == status


def test_work_counts_in_the_rate_of_who_caused_it() -> None:
    rates = Rates(60)
    rates.take("one")
    rates.charge("one", 1000)
    with pytest.raises(Refusal) as refusal:
        rates.take("one")
    assert int(refusal.value.headers["Retry-After"]) > 10
    rates.take("another")
    for stranger in range(limits.MAX_CALLERS + 1):  # however many addresses somebody has
        rates.take(f"stranger {stranger}")
        if stranger % 1000 == 0:
            with pytest.raises(Refusal):
                rates.take("one")


class Holding:
    """Bodies that an application has read and still works on."""

    def __init__(self) -> None:
        self.done = asyncio.Event()
        self.guard = Guard(self._app, largest_document=1)

    async def _app(self, _: Scope, receive: Receive, send: Send) -> None:
        while (await receive())["more_body"]:
            pass
        await self.done.wait()
        await send({"type": "http.response.start", "status": 200, "headers": []})

    async def send(self, who: str, *sizes: int) -> int:
        """The status of a request of a caller whose body comes in pieces of these sizes."""
        caller = Caller(who, frozenset(), None, f"token:{who}")
        path, answers = "/v1/contacts", list[Message]()
        scope = {"type": "http", "method": "POST", "path": path, "headers": [], "state": {"caller": caller}}
        pieces = iter([{"body": bytes(n), "more_body": at < len(sizes)} for at, n in enumerate(sizes, 1)])

        async def receive() -> Message:
            return {"type": "http.request", **next(pieces)}

        async def note(message: Message) -> None:
            answers.append(message)

        await self.guard(scope, receive, note)
        return int(answers[0]["status"])


async def test_large_bodies_of_one_caller_leave_room_for_others() -> None:
    holding, megabyte = Holding(), 1024 * 1024
    thirty, under_way = [megabyte] * 30, list[asyncio.Task[int]]()

    async def begun(who: str, *sizes: int) -> None:
        under_way.append(asyncio.create_task(holding.send(who, *sizes)))
        await asyncio.sleep(0.05)

    await begun("one", *thirty)
    assert await holding.send("one", *thirty) == 429, "of one caller"
    await begun("one", 100)
    await begun("two", *thirty)
    await begun("three", *thirty)
    assert await holding.send("four", *thirty) == 429, "there is no room for it"
    await begun("four", 1000, 1000)
    holding.done.set()
    assert {await each for each in under_way} == {200}
    assert await holding.send("one", *thirty) == 200, "what has ended counts no more"


async def test_a_request_of_nobody_is_charged_to_nobody() -> None:
    """It may begin with what the request before it on its connection had set."""
    ASKING.set(Asking("one"))
    await admit(Request({"type": "http"}), None)
    assert ASKING.get() is None


async def test_what_is_told_to_end_as_the_register_answers_ends(settings: Settings) -> None:
    """`asyncio.wait_for` of this Python gives the answer then, and an API that stops would go on for ever."""
    backends, answered = Backends(settings, PlaintextCipher()), threading.Event()

    def answer(_: Register) -> str:
        answered.set()
        return "done"

    asking = asyncio.create_task(backends.ask(answer))
    while not answered.is_set():
        await asyncio.sleep(0)
    time.sleep(0.1)  # the answer waits for this loop: being told to end comes right behind it
    asyncio.get_running_loop().call_soon(asking.cancel)
    with pytest.raises(asyncio.CancelledError):
        await asking


async def test_what_is_told_to_end_as_it_waits_for_a_complaint_ends() -> None:
    """The SDK says of it what it says of a time limit; a recount would go on with the next complaint."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        client = await Client.connect(f"127.0.0.1:{silent.getsockname()[1]}", lazy=True)
        waiting = asyncio.create_task(sending._update(client, "CYP-2026-000001", "acknowledge", {}, 30.0))
        await asyncio.sleep(0.2)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        with pytest.raises(NoAnswer, match="no answer within 0 s"):
            await sending._update(client, "CYP-2026-000001", "acknowledge", {}, 0.2)


async def test_a_crowd_of_one_caller_is_busy_and_nothing_is_down(settings: Settings) -> None:
    backends = Backends(settings, PlaintextCipher())

    def slow(_: Register) -> str:
        time.sleep(0.4)
        return "done"

    async def ask(who: str) -> str:
        ASKING.set(Asking(who))
        try:
            return await backends.ask(slow, 8.0)
        except Busy:
            return "busy"

    crowd = [asyncio.create_task(ask("one")) for _ in range(200)]
    await asyncio.sleep(0.2)
    assert await asyncio.create_task(ask("another")) == "done"
    assert not all(each.done() for each in crowd)
    answers = await asyncio.gather(*crowd)
    assert {*answers} == {"done", "busy"}
    assert backends.register_answers
