"""The register on both databases: once in effect, however often it is written."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select, text
from temporalio.exceptions import ApplicationError

from redress.contract import BeginRequest, RecordRequest, RegisterEntry
from redress.domain.case import Case
from redress.domain.london import instant
from redress.domain.opening_parsing import parse_opening
from redress.letters.delivery.channel import Accepted, NotNow
from redress.letters.delivery.channels import by_outbox
from redress.letters.delivery.outbound import OutboundLetter
from redress.letters.delivery.outbox import FileChannel
from redress.letters.dispatcher import LetterDispatcher
from redress.procedures.loader import rules_for
from redress.security.encryption import EnvelopeCipher
from redress.security.keyring import Keyring
from redress.services import lists
from redress.services.verifying import verify
from redress.store import letters, tables
from redress.store.database import connect
from redress.store.key_store import KeyStore
from redress.store.listing import ComplaintFilter, complaints
from redress.store.register import Register
from redress.store.schema import migrate
from tests.activity_calls import ActivityCalls
from tests.stores import new_store

OPENED_ON = date(2026, 6, 1)
RAW: dict[str, Any] = {
    "authority": "family-rights",
    "kind": "complaint",
    "source": "test",
    "source_id": "1",
    "channel": "email",
    "received_on": "2026-06-01",
    "points": ["An invented point with ümläuts and 😀."],
    "complainant": {"name": "Testa Inventata", "role": "parent"},
}


@pytest.fixture(params=["sqlite", "postgresql"])
def register(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Register]:
    url = f"sqlite:///{tmp_path / 'register.db'}"
    if request.param == "postgresql":
        url = request.getfixturevalue("postgresql")
    engine = connect(url)
    tables.metadata.drop_all(engine)
    with engine.begin() as db:
        db.execute(text("DROP TABLE IF EXISTS register_version"))
    yield Register(migrate(engine, "register"))
    engine.dispose()


def test_a_register_from_a_backup_gives_no_reference_a_second_time(tmp_path: Path) -> None:
    """What it does not know any more, the key store does: two people's complaints would become one."""
    keyring = Keyring({"test": bytes(range(32))})
    key_store = KeyStore(new_store(tmp_path / "key-store.db", "key_store"), keyring)
    given = []
    for name in ("before", "put-back"):
        register = Register(new_store(tmp_path / f"{name}.db"), EnvelopeCipher(keyring, key_store))
        for number in range(3):
            raw = RAW | {"source_id": f"{name}-{number}"}
            given.append(register.reserve(parse_opening(raw, OPENED_ON), raw, "CYP").reference)
    assert given == [f"CYP-2026-{number:06d}" for number in range(1, 7)]


