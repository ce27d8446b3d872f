"""The door for people and scripts: `python starter.py --help`.

Exit status: 0 done (or waiting for a person's decision); 2 malformed, one line a problem on standard
error; 3 no answer; 4 recorded as refused, with the reason; 5 no such complaint.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import sys
from collections.abc import Callable, Coroutine
from datetime import date
from pathlib import Path
from typing import Annotated, Any, NoReturn, TypeVar

import typer
from sqlalchemy.exc import SQLAlchemyError
from temporalio.client import Client
from typer.exceptions import TyperException

from doors import intake, staff, tables
from doors.answers import (
    DONE,
    MALFORMED,
    NO_ANSWER,
    REFUSED,
    UNKNOWN,
    NoAnswer,
    UnknownComplaint,
    problem_lines,
)
from doors.clock import today
from engine.connection import connect, quiet_runtime, where
from engine.settings import Settings
from redress.calendar import OutsideTable, Skipped
from redress.case import Answer
from redress.library import FileMistake
from redress.parse import Malformed
from redress.standing import Status
from register.database import connect as connect_register
from register.register import Register

app = typer.Typer(
    help="Open complaints, send them messages, see where they stand.\n\n"
    "Where Temporal is comes from its own settings: TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE, temporal.toml.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

T = TypeVar("T")

AsJson = Annotated[bool, typer.Option("--json", help="One JSON document on standard output, nothing else.")]
Reference = Annotated[str, typer.Argument(help="The complaint's reference, for example CYP-2026-000123.")]


def _date(field: str, text: str) -> date:
    try:
        if len(text) != 10:
            raise ValueError
        return date.fromisoformat(text)
    except ValueError:
        _fail(MALFORMED, [f"{field}: {text!r} is no date; write YYYY-MM-DD, for example 2026-11-20"], False)


@app.command("open")
def open_(
    file: Annotated[str, typer.Argument(help="A JSON file with the opening; - reads standard input.")],
    as_json: AsJson = False,
) -> None:
    """Open a complaint. The same intake sent again, at once or years later, gives the same reference."""
    raw = _document(file)

    async def run() -> intake.Opened:
        intake.check(raw)
        register = _register()
        return await intake.open_complaint(await _client(), register, raw)

    opened = _run(run, as_json)
    if as_json:
        _print_json(opened.model_dump())
    else:
        print(opened.reference)  # noqa: T201  # the reference alone, for scripts
        if opened.differs:
            _say("this intake was here before with other content; nothing was changed")
        elif not opened.created:
            _say("this intake was here before; it is the same complaint")


@app.command()
def send(
    reference: Reference,
    action: Annotated[
        str, typer.Argument(help="acknowledge, respond, escalate, extend … (see docs/messages.md)")
    ],
    data: Annotated[
        str | None, typer.Option(help="A JSON file with the message's fields; - reads standard input.")
    ] = None,
    set_: Annotated[
        list[str] | None, typer.Option("--set", help="name=value; JSON where it parses as JSON, else text.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Send one message to a complaint and wait for its answer.

    Example: starter.py send CYP-2026-000123 extend --set reason="two agencies" --set until=2026-12-18
    """
    body = (_document(data) if data else {}) | _settings_given(set_ or [])

    async def run() -> tuple[str, Answer]:
        name, said = staff.complete(action, body)
        try:
            client = await _client()
        except NoAnswer as error:
            raise NoAnswer(str(error), message_id=said["message_id"], reference=reference) from None
        within = Settings().answer_within
        return name, await staff.send(client, _register(), reference, name, said, within)

    name, answer = _run(run, as_json)
    if as_json:
        _print_json(answer.model_dump(mode="json"))
    elif answer.applied or answer.pending:
        tables.show_answer(reference, name, answer)
    if not (answer.applied or answer.pending):
        _say(answer.reason)
        _end(REFUSED)


@app.command()
def show(
    reference: Reference,
    as_of: Annotated[str | None, typer.Option(help="On which day, YYYY-MM-DD; today if left out.")] = None,
    as_json: AsJson = False,
) -> None:
    """Where a complaint stands, with every limit, letter and message."""
    day = _date("as_of", as_of) if as_of else today()

    async def run() -> Status:
        return await staff.status(await _client(), _register(), reference, day, Settings().answer_within)

    status = _run(run, as_json)
    _print_json(status) if as_json else tables.show_status(status)


@app.command("list")
def list_(
    everything: Annotated[bool, typer.Option("--all", help="Closed ones too.")] = False,
    stage: Annotated[str | None, typer.Option(help="Only this stage, for example stage_2.")] = None,
    overdue: Annotated[bool, typer.Option("--overdue", help="Only with a limit that has passed.")] = False,
    due_before: Annotated[str | None, typer.Option(help="Only due before this day, YYYY-MM-DD.")] = None,
    authority: Annotated[str | None, typer.Option(help="Only this authority.")] = None,
    as_json: AsJson = False,
) -> None:
    """Open complaints by next due date. Reads the register, so it works with Temporal down."""
    before = _date("due_before", due_before).isoformat() if due_before else None
    wanted_stage = stage.replace("-", "_") if stage else None

    async def run() -> list[Status]:
        found = _register().statuses(today(), closed=everything, authority=authority)
        return [
            status
            for status in found
            if (wanted_stage is None or status["stage"] == wanted_stage)
            and (not overdue or status["overdue"])
            and (before is None or (status["next_due_on"] or "9999") < before)
        ]

    statuses = _run(run, as_json)
    _print_json(statuses) if as_json else tables.show_list(statuses)


