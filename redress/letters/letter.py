"""From an effect of a case to the letters it makes: who gets one, and what it says.

A letter to a young person, and its copy to their advocate, has a frame and a text of its own
(`templates/young`), in plainer words; it carries the same facts.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from datetime import date
from functools import partial
from typing import Any, NamedTuple

from redress.domain.case import Case
from redress.domain.complainants import number_of, role_of
from redress.domain.directory import Directory, Responsible
from redress.domain.fields import Advocate, Appointee, Contact
from redress.domain.opening import is_young
from redress.domain.plain_words import SIDE_STEPS
from redress.domain.schedule import left_in_error
from redress.letters.approvers import written_to
from redress.letters.catalogue import catalogue
from redress.letters.context import context
from redress.letters.enclosures import Enclosures, Reader, enclosures_of
from redress.letters.named_staff import named_staff
from redress.letters.naming import names_of, one_line, plain_of, stages_of, titles_of, with_names
from redress.letters.next_step import next_line
from redress.letters.own_templates import own_texts
from redress.letters.own_words import Tell, in_own_words, write_to_log
from redress.letters.people import asked_early, own, own_last_days
from redress.letters.recipients import (
    appointed_in,
    is_advocate,
    is_outside,
    person_of,
    recipients,
    whose,
    with_panel,
)
from redress.letters.rendering import Names, Texts, Written, our_texts
from redress.letters.signing import signature
from redress.letters.visible import visible
from redress.procedures.loader import Authority

Enclosing = Callable[[Reader], Enclosures | None]
"""What a letter brings to one of its readers; None: they get none."""


class Letter(NamedTuple):
    """One letter to one recipient.

    That is somebody who complains (`complainant`, `complainant_2`), their `advocate`, a role at the
    authority, or somebody appointed (`appointed_…`), who is then `appointee`; `staff` is who of the directory
    a letter to a role goes to, `role` whose address it goes to without one: it may have passed on.
    """

    key: str
    name: str
    recipient: str
    on: date
    subject: str
    text: str
    appointee: Appointee | None = None
    staff: Responsible | None = None
    enclosures: Enclosures = Enclosures()
    role: str = ""

    @property
    def file_name(self) -> str:
        """A name without personal data, the same however often the letter is written."""
        mark = hashlib.sha256(f"{self.key}:{self.recipient}".encode()).hexdigest()[:6]
        return f"{self.on.isoformat()}-{self.name}-{self.recipient}-{mark}.txt"


def letters_for(
    case: Case,
    authority: Authority,
    effect: Mapping[str, Any],
    sent_on: date,
    directory: Directory | None = None,
    enclosing: Enclosing | None = None,
    tell: Tell = write_to_log,
) -> list[Letter]:
    """The letters that a recorded effect makes, dated with the London date they leave.

    `directory`: the authority's, by which people at the authority are written to by name; `enclosing`: what
    each reader is sent with them, left out: as if everything were there; `tell` is told where the authority's
    own words are wrong, and ours were taken. Raises `FileError` where its folder of them cannot be read.
    """
    own_words = own_texts(authority.name)
    directory = directory or Directory()
    name = effect["template"]
    facts = with_panel(case, name, effect["facts"])
    entry = catalogue()[name]
    wrong = left_in_error(facts, case.settled) if "in_error" in facts else []
    letters = []
    for role in recipients(case, name, facts, wrong, directory):
        outside = is_outside(role)
        young = outside and is_young(_concerned(case, role))
        titles, days = titles_of(authority, outside=outside), own_last_days(case, role)
        left = whose(role) in case.state.complainants.left
        if outside:
            titles = with_names(titles, names_of(case))
        appointed = _appointed(role, facts, wrong, directory)
        asked = None if outside or appointed else written_to(case, name, role, facts, directory, sent_on)
        staff = asked.person if asked else None
        reader = {
            **context(case, authority, facts, sent_on, titles, young=young),
            **_reader(case, role, facts),
            **_known_by_name(appointed, staff),
            **_named(case, directory, role),
            "people": _people(facts, directory),
            "beside": _beside(case, facts, appointed, directory) if appointed else [],
            "outside": outside,
            "young": young,
            "copy": is_advocate(role),
            "has_advocate": whose(role) in case.state.people.advocates,
            "explains": entry.explains,
            "signature": signature(case, authority, directory, name, facts, sent_on, young=young),
            "to_title": appointed.title if appointed else asked.title(titles) if asked else "",
            "next_line": next_line(
                case,
                facts,
                sent_on,
                titles,
                outside=outside,
                own_days=days,
                is_over=left,
                appointed=appointed is not None,
                asked_early=asked_early(case, role),
            ),
        }
        if appointed:  # what the office owes besides is not theirs to know
            reader["owed"] = [each for each in reader["owed"] if each["name"] not in SIDE_STEPS]
        reader |= own(case, role, facts, reader, sent_on)
        reader["about_letters"] = [
            each for each in wrong if role in recipients(case, each["template"], each, directory=directory)
        ]
        if young:
            reader["plain"] = plain_of(case)
        who = Reader(role, _names_of(case, role, appointed, staff))
        enclosures = enclosing(who) if enclosing else enclosures_of(case, effect, who, None)
        if enclosures is None:
            continue
        reader["enclosures"] = enclosures.for_text(young=young)
        write = partial(_write, case=case, name=name, reader=reader, sent_on=sent_on)
        if own_words is None:
            written = write(our_texts())
        else:
            written = in_own_words(own_words, write, name, reader, _persons(case), tell)
        letters.append(
            Letter(
                effect["key"],
                name,
                role,
                sent_on,
                one_line(written.subject),
                _tidy(visible(written.text)),
                appointee=appointed.person if appointed else None,
                staff=staff,
                enclosures=enclosures,
                role=asked.role if asked else "",
            )
        )
    return letters


def _names_of(
    case: Case, role: str, appointed: _Appointed | None, staff: Responsible | None
) -> tuple[str, ...]:
    """The names of a reader; with an advocate's that of whom they speak for."""
    if appointed is not None:
        return (appointed.person.name or "",)
    if staff is not None:
        return (staff.name,)
    people = (person_of(case, role), _concerned(case, role)) if is_outside(role) else ()
    return tuple(person.name for person in people if person is not None)


