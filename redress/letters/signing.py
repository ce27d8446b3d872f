"""Who signs a letter: an adjudication is the Assistant Director's, a final response the Director's."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, get_args

from redress.domain.case import Case
from redress.domain.directory import Directory
from redress.domain.procedure import Approver
from redress.letters.catalogue import catalogue
from redress.letters.naming import one_line, titles_of
from redress.procedures.loader import Authority

_FOR_THE_TEAM = ("complaints_manager", "stage_manager")
"""Who signs a young person's letter without a name no more warmly than their team."""


def signed_by(case: Case, authority: Authority, letter: str, facts: Mapping[str, Any]) -> str:
    """Whose letter it is, as a role: the authority's file says it, else the head of the letter's own."""
    role = authority.signatures.get(letter) or catalogue()[letter].signed_by
    if role != "answers":
        return role
    stage = case.state.procedure.stage.get(str(facts.get("stage", "")))
    answer = case.state.latest.get(stage.response) if stage is not None else None
    return answer.owner if answer is not None and answer.owner in get_args(Approver) else "complaints_manager"


def signature(
    case: Case,
    authority: Authority,
    directory: Directory,
    letter: str,
    facts: Mapping[str, Any],
    on: date,
    *,
    young: bool,
) -> list[str]:
    """The lines under a letter that leaves on a London date: name and title, or the title alone.

    A name is only that of somebody whom the directory or the complaint has in that part; where they are away,
    their deputy signs for them. The Complaints Manager signs for the team, others for the authority. To a
    young person the team signs alone where no name is known and the office decides nothing.
    """
    role = signed_by(case, authority, letter, facts)
    title = titles_of(authority, outside=True)[role].removeprefix("the ")
    title = title[:1].upper() + title[1:]
    team = authority.contact.team if role == "complaints_manager" else authority.title if young else ""
    teams = case.opening.about.all_teams if case.opening.about else []
    who = directory.signatory(role, teams=teams, people=case.state.people, on=on)
    if who is None:
        lines = [authority.contact.team] if young and role in _FOR_THE_TEAM else [title, team]
    elif who.signs_for:
        absent = f"for {one_line(who.signs_for)}, {one_line(who.title_of_absent) or title}"
        lines = [one_line(who.name), one_line(who.title), absent, team]
    else:
        lines = [one_line(who.name), one_line(who.title) or title, team]
    return [line for line in lines if line and (young or line != authority.title)]
