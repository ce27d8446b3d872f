"""Who is told of what: subscriptions, and the delivery of each notice to each of them, once.

A delivery is taken by a lease, so that several API processes never send the same one side by side, and
what an API that was killed had taken is taken again when the lease is over.
"""

from __future__ import annotations

import base64
import secrets
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, NamedTuple

from sqlalchemy import Row, Select, func, insert, select, update

from redress.security.encryption import decrypt_text, encrypt_text, key_of_text
from redress.security.keyring import Unreadable
from redress.store import tables
from redress.store.database import insert_new, utc
from redress.store.register import Register

LEASE = timedelta(seconds=30)
"""How long a delivery that was taken is left to whoever took it."""

KEPT_FOR = timedelta(days=1)
"""How long the former secret of a subscription still signs, beside the new one."""

SECRET = "whsec_"
"""How a secret begins, as the Standard Webhooks libraries want it."""


class Subscription(NamedTuple):
    """Somebody who wants to be told. Without an authority: of every authority's complaints."""

    id: str
    url: str
    authority: str | None
    events: list[str]
    made_by: str
    made_at: datetime
    waiting: int
    delivered: int
    given_up: int
    last_answer: str


class Delivery(NamedTuple):
    """One notice on its way to one subscription. `secrets`: those that sign it, the present one first.

    None where the keyring no longer has the key that sealed them.
    """

    subscription: str
    notice: int
    url: str
    tries: int
    event: str
    noticed_at: datetime
    body: dict[str, Any]
    secrets: list[str]


def subscribe(
    register: Register, url: str, events: Sequence[str], authority: str | None, made_by: str
) -> tuple[Subscription, str]:
    """Add a subscription; gives it and its secret, which is shown this once."""
    secret, now = _new_secret(), datetime.now(UTC)
    row = {
        "id": f"wh_{secrets.token_hex(12)}",
        "url": url,
        "authority": authority,
        "events": list(events),
        "secret": encrypt_text(register.cipher, secret, ""),
        "made_by": made_by,
        "made_at": now,
    }
    with register.writing() as db:
        db.execute(insert(tables.subscriptions).values(row))
    made = Subscription(str(row["id"]), url, authority, list(events), made_by, now, 0, 0, 0, "")
    return made, secret


def subscriptions(
    register: Register, *, authority: str | None = None, id: str | None = None
) -> list[Subscription]:
    """The living subscriptions, in the order they were made; `authority`: only those of one."""
    table, sent = tables.subscriptions, tables.deliveries
    wanted = select(table).where(table.c.ended_at.is_(None)).order_by(table.c.made_at, table.c.id)
    if authority is not None:
        wanted = wanted.where(table.c.authority == authority)
    if id is not None:
        wanted = wanted.where(table.c.id == id)
    counted = select(sent.c.subscription, sent.c.state, func.count(), func.max(sent.c.last_answer)).group_by(
        sent.c.subscription, sent.c.state
    )
    with register.reading() as db:
        rows = db.execute(wanted).all()
        counts: dict[tuple[str, str], tuple[int, str]] = {
            (subscription, state): (count, answer)
            for subscription, state, count, answer in db.execute(counted)
        }
    return [_subscription(row, counts) for row in rows]


def _subscription(row: Row[*tuple[Any, ...]], counts: dict[tuple[str, str], tuple[int, str]]) -> Subscription:
    def of(state: str) -> tuple[int, str]:
        return counts.get((row.id, state), (0, ""))

    return Subscription(
        id=row.id,
        url=row.url,
        authority=row.authority,
        events=list(row.events),
        made_by=row.made_by,
        made_at=utc(row.made_at),
        waiting=of("waiting")[0],
        delivered=of("delivered")[0],
        given_up=of("given_up")[0],
        last_answer=of("waiting")[1] or of("given_up")[1] or of("delivered")[1],
    )


def end(register: Register, id: str) -> None:
    """Tell a subscription no more; what waits for it is dropped."""
    table, sent = tables.subscriptions, tables.deliveries
    with register.writing() as db:
        db.execute(update(table).where(table.c.id == id).values(ended_at=datetime.now(UTC)))
        waiting = (sent.c.subscription == id) & (sent.c.state == "waiting")
        db.execute(update(sent).where(waiting).values(state="dropped"))


def renew_secret(register: Register, id: str) -> str:
    """Give a subscription a new secret, shown this once; the former one signs beside it for a day."""
    table, secret = tables.subscriptions, _new_secret()
    with register.writing() as db:
        db.execute(
            update(table)
            .where(table.c.id == id)
            .values(
                former_secret=table.c.secret,
                former_until=datetime.now(UTC) + KEPT_FOR,
                secret=encrypt_text(register.cipher, secret, ""),
            )
        )
    return secret


def try_again(register: Register, id: str) -> int:
    """Deliver anew what was given up; gives how many those are."""
    sent = tables.deliveries
    with register.writing() as db:
        given_up = (sent.c.subscription == id) & (sent.c.state == "given_up")
        again = update(sent).where(given_up).values(state="waiting", tries=0, next_at=datetime.now(UTC))
        return db.execute(again).rowcount


