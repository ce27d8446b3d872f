"""What several actions are made of."""

from __future__ import annotations

from datetime import date
from typing import cast

from redress.domain import messages as m
from redress.domain.deadline import Deadline, count
from redress.domain.procedure import Limit, Owner
from redress.domain.state import AgreedAction, ComplaintState, Outcome


def refused(reason: str) -> Outcome:
    """A refusal, with its reason in one sentence."""
    return Outcome("refused", reason)


def agree_remedy(fold: ComplaintState, remedy: m.Remedy, on: date) -> None:
    """Something is to be done, by somebody, by a date: a deadline of its own."""
    number = len(fold.remedies) + 1
    fold.remedies.append(AgreedAction(number, remedy, on))
    limit = fold.procedure.limit["remedy"]
    due_on = remedy.due_on or count(fold.calendar, limit, on, limit.days)
    days = fold.calendar.between(on, due_on)
    deadline = Deadline(limit, f"remedy_{number}", on, due_on, days, provisional=False)
    deadline.fixed = True  # agreed with the person, or told to them in the answer
    if remedy.owner in _OWNERS:
        deadline.owner = cast(Owner, remedy.owner)
    fold.run(deadline)


_OWNERS = ("stage_manager", "investigating_officer", "adjudicating_officer", "director")


def run_until(fold: ComplaintState, limit: Limit, on: date, until: date) -> None:
    """Run a limit whose last day somebody named."""
    deadline = Deadline(limit, limit.name, on, until, (until - on).days, provisional=False)
    deadline.fixed = True
    fold.run(deadline)