class _Appointed(NamedTuple):
    """Somebody appointed, as a letter names them."""

    role: str
    title: str
    connection: str
    person: Appointee


def _appointed_in(facts: Mapping[str, Any], directory: Directory) -> dict[str, _Appointed]:
    """Those appointed whom an effect is about, each by what they are called as a recipient."""
    found: dict[str, _Appointed] = {}
    for name, each in appointed_in(facts).items():
        person = directory.reached(Appointee.model_validate(each["person"]))
        found[name] = _Appointed(each["role"], each["title"], each["connection"], person)
    return found


def _appointed(
    recipient: str, facts: Mapping[str, Any], wrong: list[dict[str, Any]], directory: Directory
) -> _Appointed | None:
    """Who is meant by a recipient, where it is somebody appointed."""
    about = (_appointed_in(each, directory).get(recipient) for each in (facts, *wrong))
    return next(filter(None, about), None)


def _people(facts: Mapping[str, Any], directory: Directory) -> list[dict[str, str]]:
    """Those appointed whom a letter is about, as its template names them."""
    return [_as_named(each) for each in _appointed_in(facts, directory).values()]


def _beside(
    case: Case, facts: Mapping[str, Any], reader: _Appointed, directory: Directory
) -> list[dict[str, str]]:
    """Who else has a part in the stage that a letter to somebody appointed is about."""
    people, parts = case.state.people, case.state.procedure.roles
    held = [
        _Appointed(part.role, part.title, each.connection, directory.reached(each.person))
        for part in parts
        if part.stage == facts.get("stage")
        for each in people.holders(part.role)
    ]
    return [_as_named(each) for each in held if not each.person.is_same_as(reader.person)]


