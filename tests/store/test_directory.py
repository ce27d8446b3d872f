"""An authority's directory: kept under its own key, each change on record, bad files told line by line."""

from __future__ import annotations

from datetime import date
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import delete, update

from redress.domain.directory import Directory, Listed
from redress.domain.fields import Appointee
from redress.domain.messages import Appoint, Assign
from redress.domain.parsing import Malformed
from redress.domain.people import People
from redress.security.encryption import EnvelopeCipher
from redress.security.keyring import Keyring, Unreadable
from redress.services import directory as service
from redress.services.directory_csv import read_rows
from redress.services.errors import NotFound
from redress.services.verifying import verify
from redress.store import tables
from redress.store.key_store import KeyStore
from redress.store.register import Register
from tests.growth import FAR_FROM_SQUARE, growth
from tests.stores import new_store

OURS, OTHERS = "rotherham", "north-somerset"

FILE = """name,id,email,roles,teams,absences,deputy
Xylo Teamlead,7,xylo@council.example,stage_manager,Team North;Team East,2026-12-21..2027-01-04,8
Dan Deputy,8,dan@council.example,stage_manager;officer,Team East,,
Iva Investigator,,iva@invented.example,investigating_officer,,,
"""


@pytest.fixture
def register(tmp_path: Path) -> Register:
    keyring = Keyring({"one": bytes(range(32))})
    key_store = KeyStore(new_store(tmp_path / "keys.db", "key_store"), keyring)
    return Register(new_store(tmp_path / "register.db", "register"), EnvelopeCipher(keyring, key_store))


def bring(register: Register, text: str, *, dry_run: bool = False) -> service.Imported:
    return service.import_csv(register, OURS, text, "olive", dry_run=dry_run)


def names(register: Register, authority: str = OURS, **asked: str) -> list[str]:
    return [each.entry.name for each in service.people(register, authority, **asked)]


def test_a_file_is_imported_whole_and_again_changes_only_what_it_says(register: Register) -> None:
    assert bring(register, FILE, dry_run=True).added == ["Xylo Teamlead", "Dan Deputy", "Iva Investigator"]
    assert names(register) == []
    bring(register, "\N{BYTE ORDER MARK}" + FILE)
    assert names(register, team="team  NORTH", role="stage_manager") == ["Xylo Teamlead"]
    again = bring(register, FILE)
    assert (again.added, again.changed, again.unchanged) == ([], [], 3)
    moved = bring(register, "id,name,email\n7,Xylo Married,xylo@council.example\n")
    assert moved.changed == ["Xylo Married"]
    (xylo, *_) = service.people(register, OURS)
    assert xylo.entry.teams == ["Team North", "Team East"], "a column that the file has not stays"
    kept = service.history(register, xylo.key, OURS)
    assert [(each.change, each.changed_by, each.entry.name) for each in kept] == [
        ("added", "olive", "Xylo Teamlead"),
        ("changed", "olive", "Xylo Married"),
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("who,email\nA,\n", ["line 1: 'who' is no column; choose from name, id,", "line 1: should have"]),
        ("name,email\nAda,no at\n\nBob,x@y.example,z\n", ["line 4: has 3 cells"]),
        ("name,email,absences\nAda,no at,soon\n", ["line 2, absences: give a date", "line 2, email: should"]),
        ("name,roles\n,boss\n", ["line 2, name: should", "line 2, roles: input should be"]),
        ("name\nAda\nAda\n", ["line 2, name: 2 people", "line 3, name: 2 people"]),
        ("name,deputy\nAda,Nobody\n", ["line 2, deputy: is nobody"]),
        ("name,absences\nAda,2026-02-02..2026-02-01\n", ["line 2, absences: "]),
        ('name,address,email\nAda,"1 Row\nExampletown",\nBob,,x\n', ["line 4, email: "]),
        ("name\n", ["line 2: should be a person"]),
        ('name\n"Ada\n', ["line 2: is not CSV"]),
    ],
)
def test_every_bad_line_is_told_and_nothing_is_changed(
    register: Register, text: str, told: list[str]
) -> None:
    with pytest.raises(Malformed) as error:
        bring(register, text)
    lines = [str(problem) for problem in error.value.problems]
    for start in told:
        assert any(line.startswith(start) for line in lines), lines
    assert names(register) == []


