"""What comes in by an update or a signal, whatever it is: read, told of, or kept as text."""

from __future__ import annotations

from typing import Any

from temporalio import workflow
from temporalio.common import RawValue
from temporalio.exceptions import ApplicationError

from redress.domain.parsing import Malformed, Problem


def one_document(arrived: tuple[Any, ...]) -> Any:
    """What a message says; None where it says nothing. Raises `Malformed`: several things, or unreadable."""
    if len(arrived) > 1:
        raise Malformed([Problem("message", f"should be one JSON object, not {len(arrived)} arguments")])
    if arrived and isinstance(arrived[0], RawValue):
        raise Malformed([Problem("message", "cannot be read: it is not JSON, or nobody here has its key")])
    return arrived[0] if arrived else None


def turned_away(malformed: Malformed, kind: type[ApplicationError] = ApplicationError) -> ApplicationError:
    """A malformed message as the failure that its sender is told, each problem by its field."""
    details = [{"field": p.field, "problem": p.what} for p in malformed.problems]
    return kind("; ".join(map(str, malformed.problems)), *details, type="Malformed", non_retryable=True)


def as_text(arrived: tuple[Any, ...]) -> str:
    """What arrived, as far as it can be kept: the first of it, as text."""

    def one(value: Any) -> str:
        if isinstance(value, RawValue):
            return value.payload.data[:4096].decode("utf-8", "backslashreplace")
        try:
            return workflow.payload_converter().to_payload(value).data[:4096].decode("utf-8", "replace")
        except Exception:  # whatever it is, something of it is kept
            return ascii(value)[:4096]

    return ", ".join(one(value) for value in arrived[:4]).replace("\x00", "\\x00")
