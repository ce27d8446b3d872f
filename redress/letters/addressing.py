"""To whom a letter is written, and by what it is to leave: when it is written, and when it is sent again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from sqlalchemy import Connection

from redress.domain.case import Case
from redress.letters.delivery.contact_routes import Reach, reach_of
from redress.letters.delivery.outbound import Recipient, Route
from redress.letters.delivery.text_message import text_message
from redress.letters.letter import Letter, letters_for
from redress.procedures.authority import Authority
from redress.procedures.loader import authority
from redress.security.encryption import encrypt_document
from redress.store import letters as kept
from redress.store.letters import Kept, Written
from redress.store.register import Register

BY_TEXT = "_text"
"""What the recipient of a text message is called by, beside the recipient of the letter it tells of."""


def written(case: Case, effect: Mapping[str, Any], on: date, *, texts: bool) -> Iterator[Written]:
    """The letters of an effect, each with how it is to leave; `texts`: text messages are sent beside them."""
    own = authority(case.intake.authority)
    for letter in letters_for(case, own, effect, on):
        reach = reach_of(case, own, letter.recipient)
        blank = Recipient(subject=letter.subject, sender=own.title, reply_to=own.contact.email)
        envelope = _addressed(blank, reach)
        yield Written(letter.key, letter.recipient, letter.name, on, _first(reach), envelope, letter.text)
        if reach.wants_text and texts:
            yield _told_by_text(letter, case.reference, own, envelope)


def readdress(register: Register, db: Connection, case: Case, row: Kept) -> None:
    """Before a person has a letter sent again: to where whoever it is for is reached now.

    An address that was wrong is corrected in the complaint; what is written in the letter stays. A copy for
    an advocate who has been replaced by another stays theirs.
    """
    recipient = str(row.recipient).removesuffix(BY_TEXT)
    envelope = kept.recipient_of(register.cipher, row)
    advocate = case.fold.people.advocate
    if recipient == "advocate" and (advocate is None or advocate.name != envelope.name):
        return
    reach = reach_of(case, authority(case.intake.authority), recipient)
    now = _addressed(envelope, reach)
    if recipient != row.recipient:
        now, first = now.model_copy(update={"ways": ["text"], "why_none": envelope.why_none}), "text"
    else:
        first = _first(reach)
    if now != envelope:
        sealed = encrypt_document(register.cipher, now.model_dump(mode="json"), case.reference)
        kept.change(db, row, (*kept.RAISED, "ready"), envelope=sealed, means=first)


def _addressed(envelope: Recipient, reach: Reach) -> Recipient:
    return envelope.model_copy(
        update={
            "name": reach.name,
            "email": reach.email,
            "telephone": reach.telephone,
            "address": reach.address,
            "ways": reach.ways,
            "why_none": reach.why_none,
        }
    )


def _first(reach: Reach) -> Route:
    return reach.ways[0] if reach.ways else "none"


def _told_by_text(letter: Letter, reference: str, own: Authority, envelope: Recipient) -> Written:
    """The text message beside a letter; not being able to send it is raised like any other."""
    said = text_message(letter, reference, own)
    by_text = envelope.model_copy(update={"ways": ["text"], "subject": "A letter is there for you"})
    return Written(letter.key, f"{letter.recipient}{BY_TEXT}", letter.name, letter.on, "text", by_text, said)
