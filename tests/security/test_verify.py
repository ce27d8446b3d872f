"""The proof that the record is whole, on a real server with keys: what was done to it is named."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from redress.security.encryption import PlaintextCipher
from redress.security.keyring import Unreadable, add_key
from redress.services import erasing, recounting
from redress.services.clock import today
from redress.services.verifying import verify
from redress.store import differing
from redress.store.changes import recorded as entries_of
from redress.store.register import Register
from tests.security.test_lives import Encrypted, installation, marked
from tests.waiting import recorded

__all__ = ["installation"]


@pytest.fixture
def attacked(installation: Encrypted, tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """The register's file, as somebody without keys writes to it; put back afterwards."""
    file = installation.settings.state / "register.db"
    installation.register.engine.dispose()
    with sqlite3.connect(file) as attacker, sqlite3.connect(tmp_path / "before.db") as before:
        attacker.isolation_level = None
        attacker.backup(before)
        yield attacker
        before.backup(attacker)
    installation.register._recent.clear()
    before.close()
    attacker.close()


async def _life(installation: Encrypted, source_id: str) -> str:
    reference = await installation.open(
        source_id, desired_outcome="  ", about=None
    )  # nothing is said by that
    await installation.send(reference, "acknowledge")
    await installation.send(reference, "add_note", note=marked("first"))
    await installation.send(reference, "add_note", note=marked("second"))
    await recorded(installation.register, reference, messages=3)
    return reference


async def _faults(installation: Encrypted, reference: str = "") -> list[tuple[str, int | None, str]]:
    found = await verify(installation.client, installation.register, reference)
    assert found.whole is not bool(found.faults)
    return [(fault.reference, fault.entry, fault.fault) for fault in found.faults]


def _number(attacker: sqlite3.Connection, reference: str, key: str) -> int:
    wanted = "SELECT number FROM events WHERE reference = ? AND key = ?"
    return int(attacker.execute(wanted, (reference, key)).fetchone()[0])


async def test_a_normal_life_is_whole(installation: Encrypted) -> None:
    reference = await _life(installation, "verify-whole")
    await installation.send(reference, "withdraw", reason=marked("sorted out"), on=today().isoformat())
    await installation.send(reference, "reopen", reason=marked("not sorted out"))
    await installation.send(reference, "add_note", note=marked("late"), on=today().isoformat())
    await installation.send(reference, "withdraw", reason=marked("really"))
    await recorded(installation.register, reference, messages=7)
    await recounting.recount(installation.client, installation.register, 60, dry_run=False)
    keys = installation.register.cipher
    assert not isinstance(keys, PlaintextCipher)
    add_key(installation.settings.keys_file, "rotated")
    keys.key_store.rewrap()
    assert await _faults(installation) == []
    proof = await erasing.erase(
        installation.client, installation.register, installation.settings.outbox_folder, reference
    )
    assert proof.holds
    found = await verify(installation.client, installation.register, reference)
    assert (found.whole, found.complaints, found.cannot_prove) == (True, 1, [])


OF_ANOTHER = "SELECT body FROM events e WHERE e.key = events.key AND e.reference = ?"


@pytest.mark.parametrize(
    ("found", "how"),
    [
        ("changed", "UPDATE events SET on_date = '2020-01-01'"),
        ("changed", "UPDATE events SET recorded_at = '2020-01-01'"),
        ("missing", "DELETE FROM events"),
        ("in_clear", 'UPDATE events SET body = \'{"by": "Real Manager"}\''),
        ("moved", f"UPDATE events SET body = ({OF_ANOTHER})"),
    ],
)
async def test_what_was_done_to_an_event_is_named(
    installation: Encrypted, attacked: sqlite3.Connection, found: str, how: str
) -> None:
    reference, other = [await _life(installation, f"verify-{found}-{len(how)}-{each}") for each in "ab"]
    number = _number(attacked, reference, "message:1")
    given = [other] if "?" in how else []
    done = attacked.execute(f"{how} WHERE reference = ? AND key = 'message:1'", (*given, reference))
    assert done.rowcount == 1
    assert (reference, number, found) in await _faults(installation, reference)