def reseal(register: Register) -> int:
    """Seal every secret with the keyring's present key; gives how many there are. For a rotation of keys."""
    table = tables.subscriptions
    with register.writing() as db:
        rows = db.execute(select(table.c.id, table.c.secret, table.c.former_secret)).all()
        for row in rows:
            anew = {
                name: encrypt_text(register.cipher, decrypt_text(register.cipher, kept), "")
                for name, kept in (("secret", row.secret), ("former_secret", row.former_secret))
                if kept
            }
            db.execute(update(table).where(table.c.id == row.id).values(anew))
    return len(rows)


def key_names(register: Register) -> list[str]:
    """The names of the keys that seal the secrets, one for each."""
    table = tables.subscriptions
    with register.reading() as db:
        kept = [each for row in db.execute(select(table.c.secret, table.c.former_secret)) for each in row]
    return [key_of_text(each) for each in kept if each]


def fan_out(register: Register, most: int = 200) -> int:
    """Make a delivery of each new notice for each subscription that wants it; gives how many notices.

    Notices and deliveries change in one transaction, and a delivery there is already stays as it is.
    """
    table, wanting = tables.notices, tables.subscriptions
    fresh = select(table).where(table.c.fanned_out.is_(False)).order_by(table.c.id).limit(most)
    with register.reading() as db:
        if db.execute(fresh.with_only_columns(table.c.id).limit(1)).first() is None:
            return 0
    now = datetime.now(UTC)
    with register.writing() as db:
        notices = db.execute(fresh.with_for_update(skip_locked=True)).all()
        living = db.execute(select(wanting).where(wanting.c.ended_at.is_(None))).all()
        rows = [
            {
                "subscription": each.id,
                "notice": notice.id,
                "state": "waiting",
                "tries": 0,
                "next_at": now,
                "last_answer": "",
            }
            for notice in notices
            for each in living
            if notice.event in each.events
            and each.authority in (None, notice.authority)
            and utc(each.made_at) <= utc(notice.noticed_at)
        ]
        if rows:
            insert_new(db, tables.deliveries, rows)
        done = [notice.id for notice in notices]
        db.execute(update(table).where(table.c.id.in_(done)).values(fanned_out=True))
    return len(done)


def lease(register: Register, most: int) -> list[Delivery]:
    """Take deliveries that are due, the oldest notices first; each is ours until its lease is over."""
    sent, now = tables.deliveries, datetime.now(UTC)
    due = (sent.c.state == "waiting") & (sent.c.next_at <= now)
    with register.reading() as db:
        if db.execute(select(sent.c.notice).where(due).limit(1)).first() is None:
            return []
    taken: list[Delivery] = []
    with register.writing() as db:
        wanted = select(sent.c.subscription, sent.c.notice).where(due).order_by(sent.c.notice).limit(most)
        for subscription, notice in db.execute(wanted.with_for_update(skip_locked=True)).all():
            same = (sent.c.subscription == subscription) & (sent.c.notice == notice)
            db.execute(update(sent).where(same).values(next_at=now + LEASE))
            row = db.execute(_whole(subscription, notice)).one()
            taken.append(_delivery(register, row, now))
    return taken


def _whole(subscription: str, notice: int) -> Select[*tuple[Any, ...]]:
    sent, table, wanting = tables.deliveries, tables.notices, tables.subscriptions
    return (
        select(
            sent,
            *(table.c.event, table.c.noticed_at, table.c.body),
            *(wanting.c.url, wanting.c.secret, wanting.c.former_secret, wanting.c.former_until),
        )
        .join(table, table.c.id == sent.c.notice)
        .join(wanting, wanting.c.id == sent.c.subscription)
        .where(sent.c.subscription == subscription, sent.c.notice == notice)
    )


def _delivery(register: Register, row: Row[*tuple[Any, ...]], now: datetime) -> Delivery:
    signing = [row.secret]
    if row.former_secret and row.former_until and utc(row.former_until) > now:
        signing.append(row.former_secret)
    return Delivery(
        subscription=row.subscription,
        notice=row.notice,
        url=row.url,
        tries=row.tries,
        event=row.event,
        noticed_at=utc(row.noticed_at),
        body=row.body,
        secrets=[each for each in map(partial(_opened, register), signing) if each],
    )


def _opened(register: Register, kept: str) -> str:
    """A secret; empty where its key is gone: one subscription must not hold up the others."""
    try:
        return decrypt_text(register.cipher, kept)
    except Unreadable:
        return ""


def settle(
    register: Register, delivery: Delivery, answer: str, *, arrived: bool, next_at: datetime | None
) -> None:
    """Write down how a delivery went; `next_at`: when it is tried again, None: it is given up."""
    sent = tables.deliveries
    same = (sent.c.subscription == delivery.subscription) & (sent.c.notice == delivery.notice)
    state = "delivered" if arrived else "waiting" if next_at else "given_up"
    changed: dict[str, Any] = {"state": state, "tries": delivery.tries + 1, "last_answer": answer[:100]}
    if next_at is not None:
        changed["next_at"] = next_at
    with register.writing() as db:
        db.execute(update(sent).where(same, sent.c.state == "waiting").values(changed))


def _new_secret() -> str:
    return SECRET + base64.b64encode(secrets.token_bytes(32)).decode()
