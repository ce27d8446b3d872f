"""Where a complaint is in its procedure: its stage, and whether it is open, suspended or closed."""

from __future__ import annotations

from datetime import date
from typing import Literal

from redress.domain.procedure import Procedure, StageName

OpenOrClosed = Literal["open", "suspended", "closed"]
Ending = Literal[
    "resolved",
    "lapsed",
    "completed",
    "withdrawn",
    "declined",
    "ended_early",
    "died",
    "duplicate",
    "transferred",
    "settled",
    "out_of_contact",
]


class Position:
    """One complaint's place. Read by all, changed by `ComplaintState` alone. Dates are London dates."""

    __slots__ = ("_procedure", "closed_as", "closed_on", "last_stage", "stage", "state")

    def __init__(self, procedure: Procedure, stage: StageName) -> None:
        self._procedure = procedure
        self.stage = self.last_stage = stage
        self.state: OpenOrClosed
        self.open()

    def open(self) -> None:
        """Go on, be it after a suspension or after closing."""
        self.state = "open"
        self.closed_on: date | None = None
        self.closed_as: Ending | None = None

    @property
    def current_stage(self) -> StageName:
        """The stage of the procedure it is in: before the first the first, at the Ombudsman the last."""
        return self.stage if self.stage in self._procedure.stage else self.last_stage

    def enter(self, stage: StageName) -> None:
        """Go to a stage; a closed complaint is open again."""
        if self.closed_on is not None:
            self.open()
        self.stage = self.last_stage = stage

    def close(self, on: date, closed_as: Ending) -> None:
        """End, on a day and for a reason."""
        self.state, self.closed_on, self.closed_as = "closed", on, closed_as

    def refer(self) -> None:
        """Go to the Ombudsman, who is outside the procedure."""
        self.last_stage = self.current_stage
        self.stage = "ombudsman"
