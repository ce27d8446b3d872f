"""What a young person can read about where a complaint is: what this is, who does what, what happens next."""

from __future__ import annotations

from datetime import date

from pydantic import ConfigDict, with_config
from typing_extensions import TypedDict

from redress.domain.calendar import full_date
from redress.domain.deadline import Deadline
from redress.domain.fields import IsoDay
from redress.domain.procedure import Limit
from redress.domain.sentences import title_of
from redress.domain.state import ComplaintState


@with_config(ConfigDict(use_attribute_docstrings=True))
class PlainWords(TypedDict):
    """Plain words about one place of a procedure; `by` is an ISO London date, where there is one."""

    title: str
    """Where it is."""

    what: str
    """What this is."""

    who: str
    """Who does something."""

    next: str
    """What happens next."""

    by: IsoDay | None
    """By when."""


def plain_words(state: ComplaintState) -> PlainWords:
    """The plain words for where the state stands on its day (rule 002-14)."""
    stage = state.procedure.stage.get(state.stage)
    title = stage.title if stage else place_of(state).replace("_", " ").capitalize()
    words = state.procedure.plain.get(place_of(state))
    due = next_for_people(state)
    sentence = says(state, due) if due is not None else ""
    answered = state.stage in state.answers.on and state.closed_on is None
    after = words.next if words and not (answered and sentence) else ""
    return PlainWords(
        title=title,
        what=words.what if words else "",
        who=words.who if words else "",
        next=f"{sentence} {after}".strip(),
        by=due.due_on.isoformat() if due is not None else None,
    )


def place_of(state: ComplaintState) -> str:
    """The place that plain words describe: the stage, or what stands in its way."""
    if state.stage == "ombudsman" and state.referred_on is not None:
        return "ombudsman"
    if state.closed_on is not None:
        return "closed"
    return "suspended" if state.state == "suspended" else state.stage


def next_for_people(state: ComplaintState) -> Deadline | None:
    """What comes next for the person: the first limit or window ahead, else the first target."""
    ahead = [
        d
        for d in state.running
        if d.paused_on is None and d.last_in_time >= state.day and d.limit.follows is None
    ]
    if state.closed_on is not None:
        ahead = [d for d in ahead if d.limit.name == "remedy"]
    return min(ahead, key=_first, default=None)


SIDE_STEPS = (
    "remedy",
    "contact_review",
    "contact_confirmation",
    "ombudsman_reply",
    "ombudsman_review",
    "contact_reply",
    "route_decision",
    "letter_approval",
    "enclosure",
    "enclosure_follows",
)
"""Limits beside the procedure: people are told its own next step first."""


def _first(deadline: Deadline) -> tuple[bool, bool, date]:
    side = deadline.limit.name in SIDE_STEPS
    return side, deadline.limit.kind == "target", deadline.due_on


def says_of_window(state: ComplaintState, limit: Limit, *, asked_early: bool = True) -> str:
    """How the time to ask for the next stage reads where its end closes nothing; empty: as the file says.

    `asked_early`: to somebody whose request came before the answer.
    """
    if limit.lapse is None:
        return ""
    if state.anything_is_owed:
        return (
            "It is your turn for what we have answered: if you want the next stage for it, ask by {day}. "
            "Your complaint stays open after that: the other points still wait for their answer."
        )
    if state.requests.early and asked_early:
        return "It is your turn. Tell us by {day} whether you still want the Review Panel that you asked for."
    return ""


def says(state: ComplaintState, deadline: Deadline) -> str:
    """A deadline as a sentence to the person: the procedure's own, or one for any limit."""
    owner = title_of(state.procedure, deadline.owner)
    usual = (
        "It is your turn: {what}, until {day}." if deadline.limit.kind == "window" else "{what}: by {day}."
    )
    sentence = says_of_window(state, deadline.limit) or deadline.limit.says or usual
    text = sentence.format(day=full_date(deadline.due_on), owner=owner, what=deadline.limit.title)
    return text[0].upper() + text[1:]
