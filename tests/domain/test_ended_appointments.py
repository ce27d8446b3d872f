"""Those appointed are told where their part ends before their work is done, and where it goes on."""

from __future__ import annotations

from typing import Any

import pytest

from redress.domain.case import Case
from redress.letters.recipients import APPOINTED, appointed_in
from tests.domain.conftest import opened, send

IVO, UNA, CAROLA = {"name": "Ivo Sleuthless"}, {"name": "Una Nobodys"}, {"name": "Carola Notreal"}


def told(case: Case, letter: str = "part_ended") -> list[tuple[str, str]]:
    """The day of each such letter, and the part of whoever gets it."""
    sent = [effect for effect in case.state.effects if effect.template == letter]
    return [
        (f"{each.on}", role.removeprefix(APPOINTED)) for each in sent for role in appointed_in(each.facts)
    ]


def investigated() -> Case:
    """At Stage 2 since Monday 8 June, with its people."""
    case = opened()
    send(case, "respond", "2026-06-05", outcome="upheld")
    send(case, "escalate", "2026-06-08")
    for role, person in (("investigating_officer", IVO), ("independent_person", UNA)):
        send(case, "appoint", "2026-06-09", role=role, person=person, connection="none", message_id=role)
    return case


def at_the_panel() -> Case:
    """At Stage 3 since Monday 22 June, its panel called."""
    case = investigated()
    send(case, "respond", "2026-06-18", outcome="not_upheld")
    send(case, "escalate", "2026-06-22")
    send(case, "appoint", "2026-06-23", role="panel_chair", person=CAROLA, connection="none")
    send(case, "schedule_panel", "2026-06-24", meeting_on="2026-07-15")
    return case


@pytest.mark.parametrize(
    ("action", "said"),
    [
        ("withdraw", {}),
        ("withdraw", {"stage": "stage_2"}),
        ("close", {"kind": "settled", "terms": "A call", "reason": "So", "agreed_by_complainant": True}),
        ("close", {"kind": "died", "reason": "So"}),
    ],
)
def test_those_who_investigate_are_told_that_it_ended(action: str, said: dict[str, Any]) -> None:
    case = investigated()
    send(case, action, "2026-06-15", **{"letter": "at_once"} if said.get("kind") == "settled" else {}, **said)
    assert told(case) == [("2026-06-15", "investigating_officer"), ("2026-06-15", "independent_person")]


def test_nobody_is_told_whose_work_is_done() -> None:
    case = investigated()
    send(case, "respond", "2026-06-18", outcome="not_upheld")
    send(case, "withdraw", "2026-06-19")
    assert told(case) == []


def test_a_panel_that_is_called_and_whoever_it_waits_for_are_told() -> None:
    case = at_the_panel()
    send(case, "withdraw", "2026-06-29", stage="stage_3")
    assert {role for _, role in told(case)} == {
        "panel_chair",
        "independent_person",
        "investigating_officer",
    }


def test_a_panel_that_met_is_told_without_those_whom_it_waited_for() -> None:
    case = at_the_panel()
    send(case, "hold_panel", "2026-07-15")
    assert told(case) == []
    send(case, "withdraw", "2026-07-16")
    assert told(case) == [("2026-07-16", "panel_chair")]


def test_whoever_stands_down_or_is_replaced_is_told() -> None:
    case = investigated()
    send(case, "stand_down", "2026-06-10", role="independent_person", person=UNA, reason="ill")
    assert told(case) == [("2026-06-10", "independent_person")]
    other = {"name": "Ina Other"}
    send(case, "appoint", "2026-06-11", role="investigating_officer", person=other, connection="none")
    assert told(case)[1:] == [("2026-06-11", "investigating_officer")]
    send(case, "withdraw", "2026-06-12")
    assert told(case)[2:] == [("2026-06-12", "investigating_officer")], "whoever had left knows it"


def test_they_are_told_that_it_goes_on_after_all() -> None:
    case = investigated()
    send(case, "withdraw", "2026-06-15", stage="stage_2")
    send(case, "escalate", "2026-06-17")
    goes_on = [("2026-06-17", "investigating_officer"), ("2026-06-17", "independent_person")]
    assert told(case, "part_goes_on") == goes_on
    send(case, "withdraw", "2026-06-18")
    assert len(told(case)) == 4
