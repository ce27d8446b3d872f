"""The parts of an installation as processes that can be killed, stopped and started again."""

from __future__ import annotations

import asyncio
import json
import os
import pwd
import resource
import shutil
import signal
import smtplib
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import psutil
import psycopg
from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest
from temporalio.client import Client

from tests.blackbox.conftest import CHECKOUT, SEARCH_ATTRIBUTES
from tests.chaos.clocks import Clocks
from tests.letters.delivery.mail_server import free_port
from tests.postgres import INSTALLED, binaries, copy_for

ROOT = Path(__file__).resolve().parent.parent.parent

PORTS = (range(16_000, 17_000), range(17_000, 18_000), range(18_000, 19_000))
"""Of Temporal, the API and the mail server: no other test takes one of these while its part is down."""

STARTS_WITHIN = 120.0
"""Seconds that a part has to answer again."""


class Part:
    """One process. `answers`: whether it does its work, and not merely runs."""

    def __init__(
        self, name: str, command: Callable[[], list[str]], log: Path, answers: Callable[[], Awaitable[bool]]
    ) -> None:
        self.name = name
        self.process: subprocess.Popen[bytes] | None = None
        self.cwd = CHECKOUT
        self.environment: dict[str, str] = {}
        self.more: dict[str, Any] = {}
        self._command, self._log, self._answers = command, log, answers

    def start(self, **settings: str) -> None:
        with open(self._log, "ab") as log:
            self.process = subprocess.Popen(
                self._command(),
                cwd=self.cwd,
                env=self.environment | settings,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                **self.more,
            )

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    @property
    def runs(self) -> bool:
        return self.process is not None and self.process.poll() is None

    async def kill(self) -> None:
        """With SIGKILL, and whatever it had started: nothing of it has time to put anything in order."""
        if self.process is None or self.process.poll() is not None:
            return
        children = psutil.Process(self.pid).children(recursive=True)
        self.process.kill()
        await asyncio.to_thread(self.process.wait)
        for child in children:
            with suppress(psutil.Error):
                child.kill()
        await asyncio.to_thread(psutil.wait_procs, children, 10)

    async def answered(self, within: float = STARTS_WITHIN) -> float:
        """Seconds until it answers. Raises `TimeoutError` where it does not."""
        began = time.monotonic()
        async with asyncio.timeout(within):
            while not await self._asked():
                if not self.runs:
                    raise TimeoutError(f"{self.name} has ended")
                await asyncio.sleep(0.05)
        return time.monotonic() - began

    async def _asked(self) -> bool:
        try:
            async with asyncio.timeout(5):
                return await self._answers()
        except Exception:
            return False


class Postgres:
    """A PostgreSQL whose server process is ours to kill; two databases."""

    def __init__(self, folder: Path, major: int = 18) -> None:
        self.folder = folder
        self.account = pwd.getpwnam("nobody") if os.geteuid() == 0 else None
        package, installed = binaries(), INSTALLED[major]
        if self.account is not None:
            package = copy_for(self.account, package, installed, folder)
        self.bin = package / installed / "bin"
        who = self.account and self.account.pw_uid
        group = self.account and self.account.pw_gid
        self.more: dict[str, Any] = {"user": who, "group": group, "extra_groups": [] if who else None}
        self.environment = {"PATH": os.defpath, "PGHOST": str(folder), "PGUSER": "postgres"}
        self.run(
            "initdb", "--pgdata=data", "--username=postgres", "--auth=trust", "--encoding=UTF8", "--no-locale"
        )

    def run(self, *words: str, given: bytes | None = None) -> bytes:
        done = subprocess.run(
            [self.bin / words[0], *words[1:]],
            cwd=self.folder,
            env=self.environment,
            input=given,
            capture_output=True,
            **self.more,
        )
        if done.returncode:
            raise RuntimeError(f"{words[0]}: {done.stderr.decode(errors='replace')[-500:]}")
        printed: bytes = done.stdout
        return printed

    def command(self) -> list[str]:
        (self.folder / "data" / "postmaster.pid").unlink(missing_ok=True)
        return [str(self.bin / "postgres"), "-D", "data", "-k", str(self.folder), "-c", "listen_addresses="]

    def connect(self, database: str = "postgres") -> psycopg.Connection[Any]:
        return psycopg.connect(
            host=str(self.folder), user="postgres", dbname=database, autocommit=True, connect_timeout=3
        )

    def url(self, database: str) -> str:
        return f"postgresql+psycopg://postgres@/{database}?host={self.folder}"