@app.command()
def due(
    start: Annotated[str, typer.Argument(metavar="FROM", help="The date counted from, YYYY-MM-DD: day 0.")],
    days: Annotated[int, typer.Argument(metavar="N", help="How many days.", min=0, max=5000)],
    calendar_days: Annotated[bool, typer.Option("--calendar-days", help="Count every day.")] = False,
    before: Annotated[bool, typer.Option("--before", help="Count back.")] = False,
    explain: Annotated[bool, typer.Option("--explain", help="Show every skipped day and why.")] = False,
    as_json: AsJson = False,
) -> None:
    """The date N working days after (or before) a date. Needs no server."""
    from doors.counting import due as count_due

    from_day = _date("FROM", start)
    try:
        answer, provisional, skipped = count_due(from_day, days, calendar_days=calendar_days, before=before)
    except OutsideTable as error:
        _fail(MALFORMED, [f"FROM: {error}"], as_json)
    if as_json:
        _print_json(_due_document(answer, provisional, skipped))
    else:
        tables.show_due(from_day, answer, provisional, skipped if explain else [])


def _due_document(answer: date, provisional: bool, skipped: list[Skipped]) -> dict[str, Any]:
    days = [{"on": day.on.isoformat(), "why": day.why} for day in skipped]
    return {"due_on": answer.isoformat(), "provisional": provisional, "skipped": days}


@app.command()
def rehearse(
    procedure: Annotated[str, typer.Argument(help="The procedure, for example statutory.")],
    authority: Annotated[str, typer.Option(help="Under which authority's choices.")] = "family-rights",
    received: Annotated[str | None, typer.Option(help="Received on, YYYY-MM-DD: today or later.")] = None,
    as_json: AsJson = False,
) -> None:
    """Walk a made-up complaint through a whole procedure in seconds, on a server of its own."""
    from doors.rehearsal import course_lines
    from doors.rehearsal import rehearse as walk

    day = _date("received", received) if received else today()
    rehearsed = _run(lambda: walk(procedure, authority, day, progress=_say), as_json)
    if as_json:
        _print_json({"status": rehearsed.status, "course": rehearsed.course})
    else:
        for line in course_lines(rehearsed):
            tables.console.print(line)


# --- what the commands share -------------------------------------------------------------------------


def _register() -> Register:
    return Register(connect_register(Settings().database_url))


async def _client() -> Client:
    try:
        return await connect()
    except RuntimeError:
        raise NoAnswer(f"Temporal is out of reach at {where()}") from None


def _run(work: Callable[[], Coroutine[Any, Any, T]], as_json: bool) -> T:
    """Do it, and end with the contract's status where it cannot be done."""
    quiet_runtime()
    try:
        return asyncio.run(work())
    except Malformed as error:
        _fail(MALFORMED, problem_lines(error.problems), as_json)
    except FileMistake as error:
        _fail(MALFORMED, [str(error)], as_json)
    except UnknownComplaint as error:
        _fail(UNKNOWN, [str(error)], as_json)
    except NoAnswer as error:
        applied = {"no": "it is not applied", "unknown": "whether it is applied is not known"}[error.applied]
        lines = [f"no answer: {error}; {applied}"]
        if error.message_id:
            lines.append(f"repeat it with the same message_id: --set message_id={error.message_id}")
        _fail(NO_ANSWER, lines, as_json, message_id=error.message_id, reference=error.reference)
    except SQLAlchemyError as error:
        _fail(NO_ANSWER, [f"the register cannot be used: {type(error).__name__}"], as_json)


def _document(file: str) -> dict[str, Any]:
    try:
        text = sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        _fail(MALFORMED, [f"{file}: cannot be read: {error}"], as_json=False)
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        _fail(MALFORMED, [f"{file}: is not JSON: {error}"], as_json=False)
    if not isinstance(document, dict):
        _fail(MALFORMED, [f"{file}: should hold one JSON object"], as_json=False)
    return document


def _settings_given(pairs: list[str]) -> dict[str, Any]:
    given: dict[str, Any] = {}
    for pair in pairs:
        name, equals, text = pair.partition("=")
        if not equals or not name:
            _fail(MALFORMED, [f"--set {pair}: should be name=value"], as_json=False)
        try:
            given[name] = json.loads(text)
        except ValueError:
            given[name] = text
    return given


def _print_json(document: object) -> None:
    print(json.dumps(document, ensure_ascii=False, indent=2))  # noqa: T201  # what --json is for


def _say(line: str) -> None:
    print(line, file=sys.stderr)  # noqa: T201  # for people, beside the result


def _fail(status: int, lines: list[str], as_json: bool, **more: str) -> NoReturn:
    for line in lines:
        _say(line)
    if as_json:
        _print_json(
            {"status": status, "problems": lines} | {name: value for name, value in more.items() if value}
        )
    _end(status)


def _end(status: int) -> NoReturn:
    raise typer.Exit(status)


def main() -> NoReturn:
    """Run one command and leave with its status."""
    logging.basicConfig(level="ERROR", stream=sys.stderr)
    status: object = DONE
    try:
        status = app(standalone_mode=False)
    except TyperException as error:
        _say(_usage(error))
        status = MALFORMED
    except KeyboardInterrupt:
        status = 130
    sys.stdout.flush()
    sys.stderr.flush()
    # The SDK's native threads can crash a Python that is taking itself down: never let that speak for us.
    os._exit(status if isinstance(status, int) else DONE)


def _usage(error: TyperException) -> str:
    """What is wrong with the command line: which word, and what would be right."""
    param = getattr(error, "param", None)
    field = getattr(param, "metavar", None) or getattr(param, "name", None)
    said = getattr(error, "message", "") or error.format_message()
    return f"{field}: {said}" if field else f"{said} (see starter.py --help)"


if __name__ == "__main__":
    main()
