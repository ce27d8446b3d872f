"""Conflicts of interest that somebody has to consider before a person takes a part."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING

from redress.domain.fields import Advocate, Appointee, Contact, Person
from redress.domain.identifiers import known_by
from redress.domain.messages import Appoint
from redress.domain.opening import OnBehalfOf
from redress.domain.procedure import Question
from redress.domain.words import same_words

if TYPE_CHECKING:
    from redress.domain.state import ComplaintState


def conflict_of(state: ComplaintState, message: Appoint) -> str:
    """Why a person should not take a part unless it was considered, as a refusal says it; empty: nothing."""
    return next(conflicts_of(state, message), "")


def conflicts_of(state: ComplaintState, message: Appoint, teams: Collection[str] = ()) -> Iterator[str]:
    """Everything that has to be considered before a person takes a part, each as a refusal says it.

    `teams`: those that the person works in, as a directory says.
    """
    person = message.person
    for stage in dict.fromkeys(given.stage for given in state.answers.by if _is_called(person, given.person)):
        yield f"this person answered {state.procedure.stage[stage].title} of this complaint"
    about = state.opening.about
    if about is not None and any(_is_called(person, name) for name in about.people):
        yield "this person is complained about"
    for who, party in _parties(state):
        if _is_called(person, party.name or "") or _is_at(person, getattr(party, "email", "")):
            yield f"this person has the name or e-mail address of {who}"
    before = [held for held in state.people.appointments if held.until and held.person.is_same_as(person)]
    for role in dict.fromkeys(held.role for held in before):
        yield f"this person had the part of {state.procedure.role[role].title} in this complaint before"
    concerned = {same_words(team) for team in (about.all_teams if about else ()) if team.strip()}
    for team in teams:
        if same_words(team) in concerned:
            yield f"this person works in {team}, which the complaint is about"


def _parties(state: ComplaintState) -> Iterator[tuple[str, Contact | OnBehalfOf | Advocate]]:
    """Whoever is on the side of the person, as they are now, and what they are called."""
    for each in state.complainants.all:
        yield "the complainant" if each.number == 1 else "one of those who complain", each.contact
    for child in state.opening.children:
        yield "the child", child
    for chosen in state.people.advocates.values():
        yield "the advocate", chosen.advocate


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
    """Whether a text names a person: by name, number or e-mail address."""
    words = known_by(name)
    own = (person.name, person.id, getattr(person, "email", ""))
    return bool(words) and words in [known_by(each or "") for each in own]


def _is_at(person: Appointee, email: str) -> bool:
    return bool(known_by(email)) and known_by(person.email) == known_by(email)
