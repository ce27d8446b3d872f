"""The complaints' own keys, each wrapped by the keyring, in a store apart from everything they protect.

Apart, so that a backup of Temporal or of the register holds no key: once a complaint's key is destroyed
here, what it encrypted can be read nowhere any more, not in a history, not in a backup.

What comes before anybody knows whose it is, as an opening that waits or what an operator types into the
Temporal UI, has an **unassigned** key; it is assigned to the complaint that it turns out to belong to.
"""

from __future__ import annotations

import os
from contextlib import AbstractContextManager, closing
from datetime import UTC, datetime
from time import monotonic

from sqlalchemy import (
    Connection,
    Engine,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    bindparam,
    func,
    select,
)

from redress.security.encryption import UNASSIGNED_KEY
from redress.security.keyring import KEY, KeyDestroyed, MasterKeys, Unreadable
from redress.store.columns import Moment, optional, primary_key, required
from redress.store.database import insert_new, writing
from redress.store.schema import check

FRESH = 5.0
"""Seconds that a key is remembered before the store is asked again: a destroyed key is gone within that."""

metadata = MetaData()

complaint_keys = Table(
    "complaint_keys",
    metadata,
    *primary_key(String(80), "name"),
    *required(String(40), "ring_key"),
    *optional(LargeBinary, "wrapped"),
    *required(Moment, "made_at"),
    *optional(Moment, "destroyed_at"),
    *optional(String(80), "belongs_to"),  # the complaint that an unassigned key was assigned to
    *optional(Text, "what_stays"),  # of an erased complaint: its dates and outcomes, for an older register
    # The length of a complaint's record when its file closed or was erased, and the chain's code over it.
    *optional(Integer, "entries"),
    *optional(String(64), "head"),
    Index("keys_by_complaint", "belongs_to"),
)

KEYS = complaint_keys.c

_BY_NAME = select(KEYS.ring_key, KEYS.wrapped).where(KEYS.name == bindparam("of"))


