"""`recount`, as an operator types it: a bank holiday is proclaimed in the file while complaints are open."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path

import pytest
import pytest_asyncio
from temporalio.client import Client, WorkflowExecutionStatus

from redress.bootstrap import activities_for, running_workers
from redress.domain.calendar import full_date, long_date
from redress.domain.opening_parsing import parse_opening
from redress.procedures.bank_holidays import holiday_table
from redress.services.clock import today
from redress.services.recounting import COMPLAINTS_AT_ONCE, GIVE_UP_AFTER
from redress.settings import TRIAL, Settings
from redress.store.register import Register
from redress.temporal.embedded import embedded_server
from tests.cli.conftest import CALENDAR, Cli, ahead, opening
from tests.conftest import Life
from tests.forking import completed
from tests.stores import migrated
from tests.waiting import PATIENCE

NAME = "Invented Jubilee"


class Installation:
    """A server, a worker and a register of these tests' own: a recount goes over every complaint in it."""

    def __init__(self, address: str, client: Client, settings: Settings, register: Register) -> None:
        self.address, self.client, self.settings, self.register = address, client, settings, register

    def cli(self, file: Path) -> Cli:
        """The command line with a file of proclaimed days."""
        more = {"REDRESS_BANK_HOLIDAYS": str(file)}
        return Cli(self.address, self.settings.state, more, self.client, self.register)

    async def life(self, name: str, authority: str, **more: object) -> Life:
        """A complaint that was opened today."""
        life = Life(self.client, self.register, self.settings.outbox_folder, name)
        await life.open(authority=authority, **more)
        return life


@pytest_asyncio.fixture(scope="module")
async def own(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Installation]:
    settings = migrated(Settings(state=tmp_path_factory.mktemp("recount"), register_url="", outbox=None))
    async with embedded_server(moves_time=True) as (address, client):
        activities = activities_for(settings)
        async with running_workers(client, activities, settings):
            yield Installation(address, client, settings, activities.register)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file of proclaimed days, empty like the one that is delivered."""
    path = tmp_path / "proclaimed.toml"
    path.write_text("# nothing yet\n")
    return path


def proclaim(file: Path, on: str) -> None:
    """Write a proclaimed day into the file."""
    file.write_text(f'[[proclaimed]]\non = {on}\nname = "{NAME}"\nsource = "An invented gazette"\n')


def mail(life: Life) -> list[str]:
    """The letters about moved dates in a complaint's outbox."""
    return [name for name in life.letters() if name.startswith("dates_moved")]


def people_read(iso: str) -> str:
    return long_date(date.fromisoformat(iso))


