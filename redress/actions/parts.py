"""What several actions are made of."""

from __future__ import annotations

from datetime import date
from typing import cast

from redress import messages as m
from redress.deadline import Deadline, count
from redress.fold import AgreedAction, Fold, Verdict
from redress.procedure import Limit, Owner


def refused(reason: str) -> Verdict:
    """A refusal, with its reason in one sentence."""
    return Verdict("refused", reason)


def agree_remedy(fold: Fold, remedy: m.Remedy, on: date) -> None:
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


def run_until(fold: Fold, limit: Limit, on: date, until: date) -> None:
    """Run a limit whose last day somebody named."""
    deadline = Deadline(limit, limit.name, on, until, (until - on).days, provisional=False)
    deadline.fixed = True
    fold.run(deadline)