def test_a_directory_of_thousands_takes_no_longer_for_each_than_a_small_one(register: Register) -> None:
    """The register is written to by nobody else meanwhile."""
    numbers = count()

    def brought(people: int) -> None:
        new = [next(numbers) for _ in range(people)]
        rows = [
            f"Invented {n},officer,i{n}@invented.example,Invented {deputy}"
            for n, deputy in zip(new, [*new[1:], new[0]], strict=True)
        ]
        bring(register, "\n".join(["name,roles,email,deputy", *rows]))

    assert growth(brought, 100, 800) < FAR_FROM_SQUARE
    service.add(register, OURS, {"name": "Somebody Else"}, "olive")


def test_a_row_that_could_be_two_people_is_not_guessed(register: Register) -> None:
    bring(register, "name,id\nAda Same,1\nAda Same,2\n")
    with pytest.raises(Malformed, match="line 2, name: 2 people of the directory have it: give the id"):
        bring(register, "name,email\nAda Same,ada@council.example\n")


@pytest.mark.parametrize("row", ["name,email\nBea New,", "id,name,email\n9,Bea New,"])
def test_a_new_name_with_a_mailbox_that_is_known_renames_nobody(register: Register, row: str) -> None:
    bring(register, "name,email\nAda Old,team@council.example\n")
    with pytest.raises(Malformed, match=r"line 2, email: is the e-mail address of pn_[0-9a-f]+: "):
        bring(register, f"{row}Team@council.example\n")
    assert names(register) == ["Ada Old"]
    service.add(register, OURS, {"name": "Bea New", "email": "team@council.example"}, "olive")
    both = "name,email,teams\nAda Old,team@council.example,A\nBea New,team@council.example,B\n"
    assert bring(register, both).changed == ["Ada Old", "Bea New"]


def test_a_person_is_changed_and_removed_and_what_they_were_stays(register: Register) -> None:
    made = service.add(register, OURS, {"name": "Ada", "email": "ada@council.example"}, "olive")
    service.change(register, made.key, {"title": "Director"}, OURS, "fern")
    service.replace(register, made.key, {"name": "Ada", "roles": ["director"]}, OURS, "fern")
    assert service.people(register, OURS)[0].entry.email == ""
    for wrong in ({"email": "no"}, {"nmae": "x"}, {"deputy": "Ada"}):
        with pytest.raises(Malformed):
            service.change(register, made.key, wrong, OURS, "fern")
    service.remove(register, made.key, OURS, "fern")
    assert names(register) == []
    kept = service.history(register, made.key, OURS)
    assert [each.change for each in kept] == ["added", "changed", "changed", "removed"]
    assert kept[0].entry.email == "ada@council.example"


def test_somebody_who_stands_in_cannot_be_removed(register: Register) -> None:
    bring(register, FILE)
    dan = service.key_of(register, OURS, "dan@council.example")
    with pytest.raises(Malformed, match="deputy"):
        service.remove(register, dan, OURS, "fern")


def test_authorities_are_apart(register: Register) -> None:
    bring(register, FILE)
    key = service.key_of(register, OURS, "7")
    assert names(register, OTHERS) == []
    for ask in (
        lambda: service.history(register, key, OTHERS),
        lambda: service.change(register, key, {"name": "X"}, OTHERS, "stranger"),
        lambda: service.remove(register, key, OTHERS, "stranger"),
        lambda: service.key_of(register, OTHERS, "7"),
    ):
        with pytest.raises(NotFound):
            ask()


async def test_entries_are_encrypted_and_bound_to_their_place(register: Register, tmp_path: Path) -> None:
    bring(register, FILE)
    assert (await verify(None, register)).whole
    register.engine.dispose()
    assert b"Xylo" not in b"".join(path.read_bytes() for path in tmp_path.glob("register.db*"))
    table = tables.directory
    for change in ({"authority": OTHERS}, {"changed_by": "somebody"}, {"person": "pn_x"}):
        with register.writing() as db:
            before = dict(db.execute(table.select().where(table.c.number == 1)).mappings().one())
            db.execute(update(table).where(table.c.number == 1).values(change))
        found = await verify(None, register)
        gone = ["missing"] if "authority" in change else []
        assert [fault.fault for fault in found.faults] == ["changed", *gone], change
        assert "directory.body" in found.faults[0].what
        with pytest.raises(Unreadable):
            service.history(register, str((before | change)["person"]), None)
        with register.writing() as db:
            db.execute(update(table).where(table.c.number == 1).values(before))


