"""Points split off a complaint: the opening of the linked complaint that they become."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from redress.domain.case import Case
from redress.domain.opening import SPLIT_SOURCE
from redress.domain.state import ComplaintState
from redress.domain.status_building import part_reference

NO_COMPLAINT = "representation"
"""The procedure for what is no complaint: its thanks are no acknowledgement of one."""


class PartOpening(NamedTuple):
    """What a part is opened with, under which reference."""

    reference: str
    opening: dict[str, Any]


def part_of(case: Case, facts: Mapping[str, Any]) -> PartOpening:
    """The opening of a part, the same each time: received when the whole was, acknowledged when it was.

    `facts` are those of the effect that asks for it. The part's clocks run from the receipt of the whole:
    that somebody first put the matter under the wrong procedure costs the person no time.
    """
    reference = part_reference(case.reference, int(facts["part"]))
    whole = case.opening.model_dump(mode="json", exclude_unset=True, exclude={"messages", "statutory"})
    name, was = str(facts["procedure"]), case.state.procedure.name
    received_on = str(facts.get("received_on", case.opening.received_on.isoformat()))
    acknowledged = case.state.reached.get("acknowledged") if NO_COMPLAINT not in (name, was) else None
    if "received_on" in facts:
        acknowledged = None  # new points: nobody has said yet that they are here
    kind = "comment" if name == NO_COMPLAINT else "complaint"
    opening = whole | {
        "source": SPLIT_SOURCE,
        "source_id": reference,
        "points": list(facts["points"]),
        "received_on": received_on,
        "kind": kind,
        "procedure": name,
        "linked_to": case.reference,
    }
    if case.state.complainants.left:
        opening |= _those_who_complain_still(case.state)
    if acknowledged is not None:
        opening["messages"] = [{"action": "acknowledge", "on": acknowledged.isoformat()}]
    return PartOpening(reference, opening)


def _those_who_complain_still(state: ComplaintState) -> dict[str, Any]:
    """Who complains in a part: nobody who has left the whole, and no advocate of theirs."""
    present = state.complainants.present
    people = [each.contact.model_dump(mode="json") for each in present]
    advocate = state.people.advocate_of(present[0].number) if present else None
    first: dict[str, Any] = {"complainant": people[0], "also_complaining": people[1:]} if people else {}
    return first | {"advocate": advocate.model_dump(mode="json") if advocate else None}
