"""To whom a letter is written, and by what it is to leave: when it is written, and when it is sent again."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import Connection

from redress.domain.case import Case
from redress.domain.directory import Directory
from redress.domain.fields import Appointee
from redress.domain.london import london_date
from redress.letters.approvers import OF_TODAY, Asked, written_to
from redress.letters.catalogue import catalogue
from redress.letters.delivery.contact_routes import (
    ContactRoutes,
    contact_routes_of,
    routes_of_appointee,
)
from redress.letters.delivery.text_message import text_message
from redress.letters.letter import Enclosing, former_contact, letters_for
from redress.letters.naming import one_line
from redress.letters.recipients import APPOINTED, is_advocate, is_outside, person_of
from redress.procedures.loader import authority
from redress.security.keyring import Unreadable
from redress.store import letters as letter_store
from redress.store.directory import current
from redress.store.letters import LetterRow, NewLetter
from redress.store.outbound import EnclosedDocument, Recipient
from redress.store.register import Register

log = logging.getLogger(__name__)

BY_TEXT = "_text"
"""What the recipient of a text message is called by, beside the recipient of the letter it tells of."""


TO_OLD_ADDRESS = "contact_confirmed"
"""The letter that tells somebody, at the address known before, of a new address or advocate."""


def directory_of(register: Register, db: Connection, case: Case) -> Directory:
    """The directory of the complaint's authority; one that cannot be read must not hold up the record."""
    try:
        return current(register, db, case.intake.authority).directory
    except Unreadable as error:
        log.error("%s: the directory cannot be read: %s", case.reference, type(error).__name__)
        return Directory()


def written(
    case: Case,
    effect: Mapping[str, Any],
    on: date,
    *,
    texts: bool,
    directory: Directory | None = None,
    enclosing: Enclosing | None = None,
) -> Iterator[NewLetter]:
    """The letters of an effect, each with how it is to leave.

    `directory`: the authority's; `texts`: text messages are sent beside them; `enclosing`: what each reader
    is sent with them. What staff read in their daily digest is no letter.
    """
    own = authority(case.intake.authority)
    in_digest = catalogue()[effect["template"]].told_in_digest(own.digest.urgent)
    for letter in letters_for(case, own, effect, on, directory, enclosing):
        if in_digest and letter.appointee is None and not is_outside(letter.recipient):
            continue
        if letter.appointee is not None:
            routes = routes_of_appointee(letter.appointee)
        else:
            former = former_contact(effect["facts"])
            routes = contact_routes_of(case, own, letter.role or letter.recipient, letter.staff, former)
        blank = Recipient(subject=letter.subject, sender=own.title, reply_to=own.contact.email)
        recipient = _addressed(blank, routes)
        brings = letter.enclosures
        waits = brings.missing, brings.why_it_waits
        whole = recipient.model_copy(
            update={
                "enclosed": [EnclosedDocument.model_validate(each._asdict()) for each in brings.enclosed],
                "follow": [*brings.follow],
            }
        )
        yield NewLetter(
            letter.key, letter.recipient, letter.name, on, routes.first, whole, letter.text, *waits
        )
        if routes.wants_text and texts:
            text = text_message(letter, case.reference, own)
            role = f"{letter.recipient}{BY_TEXT}"
            by_text = recipient.model_copy(
                update={"routes": ["text"], "subject": "A letter is there for you"}
            )
            yield NewLetter(letter.key, role, letter.name, on, "text", by_text, text, *waits)


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
    directory = current(register, db, case.intake.authority).directory
    if role.startswith(APPOINTED):
        appointee = _still_known(case, directory, role, before.name)
        if appointee is None:
            return
        routes = routes_of_appointee(appointee)
    else:
        today = london_date(datetime.now(UTC))
        asked = Asked(role, None)
        if not is_outside(role):
            asked = written_to(case, str(row.letter), role, OF_TODAY, directory, today)
        routes = contact_routes_of(case, authority(case.intake.authority), asked.role, asked.person)
    if role != row.recipient:
        routes = routes._replace(routes=["text"], why_no_route=before.why_no_route)
    now = _addressed(before, routes)
    # What no channel could carry is tried by its own way again: it may be another one, or carry more now.
    if now != before or row.means == "none":
        encrypted = letter_store.encrypted_recipient(register.cipher, now, row._mapping)
        states = (*letter_store.RAISED, "ready")
        letter_store.change(db, row, states, envelope=encrypted, means=routes.first)


def _still_known(case: Case, directory: Directory, recipient: str, name: str) -> Appointee | None:
    """Whoever of that part and name was appointed, as they are reached now."""
    for held in reversed(case.state.people.appointments):
        if recipient.startswith(APPOINTED + held.role):
            person = directory.reached(held.person)
            if one_line(person.name or "") == name:
                return person
    return None


def _addressed(recipient: Recipient, routes: ContactRoutes) -> Recipient:
    contact = routes._asdict()
    del contact["wants_text"]
    return recipient.model_copy(update=contact)