async def test_two_that_changed_places_are_named(
    installation: Encrypted, attacked: sqlite3.Connection
) -> None:
    reference = await _life(installation, "verify-swapped")
    first, second = (_number(attacked, reference, key) for key in ("message:1", "message:2"))
    swap = "UPDATE events SET number = ? WHERE reference = ? AND number = ?"
    for new, old in ((-1, first), (first, second), (second, -1)):
        attacked.execute(swap, (new, reference, old))
    faults = await _faults(installation, reference)
    assert {(reference, first, "moved"), (reference, second, "moved")} <= {*faults}


async def test_what_is_missing_at_the_end_is_known_from_temporal(
    installation: Encrypted, attacked: sqlite3.Connection
) -> None:
    reference = await _life(installation, "verify-truncated")
    last = _number(attacked, reference, "message:2")
    attacked.execute("DELETE FROM events WHERE reference = ? AND number >= ?", (reference, last))
    assert (reference, last, "missing") in await _faults(installation, reference)
    without = await verify(None, installation.register, reference)
    assert any("Temporal was not asked" in each for each in without.cannot_prove)


async def test_a_whole_complaint_that_is_gone_is_named(
    installation: Encrypted, attacked: sqlite3.Connection
) -> None:
    reference = await _life(installation, "verify-gone")
    for table in ("events", "complaint_references", "complaints", "messages", "letters"):
        attacked.execute(f"DELETE FROM {table} WHERE reference = ?", (reference,))
    assert (reference, None, "missing") in await _faults(installation)


async def test_an_older_backup_is_named_and_goes_on_being_so(installation: Encrypted, tmp_path: Path) -> None:
    reference = await _life(installation, "verify-backup")
    installation.register.engine.dispose()
    with (
        sqlite3.connect(installation.settings.state / "register.db") as live,
        sqlite3.connect(tmp_path / "b") as old,
    ):
        live.backup(old)
        await installation.send(reference, "add_note", note=marked("third"))
        await recorded(installation.register, reference, messages=4)
        with sqlite3.connect(tmp_path / "newer") as newer:
            live.backup(newer)
            old.backup(live)
            installation.register._recent.clear()
            assert [each[2] for each in await _faults(installation, reference)] == ["missing"]
            newer.backup(live)
    installation.register._recent.clear()
    assert await _faults(installation, reference) == []


async def test_what_stands_in_the_clear_is_served_to_nobody(
    installation: Encrypted, attacked: sqlite3.Connection
) -> None:
    reference = await _life(installation, "verify-clear")
    attacked.execute("UPDATE events SET body = '{\"by\": \"Real Manager\"}' WHERE key = 'message:1'")
    installation.register._recent.clear()
    for read in (
        lambda: installation.register.status(reference, today()),
        lambda: entries_of(installation.register, reference, "", 100, with_text=True),
    ):
        with pytest.raises(
            Unreadable, match=rf"events.body of {reference}, row message:1: stands unencrypted"
        ):
            read()


async def test_a_differing_intake_that_was_put_elsewhere_is_named(
    installation: Encrypted, attacked: sqlite3.Connection
) -> None:
    """Every table with encrypted values is looked at, not only those of the record."""
    reference, other = [await _life(installation, f"verify-differs-{each}") for each in "ab"]
    for each in (reference, other):
        differing.keep(installation.register, each, {"points": [marked("another point")]}, "token:a-web-form")
    pasted = "SELECT body FROM differing_openings d WHERE d.reference = ?"
    attacked.execute(
        f"UPDATE differing_openings SET body = ({pasted}) WHERE reference = ?", (other, reference)
    )
    assert [(each, fault) for each, _, fault in await _faults(installation, reference)] == [
        (reference, "changed")
    ]


async def test_without_keys_it_says_what_is_not_proved(installation: Encrypted) -> None:
    await _life(installation, "verify-no-keys")
    found = await verify(None, Register(installation.register.engine, PlaintextCipher()))
    assert found.whole
    assert "can be proved with the keyring" in found.cannot_prove[0]
