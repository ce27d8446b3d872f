"""Letters: which left, what stands in one, and what a person decides about it."""

from __future__ import annotations

import getpass
from datetime import date
from pathlib import Path
from typing import Annotated, Any, cast, get_args

import typer

from redress.cli import console, tables
from redress.cli.audit import write_down
from redress.cli.shared import client, register
from redress.documents.errors import CannotScan, StoreUnavailable
from redress.domain.identifiers import typed_reference
from redress.domain.parsing import Malformed, Problem
from redress.letters.delivery.configuration import channels_for, send_limits_of
from redress.letters.dispatcher import LetterDispatcher
from redress.letters.stored_enclosures import content_for
from redress.services import drafts
from redress.services import letters as service
from redress.store.letters import LetterState
from redress.store.register import Register

app = typer.Typer()

STEPS: dict[str, drafts.Step] = {
    "approve": "approve_letter",
    "send-back": "send_back_letter",
    "edit": "edit_letter",
    "release": "release_letter",
}
"""What is done to a draft, by the word for it."""

OF_A_LETTER = ("show", *STEPS, "print", "resend", "done")

VERBS = (*OF_A_LETTER, "preview", "check")


@app.command("letters")
def letters_(
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar=f"[REFERENCE | {'|'.join(OF_A_LETTER)} MARK | preview AUTHORITY | check]",
            help="A complaint; or what to do with the letter of a mark, which the list shows.",
        ),
    ] = None,
    on: Annotated[str | None, typer.Option(help="With done: the day on which somebody sent it.")] = None,
    reason: Annotated[
        str | None, typer.Option(help="With send-back: what is to be changed; with release: why.")
    ] = None,
    follows_by: Annotated[
        str | None, typer.Option(help="With release: by which day what it leaves without is sent.")
    ] = None,
    version: Annotated[
        int | None,
        typer.Option(help="With approve: the version you read; refused if changed since.", min=0),
    ] = None,
    by: Annotated[str | None, typer.Option(help="Who does it. Left out: the name you work under.")] = None,
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", help='With edit: summary="…", reason="…", paragraphs=\'["…"]\'.'),
    ] = None,
    data: Annotated[str | None, typer.Option(help="With edit: a JSON file with the same.")] = None,
    letter: Annotated[str | None, typer.Option(help="With preview: only this letter.")] = None,
    young: Annotated[bool, typer.Option("--young", help="With preview: as young people get it.")] = False,
    keep: Annotated[Path | None, typer.Option(help="With preview: a folder for the letters.")] = None,
    pdf: Annotated[Path | None, typer.Option(help="With show: a file for the letter as a PDF.")] = None,
    out: Annotated[Path | None, typer.Option(help="With print: a folder for what is printed.")] = None,
    state: Annotated[str | None, typer.Option(help=f"Only {', '.join(get_args(LetterState))}.")] = None,
    as_json: console.AsJson = False,
) -> None:
    """The letters that are on their way, wait or failed; with a REFERENCE, every letter of that complaint.

    `letters show MARK` prints one, a draft as if it left today; `--pdf FILE` draws it on the letterhead.
    `edit MARK --set summary=…` changes a draft's texts, `approve MARK` has it leave, `send-back MARK
    --reason …` returns it. `release MARK --reason … --follows-by DATE` has one leave without the enclosure
    that it waits for. `print MARK --out FOLDER` makes one PDF of a letter and what is enclosed, to be sent by
    hand. `resend MARK` sends one again or tries it now, `done MARK --on DATE` records that somebody sent it.
    `preview AUTHORITY` shows every letter of an authority, from invented complaints; `check` looks through an
    authority's own letters and paragraphs. `--state by_hand` lists those that
    somebody is to send. The list works with Temporal down.
    """
    verb, *rest = words if words and words[0] in VERBS else ["", *(words or [])]
    if len(rest) > (2 if verb else 1) or (verb and not rest and verb != "check"):
        console.fail(
            console.MALFORMED, [f"MARK: name one letter: letters {'|'.join(VERBS)} [REFERENCE] MARK"]
        )
    wrong = {
        "--on: goes with letters done, and says when somebody sent it": (verb == "done")
        is not (on is not None),
        "--out: goes with letters print, and names a folder": (verb == "print") is not (out is not None),
        "--reason: goes with letters send-back and letters release": (verb in ("send-back", "release"))
        is not (reason is not None),
        "--follows-by: goes with letters release: the day it promises": (verb == "release")
        is not (follows_by is not None),
        "--set: goes with letters edit, and gives the new texts": (verb == "edit") is not bool(set_ or data),
        "--version: goes with letters approve, and says which you read": version is not None
        and verb != "approve",
        "--pdf: goes with letters show, and names the file to write": pdf is not None and verb != "show",
    }
    if mistakes := [what for what, is_wrong in wrong.items() if is_wrong]:
        console.fail(console.MALFORMED, mistakes[:1])
    said: dict[str, Any] = {"reason": reason, "version": version, "follows_by": follows_by}
    said = {name: value for name, value in said.items() if value is not None}
    if verb == "edit":
        said = (console.read_document(data) if data else {}) | console.read_pairs(set_ or [])
    with console.ending():
        if verb == "check":
            _check(rest[-1] if rest else None, as_json=as_json)
        elif verb == "preview":
            _preview(rest[-1], letter, keep, young=young, as_json=as_json)
        elif verb in STEPS:
            _take_step(STEPS[verb], rest, said, by or getpass.getuser(), as_json=as_json)
        elif pdf is not None:
            _draw(rest, pdf, as_json=as_json)
        elif out is not None:
            _print(rest, out, as_json=as_json)
        elif verb:
            _one(verb, rest, on, by or getpass.getuser(), as_json=as_json)
        else:
            _list(typed_reference(rest[0]) if rest else None, state, as_json=as_json)


