"""What a message changed: stage, state and deadlines before and after it, as its answer says it."""

from __future__ import annotations

from datetime import date

from redress.domain.log import Difference
from redress.domain.state import ComplaintState
from redress.domain.status import state_of

Snapshot = dict[str, tuple[str | None, str]]
"""By the name of each deadline its due date and state; `stage` and `state` of the complaint itself."""


def snapshot_of(state: ComplaintState, today: date) -> Snapshot:
    """What may change, as it is now."""
    snapshot: Snapshot = {d.name: (d.due_on.isoformat(), state_of(d, today)) for d in state.ledger}
    snapshot["stage"] = (None, state.stage)
    snapshot["state"] = (None, state.state)
    return snapshot


def changes_between(before: Snapshot, after: Snapshot) -> list[Difference]:
    """What moved: stage and state, and each deadline's due date and state, as was and is."""
    changes: list[Difference] = []
    for name, (due_on, state) in after.items():
        was_due, was = before.get(name, (None, ""))
        if (was_due, was) == (due_on, state):
            continue
        if name in ("stage", "state"):
            changes.append({"what": name, "was": was, "is": state})
        else:
            changes.append(
                {"what": name, "was": was or None, "is": state, "was_due_on": was_due, "due_on": due_on}
            )
    removed = [name for name in before if name not in after]
    return changes + [{"what": name, "was": before[name][1], "is": None} for name in removed]
