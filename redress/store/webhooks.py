"""Who is told of what: subscriptions, and the delivery of each notice to each of them, once.

A delivery is taken by a lease, so that several API processes never send the same one side by side, and
what an API that was killed had taken is taken again when the lease is over.
"""

from __future__ import annotations

import base64
import secrets
from collections.abc import Collection, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Row, case, func, insert, select, tuple_, update

from redress.security.encryption import decrypt_text, encrypt_text, key_of_text
from redress.security.keyring import Unreadable
from redress.store import tables
from redress.store.database import insert_new
from redress.store.places import place_of
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
    waiting: int = 0
    delivered: int = 0
    given_up: int = 0
    last_answer: str = ""


class Delivery(NamedTuple):
    """One notice on its way to one subscription. `secrets`: those that sign it, the present one first.

    None where the keyring no longer has the key that encrypted them.
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
    secret, id = _new_secret(), f"wh_{secrets.token_hex(12)}"
    made = Subscription(id, url, authority, list(events), made_by, datetime.now(UTC))
    encrypted = _encrypted(register, secret, id)
    row = {name: value for name, value in made._asdict().items() if name in tables.subscriptions.c}
    with register.writing() as db:
        db.execute(insert(tables.subscriptions).values(row | {"secret": encrypted}))
    return made, secret


def subscriptions(
    register: Register, *, authority: str | None = None, id: str | None = None
) -> list[Subscription]:
    """The living subscriptions, in the order they were made; `authority`: only those of one."""
    table, sent = tables.subscriptions, tables.deliveries
    answers = func.max(func.nullif(sent.c.last_answer, ""))
    by_state = {state: sent.c.state == state for state in ("waiting", "given_up", "delivered")}
    last_answer = func.coalesce(*(answers.filter(is_so) for is_so in by_state.values()), "")
    wanted = (
        select(
            *(table.c[name] for name in ("id", "url", "authority", "events", "made_by", "made_at")),
            *(func.count().filter(is_so).label(state) for state, is_so in by_state.items()),
            last_answer.label("last_answer"),
        )
        .outerjoin(sent, sent.c.subscription == table.c.id)
        .where(table.c.ended_at.is_(None))
        .group_by(table.c.id)
        .order_by(table.c.made_at, table.c.id)
    )
    if authority is not None:
        wanted = wanted.where(table.c.authority == authority)
    if id is not None:
        wanted = wanted.where(table.c.id == id)
    with register.reading() as db:
        return [Subscription(**row) for row in db.execute(wanted).mappings()]


def count(register: Register, *, authority: str | None) -> int:
    """How many subscriptions live that are of exactly this authority; None: of those that are of all."""
    table = tables.subscriptions
    same = table.c.authority.is_(None) if authority is None else table.c.authority == authority
    wanted = select(func.count()).select_from(table).where(table.c.ended_at.is_(None), same)
    with register.reading() as db:
        return db.execute(wanted).scalar_one()


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
    former = {"former_secret": table.c.secret, "former_until": datetime.now(UTC) + KEPT_FOR}
    renewed = former | {"secret": _encrypted(register, secret, id)}
    with register.writing() as db:
        db.execute(update(table).where(table.c.id == id).values(renewed))
    return secret


def try_again(register: Register, id: str) -> int:
    """Deliver anew what was given up; gives how many those are."""
    sent = tables.deliveries
    with register.writing() as db:
        given_up = (sent.c.subscription == id) & (sent.c.state == "given_up")
        again = update(sent).where(given_up).values(state="waiting", tries=0, next_at=datetime.now(UTC))
        return db.execute(again).rowcount


def reencrypt(register: Register) -> int:
    """Encrypt every secret with the keyring's present key; gives how many subscriptions there are."""
    table = tables.subscriptions
    with register.writing() as db:
        rows = db.execute(select(table.c.id, table.c.secret, table.c.former_secret)).all()
        for row in rows:
            present = {
                name: _encrypted(register, _decrypted(register, secret, row.id), row.id)
                for name, secret in (("secret", row.secret), ("former_secret", row.former_secret))
                if secret
            }
            db.execute(update(table).where(table.c.id == row.id).values(present))
    return len(rows)


def key_names(register: Register) -> list[str]:
    """The names of the keys that encrypt the secrets, one for each."""
    table = tables.subscriptions
    with register.reading() as db:
        rows = db.execute(select(table.c.secret, table.c.former_secret)).all()
    return [key_of_text(secret) for row in rows for secret in row if secret]


