"""An e-mail that was kept as a file (`.eml`) becomes a contact of the complaint that it belongs to.

Which one that is a person says, or its headers do: it answers one of our e-mails. Nothing else is looked at;
what answers none waits with the unmatched requests until a person sees where it belongs.
"""

from __future__ import annotations

import asyncio
import hashlib
import html
import re
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from datetime import UTC, date
from email import message_from_bytes
from email.message import EmailMessage
from email.utils import parsedate_to_datetime
from functools import partial
from typing import Any, Literal, NamedTuple, Protocol, TypeVar

from sqlalchemy.exc import SQLAlchemyError
from temporalio.client import Client

from redress.documents.email_headers import TooMuchToParse, bounded
from redress.documents.errors import Infected, StoreUnavailable, TooLarge, WrongType
from redress.domain.log import Answer
from redress.domain.london import london_date
from redress.domain.parsing import Malformed, Problem
from redress.letters.naming import one_line
from redress.letters.recipients import is_outside
from redress.letters.visible import visible
from redress.procedures.loader import authority as authority_file
from redress.security.tokens import Caller
from redress.services import sending, unmatched
from redress.services.documents import Attachment, DocumentLine, Documents
from redress.services.errors import Rejected
from redress.store import letters
from redress.store.register import Register

T = TypeVar("T")

Direction = Literal["in", "out"]

LONGEST = 25 * 1024 * 1024
"""Bytes of a file."""

MOST_LINES, MOST_MULTIPARTS = 1_000_000, 100
"""Lines of a file, and how often it says that it has several parts: each costs time as it is read."""

SHOWN = 7_000
"""Characters of its text that a contact keeps."""

MOST_IDS = 50
"""How many messages an e-mail may say that it answers; of more the last ones are looked for."""

BEYOND = "has more lines, parts or headers than an e-mail that somebody writes"

WAITS = "it waits to be matched to a complaint: bring it again after that, and what came with it is kept"
"""Why nothing that came with an e-mail is kept yet."""

_MESSAGE_ID = re.compile(r"<([^<>\s]{1,400})>")


class Email(NamedTuple):
    """What is kept of an e-mail. `answers`: the ids of those that it answers, the nearest first."""

    id: str
    on: date | None
    sender: str
    address: str
    subject: str
    text: str
    attachments: int
    answers: list[str]
    automatic: bool

    @property
    def has_more(self) -> bool:
        """Whether there is more in it than a contact says."""
        return bool(self.attachments) or len(self.text) > SHOWN


class Taken(NamedTuple):
    """What became of an e-mail: a contact of `reference`, or kept as `request` until a person matches it.

    `documents`: the e-mail and what came with it, kept with the complaint; `not_kept`: why they are not.
    """

    reference: str | None
    request: str | None
    answer: Answer
    documents: list[DocumentLine] = []
    not_kept: str = ""


class Apart(Protocol):
    """A way to do in another thread what may take long."""

    def __call__(self, work: Callable[[], T], /) -> Awaitable[T]: ...


class NotKept(Exception):
    """An e-mail is recorded as a contact, and what came with it could not be kept: to be brought again."""

    def __init__(self, reference: str) -> None:
        super().__init__(
            f"it is recorded as a contact of {reference}; what came with it could not be kept, since the "
            "document store does not answer: bring it again later, it counts once"
        )


def read_email(raw: bytes) -> Email:
    """An e-mail from its bytes. Raises `Malformed` where it is none."""
    if len(raw) > LONGEST:
        raise _wrong(f"should have at most {LONGEST // 2**20} MB")
    if raw.count(b"\n") > MOST_LINES or raw.lower().count(b"multipart/") > MOST_MULTIPARTS:
        raise _wrong(BEYOND)
    try:
        return _read(raw)
    except (TooMuchToParse, RecursionError):
        raise _wrong(BEYOND) from None


