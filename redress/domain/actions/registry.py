"""Which function carries out which message: each registers itself by `carries_out`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar, cast

from redress.domain.log import LogEntry, Outcome
from redress.domain.messages import Message
from redress.domain.state import ComplaintState

M = TypeVar("M", bound=Message)

Action = Callable[[ComplaintState, LogEntry, M], Outcome]
"""What a message of one class does: the state, its entry in the log, the message itself."""

ACTIONS: dict[str, Action[Message]] = {}
"""Every action by its name on the wire."""


def carries_out(kind: type[M]) -> Callable[[Action[M]], Action[M]]:
    """Register a function for the messages of a class. Raises `ValueError` where there is one already."""

    def register(action: Action[M]) -> Action[M]:
        if kind.action in ACTIONS:
            raise ValueError(f"two functions carry out {kind.action}")
        ACTIONS[kind.action] = cast("Action[Message]", action)
        return action

    return register
