"""How every process of Redress ends."""

from __future__ import annotations

import logging
import os
import sys
from contextlib import suppress
from typing import NoReturn


def leave(status: int) -> NoReturn:
    """End the process with this exit status, once its log and its output are written.

    Temporal's SDK runs native threads, which can crash a Python that takes itself down: the process would
    then end with a signal's status after its work was done well. So nothing is taken down.
    """
    logging.shutdown()
    with suppress(BrokenPipeError):  # whoever read has seen enough
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(status)
