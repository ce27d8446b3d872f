"""The other complaints that one belongs together with."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import NamedTuple


class Linked(NamedTuple):
    """A link that somebody recorded, and when."""

    reference: str
    how: str
    on: date


class Links:
    """Those of one complaint, in the order they were recorded; each way of belonging once."""

    def __init__(self) -> None:
        self._links: list[Linked] = []

    def __iter__(self) -> Iterator[Linked]:
        return iter(self._links)

    def add(self, reference: str, how: str, on: date) -> None:
        """It belongs together with another one, in a way."""
        if (reference, how) not in {(link.reference, link.how) for link in self._links}:
            self._links.append(Linked(reference, how, on))

    def remove(self, reference: str, how: str | None) -> bool:
        """It does not, in a way or (None) in any; whether it did."""
        kept = [link for link in self._links if link.reference != reference or how not in (None, link.how)]
        removed = len(kept) < len(self._links)
        self._links = kept
        return removed
