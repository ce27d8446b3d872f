"""What has passed between a complaint and the Ombudsman: approaches, enquiries, decisions."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from redress.domain.fields import ApproachedBy, EnquiryKind, OmbudsmanCategory
from redress.domain.procedure import StageName


class Approach(NamedTuple):
    """The matter went to the Ombudsman, on a London date."""

    on: date
    approached_by: ApproachedBy


class Enquiry(NamedTuple):
    """The Ombudsman asked for something; `deadline` names the limit of the reply; empty: none."""

    on: date
    kind: EnquiryKind
    ombudsman_reference: str
    deadline: str


class Decision(NamedTuple):
    """What the Ombudsman decided; `category` is None where only words were recorded."""

    on: date
    category: OmbudsmanCategory | None
    outcome: str
    ombudsman_reference: str
    returns_to: StageName | None


class Ombudsman:
    """Everything of one complaint, in the order of its dates."""

    def __init__(self) -> None:
        self.approaches: list[Approach] = []
        self.enquiries: list[Enquiry] = []
        self.decisions: list[Decision] = []

    @property
    def is_involved(self) -> bool:
        """Whether the Ombudsman is known to have had the matter."""
        return bool(self.approaches or self.enquiries or self.decisions)

    @property
    def reference(self) -> str:
        """The Ombudsman's own reference, the latest that was given; empty: none."""
        dated: Sequence[Enquiry | Decision] = sorted(
            [*self.enquiries, *self.decisions], key=lambda each: each.on, reverse=True
        )
        return next((each.ombudsman_reference for each in dated if each.ombudsman_reference), "")

    def replies_owed_to(self, ombudsman_reference: str) -> list[str]:
        """The limits of the replies under a reference, the latest first; without a reference, of all."""
        return [
            enquiry.deadline
            for enquiry in reversed(self.enquiries)
            if enquiry.deadline and ombudsman_reference in ("", enquiry.ombudsman_reference)
        ]

    def replies_ended_by(self, ombudsman_reference: str) -> list[str]:
        """The limits of the replies that a decision leaves nothing of: under its reference, or under none."""
        owed = self.replies_owed_to(ombudsman_reference)
        return owed if not ombudsman_reference else [*owed, *self._owed_under_none()]

    def _owed_under_none(self) -> list[str]:
        return [each.deadline for each in self.enquiries if each.deadline and not each.ombudsman_reference]
