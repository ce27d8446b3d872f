"""The complaints' own keys: one each, wrapped by the ring, in a store apart from everything they protect.

Apart, so that a backup of Temporal or of the register holds no key: once a complaint's key is destroyed
here, what it sealed can be read nowhere any more, not in a history, not in a backup.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime
from threading import Lock
from time import monotonic

from sqlalchemy import Column, DateTime, Engine, LargeBinary, MetaData, String, Table, select, update

from privacy.ring import KEY, Ring, Unreadable
from register.database import insert_new

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
)


class Destroyed(Unreadable):
    """The complaint's key was destroyed: its personal data is erased."""


class Vault:
    """The store of complaints' keys. Used from several threads."""

    def __init__(self, engine: Engine, ring: Ring) -> None:
        self.ring = ring
        self._engine = engine.execution_options(writes=True)
        self._known: dict[str, tuple[float, bytes]] = {}
        self._made = False
        self._making = Lock()

    def remembered(self, name: str) -> bytes | None:
        """The key of a complaint, if it was asked for a moment ago."""
        at, key = self._known.get(name, (0.0, b""))
        return key if key and monotonic() - at < FRESH else None

    def key(self, name: str, *, make: bool = False) -> bytes:
        """The key of a complaint; `make`: a new one where there is none yet.

        Raises `Destroyed` where it was destroyed, `Unreadable` where there never was one.
        """
        known = self.remembered(name)
        if known is not None:
            return known
        row = self._row(name)
        if row is None and make:
            ring_key, wrapped = self.ring.seal(os.urandom(KEY), name)
            made = {"name": name, "ring_key": ring_key, "wrapped": wrapped, "made_at": datetime.now(UTC)}
            with self._engine.begin() as db:
                insert_new(db, complaint_keys, [made])
            row = self._row(name)  # somebody else's, where two asked at once
        if row is None:
            raise Unreadable(f"there is no key for {name}")
        ring_name, kept = row
        if kept is None:
            self._known.pop(name, None)
            raise Destroyed(f"the key of {name} was destroyed")
        key = self.ring.open(ring_name, kept, name)
        if len(self._known) > 20_000:
            self._known.clear()
        self._known[name] = (monotonic(), key)
        return key

    def destroy(self, name: str) -> bool:
        """Destroy a complaint's key for good; whether there was one to destroy."""
        self._make()
        gone = {"wrapped": None, "destroyed_at": datetime.now(UTC)}
        table = complaint_keys
        with self._engine.begin() as db:
            done = db.execute(update(table).where(table.c.name == name, table.c.wrapped.is_not(None)), gone)
        self._known.pop(name, None)
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

    def rewrap(self) -> tuple[int, int]:
        """Wrap every key with the ring's present key; gives how many were and how many are there."""
        self._make()
        table = complaint_keys
        done = 0
        with self._engine.connect() as db:
            rows = db.execute(select(table.c.name, table.c.ring_key, table.c.wrapped)).all()
        there = [row for row in rows if row.wrapped is not None]
        for row in there:
            if row.ring_key == self.ring.present:
                continue
            ring_key, wrapped = self.ring.seal(self.ring.open(row.ring_key, row.wrapped, row.name), row.name)
            with self._engine.begin() as db:
                same = (table.c.name == row.name) & (table.c.wrapped == row.wrapped)
                done += db.execute(
                    update(table).where(same).values(ring_key=ring_key, wrapped=wrapped)
                ).rowcount
        return done, len(there)

    def ring_names(self) -> dict[str, int]:
        """How many complaints' keys each key of the ring wraps."""
        self._make()
        counted: dict[str, int] = {}
        table = complaint_keys
        with self._engine.connect() as db:
            for name in db.execute(select(table.c.ring_key).where(table.c.wrapped.is_not(None))).scalars():
                counted[name] = counted.get(name, 0) + 1
        return counted

    def _row(self, name: str) -> tuple[str, bytes | None] | None:
        self._make()
        table = complaint_keys
        with self._engine.connect() as db:
            row = db.execute(select(table.c.ring_key, table.c.wrapped).where(table.c.name == name)).first()
        return (row.ring_key, row.wrapped) if row is not None else None

    def _make(self) -> None:
        with self._making:
            if not self._made:
                with self._engine.begin() as db:
                    metadata.create_all(db)
                self._made = True