def _read(raw: bytes) -> Email:
    message = message_from_bytes(raw, policy=bounded())
    if not message.get("From") or not (message.get("Date") or message.get("Message-ID")):
        raise _wrong("is no e-mail: it has no From, or neither Date nor Message-ID; save it as .eml")
    senders, address = [*getattr(message["From"], "addresses", ())], ""
    with suppress(IndexError):  # there is none, or one of nobody
        address = senders[0].addr_spec
    mark = _header(message, "Message-ID") or hashlib.sha256(raw).hexdigest()
    near, far = (_MESSAGE_ID.findall(_header(message, name)) for name in ("In-Reply-To", "References"))
    return Email(
        id=f"eml-{hashlib.sha256(mark.encode('utf-8', 'surrogatepass')).hexdigest()[:32]}",
        on=_london(_header(message, "Date")),
        sender=one_line(_header(message, "From"))[:200],
        address=address.casefold(),
        subject=one_line(_header(message, "Subject")),
        text=_text(message),
        attachments=sum(1 for _ in message.iter_attachments()),
        answers=list(dict.fromkeys([*near, *reversed(far)]))[:MOST_IDS],
        automatic=_is_automatic(message),
    )


def contact_of(email: Email, direction: Direction, on: date | None = None) -> dict[str, Any]:
    """The message `record_contact` that an e-mail makes; `on`: instead of its own London date.

    Raises `Malformed` where it was sent by a machine, or its date cannot be read.
    """
    if email.automatic:
        what = "is an automatic answer or a report of what was not delivered: that is no contact"
        raise _wrong(what)
    day = on or email.on
    if day is None:
        raise Malformed([Problem("on", "its date cannot be read: give the London date it was sent or came")])
    text = email.text[:SHOWN].rstrip()
    more = []
    if len(email.text) > SHOWN:
        more.append(f"[{len(email.text)} characters in all]")
    if email.attachments:
        number = "1 attachment" if email.attachments == 1 else f"{email.attachments} attachments"
        more.append(f"[{number}]")
    return {
        "message_id": email.id,
        "on": day.isoformat(),
        "direction": direction,
        "channel": "email",
        "with": email.sender,
        "summary": "\n\n".join([f"Subject: {email.subject[:500]}", *filter(None, [text]), *more]),
    }


async def take(
    client: Client,
    register: Register,
    raw: bytes,
    caller: Caller,
    *,
    documents: Documents,
    reference: str | None = None,
    direction: Direction | None = None,
    on: date | None = None,
    within: float,
    apart: Apart = asyncio.to_thread,
) -> Taken:
    """Record an e-mail as a contact, once however often it comes; then keep what came with it.

    What came with one that waits to be matched is kept once it is, and the e-mail comes again.
    `reference`: where a person says whose it is; refused where it answers a letter of another complaint.
    `direction`: left out, `out` where it comes from the authority's own addresses; `apart`: where it is read,
    and kept in the document store, either of which may take long. Raises `Malformed`,
    `NotKept` where the contact is recorded and the document store does not answer, and as `sending.send` and
    `unmatched.keep` do.
    """
    email = await apart(partial(read_email, raw))
    found = await asyncio.to_thread(answered_by, register, email.answers, caller.authority)
    about = {letter.reference for letter in found}
    if reference is not None and about and reference not in about:
        named = ", ".join(sorted(about)) if caller.only_teams is None else "another complaint"
        what = f"answers a letter of {named}: say that reference, or none"
        raise Malformed([Problem("reference", what)])
    is_ours = await asyncio.to_thread(_is_ours, register, email, reference or next(iter(about), ""), caller)
    message = contact_of(email, direction or ("out" if is_ours else "in"), on)
    name, completed = sending.accept("record_contact", message | {"by": caller.name})
    whose, claimed = reference or _one_of(email, found), next(iter(about)) if len(about) == 1 else ""
    if whose is None:
        whose = await asyncio.to_thread(unmatched.matched_to, register, caller, claimed, email.id)
    if whose is not None:
        answer = await sending.send(client, register, whose, name, completed, within)
        if not (email.has_more and (answer.applied or answer.pending)):
            return Taken(whose, None, answer)
        taken = Taken(whose, None, answer)
        return await apart(partial(_with_documents, documents, email, raw, taken, caller))
    kept, request = await asyncio.to_thread(_keep, register, caller, claimed, name, completed)
    return Taken(None, request, kept, not_kept=WAITS if email.has_more else "")


def _with_documents(documents: Documents, email: Email, raw: bytes, taken: Taken, caller: Caller) -> Taken:
    """Keep an e-mail and what came with it as documents of its contact, once. Raises `NotKept`."""
    assert taken.reference is not None, "asked for a contact"
    what = Attachment(f"{email.subject or 'e-mail'}.eml", "email", email.id)
    try:
        with documents.spool() as spool:
            spool.write(raw)
            kept = documents.attach(taken.reference, spool, what, caller.name, is_checked=True)
    except (StoreUnavailable, SQLAlchemyError) as error:
        raise NotKept(taken.reference) from error
    except (WrongType, Infected, TooLarge, Rejected) as error:
        return taken._replace(not_kept=str(error))
    return taken._replace(documents=[kept.document, *kept.parts])


