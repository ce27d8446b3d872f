"""Every letter that an authority may send, from invented complaints: to be read before anybody gets one."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, NamedTuple

from redress.domain.calendar import Calendar
from redress.domain.case import Case
from redress.domain.complainants import FIRST
from redress.domain.london import instant
from redress.domain.opening_parsing import parse_opening
from redress.domain.parsing import Malformed, Problem
from redress.letters.catalogue import catalogue
from redress.letters.delivery.outbound import OutboundLetter
from redress.letters.drafts import effect_of
from redress.letters.letter import Letter, letters_for
from redress.letters.recipients import is_outside
from redress.procedures.authority import REPRESENTATION, Authority
from redress.procedures.bank_holidays import calendar_today
from redress.procedures.files import close_to
from redress.procedures.loader import authority as find_authority
from redress.procedures.loader import authority_names, rules_for
from redress.services.clock import today
from redress.store.outbound import Recipient

DATA = tomllib.loads(Path(__file__).with_name("previews.toml").read_text(encoding="utf-8"))

BEGINS_BEFORE = 320
"""Working days before today on which the invented complaints are received: their lives lie in the past."""


class Preview(NamedTuple):
    """One letter to one recipient, in the procedure where it arose first."""

    letter: str
    to: str
    procedure: str
    subject: str
    text: str


class Previews(NamedTuple):
    """The letters of an authority; `missing`: those that did not arise in the invented complaints."""

    letters: list[Preview]
    missing: list[str]


def previews(authority: str, *, letter: str | None = None, young: bool = False) -> Previews:
    """Every letter of an authority as it is sent, or one of them; `young`: to a young person.

    Reads nothing and sends nothing. Raises `Malformed` for an authority or a letter that there is not.
    """
    if authority not in authority_names():
        known = ", ".join(authority_names())
        raise Malformed([Problem("AUTHORITY", f"{authority!r} is none of {known}", "not_one_of")])
    if letter is not None and letter not in catalogue():
        hint = close_to(letter, catalogue())
        raise Malformed([Problem("--letter", f"there is no letter {letter!r}{hint}", "not_one_of")])
    found = _all(authority, today(), young=young)
    named = [name for name in catalogue() if letter in (None, name)]
    arisen = {each.letter for each in found}
    listed = [each for name in named for each in found if each.letter == name]
    return Previews(listed, [name for name in named if name not in arisen])


def drawn(authority: str, letter: Preview) -> bytes:
    """A letter as a PDF on the authority's letterhead. Raises `SetupError` where that cannot be drawn."""
    from redress.letters.form.pdf import pdf_of  # asked for by few, and slow to load

    to = Recipient(subject=letter.subject, sender=find_authority(authority).title)
    marked = re.search(r"^Our reference: (\S+)$", letter.text, re.MULTILINE)
    reference = marked[1] if marked else ""
    name, role, text = letter.letter, letter.to, letter.text
    return pdf_of(OutboundLetter(reference, name, role, name, today(), "none", "", to, text, authority))


@lru_cache(maxsize=16)
def _all(authority: str, on: date, *, young: bool) -> list[Preview]:
    """The first letter of each name to each recipient, by recipient; made once a day."""
    own, found = find_authority(authority), dict[tuple[str, str], Preview]()
    received = calendar_today().before(on, BEGINS_BEFORE)
    for procedure in own.procedures:
        for life in DATA["lives"]:
            if procedure in life.get("procedures", [procedure]):
                for each in _lived(own, procedure, life, received, young=young):
                    shown = Preview(each.name, each.recipient, procedure, each.subject, each.text)
                    found.setdefault((each.name, each.recipient), shown)
    return sorted(found.values(), key=lambda each: (not is_outside(each.to), each.to != FIRST, each.to))


def _lived(
    own: Authority, procedure: str, life: Mapping[str, Any], received: date, *, young: bool
) -> Iterator[Letter]:
    """The letters of one invented complaint, day by day. What its procedure does not take is passed over."""
    calendar = calendar_today()
    case = _opened(own, procedure, life, received, young=young)
    messages = [(calendar.add(received, after), action, said) for after, action, said in life["messages"]]
    day, last = received, calendar.add(received, life["until"])
    while day <= last:
        yield from _written(case, own, day)
        for on, action, said in messages:
            if on == day:
                _say(case, action, _with_dates(said, calendar, case, day), day)
                yield from _written(case, own, day)
        day += timedelta(days=1)


def _opened(own: Authority, procedure: str, life: Mapping[str, Any], received: date, *, young: bool) -> Case:
    raw = DATA["opening"] | {
        "authority": own.name,
        "procedure": procedure,
        "kind": "comment" if procedure == REPRESENTATION else "complaint",
        "received_on": received.isoformat(),
        **life.get("opening", {}),
    }
    if young:
        raw["complainant"] = DATA["young"]
    opening = parse_opening({name: value for name, value in raw.items() if value}, received)
    return Case(rules_for(opening, received), "PREVIEW-000001", opening, received)


def _say(case: Case, action: str, said: dict[str, Any], day: date) -> None:
    now = instant(day, "10:00")
    said = {"message_id": f"{action}-{len(case.log)}", **said, "on": day.isoformat()}
    try:
        case.receive(case.parse(action, said, now, is_signal=True), now)
    except Malformed:
        return  # this procedure has no such thing


def _with_dates(value: Any, calendar: Calendar, case: Case, day: date) -> Any:
    """A message's fields with dates for what is so many working days away, and the mark of its draft."""
    again = partial(_with_dates, calendar=calendar, case=case, day=day)
    if isinstance(value, dict):
        return {name: again(each) for name, each in value.items()}
    if isinstance(value, list):
        return [again(each) for each in value]
    if value == "MARK" and case.state.drafts.open:
        return case.state.drafts.open[0].marks[0]
    if isinstance(value, str) and value[:1] in "+-" and value[1:].isdigit():
        number = int(value[1:])
        ahead = value[0] == "+"
        return (calendar.add(day, number) if ahead else calendar.before(case.opened_on, number)).isoformat()
    return value


def _written(case: Case, own: Authority, day: date) -> Iterator[Letter]:
    for at in ("00:00", "09:00", "10:00"):
        now: datetime = instant(day, at)
        for effect, state in case.due(now):
            if state != "done" or not effect.template or case.state.drafts.has_left(effect.key):
                continue
            body = {"key": effect.key, "template": effect.template, "facts": effect.shown()}
            drafted = [each for each in case.state.drafts if each.key == effect.facts.get("draft")]
            found = effect_of(case, drafted[0], day) if drafted else (case, body)
            if found is not None:
                yield from letters_for(found[0], own, found[1], day)
