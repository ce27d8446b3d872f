"""What a complaint waits for: what is next, what is late, and whose turn it is."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from operator import attrgetter
from typing import NamedTuple

from redress.domain.deadline import Deadline
from redress.domain.procedure import WaitingFor
from redress.domain.routes import ROUTE_DECISION
from redress.domain.state import ComplaintState


class Brief(NamedTuple):
    """A case in a line: what lists and search attributes show.

    `late_since`: the last day in time of the limit that is late for longest; None where none is late.
    """

    stage: str
    state: str
    waiting_for: WaitingFor
    next_due_on: date | None
    overdue: bool
    late_since: date | None


def brief(state: ComplaintState, as_of: date) -> Brief:
    """The line for a state that has been advanced to `as_of`.

    Next is the earliest limit or window due today or later, else the earliest other date ahead, else the
    earliest late one. It waits for whoever owes that; while a limit is late for its owner, while a clock is
    paused for the review, and until its day for whoever decides by which route the matter goes on.
    """
    owed = _owed(state)
    counting = [d for d in owed if d.paused_on is None]
    late = [d for d in late_of(state, as_of) if d.limit.kind == "limit"]
    review, to_decide = _review_of_a_pause(state), state.latest.get(ROUTE_DECISION)
    next_one = review if review is not None and review.due_on >= as_of else _next(counting or owed, as_of)
    waiting_for: WaitingFor = "nobody"
    late_now = [d for d in late if d.paused_on is None]
    if late_now:
        waiting_for = late_now[0].owner
    elif review is not None:
        waiting_for = review.owner
    elif to_decide is not None and to_decide.is_open and to_decide.last_in_time >= as_of:
        waiting_for = to_decide.owner
    elif any(d.limit.kind == "window" and state.waits_for_letter(d) for d in state.running):
        waiting_for = "complaints_manager"  # who has the letter sent again
    elif state.enclosures.awaited:
        waiting_for = "complaints_manager"  # who has what a letter waits for attached
    elif state.drafts.unapproved:
        waiting_for = "approver"
    elif next_one is not None:
        waits_for = next_one.limit.waits_for if next_one.last_in_time >= as_of else None
        waiting_for = waits_for or next_one.owner
    return Brief(
        stage=state.stage,
        state=state.state,
        waiting_for=waiting_for,
        next_due_on=next_one.last_in_time if next_one is not None else None,
        overdue=bool(late),
        late_since=late[0].due_on if late else None,
    )


def late_of(state: ComplaintState, as_of: date) -> list[Deadline]:
    """What has passed by a day and is still owed: limits first, and the longest late first."""
    late = [d for d in _owed(state) if d.last_in_time < (d.paused_on or as_of)]
    return sorted(late, key=lambda d: (d.limit.kind != "limit", d.due_on, d.name))


def _owed(state: ComplaintState) -> list[Deadline]:
    """What runs, paused or not, but for other readings of a limit that speaks for itself.

    Nor a window whose letter did not leave: it has no last day until that leaves after all.
    """
    return [d for d in state.running if d.limit.follows is None and not d.held]


def _review_of_a_pause(state: ComplaintState) -> Deadline | None:
    """The review that is owed while a clock is paused."""
    review = state.latest.get("suspension_review")
    paused = any(d.paused_on is not None and not d.held for d in state.running)
    return review if paused and review is not None and review.is_open else None


def _next(owed: Sequence[Deadline], as_of: date) -> Deadline | None:
    ahead = [d for d in owed if d.last_in_time >= as_of]
    first = [d for d in ahead if d.limit.kind != "target"]
    return min(first or ahead or owed, key=attrgetter("last_in_time"), default=None)
