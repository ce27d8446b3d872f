"""To whom a letter is written, and by what it is to leave: when it is written, and when it is sent again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from sqlalchemy import Connection

from redress.domain.case import Case
from redress.letters.catalogue import catalogue
from redress.letters.delivery.contact_routes import ContactRoutes, contact_routes_of
from redress.letters.delivery.text_message import text_message
from redress.letters.letter import former_contact, letters_for
from redress.letters.recipients import is_advocate, is_outside, person_of
from redress.procedures.loader import authority
from redress.store import letters as letter_store
from redress.store.letters import LetterRow, NewLetter
from redress.store.outbound import Recipient
from redress.store.register import Register

BY_TEXT = "_text"
"""What the recipient of a text message is called by, beside the recipient of the letter it tells of."""


TO_OLD_ADDRESS = "contact_confirmed"
"""The letter that tells somebody, at the address known before, of a new address or advocate."""


def written(case: Case, effect: Mapping[str, Any], on: date, *, texts: bool) -> Iterator[NewLetter]:
    """The letters of an effect, each with how it is to leave; `texts`: text messages are sent beside them.

    What staff read in their daily digest is no letter.
    """
    own = authority(case.intake.authority)
    in_digest = catalogue()[effect["template"]].told_in_digest(own.digest.urgent)
    for letter in letters_for(case, own, effect, on):
        if in_digest and not is_outside(letter.recipient):
            continue
        routes = contact_routes_of(case, own, letter.recipient, former_contact(effect["facts"]))
        blank = Recipient(subject=letter.subject, sender=own.title, reply_to=own.contact.email)
        recipient = _addressed(blank, routes)
        yield NewLetter(letter.key, letter.recipient, letter.name, on, routes.first, recipient, letter.text)
        if routes.wants_text and texts:
            text = text_message(letter, case.reference, own)
            role = f"{letter.recipient}{BY_TEXT}"
            by_text = recipient.model_copy(
                update={"routes": ["text"], "subject": "A letter is there for you"}
            )
            yield NewLetter(letter.key, role, letter.name, on, "text", by_text, text)


def readdress(register: Register, db: Connection, case: Case, row: LetterRow) -> None:
    """Before a person has a letter sent again: to where whoever it is for is reached now.

    An address that was wrong is corrected in the complaint; what is written in the letter stays. A copy for
    an advocate who has been replaced by another stays theirs, and what tells the old address of a new one
    goes there.
    """
    if row.letter == TO_OLD_ADDRESS:
        return
    role = str(row.recipient).removesuffix(BY_TEXT)
    before = letter_store.recipient_of(register.cipher, row)
    advocate = person_of(case, role) if is_advocate(role) else None
    if is_advocate(role) and (advocate is None or advocate.name != before.name):
        return
    routes = contact_routes_of(case, authority(case.intake.authority), role)
    if role != row.recipient:
        routes = routes._replace(routes=["text"], why_no_route=before.why_no_route)
    now = _addressed(before, routes)
    if now != before:
        encrypted = letter_store.encrypted_recipient(register.cipher, now, row._mapping)
        states = (*letter_store.RAISED, "ready")
        letter_store.change(db, row, states, envelope=encrypted, means=routes.first)


def _addressed(recipient: Recipient, routes: ContactRoutes) -> Recipient:
    contact = routes._asdict()
    del contact["wants_text"]
    return recipient.model_copy(update=contact)