def _as_named(appointed: _Appointed) -> dict[str, str]:
    return {
        "name": one_line(appointed.person.name or ""),
        "title": appointed.title,
        "connection": appointed.connection,
        "role": appointed.role,
    }


def _known_by_name(appointed: _Appointed | None, staff: Responsible | None) -> dict[str, Any]:
    """Name and address of whoever is no complainant and no advocate, where they are known."""
    known: dict[str, Any] = {"is_appointed": appointed is not None, "deputy_for": ""}
    if appointed is not None and appointed.person.name:
        known["greeting"] = one_line(appointed.person.name)
        lines = [known["greeting"], *appointed.person.address.splitlines(), appointed.person.email]
        known["to_lines"] = [one_line(line) for line in lines if line.strip()]
    elif staff is not None:
        known["greeting"] = one_line(staff.name)
        known["deputy_for"] = one_line(staff.deputy_for)
    return known


def _named(case: Case, directory: Directory, role: str) -> dict[str, Any]:
    """Whom a letter about members of staff is for: the reader alone, or all who are not written to."""
    written_to, others = named_staff(case, directory)
    is_named = role in written_to
    return {"named": [one_line(written_to[role].name)] if is_named else others, "is_named": is_named}


def _write(texts: Texts, case: Case, name: str, reader: Names, sent_on: date) -> Written:
    """A letter in the words of some texts: those that have left are called there as they were."""
    had = [_as_it_read(texts, each, case, reader, sent_on) for each in reader["about_letters"]]
    return texts.write(name, {**reader, "taken_back": had})


def _as_it_read(
    texts: Texts, letter: Mapping[str, str], case: Case, reader: Names, sent_on: date
) -> dict[str, str]:
    """A letter that has left, by its subject and the day it belongs to."""
    stages = stages_of(case, letter, [], reader["titles"], sent_on, young=reader["young"])
    subject = texts.subject(letter["template"], {**reader, **stages})
    return {"subject": one_line(subject), "on": letter["on"]}


def _persons(case: Case) -> set[str]:
    """Names of those who complain, of children and advocates, and where they are reached."""
    complain = [each.contact for each in case.state.complainants.all]
    speak = [case.state.people.advocate_of(number) for number in case.state.people.advocates]
    people: list[Contact | Advocate] = [*complain, *filter(None, speak)]
    names = [*(child.name for child in case.opening.children), *(each.name for each in people)]
    reached = [line for each in people for line in (each.email, each.telephone, *each.address.splitlines())]
    return {one_line(line) for line in (*names, *reached) if line and line.strip()}


def former_contact(facts: Mapping[str, Any]) -> Contact | None:
    """The complainant as known before, where an effect is told to them there."""
    former = facts.get("former")
    return Contact.model_validate(former) if former else None


def _concerned(case: Case, role: str) -> Contact | None:
    """Whose letter it is that somebody gets: an advocate's is that of the person they speak for."""
    person = person_of(case, role_of(whose(role) or 1))
    return person if isinstance(person, Contact) else None


def _reader(case: Case, role: str, facts: Mapping[str, Any]) -> dict[str, Any]:
    """Name and address of whoever gets the letter; staff are known by their title alone."""
    former = former_contact(facts)
    person = (former or _concerned(case, role)) if is_outside(role) else case.opening.complainant
    who = person_of(case, role) if is_advocate(role) else person if is_outside(role) else None
    lines = [who.name, *who.address.splitlines(), who.email] if who else []
    return {
        "role": role,
        "greeting": one_line(who.name) if who else "",
        "to_lines": [one_line(line) for line in lines if line.strip()],
        "person": one_line(person.name) if person else "",
        "form": person.format if person and number_of(role) else "",
    }


def _tidy(text: str) -> str:
    """No trailing spaces, never more than one blank line, one line end at the end."""
    lines = "\n".join(line.rstrip() for line in text.splitlines())
    return re.sub(r"\n{3,}", "\n\n", lines).strip("\n") + "\n"
