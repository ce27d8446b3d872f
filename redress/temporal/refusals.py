"""Whoever sends an update from the Temporal UI is told of a refusal as one.

The UI calls every update that was answered "successful" and shows only a failure's text. A refused
message is answered, with `applied` false and the reason; so, to a sender who does not say who they are,
the same answer is given as a failure. The UI names no sender; every client and the `temporal` command does.
Nothing else differs: the message stands recorded as refused.
"""

from __future__ import annotations

from typing import Any

from temporalio.api.common.v1 import Payload
from temporalio.bridge.proto.workflow_activation import WorkflowActivation
from temporalio.exceptions import ApplicationError
from temporalio.worker import (
    HandleUpdateInput,
    Interceptor,
    WorkflowInboundInterceptor,
    WorkflowInterceptorClassInput,
)

from redress.domain.sentences import with_long_dates
from redress.temporal.codec import CAME_OPEN

NOBODY = "redress-sender-unnamed"
"""The header that marks an update whose sender is not named. It is set here, never sent."""

REFUSED = "Refused"
"""The type of such a failure."""

OPEN = "redress-came-open"
"""The header that marks an update whose content should have been encrypted. Set here, never sent."""

SEND_SEALED = (
    "came unencrypted, so it was not taken, and nothing of it is kept: send it encrypted, by the Temporal UI "
    "with its codec server, by the temporal command with --codec-endpoint, or by starter.py"
)
"""What its sender is told: what is taken stays in the history, and there a name would stay readable."""

LOOK_THERE = (
    "Refused. The reason stands on this page, under User Metadata: Current Details, Last message. "
    "If you have that open, press R there."
)
"""What a sealed failure says of it in the clear: it is kept in the history."""


class RejectedUpdate(ApplicationError):
    """A malformed message, raised before anything is accepted: its text goes to the sender, and is not kept.

    It names fields and what each should be, so it may stay readable where failures are encrypted: the UI
    decrypts no failure of an update.
    """


def mark_unnamed(activation: WorkflowActivation) -> None:
    """Mark the updates of an activation whose sender the history does not name."""
    for job in activation.jobs:
        if job.HasField("do_update"):
            job.do_update.headers.pop(NOBODY, None)
            if not job.do_update.meta.identity:
                job.do_update.headers[NOBODY].CopyFrom(NOTHING)


NOTHING = Payload(metadata={"encoding": b"binary/null"})


def mark_open(activation: WorkflowActivation) -> None:
    """Mark the updates of an activation that came unencrypted to a complaint with a key."""
    for job in activation.jobs:
        if job.HasField("do_update"):
            job.do_update.headers.pop(OPEN, None)
            if any(CAME_OPEN in each.metadata for each in job.do_update.input):
                job.do_update.headers[OPEN].CopyFrom(NOTHING)


class TellRefusals(Interceptor):
    """For a worker of complaints."""

    def workflow_interceptor_class(
        self, input: WorkflowInterceptorClassInput
    ) -> type[WorkflowInboundInterceptor]:
        return _Inbound


class _Inbound(WorkflowInboundInterceptor):
    def handle_update_validator(self, input: HandleUpdateInput) -> None:
        if OPEN in input.headers:
            details = {"field": "message", "problem": SEND_SEALED}
            raise RejectedUpdate(f"message: {SEND_SEALED}", details, type="Malformed", non_retryable=True)
        super().handle_update_validator(input)

    async def handle_update_handler(self, input: HandleUpdateInput) -> Any:
        answer = await super().handle_update_handler(input)
        if NOBODY not in input.headers or answer["applied"] or answer["pending"]:
            return answer
        said = f"Refused: {with_long_dates(answer['reason'])}"
        raise ApplicationError(said, answer, type=REFUSED, non_retryable=True)
