"""What is known of the documents of a complaint. The files themselves lie in the document store."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Literal, NamedTuple

from sqlalchemy import Connection, RowMapping, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from redress.security.encryption import decrypt_document, encrypt_document
from redress.security.keyring import KeyDestroyed
from redress.store import tables
from redress.store.places import place_of
from redress.store.register import Register

TABLE = tables.documents

State = Literal["unscanned", "clean", "infected"]

NO_KIND = ("document", "attachment")
"""What is a document's kind where nobody has said what it is."""


class LeftOut(NamedTuple):
    """What was attached to an e-mail and is no document of its own: its name there, and why."""

    name: str
    why: str


class DocumentRow(NamedTuple):
    """One document. `document`: what it is called within the complaint. `attached_at`: UTC.

    `messages`, `letters`: what it is attached to besides the complaint, by id and by mark. `part_of`: the
    e-mails that it came with. `kind` and what follows are empty once the complaint is erased.
    """

    reference: str
    document: str
    media_type: str
    state: State
    size: int
    caller: str
    attached_at: datetime
    is_erased: bool = False
    name: str = ""
    kind: str = ""
    messages: tuple[str, ...] = ()
    letters: tuple[str, ...] = ()
    part_of: tuple[str, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    in_place_of: str = ""
    """The document in whose place it goes to whoever that, or part of it, is withheld from."""


def is_called(document: DocumentRow, said: str) -> bool:
    """Whether a message means a document: as `documents` calls it, or by the name of its file."""
    said = said.strip().casefold()
    return bool(said) and said in (document.document, document.name.casefold())


class Full(Exception):
    """The complaint has as many documents as it may have."""


def of(register: Register, reference: str) -> list[DocumentRow]:
    """The documents of a complaint, in the order in which they were attached. Raises `Unreadable`."""
    with register.reading() as db:
        return in_one(db, register, reference)


def names(register: Register, reference: str) -> set[str]:
    """What the documents of a complaint are called, also where a row cannot be read."""
    with register.reading() as db:
        return set(db.execute(select(TABLE.c.document).where(TABLE.c.reference == reference)).scalars())


def in_one(db: Connection, register: Register, reference: str) -> list[DocumentRow]:
    """The same on a connection."""
    rows = db.execute(select(TABLE).where(TABLE.c.reference == reference)).mappings().all()
    found = [_read(register, row) for row in rows]
    return sorted(found, key=lambda each: (each.attached_at, bool(each.part_of), each.name, each.document))


def add(register: Register, new: Sequence[DocumentRow], most: int) -> list[DocumentRow]:
    """Note documents of one complaint in one transaction; gives them as they stand afterwards.

    One that is there keeps its name and state, and its kind unless another is said; it is attached to what
    the new one is attached to as well. Raises `Full`: then none is noted.
    """
    for _ in range(3):
        try:
            return _added(register, new, most)
        except IntegrityError:
            continue  # another attached the same at the same moment
    raise RuntimeError("the register did not settle what is attached")


def _added(register: Register, new: Sequence[DocumentRow], most: int) -> list[DocumentRow]:
    noted: list[DocumentRow] = []
    with register.writing() as db:
        for each in new:
            row = _row(db, each.reference, each.document)
            if row is None:
                noted.append(each)
                db.execute(insert(TABLE).values(_columns(register, each)))
                continue
            before = _read(register, row)
            noted.append(
                before._replace(
                    messages=_both(before.messages, each.messages),
                    letters=_both(before.letters, each.letters),
                    part_of=_both(before.part_of, each.part_of),
                    kind=each.kind if each.kind not in NO_KIND else before.kind,
                    in_place_of=each.in_place_of or before.in_place_of,
                )
            )
            _write(db, register, noted[-1])
        if new and _count(db, new[0].reference) > most:
            raise Full
    return noted


def state_of(register: Register, reference: str, document: str) -> State | None:
    """What a scan found; None: there is no such document."""
    with register.reading() as db:
        row = _row(db, reference, document)
    return row["state"] if row is not None else None


def change_state(register: Register, reference: str, document: str, state: State) -> None:
    """Note what a scan found."""
    with register.writing() as db:
        row = _row(db, reference, document)
        if row is not None:
            _write(db, register, _read(register, row)._replace(state=state))


def now() -> datetime:
    """The moment at which something is attached."""
    return datetime.now(UTC)


def _both(one: tuple[str, ...], other: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*one, *other)))


def _count(db: Connection, reference: str) -> int:
    wanted = select(func.count()).select_from(TABLE).where(TABLE.c.reference == reference)
    return int(db.execute(wanted).scalar_one())


def _row(db: Connection, reference: str, document: str) -> RowMapping | None:
    own = (TABLE.c.reference == reference, TABLE.c.document == document)
    return db.execute(select(TABLE).where(*own).with_for_update()).mappings().first()


def _write(db: Connection, register: Register, row: DocumentRow) -> None:
    own = (TABLE.c.reference == row.reference, TABLE.c.document == row.document)
    db.execute(update(TABLE).where(*own).values(_columns(register, row)))


def _columns(register: Register, row: DocumentRow) -> dict[str, Any]:
    whole = row._asdict()
    body = {name: whole.pop(name) for name in ("name", "kind", "messages", "letters", "part_of")}
    body |= {"in_place_of": place} if (place := whole.pop("in_place_of")) else {}
    body["left_out"] = [each._asdict() for each in whole.pop("left_out")]
    del whole["is_erased"]
    return whole | {"body": encrypt_document(register.cipher, body, place_of(TABLE.name, "body", whole))}


def _read(register: Register, row: RowMapping) -> DocumentRow:
    known: dict[str, Any] = {name: row[name] for name in row if name != "body"}
    try:
        body = decrypt_document(register.cipher, row["body"], place_of(TABLE.name, "body", row))
    except KeyDestroyed:
        return DocumentRow(**known, is_erased=True)
    lists: dict[str, Any] = {name: tuple(body[name]) for name in ("messages", "letters", "part_of")}
    left_out = tuple(LeftOut(**each) for each in body["left_out"])
    return DocumentRow(
        **known,
        name=body["name"],
        kind=body["kind"],
        **lists,
        left_out=left_out,
        in_place_of=body.get("in_place_of", ""),
    )
