"""Who is asked to approve a draft, by name: the file names a role, the directory the person.

The rules know the day on which it passes on (`Drafts.turn`), and no directory. A person who is away, or wrote
the letter and may not approve it, is passed over at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import partial
from typing import Any, NamedTuple

from redress.domain.case import Case
from redress.domain.directory import Directory, Responsible
from redress.domain.drafts import APPROVAL, Draft, Turn
from redress.domain.identifiers import ISSUED
from redress.domain.people import People
from redress.letters.named_staff import NAMED, named_staff

LETTERS = ("letter_to_approve", "letter_urgent")
"""The letters that go to whoever is asked to approve a draft."""

OF_TODAY = {"deadline": APPROVAL.name}
"""What makes a letter about a draft one to whoever owes its approval on the day."""


class Asked(NamedTuple):
    """Who at the authority is asked: in which role; `person`: of the directory (None: the role's address).

    `stands_in`: it has passed to them from whoever has that role.
    """

    role: str
    person: Responsible | None
    stands_in: bool = False

    def title(self, titles: Mapping[str, str]) -> str:
        """What they are called by their role."""
        if self.role.startswith(NAMED):
            return "member of staff"
        title = titles.get(self.role, self.role.replace("_", " "))
        return f"deputy of the {title}" if self.stands_in else title


def written_to(
    case: Case, letter: str, role: str, facts: Mapping[str, Any], directory: Directory, on: date
) -> Asked:
    """Who a letter to a role at the authority goes to on a London date."""
    if letter in LETTERS and (approver := asked_for(case, facts, directory, on)) is not None:
        return approver
    named = named_staff(case, directory).written_to.get(role)
    if named is not None:
        return Asked(role, Responsible(named.name, named.email, named.telephone, named.address))
    teams, people = _its(case)
    return Asked(role, directory.responsible(role, teams=teams, people=people, on=on))


def draft_meant(case: Case, facts: Mapping[str, Any]) -> Draft | None:
    """The draft that a letter to staff is about: that of a mark, else the one that is due first."""
    drafts, mark = case.state.drafts, str(facts.get("mark", ""))
    return drafts.marked(mark) if mark else min(drafts.unapproved, key=drafts.due_on, default=None)


def asked_for(case: Case, facts: Mapping[str, Any], directory: Directory, on: date) -> Asked | None:
    """Who a letter about a draft goes to on a London date: of its mark, else of the one that is due first.

    Whoever drafts one asks the approver; about its limit the letter is to whoever owes it on that day.
    """
    drafts, mark = case.state.drafts, str(facts.get("mark", ""))
    waiting = [draft for draft in drafts.unapproved if not mark or mark in draft.marks]
    first = min(waiting, key=drafts.due_on, default=None)
    turn: Turn | None = None if "deadline" in facts else "approver"
    return asked(case, first, directory, on, turn) if first is not None else None


def asked(case: Case, draft: Draft, directory: Directory, on: date, turn: Turn | None = None) -> Asked:
    """Who is asked to approve a draft on a London date.

    First whoever has the role that the file calls `approver`; once that day has passed who has the role that
    it calls `deputy`, and where it names none the deputy that the directory has for whoever was asked; then
    the Complaints Manager. Where all who have a role are away without a deputy, or wrote it, it passes on at
    once. `turn`: whose it is, where that is not a matter of the day.
    """
    rule, turn = draft.rule, turn or case.state.drafts.turn(draft, on)
    teams, people = _its(case)
    writer = "" if rule.writer_may_approve else draft.entry.message.by.removeprefix(ISSUED)
    find = partial(directory.responsible, teams=teams, people=people, on=on, not_by=writer)

    def has(role: str) -> Asked | None:
        person = find(role)
        is_here = person is not None or not directory.has_any(role, teams=teams, people=people)
        return Asked(role, person) if is_here else None

    if turn == "approver" and (first := has(rule.approver)) is not None:
        return first
    if turn != "complaints_manager":
        if rule.deputy is not None:
            second = has(rule.deputy)
        else:
            deputy = find(rule.approver, passed=True)
            second = Asked(rule.approver, deputy, stands_in=True) if deputy is not None else None
        if second is not None:
            return second
    return Asked("complaints_manager", find("complaints_manager"))


def _its(case: Case) -> tuple[list[str], People]:
    """The teams and people of a complaint, which say who of a directory it is."""
    about = case.opening.about
    return about.all_teams if about else [], case.state.people
