"""What a young person can read about where a complaint is: what this is, who does what, what happens next."""

from __future__ import annotations

from datetime import date
from typing import TypedDict

from redress.domain.calendar import long_date
from redress.domain.deadline import Deadline
from redress.domain.state import ComplaintState
from redress.domain.words import TITLES


class PlainWords(TypedDict):
    """Plain words about one place of a procedure; `by` is an ISO London date, where there is one."""

    title: str
    what: str
    who: str
    next: str
    by: str | None


def plain_words(fold: ComplaintState) -> PlainWords:
    """The plain words for where the fold stands on its day (rule 002-14)."""
    stage = fold.procedure.stage.get(fold.stage)
    title = stage.title if stage else place_of(fold).replace("_", " ").capitalize()
    words = fold.procedure.plain.get(place_of(fold))
    due = next_for_people(fold)
    said = says(fold, due) if due is not None else ""
    answered = fold.stage in fold.answered and fold.closed_on is None
    after = words.next if words and not (answered and said) else ""
    return PlainWords(
        title=title,
        what=words.what if words else "",
        who=words.who if words else "",
        next=f"{said} {after}".strip(),
        by=due.due_on.isoformat() if due is not None else None,
    )


def place_of(fold: ComplaintState) -> str:
    """The place that plain words describe: the stage, or what stands in its way."""
    if fold.stage == "ombudsman" and fold.referred_on is not None:
        return "ombudsman"
    if fold.closed_on is not None:
        return "closed"
    return "suspended" if fold.state == "suspended" else fold.stage


def next_for_people(fold: ComplaintState) -> Deadline | None:
    """What comes next for the person: the first limit or window ahead, else the first target."""
    ahead = [
        d for d in fold.running if d.paused_on is None and d.due_on >= fold.day and d.limit.follows is None
    ]
    if fold.closed_on is not None:
        ahead = [d for d in ahead if d.limit.name == "remedy"]
    return min(ahead, key=_first, default=None)


def _first(deadline: Deadline) -> tuple[bool, bool, date]:
    side = deadline.limit.name in ("remedy", "contact_review")
    return side, deadline.limit.kind == "target", deadline.due_on


def says(fold: ComplaintState, deadline: Deadline) -> str:
    """A deadline as a sentence to the person: the procedure's own, or one for any limit."""
    owner = fold.procedure.titles.get(deadline.owner) or TITLES.get(deadline.owner, deadline.owner)
    usual = (
        "It is your turn: {what}, until {day}." if deadline.limit.kind == "window" else "{what}: by {day}."
    )
    sentence = deadline.limit.says or usual
    text = sentence.format(day=long_date(deadline.due_on), owner=owner, what=deadline.limit.title)
    return text[0].upper() + text[1:]