class KeyStore:
    """The store of complaints' keys. Used from several threads."""

    def __init__(self, engine: Engine, keyring: MasterKeys, fresh: float = FRESH) -> None:
        self.keyring = keyring
        self._fresh = fresh
        self._engine = engine
        self._known: dict[str, tuple[float, bytes]] = {}
        self._taken: dict[str, str] = {}  # whose an assigned key is never changes
        self._checked = False

    def remembered(self, name: str) -> bytes | None:
        """The key of a name, if it was asked for a moment ago."""
        at, key = self._known.get(name, (0.0, b""))
        return key if key and monotonic() - at < self._fresh else None

    def key(self, name: str, *, make: bool = False) -> bytes:
        """The key of a complaint, or an unassigned one; `make`: a new one where there is none yet.

        Raises `KeyDestroyed` where it was destroyed, `Unreadable` where there never was one.
        """
        known = self.remembered(name)
        if known is not None:
            return known
        row = self._row(name)
        if row is None and make:
            self.make(name)  # or somebody else does, where two asked at once
            return self.key(name)
        if row is None:
            raise Unreadable(f"there is no key for {name}")
        ring_key, wrapped = row
        if wrapped is None:
            self._known.pop(name, None)
            raise KeyDestroyed(f"the key of {name} was destroyed")
        return self._remember(name, self.keyring.unwrap(ring_key, wrapped, name))

    def make(self, name: str) -> bool:
        """Make a key for a name that never had one; whether that was so."""
        key = os.urandom(KEY)
        made_by, wrapped = self.keyring.wrap(key, name)
        made = {"name": name, "ring_key": made_by, "wrapped": wrapped, "made_at": datetime.now(UTC)}
        with self._writing() as db:
            is_new = bool(insert_new(db, complaint_keys, [made]))
        if is_new:
            self._remember(name, key)
        return is_new

    def _remember(self, name: str, key: bytes) -> bytes:
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
        with self._writing() as db:
            free = (KEYS.name == name) & KEYS.belongs_to.is_(None)
            db.execute(complaint_keys.update().where(free).values(belongs_to=reference))
            owner = db.execute(select(KEYS.belongs_to).where(KEYS.name == name)).scalar()
        if owner is not None:
            if len(self._taken) > 20_000:
                self._taken.clear()
            self._taken[name] = owner
        return owner == reference

    def owner(self, name: str) -> str | None:
        """The complaint that an unassigned key belongs to; None where it still belongs to none."""
        if name in self._taken:
            return self._taken[name]
        with self._reading() as db:
            return db.execute(select(KEYS.belongs_to).where(KEYS.name == name)).scalar()

    # --- erasing ---------------------------------------------------------------------------------

    def destroy(self, name: str, what_stays: str | None = None) -> bool:
        """Destroy a complaint's key and those assigned to it for good; whether there was anything to destroy.

        `what_stays`: what may be known of it afterwards, in the open. Whoever asks for the key later is
        told that it was destroyed, also where there never was one.
        """
        now = datetime.now(UTC)
        destroyed = {"wrapped": None, "destroyed_at": now}
        own = (KEYS.name == name) | (KEYS.belongs_to == name)
        with self._writing() as db:
            names = db.execute(select(KEYS.name).where(own)).scalars().all()
            done = db.execute(complaint_keys.update().where(own, KEYS.wrapped.is_not(None)), destroyed)
            insert_new(db, complaint_keys, [{"name": name, "ring_key": "", "made_at": now} | destroyed])
            if what_stays is not None:
                db.execute(complaint_keys.update().where(KEYS.name == name).values(what_stays=what_stays))
        for own_name in names:
            self._known.pop(own_name, None)
        if self._engine.dialect.name == "sqlite":  # nor in the file's log
            with closing(self._engine.raw_connection()) as raw:
                raw.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)").close()
        return bool(done.rowcount)

    def is_destroyed(self, name: str) -> bool:
        """Whether a complaint's key was destroyed."""
        row = self._row(name)
        return row is not None and row[1] is None

    def what_stays(self, name: str) -> str | None:
        """What may still be known of a complaint whose key was destroyed."""
        wanted = select(KEYS.what_stays).where(KEYS.name == name, KEYS.wrapped.is_(None))
        with self._reading() as db:
            return db.execute(wanted).scalar()

    def destroyed(self) -> list[str]:
        """The references of all complaints whose keys were destroyed."""
        of_complaints = KEYS.name.not_like(f"{UNASSIGNED_KEY}%")
        wanted = select(KEYS.name).where(KEYS.wrapped.is_(None), of_complaints).order_by(KEYS.name)
        with self._reading() as db:
            return list(db.execute(wanted).scalars())

    # --- the record's chain ----------------------------------------------------------------------

    def keep_head(self, name: str, entries: int, head: str) -> None:
        """Keep how long a complaint's record is, and the code over it all."""
        kept = complaint_keys.update().where(KEYS.name == name).values(entries=entries, head=head)
        with self._writing() as db:
            db.execute(kept)

    def heads(self) -> dict[str, tuple[int, str]]:
        """What was kept so, by reference."""
        wanted = select(KEYS.name, KEYS.entries, KEYS.head).where(KEYS.head.is_not(None))
        with self._reading() as db:
            return {row.name: (row.entries, row.head) for row in db.execute(wanted)}

    # --- looking after it ------------------------------------------------------------------------

    def rewrap(self) -> tuple[int, int]:
        """Wrap every key with the keyring's present key; gives how many were and how many are there."""
        done = 0
        living = select(KEYS.name, KEYS.ring_key, KEYS.wrapped).where(KEYS.wrapped.is_not(None))
        with self._reading() as db:
            rows = db.execute(living).all()
        for row in rows:
            if row.ring_key == self.keyring.present:
                continue
            key = self.keyring.unwrap(row.ring_key, row.wrapped, row.name)
            ring_key, wrapped = self.keyring.wrap(key, row.name)
            same = (KEYS.name == row.name) & (KEYS.wrapped == row.wrapped)
            change = complaint_keys.update().where(same).values(ring_key=ring_key, wrapped=wrapped)
            with self._writing() as db:
                done += db.execute(change).rowcount
        return done, len(rows)

    def keyring_names(self) -> dict[str, int]:
        """How many keys each key of the keyring wraps."""
        living = select(KEYS.ring_key, func.count()).where(KEYS.wrapped.is_not(None))
        with self._reading() as db:
            return {row[0]: row[1] for row in db.execute(living.group_by(KEYS.ring_key))}

    def _row(self, name: str) -> tuple[str, bytes | None] | None:
        with self._reading() as db:
            row = db.execute(_BY_NAME, {"of": name}).first()
        return (row.ring_key, row.wrapped) if row is not None else None

    def _writing(self) -> AbstractContextManager[Connection]:
        """A transaction. Raises `SchemaNotCurrent` on first use where the table is not this version's."""
        self._check()
        return writing(self._engine)

    def _reading(self) -> AbstractContextManager[Connection]:
        """A connection to read by, which waits for no writer. Raises as `_writing` does."""
        self._check()
        return self._engine.connect()

    def _check(self) -> None:
        if not self._checked:
            check(self._engine, "key_store")
            self._checked = True
