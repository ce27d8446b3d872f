"""`rehearse` from outside, and what `--help` teaches."""

from __future__ import annotations

import asyncio
import re
from datetime import timedelta

from redress.services.clock import today
from tests.cli.conftest import CALENDAR, Cli

COMMANDS = (
    "open",
    "send",
    "show",
    "list",
    "due",
    "rehearse",
    "procedure",
    "recount",
    "export",
    "erase",
    "keys",
)


async def test_the_whole_procedure_from_tomorrow(alone: Cli) -> None:
    tomorrow = (today() + timedelta(days=1)).isoformat()
    ran = await alone("rehearse", "statutory", "--received", tomorrow, "--json")
    assert ran.status == 0, ran.err
    status, course = ran.document["status"], ran.document["course"]
    assert (status["received_on"], status["closed_as"]) == (tomorrow, "completed")
    assert {d["state"] for d in status["deadlines"]} <= {"met", "stopped"}
    assert {d["stage"] for d in status["deadlines"]} >= {"stage_1", "stage_2", "stage_3"}
    first_response = CALENDAR.add(today() + timedelta(days=1), 10).isoformat()
    due = {d["name"]: d["due_on"] for d in status["deadlines"]}
    assert due["stage_1_response"] == first_response
    days = [line["on"] for line in course]
    assert days == sorted(days)
    assert days[0] == tomorrow
    assert course[-1]["kind"] == "closed"
    assert not alone.state.exists()


async def test_every_procedure_of_every_authority(alone: Cli) -> None:
    """One command walks them all, on a server of its own; each ends as its procedure does."""
    ran = await alone("rehearse", "--all", "--json", patience=280)
    assert ran.status == 0, ran.err
    walked = {(each["authority"], each["procedure"]): each for each in ran.document}
    assert len(walked) == 14
    for (authority, procedure), each in walked.items():
        status = each["status"]
        assert (status["authority"], status["procedure"]) == (authority, procedure)
        assert status["closed_as"] == "completed", (authority, procedure)
        assert not status["overdue"]
        assert status["plain"]["what"]
        assert each["course"][-1]["kind"] == "closed"
    stages = {d["stage"] for d in walked["irm", "irm"]["status"]["deadlines"]}
    assert stages >= {"informal", "stage_1", "stage_2"}


WRONG = [
    (["statutory", "--received", (today() - timedelta(days=1)).isoformat()], "received"),
    (["statutory", "--received", "9999-12-31"], "received"),
    (["trial-by-combat"], "procedure"),
]


async def test_malformed(alone: Cli) -> None:
    every = await asyncio.gather(*(alone("rehearse", *words, "--json") for words, _ in WRONG))
    for ran, (words, field) in zip(every, WRONG, strict=True):
        assert ran.status == 2, words
        assert len(ran.lines) == 1
        assert ran.lines[0].startswith(f"{field}: ")
        assert ran.document["problems"] == ran.lines


async def test_help_teaches(alone: Cli) -> None:
    whole, send = await asyncio.gather(alone("--help"), alone("send", "--help"))
    assert (whole.status, send.status) == (0, 0)
    for command in COMMANDS:
        assert re.search(rf"\b{command}\b\W+[A-Z]\w* ", whole.out), f"{command}: no sentence"
    assert "TEMPORAL_ADDRESS" in whole.out
    assert "Example" in send.out
    assert all(option in send.out for option in ("--data", "--set", "--json"))


async def test_a_command_line_that_is_none(alone: Cli) -> None:
    for words in (["juggle"], ["send", "CYP-2026-000001"]):
        ran = await alone(*words, "--json")
        assert ran.status == 2, words
        assert len(ran.lines) == 1
        assert ran.document["problems"] == ran.lines
    bare = await alone()
    assert bare.status in (0, 2)
    assert "open" in bare.out + bare.err
