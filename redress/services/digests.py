"""The daily digest: what each mailbox of staff has late, due and to decide, a line a case, once a day.

It is worked out from the lists, so it can hide nothing that they show. No line names anybody: a reference,
what is owed, by whom and by which day.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from functools import lru_cache
from hashlib import sha256
from itertools import chain, groupby
from operator import attrgetter
from pathlib import Path
from typing import Literal, NamedTuple

from jinja2 import Template

from redress.contract import DigestReport
from redress.domain.calendar import Calendar, full_date
from redress.domain.case import Case
from redress.domain.contact_details import usable_email
from redress.domain.directory import Directory
from redress.domain.drafts import APPROVAL
from redress.domain.enclosures import FOLLOWS
from redress.domain.enclosures import WAITS as WAITS_FOR_ENCLOSURE
from redress.domain.people import People
from redress.letters.approvers import OF_TODAY, Asked, asked_for
from redress.letters.delivery.channel import Accepted, CannotAsk, Channel, NotNow, Refused, Unsure
from redress.letters.delivery.channels import Channels
from redress.letters.delivery.notice import hand_day
from redress.letters.delivery.outbound import OutboundLetter
from redress.letters.drafts import lacking
from redress.letters.enclosures import titled
from redress.letters.naming import listed, titles_of
from redress.letters.stored_enclosures import EnclosureLookup
from redress.procedures.authority import Authority
from redress.procedures.bank_holidays import calendar_today
from redress.procedures.loader import authority, authority_names, procedure
from redress.security.keyring import MissingKey, Unreadable
from redress.services.text_templates import text_template
from redress.store import digests as store
from redress.store import listing
from redress.store.directory import current
from redress.store.listing import ComplaintFilter, OwedDate, OwedFilter
from redress.store.outbound import Recipient
from redress.store.register import Register

log = logging.getLogger(__name__)

TEMPLATE = Path(__file__).parent / "digest.txt.jinja"


class DigestLine(NamedTuple):
    """One case in a digest: what of it is told, in a sentence without anybody's name.

    `owed`: the dates that it tells of, the first of them first; `waits`: that something is to decide.
    """

    reference: str
    says: str
    owed: tuple[OwedDate, ...] = ()
    waits: bool = False


class Digest(NamedTuple):
    """What one mailbox is told on a London date; `new` are the cases that became late the day before.

    `to_decide` waits for a person without a limit of its own; `today` and `soon` are due.
    """

    authority: str
    mailbox: str
    on: date
    kind: Literal["digest", "urgent"]
    new: list[DigestLine]
    late: list[DigestLine]
    today: list[DigestLine]
    soon: list[DigestLine]
    to_decide: list[DigestLine]

    @property
    def cases(self) -> int:
        """How many cases it tells of."""
        told = (*self.new, *self.late, *self.today, *self.soon, *self.to_decide)
        return len({line.reference for line in told})

    @property
    def cannot_wait(self) -> bool:
        """Whether it is told on a day that is no working day too: a limit was missed, or ends today."""
        return bool(self.new or self.today)


def digests_of(register: Register, name: str, on: date) -> list[Digest]:
    """The digests of an authority on a London date; none where there is nothing to tell.

    On a day that is no working day only those with something new.
    """
    calendar = calendar_today()
    is_office_day = calendar.is_working_day(on)
    return [
        digest
        for digest in _of_authority(register, name, on, calendar)
        if digest.cases and (is_office_day or digest.cannot_wait)
    ]


def text_of(digest: Digest) -> str:
    """A digest as its readers get it."""
    own = authority(digest.authority)
    return _template().render(
        digest=digest, on=full_date(digest.on), authority=own, subject=subject_of(digest)
    )


def subject_of(digest: Digest) -> str:
    """What its e-mail is called."""
    cases = "1 case" if digest.cases == 1 else f"{digest.cases} cases"
    if digest.kind == "urgent":
        return f"Urgent: the last day is today in {cases}"
    return f"Your complaints today: {cases}"


def send_digests(register: Register, channels: Channels, on: date) -> DigestReport:
    """Send the digests of a London date: each once for a mailbox and day, however often this is called.

    Each authority by itself: one whose file or record cannot be read keeps no other's from leaving. Raises
    `NotNow` where one has not left, or could not be worked out, and can be tried again.
    """
    report, waits = DigestReport(), None
    for name in authority_names():
        try:
            digests = digests_of(register, name, on)
        except Exception as error:  # whatever is wrong with one authority is tried again, after the others
            log.error("the daily digests of %s cannot be worked out: %s", name, type(error).__name__)
            waits = NotNow(f"the digests of {name} cannot be worked out: {type(error).__name__}")
            continue
        for digest in digests:
            try:
                state = _sent(register, channels, digest)
            except NotNow as failure:
                waits = failure
                continue
            report.sent += state == "sent"
            report.failed += state in ("failed", "unsure")
    if waits is not None:
        raise waits
    return report


def _sent(register: Register, channels: Channels, digest: Digest) -> store.DigestState:
    """What became of a digest: it is claimed by its row first, and given back where it has not left."""
    place = store.DigestPlace(digest.authority, _mark(register, digest), digest.on, digest.kind)
    channel, letter = channels.channel("staff"), _letter(digest, place)
    if channel is None:
        raise NotNow("nothing takes letters to staff: see the settings", down=True)
    with register.writing() as db:
        held = store.claim(db, place, digest.cases)
    if held == "sending":  # somebody was stopped between handing over and noting it
        return _noted(register, place, *_found(channel, letter))
    if held == "held":
        raise NotNow("it is being sent")
    if held is not None:
        return "already"
    try:
        accepted = channel.send(letter)
    except NotNow:
        with register.writing() as db:
            store.give_back(db, place)
        raise
    except Refused as failure:
        return _noted(register, place, "failed", failure.reason)
    except Unsure as failure:
        return _noted(register, place, "unsure", failure.reason)
    return _noted(register, place, "sent", "", accepted)


def _found(channel: Channel, letter: OutboundLetter) -> tuple[store.DigestState, str, Accepted | None]:
    """What a channel knows of a digest that may have been handed over. Raises `NotNow`."""
    try:
        accepted = channel.find(letter)
    except CannotAsk:
        accepted = None
    if accepted is not None:
        return "sent", "", accepted
    return "unsure", "whoever was handing it over stopped before they could say what became of it", None


def _noted(
    register: Register,
    place: store.DigestPlace,
    state: store.DigestState,
    reason: str,
    accepted: Accepted | None = None,
) -> store.DigestState:
    if state != "sent":  # the next day's tells all of it again
        log.error("a daily digest of %s did not leave: %s", place.authority, reason)
    with register.writing() as db:
        store.end(db, place, state, reason=reason or None, found_at=accepted.place if accepted else None)
    return state


def _letter(digest: Digest, place: store.DigestPlace) -> OutboundLetter:
    own = authority(digest.authority)
    recipient = Recipient(
        subject=subject_of(digest),
        email=digest.mailbox,
        routes=["staff"],
        sender=own.title,
        reply_to=own.contact.email,
    )
    key = f"{digest.kind}:{digest.authority}:{place.mailbox}:{digest.on.isoformat()}"
    return OutboundLetter(
        reference=f"DIGEST-{digest.on:%Y%m%d}",
        key=key,
        role="staff",
        name=f"daily_{digest.kind}",
        on=digest.on,
        route="staff",
        token=sha256(key.encode()).hexdigest()[:32],
        recipient=recipient,
        text=text_of(digest),
        authority=digest.authority,
    )


def _mark(register: Register, digest: Digest) -> str:
    return register.cipher.mac(digest.mailbox.casefold(), "mailbox")


# --- what is told ------------------------------------------------------------------------------------


def _of_authority(register: Register, name: str, on: date, calendar: Calendar) -> Iterator[Digest]:
    own = authority(name)
    owed = [each for _, each in listing.owed(register, OwedFilter(authority=name), on) if _is_staffs(each)]
    decide = _to_decide(register, name)
    if not owed and not decide:
        return
    procedures = {
        line.reference: line.procedure
        for line in listing.complaints(register, ComplaintFilter(authority=name), on)
    }
    mailboxes = _Mailboxes(register, own, on)
    wording = _Wording(own, procedures, on, mailboxes)
    manager = mailboxes.of("complaints_manager")
    by_mailbox: dict[str, list[OwedDate]] = {manager: []}
    for each in owed:
        by_mailbox.setdefault(mailboxes.of_date(each), []).append(each)
    for mailbox, dates in by_mailbox.items():
        ends = [each for each in dates if each.due_on == on and each.kind == "limit"]
        if ends and "last_day" in own.digest.urgent:
            yield Digest(name, mailbox, on, "urgent", [], [], wording.lines(ends), [], [])
        waits = decide if mailbox == manager else {}
        yield _digest(name, mailbox, on, wording.lines(dates, waits), _Days(on, calendar, own))


def _digest(name: str, mailbox: str, on: date, lines: Sequence[DigestLine], days: _Days) -> Digest:
    """The digest of a mailbox: each case stands in it once, where it is the most urgent."""
    parts: dict[str, list[DigestLine]] = {part: [] for part in ("new", "late", "today", "soon", "to_decide")}
    for line in lines:
        part = days.part_of(line)
        if part:
            parts[part].append(line)
    return Digest(name, mailbox, on, "digest", **parts)


class _Days:
    """Where a case stands in a digest of a day."""

    def __init__(self, on: date, calendar: Calendar, own: Authority) -> None:
        self.on, self.eve = on, calendar.before(on, 1)
        self.last = calendar.add(on, own.digest.due_within)

    def part_of(self, line: DigestLine) -> str:
        """The part for a line; empty: what it tells is due much later, and nothing else waits."""
        if any(self.eve <= each.due_on < self.on and each.kind == "limit" for each in line.owed):
            return "new"
        first = line.owed[0].due_on if line.owed else date.max
        if first <= self.on:
            return "late" if first < self.on else "today"
        if line.waits:
            return "to_decide"
        return "soon" if first <= self.last else ""


def _is_staffs(owed: OwedDate) -> bool:
    return owed.kind != "window" and owed.owner not in ("complainant", "ombudsman", "nobody")


class _Mailboxes:
    """Where whoever owes something is told: by the directory, else at the address of the role."""

    def __init__(self, register: Register, own: Authority, on: date) -> None:
        self._register, self._own, self._on = register, own, on
        self._directory = _directory(register, own.name)
        self._cases: dict[str, Case | None] = {"": None}
        self._spelt: dict[str, str] = {}

    def of_date(self, owed: OwedDate) -> str:
        """The mailbox of whoever owes something: the approval of a letter passes on from person to person."""
        asked = self.approver(owed)
        if asked is None:
            return self.of(owed.owner, owed.reference)
        return self._spelled(usable_email(asked.person.email) if asked.person is not None else "", asked.role)

    def approver(self, owed: OwedDate) -> Asked | None:
        """Who is asked to approve a letter; None where it is something else that is owed."""
        case = self._case(owed.reference) if owed.name == APPROVAL.name else None
        return asked_for(case, OF_TODAY, self._directory, self._on) if case is not None else None

    def lacks(self, owed: OwedDate) -> list[str]:
        """What the letter lacks that a date is about; a fault in one keeps no digest from anybody."""
        case = self._case(owed.reference) if owed.name in (APPROVAL.name, WAITS_FOR_ENCLOSURE.name) else None
        if case is None:
            return []
        if owed.name == WAITS_FOR_ENCLOSURE.name:
            waits = case.state.enclosures
            copies = (kinds for key in sorted(waits.awaited) for kinds in waits.waits[key].values())
            return [titled(kind) for kind in dict.fromkeys(chain.from_iterable(copies))]
        try:
            with self._register.reading() as db:
                lookup = EnclosureLookup(self._register, db)
                return lacking(case, OF_TODAY, self._on, self._directory, lookup)
        except Exception as error:
            log.error("%s: what a draft lacks cannot be told: %s", owed.reference, type(error).__name__)
            return []

    def of(self, owner: str, reference: str = "") -> str:
        """The mailbox of an owner in a complaint; without one, of the role as such."""
        email = ""
        if self._directory.listed:
            case = self._case(reference)
            about = case.opening.about if case is not None else None
            people = case.state.people if case is not None else People(None)
            teams = about.all_teams if about is not None else []
            found = self._directory.responsible(owner, teams=teams, people=people, on=self._on)
            email = usable_email(found.email) if found is not None else ""
        return self._spelled(email, owner)

    def _spelled(self, email: str, owner: str) -> str:
        """An address, else that of a role: one mailbox, however it is written."""
        by_role = {str(role): address for role, address in self._own.addresses.items()}
        email = email or by_role.get(owner) or self._own.contact.email
        return self._spelt.setdefault(email.casefold(), email)

    def _case(self, reference: str) -> Case | None:
        """A complaint, which says its teams and who has a part in it; None where it cannot be read."""
        if reference not in self._cases:
            try:
                with self._register.reading() as db:
                    recorded = self._register.case(db, reference)
            except MissingKey:
                raise
            except Unreadable:  # erased since this register's backup, or changed: verify says which
                recorded = None
            self._cases[reference] = recorded[0] if recorded is not None else None
        return self._cases[reference]


def _directory(register: Register, name: str) -> Directory:
    """An authority's directory; one that cannot be read must not keep a digest from anybody."""
    try:
        with register.reading() as db:
            return current(register, db, name).directory
    except MissingKey:
        raise
    except Unreadable as error:
        log.error("the directory of %s cannot be read: %s", name, type(error).__name__)
        return Directory()


