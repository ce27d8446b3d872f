"""Who came to the Review Panel besides its members, and whose absence is noted.

Reg 19(5) of the Children Act 1989 Representations Procedure (England) Regulations 2006: the panel hears the
complainant, the authority and the Independent Person of Stage 2. A young person is promised that whoever
investigated comes as well (rule 002-12).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from redress.domain.fields import Attendee, Contact
from redress.domain.opening import is_young

OF_THE_SERVICE = frozenset({"manager", "adjudicating_officer", "director"})
"""Those who come to the panel for Children's Services."""


class Attendance:
    """Who came to the sittings of one panel, as far as that was recorded."""

    def __init__(self) -> None:
        self._parts: set[str] | None = None

    def add(self, attended: Iterable[Attendee] | None) -> None:
        """These came to a sitting; None: who came is not recorded."""
        if attended is not None:
            self._parts = (self._parts or set()) | {each.part for each in attended}

    def missed(self, complainants: Iterable[Contact]) -> Iterator[str]:
        """Who should have come to one of the sittings and did not; nobody where nothing is recorded."""
        if self._parts is None:
            return
        if "independent_person" not in self._parts:
            yield "the Independent Person of Stage 2 did not come to the panel"
        if "investigating_officer" not in self._parts and any(map(is_young, complainants)):
            yield "the Investigating Officer of Stage 2 did not come to a young person's panel"
        if not self._parts & OF_THE_SERVICE:
            yield "nobody of Children's Services came to the panel"
