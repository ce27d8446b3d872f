"""What a message changed: stage, state and deadlines before and after it, as its answer says it."""

from __future__ import annotations

import json
from datetime import date

from redress.domain.corrections import DETAILED
from redress.domain.fields import Part
from redress.domain.log import Difference
from redress.domain.state import ComplaintState
from redress.domain.status_building import state_of

Snapshot = dict[str, tuple[str | None, str]]
"""By the name of each deadline its due date and state; `stage` and `state` of the complaint itself, and each
detail of its people.

By the place in the log of each message, after #, what it is called and what became of it.
"""


def snapshot_of(state: ComplaintState, today: date) -> Snapshot:
    """What may change, as it is now."""
    snapshot: Snapshot = {d.name: (d.due_on.isoformat(), state_of(d, today)) for d in state.ledger}
    for entry in state.effects.heard:
        called = f"{entry.message.action} of {entry.message.on.isoformat()}"
        snapshot[f"#{entry.seq}"] = (called, state.outcomes[entry.seq].outcome)
    snapshot["stage"] = (None, state.stage)
    snapshot["state"] = (None, state.state)
    for field in DETAILED:
        part = getattr(state.opening, field)
        parts = {field: part} if isinstance(part, Part) else {}
        if isinstance(part, list):
            parts = {f"{field}[{at}]": each for at, each in enumerate(part)}
        for place, each in parts.items():
            details = each.model_dump(mode="json", exclude_defaults=True)
            snapshot |= {f"{place}.{name}": (None, json.dumps(detail)) for name, detail in details.items()}
    return snapshot


def changes_between(before: Snapshot, after: Snapshot) -> list[Difference]:
    """What moved: stage and state, and each deadline's due date and state, as was and is."""
    changes: list[Difference] = []
    for name, (due_on, state) in after.items():
        if name.startswith("#"):
            changes += _undone(before.get(name), (due_on, state))
            continue
        was_due, was = before.get(name, (None, ""))
        if (was_due, was) == (due_on, state):
            continue
        if "." in name:  # a person's detail: that it changed, never what it is
            changes.append({"what": name, "was": "recorded" if was else None, "is": "corrected"})
        elif name in ("stage", "state"):
            changes.append({"what": name, "was": was, "is": state})
        else:
            changes.append(
                {"what": name, "was": was or None, "is": state, "was_due_on": was_due, "due_on": due_on}
            )
    removed = [name for name in before if name not in after and not name.startswith("#")]
    return changes + [
        {"what": name, "was": "recorded" if "." in name else before[name][1], "is": None} for name in removed
    ]


def _undone(was: tuple[str | None, str] | None, now: tuple[str | None, str]) -> list[Difference]:
    """An earlier message that was carried out and is no longer."""
    if was is None or was[1] != "applied" or now[1] == "applied":
        return []
    return [{"what": now[0] or "", "was": was[1], "is": now[1]}]