class _Wording(NamedTuple):
    """How what is owed is told: by its title, with its owner's."""

    own: Authority
    procedures: dict[str, str]
    on: date
    mailboxes: _Mailboxes

    def lines(self, owed: Sequence[OwedDate], waits: Mapping[str, str] = {}) -> list[DigestLine]:
        """One line a case: what is owed, the longest first, and what waits for a decision."""
        ordered = sorted(owed, key=attrgetter("reference", "due_on", "name"))
        by_case = {reference: [*dates] for reference, dates in groupby(ordered, key=attrgetter("reference"))}
        lines = []
        for reference in {**by_case, **waits}:
            dates, what = by_case.get(reference, []), waits.get(reference, "")
            says = "; ".join(filter(None, [self._says(dates) if dates else "", what]))
            lines.append(DigestLine(reference, says, tuple(dates), bool(what)))
        return sorted(
            lines, key=lambda line: (line.owed[0].due_on if line.owed else date.max, line.reference)
        )

    def _says(self, dates: Sequence[OwedDate]) -> str:
        """Every date that is late or today, so that none hides another; else the first one ahead."""
        titles = titles_of(self.own, outside=False)
        told = [each for each in dates if each.due_on <= self.on] or dates[:1]
        return "; ".join(
            f"{self._title(each)}, due on {full_date(each.due_on)} ({self._who(each, titles)})"
            f"{self._lacks(each)}"
            for each in told
        )

    def _lacks(self, owed: OwedDate) -> str:
        """What is to be attached before a letter can leave that is to be approved, or that waits for it."""
        lacks = self.mailboxes.lacks(owed)
        return f", not attached yet: {listed(lacks)}" if lacks else ""

    def _who(self, owed: OwedDate, titles: Mapping[str, str]) -> str:
        asked = self.mailboxes.approver(owed)
        return asked.title(titles) if asked is not None else titles.get(owed.owner, owed.owner)

    def _title(self, owed: OwedDate) -> str:
        rules = procedure(self.procedures[owed.reference], self.own.name).limit | OF_LETTERS
        if owed.name in rules:
            return rules[owed.name].title
        name, _, number = owed.name.rpartition("_")  # of several alike
        if not number.isdigit():
            return owed.name.replace("_", " ").capitalize()
        title = rules[name].title if name in rules else name.replace("_", " ").capitalize()
        return title if name in OF_LETTERS else f"{title} {number}"


