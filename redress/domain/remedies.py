"""What was agreed to be done about a complaint, by whom and by when."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import NamedTuple, cast

from redress.domain.deadline import count
from redress.domain.deadlines import Deadlines
from redress.domain.fields import RemedyOrigin
from redress.domain.messages import CompleteRemedy, Remedy
from redress.domain.procedure import Owner

_OWNERS = ("stage_manager", "investigating_officer", "adjudicating_officer", "director")
"""Who may owe a remedy by a part of theirs; whoever else is named, the limit's own owner owes it."""


class AgreedAction(NamedTuple):
    """A remedy, numbered in the order agreed; its deadline is `remedy_<number>`."""

    number: int
    remedy: Remedy
    agreed_on: date
    origin: RemedyOrigin
    done_on: date | None = None
    evidence: str = ""
    told_on: date | None = None


class Remedies:
    """The agreed actions of one complaint, each with a deadline of its own."""

    def __init__(self, deadlines: Deadlines) -> None:
        self._deadlines = deadlines
        self._agreed: list[AgreedAction] = []

    def __iter__(self) -> Iterator[AgreedAction]:
        return iter(self._agreed)

    def __len__(self) -> int:
        return len(self._agreed)

    def agree(self, remedy: Remedy, on: date, origin: RemedyOrigin) -> None:
        """Something is to be done, by somebody, by a date; without one by the end of the usual limit.

        `origin`: whose message brings it, where the remedy itself does not say who asked for it.
        """
        number = len(self._agreed) + 1
        self._agreed.append(AgreedAction(number, remedy, on, remedy.origin or origin))
        limit = self._deadlines.procedure.limit["remedy"]
        due_on = remedy.due_on or count(self._deadlines.calendar, limit, on, limit.days)
        owner = cast(Owner, remedy.owner) if remedy.owner in _OWNERS else limit.owner
        self._deadlines.run_until(limit, on, due_on, name=f"remedy_{number}", owner=owner)

    def agree_anew(self, remedy: Remedy, on: date) -> None:
        """An amended answer names a remedy: what is still to be done of the same words has its new terms."""
        wanted = remedy.what.casefold().split()
        for agreed in self._agreed:
            deadline = self._deadlines.latest[f"remedy_{agreed.number}"]
            if agreed.remedy.what.casefold().split() == wanted and deadline.is_open:
                self._agreed[agreed.number - 1] = agreed._replace(remedy=remedy, agreed_on=on)
                if remedy.due_on is not None:
                    why = "the answer was amended"
                    deadline.move(self._deadlines.calendar, remedy.due_on, why, self._deadlines.day)
                return
        self.agree(remedy, on, "answer")

    def numbered(self, number: int) -> AgreedAction | None:
        """The agreed action of a number."""
        return self._agreed[number - 1] if 1 <= number <= len(self._agreed) else None

    def complete(self, agreed: AgreedAction, message: CompleteRemedy, *, assumed: bool) -> None:
        """An agreed action was done."""
        done = agreed._replace(done_on=message.on, evidence=message.evidence, told_on=message.told_on)
        self._agreed[agreed.number - 1] = done
        self._deadlines.meet(self._deadlines.latest[f"remedy_{agreed.number}"], message.on, assumed=assumed)
