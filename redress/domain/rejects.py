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
        """`kept`: those of an earlier run or of the record; the latest of a name says how many there were."""
        self.kept: list[Rejected] = []
        self.total = 0
        self._places: dict[str, int] = {}  # in `kept`, of the names that are counted
        self._changed: dict[str, None] = {}
        for rejected in kept:
            if self.total < KEPT_WHOLE:
                self._keep(rejected)
            else:
                self._count(rejected)

    def add(
        self,
        action: str,
        problems: Iterable[str],
        received: str,
        on: date,
        count: int = 1,
        *,
        in_clear: bool = False,
    ) -> Rejected | None:
        """Keep one, with its London date; None where it is counted alone, or as so many."""
        name = "".join(letter if letter.isprintable() else "?" for letter in action[:NAME])
        if self.total >= KEPT_WHOLE:
            if name not in self._places and len(self._places) >= MOST_NAMES:
                name = OTHER_NAMES
            at = self._places.get(name)
            before = self.kept[at].count if at is not None else 0
            so_many = before + count
            self._count(
                Rejected(action=name, on=on, problems=[], received="", in_clear=in_clear, count=so_many)
            )
            self._changed[name] = None
            return None
        rejected = Rejected(
            action=name,
            on=on,
            problems=[problem[:PROBLEM] for problem in list(problems)[:PROBLEMS]],
            received=received.encode("utf-8", "replace")[:LARGEST].decode("utf-8", "ignore"),
            in_clear=in_clear,
        )
        self._keep(rejected)
        return rejected

    @property
    def has_counted(self) -> bool:
        """Whether `counted` would give any."""
        return bool(self._changed)

    def counted(self) -> list[tuple[str, Rejected]]:
        """How many there are by now of each name that came since this was last asked, each with a key.

        Whole numbers, not what was added: however often and in whatever portions they are recorded, the
        latest is right.
        """
        places = [self._places[name] for name in self._changed]
        self._changed = {}
        return [(f"{at + 1}:{self.kept[at].count}", self.kept[at].model_copy()) for at in places]

    def _keep(self, rejected: Rejected) -> None:
        self.kept.append(rejected)
        self.total += 1

    def _count(self, rejected: Rejected) -> None:
        at = self._places.setdefault(rejected.action, len(self.kept))
        if at == len(self.kept):
            self.kept.append(rejected.model_copy())
            self.total += rejected.count
        elif rejected.count > self.kept[at].count:
            self.total += rejected.count - self.kept[at].count
            self.kept[at].count = rejected.count


def reason_of(rejected: Rejected) -> str:
    """Why it could not be taken, or, of what is counted alone, how many there were."""
    if rejected.problems:
        return "; ".join(rejected.problems)
    return f"{rejected.count} more that could not be taken; what the first {KEPT_WHOLE} brought is kept"
