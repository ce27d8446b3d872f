"""Notes and contacts that speak of somebody's safety: the Complaints Manager is told at once."""

from __future__ import annotations

from redress.domain.log import LogEntry
from redress.domain.state import ComplaintState
from redress.domain.words import mentioned


def tell_of_safety(state: ComplaintState, entry: LogEntry, *texts: str) -> None:
    """A letter, where one of the authority's words stands in a text. The text itself stays in the record.

    A word is a reason to read, and decides nothing: what is no matter of safety costs a look.
    """
    if mentioned(state.procedure.policy.safeguarding_words, *texts):
        state.effects.send("safeguarding_note", entry)
