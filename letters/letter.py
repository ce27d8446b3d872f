"""From an effect of a case to the letters it makes: who gets one, and what it says."""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from jinja2 import Environment, FileSystemLoader

from letters.next_step import next_line
from redress.calendar import long_date
from redress.case import Case
from redress.deadline import Deadline, days_late
from redress.library import Authority, Service
from redress.messages import SchedulePanel

HERE = Path(__file__).parent

OUTSIDE = ("complainant", "advocate")
"""The recipients who are no staff."""

OUTCOMES = {
    "upheld": "upheld (we agree with you)",
    "partly_upheld": "partly upheld (we agree with you in part)",
    "not_upheld": "not upheld (we do not agree with you)",
    "resolved": "resolved (it is settled with you)",
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
    name, facts = effect["template"], effect["facts"]
    entry = catalogue()[name]
    known = _context(case, authority, facts, sent_on)
    letters = []
    for role in dict.fromkeys(_who(to, facts) for to in entry["to"]):
        if role == "complainant" and case.opening.complainant is None:
            continue
        if role == "advocate" and not (case.fold.advocate and case.fold.advocate_letters):
            continue
        outside = role in OUTSIDE
        subject = entry["subject"] if outside else entry.get("staff_subject", entry["subject"])
        reader = {
            **known,
            **_reader(case, role),
            "outside": outside,
            "subject": subject,
            "to_title": known["titles"].get(role, role.replace("_", " ")),
            "next_line": next_line(case, facts, sent_on, known["titles"], outside=outside),
        }
        body = _templates().get_template(f"{name}.txt").render(reader)
        text = _templates().get_template("_letter.txt").render(reader, body=body)
        letters.append(Letter(effect["key"], name, role, sent_on, subject, _tidy(text)))
    return letters


def _who(to: str, facts: Mapping[str, Any]) -> str:
    return str(facts.get("owner", "complaints_manager")) if to == "owner" else to


def _reader(case: Case, role: str) -> dict[str, Any]:
    """Name and address of whoever gets the letter; staff are known by their title alone."""
    person = case.opening.complainant
    who = person if role == "complainant" else case.fold.advocate if role == "advocate" else None
    lines = [who.name, *who.address.splitlines(), who.email] if who else []
    return {
        "role": role,
        "greeting": _one_line(who.name) if who else "",
        "to_lines": [_one_line(line) for line in lines if line.strip()],
        "person": _one_line(person.name) if person else "",
        "form": person.format if person and role == "complainant" else "",
    }


def _context(case: Case, authority: Authority, facts: Mapping[str, Any], sent_on: date) -> dict[str, Any]:
    """What a template may name. Dates it may promise stand in `due`: only what is still to come."""
    fold = case.fold
    titles = _titles(authority)
    deadline = fold.latest.get(str(facts.get("deadline")))
    same = deadline is not None and deadline.due_on.isoformat() == facts.get("due_on")
    runs = [d for d in fold.running if d.paused_on is None]
    ahead = [d for d in runs if d.due_on >= sent_on]
    called = [e.message for e in case.log if isinstance(e.message, SchedulePanel)]
    points = [point.text for point in fold.points.all]
    stage = fold.procedure.stage.get(fold.stage) or fold.procedure.stage[fold.last_stage]
    return {
        **_NOTHING,
        **facts,
        "on": sent_on.isoformat(),
        "limits": fold.procedure.limit,
        "reference": case.reference,
        "authority": authority,
        "contact": authority.contact,
        "advocacy": authority.advocacy,
        "ombudsman": authority.ombudsman,
        "ombudsman_lines": _reach(authority.ombudsman),
        "titles": titles,
        "owner_title": titles.get(str(facts.get("owner")), str(facts.get("owner"))),
        "title": _title(facts),
        "received_on": case.opening.received_on.isoformat(),
        "desired_outcome": case.opening.desired_outcome,
        "points": points,
        "point": lambda n: points[n - 1] if isinstance(n, int) and n <= len(points) else str(n),
        "young": case.opening.is_young,
        "for_child": case.opening.on_behalf_of is not None,
        "has_advocate": fold.advocate is not None,
        "is_open": fold.closed_on is None,
        "reached": fold.reached,
        "panel_on": fold.panel_on.isoformat() if fold.panel_on and fold.panel_on >= sent_on else "",
        "place": next((m.place for m in reversed(called) if m.meeting_on == fold.panel_on), ""),
        "due": {d.name: d.due_on.isoformat() for d in ahead},
        "answer_due": next((d.due_on.isoformat() for d in ahead if d.name == stage.response), ""),
        "was_due": _was_due(case, facts),
        "late_since": {d.name: d.due_on.isoformat() for d in runs if d.due_on < sent_on},
        "counts_from": {d.name: d.counts_from.isoformat() for d in fold.ledger},
        "owed": [_owed(d, titles) for d in sorted(ahead, key=lambda d: d.due_on) if d.owner != "complainant"],
        "rules": {d.limit.title: d.limit.source for d in fold.ledger},
        "by_statement": fold.procedure.policy.letters_count_stage_2_from == "statement",
        "days_late": days_late(fold.calendar, deadline, sent_on) if deadline and same else 0,
        "most_on": _most(case, deadline, sent_on) if deadline and same else "",
        "told": bool(deadline and deadline.limit.late_letters and case.opening.complainant),
        "remedies": _remedies(case, facts),
    }


_NOTHING: dict[str, Any] = {"message": {}, "why": "", "stage": "", "closed_as": "", "meeting_on": ""}


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


def _title(facts: Mapping[str, Any]) -> str:
    """The limit's title; agreed actions have their number with it, not their text, which may name people."""
    kind, _, number = str(facts.get("deadline", "")).partition("_")
    return f"{facts.get('title', '')} {number}" if kind == "remedy" else str(facts.get("title", ""))


def _owed(deadline: Deadline, titles: Mapping[str, str]) -> dict[str, str]:
    return {
        "title": deadline.limit.title,
        "due_on": deadline.due_on.isoformat(),
        "owner": titles.get(deadline.owner, deadline.owner),
        "source": deadline.limit.source,
    }


def _most(case: Case, deadline: Deadline, sent_on: date) -> str:
    """The latest date to which the deadline can still be extended, if it can."""
    most = deadline.most(case.fold.calendar)
    often = deadline.limit.extensions
    if not deadline.is_open or most is None or (often is not None and deadline.extended >= often):
        return ""
    return most.isoformat() if most > deadline.due_on and most >= sent_on else ""


def _was_due(case: Case, facts: Mapping[str, Any]) -> str:
    """When the answer at the letter's stage had been due, if it came late."""
    stage = case.fold.procedure.stage.get(facts.get("stage", ""))
    answer = case.fold.latest.get(stage.response) if stage else None
    late = answer is not None and answer.met_on is not None and answer.met_on > answer.due_on
    return answer.due_on.isoformat() if answer and late and not answer.met_assumed else ""


def _remedies(case: Case, facts: Mapping[str, Any]) -> list[dict[str, str]]:
    """What the message agreed to do, each with its date: its own, or the rule's."""
    message = facts.get("message") or {}
    agreed = [a for a in case.fold.remedies if a.agreed_on.isoformat() == message.get("on")]
    wanted = [said["what"] for said in message.get("remedies", [])]
    return [
        {"what": a.remedy.what, "due_on": case.fold.latest[f"remedy_{a.number}"].due_on.isoformat()}
        for a in agreed
        if a.remedy.what in wanted
    ]


def _reach(service: Service) -> str:
    parts = [service.telephone, service.web, service.email, ", ".join(service.address)]
    return ", ".join(part for part in parts if part)


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _tidy(text: str) -> str:
    """No trailing spaces, never more than one blank line, one line end at the end."""
    lines = "\n".join(line.rstrip() for line in text.splitlines())
    return re.sub(r"\n{3,}", "\n\n", lines).strip("\n") + "\n"


def _unit(unit: str, number: int) -> str:
    words = unit.replace("_", " ")
    return words.removesuffix("s") if number == 1 else words


@lru_cache(maxsize=1)
def _templates() -> Environment:
    # Plain text: nothing is escaped, and nothing that a person wrote is ever taken as a template.
    environment = Environment(
        loader=FileSystemLoader(HERE / "templates"), autoescape=False, keep_trailing_newline=True
    )
    environment.filters["day"] = lambda iso: long_date(date.fromisoformat(iso))
    environment.filters["outcome"] = lambda outcome: OUTCOMES.get(outcome, outcome)
    environment.filters["unit"] = _unit
    return environment
