"""Turns that a case takes in an unusual order, and what its letters then say."""

from __future__ import annotations

from typing import Any

import pytest

from redress.procedures.loader import rules_for
from tests.letters.lives import APPLICANT, YOUNG, Life, points_added, to_panel

BOTH = pytest.mark.parametrize("more", [{}, {"complainant": YOUNG}], ids=["adult", "young"])


def moved(life: Life, to: str, on: str, **more: Any) -> Life:
    """The whole complaint, gone on under another procedure."""
    opening = life.case.opening.model_copy(update={"procedure": to, "statutory": None})
    said = {"procedure": to, "rules": rules_for(opening).packed, "message_id": f"to-{to}", **more}
    return life.says("change_procedure", on, reason="It is about social care.", **said)


# --- what an effect says of its own cause ---------------------------------------------------------


@BOTH
def test_points_that_wait_count_from_when_they_were_brought_up(more: dict[str, Any]) -> None:
    life = Life("2026-06-01", **more).says("respond", "2026-06-12", outcome="upheld")
    life.says("add_points", "2026-06-17", points=["The file was lost."], received_on="2026-06-15")
    text = " ".join(life.one("points_wait").split())
    assert "its time counts from Monday 15 June 2026" in text
    assert "On Monday 15 June 2026" in text
    asked = life.one("decision_needed", "complaints_manager")
    assert "The file was lost." in asked
    assert "The request came after its time" not in asked
    assert "Review Panel" not in asked


@BOTH
def test_points_set_apart_count_from_when_they_were_brought_up(more: dict[str, Any]) -> None:
    text = points_added(accept=False, **more).one("points_decided")
    assert "Its time counts from Wednesday 8 July 2026" in " ".join(text.split())


@BOTH
def test_points_that_join_an_answered_stage_are_promised_an_answer_of_their_own(
    more: dict[str, Any],
) -> None:
    life = Life("2026-06-01", **more).says("respond", "2026-06-12", outcome="upheld")
    life.says("add_points", "2026-06-15", points=["The file was lost."])
    life.says("decide_late", "2026-06-16", accept=True, reason="It is one matter.")
    text = " ".join(life.one("points_decided").split())
    assert "together with the rest" not in text
    assert "an answer of" in text
    assert "Tuesday 30 June 2026" in text


@BOTH
def test_points_that_join_what_lapsed_say_that_it_is_taken_up_again(more: dict[str, Any]) -> None:
    life = Life("2026-06-01", **more).says("respond", "2026-06-12", outcome="upheld")
    life.says("add_points", "2026-07-09", points=["The file was lost."]).until("2026-07-14")
    assert life.case.state.closed_as == "lapsed"
    text = life.says("decide_late", "2026-07-15", accept=True, reason="One matter.").one("points_decided")
    assert "up again" in " ".join(text.split())
    assert "Wednesday 29 July 2026" in text


@BOTH
def test_a_pause_for_an_advocate_says_by_when_the_answer_is_due_all_the_same(
    more: dict[str, Any],
) -> None:
    life = Life("2026-06-01", **more)
    said = {"ground": "advocate", "review_on": "2026-06-19"}
    life.says("suspend", "2026-06-03", reason="An advocate is being found.", **said)
    text = " ".join(life.one("suspension").split())
    assert "Monday 29 June 2026" in text  # twenty working days from the receipt
    assert "will be added" not in text


@BOTH
def test_a_pause_that_has_ended_by_itself_says_when_it_goes_on(more: dict[str, Any]) -> None:
    life = Life("2026-06-01", **more)
    said = {"ground": "advocate", "review_on": "2026-06-24"}
    life.says("suspend", "2026-06-03", reason="An advocate is being found.", **said).until("2026-06-17")
    text = " ".join(life.one("resumption").split())
    assert "goes on from Wednesday 17 June 2026" in text
    assert "have our answer" in text
    assert "Monday 29 June 2026" in text
    assert "by Wednesday 24 June 2026" in text, "the review that was promised"