class Refusing(FileChannel):
    """A folder that takes nothing until it is mended."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.broken = True
        self.sent: list[str] = []

    def send(self, letter: OutboundLetter) -> Accepted:
        if self.broken:
            raise NotNow("no post today")
        self.sent.append(letter.name)
        return super().send(letter)


def _activities(register: Register, outbox: FileChannel) -> ActivityCalls:
    return ActivityCalls(register, LetterDispatcher(register, by_outbox(outbox)))


def _count(register: Register, table: Any) -> int:
    with register.reading() as db:
        return int(db.execute(select(func.count()).select_from(table)).scalar_one())


def _said(case: Case, action: str, on: str, **fields: object) -> list[RegisterEntry]:
    """What the workflow would hand over after one message."""
    now = instant(date.fromisoformat(on), "12:00")
    parsed = case.parse(action, {"on": on, "message_id": f"{action}-{on}"} | fields, now)
    answer = case.receive(parsed, now)
    kept = case.logged[answer.message_id]
    body = kept.model_dump(mode="json")
    entries = [RegisterEntry(kind="message", key=f"message:{kept.seq}", on=on, body=body)]
    for effect, state in case.due(now):
        body = {
            "key": effect.key,
            "kind": effect.kind,
            "template": effect.template,
            "on": effect.on.isoformat(),
            "state": state,
            "facts": effect.shown(),
        }
        entries.append(RegisterEntry(kind="effect", key=f"effect:{effect.key}", on=on, body=body))
    return entries


def _begun(activities: ActivityCalls, reference: str = "CYP-2026-000001") -> Case:
    begun = activities.begin(BeginRequest(reference=reference, opened_on=OPENED_ON.isoformat(), opening=RAW))
    assert begun.recorded
    opening = parse_opening(RAW, OPENED_ON)
    return Case(rules_for(opening, OPENED_ON), reference, opening, OPENED_ON)


async def test_writers_of_one_complaint_take_turns_and_its_chain_is_whole(register: Register) -> None:
    raw = RAW | {"source_id": "chained"}
    reference = register.reserve(parse_opening(raw, OPENED_ON), raw, "CYP").reference

    def write(writer: int) -> None:
        for number in range(10):
            entry = RegisterEntry(kind="ended", key=f"{writer}:{number}", on="2026-06-01", body={"a": writer})
            for _ in range(2):  # the second is there already
                with register.writing() as db:
                    register.append(db, reference, [entry])

    with ThreadPoolExecutor(4) as several:
        list(several.map(write, range(4)))
    with register.reading() as db:
        numbers = db.execute(select(tables.events.c.number).order_by(tables.events.c.number)).scalars().all()
    assert numbers == [*range(1, 41)]
    assert (await verify(None, register, reference)).whole


def test_terms_that_came_with_what_was_undone_come_with_the_next_try(register: Register) -> None:
    """Whoever looked at them before the transaction was undone does not take them to be there."""
    opening = parse_opening(RAW, OPENED_ON)
    body = {"opening": RAW, "opened_on": "2026-06-01", "terms": rules_for(opening, OPENED_ON).packed}
    entry = RegisterEntry(kind="opened", key="opened", on="2026-06-01", body=body)

    def record(*, undone: bool) -> None:
        with register.writing() as db:
            register.append(db, "CYP-2026-000001", [entry])
            assert register.case(db, "CYP-2026-000001") is not None
            if undone:
                raise ConnectionError

    with pytest.raises(ConnectionError):
        record(undone=True)
    record(undone=False)
    assert Register(register.engine).recall("CYP-2026-000001") is not None


def test_written_twice_it_counts_once(register: Register, tmp_path: Path) -> None:
    activities = _activities(register, FileChannel(tmp_path / "outbox"))
    case = _begun(activities)
    _begun(activities)
    request = RecordRequest(reference=case.reference, entries=_said(case, "acknowledge", "2026-06-02"))
    for _ in range(3):
        assert activities.record_and_send(request)
    assert _count(register, tables.events) == 3
    assert _count(register, tables.letters) == 1
    assert _count(register, tables.messages) == 1
    assert _count(register, tables.terms) == 1
    status = register.status(case.reference, date(2026, 6, 2))
    assert status is not None
    assert status == {**case.status(date(2026, 6, 2)), "letters": status["letters"]}


def test_tables_follow_a_message_logged_late(register: Register, tmp_path: Path) -> None:
    """What is projected is replaced, never added to."""
    activities = _activities(register, FileChannel(tmp_path / "outbox"))
    case = _begun(activities)
    for action, on, fields in (
        ("respond", "2026-06-03", {"outcome": "not_upheld"}),
        ("escalate", "2026-06-08", {}),
        (
            "appoint",
            "2026-06-09",
            {"role": "independent_person", "person": {"id": "a"}, "connection": "none"},
        ),
        ("withdraw", "2026-06-05", {}),
    ):
        entries = _said(case, action, on, **fields)
        activities.record_and_send(RecordRequest(reference=case.reference, entries=entries))
    assert case.status(date(2026, 6, 9))["closed_as"] == "withdrawn"
    assert _count(register, tables.appointments) == 0
    with register.reading() as db:
        row = db.execute(select(tables.complaints)).one()
        names = [d.name for d in db.execute(select(tables.deadlines)).all()]
    assert (row.state, row.closed_as) == ("closed", "withdrawn")
    assert "stage_2_response" not in names


def test_letters_wait_for_the_post_and_leave_once(register: Register, tmp_path: Path) -> None:
    post = Refusing(tmp_path / "outbox")
    activities = _activities(register, post)
    case = _begun(activities)
    request = RecordRequest(reference=case.reference, entries=_said(case, "acknowledge", "2026-06-02"))
    assert not activities.record_and_send(request)
    assert _count(register, tables.messages) == 1
    with pytest.raises(ApplicationError, match="could not leave"):
        activities.send_letters(case.reference)
    post.broken = False
    activities.send_letters(case.reference)
    activities.send_letters(case.reference)
    assert activities.record_and_send(request)
    assert post.sent == ["acknowledgement"]


def test_a_letter_that_cannot_be_written_holds_up_nothing(
    register: Register, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    activities = _activities(register, FileChannel(tmp_path / "outbox"))
    case = _begun(activities)
    request = RecordRequest(reference=case.reference, entries=_said(case, "acknowledge", "2026-06-02"))
    with monkeypatch.context() as broken:
        broken.setattr("redress.letters.addressing.letters_for", lambda *_: 1 / 0)
        assert not activities.record_and_send(request)
    assert _count(register, tables.messages) == 1
    activities.send_letters(case.reference)
    with register.reading() as db:
        rows = db.execute(select(tables.letters)).all()
    assert [(row.recipient, row.state) for row in rows] == [("complainant", "sent")]


def test_a_letter_is_taken_in_hand_by_one(register: Register, tmp_path: Path) -> None:
    post = Refusing(tmp_path / "outbox")
    activities = _activities(register, post)
    case = _begun(activities)
    activities.record_and_send(
        RecordRequest(reference=case.reference, entries=_said(case, "acknowledge", "2026-06-02"))
    )
    with register.reading() as db:
        [row] = letters.in_state(db, letters.OPEN, case.reference)

    def take(_: int) -> str | None:
        with register.writing() as db:
            return letters.lease(db, row, "outbox")

    with ThreadPoolExecutor(8) as pool:
        claims = [claim for claim in pool.map(take, range(16)) if claim is not None]
    assert len(claims) == 1
    with register.writing() as db:
        assert not letters.end(db, row, "somebody else's", "sent")
        assert letters.end(db, row, claims[0], "sent")


def test_one_intake_has_one_reference(register: Register) -> None:
    opening = parse_opening(RAW, OPENED_ON)
    with ThreadPoolExecutor(10) as pool:
        found = list(pool.map(lambda _: register.reserve(opening, RAW, "CYP"), range(20)))
    assert len({each.reference for each in found}) == 1
    assert sum(each.created for each in found) == 1
    other = register.reserve(opening, RAW | {"desired_outcome": "Something else."}, "CYP")
    assert (other.reference, other.created, other.differs) == (found[0].reference, False, True)
    others = [RAW | {"source_id": str(n)} for n in range(2, 12)]
    with ThreadPoolExecutor(10) as pool:
        references = list(
            pool.map(
                lambda raw: register.reserve(parse_opening(raw, OPENED_ON), raw, "CYP").reference, others
            )
        )
    assert len(set(references)) == 10


def test_what_is_recalled_is_the_same_case(register: Register, tmp_path: Path) -> None:
    activities = _activities(register, FileChannel(tmp_path / "outbox"))
    case = _begun(activities)
    entries = _said(case, "respond", "2026-06-03", outcome="upheld", remedies=[{"what": "Say sorry."}])
    activities.record_and_send(RecordRequest(reference=case.reference, entries=entries))
    recalled = activities.begin(BeginRequest(reference=case.reference, opened_on="2027-01-01"))
    assert recalled.state is not None
    day = datetime(2026, 6, 4, tzinfo=UTC).date()
    lines = complaints(register, ComplaintFilter(), day)
    assert [line.reference for line in lines] == [case.reference]
    [listed] = lists.statuses(register, lines, day)
    assert listed["reference"] == case.reference
    assert "messages" not in listed


def test_an_opening_does_not_wait_for_a_register_that_is_busy(tmp_path: Path) -> None:
    """Whoever does not get a turn soon goes on without: the opening is recorded by the first activity."""
    register = Register(new_store(tmp_path / "register.db"))
    activities = _activities(register, FileChannel(tmp_path / "outbox"))
    asked = BeginRequest(reference="CYP-2026-000001", opened_on=OPENED_ON.isoformat(), opening=RAW)
    with register.writing():
        begun = activities.begin(asked)
    assert (begun.recorded, begun.state) == (False, None)
    assert activities.begin(asked).recorded
    with register.writing():  # what ran before is read all the same
        again = activities.begin(asked)
    assert again.recorded
    assert again.state is not None
    assert _count(register, tables.events) == 1
