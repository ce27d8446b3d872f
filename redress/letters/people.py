"""What differs between the letters to several people who complain together: their days, and who asked."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date
from typing import Any

from redress.domain.case import Case
from redress.domain.complainants import NotThere
from redress.letters.naming import listed, one_line
from redress.letters.recipients import whose


def own_last_days(case: Case, role: str) -> dict[str, date | None]:
    """The last days that a window has for one of several people alone, by the window's name.

    None: their letter with the answer has not left, so that no day can be named.
    """
    number = whose(role)
    if number is None or not case.state.complainants.are_several:
        return {}
    windows = [d for d in case.state.running if d.limit.kind == "window" and d.owner == "complainant"]
    days: dict[str, date | None] = {}
    for window in windows:
        its = case.state.own_window(window, number)
        if its.state == "not_begun":
            days[window.name] = None
        elif its.last_day != window.due_on:
            days[window.name] = its.last_day
    return days


def own(
    case: Case, role: str, facts: Mapping[str, Any], reader: Mapping[str, Any], sent_on: date
) -> dict[str, Any]:
    """What a letter to one of several people says otherwise than the same letter to another.

    `others`: the names of those with whom the reader complains. `who`, `who_next`, `who_now`, `who_early`:
    the names of whoever else asked for the stage that the letter is about, for the one after it, for the one
    that runs, and for a panel before the adjudication, `who_came` of whoever the message is from; empty: it
    was the reader, or is not told.
    """
    requests = case.state.requests
    here, after = reader["here"].stage.name, reader["after"] and reader["after"].stage.name
    changed: dict[str, Any] = {
        "others": _others(case, role),
        "who": _who(case, role, facts.get("asked_by", requests.asked_by.get(here, ()))),
        "who_next": _who(case, role, requests.asked_by.get(after, ())),
        "who_now": _who(case, role, requests.asked_by.get(case.state.current_stage, ())),
        "who_early": _who(case, role, case.state.askers(requests.early)),
        "who_came": _who(case, role, _named(case, facts)),
    }
    last_days = own_last_days(case, role)
    if not last_days:
        return changed
    changed["due"] = {**reader["due"]}
    changed["counts_from"] = {**reader["counts_from"]}
    for name, day in last_days.items():
        window = case.state.latest[name]
        ahead = day.isoformat() if day is not None and day >= sent_on else ""
        changed["due"].pop(name, None)
        changed["due"] |= {name: ahead} if ahead else {}
        its = case.state.own_window(window, whose(role) or 1)
        changed["counts_from"][name] = its.counts_from.isoformat()
        if reader["ask_by"] == window.due_on.isoformat():
            changed["ask_by"] = ahead
        if facts.get("deadline") == name and day is not None:
            changed["due_on"] = day.isoformat()
    return changed


def asked_early(case: Case, role: str) -> bool:
    """Whether it was the reader who asked for a panel before the adjudication, or nobody else did."""
    return not _who(case, role, case.state.askers(case.state.requests.early))


def _named(case: Case, facts: Mapping[str, Any]) -> list[int]:
    """The number of the one person that the message of a letter is about; empty: of nobody alone."""
    name = (facts.get("message") or {}).get("person")
    found = case.state.complainants.find(name) if isinstance(name, str) and name else None
    return [] if found is None or isinstance(found, NotThere) else [found.number]


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
