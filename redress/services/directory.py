"""An authority's directory: who is in it, changes by hand, and many at once from a CSV file.

A change is of one person and stays on record with who made it and when. What is wrong changes nothing.
"""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple, TypeVar

from pydantic import ValidationError
from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from redress.domain.contact_details import contact_problems
from redress.domain.directory import DIRECTORY_ROLES, Directory, DirectoryEntry, Listed, NamedBy
from redress.domain.parsing import Malformed, Problem, problems_of
from redress.domain.words import same_words
from redress.procedures.loader import authority as authority_file
from redress.services.directory_csv import Row, read_rows
from redress.services.errors import Decided, NotFound
from redress.store import directory as store
from redress.store.directory import NewChange, Version
from redress.store.register import Register

T = TypeVar("T")

_LEFT_OUT = object()
"""What a field is that is to say what it says of somebody of whom nothing is known."""

MOST_PEOPLE = 5000
"""How many people a directory may have."""


class NoSuchPerson(NotFound):
    """There is nobody of this key, or other staff see them."""

    def __init__(self, key: str) -> None:
        Exception.__init__(self, f"there is nobody {key} in the directory")


class Imported(NamedTuple):
    """What a file changed, or would: names. `unchanged` counts those who are as the file says already."""

    added: list[str]
    changed: list[str]
    unchanged: int


class Plan(NamedTuple):
    """A directory as it is to be, and what to keep for that."""

    listed: list[Listed]
    new: list[NewChange]


def people(register: Register, authority: str, *, role: str = "", team: str = "") -> list[Listed]:
    """The people of a directory in the order they were added, by part or team where asked for.

    Raises `Malformed` where there is no such authority or part.
    """
    authority_file(authority)
    if role and role not in DIRECTORY_ROLES:
        raise Malformed([Problem("role", f"should be one of {', '.join(DIRECTORY_ROLES)}", "not_one_of")])
    return [
        each
        for each in directory_of(register, authority)
        if (not role or role in each.entry.roles)
        and (not team or same_words(team) in map(same_words, each.entry.teams))
    ]


def directory_of(register: Register, authority: str) -> Directory:
    """An authority's directory as it is now."""
    with register.reading() as db:
        return store.current(register, db, authority).directory


def history(register: Register, key: str, authority: str | None) -> list[Version]:
    """Every change of one person, in their order; `authority`: whose staff ask. Raises `NoSuchPerson`."""
    with register.reading() as db:
        whose = store.whose(db, key)
        if whose is None or authority not in (None, whose):
            raise NoSuchPerson(key)
        return store.versions(register, db, key)


def shown(listed: Listed) -> dict[str, Any]:
    """A person as callers get them."""
    return {"person": listed.key} | fields_of(listed.entry)


def shown_with_changes(key: str, versions: list[Version]) -> dict[str, Any]:
    """The same with each change, the first one first."""
    changes = [
        {"change": e.change, "by": e.changed_by, "at": e.changed_at.isoformat(), "entry": fields_of(e.entry)}
        for e in versions
    ]
    now = versions[-1]
    return shown(Listed(key, now.entry)) | {"removed": now.change == "removed", "changes": changes}


def fields_of(entry: DirectoryEntry) -> dict[str, Any]:
    """What an entry says, as it is written."""
    return entry.model_dump(mode="json", by_alias=True)


def key_of(register: Register, authority: str, text: str) -> str:
    """The key of the one person that a key, number, e-mail address or name means. Raises as people expect."""
    listed = directory_of(register, authority).listed
    for found in (
        [each.key for each in listed if each.key == text],
        [each.key for each in listed if each.entry.is_called(text)],
    ):
        if len(found) == 1:
            return found[0]
        if found:
            what = f"means {len(found)} people: give one of {', '.join(found)}"
            raise Malformed([Problem("person", what, "invalid")])
    raise NoSuchPerson(text)


