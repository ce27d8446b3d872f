"""Letters that wait for what they enclose: what counts only once they have left, and who owes it."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from redress.domain.case import Answer, Case
from redress.domain.effect_log import mark_of_id
from redress.domain.effects import letter_mark
from redress.domain.parsing import Malformed
from redress.domain.withholding import is_meant
from tests.domain.conftest import at, at_stage_3, send, shown


def told(case: Case, action: str, on: str, mark: str, **more: Any) -> Answer:
    """What became of a letter, as a complaint's workflow logs it."""
    id = case.id_of_leaving(mark, date.fromisoformat(on), action)
    return send(case, action, on, mark=mark, message_id=id, **more)


def papers_sent() -> tuple[Case, str]:
    """Papers for a panel of Monday 31 August that are said to have gone on Thursday 13 August."""
    case = at_stage_3()
    send(case, "schedule_panel", "2026-08-10", meeting_on="2026-09-01")
    send(case, "send_papers", "2026-08-13", message_id="papers")
    return case, f"panel_notice:{mark_of_id('papers')}"


def test_papers_count_once_everybody_s_copy_has_left() -> None:
    case, key = papers_sent()
    assert shown(case, "panel_papers", "2026-08-14")[1] == "met"
    one, other = (letter_mark(key, to) for to in ("complainant", "appointed_panel_member_2"))
    for mark in (one, other):
        assert told(case, "letter_not_left", "2026-08-13", mark, waits_for=["panel_papers"]).applied
    assert shown(case, "panel_papers", "2026-08-14")[1] == "running"
    assert shown(case, "enclosure", "2026-08-14") == ("2026-08-17", "running", 0)
    assert case.status(date(2026, 8, 14))["waiting_for"] == "complaints_manager"
    told(case, "letter_left", "2026-08-18", one)
    assert shown(case, "panel_papers", "2026-08-19")[1] != "met_late"
    told(case, "letter_left", "2026-08-20", other)
    due, state, late = shown(case, "panel_papers", "2026-08-21")
    assert (due, state, late) == ("2026-08-17", "met_late", 3)
    assert shown(case, "enclosure", "2026-08-21")[1] == "met_late"


def test_papers_that_come_back_after_all_had_left_are_owed_again() -> None:
    case, key = papers_sent()
    mark = letter_mark(key, "appointed_panel_chair")
    told(case, "letter_not_left", "2026-08-13", mark, waits_for=["panel_papers"])
    told(case, "letter_left", "2026-08-17", mark)
    assert shown(case, "panel_papers", "2026-08-18")[1] == "met"
    back_on = case.known_to_leave(mark)
    assert back_on == date(2026, 8, 17)
    told(case, "letter_not_left", back_on.isoformat(), mark)
    assert shown(case, "panel_papers", "2026-08-19")[1] == "overdue"


def test_a_letter_is_released_only_while_it_waits_and_for_a_day_to_come() -> None:
    case, key = papers_sent()
    mark = letter_mark(key, "complainant")
    asked = {"mark": mark, "reason": "Copied.", "follows_by": "2026-08-20"}
    told(case, "letter_not_left", "2026-08-13", mark, waits_for=["panel_papers"])
    past = send(case, "release_letter", "2026-08-14", **asked | {"follows_by": "2026-08-12"})
    assert "has passed" in past.reason
    assert send(case, "release_letter", "2026-08-14", **asked).applied
    assert "released before" in send(case, "release_letter", "2026-08-17", **asked).reason
    told(case, "letter_left", "2026-08-14", mark)
    assert shown(case, "panel_papers", "2026-08-17")[1] == "running"  # the papers have not gone
    assert shown(case, "enclosure_follows_1", "2026-08-17") == ("2026-08-20", "running", 0)
    [effect] = [each for each in case.state.effects if each.template == "enclosure_follows"]
    assert effect.facts["kinds"] == ["panel_papers"]
    follow_up = letter_mark(effect.key, "complainant")
    told(case, "letter_left", "2026-08-24", follow_up)
    assert shown(case, "enclosure_follows_1", "2026-08-25")[1] == "met_late"
    assert shown(case, "panel_papers", "2026-08-25")[1] == "met_late"


def test_a_letter_that_waits_for_nothing_is_not_released() -> None:
    case, key = papers_sent()
    asked = {"mark": letter_mark(key, "complainant"), "reason": "Copied.", "follows_by": "2026-08-20"}
    assert "waits for an enclosure" in send(case, "release_letter", "2026-08-14", **asked).reason


def test_what_was_promised_and_has_not_left_is_raised() -> None:
    case, key = papers_sent()
    mark = letter_mark(key, "complainant")
    told(case, "letter_not_left", "2026-08-13", mark, waits_for=["panel_papers"])
    send(case, "release_letter", "2026-08-14", mark=mark, reason="Copied.", follows_by="2026-08-20")
    late = [task.effect.facts.get("deadline") for task in case.due(at("2026-08-24"))]
    assert "enclosure_follows_1" in late
    assert case.status(date(2026, 8, 24))["waiting_for"] == "complaints_manager"


@pytest.mark.parametrize(
    ("said", "role", "names", "meant"),
    [
        ("complainant", "complainant", ("Ann",), True),
        ("complainant", "complainant_2", ("Bo",), True),
        ("complainant_2", "complainant", ("Ann",), False),
        ("complainant", "advocate", ("Cas", "Ann"), True),
        ("advocate", "complainant", ("Ann",), False),
        ("Ann", "advocate", ("Cas", "Ann"), True),
        ("the Independent Person", "appointed_independent_person", ("Ivy",), True),
        ("panel", "appointed_panel_member_2", ("Mo",), True),
        ("panel chair and Mo", "appointed_panel_member_2", ("Mo",), True),
        ("panel_chair", "appointed_panel_member", ("Mo",), False),
        ("somebody unknown", "complainant", ("Ann",), True),
    ],
)
def test_from_whom_a_document_is_withheld(said: str, role: str, names: tuple[str, ...], meant: bool) -> None:
    case = at_stage_3()
    known = {"document": "a.pdf", "from": "complainant", "reason": "Theirs."}
    send(case, "withhold", "2026-08-10", **known)
    withheld = case.state.enclosures.withheld[0].model_copy(update={"withheld_from": said})
    assert is_meant(withheld, role, names) is meant


def test_withheld_from_nobody_here_is_malformed() -> None:
    case = at_stage_3()
    with pytest.raises(Malformed, match="names nobody in this complaint"):
        send(case, "withhold", "2026-08-10", **{"document": "a", "from": "Uncle Bob", "reason": "x"})
