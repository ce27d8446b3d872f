"""`keys`, `export` and `erase` as a user types them, on an installation with keys of its own."""

from __future__ import annotations

import re
import stat
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date
from pathlib import Path

import pytest
import pytest_asyncio

from redress.bootstrap import activities_for, running_workers
from redress.bootstrap_keys import cipher_for
from redress.cli.console import NO_ANSWER, REFUSED
from redress.domain.calendar import long_date
from redress.procedures.bank_holidays import calendar_today
from redress.security.keyring import add_key
from redress.services.clock import today
from redress.settings import Settings
from redress.store.register import Register
from redress.temporal.embedded import embedded_server
from tests.cli.conftest import Cli
from tests.stores import migrated
from tests.waiting import recorded

NAME = "Erasa Inventata"

CALENDAR = calendar_today()


@asynccontextmanager
async def _installation_with_keys(state: Path) -> AsyncIterator[Cli]:
    add_key(state / "keys.txt", "first")
    settings = migrated(
        Settings(state=state, register_url="", key_store_url="", keys=None, outbox=None, trial="")
    )
    cipher = cipher_for(settings)
    async with embedded_server(cipher=cipher) as (address, client):
        activities = activities_for(settings, cipher)
        async with running_workers(client, activities, settings):
            yield Cli(address, state, {"REDRESS_TRIAL": ""}, client, activities.register)


@pytest_asyncio.fixture(scope="module")
async def encrypted(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Cli]:
    async with _installation_with_keys(tmp_path_factory.mktemp("keys")) as installation:
        yield installation


@pytest_asyncio.fixture
async def alone(tmp_path: Path) -> AsyncIterator[Cli]:
    """One for a test that changes the keyring."""
    async with _installation_with_keys(tmp_path) as installation:
        yield installation


def _register(cli: Cli) -> Register:
    assert cli.register is not None
    return cli.register


async def _withdrawn(cli: Cli, name: str) -> str:
    parent = {"name": name, "role": "parent"}
    reference = await cli.open(complainant=parent, points=[f"{name} was not heard."])
    assert (await cli("send", reference, "acknowledge")).status == 0
    assert (await cli("send", reference, "withdraw", "--set", "reason=Sorted out.")).status == 0
    return reference


async def test_a_key_store_out_of_reach_is_not_called_the_register(tmp_path: Path) -> None:
    add_key(tmp_path / "keys.txt", "first")
    nowhere = {
        "REDRESS_TRIAL": "",
        "REDRESS_KEY_STORE_URL": f"sqlite:///{tmp_path / 'none' / 'key-store.db'}",
    }
    (tmp_path / "none").write_text("No folder.")
    ran = await Cli("127.0.0.1:1", tmp_path, nowhere)("open", "examples/withdrawn.json")
    assert ran.status == NO_ANSWER
    assert ran.lines[0].startswith("no answer: the register or the key store cannot be used")


async def test_no_new_key_store_is_made_in_place_of_one_that_is_gone(encrypted: Cli, tmp_path: Path) -> None:
    reference = await encrypted.open()
    before = sorted(path.name for path in encrypted.state.iterdir())
    moved = Cli(
        encrypted.address,
        encrypted.state,
        {**encrypted.more, "REDRESS_KEY_STORE_URL": f"sqlite:///{tmp_path / 'gone.db'}"},
    )
    for words in (("show", reference), ("open", "examples/withdrawn.json"), ("list",)):
        ran = await moved(*words)
        assert (ran.status, "restore it from its backup" in ran.err) == (2, True), ran.err
        assert ran.err.startswith("REDRESS_KEY_STORE_URL: "), ran.err
    assert not (tmp_path / "gone.db").exists()
    assert sorted(path.name for path in encrypted.state.iterdir()) == before
    assert (await encrypted("show", reference)).status == 0


async def test_an_export_says_dates_as_people_read_them(encrypted: Cli) -> None:
    reference = await encrypted.open()
    until = CALENDAR.add(today(), 90)
    asked = await encrypted("send", reference, "extend", "--set", f"until={until}", "--set", "reason=Much.")
    assert asked.status == REFUSED
    await recorded(_register(encrypted), reference, messages=1)
    text = (await encrypted("export", reference)).out
    assert f"(refused: until {long_date(until)} is beyond the most allowed" in text
    assert not re.search(r"\b\d{4}-\d\d-\d\d\b", text)