@BOTH
def test_a_pause_adds_nothing_to_what_was_late_before(more: dict[str, Any]) -> None:
    life = Life("2026-06-01", **more).until("2026-06-18")
    court = {"ground": "proceedings", "proceedings": "The Family Court", "review_on": "2026-08-03"}
    text = " ".join(
        life.says("suspend", "2026-06-19", reason="It hears it.", **court).one("suspension").split()
    )
    assert "Monday 15 June 2026" in text
    assert "You can still ask for Stage 2" in text
    assert "will be added" not in text


@BOTH
def test_a_late_answer_is_that_of_its_own_stage_and_of_its_own_points(more: dict[str, Any]) -> None:
    """Point 1 has gone on to Stage 2 when the Stage 1 answer to point 2 falls late."""
    upheld = [{"point": 1, "outcome": "upheld"}]
    for statutory, name in ((True, "stage_1_late"), (False, "answer_late")):
        life = Life("2026-06-01", **{"statutory": statutory, **more}).says("acknowledge", "2026-06-01")
        life.says("respond", "2026-06-05", outcome="upheld", findings=upheld)
        life.says("escalate", "2026-06-08", points=[1]).until("2026-06-17")
        text = " ".join(life.one(name).split())
        assert "2. The plan was changed" in text
        assert "1. Calls" not in text
        assert "at Stage 2 was due" not in text
        assert "Stage 3" not in text
        assert "Stage 2 goes on" in text
        life.says("escalate", "2026-06-18", points=[2])  # as it says
        assert life.named("points_joined")


# --- several people ------------------------------------------------------------------------------


@BOTH
def test_whoever_did_not_ask_early_is_not_asked_whether_they_still_want_it(more: dict[str, Any]) -> None:
    other = {**YOUNG, "name": "Dov Notreal"} if more else {"name": "Dov Notreal", "role": "parent"}
    life = Life("2026-03-02", also_complaining=[other], **more).says(
        "respond", "2026-03-10", outcome="upheld"
    )
    life.says("escalate", "2026-03-16").says("escalate", "2026-03-30", person="Dov Notreal", stage="stage_3")
    life.says("respond", "2026-04-14", outcome="upheld").until("2026-05-12")
    for name in ("adjudication", "stage_3_offer"):
        hers, his = (" ".join(life.one(name, who).split()) for who in ("complainant", "complainant_2"))
        assert "you still want" not in hers
        assert "Dov Notreal" in hers
        assert "they still want" in hers
        assert "you still want" in his


# --- the panel ------------------------------------------------------------------------------------


@BOTH
def test_a_panel_that_is_moved_says_from_which_day(more: dict[str, Any]) -> None:
    assert "to meet on" not in to_panel(**more).one("panel_date")
    life = Life("2026-06-01", **more).says("respond", "2026-06-12", outcome="upheld")
    life.says("escalate", "2026-06-15").says("respond", "2026-07-06", outcome="upheld")
    life.says("escalate", "2026-07-13").says("schedule_panel", "2026-07-14", meeting_on="2026-08-11")
    assert "11 August" in life.one("panel_date")
    life.says("schedule_panel", "2026-08-04", meeting_on="2026-08-18", reason="A member is ill.")
    text = " ".join(life.one("panel_date").split())
    assert "meets on Tuesday 18 August 2026" in text
    assert "to meet on Tuesday 11 August 2026" in text
    assert "A member is ill" not in text


# --- another procedure, after an answer -----------------------------------------------------------


@BOTH
def test_nothing_leaves_again_when_it_is_moved_to_another_procedure(more: dict[str, Any]) -> None:
    life = Life("2026-06-01", **{"statutory": False, **more}).says("acknowledge", "2026-06-02")
    life.says("respond", "2026-06-08", outcome="upheld").says("escalate", "2026-06-12").until("2026-06-15")
    before = len(life.letters)
    moved(life, "statutory", "2026-06-16").until("2026-06-17")
    told = [letter.name for letter in life.letters[before:] if letter.recipient == "complainant"]
    assert told == ["procedure_changed"]
    text = " ".join(life.one("procedure_changed").split())
    assert "Friday 12 June 2026" in text  # from when Stage 2 runs
    assert "Monday 1 June 2026" not in text


