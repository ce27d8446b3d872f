"""Sentences about a case for people: milestones in words, and what a person must decide at intake."""

from __future__ import annotations

from redress.opening import Opening
from redress.procedure import Procedure


def plain(milestone: str) -> str:
    """A milestone in words for people: `requested:stage_2` is `request for stage 2`."""
    what, _, of = milestone.partition(":")
    of = of.replace("_", " ")
    words = {
        "requested": f"a request for {of}",
        "answered": f"an answer at {of}",
        "appointed": f"the appointment of {'an' if of[:1] in 'aei' else 'a'} {of}",
        "reported": f"the {of} report" if of == "panel" else f"the report of the {of}",
        "statement_agreed": "an agreed complaint statement",
        "panel_scheduled": "the date of the panel",
        "papers_sent": "notice and papers",
        "panel_held": "the panel's meeting",
    }
    return words.get(what, milestone.replace("_", " "))


def questions_at_intake(procedure: Procedure, opening: Opening) -> list[str]:
    """Why a person must decide whether the matter is taken; none: it is in Stage 1 from its opening.

    The presumption is to accept (guidance 3.3.1); nothing here refuses anything.
    """
    found = []
    if opening.complainant is None:
        found.append("anonymous: outside the procedure, but steps are still taken and recorded (004-4)")
    if opening.events_on is not None:
        age = (opening.received_on - opening.events_on).days
        if age > procedure.policy.events_within_days:
            found.append(
                "more than a year old: may be declined only if it could have been brought earlier "
                "and cannot now be looked at fairly (Regulations reg 9)"
            )
    if opening.on_behalf_of is not None and opening.on_behalf_of.child_agrees is False:
        found.append("the child has not agreed to this complaint being made for them")
    return found