def answered_by(register: Register, ids: list[str], authority: str | None) -> list[letters.SentAs]:
    """Our e-mails that have these ids, in the order of the ids; `authority`: only of its complaints."""
    with register.reading() as db:
        found = letters.sent_as(db, register.cipher, ids)
    whose = register.authorities_of({each.reference for each in found})
    return [each for each in found if authority in (None, whose.get(each.reference))]


def _one_of(email: Email, found: list[letters.SentAs]) -> str | None:
    """The complaint of a letter to the person or the advocate that it answers; None: it is not plain.

    What it answers itself goes before the thread that it stands in.
    """
    for ids in (email.answers[:1], email.answers):
        near = {each.reference for each in found if each.id in ids}
        if len(near) == 1:
            outside = all(is_outside(each.recipient) for each in found if each.id in ids)
            return near.pop() if outside else None
        if near:
            return None
    return None


def _is_ours(register: Register, email: Email, reference: str, caller: Caller) -> bool:
    """Whether it comes from an address of the authority's own."""
    name = (register.authority_of(reference) if reference else None) or caller.authority
    if name is None:
        return False
    own = authority_file(name)
    return email.address in {each.casefold() for each in (own.contact.email, *own.addresses.values()) if each}


def _keep(
    register: Register, caller: Caller, claimed: str, action: str, message: dict[str, Any]
) -> tuple[Answer, str]:
    answer = unmatched.keep(register, caller, claimed, action, message, dated=True)
    return answer, unmatched.request_of(register, caller, claimed, message["message_id"])


def _london(text: str) -> date | None:
    try:
        moment = parsedate_to_datetime(text)
        return london_date(moment if moment.tzinfo else moment.replace(tzinfo=UTC))
    except (ValueError, TypeError, OverflowError):
        return None


def _header(message: EmailMessage, name: str) -> str:
    try:
        return str(message.get(name, ""))
    except (ValueError, AttributeError, IndexError):  # a header that Python's own parser stumbles over
        return ""


def _is_automatic(message: EmailMessage) -> bool:
    """Out of office, a delivery report, a list (RFC 3834, RFC 3464)."""
    submitted = _header(message, "Auto-Submitted").casefold().partition(";")[0].strip()
    report = message.get_content_type() in ("multipart/report", "message/delivery-status")
    return submitted not in ("", "no") or report or bool(_header(message, "X-Autoreply"))


def _text(message: EmailMessage) -> str:
    body = message.get_body(("plain", "html"))
    if body is None:
        return ""
    try:
        text = str(body.get_content())
    except (LookupError, ValueError):  # a character set that nobody knows
        payload = body.get_payload(decode=True)
        text = payload.decode("latin-1") if isinstance(payload, bytes) else ""
    if body.get_content_type() == "text/html":
        text = html.unescape("".join(_without_tags(text)))
    lines = [line.rstrip() for line in visible(text.replace("\r\n", "\n")).splitlines()]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def _without_tags(text: str) -> Iterator[str]:
    """What a page shows, in pieces. Each character is looked at a few times, whatever it is like."""
    at, shown_alone = 0, set[str]()
    while (start := text.find("<", at)) >= 0 and (end := text.find(">", start) + 1):
        yield text[at:start]
        at = end
        named = _TAG.match(text, start + 1)
        name = named[0].lower() if named else ""
        if name in _BREAKS:
            yield "\n"
        elif name in _HIDES and name not in shown_alone:
            closing = _HIDES[name].search(text, end)
            if closing is None:
                shown_alone.add(name)  # and it is not looked for again
            else:
                at = closing.end()
    yield text[at:]


_TAG = re.compile(r"/?[a-z][a-z0-9]{0,20}\b", re.IGNORECASE)

_BREAKS = frozenset({"br", "/p", "/div", "/li", "/tr"})
"""Tags that end a line."""

_HIDES = {name: re.compile(rf"</{name}>", re.IGNORECASE) for name in ("style", "script", "head")}
"""Tags up to whose end nothing is shown, with that end."""


def _wrong(what: str) -> Malformed:
    return Malformed([Problem("eml", what)])
