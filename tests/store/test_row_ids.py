"""What others keep of the register comes never again, restores from a backup included (finding K2)."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from sqlalchemy import func, insert, select

from redress.services.webhook_delivery import delivery_id
from redress.store import tables, webhooks
from redress.store.changes import Recorded, recorded
from redress.store.database import connect
from redress.store.register import Register
from tests.stores import new_store

REFERENCE = "CYP-2026-000001"


class Followed:
    """A register in a file that somebody follows, by `changes` and by a webhook."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.register = Register(new_store(path))
        webhooks.subscribe(self.register, "https://casework.example/", ["complaint.opened"], None, "test")
        self.next = ""

    def record(self, key: str) -> None:
        now = datetime.now(UTC)
        entry = {"key": key, "kind": "ended", "on_date": date(2026, 6, 1), "body": {}, "chain": ""}
        notice = {"event": "complaint.opened", "authority": "family-rights", "fanned_out": False}
        told = {"reference": REFERENCE, "key": key, "noticed_at": now, "body": {"reference": REFERENCE}}
        with self.register.writing() as db:
            number = db.execute(select(func.count()).select_from(tables.events)).scalar_one() + 1
            more = {"reference": REFERENCE, "number": number, "recorded_at": now}
            db.execute(insert(tables.events).values(entry | more))
            db.execute(insert(tables.notices).values(notice | told))

    def follow(self) -> list[Recorded]:
        """What `changes` gives now, from where it was left off."""
        found = recorded(self.register, REFERENCE, self.next, 100, with_text=False) or []
        self.next = found[-1].id if found else self.next
        return found

    def be_told(self) -> list[str]:
        """The `webhook-id` of each notice that comes now."""
        webhooks.fan_out(self.register)
        came = webhooks.lease(self.register, 100)
        for each in came:
            webhooks.settle(self.register, each, "HTTP 200", arrived=True, next_at=None)
        return [delivery_id(each) for each in came]

    def back_up(self) -> Path:
        copy = self.path.with_suffix(".backup")
        with closing(sqlite3.connect(self.path)) as source, closing(sqlite3.connect(copy)) as target:
            source.backup(target)
        return copy

    def put_back(self, copy: Path) -> None:
        self.register.engine.dispose()
        for left in self.path.parent.glob(f"{self.path.name}*"):
            left.unlink()
        shutil.copy(copy, self.path)
        self.register = Register(connect(f"sqlite:///{self.path}"))


@pytest.fixture
def followed(tmp_path: Path) -> Followed:
    return Followed(tmp_path / "register.db")


def test_ids_of_notices_stand_for_one_notice_each(followed: Followed) -> None:
    followed.record("first")
    before = followed.be_told()
    copy = followed.back_up()
    followed.record("lost")
    before += followed.be_told()
    followed.put_back(copy)
    followed.record("another")
    after = followed.be_told()
    assert (len(before), len(after)) == (2, 1)
    assert not {*before} & {*after}


def test_whoever_follows_a_complaint_misses_nothing(followed: Followed) -> None:
    followed.record("first")
    copy = followed.back_up()
    followed.record("lost")
    before = followed.follow()
    assert followed.follow() == []
    followed.put_back(copy)
    followed.record("another")
    again = followed.follow()
    with followed.register.reading() as db:
        assert list(db.scalars(select(tables.events.c.id))) == [1, 2], "the number is given again"
    assert again[0] == before[0]
    assert again[1].id != before[1].id
    assert followed.follow() == []


@pytest.mark.parametrize("after", ["", "0", "7", "1-", "99999999999-0", "1-0123456789abcdef", "a", "-1"])
def test_what_stands_for_no_entry_begins_at_the_first(followed: Followed, after: str) -> None:
    followed.record("first")
    found = recorded(followed.register, REFERENCE, after, 100, with_text=False)
    assert found is not None
    assert [each.kind for each in found] == ["ended"]
