"""The proof of an erasure: a search for what could still be read of a complaint, place by place."""

from __future__ import annotations

import json
import mmap
from collections.abc import Iterable, Iterator
from pathlib import Path

from pydantic import BaseModel
from sqlalchemy import select

from redress.security.encryption import (
    REGISTER_KEY,
    Place,
    decrypt_document,
    decrypt_text,
    key_of,
    key_of_text,
)
from redress.security.keyring import Unreadable
from redress.store import tables
from redress.store.places import ENCRYPTED, place_of
from redress.store.register import Register

TELLING = 8
"""Bytes of a text that is searched for in files, and of more than one word: less stands there by chance."""


class Searched(BaseModel):
    """One place that was searched: how much was looked at, and in how much of it something was readable.

    `found`: where that is, as table or file.
    """

    where: str
    looked_at: int
    readable: int
    found: list[str] = []


def search_record(register: Register, reference: str) -> Searched:
    """Whether anything of the complaint that was encrypted can still be decrypted."""
    looked, found = 0, []
    with register.reading() as db:
        for table in tables.metadata.sorted_tables:
            if "reference" not in table.c:
                continue
            for row in db.execute(select(table).where(table.c.reference == reference)).mappings():
                for name in ENCRYPTED[table.name].columns if table.name in ENCRYPTED else ():
                    decrypts = _decrypts(register, row[name], place_of(table.name, name, row))
                    looked += 0 if decrypts is None else 1
                    found += [f"{table.name}.{name}"] if decrypts else []
    return _searched("encrypted values of the register", looked, found)


def _decrypts(register: Register, value: object, place: Place) -> bool | None:
    """Whether a value can be decrypted; None where it is not encrypted, or holds nothing personal."""
    try:
        match value:
            case str() if key_of_text(value):
                decrypt_text(register.cipher, value, place)
            case dict() if key_of(value) not in ("", REGISTER_KEY):
                decrypt_document(register.cipher, value, place)
            case _:
                return None
    except Unreadable:
        return False
    return True


def search_texts(register: Register, marks: Iterable[str]) -> Searched:
    """Whether any of the complaint's texts stands readable in any row of the register."""
    wanted = list(marks)
    looked, found = 0, []
    with register.reading() as db:
        for table in tables.metadata.sorted_tables:
            for row in db.execute(select(table)).mappings():
                looked += 1
                text = " ".join(str(value) for value in row.values())
                found += [table.name] if any(mark in text for mark in wanted) else []
    return _searched("rows of the register", looked, found)


def search_folder(folder: Path) -> Searched:
    """Whether letters of the complaint still lie in the outbox."""
    files = [path for path in folder.rglob("*") if path.is_file()] if folder.exists() else []
    return _searched("letters in the outbox", len(files), [path.name for path in files])


def search_files(state: Path, marks: Iterable[str]) -> Searched:
    """Whether any of the complaint's texts stands in a database's file or a log: pages that are free, too."""
    wanted = [*_as_written(marks)]
    looked, found = 0, []
    for path in sorted([*state.glob("*.db*"), *state.glob("logs/*")]):
        if not path.is_file():
            continue
        looked += 1
        if path.stat().st_size and _holds(path, wanted):
            found.append(str(path.relative_to(state)))
    return _searched("files of databases and logs", looked, found)


def _as_written(marks: Iterable[str]) -> Iterator[bytes]:
    """Texts that name somebody, as they stand in a file: as they are, and as JSON has them."""
    for mark in marks:
        if len(mark) >= TELLING and (" " in mark or "@" in mark):
            yield from {mark.encode("utf-8", "surrogatepass"), json.dumps(mark)[1:-1].encode()}


def _holds(path: Path, wanted: list[bytes]) -> bool:
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as whole:
        return any(whole.find(mark) >= 0 for mark in wanted)


def _searched(where: str, looked: int, found: list[str]) -> Searched:
    return Searched(where=where, looked_at=looked, readable=len(found), found=sorted({*found})[:20])