def _list(reference: str | None, state: str | None, *, as_json: bool) -> None:
    if state is not None and state not in get_args(LetterState):
        raise Malformed([Problem("--state", f"{state!r} is none of {', '.join(get_args(LetterState))}")])
    here = register()
    listed = service.lines(here, reference, cast(LetterState | None, state))
    write_down(here, "letters", [reference] if reference else [line["reference"] for line in listed])
    console.print_json(listed) if as_json else tables.show_letters(listed)


def _named(here: Register, rest: list[str]) -> tuple[str, str]:
    """The complaint and the mark of the letter that somebody named."""
    mark = rest[-1]
    return (typed_reference(rest[0]) if len(rest) == 2 else service.reference_of(here, mark)), mark


def _preview(authority: str, letter: str | None, keep: Path | None, *, young: bool, as_json: bool) -> None:
    """Every letter of an authority, from invented complaints: nothing of anybody's is read."""
    from redress.services.previewing import drawn, previews  # asked for by few, and slow to load

    shown = previews(authority, letter=letter, young=young)
    if keep is not None:
        keep.mkdir(parents=True, exist_ok=True)
        for each in shown.letters:
            (keep / f"{each.letter}-{each.to}.txt").write_text(each.text, encoding="utf-8")
            (keep / f"{each.letter}-{each.to}.pdf").write_bytes(drawn(authority, each))
    if as_json:
        listed = [each._asdict() for each in shown.letters]
        console.print_json({"letters": listed, "missing": shown.missing})
        return
    for each in shown.letters:
        where = f"{each.letter} to {each.to}"
        print(keep / f"{each.letter}-{each.to}.txt" if keep else f"--- {where} ---\n\n{each.text}")  # noqa: T201
    if shown.missing:
        console.say(f"not among the invented complaints: {', '.join(shown.missing)}")


def _check(authority: str | None, *, as_json: bool) -> None:
    """The authorities' own letters and paragraphs, written once for every invented complaint."""
    from redress.services.checking_texts import check_own_texts  # as with the preview

    files = check_own_texts(authority)
    if as_json:
        console.print_json(files)
        return
    for name, own in files.items():
        console.say(f"{name}: {', '.join(own)}")
    console.say("every letter can be written with them" if files else "no authority has letters of its own")


