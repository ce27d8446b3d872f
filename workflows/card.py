"""What the Temporal UI shows of a complaint: in lists, and on its page. No personal data."""

from __future__ import annotations

from datetime import date
from typing import Any

from temporalio.common import SearchAttributePair, TypedSearchAttributes

from engine.search_attributes import AUTHORITY, NEXT_DUE, OVERDUE, PROCEDURE, STAGE, STATE, WAITING_FOR
from redress.calendar import long_date
from redress.case import Case
from redress.london import instant
from redress.standing import brief, state_of


def search_attributes(case: Case) -> TypedSearchAttributes:
    """What lists of workflows show of a case, as of the day its fold has come to."""
    now = brief(case.fold, case.fold.day)
    pairs: list[SearchAttributePair[Any]] = [
        SearchAttributePair(AUTHORITY, case.opening.authority),
        SearchAttributePair(PROCEDURE, case.fold.procedure.name),
        SearchAttributePair(STAGE, now.stage),
        SearchAttributePair(STATE, now.state),
        SearchAttributePair(WAITING_FOR, now.waiting_for),
        SearchAttributePair(OVERDUE, now.overdue),
    ]
    if now.next_due_on is not None:
        pairs.append(SearchAttributePair(NEXT_DUE, instant(now.next_due_on, "23:59")))
    return TypedSearchAttributes(pairs)


def card(case: Case, today: date) -> str:
    """Markdown for `current details`, as of a London date."""
    fold = case.fold
    now = brief(fold, today)
    stage = fold.procedure.stage.get(fold.stage)
    lines = [
        f"**{case.reference}** · {stage.title if stage else fold.stage} · {now.state}",
        "",
        f"Received {long_date(fold.opening.received_on)} · {fold.opening.authority}",
    ]
    if fold.closed_on is not None:
        lines.append(f"Closed {long_date(fold.closed_on)} as {str(fold.closed_as).replace('_', ' ')}")
    if now.next_due_on is not None:
        who = now.waiting_for.replace("_", " ")
        lines.append(f"Next: {who}, by {long_date(now.next_due_on)}")
    lines += ["", "| limit | due | owed by | |", "| --- | --- | --- | --- |"]
    for deadline in fold.ledger:
        state = state_of(deadline, today).replace("_", " ")
        shown = f"**{state}**" if state in ("overdue", "met late") else state
        owner = deadline.owner.replace("_", " ")
        lines.append(f"| {deadline.limit.title} | {long_date(deadline.due_on)} | {owner} | {shown} |")
    return "\n".join(lines)
