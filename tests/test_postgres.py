"""The tests' own PostgreSQL: several at once, and none is left behind."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import psutil
from sqlalchemy import URL, create_engine
from sqlalchemy.pool import NullPool

from tests.postgres import INSTALLED, postgres_server
from tests.waiting import until

SERVES = """
import sys
from tests.postgres import postgres_server
with postgres_server() as url:
    print(url.query["host"], flush=True)
    sys.stdin.read()
"""


def _version(url: URL) -> int:
    with create_engine(url, poolclass=NullPool).connect() as connection:
        return int(connection.exec_driver_sql("SHOW server_version_num").scalar_one()) // 10000


def _running_in(folder: Path) -> list[int]:
    """The processes that name a folder in their command."""
    processes = psutil.process_iter(["cmdline"])
    return [each.pid for each in processes if str(folder) in " ".join(each.info["cmdline"] or ())]


def test_one_of_each_version_at_once() -> None:
    with postgres_server(16) as older, postgres_server(18) as newer:
        assert [_version(older), _version(newer)] == sorted(INSTALLED)
    assert not Path(str(older.query["host"])).exists()


async def test_nothing_is_left_of_a_process_that_was_killed() -> None:
    root = Path(__file__).parent.parent
    environment = {"PATH": os.defpath, "PYTHONPATH": str(root), "PGPORT": "1"}
    command = [sys.executable, "-c", SERVES]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
    ) as process:
        assert process.stdout is not None
        folder = Path(process.stdout.readline().strip())
        assert _running_in(folder)
        process.kill()
    await until(lambda: not folder.exists() and not _running_in(folder))