async def test_a_bank_holiday_is_proclaimed(own: Installation, file: Path) -> None:
    """Ten working days from today, over a day that becomes none on the fifth of them."""
    waiting = await own.life("waiting", "family-rights")
    offered = await own.life("offered", "family-rights")
    await offered.send("acknowledge")
    await offered.send("respond", outcome="not_upheld")
    promised = await own.life("promised", "family-rights")
    await promised.send("acknowledge")
    await promised.send("extend", reason="Two agencies.", until=ahead(12))
    withdrawn = await own.life("withdrawn", "family-rights")
    await withdrawn.send("withdraw")
    cli = own.cli(file)
    was = holiday_table().version
    words = ("recount", "--authority", "family-rights")

    nothing = await cli(*words)
    assert nothing.status == 0
    assert nothing.out.strip() == f"nothing newer for any complaint: the list is {was}"

    proclaimed = ahead(5)
    proclaim(file, proclaimed)
    before = [await life.status() for life in (waiting, offered, promised, withdrawn)]
    dry = await cli(*words, "--dry-run")
    assert dry.status == 0, dry.err
    lines = dry.out.splitlines()
    moves = {
        waiting.reference: ("Stage 1 response", ahead(10), ahead(11)),
        offered.reference: ("Review after Stage 1", ahead(20), ahead(21)),
    }
    for reference, (title, due_on, later) in moves.items():
        (row,) = (line for line in lines if line.startswith(f"  {reference}") and title in line)
        assert people_read(due_on) in row
        assert row.rstrip().endswith(people_read(later))
    assert f"{people_read(proclaimed)} ({NAME}) is a bank holiday now" in lines
    assert "  2: dates would move" in lines
    assert "  2: the newer list moves no date" in lines
    assert lines[-1] == "dry run: nothing has changed"
    assert sorted(line.split("  ")[0] for line in dry.lines) == [f"{n} of 4" for n in range(1, 5)]
    assert any(f"{waiting.reference}: 1 date" in line for line in dry.lines)
    assert [await life.status() for life in (waiting, offered, promised, withdrawn)] == before

    done = await cli(*words, "--json")
    assert done.status == 0, done.err
    newer = done.document["to"]
    assert (done.document["from"], done.document["dry_run"]) == ([was], False)
    assert done.document["days"] == [{"on": proclaimed, "name": NAME, "now": True}]
    assert (done.document["looked_at"], done.document["untouched"], done.document["failed"]) == (4, [], [])
    assert done.document["unmoved"] == [promised.reference, withdrawn.reference]
    assert {
        (each["reference"], each["from"], d["title"].partition(":")[0], d["was_due_on"], d["due_on"])
        for each in done.document["moved"]
        for d in each["dates"]
    } == {(reference, was, *move) for reference, move in moves.items()}

    for life, name in ((waiting, "stage_1_response"), (offered, "stage_1_review")):
        _, due_on, later = moves[life.reference]
        deadline = await life.deadline(name)
        said = f"{people_read(proclaimed)} ({NAME}) is a bank holiday now: {newer} instead of {was}"
        assert deadline["due_on"] == later
        assert deadline["moved"] == [{"due_on": due_on, "reason": said, "breach": False}]
        letters = ["dates_moved-complainant", "dates_moved_staff-complaints_manager"]
        letters += ["dates_moved_staff-stage_manager"] if name == "stage_1_response" else []
        await life.settled(lambda life=life, letters=letters: mail(life) == letters)  # type: ignore[misc]
        (letter,) = life.outbox.glob("*dates_moved-complainant*.txt")
        for day in (proclaimed, due_on, later):
            assert full_date(date.fromisoformat(day)) in letter.read_text()
    listed = {each["reference"]: each for each in (await cli("list", "--json")).document}
    row = next(d for d in listed[waiting.reference]["deadlines"] if d["name"] == "stage_1_response")
    assert row["due_on"] == moves[waiting.reference][2]
    assert (await promised.deadline("stage_1_response"))["due_on"] == ahead(12)
    assert mail(promised) == []
    assert {(await life.status())["calendar"] for life in (waiting, promised, withdrawn)} == {newer}

    again = await cli(*words)
    assert again.out.strip() == f"nothing newer for any complaint: the list is {newer}"
    assert len([m for m in (await waiting.status())["messages"] if m["action"] == "recount"]) == 1
    assert len(mail(waiting)) == 3
    shown = await cli("show", waiting.reference)
    assert f"Stage 1 response was due {people_read(moves[waiting.reference][1])}: " in shown.out
    recalled = own.register.recall(waiting.reference)
    assert recalled is not None
    assert [m.action for m in recalled[1].messages] == ["recount"]

    # The complaint's own clock: nothing happens on the day after the old date, everything after the new one.
    _, due_on, later = moves[waiting.reference]
    await waiting.move_to(date.fromisoformat(later), "23:00")
    assert (await waiting.deadline("stage_1_response"))["state"] == "running"
    assert "stage_1_late-complainant" not in waiting.letters()
    await waiting.move_to(CALENDAR.add(date.fromisoformat(later), 1), "10:00")
    await waiting.settled(lambda: "stage_1_late-complainant" in waiting.letters())
    assert (await waiting.deadline("stage_1_response"))["state"] == "overdue"


async def test_a_run_that_broke_off_is_run_again(own: Installation, file: Path) -> None:
    """What was done stays done; a complaint that somebody else has ended stops no other."""
    first = await own.life("first", "rotherham")
    proclaim(file, ahead(4))
    cli = own.cli(file)
    words = ("recount", "--authority", "rotherham", "--json")
    assert len((await cli(*words)).document["moved"]) == 1

    second = await own.life("second", "rotherham")
    gone = await own.life("gone", "rotherham")
    await gone.settled(lambda: own.register.status(gone.reference, gone.today) is not None)
    await gone.handle.terminate("an invented mishap")
    ran = await cli(*words)
    assert ran.status == 3
    assert ran.document["untouched"] == [first.reference]
    assert [each["reference"] for each in ran.document["moved"]] == [second.reference]
    reason = "its workflow does not run: was it terminated?"
    assert ran.document["failed"] == [{"reference": gone.reference, "reason": reason}]
    assert ran.lines[-1] == f"{gone.reference}: {reason}"
    assert len([m for m in (await first.status())["messages"] if m["action"] == "recount"]) == 1

    people = await cli("recount", "--authority", "rotherham")
    assert people.status == 3
    assert "  1: failed; run it again" in people.out.splitlines()