async def test_exported_and_erased(encrypted: Cli, tmp_path: Path) -> None:
    reference = await _withdrawn(encrypted, NAME)
    file = tmp_path / "file.txt"
    file.write_text("An older one, for all to read.")
    file.chmod(0o644)
    await recorded(_register(encrypted), reference, messages=2)
    ran = await encrypted("export", reference, "--out", str(tmp_path / "none" / "file.txt"))
    assert (ran.status, ran.lines) == (
        2,
        [f"{tmp_path / 'none' / 'file.txt'}: cannot be written: No such file or directory"],
    )
    ran = await encrypted("export", reference, "--out", str(file))
    assert ran.status == 0, ran.err
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    text = file.read_text()
    for said in (
        f"Complainant: name: {NAME}, role: parent",
        "HOW EACH DATE WAS COUNTED",
        "reason: Sorted out.",
    ):
        assert said in text
    assert (await encrypted("export", reference, "--json")).document["reference"] == reference

    erased = await encrypted("erase", reference, "--json")
    assert erased.status == 0, erased.err
    assert all(place["readable"] == 0 for place in erased.document["searched"])
    shown = await encrypted("show", reference, "--json")
    assert shown.status == 0, shown.err
    assert shown.document["erased_on"] == today().isoformat()
    assert shown.document["closed_as"] == "withdrawn"
    assert NAME not in shown.out
    assert "its personal data was destroyed on" in (await encrypted("show", reference)).out
    refused = await encrypted("send", reference, "add_note", "--set", "note=x")
    assert refused.status == 4, refused.err
    assert "destroyed" in refused.err
    left = await encrypted("export", reference)
    assert left.status == 0, left.err
    assert NAME not in left.out
    for said in ("was destroyed on", "withdraw", "Acknowledgement: due", "Closed on", "its text is not kept"):
        assert said in left.out
    assert (await encrypted("export", reference, "--json")).document["erased_on"] == today().isoformat()
    assert (await encrypted("letters", reference)).status == 0
    recounted = await encrypted("recount", "--dry-run", "--json")
    assert (recounted.status, recounted.document["failed"]) == (0, []), recounted.err
    listed = await encrypted("list", "--all", "--json")
    assert NAME not in listed.out
    assert reference in {status["reference"] for status in listed.document}


async def test_not_while_it_is_open_and_not_what_never_was(encrypted: Cli) -> None:
    reference = await encrypted.open()
    assert (await encrypted("send", reference, "acknowledge")).status == 0
    await recorded(_register(encrypted), reference, messages=1)
    still = await encrypted("erase", reference)
    assert (still.status, "is open" in still.err) == (4, True)
    assert (await encrypted("erase", "CYP-1999-000001")).status == 5
    assert (await encrypted("export", "CYP-1999-000001")).status == 5
    assert (await encrypted("erase")).status == 2
    assert (await encrypted("erase", reference, "--due")).status == 2


async def test_retention_is_the_authoritys(encrypted: Cli) -> None:
    """family-rights keeps six years: closed seven years ago is due, closed lately is not."""
    lately = await _withdrawn(encrypted, "Retenta Inventata")
    received = date(today().year - 8, 3, 1).isoformat()
    past = [
        {"action": "acknowledge", "on": received},
        {"action": "withdraw", "on": date(today().year - 8, 3, 20).isoformat()},
    ]
    long_ago = await encrypted.open(received_on=received, messages=past)
    unconfirmed = await encrypted.open(authority="rotherham", received_on=received, messages=past)
    for reference in (lately, long_ago, unconfirmed):
        await recorded(_register(encrypted), reference, messages=2)
    due = await encrypted("erase", "--due", "--dry-run", "--json")
    assert due.document == [long_ago]
    alone = await encrypted("erase", long_ago, "--dry-run")
    assert (alone.status, "--dry-run: goes with --due" in alone.err) == (2, True)
    assert lately not in due.document
    assert "not confirmed" in due.err
    erased = await encrypted("erase", "--due", "--json")
    assert [each["reference"] for each in erased.document] == [long_ago]
    assert (await encrypted("export", unconfirmed, "--json")).document["erased_on"] is None


async def test_keys_are_rotated_while_complaints_are_open(alone: Cli) -> None:
    reference = await alone.open()
    assert (await alone("keys", "new", "--name", "second")).status == 0
    assert (await alone("keys", "new", "--name", "second")).status == 2
    uses = (await alone("keys", "list", "--json")).document
    assert [(use["name"], use["is_present"]) for use in uses] == [("second", True), ("first", False)]
    assert uses[1]["wraps"] > 0
    assert (await alone("keys", "rewrap")).status == 0
    uses = (await alone("keys", "list", "--json")).document
    assert uses[1]["wraps"] == 0
    shown = await alone("show", reference, "--json")
    assert shown.status == 0, "a worker that still has the old keyring, and a command with the new one"


async def test_an_old_key_is_removed_once_nothing_needs_it(alone: Cli) -> None:
    reference = await alone.open()
    assert (await alone("keys", "new", "--name", "second")).status == 0
    assert (await alone("keys", "rewrap")).status == 0
    assert (await alone("keys", "new", "--name", "third")).status == 0
    early = await alone("keys", "remove", "second")
    assert (early.status, "still needed: it wraps" in early.err) == (2, True), early.err
    assert (await alone("keys", "remove", "third")).status == 2
    assert (await alone("keys", "rewrap")).status == 0
    for name in ("second", "first"):
        assert (await alone("keys", "remove", name)).status == 0
    assert [use["name"] for use in (await alone("keys", "list", "--json")).document] == ["third"]
    assert (await alone("show", reference, "--json")).status == 0


async def test_a_key_that_was_taken_out_too_early_is_named_and_nothing_is_lost(alone: Cli) -> None:
    reference = await alone.open()
    file = alone.state / "keys.txt"
    assert (await alone("keys", "new", "--name", "second")).status == 0
    with_both = file.read_text()
    file.write_text("".join(line for line in with_both.splitlines(True) if not line.startswith("first ")))
    missing = await alone("show", reference)
    assert (missing.status, "no key first" in missing.err) == (2, True), missing.err
    assert "MISSING" in (await alone("keys", "list")).out
    file.write_text(with_both)
    assert (await alone("show", reference)).status == 0
