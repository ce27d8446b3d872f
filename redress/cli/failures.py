"""How a command ends that cannot do its work: the exit status, and its lines.

Loaded by a failure alone: a command that needs no server or database does not wait for their errors.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from sqlalchemy.exc import SQLAlchemyError

from redress.cli.console import MALFORMED, NO_ANSWER, REFUSED, UNKNOWN, problem_lines, settings
from redress.documents.errors import CannotScan, Infected, StoreUnavailable, TooLarge, WrongType
from redress.domain.erasure import Erased
from redress.domain.parsing import Malformed
from redress.security.keyring import KeysUnavailable, MissingKey, Unreadable
from redress.services.errors import NoAnswer, NotFound, Rejected
from redress.startup import SetupError

APPLIED = {"": "", "no": "; it is not applied", "unknown": "; whether it is applied is not known"}


class Failure(NamedTuple):
    """An exit status, its lines for people, and more fields for `--json`."""

    status: int
    lines: list[str]
    more: dict[str, str] = {}


def failure_of(error: Exception, repeat: dict[str, Any] | None, stores: str) -> Failure | None:
    """How a command ends with an error; None for a fault of ours. The rest as for `console.ending`."""
    match error:
        case Malformed():
            return Failure(MALFORMED, problem_lines(error.problems))
        case SetupError():
            return Failure(MALFORMED, str(error).splitlines())
        case MissingKey():
            return Failure(MALFORMED, [f"{settings().keys_file}: {error}"])
        case Unreadable():
            return Failure(1, [f"the record is not whole: {error}; see starter.py verify"])
        case Rejected() | Erased():
            return Failure(REFUSED, [str(error)])
        case NotFound():
            return Failure(UNKNOWN, [str(error)])
        case TooLarge() | WrongType():
            return Failure(MALFORMED, [f"FILE: {error}"])
        case Infected():
            return Failure(REFUSED, [str(error)])
        case StoreUnavailable() | CannotScan():
            return Failure(NO_ANSWER, [f"no answer: {error}"])
        case NoAnswer():
            return _unanswered(error, repeat)
        case KeysUnavailable():
            return Failure(NO_ANSWER, [f"no answer: {error}"])
        case SQLAlchemyError() | OSError():
            return Failure(NO_ANSWER, [f"no answer: {stores} cannot be used: {type(error).__name__}"])
    return None


def _unanswered(error: NoAnswer, repeat: dict[str, Any] | None) -> Failure:
    lines = [f"no answer: {error}{APPLIED[error.applied]}"]
    more = {"reference": error.reference, "applied": error.applied}
    if repeat:
        more |= {"message_id": str(repeat["message_id"]), "on": str(repeat["on"])}
        again = f"--set message_id={more['message_id']} --set on={more['on']}"
        lines.append(f"to repeat the same message: {again}")
    return Failure(NO_ANSWER, lines, more)