async def test_a_change_that_was_taken_out_is_missing(register: Register) -> None:
    bring(register, FILE)
    with register.writing() as db:
        db.execute(delete(tables.directory).where(tables.directory.c.number == 2))
    [fault] = (await verify(None, register)).faults
    assert (fault.fault, fault.what) == ("missing", f"directory of {OURS}: change 2 is missing")


# --- who a letter to a role goes to ------------------------------------------------------------------


def directory_of(text: str) -> Directory:
    rows = read_rows(text)
    return Directory(Listed(str(row.line), service.parsed(row.fields)) for row in rows)


def to(directory: Directory, role: str, on: str = "2026-11-23", *, people: People | None = None) -> str:
    found = directory.responsible(
        role, teams=["Team North"], people=people or People(None), on=date.fromisoformat(on)
    )
    return "" if found is None else f"{found.email} for {found.deputy_for}".removesuffix(" for ")


def test_a_step_goes_to_the_manager_of_the_team_and_to_the_deputy_while_they_are_away() -> None:
    directory = directory_of(FILE)
    assert to(directory, "stage_manager") == "xylo@council.example"
    assert to(directory, "stage_manager", "2026-12-20") == "xylo@council.example"
    assert to(directory, "stage_manager", "2026-12-21") == "dan@council.example for Xylo Teamlead"
    assert to(directory, "stage_manager", "2027-01-04") == "dan@council.example for Xylo Teamlead"
    assert to(directory, "stage_manager", "2027-01-05") == "xylo@council.example"
    assert to(directory, "director") == "", "nobody is guessed: the role's own address"


def test_thirty_teams_have_thirty_managers() -> None:
    rows = "".join(f"Manager {n},m{n}@council.example,stage_manager,Team {n}\n" for n in range(30))
    directory = directory_of("name,email,roles,teams\n" + rows)
    on = date(2026, 11, 23)
    for n in range(30):
        found = directory.responsible("stage_manager", teams=[f"team {n}"], people=People(None), on=on)
        assert found is not None
        assert found.email == f"m{n}@council.example"
    assert directory.responsible("stage_manager", teams=[""], people=People(None), on=on) is None


def test_two_who_are_away_and_stand_in_for_each_other_leave_it_to_the_role() -> None:
    away = "2026-12-01..2026-12-31"
    head = "name,email,roles,deputy,absences\n"
    pair = f"Ada,ada@a.example,director,Bob,{away}\nBob,bob@a.example,,Ada,{away}\n"
    assert to(directory_of(head + pair), "director", "2026-12-05") == ""


def test_who_is_appointed_or_deals_with_it_goes_before_the_role() -> None:
    directory = directory_of(
        "name,id,email,roles,absences\nOlive Officer,3,olive@a.example,officer,\n"
        "Max Manager,,max@a.example,complaints_manager,\n"
        "Iva Investigator,,iva@a.example,investigating_officer,2026-12-01..2026-12-05\n"
    )
    people = People(None)
    assert to(directory, "complaints_manager", people=people) == "max@a.example"
    people.officer = Assign(message_id="m", on=date(2026, 11, 2), officer="3").officer
    assert to(directory, "complaints_manager", people=people) == "olive@a.example"
    assert to(directory, "investigating_officer", people=people) == "", "nobody is appointed"
    for name, email, expected in (
        ("iva investigator", "", "iva@a.example"),
        ("Iva Investigator", "iva@own.example", "iva@own.example"),
        ("Una Unlisted", "una@own.example", "una@own.example"),
        ("Una Unlisted", "", ""),
    ):
        person = Appointee(name=name, email=email)
        made = People(None)
        made.appoint(
            Appoint(
                message_id="m",
                on=date(2026, 11, 2),
                role="investigating_officer",
                person=person,
                connection="employee",
            ),
            1,
        )
        assert to(directory, "investigating_officer", people=made) == expected
        if name == "Iva Investigator":
            assert to(directory, "investigating_officer", "2026-12-03", people=made) == "", "away, no deputy"