def fan_out(register: Register, most: int = 200) -> int:
    """Make a delivery of each new notice for each subscription that wants it; gives how many notices.

    Notices and deliveries change in one transaction, and a delivery there is already stays as it is.
    """
    table, subscribed = tables.notices, tables.subscriptions
    fresh = select(table).where(table.c.fanned_out.is_(False)).order_by(table.c.id).limit(most)
    with register.reading() as db:
        if db.execute(fresh.with_only_columns(table.c.id).limit(1)).first() is None:
            return 0
    now = datetime.now(UTC)
    with register.writing() as db:
        notices = db.execute(fresh.with_for_update(skip_locked=True)).all()
        living = db.execute(select(subscribed).where(subscribed.c.ended_at.is_(None))).all()
        fresh_delivery = {"state": "waiting", "tries": 0, "next_at": now, "last_answer": ""}
        rows = [
            {"subscription": subscription.id, "notice": notice.id, **fresh_delivery}
            for notice in notices
            for subscription in living
            if notice.event in subscription.events
            and subscription.authority in (None, notice.authority)
            and subscription.made_at <= notice.noticed_at
        ]
        if rows:
            insert_new(db, tables.deliveries, rows)
        done = [notice.id for notice in notices]
        db.execute(update(table).where(table.c.id.in_(done)).values(fanned_out=True))
    return len(done)


def lease(register: Register, most: int, besides: Collection[str] = ()) -> list[Delivery]:
    """Take of each subscription the oldest delivery that is due; each is ours until its lease is over.

    At most so many, the ones that have waited longest first; of those `besides` none. Subscriptions whose
    receiver failed to take something come after the others: however much waits for it, others go before.
    """
    sent, table, subscribed = tables.deliveries, tables.notices, tables.subscriptions
    now = datetime.now(UTC)
    due = (sent.c.state == "waiting") & (sent.c.next_at <= now)
    tried = select(sent.c.subscription).where(sent.c.state == "waiting", sent.c.tries > 0)
    fails = case((sent.c.subscription.in_(tried), 1), else_=0)
    oldest = (
        select(sent.c.subscription, func.min(sent.c.notice))
        .where(due, sent.c.subscription.not_in(besides))
        .group_by(sent.c.subscription)
        .order_by(func.min(fails), func.min(sent.c.next_at))
        .limit(most)
    )
    with register.reading() as db:
        chosen = [(row[0], row[1]) for row in db.execute(oldest)]
    if not chosen:
        return []
    wanted = (
        select(
            *(sent.c.subscription, sent.c.notice, sent.c.tries),
            *(table.c.event, table.c.noticed_at, table.c.body),
            *(subscribed.c.url, subscribed.c.secret, subscribed.c.former_secret, subscribed.c.former_until),
        )
        .join(table, table.c.id == sent.c.notice)
        .join(subscribed, subscribed.c.id == sent.c.subscription)
        .where(due, tuple_(sent.c.subscription, sent.c.notice).in_(chosen))
        .order_by(sent.c.notice)
        .with_for_update(of=sent, skip_locked=True)
    )
    with register.writing() as db:
        rows = db.execute(wanted).all()
        for row in rows:
            same = (sent.c.subscription == row.subscription) & (sent.c.notice == row.notice)
            db.execute(update(sent).where(same).values(next_at=now + LEASE))
    return [_delivery(register, row, now) for row in rows]


def _delivery(register: Register, row: Row[*tuple[Any, ...]], now: datetime) -> Delivery:
    signing = [row.secret]
    if row.former_secret and row.former_until and row.former_until > now:
        signing.append(row.former_secret)
    decrypted = [_decrypted_if_possible(register, secret, row.subscription) for secret in signing]
    about = (row.subscription, row.notice, row.url, row.tries, row.event, row.noticed_at, row.body)
    return Delivery(*about, secrets=[secret for secret in decrypted if secret])


def _encrypted(register: Register, secret: str, id: str) -> str:
    return encrypt_text(register.cipher, secret, place_of("subscriptions", "secret", {"id": id}))


def _decrypted(register: Register, secret: str, id: str) -> str:
    return decrypt_text(register.cipher, secret, place_of("subscriptions", "secret", {"id": id}))


def _decrypted_if_possible(register: Register, secret: str, id: str) -> str:
    """A secret; empty where its key is gone: one subscription must not hold up the others."""
    try:
        return _decrypted(register, secret, id)
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
