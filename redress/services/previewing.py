"""Every letter that an authority may send, from invented complaints: to be read before anybody gets one."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, NamedTuple, get_args

from redress.domain.calendar import Calendar
from redress.domain.case import Case
from redress.domain.complainants import FIRST
from redress.domain.london import instant
from redress.domain.opening_parsing import parse_opening
from redress.domain.parsing import Malformed, Problem
from redress.domain.procedure import Procedure
from redress.letters.catalogue import catalogue
from redress.letters.check import OF_STAGE
from redress.letters.delivery.notice import How, notice
from redress.letters.delivery.outbound import OutboundLetter
from redress.letters.drafts import effect_of
from redress.letters.letter import Letter, letters_for
from redress.letters.own_words import LeftOut, Tell, tell_left_out
from redress.letters.recipients import is_outside
from redress.procedures.authority import REPRESENTATION, Authority
from redress.procedures.bank_holidays import calendar_today
from redress.procedures.files import close_to
from redress.procedures.loader import authority as find_authority
from redress.procedures.loader import authority_names, newer_holidays, rules_for
from redress.procedures.loader import procedure as find_procedure
from redress.services.clock import today
from redress.store.outbound import Recipient

DATA = tomllib.loads(Path(__file__).with_name("previews.toml").read_text(encoding="utf-8"))

BEGINS_BEFORE = 320
"""Working days before today on which the invented complaints are received: their lives lie in the past."""


REFERENCE = "PREVIEW-000001"


class Preview(NamedTuple):
    """One letter to one recipient, in the procedure where it arose first."""

    letter: str
    to: str
    procedure: str
    subject: str
    text: str


class Previews(NamedTuple):
    """The letters of an authority; `missing`: those that it may send and that did not arise.

    A letter that was asked for by name is missing too where none of its procedures has it.
    """

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
    sends = sent_by(find_authority(authority))
    missing = [name for name in named if name not in arisen and (letter or name in sends)]
    return Previews(listed, missing)


def sent_by(own: Authority) -> set[str]:
    """The letters that can arise under the procedures of an authority."""
    rules = [find_procedure(name, own.name) for name in own.procedures]
    shipped = [
        find_procedure(name, each) for each in authority_names() for name in find_authority(each).procedures
    ]
    named = {letter for procedure in rules for letter in letters_named(procedure)}
    elsewhere = {letter for procedure in shipped for letter in letters_named(procedure)}
    having = {part for procedure in rules for part in _parts(procedure)}
    if sum(procedure.name != REPRESENTATION for procedure in rules) > 1:
        having.add("another procedure")
    lacking = {letter for letter, part in DATA["only_with"].items() if part not in having}
    return {*catalogue()} - (elsewhere - named) - lacking


def _parts(procedure: Procedure) -> Iterator[str]:
    """What a procedure has, by name: stages, limits, parts to take, choices, how late requests are taken."""
    yield from (*procedure.stage, *procedure.limit, *procedure.role)
    yield from (f"policy.{name}" for name, value in procedure.policy if value)
    yield from (f"after_lapse.{stage.after_lapse}" for stage in procedure.stages if stage.next)


def letters_named(procedure: Procedure) -> Iterator[str]:
    """The letters that a procedure's stages and limits name."""
    for stage in procedure.stages:
        yield from (getattr(stage, key) for key in OF_STAGE if getattr(stage, key))
    for limit in procedure.limits:
        yield from filter(None, [*limit.late_letters, limit.remind_letter])


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
    found: dict[tuple[str, str], Preview] = {}
    left_out: list[LeftOut] = []
    for procedure, each in invented_letters(authority, on, left_out.append, young=young):
        shown = Preview(each.name, each.recipient, procedure, each.subject, each.text)
        found.setdefault((each.name, each.recipient), shown)
    tell_left_out(left_out)
    return sorted(found.values(), key=lambda each: (not is_outside(each.to), each.to != FIRST, each.to))


def invented_letters(authority: str, on: date, tell: Tell, *, young: bool) -> Iterator[tuple[str, Letter]]:
    """Every letter of every invented complaint to an authority, each with its procedure.

    Their lives end before `on`. `tell` is told where the authority's own words were not used.
    """
    own, received = find_authority(authority), calendar_today().before(on, BEGINS_BEFORE)
    for procedure in own.procedures:
        for life in DATA["lives"]:
            if procedure in life.get("procedures", [procedure]):
                for letter in _lived(own, procedure, life, received, tell, young=young):
                    yield procedure, letter


