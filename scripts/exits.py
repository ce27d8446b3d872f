"""Ending a process that has used Temporal."""

from __future__ import annotations

import os
import sys
from typing import NoReturn


def exit_at_once(status: int) -> NoReturn:
    """End now: the SDK's native threads can crash a Python that takes itself down after a clean run."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)
