"""The door for people and scripts: `python starter.py --help`.

Exit status: 0 done (or waiting for a person's decision); 2 malformed, one line a problem on standard
error; 3 no answer; 4 recorded as refused, with the reason; 5 no such complaint.
"""

from __future__ import annotations

from datetime import date
from functools import cache
from pathlib import Path
from typing import Annotated, Any

import typer
from temporalio.client import Client

from activities.postroom import Postroom
from doors import (
    counting,
    drawing,
    erasing,
    exporting,
    intake,
    keyring,
    letters,
    reconciling,
    recounting,
    rehearsal,
    staff,
    tables,
    tokens,
)
from doors.answers import MALFORMED, NO_ANSWER, REFUSED, NoAnswer
from doors.clock import today
from doors.console import (
    as_json_text,
    fail,
    main,
    print_json,
    read_date,
    read_document,
    read_pairs,
    run,
    say,
    settings,
    write_privately,
)
from engine.connection import connect, where
from engine.post import patience_of, routes_for
from engine.seals import seals_for
from engine.workers import register_for
from privacy.seals import Seals
from redress.calendar import OutsideTable, Skipped
from redress.case import Answer
from redress.files import FileMistake
from redress.parse import Malformed, Problem
from redress.standing import Status
from register.register import Register

app = typer.Typer(
    help="Open complaints, send them messages, see where they stand.\n\n"
    "Where Temporal is comes from its own settings: TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE, temporal.toml.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

AsJson = Annotated[bool, typer.Option("--json", help="One JSON document on standard output, nothing else.")]
Reference = Annotated[str, typer.Argument(help="The complaint's reference, for example CYP-2026-000123.")]


@app.command("open")
def open_(
    file: Annotated[str, typer.Argument(help="A JSON file with the opening; - reads standard input.")],
    as_json: AsJson = False,
) -> None:
    """Open a complaint. The same intake sent again, at once or years later, gives the same reference."""
    raw = read_document(file)

    async def work() -> intake.Opened:
        intake.check(raw)
        register = _register()
        return await intake.open_complaint(await _client(), register, raw)

    opened = run(work)
    if as_json:
        print_json(opened.model_dump())
    else:
        print(opened.reference)  # noqa: T201  # the reference alone, for scripts
        if opened.differs:
            say("this intake was here before with other content; nothing was changed")
        elif not opened.created:
            say("this intake was here before; it is the same complaint")


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
    body = (read_document(data) if data else {}) | read_pairs(set_ or [])
    repeat: dict[str, Any] = {}

    async def work() -> tuple[str, Answer]:
        name, said = staff.complete(action, body)
        repeat.update(said)
        within = settings().answer_within
        return name, await staff.send(await _client(), _register(), reference, name, said, within)

    name, answer = run(work, repeat=repeat)
    if as_json:
        print_json(answer.model_dump(mode="json"))
    elif answer.applied or answer.pending:
        tables.show_answer(reference, name, answer)
    if not (answer.applied or answer.pending):
        say(answer.reason)
        raise typer.Exit(REFUSED)


@app.command()
def show(
    reference: Reference,
    as_of: Annotated[str | None, typer.Option(help="On which day, YYYY-MM-DD; today if left out.")] = None,
    as_json: AsJson = False,
) -> None:
    """Where a complaint stands, with every limit, letter and message."""
    day = read_date("as_of", as_of) if as_of else today()

    async def work() -> Status:
        return await staff.status(await _client(), _register(), reference, day, settings().answer_within)

    status = run(work)
    print_json(status) if as_json else tables.show_status(status)


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
    before = read_date("due_before", due_before).isoformat() if due_before else None
    wanted_stage = stage.replace("-", "_") if stage else None

    async def work() -> list[Status]:
        found = _register().statuses(today(), closed=everything, authority=authority)
        return [
            status
            for status in found
            if (wanted_stage is None or status["stage"] == wanted_stage)
            and (not overdue or status["overdue"])
            and (before is None or (status["next_due_on"] or "9999") < before)
        ]

    statuses = run(work)
    print_json(statuses) if as_json else tables.show_list(statuses)


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
    from_day = read_date("FROM", start)
    try:
        answer, provisional, skipped = counting.due(
            from_day, days, calendar_days=calendar_days, before=before
        )
    except OutsideTable as error:
        fail(MALFORMED, [f"FROM: {error}"])
    except FileMistake as error:
        fail(MALFORMED, str(error).splitlines())
    if as_json:
        print_json(_due_document(answer, provisional, skipped))
    else:
        tables.show_due(from_day, answer, provisional, skipped if explain else [])


def _due_document(answer: date, provisional: bool, skipped: list[Skipped]) -> dict[str, Any]:
    days = [{"on": day.on.isoformat(), "why": day.why} for day in skipped]
    return {"due_on": answer.isoformat(), "provisional": provisional, "skipped": days}


@app.command()
def rehearse(
    procedure: Annotated[
        str | None, typer.Argument(help="The procedure: statutory, corporate, irm or representation.")
    ] = None,
    authority: Annotated[
        str | None, typer.Option(help="Under whose choices; the usual one if left out.")
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Every procedure of every authority, instead of one.")
    ] = False,
    received: Annotated[str | None, typer.Option(help="Received on, YYYY-MM-DD: today or later.")] = None,
    as_json: AsJson = False,
) -> None:
    """Walk a made-up complaint through a whole procedure in seconds, on a server of its own."""
    day = read_date("received", received) if received else today()
    if procedure is None and not everything:
        fail(MALFORMED, ["PROCEDURE: is missing; name one, or give --all"])
    if everything:
        all_of_them = run(lambda: rehearsal.rehearse_all(day, progress=say))
        if as_json:
            print_json([_rehearsal_document(each) for each in all_of_them])
        for each in all_of_them if not as_json else []:
            tables.console.print(rehearsal.ending_line(each))
        return
    rehearsed = run(lambda: rehearsal.rehearse(procedure or "", authority, day, progress=say))
    if as_json:
        print_json(_rehearsal_document(rehearsed))
    else:
        for line in rehearsal.course_lines(rehearsed):
            tables.console.print(line)


def _rehearsal_document(rehearsed: rehearsal.Rehearsed) -> dict[str, Any]:
    return {
        "procedure": rehearsed.procedure,
        "authority": rehearsed.authority,
        "status": rehearsed.status,
        "course": rehearsed.course,
    }


@app.command("letters")
def letters_(
    reference: Annotated[str | None, typer.Argument(help="Only this complaint's, all of them.")] = None,
    mark: Annotated[str | None, typer.Argument(help="Print this letter's text.")] = None,
    again: Annotated[bool, typer.Option("--again", help="Send this letter again, or try it now.")] = False,
    by_hand: Annotated[
        bool, typer.Option("--by-hand", help="Record that a person sent this letter; it is tried no more.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """The letters that have not left, or may not have; and what is to become of one of them.

    Reads the register, so it works with Temporal down.
    """
    if (again or by_hand) and (mark is None or again is by_hand):
        fail(MALFORMED, ["MARK: name one letter, and either --again or --by-hand"])

    async def work() -> list[letters.LetterLine] | str:
        register = _register()
        if reference is None or mark is None:
            return letters.lines(register, reference)
        if by_hand:
            return [letters.by_hand(register, reference, mark)]
        if not again:
            return letters.text(register, reference, mark)
        postroom = Postroom(register, routes_for(settings()), patience_of(settings()))
        return [letters.again(postroom, reference, mark)]

    found = run(work)
    if isinstance(found, str):
        print_json({"text": found}) if as_json else print(found, end="")  # noqa: T201  # the letter itself
    elif as_json:
        print_json(found)
    else:
        tables.show_letters(found)
    if again and not isinstance(found, str) and found[0]["state"] not in ("sent", "accepted"):
        raise typer.Exit(NO_ANSWER)


@app.command()
def recount(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would move.")] = False,
    authority: Annotated[str | None, typer.Option(help="Only this authority's complaints.")] = None,
    as_json: AsJson = False,
) -> None:
    """Bring the newer list of bank holidays to the open complaints. First with --dry-run.

    Ends with status 3 where a complaint is out of reach; the others have been seen to. Run it again.
    """

    async def work() -> recounting.Recounted:
        return await recounting.recount(
            await _client(),
            _register(),
            settings().answer_within,
            dry_run=dry_run,
            authority=authority,
            progress=say,
        )

    recounted = run(work)
    if as_json:
        print_json(recounted.document())
    else:
        if recounted.of("moved"):
            tables.console.print(recounting.table_of(recounted))
        for line in recounting.summary(recounted):
            tables.console.print(line)
    for each in recounted.of("failed"):
        say(f"{each.reference}: {each.reason}")
    if recounted.of("failed"):
        raise typer.Exit(NO_ANSWER)


@app.command()
def reconcile(as_json: AsJson = False) -> None:
    """After a restore: bring every complaint in Temporal to where the register stands (docs/backup.md).

    Ends with status 1 where the register is the older one, or a complaint does not answer.
    """

    async def work() -> list[reconciling.Reconciled]:
        within = settings().answer_within
        return await reconciling.reconcile(await _client(), _register(), settings().outbox_folder, within)

    done = run(work)
    if as_json:
        print_json([each.model_dump() for each in done])
    else:
        for line in reconciling.lines(done):
            tables.console.print(line)
    if any(each.outcome in reconciling.WRONG for each in done):
        raise typer.Exit(1)


@app.command()
def export(
    reference: Reference,
    out: Annotated[Path | None, typer.Option(help="Write it to this file, readable by you alone.")] = None,
    as_json: AsJson = False,
) -> None:
    """A complaint's whole file, for the person or the Ombudsman: chronology, letters, decisions, counts."""

    async def work() -> exporting.File:
        return exporting.export(_register(), settings().outbox_folder, reference)

    file = run(work)
    text = as_json_text(file) if as_json else exporting.as_text(file)
    if out is None:
        print(text, end="")  # noqa: T201  # the file itself
    else:
        write_privately(out, text)
        say(f"written to {out}")


@app.command()
def erase(
    reference: Annotated[str | None, typer.Argument(help="The complaint's reference.")] = None,
    due_: Annotated[
        bool, typer.Option("--due", help="All that their authority's retention has passed.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="With --due: only say which.")] = False,
    as_json: AsJson = False,
) -> None:
    """Destroy a closed complaint's personal data, with proof. Its dates and outcomes stay."""
    if (reference is None) is not due_:
        fail(MALFORMED, ["REFERENCE: give one, or --due"])

    async def work() -> list[erasing.Proof | str]:
        register = _register()
        wanted = [reference] if reference else erasing.due_for_erasure(register, today())
        if dry_run:
            return list(wanted)
        client = await _client()
        return [await erasing.erase(client, register, settings().outbox_folder, each) for each in wanted]

    done = run(work)
    if as_json:
        said = [each if isinstance(each, str) else each.model_dump(mode="json") for each in done]
        print_json(said if due_ else said[0])
    else:
        tables.show_proofs(done)
    if any(isinstance(each, erasing.Proof) and not each.holds for each in done):
        raise typer.Exit(1)


keys = typer.Typer(help="The ring of keys that everything personal is sealed with.", no_args_is_help=True)
app.add_typer(keys, name="keys")
app.add_typer(tokens.app, name="token")


@keys.command("new")
def new_key(name: Annotated[str, typer.Option(help="Its name; today's date if left out.")] = "") -> None:
    """Put a new key on top of the ring. Restart everything, then: keys rewrap."""

    async def work() -> str:
        return keyring.new(settings(), name)

    say(f"{settings().keys_file}: key {run(work)} is on top now; keep a copy of the file where no backup is")


@keys.command("list")
def list_keys(as_json: AsJson = False) -> None:
    """The keys of the ring, and how many complaints' own keys each of them wraps."""

    async def work() -> list[keyring.KeyUse]:
        return keyring.uses(settings())

    uses = run(work)
    if as_json:
        print_json([each.model_dump() for each in uses])
    else:
        for each in uses:
            tables.console.print(f"{each.name}  wraps {each.wraps}{'  (present)' if each.is_present else ''}")


@keys.command("rewrap")
def rewrap_keys() -> None:
    """Wrap every complaint's own key with the present key, so that an older one can be taken away."""

    async def work() -> tuple[int, int]:
        return keyring.rewrap(settings())

    done, there = run(work)
    say(f"{done} of {there} complaints' keys were wrapped anew")


@cache
def _seals() -> Seals:
    """What seals and opens what is personal, once for the process."""
    return seals_for(settings())


@app.command("procedure")
def procedure_(
    name: Annotated[str, typer.Argument(help="The procedure, for example statutory.")],
    authority: Annotated[
        str | None, typer.Option(help="Under whose choices; left out: those of one that has it.")
    ] = None,
    as_mermaid: Annotated[bool, typer.Option("--mermaid", help="Print it as Mermaid text.")] = False,
    as_svg: Annotated[bool, typer.Option("--svg", help="Print it as a poster, an SVG document.")] = False,
    out: Annotated[Path | None, typer.Option(help="Write NAME.svg and NAME.md into this folder.")] = None,
    as_json: AsJson = False,
) -> None:
    """Draw a procedure from its data: its stages, limits and ways out. Needs no server.

    Example: starter.py procedure statutory --authority north-somerset --out pictures
    """
    drawn = drawing.plan(name, authority)
    if as_mermaid and as_svg:
        fail(MALFORMED, ["svg: ask for --svg or --mermaid, or for --json, which holds both"])
    saved = drawing.save(drawn, out) if out else []
    if as_json:
        print_json(drawing.document(drawn))
    elif as_svg or as_mermaid:
        print(drawing.svg(drawn) if as_svg else drawing.mermaid(drawn), end="")  # noqa: T201  # for a file
    elif saved:
        print(*saved, sep="\n")  # noqa: T201  # the paths alone, for scripts
    else:
        drawing.show(drawn)


def _register() -> Register:
    return register_for(settings(), _seals())


async def _client() -> Client:
    try:
        address = where()
    except Exception as error:  # the SDK does not export the class of its errors about settings
        raise Malformed([Problem("TEMPORAL_CONFIG_FILE, TEMPORAL_PROFILE", str(error))]) from None
    try:
        return await connect(_seals())
    except RuntimeError:
        raise NoAnswer(f"Temporal is out of reach at {address}", applied="no") from None
    except ValueError as error:
        raise Malformed([Problem("TEMPORAL_ADDRESS", str(error))]) from None


if __name__ == "__main__":
    main(app)
