"""The complaint's doors: one update for each action, two of them signals as well.

A door takes whatever arrives, however many arguments and in whatever encoding, so that nothing sent
over the wire can stop a workflow task or vanish; the complaint says what is wrong with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from temporalio import workflow
from temporalio.common import RawValue

from redress.domain.messages import KNOWN, SIGNALS
from workflows.descriptions import UNKNOWN_SIGNAL_DESCRIPTION, signal_description, update_description


class _House:
    """What the doors lead to."""

    def check(self, action: str, arrived: tuple[Any, ...]) -> None:
        """Raise where the message is malformed; change nothing."""
        raise NotImplementedError

    async def take(self, action: str, arrived: tuple[Any, ...]) -> dict[str, Any]:
        """Take the message and answer."""
        raise NotImplementedError

    async def take_signal(self, action: str, arrived: tuple[Any, ...]) -> None:
        """Take the message, or keep what cannot be taken."""
        raise NotImplementedError

    def refuse_signal(self, name: str, arrived: tuple[Any, ...]) -> None:
        """Keep a signal whose name is no action's."""
        raise NotImplementedError

    @workflow.signal(dynamic=True, description=UNKNOWN_SIGNAL_DESCRIPTION)
    def unknown(self, name: str, arrived: Sequence[RawValue]) -> None:
        """A signal of another name."""
        self.refuse_signal(name, tuple(arrived))


def _update(action: str) -> Any:
    async def door(self: _House, *arrived: Any) -> dict[str, Any]:
        return await self.take(action, arrived)

    def check(self: _House, *arrived: Any) -> None:
        self.check(action, arrived)

    door.__name__ = f"update_{action}"
    opened = workflow.update(name=action, description=update_description(action))(door)
    opened.validator(check)
    return opened


def _signal(action: str) -> Any:
    async def door(self: _House, *arrived: Any) -> None:
        await self.take_signal(action, arrived)

    door.__name__ = f"signal_{action}"
    return workflow.signal(name=action, description=signal_description(action))(door)


class Handlers(_House):
    """The doors themselves, made from the list of actions."""


for _action in KNOWN:
    setattr(Handlers, f"update_{_action}", _update(_action))
for _action in SIGNALS:
    setattr(Handlers, f"signal_{_action}", _signal(_action))
