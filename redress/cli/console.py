"""What the commands of `starter.py` share: reading input, saying how it ended, the exit status."""

from __future__ import annotations

import asyncio
import json
import os
import stat
import sys
from collections.abc import Callable, Coroutine, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn, TypeVar

import typer

from redress.domain.identifiers import NO_REFERENCE, REFERENCE, typed_reference
from redress.domain.parsing import Problem
from redress.startup import SetupError, read_settings

if TYPE_CHECKING:  # loaded where they are needed: `due` needs none
    from redress.settings import Settings

DONE, MALFORMED, NO_ANSWER, REFUSED, UNKNOWN = 0, 2, 3, 4, 5
"""How a command ends: its exit status."""

AsJson = Annotated[bool, typer.Option("--json", help="One JSON document on standard output, nothing else.")]


def _reference(given: str | None) -> str | None:
    """Capitals and spaces around a reference do not matter; what is none ends the command."""
    if given is None:
        return None
    reference = typed_reference(given)
    if not REFERENCE.fullmatch(reference):
        fail(UNKNOWN, [f"REFERENCE: there never was a complaint {given[:60]!r}: it {NO_REFERENCE}"])
    return reference


Reference = Annotated[
    str,
    typer.Argument(help="The complaint's reference, for example CYP-2026-000123.", callback=_reference),
]
OptionalReference = Annotated[
    str | None, typer.Argument(help="A complaint's reference; left out: all.", callback=_reference)
]

T = TypeVar("T")
S = TypeVar("S", bound="Settings")


def run(work: Callable[[], Coroutine[Any, Any, T]], *, repeat: dict[str, Any] | None = None) -> T:
    """Do it, and end as `ending` says where it cannot be done."""
    from redress.temporal.client import (
        quiet_runtime,  # what needs no server does not wait for the client's code
    )

    quiet_runtime()
    with ending(repeat):
        return asyncio.run(work())


@contextmanager
def ending(
    repeat: dict[str, Any] | None = None, stores: str = "the register or the key store"
) -> Iterator[None]:
    """End with the contract's status where what is done inside fails.

    `repeat` is the message that was to be sent: without an answer, whoever sent it is told how to
    send the same one again. `stores`: what is out of reach where a database is.
    """
    try:
        yield
    except (typer.Exit, BrokenPipeError):
        raise
    except Exception as error:
        from redress.cli.failures import failure_of

        failure = failure_of(error, repeat, stores)
        if failure is None:
            raise
        fail(failure.status, failure.lines, **failure.more)


def settings() -> Settings:
    """The settings, or an end that names the one that is wrong."""
    from redress.settings import Settings

    return settings_of(Settings)


def settings_of(kind: type[S]) -> S:
    """The same of a class with more settings."""
    try:
        return read_settings(kind)
    except SetupError as error:
        fail(MALFORMED, str(error).splitlines())


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
    write_pieces_privately(path, [text.encode()])


def write_pieces_privately(path: Path, pieces: Iterable[bytes]) -> None:
    """The same piece by piece; where a piece cannot be had, nothing of the file is left."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "wb") as file:
            if is_file := stat.S_ISREG(os.fstat(handle).st_mode):
                os.fchmod(handle, 0o600)
            try:
                for piece in pieces:
                    file.write(piece)
            except BaseException:
                if is_file:
                    path.unlink(missing_ok=True)
                raise
    except ConnectionError:
        raise  # of where the pieces come from
    except OSError as error:
        fail(MALFORMED, [f"{path}: cannot be written: {error.strerror}"])


def say(line: str) -> None:
    """A line for people, on standard error, beside the result."""
    print(line, file=sys.stderr, flush=True)  # noqa: T201  # what it is for


def problem_lines(problems: Sequence[Problem]) -> list[str]:
    """One line a problem, `field: what is wrong`."""
    return [" ".join(str(problem).split()) for problem in problems]


def fail(status: int, lines: list[str], **more: str) -> NoReturn:
    """End with a status: the lines on standard error, and with --json a document that holds them too."""
    for line in lines:
        say(line)
    if "--json" in sys.argv:
        print_json({"status": status, "problems": lines} | {k: v for k, v in more.items() if v})
    raise typer.Exit(status)
