"""The complaints' own keys, each wrapped by the keyring, in a store apart from everything they protect.

Apart, so that a backup of Temporal or of the register holds no key: once a complaint's key is destroyed
here, what it sealed can be read nowhere any more, not in a history, not in a backup.

What comes before anybody knows whose it is, as an opening that waits or what an operator types into the
Temporal UI, has an **unassigned** key; it is assigned to the complaint that it turns out to belong to.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime
from time import monotonic

from sqlalchemy import (
    Column,
    DateTime,
    Engine,
    Index,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    func,
    or_,
    select,
    update,
)

from redress.security.encryption import UNASSIGNED_KEY
from redress.security.keyring import KEY, KeyDestroyed, Keyring, Unreadable
from redress.store.database import insert_new
from redress.store.schema import check

FRESH = 5.0
"""Seconds that a key is remembered before the store is asked again: a destroyed key is gone within that."""

metadata = MetaData()

complaint_keys = Table(
    "complaint_keys",
    metadata,
    Column("name", String(80), primary_key=True),
    Column("ring_key", String(40), nullable=False),
    Column("wrapped", LargeBinary),
    Column("made_at", DateTime(timezone=True), nullable=False),
    Column("destroyed_at", DateTime(timezone=True)),
    Column("belongs_to", String(80)),  # the complaint that an unassigned key was assigned to
    Column("what_stays", Text),  # of an erased complaint: its dates and outcomes, for an older register
    Index("keys_by_complaint", "belongs_to"),
)


class KeyStore:
    """The store of complaints' keys. Used from several threads."""

    def __init__(self, engine: Engine, keyring: Keyring) -> None:
        self.keyring = keyring
        self._engine = engine.execution_options(writes=True)
        self._known: dict[str, tuple[float, bytes]] = {}
        self._taken: dict[str, str] = {}  # whose an assigned key is never changes
        self._checked = False

    def remembered(self, name: str) -> bytes | None:
        """The key of a name, if it was asked for a moment ago."""
        at, key = self._known.get(name, (0.0, b""))
        return key if key and monotonic() - at < FRESH else None

    def key(self, name: str, *, make: bool = False) -> bytes:
        """The key of a complaint, or an unassigned one; `make`: a new one where there is none yet.

        Raises `KeyDestroyed` where it was destroyed, `Unreadable` where there never was one.
        """
        known = self.remembered(name)
        if known is not None:
            return known
        row = self._row(name)
        if row is None and make:
            ring_key, wrapped = self.keyring.encrypt(os.urandom(KEY), name)
            made = {"name": name, "ring_key": ring_key, "wrapped": wrapped, "made_at": datetime.now(UTC)}
            with self._engine.begin() as db:
                insert_new(db, complaint_keys, [made])
            row = self._row(name)  # somebody else's, where two asked at once
        if row is None:
            raise Unreadable(f"there is no key for {name}")
        ring_name, kept = row
        if kept is None:
            self._known.pop(name, None)
            raise KeyDestroyed(f"the key of {name} was destroyed")
        key = self.keyring.decrypt(ring_name, kept, name)
        if len(self._known) > 20_000:
            self._known.clear()
        self._known[name] = (monotonic(), key)
        return key

    # --- unassigned keys -------------------------------------------------------------------------

    def unassigned(self) -> str:
        """A new key that belongs to no complaint yet; gives its name."""
        name = UNASSIGNED_KEY + os.urandom(16).hex()
        self.key(name, make=True)
        return name

    def assign(self, name: str, reference: str) -> bool:
        """Let an unassigned key belong to the first complaint that asks, and go with it; whether to this."""
        if name in self._taken:
            return self._taken[name] == reference
        if not name.startswith(UNASSIGNED_KEY):
            return False
        self._check()
        table = complaint_keys
        with self._engine.begin() as db:
            free = (table.c.name == name) & table.c.belongs_to.is_(None)
            db.execute(update(table).where(free).values(belongs_to=reference))
            owner = db.execute(select(table.c.belongs_to).where(table.c.name == name)).scalar()
        if owner is not None:
            if len(self._taken) > 20_000:
                self._taken.clear()
            self._taken[name] = owner
        return owner == reference

    # --- erasing ---------------------------------------------------------------------------------

    def destroy(self, name: str, what_stays: str | None = None) -> bool:
        """Destroy a complaint's key and those assigned to it for good; whether there was anything to destroy.

        `what_stays`: what may be known of it afterwards, in the open. Whoever asks for the key later is
        told that it was destroyed, also where there never was one.
        """
        self._check()
        now, table = datetime.now(UTC), complaint_keys
        gone = {"wrapped": None, "destroyed_at": now}
        own = or_(table.c.name == name, table.c.belongs_to == name)
        with self._engine.begin() as db:
            names = db.execute(select(table.c.name).where(own)).scalars().all()
            done = db.execute(update(table).where(own, table.c.wrapped.is_not(None)), gone)
            insert_new(db, table, [{"name": name, "ring_key": "", "made_at": now} | gone])
            if what_stays is not None:
                db.execute(update(table).where(table.c.name == name).values(what_stays=what_stays))
        for each in names:
            self._known.pop(each, None)
        if self._engine.dialect.name == "sqlite":  # nor in the file's log
            raw = self._engine.raw_connection()
            try:
                raw.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)").close()
            finally:
                raw.close()
        return bool(done.rowcount)

    def is_destroyed(self, name: str) -> bool:
        """Whether a complaint's key was destroyed."""
        row = self._row(name)
        return row is not None and row[1] is None

    def what_stays(self, name: str) -> str | None:
        """What may still be known of a complaint whose key was destroyed."""
        self._check()
        table = complaint_keys
        wanted = select(table.c.what_stays).where(table.c.name == name, table.c.wrapped.is_(None))
        with self._engine.connect() as db:
            return db.execute(wanted).scalar()

    def destroyed(self) -> list[str]:
        """The references of all complaints whose keys were destroyed."""
        self._check()
        table = complaint_keys
        gone = select(table.c.name).where(
            table.c.wrapped.is_(None), table.c.name.not_like(f"{UNASSIGNED_KEY}%")
        )
        with self._engine.connect() as db:
            return list(db.execute(gone.order_by(table.c.name)).scalars())

    # --- looking after it ------------------------------------------------------------------------

    def has(self, name: str) -> bool:
        """Whether a name ever had a key here."""
        return self._row(name) is not None

    def rewrap(self) -> tuple[int, int]:
        """Wrap every key with the keyring's present key; gives how many were and how many are there."""
        self._check()
        table = complaint_keys
        done = 0
        with self._engine.connect() as db:
            rows = db.execute(select(table.c.name, table.c.ring_key, table.c.wrapped)).all()
        there = [row for row in rows if row.wrapped is not None]
        for row in there:
            if row.ring_key == self.keyring.present:
                continue
            ring_key, wrapped = self.keyring.encrypt(
                self.keyring.decrypt(row.ring_key, row.wrapped, row.name), row.name
            )
            with self._engine.begin() as db:
                same = (table.c.name == row.name) & (table.c.wrapped == row.wrapped)
                done += db.execute(
                    update(table).where(same).values(ring_key=ring_key, wrapped=wrapped)
                ).rowcount
        return done, len(there)

    def keyring_names(self) -> dict[str, int]:
        """How many keys each key of the keyring wraps."""
        self._check()
        table = complaint_keys
        living = select(table.c.ring_key, func.count()).where(table.c.wrapped.is_not(None))
        with self._engine.connect() as db:
            return {row[0]: row[1] for row in db.execute(living.group_by(table.c.ring_key))}

    def _row(self, name: str) -> tuple[str, bytes | None] | None:
        self._check()
        table = complaint_keys
        with self._engine.connect() as db:
            row = db.execute(select(table.c.ring_key, table.c.wrapped).where(table.c.name == name)).first()
        return (row.ring_key, row.wrapped) if row is not None else None

    def _check(self) -> None:
        if not self._checked:
            check(self._engine, "key_store")
            self._checked = True