class Installation:
    """Temporal, two workers, the API, mail, and the register in SQLite or PostgreSQL."""

    def __init__(self, folder: Path, kind: str, clocks: Clocks) -> None:
        self.folder, self.kind, self.clocks = folder, kind, clocks
        self.state, self.mails, self.logs = folder / "state", folder / "mails", folder / "logs"
        self.papers = folder / "papers"
        for each in (self.state, self.mails, self.logs, self.papers):
            each.mkdir(parents=True)
        self.stack = ExitStack()
        self.temporal_port, self.api_port, self.mail_port = map(free_port, PORTS)
        self.address = f"127.0.0.1:{self.temporal_port}"
        self.postgres = Postgres(self._short_folder()) if kind == "postgresql" else None
        kept = {name: value for name, value in os.environ.items() if not name.startswith("REDRESS_")}
        self.environment = kept | clocks.settings() | self._settings()
        self.parts = {part.name: part for part in self._parts()}
        self.skews: dict[str, int] = {}
        self.client: Client
        self.token = ""
        self.approver_token = ""
        """Of whoever approves what the other one drafts."""
        self.brought_back: set[str] = set()
        """The documents that came out of a backup, whether its register names them or not."""

    def _short_folder(self) -> Path:
        """The path of a socket has to be short, and its account has to reach it."""
        folder = Path(self.stack.enter_context(tempfile.TemporaryDirectory(prefix="chaos-", dir="/tmp")))
        if os.geteuid() == 0:
            account = pwd.getpwnam("nobody")
            os.chown(folder, account.pw_uid, account.pw_gid)
        return folder

    def _settings(self) -> dict[str, str]:
        settings = {
            "TEMPORAL_ADDRESS": self.address,
            "REDRESS_STATE": str(self.state),
            "REDRESS_TRIAL": "names are readable",
            "REDRESS_SEND_EMAIL": "smtp",
            "REDRESS_SMTP_HOST": "127.0.0.1",
            "REDRESS_SMTP_PORT": str(self.mail_port),
            "REDRESS_SMTP_TLS": "none",
            "REDRESS_SMTP_FROM": "complaints@exampleshire.example",
            "REDRESS_SEND_WITHIN": "5",
            "REDRESS_API_PORT": str(self.api_port),
            "REDRESS_RATE_PER_MINUTE": "1000000",
            "REDRESS_WEBHOOK_LOOPBACK": "true",
            "REDRESS_WEBHOOK_PAUSE": "1",
            "REDRESS_ANSWER_WITHIN": "10",
        }
        if self.postgres is not None:
            settings["REDRESS_REGISTER_URL"] = self.postgres.url("register")
            settings["REDRESS_API_URL"] = self.postgres.url("api")
        return settings

    def _parts(self) -> Iterator[Part]:
        python = sys.executable

        def part(name: str, command: Callable[[], list[str]], answers: Callable[[], Awaitable[bool]]) -> Part:
            made = Part(name, command, self.logs / f"{name}.log", answers)
            made.environment = self.environment
            return made

        yield part("temporal", self._temporal, self._temporal_answers)
        mail = [python, "-m", "tests.chaos.mailbox", str(self.mail_port), str(self.mails)]
        receiver = part("mail", lambda: mail, self._mail_answers)
        receiver.cwd = ROOT
        yield receiver
        if self.postgres is not None:
            database = part("database", self.postgres.command, self._database_answers)
            database.cwd = self.postgres.folder
            database.environment = self.postgres.environment
            database.more = self.postgres.more
            yield database
        for name in ("worker-1", "worker-2"):
            yield part(name, lambda: [python, "worker.py"], self._polls(name))
        yield part("api", lambda: [python, "-m", "redress.api"], self._api_answers)

    def _temporal(self) -> list[str]:
        words = [str(Path(sys.executable).with_name("temporal")), "server", "start-dev", "--headless"]
        words += ["--ip", "127.0.0.1", "--port", str(self.temporal_port), "--log-level", "error"]
        words += ["--db-filename", str(self.state / "temporal.db")]
        words += ["--dynamic-config-value", "history.maxInFlightUpdates=1000"]
        for name, kind in SEARCH_ATTRIBUTES.items():
            words += ["--search-attribute", f"{name}={kind}"]
        return words

    # --- whether they answer ---------------------------------------------------------------------------

    async def _temporal_answers(self) -> bool:
        if not hasattr(self, "client"):
            self.client = await Client.connect(self.address)
        await self.client.count_workflows("Overdue = true")
        return True

    def _polls(self, name: str) -> Callable[[], Awaitable[bool]]:
        async def polls() -> bool:
            """Whether Temporal sees this very process ask for work."""
            request = DescribeTaskQueueRequest(
                namespace=self.client.namespace,
                task_queue=TaskQueue(name="complaints"),
                task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW,
            )
            queue = await self.client.workflow_service.describe_task_queue(request)
            pid = self.parts[name].pid
            return any(poller.identity.split("@")[0] == str(pid) for poller in queue.pollers)

        return polls

    async def _api_answers(self) -> bool:
        async with httpx.AsyncClient(verify=False) as http:  # loads no certificates
            return (await http.get(f"http://127.0.0.1:{self.api_port}/healthz")).is_success

    async def _mail_answers(self) -> bool:
        def greets() -> bool:
            with smtplib.SMTP("127.0.0.1", self.mail_port, timeout=3) as server:
                return server.noop()[0] == 250

        return await asyncio.to_thread(greets)

    async def _database_answers(self) -> bool:
        postgres = self.postgres
        assert postgres is not None

        def asked() -> bool:
            with closing(postgres.connect()) as db:
                return db.execute("SELECT 1").fetchone() == (1,)

        return await asyncio.to_thread(asked)

    # --- starting and ending -----------------------------------------------------------------------------

    async def set_up(self) -> None:
        for name in ("database", "temporal", "mail"):
            if name in self.parts:
                self.parts[name].start()
                await self.parts[name].answered()
        if self.postgres is not None:
            with closing(self.postgres.connect()) as db:
                db.execute("CREATE DATABASE register")
                db.execute("CREATE DATABASE api")
        if "migrate" in (CHECKOUT / "README.md").read_text(encoding="utf-8"):
            await self.command("migrate")
        roles = [word for role in ("intake", "staff", "complaints_manager") for word in ("--role", role)]
        made = await self.run("token", "new", "chaos", *roles)
        self.token = made[1].split()[-1]
        made = await self.run("token", "new", "approver", "--role", "complaints_manager")
        self.approver_token = made[1].split()[-1]
        for name in ("worker-1", "worker-2", "api"):
            self.parts[name].start()
        for name in ("worker-1", "worker-2", "api"):
            await self.parts[name].answered()

    async def tear_down(self) -> None:
        for part in reversed(self.parts.values()):
            if part.runs:
                part.process.send_signal(signal.SIGCONT)  # type: ignore[union-attr]  # it runs
            await part.kill()
        self.stack.close()

    def restart(self, name: str, skew: int = 0, **settings: str) -> None:
        self.skews[name] = skew
        self.parts[name].start(**self.clocks.settings(skew), **settings)

    # --- its commands ------------------------------------------------------------------------------------

    async def run(
        self, *words: str, given: object = None, kill_after: float | None = None
    ) -> tuple[int, str]:
        """The exit status of a command of `starter.py` and what it prints; it can be killed half-way."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "starter.py",
            *words,
            cwd=CHECKOUT,
            env=self.environment,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
        talk = asyncio.create_task(process.communicate(json.dumps(given).encode() if given else None))
        if kill_after is not None:
            await asyncio.wait([talk], timeout=kill_after)
            with suppress(ProcessLookupError):
                process.kill()
        printed, _ = await talk
        return process.returncode or 0, printed.decode()

    async def command(
        self, *words: str, given: object = None, kill_after: float | None = None
    ) -> tuple[int, Any]:
        status, printed = await self.run(*words, "--json", given=given, kill_after=kill_after)
        try:
            return status, json.loads(printed)
        except ValueError:
            return status, None

    # --- faults of the register --------------------------------------------------------------------------

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Somebody else holds the register: nobody can write to it."""
        if self.postgres is None:
            path = self.state / "register.db"
            db = sqlite3.connect(path, isolation_level=None, timeout=30, check_same_thread=False)
            with closing(db):
                db.execute("BEGIN IMMEDIATE")
                yield
                db.execute("ROLLBACK")
            return
        with closing(self.postgres.connect("register")) as server, server.transaction():
            for (table,) in server.execute(
                "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
            ).fetchall():
                server.execute(f'LOCK TABLE "{table}" IN EXCLUSIVE MODE')
            yield

    @contextmanager
    def full(self) -> Iterator[None]:
        """No process of ours can make a file longer: what a full disk does to SQLite."""
        limits = resource.RLIMIT_FSIZE
        held: list[tuple[psutil.Process, tuple[int, int]]] = []
        for name in ("worker-1", "worker-2", "api"):
            with suppress(psutil.Error):
                process = psutil.Process(self.parts[name].pid)
                before = process.rlimit(limits)
                process.rlimit(limits, (1, before[1]))
                held.append((process, before))
        try:
            yield
        finally:
            for process, before in held:
                with suppress(psutil.Error):
                    process.rlimit(limits, before)

    def make_read_only(self, *, on: bool) -> dict[str, str]:
        """Let nobody write to the register; gives the settings of processes that are started meanwhile."""
        if self.postgres is None:
            path = self.state / "register.db"
            return {"REDRESS_REGISTER_URL": f"sqlite:///file:{path}?mode=ro&uri=true"} if on else {}
        with closing(self.postgres.connect()) as db:
            db.execute("SET default_transaction_read_only = off")
            db.execute(f"ALTER SYSTEM SET default_transaction_read_only = {'on' if on else 'off'}")
            db.execute("SELECT pg_reload_conf()")
            others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'register'"
            db.execute(others)
        return {}

    # --- backup and restore, as docs/backup.md has them ----------------------------------------------

    def back_up(self) -> Path:
        """While everything runs, in the order of the page: Temporal, the API's store, the register, files."""
        to = self.folder / f"backup-{time.time_ns()}"
        to.mkdir()
        self._copy("temporal", to)
        if self.postgres is None:
            self._copy("api", to)
            self._copy("register", to)
        else:
            for name in ("api", "register"):
                (to / f"{name}.sql").write_bytes(self.postgres.run("pg_dump", "--clean", "--if-exists", name))
        for name in ("documents", "outbox"):
            if (self.state / name).exists():
                with suppress(shutil.Error):  # what was being written went while it was copied, as with `cp`
                    shutil.copytree(self.state / name, to / name)
        return to

    def _copy(self, name: str, to: Path) -> None:
        with closing(sqlite3.connect(self.state / f"{name}.db", timeout=30)) as db:
            db.execute("VACUUM INTO ?", (str(to / f"{name}.db"),))

    async def restore(self, backup: Path) -> None:
        """All of one generation, then `reconcile` with one worker and no API, twice."""
        for name in ("api", "worker-1", "worker-2", "temporal"):
            await self.parts[name].kill()
        for copy in backup.glob("*.db"):
            for left in self.state.glob(f"{copy.name}*"):
                left.unlink()
            shutil.copy(copy, self.state / copy.name)
        for name in ("documents", "outbox"):
            shutil.rmtree(self.state / name, ignore_errors=True)
            if (backup / name).exists():
                shutil.copytree(backup / name, self.state / name)
        self.brought_back = {each.name for each in (backup / "documents").rglob("*")}
        for copy in backup.glob("*.sql"):
            assert self.postgres is not None
            self.postgres.run("psql", "-q", "-d", copy.stem, given=copy.read_bytes())
        for name in ("temporal", "worker-1"):
            self.restart(name)
            await self.parts[name].answered()
        for _ in range(2):
            await self.command("reconcile")
        for name in ("worker-2", "api"):
            self.restart(name)
            await self.parts[name].answered()
