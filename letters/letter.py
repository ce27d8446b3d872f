"""From an effect of a case to the letters it makes: who gets one, and what it says."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from jinja2 import Environment, FileSystemLoader

from redress.calendar import long_date
from redress.case import Case
from redress.library import Authority, Service
from redress.messages import SchedulePanel

HERE = Path(__file__).parent

OUTCOMES = {
    "upheld": "your complaint is upheld",
    "partly_upheld": "your complaint is partly upheld",
    "not_upheld": "your complaint is not upheld",
    "resolved": "your complaint is resolved",
}


class Letter(NamedTuple):
    """One letter to one recipient (`complainant`, `advocate` or a role at the authority)."""

    key: str
    name: str
    recipient: str
    on: date
    subject: str
    text: str

    @property
    def file_name(self) -> str:
        """A name without personal data, the same however often the letter is written."""
        mark = hashlib.sha256(f"{self.key}:{self.recipient}".encode()).hexdigest()[:6]
        return f"{self.on.isoformat()}-{self.name}-{self.recipient}-{mark}.txt"


@lru_cache(maxsize=1)
def catalogue() -> dict[str, dict[str, Any]]:
    """Recipients and subject of every letter."""
    return tomllib.loads((HERE / "letters.toml").read_text(encoding="utf-8"))


def letters_for(case: Case, authority: Authority, effect: Mapping[str, Any], sent_on: date) -> list[Letter]:
    """The letters that a recorded effect makes, dated with the London date they leave."""
    name = effect["template"]
    facts = effect["facts"]
    entry = catalogue()[name]
    letters = []
    for role in dict.fromkeys(_who(to, facts) for to in entry["to"]):
        if role == "complainant" and case.opening.complainant is None:
            continue
        if role == "advocate" and not (case.fold.advocate and case.fold.advocate_letters):
            continue
        text = _write(case, authority, name, entry["subject"], role, facts, sent_on)
        letters.append(Letter(effect["key"], name, role, sent_on, entry["subject"], text))
    return letters


def _who(to: str, facts: Mapping[str, Any]) -> str:
    return str(facts.get("owner", "complaints_manager")) if to == "owner" else to


def _write(
    case: Case,
    authority: Authority,
    name: str,
    subject: str,
    role: str,
    facts: Mapping[str, Any],
    sent_on: date,
) -> str:
    outside = role in ("complainant", "advocate")
    titles = _titles(authority)
    known = _context(case, authority, facts, titles)
    body = _templates().get_template(f"{name}.txt").render(known).strip("\n") + "\n"
    greeting, to_lines = _address(case, role)
    to_title = titles.get(role, role.replace("_", " "))
    return (
        _templates()
        .get_template("_letter.txt")
        .render(
            known,
            body=body,
            subject=subject,
            on=sent_on.isoformat(),
            outside=outside,
            greeting=greeting,
            to_lines=to_lines if outside else [f"To the {to_title}"],
            to_title=to_title,
            next_line=_next_line(facts, outside, titles),
            ombudsman_lines=_reach(authority.ombudsman),
        )
    )


def _context(
    case: Case, authority: Authority, facts: Mapping[str, Any], titles: dict[str, str]
) -> dict[str, Any]:
    panel = [m for m in (e.message for e in case.log) if isinstance(m, SchedulePanel)]
    deadline = case.fold.latest.get(str(facts.get("deadline")))
    most = deadline.most(case.fold.calendar) if deadline else None
    return {
        **_ALWAYS,
        **facts,
        "reference": case.reference,
        "authority": authority,
        "contact": authority.contact,
        "advocacy": authority.advocacy,
        "ombudsman": authority.ombudsman,
        "titles": titles,
        "owner_title": titles.get(str(facts.get("owner")), str(facts.get("owner"))),
        "received_on": case.opening.received_on.isoformat(),
        "points": case.fold.statement_points or case.opening.points,
        "young": case.opening.is_young,
        "due": {d.name: d.due_on.isoformat() for d in case.fold.ledger},
        "counted": case.fold.procedure.policy.letters_count_stage_2_from,
        "most_on": most.isoformat() if most else "",
        "place": panel[-1].place if panel else "",
    }


_ALWAYS: dict[str, Any] = {"message": {}, "why": "", "stage": "", "closed_as": "", "meeting_on": ""}


def _titles(authority: Authority) -> dict[str, str]:
    usual = {
        "complaints_manager": "Complaints Manager",
        "stage_manager": "manager of the team concerned",
        "investigating_officer": "Investigating Officer",
        "adjudicating_officer": "Adjudicating Officer",
        "panel": "Chair of the Review Panel",
        "director": "Director of Children's Services",
        "complainant": "complainant",
        "ombudsman": authority.ombudsman.name,
    }
    return usual | authority.titles


def _address(case: Case, role: str) -> tuple[str, list[str]]:
    who = case.opening.complainant if role == "complainant" else case.fold.advocate
    if who is None or role not in ("complainant", "advocate"):
        return "", []
    return who.name, [who.name, *[part for part in (who.address, who.email) if part]]


def _next_line(facts: Mapping[str, Any], outside: bool, titles: dict[str, str]) -> str:
    """The date by which something happens next; every letter has one."""
    step = facts.get("next") or {}
    on = long_date(date.fromisoformat(step["on"]))
    what, owner, kind = step["what"], step["owner"], step["kind"]
    if kind == "window" and outside:
        return f"it is your turn. {what}: {on}."
    if kind == "ombudsman":
        return f"nothing more is owed to you by us. {what}: {on}." if outside else f"{what}: {on}."
    who = titles.get(owner, owner.replace("_", " "))
    return f"{what}, by {on} ({who})."


def _reach(service: Service) -> str:
    parts = [", ".join(service.address), service.telephone, service.web, service.email]
    return ", ".join(part for part in parts if part)


def _unit(unit: str, number: int) -> str:
    words = unit.replace("_", " ")
    return words.removesuffix("s") if number == 1 else words


@lru_cache(maxsize=1)
def _templates() -> Environment:
    # Plain text: nothing is escaped, and nothing in it is ever taken as a template.
    environment = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=False,
        keep_trailing_newline=True,
    )
    environment.filters["day"] = lambda iso: long_date(date.fromisoformat(iso))
    environment.filters["outcome"] = lambda outcome: OUTCOMES.get(outcome, outcome)
    environment.filters["unit"] = _unit
    return environment
