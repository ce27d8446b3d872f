"""Letters: which left, what stands in one, and what a person decides about it."""

from __future__ import annotations

from typing import Annotated, cast, get_args

import typer

from redress.cli import console, tables
from redress.cli.audit import write_down
from redress.cli.shared import register
from redress.domain.identifiers import typed_reference
from redress.domain.parsing import Malformed, Problem
from redress.letters.delivery.configuration import channels_for, send_limits_of
from redress.letters.dispatcher import LetterDispatcher
from redress.services import letters as service
from redress.store.letters import LetterState
from redress.store.register import Register

app = typer.Typer()

VERBS = ("show", "resend", "done")


@app.command("letters")
def letters_(
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[REFERENCE | show|resend|done [REFERENCE] MARK]",
            help="A complaint; or what to do with the letter of a mark, which the list shows.",
        ),
    ] = None,
    on: Annotated[str | None, typer.Option(help="With done: the day on which somebody sent it.")] = None,
    state: Annotated[str | None, typer.Option(help=f"Only {', '.join(get_args(LetterState))}.")] = None,
    as_json: console.AsJson = False,
) -> None:
    """The letters that have not left, or may not have; with a REFERENCE, every letter of that complaint.

    `letters show MARK` prints one, `resend MARK` sends it again or tries it now, `done MARK --on DATE`
    records that somebody sent it. Reads the register, so it works with Temporal down.
    """
    verb, *rest = words if words and words[0] in VERBS else ["", *(words or [])]
    if len(rest) > (2 if verb else 1) or (verb and not rest):
        console.fail(console.MALFORMED, ["MARK: name one letter: letters show|resend|done [REFERENCE] MARK"])
    if (verb == "done") is not (on is not None):
        console.fail(console.MALFORMED, ["--on: goes with letters done, and says when somebody sent it"])
    with console.ending():
        if verb:
            _one(verb, rest, on, as_json=as_json)
        else:
            _list(typed_reference(rest[0]) if rest else None, state, as_json=as_json)


def _list(reference: str | None, state: str | None, *, as_json: bool) -> None:
    if state is not None and state not in get_args(LetterState):
        raise Malformed([Problem("--state", f"{state!r} is none of {', '.join(get_args(LetterState))}")])
    here = register()
    listed = service.lines(here, reference, cast(LetterState | None, state))
    write_down(here, "letters", [reference] if reference else [line["reference"] for line in listed])
    console.print_json(listed) if as_json else tables.show_letters(listed)


def _one(verb: str, rest: list[str], on: str | None, *, as_json: bool) -> None:
    here, mark = register(), rest[-1]
    reference = typed_reference(rest[0]) if len(rest) == 2 else service.reference_of(here, mark)
    if verb == "show":
        text = service.text(here, reference, mark)
        write_down(here, "letters show", [reference])
        console.print_json({"text": text}) if as_json else print(text, end="")  # noqa: T201  # the letter itself
        return
    if verb == "resend":
        line = service.again(_dispatcher(here), reference, mark)
    else:
        line = service.done(here, reference, mark, console.read_date("on", on or ""))
    console.print_json([line]) if as_json else tables.show_letters([line])
    if verb == "resend" and line["state"] not in ("done", "arrived", "by_hand"):
        raise typer.Exit(console.NO_ANSWER)


def _dispatcher(here: Register) -> LetterDispatcher:
    own = console.settings()
    return LetterDispatcher(here, channels_for(own), send_limits_of(own))
