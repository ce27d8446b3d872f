"""What differs between the letters to several people who complain together: their days, and who asked."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date
from typing import Any

from redress.domain.case import Case
from redress.letters.naming import listed, one_line
from redress.letters.recipients import whose


def own_last_days(case: Case, role: str) -> dict[str, date]:
    """The last days that a window has for one of several people alone, by the window's name."""
    number = whose(role)
    if number is None or not case.state.complainants.are_several:
        return {}
    windows = [d for d in case.state.running if d.limit.kind == "window" and d.owner == "complainant"]
    days = {window.name: (window.due_on, case.state.own_last_day(window, number)) for window in windows}
    return {name: day for name, (last, day) in days.items() if day != last}


def own(
    case: Case, role: str, facts: Mapping[str, Any], reader: Mapping[str, Any], sent_on: date
) -> dict[str, Any]:
    """What a letter to one of several people says otherwise than the same letter to another.

    `others`: the names of those with whom the reader complains. `who`, `who_next`, `who_now`, `who_early`:
    the names of whoever else asked for the stage that the letter is about, for the one after it, for the one
    that runs, and for a panel before the adjudication; empty: it was the reader, or is not told.
    """
    requests = case.state.requests
    here, after = reader["here"].stage.name, reader["after"] and reader["after"].stage.name
    changed: dict[str, Any] = {
        "others": _others(case, role),
        "who": _who(case, role, facts.get("asked_by", requests.asked_by.get(here, ()))),
        "who_next": _who(case, role, requests.asked_by.get(after, ())),
        "who_now": _who(case, role, requests.asked_by.get(case.state.current_stage, ())),
        "who_early": _who(case, role, case.state.askers(requests.early)),
    }
    last_days = own_last_days(case, role)
    if not last_days:
        return changed
    changed["due"] = {**reader["due"]}
    changed["counts_from"] = {**reader["counts_from"]}
    for name, day in last_days.items():
        window = case.state.latest[name]
        is_ahead = day >= sent_on
        changed["due"].pop(name, None)
        changed["due"] |= {name: day.isoformat()} if is_ahead else {}
        received = case.state.answers.receipts[window.limit.stage][whose(role) or 1]
        changed["counts_from"][name] = received.isoformat()
        if reader["ask_by"] == window.due_on.isoformat():
            changed["ask_by"] = day.isoformat() if is_ahead else ""
        if facts.get("deadline") == name:
            changed["due_on"] = day.isoformat()
    return changed


def _others(case: Case, role: str) -> list[str]:
    number = whose(role)
    others = case.state.complainants.others_than(number) if number is not None else []
    return [one_line(each.contact.name) for each in others]


def _who(case: Case, role: str, numbers: Collection[int]) -> str:
    """The names of those who asked, to somebody who did not; empty: it was the reader, or nobody is named."""
    complainants = case.state.complainants
    number = whose(role)
    if not complainants.are_several or number is None or not numbers or number in numbers:
        return ""
    asked = [one_line(each.contact.name) for each in complainants.all if each.number in numbers]
    return listed(asked) if asked else ""