def _lived(
    own: Authority, procedure: str, life: Mapping[str, Any], received: date, tell: Tell, *, young: bool
) -> Iterator[Letter]:
    """The letters of one invented complaint, day by day. What its procedure does not take is passed over."""
    calendar = calendar_today()
    case = _opened(own, procedure, life, received, young=young)
    messages = [(calendar.add(received, after), action, said) for after, action, said in life["messages"]]
    day, last, letter = case.opened_on, calendar.add(received, life["until"]), None
    if case.state.stage == "intake" and not life.get("in_question"):
        _say(case, "accept", {}, day)
    while day <= last:
        for letter in _written(case, own, day, tell):
            yield letter
        for on, action, said in messages:
            if on == day:
                _say(case, action, _made_up(said, calendar, case, day), day)
                for letter in _written(case, own, day, tell):
                    yield letter
        day += timedelta(days=1)
    if letter is not None and life.get("undelivered"):
        yield from _not_delivered(case, own, letter, last, tell)


def _opened(own: Authority, procedure: str, life: Mapping[str, Any], received: date, *, young: bool) -> Case:
    raw = DATA["opening"] | {
        "authority": own.name,
        "procedure": procedure,
        "kind": "comment" if procedure == REPRESENTATION else "complaint",
        "received_on": received.isoformat(),
        **life.get("opening", {}),
    }
    usual = DATA["young"] if young else DATA["opening"]["complainant"] | _entitled(procedure, own)
    raw["complainant"] = usual | life.get("complainant", {})
    opened_on = calendar_today().add(received, life.get("opened_after", 0))
    opening = parse_opening({name: value for name, value in raw.items() if value}, opened_on)
    return Case(rules_for(opening, opened_on), REFERENCE, opening, opened_on)


def _entitled(procedure: str, own: Authority) -> dict[str, str]:
    """As whom somebody complains who may, where the procedure asks about that."""
    asked = [each for each in find_procedure(procedure, own.name).questions if each.when == "role_not_in"]
    return {"role": asked[0].values[0]} if asked and "parent" not in asked[0].values else {}


def _say(case: Case, action: str, said: dict[str, Any], day: date) -> None:
    now = instant(day, "10:00")
    said = {"message_id": f"{action}-{len(case.log)}", **said, "on": day.isoformat()}
    try:
        case.receive(case.parse(action, said, now, is_signal=True), now)
    except Malformed:
        return  # this procedure has no such thing


def _made_up(value: Any, calendar: Calendar, case: Case, day: date) -> Any:
    """A message's fields with dates for what is so many working days away, and what names stand for."""
    again = partial(_made_up, calendar=calendar, case=case, day=day)
    match value:
        case dict():
            return {name: again(each) for name, each in value.items()}
        case list():
            return [again(each) for each in value]
        case "MARK":
            return case.state.drafts.open[0].marks[0] if case.state.drafts.open else value
        case "ANSWER":
            letters = [*case.state.answers.letters.values()]
            return letters[-1].copies[1] if letters else value
        case "OTHER":
            return _other_procedure(case)
        case "RULES":
            opening = case.opening.model_copy(update={"procedure": _other_procedure(case), "statutory": None})
            return rules_for(opening, day).packed if opening.procedure else ""
        case "HOLIDAYS":
            table = newer_holidays(case.opening.received_on, day)
            days = {**table.holidays, calendar.add(day, 2): "Invented Jubilee"}
            return table.model_copy(update={"version": "invented", "holidays": days}).model_dump(mode="json")
        case str() if value[:1] in "+-" and value[1:].isdigit():
            number = int(value[1:])
            ahead = value[0] == "+"
            return (
                calendar.add(day, number) if ahead else calendar.before(case.opened_on, number)
            ).isoformat()
    return value


def _other_procedure(case: Case) -> str:
    """Where the whole complaint may go on; empty: nowhere."""
    own = case.state.procedure.name
    others = [name for name in case.rules.procedures if name != own and REPRESENTATION not in (name, own)]
    return next(iter(others), "")


def _not_delivered(case: Case, own: Authority, letter: Letter, day: date, tell: Tell) -> Iterator[Letter]:
    """What is told of a letter that did not leave, in each of the ways there are."""
    to = Recipient(subject=letter.subject, sender=own.title)
    lost = OutboundLetter(
        REFERENCE, letter.key, letter.recipient, letter.name, letter.on, "email", "", to, letter.text
    )
    for how in get_args(How):
        effect = notice(lost, 0, how, "the mail server refused it: 550 5.1.1")
        yield from letters_for(case, own, effect, day, tell=tell)


def _written(case: Case, own: Authority, day: date, tell: Tell) -> Iterator[Letter]:
    for at in ("00:00", "09:00", "10:00"):
        now: datetime = instant(day, at)
        for effect, state in case.due(now):
            if state != "done" or not effect.template or case.state.drafts.has_left(effect.key):
                continue
            body = {"key": effect.key, "template": effect.template, "facts": effect.shown()}
            drafted = [each for each in case.state.drafts if each.key == effect.facts.get("draft")]
            found = effect_of(case, drafted[0], day) if drafted else (case, body)
            if found is not None:
                yield from letters_for(found[0], own, found[1], day, tell=tell)