def add(register: Register, authority: str, fields: Mapping[str, Any], by: str) -> Listed:
    """Add somebody. Raises `Malformed`, `Decided` where it was changed meanwhile."""
    authority_file(authority)
    entry = parsed(fields)

    def plan(directory: Directory) -> tuple[Plan, Listed]:
        made = Listed(_new_key(), entry)
        return Plan([*directory, made], [NewChange(made.key, "added", entry)]), made

    return _change(register, authority, plan, by)


def change(register: Register, key: str, fields: Mapping[str, Any], authority: str | None, by: str) -> Listed:
    """Change the fields named of one person. Raises `NoSuchPerson`, `Malformed`, `Decided`."""

    def plan(directory: Directory) -> tuple[Plan, Listed]:
        before = _one(directory, key)
        given = _document(before) | {**fields}
        after = Listed(key, parsed({n: v for n, v in given.items() if v is not _LEFT_OUT}))
        new = [] if after.entry == before else [NewChange(key, "changed", after.entry)]
        return Plan([after if each.key == key else each for each in directory], new), after

    return _change(register, _whose(register, key, authority), plan, by)


def replace(
    register: Register, key: str, fields: Mapping[str, Any], authority: str | None, by: str
) -> Listed:
    """Have one person's whole entry say something else. Raises as `change` does."""
    left_out = dict.fromkeys(DirectoryEntry.model_fields, _LEFT_OUT)
    return change(register, key, left_out | {**fields}, authority, by)


def remove(register: Register, key: str, authority: str | None, by: str) -> None:
    """Take somebody out; what they were stays on record. Raises as `change` does."""

    def plan(directory: Directory) -> tuple[Plan, None]:
        entry = _one(directory, key)
        return Plan([e for e in directory if e.key != key], [NewChange(key, "removed", entry)]), None

    _change(register, _whose(register, key, authority), plan, by)


def import_csv(register: Register, authority: str, text: str, by: str, *, dry_run: bool) -> Imported:
    """Add and change the people of a CSV file, all or none; who is not in it stays as they are.

    A row is of somebody who is there by number, else by name. Columns that the file has not stay as they are.
    Raises `Malformed` with every line and column that is wrong, `Decided`.
    """
    authority_file(authority)
    rows = read_rows(text)

    def plan(directory: Directory) -> tuple[Plan, Imported]:
        return _imported(directory, rows)

    return _change(register, authority, plan, by, dry_run=dry_run)


def parsed(fields: Mapping[str, Any]) -> DirectoryEntry:
    """An entry from its fields. Raises `Malformed`, every field that is wrong."""
    wrong = contact_problems({**fields})
    try:
        entry = DirectoryEntry.model_validate({**fields})
    except ValidationError as error:
        raise Malformed([*problems_of(error), *wrong]) from None
    if wrong:
        raise Malformed(wrong)
    return entry


def _change(
    register: Register,
    authority: str,
    plan: Callable[[Directory], tuple[Plan, T]],
    by: str,
    *,
    dry_run: bool = False,
) -> T:
    """Make a change of a directory, as it is at that moment."""
    try:
        with register.writing() as db:
            return _planned(register, db, authority, plan, by, dry_run=dry_run)
    except IntegrityError:
        raise Decided("the directory was changed at this moment: look at it and try again") from None


def _planned(
    register: Register,
    db: Connection,
    authority: str,
    plan: Callable[[Directory], tuple[Plan, T]],
    by: str,
    *,
    dry_run: bool,
) -> T:
    state = store.current(register, db, authority)
    planned, result = plan(state.directory)
    wrong = [*_conflicts(planned.listed)]
    if wrong:
        raise Malformed([Problem(field, what, "invalid") for _, field, what in wrong])
    if planned.new and not dry_run:
        store.change(register, db, authority, state.number, planned.new, by)
    return result


