"""What the commands of `starter.py` share: reading input, saying how it ended, the exit status."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import stat
import sys
from collections.abc import Callable, Coroutine
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import typer
from pydantic import ValidationError
from sqlalchemy.exc import SQLAlchemyError
from typer.exceptions import TyperException

from redress.domain.erasure import Erased
from redress.domain.parsing import Malformed
from redress.letters.delivery.configuration import ChannelConfigError
from redress.procedures.loader import FileError
from redress.security.keyring import KeyringError, MissingKey
from redress.services.errors import (
    DONE,
    MALFORMED,
    NO_ANSWER,
    REFUSED,
    UNKNOWN,
    NoAnswer,
    NoSuchComplaint,
    NotErasable,
    problem_lines,
)
from redress.services.letters import Undecided
from redress.settings import Settings
from redress.store.schema import SchemaNotCurrent

T = TypeVar("T")

SAID = {"": "", "no": "; it is not applied", "unknown": "; whether it is applied is not known"}


def run(work: Callable[[], Coroutine[Any, Any, T]], *, repeat: dict[str, Any] | None = None) -> T:
    """Do it, and end with the contract's status where it cannot be done.

    `repeat` is the message that was to be sent: without an answer, whoever sent it is told how to
    send the same one again.
    """
    from redress.temporal.client import (
        quiet_runtime,  # what needs no server does not wait for the client's code
    )

    quiet_runtime()
    try:
        return asyncio.run(work())
    except Malformed as error:
        fail(MALFORMED, problem_lines(error.problems))
    except FileError as error:
        fail(MALFORMED, [str(error)])
    except (KeyringError, ChannelConfigError) as error:
        fail(MALFORMED, [str(error)])
    except MissingKey as error:
        fail(MALFORMED, [f"{settings().keys_file}: {error}"])
    except (NotErasable, Erased, Undecided) as error:
        fail(REFUSED, [str(error)])
    except NoSuchComplaint as error:
        fail(UNKNOWN, [str(error)])
    except NoAnswer as error:
        lines = [f"no answer: {error}{SAID[error.applied]}"]
        more = {"reference": error.reference, "applied": error.applied}
        if repeat:
            more |= {"message_id": str(repeat["message_id"]), "on": str(repeat["on"])}
            lines.append(
                f"to repeat the same message: --set message_id={more['message_id']} --set on={more['on']}"
            )
        fail(NO_ANSWER, lines, **more)
    except SchemaNotCurrent as error:
        fail(MALFORMED, [str(error)])
    except (SQLAlchemyError, OSError) as error:
        fail(NO_ANSWER, [f"no answer: the register or the vault cannot be used: {type(error).__name__}"])


def settings() -> Settings:
    """The settings, or an end that names the one that is wrong."""
    try:
        return Settings()
    except ValidationError as error:
        fail(MALFORMED, [f"REDRESS_{str(e['loc'][0]).upper()}: {e['msg']}" for e in error.errors()])


def read_document(file: str) -> dict[str, Any]:
    """The JSON object in a file (`-`: standard input)."""
    try:
        text = sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        fail(MALFORMED, [f"{file}: cannot be read: {getattr(error, 'strerror', None) or error}"])
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        fail(MALFORMED, [f"{file}: is not JSON: {error}"])
    if not isinstance(document, dict):
        fail(MALFORMED, [f"{file}: should hold one JSON object"])
    return document


def read_pairs(pairs: list[str]) -> dict[str, Any]:
    """The values of `--set name=value`: JSON where it parses as JSON, else text."""
    given: dict[str, Any] = {}
    for pair in pairs:
        name, equals, text = pair.partition("=")
        if not equals or not name:
            fail(MALFORMED, [f"--set {pair}: should be name=value"])
        try:
            given[name] = json.loads(text)
        except ValueError:
            given[name] = text
        except RecursionError:
            fail(MALFORMED, [f"{name}: is nested too deeply"])
    return given


def read_date(field: str, text: str) -> date:
    """A date given as an argument, YYYY-MM-DD."""
    try:
        if len(text) != 10:
            raise ValueError
        return date.fromisoformat(text)
    except ValueError:
        fail(MALFORMED, [f"{field}: {text!r} is no date; write YYYY-MM-DD, for example 2026-11-20"])


def print_json(document: object) -> None:
    """The one JSON document of a command."""
    print(as_json_text(document), end="")  # noqa: T201  # what --json is for


def as_json_text(document: object) -> str:
    """A document as every command writes it."""
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def write_privately(path: Path, text: str) -> None:
    """Write a file that only its owner can read, also where it was there for all to read; it names people."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            if stat.S_ISREG(os.fstat(handle).st_mode):
                os.fchmod(handle, 0o600)
            file.write(text)
    except OSError as error:
        fail(MALFORMED, [f"{path}: cannot be written: {error.strerror}"])


def say(line: str) -> None:
    """A line for people, on standard error, beside the result."""
    print(line, file=sys.stderr, flush=True)  # noqa: T201  # what it is for


def fail(status: int, lines: list[str], **more: str) -> NoReturn:
    """End with a status: the lines on standard error, and with --json a document that holds them too."""
    for line in lines:
        say(line)
    if "--json" in sys.argv:
        print_json({"status": status, "problems": lines} | {k: v for k, v in more.items() if v})
    raise typer.Exit(status)


def main(app: typer.Typer) -> NoReturn:
    """Run one command and leave with its status."""
    os.umask(0o077)  # what is written here names people
    logging.basicConfig(level="ERROR", stream=sys.stderr)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    status: object = DONE
    try:
        status = _command(app)
    except typer.Exit as ending:
        status = ending.exit_code
    except KeyboardInterrupt:
        status = 130
    with suppress(BrokenPipeError):  # whoever read has seen enough
        sys.stdout.flush()
        sys.stderr.flush()
    # The SDK's native threads can crash a Python that is taking itself down: never let that speak for us.
    os._exit(status if isinstance(status, int) else DONE)


def _command(app: typer.Typer) -> object:
    try:
        return app(standalone_mode=False)
    except TyperException as error:
        fail(MALFORMED, [_usage(error)])
    except (typer.Exit, KeyboardInterrupt):
        raise
    except BrokenPipeError:
        return DONE
    except Exception as error:  # a fault of ours: said in a line, not in a traceback
        logging.getLogger("redress").debug("unexpected", exc_info=True)
        fail(1, [f"unexpected: {type(error).__name__}: {error}"])


def _usage(error: TyperException) -> str:
    """What is wrong with the command line: which word, and what would be right."""
    param = getattr(error, "param", None)
    field = getattr(param, "metavar", None) or getattr(param, "name", None)
    said = getattr(error, "message", "") or error.format_message()
    return f"{field}: {said}" if field else f"{said} (see starter.py --help)"
