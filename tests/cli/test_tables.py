"""What the screens of the command line show of texts that people wrote, and of complaints that are erased."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from redress.cli import tables
from redress.domain.case import Answer
from redress.domain.erasure import scrubbed
from redress.settings import Settings
from tests.cli.conftest import Cli
from tests.letters import lives
from tests.stores import migrated


def test_square_brackets_are_shown_as_they_were_written(capsys: pytest.CaptureFixture[str]) -> None:
    answer = Answer(
        message_id="1", on=date(2026, 10, 1), applied=True, pending=False, reason="See [appendix] and [bold]."
    )
    tables.show_answer("CYP-2026-000001", "add_note", answer)
    assert "See [appendix] and [bold]." in capsys.readouterr().out


def test_an_erased_complaint_shows_the_part_that_was_split_off(capsys: pytest.CaptureFixture[str]) -> None:
    life = lives.split()
    status = life.case.status(life.day)
    for letter in status["letters"]:
        letter["state"] = "done"
    whole = json.loads(json.dumps(status))
    tables.show_status(whole)
    assert f"{lives.REFERENCE}-2, split off on " in capsys.readouterr().out
    tables.show_status(json.loads(json.dumps(scrubbed(whole, life.day))))
    assert f"{lives.REFERENCE}-2, split off\n" in capsys.readouterr().out


async def test_where_there_is_nothing_the_command_line_says_so(tmp_path: Path) -> None:
    migrated(Settings(state=tmp_path, register_url="", outbox=None))
    nowhere = Cli("127.0.0.1:1", tmp_path)
    for words, said in (
        (("list",), "no complaints to show"),
        (("not-begun",), "no complaints to show"),
        (("letters",), "no letters to show"),
        (("unmatched", "list"), "no requests to show"),
    ):
        ran = await nowhere(*words)
        assert (ran.status, ran.out) == (0, f"{said}\n"), words


def test_one_thing_is_one() -> None:
    assert tables.counted(1, "complaint") == "1 complaint"
    assert tables.counted(0, "entry", "entries") == "0 entries"
