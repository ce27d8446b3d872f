"""Whether what a referral to the Ombudsman records is all that has to be recorded before its time."""

from __future__ import annotations

from collections.abc import Sequence

from redress.domain.procedure import Condition, Procedure
from redress.domain.words import mentioned

_DENIALS = ("no", "not", "none", "nobody", "nothing", "never", "without", "isn't", "wasn't", "doesn't")


def missing_conditions(procedure: Procedure, recorded: Sequence[str]) -> list[str]:
    """The titles of the conditions that are not recorded. `recorded` is what the referral says, by entry.

    An entry counts for one condition only: "an agreed action plan" is no agreement of the complainant's.
    """
    wanted = procedure.early_referral
    taken: dict[int, int] = {}  # by the entry's place: the place of the condition it counts for

    def find(condition: int, tried: set[int]) -> bool:
        for at, entry in enumerate(recorded):
            if at in tried or not _counts_for(wanted[condition], entry):
                continue
            tried.add(at)
            if at not in taken or find(taken[at], tried):
                taken[at] = condition
                return True
        return False

    return [condition.title for at, condition in enumerate(wanted) if not find(at, set())]


def _counts_for(wanted: Condition, entry: str) -> bool:
    return bool(mentioned([wanted.name, *wanted.words], entry)) and not mentioned(_DENIALS, entry)
