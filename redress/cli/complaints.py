"""Open a complaint, send it messages, see where it stands: `open`, `send`, `show`, `list`."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Annotated, Any, cast

import typer
from temporalio.client import Client

from redress.cli import console, tables
from redress.cli.audit import write_down
from redress.cli.shared import client, register
from redress.domain.case import Answer
from redress.domain.identifiers import typed_reference
from redress.domain.parsing import NUMBER_FOR_TEXT, Malformed
from redress.domain.sentences import with_long_dates
from redress.domain.status import Status
from redress.services import intake, lists, sending
from redress.services.approvals import approvers_of
from redress.services.clock import today
from redress.services.linking_back import link_back
from redress.services.struck_out import with_what_it_said
from redress.store.listing import ComplaintFilter, Line
from redress.temporal.clock import is_apart, said_of, seconds_ahead

app = typer.Typer()


@app.command("open")
def open_(
    file: Annotated[str, typer.Argument(help="A JSON file with the opening; - reads standard input.")],
    as_json: console.AsJson = False,
) -> None:
    """Open a complaint. The same intake sent again, at once or years later, gives the same reference."""
    raw = console.read_document(file)

    async def work() -> intake.Opened:
        opening = intake.check(raw)
        here, since = register(), datetime.now(UTC)
        temporal = await client()
        opened = await intake.open_complaint(temporal, here, raw)
        if opened.created:
            await _compare_clocks(temporal, opened.reference, since)
            await link_back(temporal, here, opened.reference, opening)
        return opened

    opened = console.run(work)
    if as_json:
        console.print_json(opened.model_dump())
    else:
        print(opened.reference)  # noqa: T201  # the reference alone, for scripts
        if opened.differs:
            console.say(
                "this intake was here before with other content; nothing was changed, and it is kept: "
                f"starter.py differing {opened.reference}"
            )
        elif not opened.created:
            console.say("this intake was here before; it is the same complaint")
        for each in opened.refused:
            console.say(f"refused: {each['action']} of {each['on']}: {with_long_dates(each['reason'])}")
    if opened.differs:
        raise typer.Exit(console.REFUSED)


@app.command()
def send(
    reference: console.Reference,
    action: Annotated[
        str, typer.Argument(help="acknowledge, respond, escalate, extend … (see docs/messages.md)")
    ],
    more: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME=VALUE]...", help="More of what --set says.")
    ] = None,
    data: Annotated[
        str | None, typer.Option(help="A JSON file with the message's fields; - reads standard input.")
    ] = None,
    set_: Annotated[
        list[str] | None, typer.Option("--set", help="name=value; JSON where it parses as JSON, else text.")
    ] = None,
    as_json: console.AsJson = False,
) -> None:
    """Send one message to a complaint and wait for its answer.

    Example: starter.py send CYP-2026-000123 extend --set reason="two agencies" --set until=2026-12-18
    """
    pairs = [*(set_ or []), *(more or [])]
    body = (console.read_document(data) if data else {}) | console.read_pairs(pairs)
    repeat: dict[str, Any] = {}

    async def work() -> tuple[str, Answer]:
        name, message = _accept(action, body, dict(pair.split("=", 1) for pair in pairs))
        repeat.update(message)
        within, since = console.settings().answer_within, datetime.now(UTC)
        temporal = await client()
        answer = await sending.send(temporal, register(), reference, name, message, within)
        await _compare_clocks(temporal, reference, since)
        return name, answer

    name, answer = console.run(work, repeat=repeat)
    if as_json:
        console.print_json(answer.model_dump(mode="json"))
    elif answer.applied or answer.pending:
        tables.show_answer(reference, name, answer)
    if not (answer.applied or answer.pending):
        console.say(with_long_dates(answer.reason))
        raise typer.Exit(console.REFUSED)


def _accept(action: str, body: dict[str, Any], typed: dict[str, str]) -> tuple[str, dict[str, Any]]:
    """Check a message; a number that was typed for a field of text is the text that was typed."""
    try:
        return sending.accept(action, body)
    except Malformed as malformed:
        wanted = {problem.field for problem in malformed.problems if problem.what == NUMBER_FOR_TEXT}
        as_text = {name: typed[name] for name in wanted & {*typed} if isinstance(body[name], int | float)}
        if not as_text:
            raise
        return sending.accept(action, body | as_text)


def _day(field: str, text: str | None) -> date | None:
    return console.read_date(field, text) if text else None


async def _compare_clocks(temporal: Client, reference: str, since: datetime) -> None:
    """Warn where this machine's clock is more than a minute from Temporal's."""
    seconds = await seconds_ahead(temporal, reference, since)
    if seconds is not None and is_apart(seconds):
        console.say(f"warning: {said_of(seconds)}")


@app.command()
def show(
    reference: console.Reference,
    as_of: Annotated[str | None, typer.Option(help="On which day, YYYY-MM-DD; today if left out.")] = None,
    as_json: console.AsJson = False,
) -> None:
    """Where a complaint stands, with every limit, letter and message."""
    day = console.read_date("as_of", as_of) if as_of else today()

    async def work() -> Status:
        here, within = register(), console.settings().answer_within
        status = await sending.status(await client(reading=True), here, reference, day, within)
        write_down(here, "show", [reference])
        return with_what_it_said(here, status)

    status = console.run(work)
    console.print_json(status) if as_json else tables.show_status(status)


@app.command("list")
def list_(
    everything: Annotated[bool, typer.Option("--all", help="Closed ones too.")] = False,
    stage: Annotated[str | None, typer.Option(help="Only this stage, for example stage_2.")] = None,
    overdue: Annotated[bool, typer.Option("--overdue", help="Only with a limit that has passed.")] = False,
    due_before: Annotated[str | None, typer.Option(help="Only due before this day, YYYY-MM-DD.")] = None,
    authority: Annotated[str | None, typer.Option(help="Only this authority.")] = None,
    waiting_for: Annotated[str | None, typer.Option(help="Only what waits for this role.")] = None,
    kind: Annotated[str | None, typer.Option(help="Only this kind, for example complaint.")] = None,
    procedure: Annotated[str | None, typer.Option(help="Only this procedure.")] = None,
    team: Annotated[str | None, typer.Option(help="Only about this team.")] = None,
    received_from: Annotated[str | None, typer.Option(help="Received on this day or later.")] = None,
    received_to: Annotated[str | None, typer.Option(help="Received on this day or earlier.")] = None,
    reference: Annotated[str | None, typer.Option(help="Only this complaint.")] = None,
    source_id: Annotated[str | None, typer.Option(help="Only what intake calls this.")] = None,
    as_json: console.AsJson = False,
) -> None:
    """Open complaints: late ones first, then by next due date. Works with Temporal down."""
    wanted = ComplaintFilter(
        closed=everything,
        authority=authority,
        stage=stage and stage.replace("-", "_"),
        overdue=overdue,
        due_before=_day("due_before", due_before),
        waiting_for=waiting_for and waiting_for.replace("-", "_"),
        kind=kind and kind.replace("-", "_"),
        procedure=procedure,
        team=team,
        received_from=_day("received_from", received_from),
        received_to=_day("received_to", received_to),
        reference=reference and typed_reference(reference),
        source_id=source_id,
    )

    async def work() -> list[Line] | list[Status]:
        store, day = register(), today()
        lines = lists.list_complaints(store, wanted, day).complaints
        shown = lists.statuses(store, lines, day) if as_json else lines
        approve = [] if as_json else [line.reference for line in lines if line.waiting_for == "approver"]
        names.update(approvers_of(store, approve, day))
        write_down(store, "list", [line.reference for line in lines])
        return shown

    names: dict[str, str] = {}
    listed = console.run(work)
    console.print_json(listed) if as_json else tables.show_list(cast(list[Line], listed), names)
