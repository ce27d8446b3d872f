"""A whole deployment whose parts can be stopped: server, worker, API, keys, and PostgreSQL behind a proxy."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Collection
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path

from sqlalchemy import select
from temporalio.client import Client

from redress.security.encryption import EnvelopeCipher
from redress.security.keyring import add_key, read_keyring
from redress.store import tables
from redress.store.database import connect
from redress.store.key_store import KeyStore
from redress.store.schema import migrate
from tests.api.api_process import UI, OwnDeployment
from tests.postgres import postgres_server
from tests.stores import new_store


class Proxy:
    """The way from a deployment to its PostgreSQL, which can be cut, or go dead without a word."""

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

    @property
    def is_there(self) -> bool:
        """Whether anybody can connect."""
        return self._listening is not None

    async def cut(self) -> None:
        if self._listening is not None:
            self._listening.close()
            self._listening = None
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


class CuttableDeployment:
    """A deployment with keys, with its register on PostgreSQL behind a proxy."""

    def __init__(self, installation: OwnDeployment, line: Proxy, client: Client, register_url: str) -> None:
        self.installation, self.line, self.client = installation, line, client
        self.api = installation.api
        self.register_url = register_url
        self.register = connect(register_url)

    @property
    def cipher(self) -> EnvelopeCipher:
        """What the deployment encrypts with."""
        assert isinstance(self.installation.cipher, EnvelopeCipher)
        return self.installation.cipher

    def intakes(self, of: Collection[str]) -> list[str]:
        """Those of some intakes whose complaints have reached the record, each as often as it did."""
        table, record = tables.references, tables.events
        with self.register.connect() as db:
            wanted = select(table.c.source_id).join(
                record, (record.c.reference == table.c.reference) & (record.c.key == "opened")
            )
            return [each for each in db.execute(wanted).scalars() if each in of]

    def references(self, of: Collection[str]) -> dict[str, str]:
        """The references of some intakes."""
        table = tables.references
        with self.register.connect() as db:
            rows = db.execute(select(table)).all()
        return {row.source_id: row.reference for row in rows if row.source_id in of}

    async def made_whole(self) -> None:
        """Start whatever does not run, so that each test finds all of it running."""
        self.line.speak()
        if not self.line.is_there:
            await self.line.connect()
        if self.installation.server is None:
            self.client = await self.installation.start_server()
        if self.installation.worker is None or self.installation.worker.poll() is not None:
            self.installation.start_worker()
        if self.api.process is None:
            await self.api.start()
        await self.api.reaches()


@asynccontextmanager
async def built(state: Path) -> AsyncIterator[CuttableDeployment]:
    """One in a folder."""
    server = ExitStack()
    direct = await asyncio.to_thread(server.enter_context, postgres_server())
    line = Proxy(f"{direct.query['host']}/.s.PGSQL.5432")
    await line.connect()
    through = f"postgresql+psycopg://postgres@127.0.0.1:{line.port}/{direct.database}"
    add_key(state / "keys.txt", "first")
    keyring = read_keyring(state / "keys.txt")
    (await asyncio.to_thread(migrate, connect(through), "register")).dispose()
    cipher = EnvelopeCipher(keyring, KeyStore(new_store(state / "key-store.db", "key_store"), keyring))
    installation = OwnDeployment(
        state,
        cipher,
        REDRESS_REGISTER_URL=through,
        REDRESS_TRIAL="",
        REDRESS_INTAKE_WITHIN="1.5",
        REDRESS_API_ANSWER_WITHIN="3",
        REDRESS_WEBHOOK_LOOPBACK="true",
        REDRESS_WEBHOOK_PAUSE="0.05",
        REDRESS_CODEC_ORIGINS=json.dumps([UI]),
    )
    client = await installation.start_server()
    try:
        yield CuttableDeployment(installation, line, client, direct.render_as_string(hide_password=False))
    finally:
        line.speak()
        await installation.close()
        await line.cut()
        await asyncio.to_thread(server.close)
