"""From whom a document is withheld: by their part in the complaint, or by name."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

from redress.domain.messages import Withhold
from redress.domain.parsing import Problem
from redress.domain.state import ComplaintState
from redress.domain.words import same_words

PARTS = (
    *("complainant", "advocate", "independent person", "investigating officer", "adjudicating officer"),
    *("panel", "panel chair", "panel member", "complaints manager", "stage manager", "director"),
)
"""The parts that a message may name, in words; of several who have one, all are meant."""

_NUMBER = re.compile(r" \d{1,2}$")


def is_meant(withheld: Withhold, role: str, names: Collection[str]) -> bool:
    """Whether a document is withheld from a reader, by what they are called as a recipient.

    `names`: theirs; an advocate's copy is withheld as well where the letter to whom they speak for is, whose
    name is among them then. From whom nobody can tell is from everybody: what left cannot be taken back.
    """
    part = same_words(role.removeprefix("appointed_"))
    known = {*_with_kinds(part), *map(same_words, names)}
    if part.startswith("advocate"):
        known |= _with_kinds(part.replace("advocate", "complainant", 1))
    meant = said_from(withheld.withheld_from)
    return not known.isdisjoint(meant) or not all(_is_part(each) or each in known for each in meant)


def withholding_problem(state: ComplaintState, message: Withhold) -> Problem | None:
    """What is wrong with from whom a document is withheld; None: it is clear."""
    people = {same_words(name) for name in _people(state)}
    unknown = [each for each in said_from(message.withheld_from) if not _is_part(each) and each not in people]
    if not unknown:
        return None
    parts = ", ".join(part.replace(" ", "_") for part in PARTS)
    return Problem(
        "from", f"names nobody in this complaint: give a part ({parts}), or a name as recorded here"
    )


def said_from(text: str) -> list[str]:
    """Those whom a message names, each in words that are compared."""
    said = [same_words(each).removeprefix("the ") for each in re.split(r"[,;]|\band\b", text)]
    return [each for each in said if each]


def _with_kinds(part: str) -> set[str]:
    """A part as it may be named: with its number, without, and one on the panel as such."""
    alone = _NUMBER.sub("", part)
    return {part, alone, *(("panel",) if alone.startswith("panel ") else ())}


def _is_part(said: str) -> bool:
    return _NUMBER.sub("", said) in PARTS


def _people(state: ComplaintState) -> Iterable[str]:
    """Everybody who has a name in the complaint and may get a letter."""
    yield from (each.contact.name for each in state.complainants.all)
    yield from (each.advocate.name for each in state.people.advocates.values())
    yield from (held.person.name or "" for held in state.people.appointments)
