"""Rules of the five documents that no other file shows: the channel (004-1), the plain words (002-14)."""

from __future__ import annotations

from typing import Any, get_args

import pytest

from redress.domain.case import Case
from redress.domain.fields import Channel
from redress.procedures import loader
from tests.domain.conftest import MONDAY, at_stage_2, corporate, deadline, irm, opened, problems, send, status

HAVING = [
    (council, name) for council in loader.authority_names() for name in loader.authority(council).procedures
]
"""Every procedure of every authority."""


@pytest.mark.parametrize("channel", get_args(Channel))
def test_the_channel_it_came_by_is_recorded(channel: str) -> None:
    case = opened(authority="rotherham", channel=channel)
    assert Case.restore(case.rules, case.saved()).opening.channel == channel


SAID: dict[str, dict[str, Any]] = {
    "escalate": {},
    "set_advocate": {"advocate": {"name": "Adva Catena"}},
    "add_points": {"points": ["Another invented point."]},
    "add_note": {"note": "They rang."},
    "resolve_informally": {"agreed": False},
    "withdraw": {},
}


@pytest.mark.parametrize("action", SAID)
def test_the_channel_of_what_is_said_later_is_recorded_too(action: str) -> None:
    case = opened(authority="rotherham")
    assert problems(case, action, {"on": MONDAY, **SAID[action], "channel": "pigeon"}).keys() == {"channel"}
    send(case, action, MONDAY, **SAID[action], channel="text")
    told = status(Case.restore(case.rules, case.saved()), MONDAY)["messages"]
    assert [dict(each).get("channel") for each in told] == ["text"]


def test_there_are_six_channels() -> None:
    assert {*get_args(Channel)} == {"web_form", "email", "post", "telephone", "text", "in_person"}


@pytest.mark.parametrize(("council", "name"), HAVING)
def test_each_stage_says_in_plain_words_what_it_is_who_does_what_and_what_is_next(
    council: str, name: str
) -> None:
    rules = loader.procedure(name, council)
    for place in (*rules.stage, "intake", "suspended", "closed", "ombudsman"):
        words = rules.plain[place]
        assert all(len(said.split()) >= 3 for said in (words.what, words.who, words.next)), place
        sentences = f"{words.what} {words.who} {words.next}".replace("?", ".").split(".")
        assert max(len(sentence.split()) for sentence in sentences) <= 30, place


@pytest.mark.parametrize(("council", "name"), HAVING)
def test_each_limit_says_in_plain_words_what_happens_by_when(council: str, name: str) -> None:
    for limit in loader.procedure(name, council).limits:
        assert "{day}" in limit.says, limit.name


def test_the_status_says_where_it_stands_in_these_words_and_by_when() -> None:
    case = at_stage_2()
    said = status(case, "2026-06-16")["plain"]
    assert said["what"] == case.rules.procedure.plain["stage_2"].what
    assert (said["title"], said["by"]) == ("Stage 2: investigation", "2026-07-20")
    assert said["next"].startswith("You should have our decision after Stage 2 by Monday 20 July 2026. ")


def test_they_follow_it_from_place_to_place() -> None:
    case = irm(complainant={"name": "Imaginaria Nobody", "role": "neighbour"})
    plain = case.rules.procedure.plain
    assert status(case, MONDAY)["plain"]["what"] == plain["intake"].what
    send(case, "accept", "2026-06-02")
    assert status(case, "2026-06-02")["plain"]["what"] == plain["informal"].what
    send(case, "suspend", "2026-06-03", reason="A hearing", proceedings="Court", review_on="2026-06-30")
    assert status(case, "2026-06-03")["plain"]["what"] == plain["suspended"].what
    send(case, "resume", "2026-06-10")
    send(case, "withdraw", "2026-06-11")
    assert status(case, "2026-06-11")["plain"]["what"] == plain["closed"].what
    send(case, "refer_to_ombudsman", "2026-06-12")
    assert status(case, "2026-06-12")["plain"]["what"] == plain["ombudsman"].what


def test_the_day_they_name_is_the_one_that_counts() -> None:
    case = corporate()
    assert status(case, MONDAY)["plain"]["by"] == deadline(case, "acknowledgement", MONDAY)["due_on"]
    send(case, "acknowledge", "2026-06-03")
    assert status(case, "2026-06-04")["plain"]["by"] == "2026-06-17"
