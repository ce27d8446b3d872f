"""What each action does to a complaint: one function for each message, in a module for each kind of action.

A function registers itself by `carries_out`; a new module in this folder is found without being named
anywhere. It answers with an outcome. What reports a happening is always applied; what asks for something may
have to wait or be refused, each with its reason and the source of the rule.
"""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from redress.domain.actions.confirmation import wait_for_confirmation
from redress.domain.actions.registry import ACTIONS
from redress.domain.attempts import is_heard_of
from redress.domain.contacts import must_be_confirmed
from redress.domain.log import LogEntry, Outcome
from redress.domain.messages import Withdraw
from redress.domain.state import ComplaintState

__all__ = ["ACTIONS", "act"]

for _module in sorted(module.name for module in iter_modules(__path__)):
    import_module(f"{__name__}.{_module}")


def act(state: ComplaintState, entry: LogEntry) -> Outcome:
    """Carry out one message; one that brings an address, and is to be confirmed first, waits."""
    message = entry.message
    if is_heard_of(entry):
        _hear_of_the_person(state, entry)
    if must_be_confirmed(entry, state.people.advocate_of(state.asker(message) or 1)):
        return wait_for_confirmation(state, entry)
    return ACTIONS[message.action](state, entry, message)


def _hear_of_the_person(state: ComplaintState, entry: LogEntry) -> None:
    """They are in contact: what was tried before counts no more, and a complaint closed for it goes on."""
    state.attempts.hear(state.askers([entry]))
    if state.closed_as == "out_of_contact" and not isinstance(entry.message, Withdraw):
        state.take_up(entry)
        state.effects.send("reopened", entry)