def _take_step(step: drafts.Step, rest: list[str], said: dict[str, Any], by: str, *, as_json: bool) -> None:
    """Something is done to a draft."""
    here = register()
    reference, mark = _named(here, rest)
    fields = {**(drafts.edit_of(said) if step == "edit_letter" else said), "by": by}

    async def work() -> service.LetterLine:
        within = console.settings().answer_within
        return await drafts.take_step(await client(), here, reference, mark, step, fields, within)

    line = console.run(work)
    console.print_json([line]) if as_json else tables.show_letters([line])


def _one(verb: str, rest: list[str], on: str | None, by: str, *, as_json: bool) -> None:
    here = register()
    reference, mark = _named(here, rest)
    if verb == "show":
        version, text = service.version(here, reference, mark), service.text(here, reference, mark)
        write_down(here, "letters show", [reference])
        if as_json:
            console.print_json({"text": text, "version": version})
            return
        print(text, end="")  # noqa: T201  # the letter itself
        if version is not None:
            console.say(f"a draft, version {version}: letters approve {mark} --version {version}")
        return
    if verb == "resend":
        line = _again(here, reference, mark, by)
    else:
        line = _done(here, reference, mark, on or "", by)
    console.print_json([line]) if as_json else tables.show_letters([line])
    if verb == "resend" and (line["state"] not in ("done", "arrived", "by_hand") or line["send_by"]):
        raise typer.Exit(console.NO_ANSWER)


def _draw(rest: list[str], file: Path, *, as_json: bool) -> None:
    """A letter as a PDF, into a file that its owner alone reads."""
    here = register()
    reference, mark = _named(here, rest)
    drawn = service.pdf(here, reference, mark)
    write_down(here, "letters show", [reference])
    console.write_pieces_privately(file, [drawn])
    console.print_json({"pdf": str(file)}) if as_json else console.say(str(file))


def _print(rest: list[str], out: Path, *, as_json: bool) -> None:
    """A letter ready to print, with what only goes beside it, as files of their own."""
    from redress.services.printing import print_into  # asked for by few, and slow to load

    here = register()
    reference, mark = _named(here, rest)
    write_down(here, "letters print", [reference])
    try:
        paths = [str(each) for each in print_into(here, console.settings(), reference, mark, out)]
    except (StoreUnavailable, CannotScan):
        raise
    except OSError as error:
        console.fail(console.MALFORMED, [f"--out: {out}: cannot be written to: {error.strerror}"])
    console.print_json(paths) if as_json else print(*paths, sep="\n")  # noqa: T201


def _again(here: Register, reference: str, mark: str, by: str) -> service.LetterLine:
    """It is sent from here; where it is a draft that was approved, the complaint is told."""
    line = service.again(_dispatcher(here), reference, mark)
    left_on = line["left_on"]
    if left_on is not None and service.is_awaited(here, reference, mark, date.fromisoformat(left_on)):

        async def work() -> None:
            day, within = date.fromisoformat(left_on), console.settings().answer_within
            await drafts.tell_that_it_left(await client(), here, reference, mark, day, by=by, within=within)

        console.run(work)
    return line


def _done(here: Register, reference: str, mark: str, on: str, by: str) -> service.LetterLine:
    """Somebody sent it; where it is a draft that was approved, the complaint is told."""
    day = console.read_date("on", on)
    if not service.is_awaited(here, reference, mark, day):
        return service.done(here, reference, mark, day)

    async def work() -> service.LetterLine:
        within = console.settings().answer_within
        return await drafts.note_as_posted(await client(), here, reference, mark, day, by=by, within=within)

    return console.run(work)


def _dispatcher(here: Register) -> LetterDispatcher:
    own = console.settings()
    return LetterDispatcher(here, channels_for(own), send_limits_of(own), content_for(here, own))