def test_an_answer_under_the_new_procedure_leaves() -> None:
    life = Life("2026-06-01", statutory=False).says("acknowledge", "2026-06-02")
    upheld = [{"point": 1, "outcome": "upheld"}]
    life.says("respond", "2026-06-08", outcome="upheld", findings=upheld)
    moved(life, "statutory", "2026-06-09")
    life.says("respond", "2026-06-10", outcome="upheld", findings=[{"point": 2, "outcome": "upheld"}])
    assert [letter.on.day for letter in life.letters if letter.name == "stage_1_response"] == [10]


def test_a_move_at_the_first_stage_says_that_it_counts_from_the_receipt() -> None:
    text = moved(Life("2026-06-01", statutory=False), "statutory", "2026-06-03").one("procedure_changed")
    assert "its time still runs from Monday 1 June 2026" in " ".join(text.split())


def test_an_answer_is_taken_back_with_a_move_that_is_struck_out_and_leaves_as_it_should_have() -> None:
    life = moved(Life("2026-06-01", statutory=False), "statutory", "2026-06-03")
    life.says("respond", "2026-06-08", outcome="upheld")
    life.says("strike_out", "2026-06-10", message="to-statutory", reason="It was right.")
    assert "Our answer to your complaint" in life.one("letter_taken_back")
    assert "Stage 2 (review)" in life.one("answer")


@BOTH
def test_a_move_that_ends_it_says_so_and_that_no_panel_will_meet(more: dict[str, Any]) -> None:
    life = Life("2026-06-01", **more).says("respond", "2026-06-08", outcome="upheld")
    life.says("escalate", "2026-06-12").says("respond", "2026-07-06", outcome="upheld")
    life.says("escalate", "2026-07-13")
    text = " ".join(moved(life, "corporate", "2026-07-20").one("procedure_changed").split())
    assert "ended on Monday 6 July 2026" in text
    assert "will not meet" in text
    assert "12 months" in text


@BOTH
def test_what_had_lapsed_and_is_moved_on_is_not_told_again_that_it_is_closed(more: dict[str, Any]) -> None:
    life = Life("2026-06-01", **{"statutory": False, **more}).says("respond", "2026-06-08", outcome="upheld")
    life.until("2026-07-15")
    before = len(life.letters)
    moved(life, "statutory", "2026-07-20", stage="stage_2")
    told = [letter.name for letter in life.letters[before:] if letter.recipient == "complainant"]
    assert told == ["stage_2_opening", "procedure_changed"]
    text = " ".join(life.one("stage_2_opening").split())
    assert "asked for Stage 2" not in text
    assert "The time counts from Monday 20 July 2026" in text
    assert "when it was asked for" not in life.one("procedure_changed")


# --- the end --------------------------------------------------------------------------------------


def test_a_restriction_of_contact_does_not_hide_the_way_to_the_ombudsman() -> None:
    life = Life("2026-06-01", authority="irm", complainant=APPLICANT, tried_informally=True)
    life.says("respond", "2026-06-04", outcome="upheld").says("escalate", "2026-06-08")
    life.says("restrict_contact", "2026-06-09", reason="Threats were made.", until="2026-09-01")
    text = life.says("respond", "2026-06-15", outcome="not_upheld").one("answer")
    assert "by Monday 31 May 2027" in " ".join(text.split("What happens next: ")[1].split())


@BOTH
def test_premature_after_the_last_answer_says_that_it_was_given(more: dict[str, Any]) -> None:
    life = Life("2026-06-01", **{"statutory": False, **more}).says("respond", "2026-06-08", outcome="upheld")
    life.says("escalate", "2026-06-10").says("respond", "2026-06-22", outcome="upheld")
    life.says("refer_to_ombudsman", "2026-06-24", approached_by="complainant")
    text = " ".join(
        life.says("ombudsman_decision", "2026-07-01", category="premature").one("ombudsman_decision").split()
    )
    assert "our last answer" in text


