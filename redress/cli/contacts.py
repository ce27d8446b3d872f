"""`starter.py contact`: an e-mail that was kept as a file becomes a contact."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from redress.cli import console
from redress.cli.shared import client, register
from redress.domain.identifiers import REFERENCE, typed_reference
from redress.domain.sentences import with_long_dates
from redress.security.tokens import Caller
from redress.services import emails, unmatched
from redress.services.documents import Documents

app = typer.Typer()


@app.command()
def contact(
    words: Annotated[
        list[str],
        typer.Argument(metavar="[REFERENCE] FILE", help="The complaint, where you know it; the .eml file."),
    ],
    direction: Annotated[
        emails.Direction | None,
        typer.Option(help="in: they wrote; out: we did. Left out: by who sent it."),
    ] = None,
    on: Annotated[str | None, typer.Option(help="Instead of the e-mail's own London date.")] = None,
    authority: Annotated[
        str | None, typer.Option(help="Only complaints of this authority; its staff see what matches none.")
    ] = None,
    as_json: console.AsJson = False,
) -> None:
    """Record an e-mail (.eml) as a contact. Without a reference: of the complaint whose letter it answers.

    What answers none of our e-mails waits: starter.py unmatched list.
    """
    reference, file = _which(words)
    day = console.read_date("on", on) if on else None
    raw = _read(file)
    caller = Caller("command line", frozenset({"staff"}), authority, "command_line:contact")

    async def work() -> emails.Taken:
        return await emails.take(
            await client(),
            register(),
            raw,
            caller,
            documents=Documents(register(), console.settings()),
            reference=reference,
            direction=direction,
            on=day,
            within=console.settings().answer_within,
        )

    try:
        taken = console.run(work)
    except unmatched.TooManyWait:
        console.fail(console.REFUSED, [f"{unmatched.MOST_WAITING} wait already: starter.py unmatched list"])
    except emails.NotKept as error:
        console.fail(console.NO_ANSWER, [str(error)])
    if as_json:
        names = [each["document"] for each in taken.documents]
        answer = taken.answer.model_dump(mode="json")
        console.print_json(taken._asdict() | {"answer": answer, "documents": names})
    elif taken.reference is None:
        console.say(
            f"it answers none of our e-mails: it waits as {taken.request} (starter.py unmatched list)"
        )
    elif taken.answer.applied or taken.answer.pending:
        again = ", which was there before" if taken.answer.repeated else ""
        console.say(f"{taken.reference}: recorded as a contact of {taken.answer.on}{again}")
        for line in taken.documents:
            console.say(f"kept: {line['document']}  {line['name']}")
    if taken.not_kept:
        console.say(f"what came with it is not kept: {taken.not_kept}")
    if not (taken.answer.applied or taken.answer.pending):
        console.say(with_long_dates(taken.answer.reason))
        raise typer.Exit(console.REFUSED)


def _which(words: list[str]) -> tuple[str | None, str]:
    if len(words) > 2:
        console.fail(console.MALFORMED, ["give a reference, if you know it, and one file"])
    if len(words) == 1:
        return None, words[0]
    reference = typed_reference(words[0])
    if not REFERENCE.fullmatch(reference):
        console.fail(console.UNKNOWN, [f"REFERENCE: there never was a complaint {words[0][:60]!r}"])
    return reference, words[1]


def _read(file: str) -> bytes:
    try:
        return sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    except OSError as error:
        console.fail(console.MALFORMED, [f"{file}: cannot be read: {error.strerror}"])
