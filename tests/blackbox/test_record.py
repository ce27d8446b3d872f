"""Somebody without keys writes to the register: it is served to nobody, and named (finding S12)."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import closing, contextmanager
from datetime import date

import pytest
import pytest_asyncio

from tests.blackbox.conftest import Installation, started, until

pytestmark = pytest.mark.timeout(240)

FORGED = {
    "seq": 0,
    "action": "add_note",
    "body": {"on": date.today().isoformat(), "message_id": "m-0", "note": "Forged.", "by": "Real Manager"},
}


@pytest_asyncio.fixture(scope="module")
async def keyed(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Installation]:
    """An installation with keys."""
    async with started(tmp_path_factory.mktemp("keyed"), {"REDRESS_TRIAL": ""}) as here:
        yield here


@contextmanager
def attacked(installation: Installation) -> Iterator[sqlite3.Connection]:
    """The register's file, written to; as it was afterwards."""
    with (
        closing(sqlite3.connect(installation.state / "register.db", timeout=30)) as db,
        closing(sqlite3.connect(":memory:")) as before,
    ):
        db.isolation_level = None
        db.backup(before)
        yield db
        before.backup(db)


async def _noted(installation: Installation, note: str) -> str:
    reference = await installation.open()
    for number in range(2):
        status, _ = await installation.send(reference, "add_note", note=note, message_id=f"m-{number}")
        assert status == 0
    assert await until(lambda: installation.recorded(reference, "add_note") == 2)
    return reference


async def _faults(installation: Installation, *reference: str) -> list[tuple[str, str]]:
    status, found = await installation.command("verify", *reference)
    assert status == (0 if found["whole"] else 4)
    return [(fault["reference"], fault["fault"]) for fault in found["faults"]]


async def test_what_is_pasted_or_forged_is_served_to_nobody(keyed: Installation) -> None:
    mine, other = await _noted(keyed, "Mine."), await _noted(keyed, "Of somebody else.")
    assert await _faults(keyed) == []
    forged = json.dumps(FORGED)
    paste = "UPDATE events SET body = (SELECT body FROM events WHERE reference = ? AND key = 'message:0')"
    for how, given, fault in (
        (paste, other, "moved"),
        ("UPDATE events SET body = ?", forged, "in_clear"),
    ):
        with attacked(keyed) as db:
            done = db.execute(f"{how} WHERE reference = ? AND key = 'message:0'", (given, mine))
            assert done.rowcount == 1
            status, file = await keyed.command("export", mine)
            assert status != 0
            assert "Of somebody else." not in str(file)
            assert "Real Manager" not in str(file)
            assert (mine, fault) in await _faults(keyed)


async def test_what_is_gone_is_missed(keyed: Installation) -> None:
    reference = await _noted(keyed, "Mine.")
    of_it = "FROM events WHERE reference = ?"
    last = f"{of_it} AND id = (SELECT max(id) {of_it})"
    for how, given in (
        (f"DELETE {of_it} AND key = 'message:0'", (reference,)),
        (f"DELETE {last}", (reference, reference)),
    ):
        with attacked(keyed) as db:
            assert db.execute(how, given).rowcount
            assert (reference, "missing") in await _faults(keyed)
    with attacked(keyed) as db:
        for table in ("events", "complaint_references", "complaints"):
            db.execute(f"DELETE FROM {table} WHERE reference = ?", (reference,))
        assert await _faults(keyed, reference) == [(reference, "missing")]
