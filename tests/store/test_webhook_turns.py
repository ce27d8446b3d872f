"""In which order what waits for webhooks is taken, where there is more than leaves at once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import insert

from redress.store import tables, webhooks
from redress.store.register import Register
from tests.stores import new_store


def test_receivers_that_fail_go_after_others_however_much_waits_for_them(tmp_path: Path) -> None:
    register = Register(new_store(tmp_path / "register.db"))
    hooks = [
        webhooks.subscribe(register, "https://x.example/", ["complaint.opened"], authority, "test")[0].id
        for authority in ("rotherham", "rotherham", "irm")
    ]

    def noticed(number: int, authority: str) -> None:
        told = {"reference": f"RMB-2026-{number:06}", "key": "opened", "body": {}, "fanned_out": False}
        told |= {"event": "complaint.opened", "authority": authority, "noticed_at": datetime.now(UTC)}
        with register.writing() as db:
            db.execute(insert(tables.notices).values(told))
        webhooks.fan_out(register)

    for number in range(20):
        noticed(number, "rotherham")
    first = webhooks.lease(register, 2)
    assert {each.subscription for each in first} == {*hooks[:2]}
    later = datetime.now(UTC) + timedelta(minutes=1)
    for each in first:
        webhooks.settle(register, each, "no answer", arrived=False, next_at=later)
    noticed(100, "irm")
    assert [each.subscription for each in webhooks.lease(register, 1)] == hooks[2:]
    assert {each.subscription for each in webhooks.lease(register, 3)} == {*hooks[:2]}
