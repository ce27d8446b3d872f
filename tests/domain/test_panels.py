"""Panels as they happen: replaced, stood down, adjourned, moved at the person's wish; and conflicts."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from redress.domain.case import Case
from redress.domain.erasure import marks_of, scrubbed
from tests.domain.conftest import (
    acknowledged,
    answered,
    appoint,
    at_stage_2,
    at_stage_3,
    deadline,
    deadlines,
    done,
    irregular,
    is_alive,
    letters,
    opened,
    panel_called,
    send,
    shown,
    status,
)


def holders(case: Case, role: str, on: str) -> list[str]:
    found = [each for each in status(case, on)["appointments"] if each["role"] == role and not each["until"]]
    return [str(each["person"]["name"]) for each in found if "person" in each]


# --- replaced, stood down ------------------------------------------------------------------------


def test_a_member_who_falls_ill_is_replaced() -> None:
    """Finding R11: 409."""
    case = panel_called()
    ill = {"name": "Unreal Sitter"}
    assert "replaces" in appoint(case, "panel_member", "2026-08-20", name="Stand In").reason
    assert appoint(case, "panel_member", "2026-08-20", name="Stand In", replaces=ill, message_id="a").applied
    assert holders(case, "panel_member", "2026-08-20") == ["Phantom Listener", "Stand In"]


def test_nobody_replaces_somebody_who_has_no_part() -> None:
    answer = appoint(
        panel_called(), "panel_member", "2026-08-20", name="Stand In", replaces={"name": "No One"}
    )
    assert "nobody of this name" in answer.reason


def test_a_part_given_up_is_to_be_filled_again() -> None:
    case = panel_called()
    gone: dict[str, Any] = {
        "role": "panel_chair",
        "person": {"name": "Mythica Presider"},
        "reason": "Illness",
    }
    assert send(case, "stand_down", "2026-08-10", **gone).applied
    assert holders(case, "panel_chair", "2026-08-10") == []
    assert deadline(case, "panel_chair_appointed", "2026-08-10")["state"] == "running"
    assert appoint(case, "panel_chair", "2026-08-11", name="New Chair").applied
    assert deadline(case, "panel_chair_appointed", "2026-08-11")["state"] == "met"


def test_standing_down_is_always_recorded() -> None:
    case = at_stage_2()
    said: dict[str, Any] = {"role": "panel_chair", "person": {"name": "Nobody At All"}}
    assert send(case, "stand_down", "2026-06-20", **said).applied
    assert irregular(case, "2026-06-20")


def test_an_officer_deals_with_it() -> None:
    case = at_stage_2()
    assert send(case, "assign", "2026-06-20", officer="Olive Imagined").applied
    assert status(case, "2026-06-20")["officer"] == "Olive Imagined"


# --- adjourned -----------------------------------------------------------------------------------


def test_the_first_sitting_meets_the_limit_and_the_report_counts_from_the_last() -> None:
    case = panel_called()
    assert send(case, "hold_panel", "2026-08-24", adjourned_to="2026-09-14").applied
    found = status(case, "2026-08-25")
    assert shown(case, "panel_meeting", "2026-08-25")[1] == "met"
    assert "panel_report" not in {each["name"] for each in found["deadlines"]}
    assert shown(case, "panel_sitting", "2026-08-25")[:2] == ("2026-09-14", "running")
    assert "panel_adjourned" in letters(done(case, "2026-08-24"))
    send(case, "hold_panel", "2026-09-14")
    assert shown(case, "panel_sitting", "2026-09-15")[1] == "met"
    assert shown(case, "panel_report", "2026-09-15")[:2] == ("2026-09-21", "running")


def test_the_next_sitting_is_called_for_another_day() -> None:
    case = panel_called()
    send(case, "hold_panel", "2026-08-24", adjourned_to="2026-09-14")
    assert send(case, "schedule_panel", "2026-09-01", meeting_on="2026-09-21").applied
    assert shown(case, "panel_sitting", "2026-09-02")[0] == "2026-09-21"


# --- who came ------------------------------------------------------------------------------------


def came(*parts: str) -> list[dict[str, str]]:
    return [{"part": part, "name": f"Invented {part}"} for part in parts]


def absent(case: Case, on: str) -> list[str]:
    return [what for what in irregular(case, on) if "did not come to" in what or "nobody of" in what]


def test_who_came_is_shown_and_may_be_without_a_name() -> None:
    """Rules 002-12 and 003-14."""
    case = panel_called()
    attended = [*came("independent_person", "manager"), {"part": "solicitor"}]
    send(case, "hold_panel", "2026-08-24", attended=attended)
    [sitting] = status(case, "2026-08-24")["sittings"]
    assert (sitting["on"], sitting["adjourned_to"]) == ("2026-08-24", None)
    assert [each["part"] for each in sitting["attended"] or []] == [
        "independent_person",
        "manager",
        "solicitor",
    ]
    assert [each["name"] for each in sitting["attended"] or []][-2:] == ["Invented manager", ""]
    assert absent(case, "2026-08-24") == []


def test_whoever_did_not_come_of_those_the_panel_hears_is_noted() -> None:
    """Reg 19(5). Where nobody says who came, nothing is said of it."""
    case, unsaid = panel_called(), panel_called()
    send(case, "hold_panel", "2026-08-24", attended=came("complainant", "investigating_officer"))
    assert absent(case, "2026-08-24") == [
        "the Independent Person of Stage 2 did not come to the panel",
        "nobody of Children's Services came to the panel",
    ]
    send(unsaid, "hold_panel", "2026-08-24")
    assert absent(unsaid, "2026-08-24") == []
    assert status(unsaid, "2026-08-24")["sittings"][0]["attended"] is None
    assert "sittings" not in status(panel_called(), "2026-08-24")


def test_with_a_young_person_the_investigating_officer_comes_as_well() -> None:
    """Rule 002-12: they meet the Stage 2 independent people."""
    young = {"name": "Juniper Madeup", "role": "young_person"}
    case = opened(complainant=young)
    send(case, "hold_panel", "2026-08-24", attended=came("independent_person", "director"))
    missing = "the Investigating Officer of Stage 2 did not come to a young person's panel"
    assert absent(case, "2026-08-24") == [missing]


def test_who_came_to_one_sitting_has_been_heard() -> None:
    case = panel_called()
    send(case, "hold_panel", "2026-08-24", adjourned_to="2026-09-14", attended=came("independent_person"))
    assert absent(case, "2026-08-24") == []
    send(case, "hold_panel", "2026-09-14", attended=came("adjudicating_officer"))
    assert absent(case, "2026-09-14") == []
    assert len(status(case, "2026-09-14")["sittings"]) == 2


def test_of_who_came_nothing_is_left_after_an_erasure() -> None:
    case = panel_called()
    send(case, "hold_panel", "2026-08-24", attended=came("supporter"))
    shown_before = status(case, "2026-08-24")
    assert "Invented supporter" in marks_of({}, shown_before)
    left = scrubbed(shown_before, date(2033, 1, 3))
    assert left["sittings"] == [{"on": "2026-08-24", "adjourned_to": None}]
    assert "Invented" not in str(left["sittings"]) + str(left["messages"])


# --- moved at the person's wish ------------------------------------------------------------------

WISH = {"at_request_of": "complainant", "offered_on": "2026-08-24", "agreed_on": "2026-07-23"}


def test_a_day_that_the_person_asked_for_is_no_breach() -> None:
    """The panel has to meet by 1 September; the person wants 15 September."""
    case = at_stage_3()
    send(case, "schedule_panel", "2026-07-23", meeting_on="2026-09-15", **WISH)
    found = deadline(case, "panel_meeting", "2026-09-10")
    assert (found["due_on"], found["state"], found["days_late"]) == ("2026-09-01", "running", 0)
    assert [each["reason"] for each in found["moved"]] == ["complainant_asked"]
    assert "panel_delay" not in letters(done(case, "2026-09-10"))
    listed = status(case, "2026-09-10")
    assert "panel_meeting" not in {each["name"] for each in listed["late"]}
    assert listed["next_due_on"] == "2026-09-15"
    send(case, "hold_panel", "2026-09-15")
    assert shown(case, "panel_meeting", "2026-09-16") == ("2026-09-01", "met", 0)


def test_a_pause_beside_it_adds_no_breach() -> None:
    case = at_stage_3()
    send(case, "schedule_panel", "2026-07-23", meeting_on="2026-09-15", **WISH)
    send(case, "suspend", "2026-09-07", reason="A court.", ground="proceedings", review_on="2026-10-05")
    found = deadline(case, "panel_meeting", "2026-09-10")
    assert (found["state"], found["days_late"], found["days_late_without_pause"]) == ("paused", 0, 0)


def test_whoever_sat_before_the_ombudsman_brought_the_stage_back_is_a_conflict() -> None:
    case = at_stage_3()
    chair: dict[str, Any] = {
        "role": "panel_chair",
        "person": {"name": "Carola Notreal"},
        "connection": "none",
    }
    assert send(case, "appoint", "2026-07-23", **chair).applied
    said = {"category": "upheld", "returns_to": "stage_3"}
    assert send(case, "ombudsman_decision", "2026-10-01", **said).applied
    assert "before" in send(case, "appoint", "2026-10-05", **chair).reason
    why = "Nobody else of the pool is free."
    assert send(case, "appoint", "2026-10-06", **chair, conflict_considered=why).applied


def test_beyond_that_day_it_is_late_from_its_own() -> None:
    case = at_stage_3()
    send(case, "schedule_panel", "2026-07-23", meeting_on="2026-09-15", **WISH)
    assert shown(case, "panel_meeting", "2026-09-17") == ("2026-09-01", "overdue", 12)
    assert "panel_delay" in letters(done(case, "2026-09-17"))


@pytest.mark.parametrize("without", ["at_request_of", "offered_on"])
def test_without_their_wish_or_an_offer_it_is_a_breach(without: str) -> None:
    case = at_stage_3()
    said = {name: value for name, value in WISH.items() if name != without}
    send(case, "schedule_panel", "2026-07-23", meeting_on="2026-09-15", **said)
    assert shown(case, "panel_meeting", "2026-09-10")[1:] == ("overdue", 7)
    assert any("later than its limit" in each for each in irregular(case, "2026-09-10"))


def test_a_no_restores_the_breach() -> None:
    case = at_stage_3()
    send(case, "schedule_panel", "2026-07-23", meeting_on="2026-09-15", **WISH)
    done(case, "2026-09-03")
    send(case, "schedule_panel", "2026-09-04", meeting_on="2026-09-15")
    assert shown(case, "panel_meeting", "2026-09-04")[1:] == ("overdue", 3)


# --- conflicts -----------------------------------------------------------------------------------


def answered_by_hester() -> Case:
    case = opened(about={"people": ["Villain Made-up"]})
    send(case, "respond", "2026-06-08", outcome="not_upheld", by="Hester Pretend")
    send(case, "escalate", "2026-06-15")
    return case


@pytest.mark.parametrize(
    ("name", "why"), [("hester  PRETEND", "answered Stage 1"), ("Villain Made-up", "complained about")]
)
def test_who_has_a_conflict_takes_no_part_unless_it_was_considered(name: str, why: str) -> None:
    """Finding R12: both were accepted as Investigating Officer."""
    case = answered_by_hester()
    refused = appoint(case, "investigating_officer", "2026-06-16", name=name, connection="employee")
    assert not refused.applied
    assert why in refused.reason
    said: dict[str, Any] = {"name": name, "connection": "employee", "message_id": "again"}
    said["conflict_considered"] = "There is nobody else, and an outsider reads it."
    assert appoint(case, "investigating_officer", "2026-06-17", **said).applied


def test_in_a_past_message_it_is_irregular() -> None:
    past: list[dict[str, Any]] = [
        {"action": "respond", "on": "2026-06-08", "outcome": "upheld", "by": "Hester Pretend"},
        {"action": "escalate", "on": "2026-06-15"},
        {
            "action": "appoint",
            "on": "2026-06-16",
            "role": "investigating_officer",
            "connection": "employee",
            "person": {"name": "Hester Pretend"},
        },
    ]
    case = opened(today="2026-06-20", messages=past)
    assert holders(case, "investigating_officer", "2026-06-20") == ["Hester Pretend"]
    assert any("answered Stage 1" in each for each in irregular(case, "2026-06-20"))


def test_an_advocate_is_never_refused_and_the_manager_is_asked() -> None:
    case = answered_by_hester()
    done(case, "2026-06-16")
    assert send(case, "set_advocate", "2026-06-17", advocate={"name": "Villain Made-up"}).applied
    assert any("complained about" in each for each in status(case, "2026-06-17")["questions"])
    assert "to_ask" in letters(done(case, "2026-06-17"))
    send(case, "set_advocate", "2026-06-18", advocate={"name": "Supporta Invented"})
    assert not any("complained about" in each for each in status(case, "2026-06-18")["questions"])


def test_an_ordinary_appointment_needs_nothing() -> None:
    case = answered()
    send(case, "escalate", "2026-06-15")
    assert appoint(case, "investigating_officer", "2026-06-16", connection="employee").applied


# --- on the day, and twice ------------------------------------------------------------------------


def test_adjourned_twice_the_report_counts_from_the_third_sitting() -> None:
    case = panel_called()
    send(case, "hold_panel", "2026-08-24", adjourned_to="2026-09-07")
    send(case, "hold_panel", "2026-09-07", adjourned_to="2026-09-21")
    assert shown(case, "panel_meeting", "2026-09-08") == ("2026-09-01", "met", 0)
    assert "panel_report" not in deadlines(case, "2026-09-08")
    is_alive(case, "2026-09-08")
    assert status(case, "2026-09-08")["next_due_on"] == "2026-09-21"
    send(case, "hold_panel", "2026-09-21")
    assert shown(case, "panel_report", "2026-09-21")[0] == "2026-09-28"
    assert shown(case, "final_response", "2026-09-21")[0] == "2026-10-19"


def test_adjourned_and_forgotten_the_next_sitting_is_late_and_somebodys() -> None:
    case = panel_called()
    send(case, "hold_panel", "2026-08-24", adjourned_to="2026-09-07")
    found = status(case, "2026-09-20")
    assert [each["name"] for each in found["late"]] == ["panel_sitting"]
    is_alive(case, "2026-09-20")


def test_a_member_replaced_on_the_day_of_the_panel() -> None:
    case = panel_called()
    send(
        case, "stand_down", "2026-08-24", role="panel_member", person={"name": "Unreal Sitter"}, reason="Ill"
    )
    assert appoint(case, "panel_member", "2026-08-24", name="Stand In").applied
    assert send(case, "hold_panel", "2026-08-24").applied
    assert irregular(case, "2026-08-24") == []
    assert shown(case, "panel_meeting", "2026-08-24")[1] == "met"


def test_a_panel_held_with_a_place_empty_is_recorded_and_irregular() -> None:
    case = panel_called()
    send(
        case, "stand_down", "2026-08-24", role="panel_member", person={"name": "Unreal Sitter"}, reason="Ill"
    )
    assert send(case, "hold_panel", "2026-08-24").applied
    assert irregular(case, "2026-08-24"), "three people are the law (reg 19)"


def test_moved_at_the_persons_wish_twice_counts_for_both() -> None:
    case = at_stage_3()
    said: dict[str, Any] = {"at_request_of": "complainant", "offered_on": "2026-08-24"}
    send(case, "schedule_panel", "2026-07-23", meeting_on="2026-09-07", **said)
    send(case, "schedule_panel", "2026-09-01", meeting_on="2026-09-21", **said)
    found = deadline(case, "panel_meeting", "2026-09-10")
    assert (found["due_on"], found["days_late"]) == ("2026-09-01", 0)
    assert "panel_delay" not in letters(done(case, "2026-09-10"))


# --- who takes no part ----------------------------------------------------------------------------


def test_who_answered_stage_1_is_a_conflict_by_number_too() -> None:
    case = acknowledged()
    send(case, "respond", "2026-06-08", outcome="not_upheld", by="Hester Pretend")
    send(case, "escalate", "2026-06-15")
    refused = appoint(
        case, "adjudicating_officer", "2026-06-16", name="Hester Pretend", connection="employee"
    )
    assert not refused.applied


def test_the_advocate_is_no_investigator_of_the_same_complaint() -> None:
    case = at_stage_2()
    appoint(case, "independent_person", "2026-06-16", name="Supporta Invented")
    assert send(case, "set_advocate", "2026-06-17", advocate={"name": "Supporta Invented"}).applied
    assert status(case, "2026-06-17")["questions"]


def test_who_stood_down_as_member_is_no_conflict_for_their_own_return_only() -> None:
    case = panel_called()
    send(
        case, "stand_down", "2026-08-12", role="panel_member", person={"name": "Unreal Sitter"}, reason="Ill"
    )
    back = appoint(
        case,
        "panel_member",
        "2026-08-14",
        name="Unreal Sitter",
        message_id="back",
        conflict_considered="Well again.",
    )
    assert back.applied
