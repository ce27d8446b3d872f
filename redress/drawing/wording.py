"""The data's own names (milestones, owners, units) in words that people read."""

from __future__ import annotations

from collections.abc import Iterator

from redress.domain.procedure import MOMENTS, STARTED, Limit, Procedure, RoleRule
from redress.domain.sentences import in_days
from redress.domain.words import TITLES

_CONNECTIONS = {
    "employee": "an employee",
    "member": "a member of the authority",
    "partner_of_either": "the partner of an employee or member",
    "none": "somebody from outside",
}


def one_line(text: str) -> str:
    """Text from a file as one line, without characters that no drawing can hold."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def capital(text: str) -> str:
    """The text with a capital first letter, the rest as it is."""
    return text[:1].upper() + text[1:]


def stage_name(procedure: Procedure, name: str) -> str:
    """A stage in a word or two: its title up to a colon."""
    stage = procedure.stage.get(name)
    return stage.title.partition(":")[0] if stage else capital(name.replace("_", " "))


def title_of(procedure: Procedure, owner: str) -> str:
    """What somebody who owes something, or takes a part, is called here."""
    own = {str(role): title for role, title in procedure.titles.items()}
    rule = procedure.role.get(owner)
    return own.get(owner) or (rule.title if rule else TITLES.get(owner, owner.replace("_", " ")))


def moment(procedure: Procedure, milestone: str) -> str:
    """A milestone as the day that a limit counts from: `requested:stage_2` is `the request for Stage 2`."""
    if milestone in MOMENTS:
        return MOMENTS[milestone]
    what, _, of = milestone.partition(":")
    if what == "appointed":
        return f"the appointment of the {title_of(procedure, of)}"
    stage, first = stage_name(procedure, of), of == procedure.first_stage
    return {
        "requested": MOMENTS["received"] if first else f"the request for {stage}",
        "acknowledged": MOMENTS["acknowledged"] if first else f"the acknowledgement at {stage}",
        "answered": f"the answer at {stage}",
        "answer_received": f"the day the complainant had the answer at {stage}",
    }.get(what, milestone.replace("_", " ").replace(":", " "))


def _has_named_day(limit: Limit) -> bool:
    """Whether its last day is named in each case, and the days of the data are no measure."""
    return limit.name in STARTED and limit.days == 0


def length(limit: Limit) -> str:
    """How long it is: `10 working days`, `1 calendar day`."""
    return "day as named" if _has_named_day(limit) else in_days(limit.days, limit.unit)


def counts(limit: Limit) -> str:
    """How its days stand to the day it counts from: `from`, `before`."""
    return "by the day named with" if _has_named_day(limit) else "before" if limit.before else "from"


def extension(limit: Limit) -> str:
    """How far and how often a limit may be extended; empty where it may not."""
    if limit.extend_freely:
        return "it may take longer, and the person is told the new date"
    if limit.extend_to is None:
        return ""
    times = {None: "", 1: " once,", 2: " twice,"}.get(limit.extensions, f" {limit.extensions} times,")
    return f"may be extended{f',{times}' if times else ''} to {limit.extend_to} at most"


def notes(procedure: Procedure, limit: Limit) -> Iterator[str]:
    """What else is to be known of a limit's time and of who owes it, its extension apart."""
    for milestone, owner in limit.owner_after.items():
        yield f"after {moment(procedure, milestone)}: {title_of(procedure, owner)}"
    if limit.at_latest_from:
        other = procedure.limit[limit.at_latest_from]
        yield f"starts on the last day of “{other.title}” at the latest"
    elif limit.provisionally_from:
        since = moment(procedure, limit.provisionally_from)
        yield f"until then {limit.provisional_days} from {since}, provisionally"
    if limit.follows:
        yield f"another reading of “{procedure.limit[limit.follows].title}”, which runs beside it"
    if limit.name == "remedy":
        yield "or the day that was agreed"


def role_rule(procedure: Procedure, rule: RoleRule) -> str:
    """A role and who may take it: `Independent Person: only somebody from outside`."""
    who = [words for connection, words in _CONNECTIONS.items() if connection in rule.connections]
    only = "only " if len(who) == 1 else ""
    seats = f" ({rule.seats} people)" if rule.seats > 1 else ""
    return f"{capital(title_of(procedure, rule.role))}{seats}: {only}{' or '.join(who)}"
