"""Authorities' directories: each change a row that stays, under the authority's own key."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Literal, NamedTuple

from sqlalchemy import Connection, RowMapping, bindparam, insert, select

from redress.domain.directory import Directory, DirectoryEntry, Listed
from redress.security.encryption import decrypt_document, encrypt_for_authority
from redress.store.places import place_of
from redress.store.register import Register
from redress.store.tables import directory as table

Change = Literal["added", "changed", "removed"]


class NewChange(NamedTuple):
    """What a person of a directory is to be. `removed`: `entry` is who they were."""

    person: str
    change: Change
    entry: DirectoryEntry


class Version(NamedTuple):
    """One change of a person: who made it, when (UTC), and what they were from then on."""

    number: int
    change: Change
    changed_by: str
    changed_at: datetime
    entry: DirectoryEntry


class State(NamedTuple):
    """A directory, and its last change: by number, and when."""

    number: int
    changed_at: datetime | None
    directory: Directory


_NEWEST = (
    select(table.c.number, table.c.changed_at)
    .where(table.c.authority == bindparam("of"))
    .order_by(table.c.number.desc())
    .limit(1)
)

_CACHE: dict[tuple[str, str], State] = {}
"""The directories of this process by register and authority: read anew once something was changed."""


def current(register: Register, db: Connection, authority: str) -> State:
    """An authority's directory as it is now. Raises `Unreadable`."""
    last = db.execute(_NEWEST, {"of": authority}).first()
    if last is None:
        return State(0, None, Directory())
    name = str(register.engine.url), authority
    known = _CACHE.get(name)
    if known is not None and known[:2] == (last.number, last.changed_at):
        return known
    rows = select(table).where(table.c.authority == authority).order_by(table.c.number)
    newest_of = {row["person"]: row for row in db.execute(rows).mappings()}  # in the order they were added
    listed = [
        Listed(person, _entry_of(register, row))
        for person, row in newest_of.items()
        if row["change"] != "removed"
    ]
    state = State(last.number, last.changed_at, Directory(listed))
    _CACHE[name] = state
    return state


def change(
    register: Register, db: Connection, authority: str, after: int, new: list[NewChange], by: str
) -> None:
    """Keep changes that follow the change `after`. Raises `IntegrityError` where that is not the last."""
    now, rows = datetime.now(UTC), []
    for number, each in enumerate(new, after + 1):
        row = {
            "authority": authority,
            "number": number,
            "person": each.person,
            "change": each.change,
            "changed_by": by,
            "changed_at": now,
        }
        document = each.entry.model_dump(mode="json", by_alias=True, exclude_defaults=True)
        place = place_of(table.name, "body", row)
        rows.append(row | {"body": encrypt_for_authority(register.cipher, document, authority, place)})
    db.execute(insert(table), rows)


def whose(db: Connection, person: str) -> str | None:
    """The authority in whose directory somebody is or was."""
    return db.execute(select(table.c.authority).where(table.c.person == person).limit(1)).scalar()


def versions(register: Register, db: Connection, person: str) -> list[Version]:
    """Every change of a person, the first one first."""
    rows = select(table).where(table.c.person == person).order_by(table.c.number)
    return [
        Version(row["number"], row["change"], row["changed_by"], row["changed_at"], _entry_of(register, row))
        for row in db.execute(rows).mappings()
    ]


def _entry_of(register: Register, row: RowMapping) -> DirectoryEntry:
    document = decrypt_document(register.cipher, row["body"], place_of(table.name, "body", row))
    return DirectoryEntry.model_validate(document)
