"""Sentences about a case for people: milestones in words, and what a person must decide at intake."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from redress.domain.calendar import months_after
from redress.domain.opening import Opening
from redress.domain.procedure import Procedure, Question, StageName


def plain(milestone: str) -> str:
    """A milestone in words for people: `requested:stage_2` is `request for stage 2`."""
    what, _, of = milestone.partition(":")
    of = of.replace("_", " ")
    words = {
        "requested": f"a request for {of}",
        "answered": f"an answer at {of}",
        "acknowledged": f"an acknowledgement at {of}" if of else "an acknowledgement",
        "appointed": f"the appointment of {'an' if of[:1] in 'aei' else 'a'} {of}",
        "reported": f"the {of} report" if of == "panel" else f"the report of the {of}",
        "statement_agreed": "an agreed complaint statement",
        "panel_scheduled": "the date of the panel",
        "papers_sent": "notice and papers",
        "panel_held": "the panel's meeting",
        "informally_tried": "an attempt to settle it informally",
        "met_in_person": "a meeting",
        "director_met": "a meeting of the Director with the Independent Person",
    }
    if of == "informal":
        words |= {"requested": "an informal step", "answered": "an informal answer"}
    return words.get(what, milestone.replace("_", " "))


TITLES: dict[str, str] = {
    "complaints_manager": "Complaints Manager",
    "stage_manager": "manager of the team concerned",
    "investigating_officer": "Investigating Officer",
    "adjudicating_officer": "Adjudicating Officer",
    "panel": "Chair of the Review Panel",
    "director": "Director of Children's Services",
    "approver": "person who approves letters",
    "complainant": "complainant",
    "ombudsman": "Ombudsman",
}
"""What those who owe something are called where the authority calls them nothing else."""


def same_words(text: str) -> str:
    """Text by which two spellings of one role or name are known to be alike."""
    return " ".join(text.casefold().replace("_", " ").replace("-", " ").split())


def mentioned(wanted: Iterable[str], *texts: str) -> list[str]:
    """Which of the wanted words or phrases stand in the texts, as whole words."""
    text = " ".join(same_words(text) for text in texts).strip()
    return [phrase for phrase in wanted if _as_whole_words(phrase).search(text)] if text else []


@lru_cache(maxsize=4096)
def _as_whole_words(phrase: str) -> re.Pattern[str]:
    return re.compile(rf"\b{re.escape(same_words(phrase))}\b")


def questions_of(procedure: Procedure, opening: Opening) -> list[Question]:
    """What must be asked about a matter: who complains, what about, how old. Nothing here refuses it."""
    return [question for question in procedure.questions if _is_asked(question, procedure, opening)]


def _is_asked(question: Question, procedure: Procedure, opening: Opening) -> bool:
    complainant, children = opening.complainant, opening.children
    match question.when:
        case "anonymous":
            return complainant is None
        case "older":
            begun = opening.events_on
            within = procedure.policy.events_within_months
            return begun is not None and opening.received_on > months_after(begun, within)
        case "role_in":
            return all(_is_one_of(role, question.values) for role in opening.roles or [""])
        case "role_not_in":  # of several people one whose right is in no doubt is enough
            known = [_is_one_of(role, question.values) for role in opening.roles]
            return bool(known) and not any(known)
        case "mentions":
            return bool(mentioned(question.values, *opening.points, *opening.subjects))
        case "child_disagrees":
            return any(child.child_agrees is False for child in children)
        case "child_not_asked":
            return any(child.child_agrees is None for child in children)
        case "not_tried_informally":
            return opening.tried_informally is False
        case "suggests":
            return False  # asked of each point (redress.domain.routes)


def _is_one_of(role: str, roles: Iterable[str]) -> bool:
    return same_words(role) in map(same_words, roles)


def asked_about_entry(procedure: Procedure, opening: Opening, entry: StageName) -> list[Question]:
    """Whether it should have begun at a later stage: where only the points say whom it is about."""
    return [
        Question(
            name="direct", when="mentions", values=d.about, says=d.asks, presumption="none", source=d.source
        )
        for d in procedure.direct
        if d.asks and d.to != entry and mentioned(d.about, *opening.points)
    ]


def entry_stage(procedure: Procedure, opening: Opening) -> StageName:
    """The stage a matter begins at: the first, or a later one where the procedure sends it there."""
    for direct in procedure.direct:
        if mentioned(direct.about, *opening.subjects):
            return direct.to
    first = procedure.stage[procedure.first_stage]
    if first.name == "informal" and first.next is not None and opening.tried_informally:
        return first.next
    return first.name
