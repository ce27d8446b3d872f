"""Logs: one line an event, for people or, by setting, JSON for machines. They name complaints, not people."""

from __future__ import annotations

import json
import logging
import sys
import traceback
import warnings
from collections.abc import Iterator
from datetime import UTC, datetime
from types import TracebackType
from typing import TextIO

from redress.security.keyring import MissingKey
from redress.settings import Settings

PLAIN = "%(asctime)s %(levelname)s %(name)s: %(message)s"

_OURS = ("temporal_workflow", "temporal_activity", "reference")
"""What is added to a record and worth keeping: ids and attempts, never what was said."""


_Caught = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


class PlainLines(logging.Formatter):
    """Lines for people. Of an error: its class and its place, never its text, which could name people."""

    def __init__(self) -> None:
        super().__init__(PLAIN)

    def format(self, record: logging.LogRecord) -> str:
        """The line. Another handler's formatter may have left the error's text with the record."""
        left, record.exc_text = record.exc_text, None
        try:
            return super().format(record)
        finally:
            record.exc_text = left

    def formatException(self, ei: _Caught) -> str:  # noqa: N802  # the base class calls it so
        """The error and what caused it, each with the calls that led there."""
        return "\n".join(_without_texts(ei[1]))


def _without_texts(error: BaseException | None) -> Iterator[str]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        text = f": {error}" if isinstance(error, MissingKey) else ", its text left out"
        yield f"{type(error).__module__}.{type(error).__qualname__}{text}"
        for frame in traceback.extract_tb(error.__traceback__):
            yield f'  File "{frame.filename}", line {frame.lineno}, in {frame.name}'
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
        if error is not None:
            yield "caused by"


class JsonLines(logging.Formatter):
    """One JSON object a line: time (UTC), level, logger, message, and where it happened."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        line: dict[str, object] = {
            "time": at,
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        for name in _OURS:
            if hasattr(record, name):
                line[name] = _ids(getattr(record, name))
        if record.exc_info and record.exc_info[0] is not None:
            line["error"] = record.exc_info[0].__name__  # its text could hold what somebody wrote
            if isinstance(record.exc_info[1], MissingKey):
                line["why"] = str(record.exc_info[1])
        return json.dumps(line, ensure_ascii=False, default=str)


def _ids(value: object) -> object:
    if not isinstance(value, dict):
        return value
    wanted = ("workflow_id", "run_id", "activity_type", "attempt", "workflow_type")
    return {name: value[name] for name in wanted if name in value}


def set_up(settings: Settings) -> None:
    """Log to standard error as the settings say."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines() if settings.log_format == "json" else PlainLines())
    logging.basicConfig(level=settings.log_level, handlers=[handler], force=True)
    logging.getLogger("httpx").setLevel(logging.WARNING)  # it logs whole addresses
    sys.excepthook = _uncaught
    warnings.showwarning = _warned


def _uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """What ends the process goes the same way, not past the formatter."""
    logging.getLogger("redress").critical("a fault ended the process", exc_info=(kind, error, trace))


def _warned(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    """A library's warning: its class and place; some quote the value that they warn of."""
    logging.getLogger("redress").warning("%s at %s:%d", category.__name__, filename, lineno)
