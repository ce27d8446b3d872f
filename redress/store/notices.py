"""What other systems are told of a complaint: written down in the transaction that changed it.

So a notice is neither lost nor written twice: it stands if and only if the change does. None holds
personal data.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any, Literal, NamedTuple, NotRequired, get_args

from pydantic import with_config
from sqlalchemy import Connection, Row, bindparam, func, select
from typing_extensions import TypedDict

from redress.domain.case import Case
from redress.domain.fields import IsoDay
from redress.domain.position import Ending
from redress.domain.procedure import Owner, StageName, Unit
from redress.domain.status import DESCRIBED, Status, Summary
from redress.store import tables
from redress.store.database import insert_new

Event = Literal[
    "complaint.opened",
    "complaint.stage_changed",
    "complaint.closed",
    "complaint.reopened",
    "complaint.breached",
]

EVENTS: tuple[Event, ...] = get_args(Event)


@with_config(DESCRIBED)
class Breach(TypedDict):
    """The limit that was missed."""

    deadline: str
    """Which limit."""

    stage: StageName
    """The stage."""

    due_on: IsoDay
    """The last day that was in time."""

    days: int
    """How many days it has."""

    unit: Unit
    """What is counted."""

    owner: Owner
    """Who owed it."""


@with_config(DESCRIBED)
class NoticeData(Summary):
    """Where the complaint stood, and what happened.

    What had passed before the complaint came here gets no `complaint.breached`: `overdue` says so with
    `complaint.opened`.
    """

    on: IsoDay
    """The London date."""

    received_on: NotRequired[IsoDay]
    """With `complaint.opened`."""

    stage_before: NotRequired[StageName]
    """With `complaint.stage_changed`."""

    closed_on: NotRequired[IsoDay]
    """With `complaint.closed`."""

    closed_as: NotRequired[Ending]
    """With `complaint.closed`."""

    breach: NotRequired[Breach]
    """With `complaint.breached`."""


_LAST_EVENT = select(func.max(tables.events.c.id)).where(tables.events.c.reference == bindparam("of"))


class _NewNotice(NamedTuple):
    """A notice to be written: `key` is the same each time the same thing is noticed."""

    event: Event
    key: str
    more: dict[str, Any]


def note_changes(
    db: Connection, case: Case, status: Status, as_of: date, before: Row[*tuple[Any, ...]] | None
) -> None:
    """Write down what a new status changes against the complaint's line `before`; None: there was none."""
    found = [*_moves(db, before, status), *_breaches(case)]
    if not found:
        return
    stands = {name: status[name] for name in Summary.__annotations__}  # type: ignore[literal-required]  # each is a key of Status
    about = {"reference": case.reference, "authority": status["authority"], "noticed_at": datetime.now(UTC)}
    rows = [
        {"key": notice.key, "event": notice.event, "body": {"on": as_of.isoformat(), **stands, **notice.more}}
        for notice in found
    ]
    insert_new(db, tables.notices, [about | row | {"fanned_out": False} for row in rows])


def _moves(db: Connection, before: Row[*tuple[Any, ...]] | None, status: Status) -> list[_NewNotice]:
    found: list[tuple[Event, dict[str, Any]]] = []
    if before is None:
        found.append(("complaint.opened", {"received_on": status["received_on"]}))
    elif before.stage != status["stage"]:
        found.append(("complaint.stage_changed", {"stage_before": before.stage}))
    was_closed = before is not None and before.closed_on is not None
    if status["closed_on"] and not was_closed:
        closed = {"closed_on": status["closed_on"], "closed_as": status["closed_as"]}
        found.append(("complaint.closed", closed))
    elif was_closed and not status["closed_on"]:
        found.append(("complaint.reopened", {}))
    if not found:
        return []
    last = db.execute(_LAST_EVENT, {"of": status["reference"]}).scalar_one()
    return [_NewNotice(event, f"{event}:{last}", more) for event, more in found]


def _breaches(case: Case) -> list[_NewNotice]:
    """Every breach that was recorded while the complaint was here; those told before keep their notice."""
    if not any(key.startswith("breach:") for key in case.settled):
        return []
    recorded = [
        effect
        for effect in case.state.effects
        if effect.kind == "breach" and case.settled.get(effect.key) == "done"
    ]
    return [
        _NewNotice(
            "complaint.breached",
            effect.key,
            {"breach": {name: effect.facts.get(name) for name in Breach.__annotations__}},
        )
        for effect in recorded
    ]
