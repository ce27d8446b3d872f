"""Signals that could not be taken: the first are kept with what they brought, later ones counted by name."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from redress.domain.log import Rejected

KEPT_WHOLE, LARGEST = 100, 4096
"""How many are kept with what they brought, and the bytes of it that are kept of each."""

MOST_NAMES = 100
"""How many names the later ones are counted by; what comes under further names is counted together."""

OTHER_NAMES = "(other names)"

NAME, PROBLEMS, PROBLEM = 100, 20, 500
"""The most characters of a name, problems of one signal, characters of a problem."""


class Rejects:
    """All of one complaint's. Each is added in constant time, and what is kept is bounded."""

    def __init__(self, kept: Iterable[Rejected] = ()) -> None:
        """`kept`: those of an earlier run or of the record; what was counted there goes on being counted."""
        self.kept: list[Rejected] = []
        self.total = 0
        self._by_name: dict[str, Rejected] = {}
        self._uncounted: dict[str, Rejected] = {}
        for rejected in kept:
            self._keep(rejected)

    def add(self, action: str, problems: Iterable[str], received: str, on: date) -> Rejected | None:
        """Keep one, with its London date; None where it is counted alone."""
        rejected = Rejected(
            action="".join(letter if letter.isprintable() else "?" for letter in action[:NAME]),
            on=on,
            problems=[problem[:PROBLEM] for problem in list(problems)[:PROBLEMS]],
            received=received.encode("utf-8", "replace")[:LARGEST].decode("utf-8", "ignore"),
        )
        if self.total < KEPT_WHOLE:
            self._keep(rejected)
            return rejected
        more = Rejected(action=self._name(rejected.action), on=on, problems=[], received="")
        known = self._uncounted.setdefault(more.action, more)
        if known is not more:
            known.count += 1
        self._keep(more)
        return None

    @property
    def has_counted(self) -> bool:
        """Whether `counted` would give any."""
        return bool(self._uncounted)

    def counted(self) -> list[Rejected]:
        """What was counted since this was last asked: one for each name."""
        counted, self._uncounted = list(self._uncounted.values()), {}
        return counted

    def _name(self, action: str) -> str:
        return action if action in self._by_name or len(self._by_name) < MOST_NAMES else OTHER_NAMES

    def _keep(self, rejected: Rejected) -> None:
        is_whole = self.total < KEPT_WHOLE
        self.total += rejected.count
        if is_whole:
            self.kept.append(rejected)
            return
        name = rejected.action
        known = self._by_name.get(name)
        if known is None:
            self._by_name[name] = known = rejected.model_copy()
            self.kept.append(known)
        else:
            known.count += rejected.count


def reason_of(rejected: Rejected) -> str:
    """Why it could not be taken, or, of what is counted alone, how many there were."""
    if rejected.problems:
        return "; ".join(rejected.problems)
    return f"{rejected.count} more that could not be taken; what the first {KEPT_WHOLE} brought is kept"
