"""Logs: one line an event, for people or, by setting, JSON for machines. They name complaints, not people."""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime

from engine.settings import Settings

PLAIN = "%(asctime)s %(levelname)s %(name)s: %(message)s"

_OURS = ("temporal_workflow", "temporal_activity", "reference")
"""What is added to a record and worth keeping: ids and attempts, never what was said."""


class JsonLines(logging.Formatter):
    """One JSON object a line: time (UTC), level, logger, message, and where it happened."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        said: dict[str, object] = {
            "time": at,
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        for name in _OURS:
            if hasattr(record, name):
                said[name] = _ids(getattr(record, name))
        if record.exc_info and record.exc_info[0] is not None:
            said["error"] = record.exc_info[0].__name__  # its text could hold what somebody wrote
        return json.dumps(said, ensure_ascii=False, default=str)


def _ids(value: object) -> object:
    if not isinstance(value, dict):
        return value
    wanted = ("workflow_id", "run_id", "activity_type", "attempt", "workflow_type")
    return {name: value[name] for name in wanted if name in value}


def set_up(settings: Settings) -> None:
    """Log to standard error as the settings say."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines() if settings.log_format == "json" else logging.Formatter(PLAIN))
    logging.basicConfig(level=settings.log_level, handlers=[handler], force=True)
    logging.getLogger("httpx").setLevel(logging.WARNING)  # it logs whole addresses
