"""`starter.py people …`: an authority's directory."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from redress.cli import console
from redress.cli.audit import write_down
from redress.cli.shared import register
from redress.domain.directory import Listed
from redress.services import directory as service
from redress.services.conflicts import Candidate, candidates
from redress.services.readings import local_reading

app = typer.Typer(
    help="The authority's directory: teams and their managers, investigators, panel members, who is away.",
    no_args_is_help=True,
)

Authority = Annotated[str, typer.Option(help="Whose directory.")]
WhichPerson = Annotated[str, typer.Argument(metavar="PERSON", help="Key, number, e-mail address or name.")]
Set = Annotated[list[str], typer.Option("--set", metavar="NAME=VALUE", help="A field, JSON or text.")]
Part = Annotated[str, typer.Option(help="Only those who may take this part.")]


@app.command("list")
def list_(
    authority: Authority,
    role: Part = "",
    team: Annotated[str, typer.Option(help="Only this team.")] = "",
    as_json: console.AsJson = False,
) -> None:
    """Who is in the directory."""
    here = register()
    with console.ending():
        found = service.people(here, authority, role=role, team=team)
        write_down(here, "people list", ())
    if as_json:
        console.print_json([service.shown(each) for each in found])
    else:
        _show(found)


@app.command()
def show(person: WhichPerson, authority: Authority, as_json: console.AsJson = False) -> None:
    """One person, and each change: who made it, and when."""
    here = register()
    with console.ending():
        key = service.key_of(here, authority, person)
        versions = service.history(here, key, authority)
        write_down(here, "people show", ())
    if as_json:
        console.print_json(service.shown_with_changes(key, versions))
        return
    from redress.cli.tables import console as screen
    from redress.cli.tables import table_of

    for name, value in service.fields_of(versions[-1].entry).items():
        screen.print(f"{name}: {value}", markup=False)
    table = table_of("when (UTC)", "who", "what", "so that it says")
    for each in versions:
        table.add_row(
            f"{each.changed_at:%Y-%m-%d %H:%M}",
            each.changed_by,
            each.change,
            ", ".join(f"{name}: {value}" for name, value in service.fields_of(each.entry).items() if value),
        )
    screen.print(table)


@app.command()
def add(authority: Authority, pairs: Set = [], as_json: console.AsJson = False) -> None:  # noqa: B006
    """Add somebody: --set name="Olive Imagined" --set email=olive@a.example --set 'roles=["officer"]'."""
    with console.ending():
        _done(service.add(register(), authority, console.read_pairs(pairs), _by()), "added", as_json=as_json)


@app.command()
def change(
    person: WhichPerson,
    authority: Authority,
    pairs: Set = [],  # noqa: B006
    as_json: console.AsJson = False,
) -> None:
    """Change the fields named of somebody; the others stay."""
    here = register()
    with console.ending():
        key = service.key_of(here, authority, person)
        made = service.change(here, key, console.read_pairs(pairs), authority, _by())
        _done(made, "changed", as_json=as_json)


@app.command()
def remove(person: WhichPerson, authority: Authority) -> None:
    """Take somebody out of the directory; what they were stays on record."""
    here = register()
    with console.ending():
        key = service.key_of(here, authority, person)
        service.remove(here, key, authority, _by())
    console.say(f"{key} is removed")


@app.command("import")
def import_(
    file: Annotated[str, typer.Argument(help="A CSV file; - reads standard input.")],
    authority: Authority,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what it would change.")] = False,
    as_json: console.AsJson = False,
) -> None:
    """Add and change the people of a CSV file, all or none: see docs/people.md."""
    text = _read(file)
    with console.ending():
        done = service.import_csv(register(), authority, text, _by(), dry_run=dry_run)
    if as_json:
        console.print_json(done._asdict() | {"dry_run": dry_run})
        return
    would = "would be " if dry_run else ""
    for word, names in (("added", done.added), ("changed", done.changed)):
        for name in names:
            console.say(f"{would}{word}: {name}")
    console.say(
        f"{len(done.added)} {would}added, {len(done.changed)} {would}changed, {done.unchanged} as they were"
    )


@app.command()
def conflicts(reference: console.Reference, role: Part = "", as_json: console.AsJson = False) -> None:
    """Who of the directory may take a part in a complaint, and what speaks against it."""
    here = register()
    with console.ending():
        found = candidates(here, reference, role)
        write_down(here, "people conflicts", [reference])
    if as_json:
        console.print_json([each._asdict() for each in found])
        return
    from redress.cli.tables import console as screen
    from redress.cli.tables import table_of

    table = table_of("part", "name", "may take it", "what speaks against it")
    for each in found:
        table.add_row(each.title, each.name, _may(each), "; ".join(each.conflicts))
    screen.print(table if found else "nobody of the directory has such a part")


def _may(each: Candidate) -> str:
    return {"yes": "yes", "consider": "only if considered", "no": "no"}[each.may]


def _by() -> str:
    return f"{local_reading('', {}).reader} (command line)"


def _done(made: Listed, what: str, *, as_json: bool) -> None:
    if as_json:
        console.print_json(service.shown(made))
    else:
        console.say(f"{made.key} is {what}")


def _show(found: list[Listed]) -> None:
    from redress.cli.tables import console as screen
    from redress.cli.tables import table_of

    table = table_of("key", "name", "e-mail", "parts", "teams", "away", "deputy")
    for key, entry in found:
        away = ", ".join(f"{each.first} to {each.last}" for each in entry.absences)
        parts, teams = ", ".join(entry.roles), ", ".join(entry.teams)
        table.add_row(key, entry.name, entry.email, parts, teams, away, entry.deputy)
    screen.print(table if found else "there is nobody in it")


def _read(file: str) -> str:
    try:
        return sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        console.fail(console.MALFORMED, [f"{file}: is not UTF-8: save it as 'CSV UTF-8'"])
    except OSError as error:
        console.fail(console.MALFORMED, [f"{file}: cannot be read: {error.strerror}"])
