"""Readings are added once, never changed, and go only where an entry says that they went."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, delete, text, update
from sqlalchemy.exc import DBAPIError

from redress.services import readings as service
from redress.store.api_store import reading_complaints, readings
from redress.store.database import connect
from redress.store.readings import Reading, ReadingFilter, Readings, _selected, minute
from redress.store.schema import migrate
from tests.stores import new_store

NOW = minute()
ONE, TWO = "CYP-2026-000001", "CYP-2026-000002"


def reading(reader: str, *references: str, ago: int = 0, door: str = "somewhere") -> Reading:
    complaints = {each: f"authority-{each[-1]}" for each in references}
    return Reading(NOW - timedelta(days=ago), reader, "token", ("staff",), door, complaints)


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    if request.param == "sqlite":
        engine = new_store(tmp_path / "api.db", "api_store")
    else:
        engine = connect(request.getfixturevalue("postgresql"))
        with engine.begin() as db:
            db.execute(text("DROP SCHEMA public CASCADE"))
            db.execute(text("CREATE SCHEMA public"))
        migrate(engine, "api_store")
    yield engine
    engine.dispose()


def test_one_entry_for_each_reader_complaint_door_and_minute(store: Engine) -> None:
    log = Readings(store)
    for _ in range(2):
        log.add([reading("a", ONE), reading("a", ONE, door="elsewhere"), reading("b", ONE)])
        log.add([reading("a", TWO), reading("a", ONE, TWO), reading("a", ONE, ago=1)])
    assert len(log.page(ReadingFilter(), 100)) == 6
    assert len(log.page(ReadingFilter(reader="b"), 100)) == 1
    assert {tuple(each.complaints) for each in log.page(ReadingFilter(reference=TWO), 100)} == {
        (TWO,),
        (ONE, TWO),
    }
    theirs = log.page(ReadingFilter(authority="authority-2"), 100)
    assert [each.complaints for each in theirs] == [[TWO], [TWO]], "what else a list held is not theirs"


def test_pages_hold_each_entry_once(store: Engine) -> None:
    log = Readings(store)
    log.add([reading(f"reader-{number}", ONE, ago=number % 3) for number in range(7)])
    seen, after = [], ""
    while True:
        page = service.page(log, ReadingFilter(), limit=2, after=after)
        seen += page.entries
        if page.next is None:
            break
        after = page.next
    assert len({each.reader for each in seen}) == len(seen) == 7
    assert [each.at for each in seen] == sorted((each.at for each in seen), reverse=True)


def test_nothing_is_changed_or_removed(store: Engine) -> None:
    Readings(store).add([reading("a", ONE)])
    for statement in (
        update(readings).values(reader="nobody"),
        delete(readings),
        update(reading_complaints).values(reference=TWO),
        delete(reading_complaints),
    ):
        with pytest.raises(DBAPIError, match="only added to"), store.begin() as db:
            db.execute(statement)
    [entry] = Readings(store).page(ReadingFilter(), 10)
    assert (entry.reader, entry.complaints) == ("a", [ONE])


def test_the_oldest_goes_and_an_entry_says_so(store: Engine, tmp_path: Path) -> None:
    log = Readings(store)
    log.add([reading("long-ago", TWO, ago=40), reading("lately", ONE, ago=20)])
    assert service.look_after(log, tmp_path / "none", 30) == 1
    note, kept = log.page(ReadingFilter(), 10)
    assert note.reader_kind == "retention"
    assert note.removed_before is not None
    assert NOW - timedelta(days=40) < note.removed_before < kept.at
    assert kept.reader == "lately"
    assert note in log.page(ReadingFilter(reference=TWO), 10), "whoever asks about it is told"
    with store.connect() as db:
        assert db.execute(reading_complaints.select()).scalars().all() == [kept_list(ONE)]
    assert service.look_after(log, tmp_path / "none", 30) == 0


def kept_list(reference: str) -> str:
    return reading("anybody", reference).digest


def test_what_the_command_line_read_is_taken_in_once(store: Engine, tmp_path: Path) -> None:
    log, file = Readings(store), tmp_path / "folder" / "readings.jsonl"
    service.write_down(file, service.local_reading("starter.py show", {ONE: "authority-1"}))
    with file.open("ab") as broken:
        broken.write(b'{"at": "2026-')
    service.write_down(file, service.local_reading("starter.py export", {ONE: "authority-1"}))
    before = file.read_bytes()
    for _ in range(2):  # a second time, as after a crash before the file was emptied
        file.write_bytes(before)
        service.take_in(log, file)
    assert file.read_bytes() == b""
    entries = log.page(ReadingFilter(), 10)
    assert {each.door for each in entries} == {"starter.py show", "starter.py export"}
    assert {each.reader_kind for each in entries} == {"command_line"}
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_line_that_no_database_takes_keeps_no_other_out(store: Engine, tmp_path: Path) -> None:
    """Whoever runs a command says who they are: `LOGNAME` may hold anything."""
    file, readings = tmp_path / "readings.jsonl", Readings(store)
    odd: list[dict[str, object]] = [
        {"reader": "\udcff\0" + "x" * 999},
        {"complaints": ["CYP-2026-000001"]},
        {"complaints": {"CYP-2026-000001": None}, "reader": ["mia"]},
        {"roles": 5},
        {"at": "9999-12-31T23:59:59-23:59"},
    ]
    known: dict[str, object] = {"at": minute().isoformat(), "reader": "mia", "roles": []}
    known |= {"door": "starter.py show", "complaints": {"CYP-2026-000002": "irm"}}
    lines = [known | each for each in [*odd, {}]]
    file.write_text("\n".join(map(json.dumps, lines)) + "\n")
    service.take_in(readings, file)
    assert not file.read_bytes()
    assert "mia" in [each.reader for each in readings.page(ReadingFilter(), 10)]


def test_one_complaint_is_found_among_many_by_what_shows_it(store: Engine) -> None:
    of_one = ReadingFilter(ONE, authority="authority-1")
    Readings(store).add([reading("mia", ONE, ago=1), reading("mia", TWO)])
    assert [each.complaints for each in Readings(store).page(of_one, 10)] == [[ONE]]
    if store.dialect.name == "sqlite":
        wanted = _selected(of_one, 10, None).compile(store, compile_kwargs={"literal_binds": True})
        with store.connect() as db:
            plan = str(db.exec_driver_sql(f"EXPLAIN QUERY PLAN {wanted}").all())
        assert "reading_complaints_by_reference" in plan