OF_LETTERS = {limit.name: limit for limit in (APPROVAL, WAITS_FOR_ENCLOSURE, FOLLOWS)}
"""What is owed of letters in every procedure."""

WAITS = {
    "pending": "waits for a decision since {day}: {what}",
    "differing": "an intake came again with other content; look at it",
    "failed": "a letter could not be delivered",
    "unsure": "it is not known whether a letter left",
    "by_hand": "a letter has to be sent by hand",
    "by_hand_until": "a letter has to be sent by hand, by {day}",
}
"""What waits for a person without a limit of its own, in words."""


def _to_decide(register: Register, name: str) -> dict[str, str]:
    """What waits for the Complaints Manager without a limit of its own, by case."""
    posted = [name] if authority(name).folder_posted_daily else []
    with register.reading() as db:
        rows = store.waiting(db, name, posted)
    waiting = {}
    for reference, found in groupby(rows, key=attrgetter("reference")):
        waiting[reference] = "; ".join(dict.fromkeys(map(_waits, found)))
    return waiting


def _waits(each: store.Waiting) -> str:
    why, on = each.why, each.on_date
    if why == "by_hand" and on is not None:
        return WAITS["by_hand_until"].format(day=full_date(hand_day(calendar_today(), on)))
    return WAITS[why].format(day=full_date(on) if on else "", what=str(each.what).replace("_", " "))


@lru_cache(maxsize=1)
def _template() -> Template:
    return text_template(TEMPLATE)
