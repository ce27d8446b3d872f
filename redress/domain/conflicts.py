"""Conflicts of interest that somebody has to consider before a person takes a part."""

from __future__ import annotations

from typing import TYPE_CHECKING

from redress.domain.fields import Advocate, Person
from redress.domain.identifiers import known_by
from redress.domain.messages import Appoint
from redress.domain.procedure import Question

if TYPE_CHECKING:
    from redress.domain.state import ComplaintState

SOURCE = "Guidance 3.6 to 3.10: nobody looks into what they did or decided themselves"


def conflict_of(state: ComplaintState, message: Appoint) -> str:
    """Why a person should not take a part unless it was considered, as a refusal says it; empty: nothing."""
    person = message.person
    stage = next((given.stage for given in state.answers.by if _is_called(person, given.person)), None)
    if stage is not None:
        return f"this person answered {state.procedure.stage[stage].title} of this complaint"
    about = state.opening.about
    if about is not None and any(_is_called(person, name) for name in about.people):
        return "this person is complained about"
    before = [held for held in state.people.appointments if held.until and held.person.is_same_as(person)]
    if before:
        title = state.procedure.role[before[-1].role].title
        return f"this person had the part of {title} in this complaint before"
    return ""


def advocate_conflict(state: ComplaintState) -> Question | None:
    """What the Complaints Manager is asked where an advocate is part of what the complaint is about."""
    chosen = state.people.advocates.values()
    return next((asked for each in chosen if (asked := _conflict_of_advocate(state, each.advocate))), None)


def _conflict_of_advocate(state: ComplaintState, advocate: Advocate) -> Question | None:
    about, named = state.opening.about, Person(name=advocate.name)
    if about is not None and any(_is_called(named, name) for name in about.people):
        why = "is complained about"
    elif any(_is_called(named, given.person) for given in state.answers.by):
        why = "answered an earlier stage"
    elif any(held.person.is_same_as(named) for held in state.people.appointments):
        why = "has or had a part in looking into it"
    else:
        return None
    return Question(
        name="advocate_conflict",
        when="mentions",
        values=[why],
        says=f"Somebody of the advocate's name {why}. Does the person know, and is it their choice?",
        presumption="none",
        decides=False,
        source="Advocacy Services Regulations 2004 reg 4: an advocate is independent",
    )


def _is_called(person: Person, name: str) -> bool:
    """Whether a text names a person: by name or by number."""
    words = known_by(name)
    return bool(words) and words in [known_by(each or "") for each in (person.name, person.id)]