@BOTH
def test_whoever_took_back_their_request_is_not_told_that_nothing_was_heard(more: dict[str, Any]) -> None:
    life = Life("2026-06-01", **more).says("respond", "2026-06-12", outcome="upheld")
    life.says("escalate", "2026-06-15").says("withdraw", "2026-06-22", stage="stage_2").until("2026-08-03")
    for name in ("stage_2_offer", "closure"):
        text = " ".join(life.one(name).split())
        assert "heard from you" not in text
        assert "want to go on" in text


@BOTH
def test_whoever_did_not_get_in_touch_is_told_who_did(more: dict[str, Any]) -> None:
    other = {**YOUNG, "name": "Dov Notreal"} if more else {"name": "Dov Notreal", "role": "parent"}
    life = Life("2026-03-02", also_complaining=[other], **more)
    for channel, fields in (("telephone", {}), ("text", {}), ("post", {"reply_by": "2026-04-01"})):
        life.says("record_contact", "2026-03-03", direction="out", channel=channel, **fields)
    life.until("2026-04-01").says("close", "2026-04-02", reason="No reply.", kind="out_of_contact")
    by = {"direction": "in", "channel": "telephone", "person": "Dov Notreal"}
    life.says("record_contact", "2026-06-01", **by)
    assert "because Dov Notreal got in touch" in " ".join(life.one("reopened").split())
    assert "because you got in touch" in " ".join(life.one("reopened", "complainant_2").split())


def test_an_answer_to_some_points_at_the_last_stage_is_the_last_for_those() -> None:
    life = Life("2026-06-01", statutory=False).says("respond", "2026-06-08", outcome="upheld")
    life.says("escalate", "2026-06-10")
    upheld = [{"point": 1, "outcome": "upheld"}]
    text = life.says("respond", "2026-06-22", outcome="upheld", findings=upheld).one("answer")
    assert "For the points that we have answered, this is our last answer" in " ".join(text.split())
    assert "do not wait" not in text


# --- the Ombudsman --------------------------------------------------------------------------------


@BOTH
def test_a_stage_that_was_never_done_is_not_to_be_done_again(more: dict[str, Any]) -> None:
    life = Life("2026-06-01", **more).says("respond", "2026-06-12", outcome="upheld")
    life.says("escalate", "2026-06-15").says("respond", "2026-07-06", outcome="upheld").until("2026-08-31")
    life.says("refer_to_ombudsman", "2026-09-01", approached_by="complainant")
    life.says("ombudsman_decision", "2026-11-02", category="upheld", returns_to="stage_3")
    text = " ".join(life.one("ombudsman_decision").split())
    assert "Stage 3" in text
    assert "from the start. It counts from Monday 2 November 2026" in text
    assert " again" not in text.split("What happens next")[0]


@BOTH
def test_what_is_late_here_is_not_what_the_ombudsman_does_next(more: dict[str, Any]) -> None:
    life = Life("2026-06-01", **more).says("respond", "2026-06-12", outcome="upheld")
    life.says("escalate", "2026-06-15").says("respond", "2026-07-06", outcome="upheld")
    life.says("escalate", "2026-07-13").says("refer_to_ombudsman", "2026-07-20", approached_by="complainant")
    following = life.until("2026-08-31").one("panel_delay").split("What happens next: ")[1]
    assert "Complaints Manager will look at this again" in " ".join(following.split())


@BOTH
def test_whoever_was_promised_something_is_not_told_that_nothing_more_will_happen(
    more: dict[str, Any],
) -> None:
    life = Life("2026-06-01", **more)
    remedies = [{"what": "Call every week", "due_on": "2026-06-19"}]
    life.says("respond", "2026-06-12", outcome="upheld", remedies=remedies).until("2026-08-03")
    text = " ".join(life.one("closure").split())
    assert "Nothing more" not in text
    assert "What we agreed to do, we will still do. If you go to" in text


def test_the_day_after_which_a_young_person_has_to_say_why_is_named() -> None:
    life = Life("2026-06-01", statutory=False, complainant=YOUNG)
    text = " ".join(life.says("respond", "2026-06-08", outcome="upheld").one("answer").split())
    assert "that day" not in text
    assert "If you ask after Thursday 9 July 2026, tell us why it is late." in text