def _conflicts(listed: list[Listed]) -> Iterator[tuple[str, str, str]]:
    """What is wrong with a directory as a whole: whose entry, which field, what."""
    if len(listed) > MOST_PEOPLE:
        yield listed[-1].key, "people", f"a directory may have {MOST_PEOPLE} people"
    ids = Counter(same_words(entry.id) for _, entry in listed if entry.id)
    names = Counter(same_words(entry.name) for _, entry in listed)
    directory = Directory(listed)
    for key, entry in listed:
        if entry.id and ids[same_words(entry.id)] > 1:
            yield key, "id", f"{entry.id!r} is somebody else's number already"
        if names[same_words(entry.name)] > 1 and not entry.id:
            yield key, "name", f"{names[same_words(entry.name)]} people are called so: give each their number"
        if not entry.deputy:
            continue
        deputy = directory.named(entry.deputy)
        if deputy is None:
            what = "is nobody, or several people, of this directory: give a number, e-mail address or name"
            yield key, "deputy", what
        elif deputy is entry:
            yield key, "deputy", "should be somebody else"


def _imported(directory: Directory, rows: list[Row]) -> tuple[Plan, Imported]:
    listed = {each.key: each.entry for each in directory}
    lines: dict[str, Row] = {}
    new: list[NewChange] = []
    problems: list[Problem] = []
    for row in rows:
        try:
            key = _meant(directory, row)
            if key in lines:
                raise Malformed([Problem("name", f"is the person of line {lines[key].line} again")])
            before = listed.get(key) if key else None
            entry = parsed((_document(before) if before is not None else {}) | row.fields)
        except Malformed as error:
            told = [Problem(row.place(p.field), p.what, p.code) for p in error.problems]
            problems += dict.fromkeys(told)
            continue
        key = key or _new_key()
        lines[key] = row
        listed[key] = entry
        if entry != before:
            new.append(NewChange(key, "changed" if before is not None else "added", entry))
    people_ = [Listed(key, entry) for key, entry in listed.items()]
    if not problems:
        problems = [
            Problem(lines[key].place(field) if key in lines else f"{listed[key].name}, {field}", what)
            for key, field, what in _conflicts(people_)
        ]
    if problems:
        raise Malformed(problems)
    names = {word: [each.entry.name for each in new if each.change == word] for word in ("added", "changed")}
    return Plan(people_, new), Imported(names["added"], names["changed"], len(rows) - len(new))


def _meant(directory: Directory, row: Row) -> str:
    """The key of whoever a row is about; empty: somebody new.

    Raises `Malformed` where several could be, and where somebody of another name has the e-mail address: it
    may be a mailbox that they share.
    """
    own_id = str(row.fields.get("id") or "")
    fields: tuple[NamedBy, ...] = ("id", "name", "email")
    for field in fields:
        found = [
            each
            for each in directory.having(field, str(row.fields.get(field) or ""))
            if field == "id" or not (own_id and each.entry.id)
        ]
        if len(found) > 1:
            raise Malformed([Problem(field, f"{len(found)} people of the directory have it: give the id")])
        if found and field == "email":
            key = found[0].key
            what = f"is the e-mail address of {key}: where that is the same person, change their name first"
            raise Malformed([Problem(field, f"{what}; somebody else who shares it is added by hand")])
        if found:
            return found[0].key
    return ""


def _document(entry: DirectoryEntry) -> dict[str, Any]:
    return entry.model_dump(mode="json", by_alias=True, exclude_defaults=True)


def _one(directory: Iterable[Listed], key: str) -> DirectoryEntry:
    entry = next((entry for own, entry in directory if own == key), None)
    if entry is None:
        raise NoSuchPerson(key)
    return entry


def _whose(register: Register, key: str, authority: str | None) -> str:
    with register.reading() as db:
        whose = store.whose(db, key)
    if whose is None or authority not in (None, whose):
        raise NoSuchPerson(key)
    return whose


def _new_key() -> str:
    return f"pn_{secrets.token_hex(12)}"