async def test_a_file_that_has_closed_is_left_alone(own: Installation, file: Path) -> None:
    """Nor is anything made of a reference whose complaint has not begun."""
    ended = await own.life("ended", "young-people")
    await ended.send("withdraw")
    await ended.move_to(CALENDAR.add(ended.today, 62), "10:00")
    await asyncio.wait_for(ended.handle.result(), PATIENCE)
    raw = opening(authority="young-people")
    reserved = own.register.reserve(parse_opening(raw, today()), raw, "YP")
    proclaim(file, ahead(6))
    ran = await own.cli(file)("recount", "--authority", "young-people", "--json")
    assert ran.status == 0, ran.err
    assert ran.document["looked_at"] == 1
    assert ran.document["untouched"] == [reserved.reference]
    assert (await ended.handle.describe()).status is WorkflowExecutionStatus.COMPLETED


async def test_without_a_worker_it_gives_up_and_says_what_was_not_asked(bare: Cli, file: Path) -> None:
    proclaim(file, ahead(5))
    bare.more |= {"REDRESS_BANK_HOLIDAYS": str(file), "REDRESS_ANSWER_WITHIN": "1"}
    complaints = GIVE_UP_AFTER + COMPLAINTS_AT_ONCE  # those under way are asked all the same
    for _ in range(complaints):
        await bare.open(authority="north-somerset")
    ran = await bare("recount", "--authority", "north-somerset", "--json")
    assert ran.status == 3
    reasons = [each["reason"] for each in ran.document["failed"]]
    assert len(reasons) == ran.document["looked_at"] >= complaints
    assert "no answer within 1 s: is a worker running?" in reasons
    assert any(reason.startswith("not asked: ") for reason in reasons)


async def test_temporal_out_of_reach(down: Cli) -> None:
    ran = await down("recount", "--dry-run", "--json")
    assert ran.status == 3
    assert "out of reach" in ran.lines[0]
    assert ran.document["problems"] == ran.lines


async def test_an_authority_that_there_is_not(cli: Cli) -> None:
    ran = await cli("recount", "--authority", "atlantis", "--json")
    assert ran.status == 2
    assert ran.lines[0].startswith("authority: 'atlantis' is none of ")


# --- the file ------------------------------------------------------------------------------------


async def test_due_counts_over_the_file_and_names_its_days(down: Cli, file: Path) -> None:
    file.write_text(
        """
        [[withdrawn]]
        on = 2027-05-03
        source = "An invented gazette"

        [[proclaimed]]
        on = 2027-05-07
        name = "Invented Jubilee"
        source = "An invented gazette"
        """
    )
    down.more["REDRESS_BANK_HOLIDAYS"] = str(file)
    ran = await down("due", "2027-04-30", "5", "--explain")
    assert ran.out.splitlines() == [
        "Mon 10 May 2027",
        "  Sat 1 May 2027 does not count: Saturday",
        "  Sun 2 May 2027 does not count: Sunday",
        "  Fri 7 May 2027 does not count: Invented Jubilee",
        "  Sat 8 May 2027 does not count: Saturday",
        "  Sun 9 May 2027 does not count: Sunday",
    ]


MISTAKES = """
[[proclaimed]]
on = 2027-05-08
name = "Invented Jubilee"
source = "An invented gazette"

[[proclaimed]]
on = 2027-05-10
nane = "Invented Jubilee"
source = "An invented gazette"
"""


async def test_a_mistake_in_the_file_is_told_by_every_command_and_by_the_worker(cli: Cli, file: Path) -> None:
    file.write_text(MISTAKES)
    cli.more["REDRESS_BANK_HOLIDAYS"] = str(file)
    wanted = [
        "proclaimed.toml: proclaimed, number 2.name: is missing",
        "proclaimed.toml: proclaimed, number 2.nane: no such field (is name meant?)",
    ]
    commands: list[tuple[str, ...]] = [
        ("due", "2026-11-20", "3", "--json"),
        ("recount", "--dry-run", "--json"),
        ("open", "examples/three-stages.json", "--json"),
    ]
    for ran in await asyncio.gather(*(cli(*words) for words in commands)):
        assert ran.status == 2
        assert ran.lines == wanted
    env = {"REDRESS_BANK_HOLIDAYS": str(file), "REDRESS_TRIAL": TRIAL, "REDRESS_STATE": str(cli.state)}
    worker = await asyncio.to_thread(completed, "worker", [], env)
    assert worker.returncode == 2
    assert all(line in worker.stderr for line in wanted)
