"""Whether a complaint belongs on another route: asked beside Stage 1; days counted stay counted."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redress.domain.case import Case
from redress.domain.combinations import wrong_phrase
from redress.domain.opening_parsing import parse_opening
from redress.domain.splitting import part_of
from redress.procedures.loader import rules_for
from tests.domain.conftest import (
    at,
    corporate,
    deadlines,
    done,
    irm,
    letters,
    move,
    opened,
    send,
    shown,
    status,
)
from tests.domain.generating import examples
from tests.domain.wordings import HELD_BACK, TUNED

EHCP = ["EHCP was late", "The social worker never came."]
ACKNOWLEDGED_BY = "2026-06-04"
"""Three working days after Monday 1 June."""


def routes(case: Case) -> set[str]:
    return {asked.question.name for asked in case.state.routes}


def suggested(text: str, **more: Any) -> set[str]:
    return routes(opened(points=[text], **more))


# --- which words -------------------------------------------------------------------------------------


@pytest.mark.parametrize(("text", "route"), TUNED, ids=[text[:60] for text, _ in TUNED])
def test_a_wording_suggests_its_route_and_no_other(text: str, route: str) -> None:
    assert suggested(text) == ({route} if route else set())


def test_of_what_the_words_were_not_chosen_for_most_is_found_and_hardly_anything_asked_in_vain() -> None:
    found = [route in suggested(text) for text, route in HELD_BACK if route]
    in_vain = [bool(suggested(text)) for text, route in HELD_BACK if not route]
    assert sum(found) >= 0.75 * len(found), f"{sum(found)} of {len(found)}"
    assert sum(in_vain) <= 0.1 * len(in_vain), f"{sum(in_vain)} of {len(in_vain)}"


def test_of_the_published_complaints_that_were_statutory_at_most_one_in_ten_is_asked_about() -> None:
    files = sorted((Path(__file__).parent / "published").glob("*.json"))
    openings = [json.loads(file.read_text(encoding="utf-8"))["opening"] for file in files]
    statutory = [told for told in openings if told["procedure"] == "statutory"]
    asked = []
    for told in statutory:
        opening = parse_opening({**told, "messages": []}, date(2026, 6, 1))
        asked.append(bool(routes(Case(rules_for(opening), "CYP-2026-000001", opening, date(2026, 6, 1)))))
    assert len(statutory) >= 20
    assert sum(asked) <= 0.1 * len(statutory)


@pytest.mark.parametrize(
    "text",
    [
        "EHCP WAS LATE!",
        "E.H.C.P. is late",
        "The E\u200bHCP is late.",
        "The EHC-plan hasn\u2019t been issued.",
        "the ehc_plan was late",
        "My son has an EHC plan. It was due in March and is late.",
        "He does well at school, but the EHCP was late.",
    ],
)
def test_capitals_signs_and_sentences_that_go_on_make_no_difference(text: str) -> None:
    assert suggested(text) == {"special_educational_needs"}


@pytest.mark.parametrize(
    "text",
    [
        "The EHCP was never late.",
        "The EHCP isn't late at all.",
        "The EHCP was not even delayed.",
        "The school has never excluded him.",
        "The school has not excluded him.",
        "It isn't about his EHCP being late.",
        "We have no complaint about the repairs to the house.",
        "We are happy with the school place.",
        "He has an EHCP. Calls are returned late.",
        "We moved house.",
        "He does well at school.",
    ],
)
def test_a_denial_or_a_mention_in_passing_is_no_suggestion(text: str) -> None:
    assert suggested(text) == set()


def test_what_it_is_said_to_be_about_may_be_enough() -> None:
    assert suggested("Nobody answers.", about={"service": "Housing repairs"}) == {"housing"}
    assert suggested("Nobody answers.", about={"teams": ["Duty team", "SEN team"]}) == {
        "special_educational_needs"
    }
    assert suggested("Nobody answers.", about={"people": ["Perdita Housing"]}) == set()


def test_a_phrase_that_could_never_be_found_is_told() -> None:
    assert [bool(wrong_phrase(phrase)) for phrase in ("exclu*", "not ... issued", "mum's", "b&b")] == [
        False
    ] * 4
    assert all(wrong_phrase(phrase) for phrase in ("", "*", "a*b", "... late", "late ...", "!"))


# --- asked, and nothing waits --------------------------------------------------------------------------


def test_the_manager_is_asked_by_the_acknowledgements_day_and_it_goes_on_at_stage_1() -> None:
    """Finding R8: such a complaint went to `statutory` unasked."""
    case = opened(points=EHCP)
    found = status(case, "2026-06-01")
    assert (found["procedure"], found["stage"], found["state"]) == ("statutory", "stage_1", "open")
    assert found["waiting_for"] == "complaints_manager"
    [question] = found["questions"]
    assert "special educational needs" in question
    assert '"ehcp…", "late" (point 1)' in question


def test_the_reason_holds_no_words_of_the_person() -> None:
    """It stands where operators see it: the file's phrases do, and no name that lies between them."""
    case = opened(points=["My nan Perdita Invented's carers never come."])
    [question] = status(case, "2026-06-01")["questions"]
    assert '"my nan… … carer…"' in question
    assert "perdita" not in question.casefold()


def test_what_runs_besides_runs_on() -> None:
    case, plain = opened(points=EHCP), opened()
    assert shown(case, "route_decision", "2026-06-01") == (ACKNOWLEDGED_BY, "running", 0)
    assert letters(done(case, "2026-06-01")) == ["decision_needed"]
    assert deadlines(case, "2026-06-01").items() >= deadlines(plain, "2026-06-01").items()


def test_it_is_asked_under_every_procedure_that_it_does_not_lead_to() -> None:
    assert suggested("EHCP was late", statutory=False) == set()
    assert suggested("The school excluded him", statutory=False) == {"schools"}
    assert routes(irm(points=["The repairs to the house were late."])) == {"housing"}
    assert suggested("EHCP was late", kind="comment") == set()


def test_once_acknowledged_it_waits_for_the_manager_until_the_question_is_decided() -> None:
    case = opened(points=EHCP)
    send(case, "acknowledge", "2026-06-02")
    done(case, "2026-06-02")
    assert status(case, "2026-06-02")["waiting_for"] == "complaints_manager"
    assert send(case, "accept", "2026-06-03", reason="It is about a social care assessment.").applied
    found = status(case, "2026-06-03")
    assert (found["waiting_for"], found["questions"]) == ("stage_manager", [])
    assert shown(case, "route_decision", "2026-06-03")[1] == "met"
    assert letters(done(case, "2026-06-03")) == ["accepted"]
    assert "Nothing is in question" in send(case, "accept", "2026-06-04", message_id="again").reason


def test_before_the_acknowledgement_there_is_no_letter_about_a_doubt_that_nobody_was_told_of() -> None:
    case = opened(points=EHCP)
    done(case, "2026-06-01")
    assert send(case, "accept", "2026-06-01").applied
    assert letters(done(case, "2026-06-01", "16:00")) == []


def test_unanswered_it_is_late_with_its_owner_is_told_and_stops_nothing() -> None:
    case = opened(points=EHCP)
    send(case, "acknowledge", "2026-06-02")
    for day in ("2026-06-02", "2026-06-03", "2026-06-04"):
        done(case, day)
    told = done(case, "2026-06-05", "10:00")
    assert "target_passed" in letters(told)
    found = status(case, "2026-06-08")
    assert [(late["name"], late["owner"], late["days_late"]) for late in found["late"]] == [
        ("route_decision", "complaints_manager", 2)
    ]
    assert (found["overdue"], found["waiting_for"]) == (False, "stage_manager")
    assert found["next_due_on"] == "2026-06-15"
    assert send(case, "respond", "2026-06-10", outcome="upheld", summary="Yes.").applied
    assert shown(case, "stage_1_response", "2026-06-10")[1] == "met"
    assert len(status(case, "2026-06-10")["questions"]) == 1


def test_in_intake_one_decision_answers_both_questions() -> None:
    case = opened(points=EHCP, complainant={"name": "Imaginaria Nobody", "role": "neighbour"})
    found = status(case, "2026-06-01")
    assert (found["stage"], len(found["questions"])) == ("intake", 2)
    assert letters(done(case, "2026-06-01")) == ["decision_needed", "decision_needed"]
    send(case, "accept", "2026-06-02")
    found = status(case, "2026-06-02")
    assert (found["stage"], found["questions"]) == ("stage_1", [])


def test_declined_it_is_decided_and_the_letter_says_where_to_go_instead() -> None:
    case = opened(points=["The school excluded him."])
    send(case, "acknowledge", "2026-06-02")
    send(case, "decline", "2026-06-03", reason="It is about what the school decided.")
    assert shown(case, "route_decision", "2026-06-03")[1] == "met"
    [told] = [task.effect for task in done(case, "2026-06-03") if task.effect.template == "declined"]
    assert "complaints procedure" in str(told.facts["instead"])


def test_moved_as_a_whole_it_is_decided_and_asked_no_more() -> None:
    case = opened(points=EHCP)
    send(case, "acknowledge", "2026-06-02")
    assert move(case, "2026-06-08", "corporate").applied
    found = status(case, "2026-06-08")
    assert (found["procedure"], found["questions"]) == ("corporate", [])
    assert shown(case, "route_decision", "2026-06-08") == (ACKNOWLEDGED_BY, "met_late", 2)
    assert status(case, "2026-06-05")["questions"]
    send(case, "add_points", "2026-06-09", points=["The EHCP was refused."], reason="More.")
    assert routes(case) == set()
    assert Case.restore(case.rules, case.saved()).status(case.state.day) == case.status(case.state.day)


def test_a_split_decides_what_was_asked_of_the_points_that_leave() -> None:
    case = opened(points=["EHCP was late", "Repairs to the house", "The social worker never came."])
    send(case, "split", "2026-06-02", points=[3], procedure="corporate", message_id="social")
    assert routes(case) == {"special_educational_needs", "housing"}
    send(case, "split", "2026-06-02", points=[1], procedure="corporate", message_id="first")
    assert routes(case) == {"housing"}
    assert shown(case, "route_decision", "2026-06-02")[1] == "running"
    send(case, "accept", "2026-06-03")
    assert shown(case, "route_decision", "2026-06-03")[1] == "met"


def test_a_part_is_not_asked_about_again() -> None:
    case = opened(points=EHCP)
    send(case, "split", "2026-06-02", points=[1], procedure="corporate")
    assert shown(case, "route_decision", "2026-06-02")[1] == "met"
    [effect] = [task.effect for task in done(case, "2026-06-02") if task.effect.kind == "split"]
    part = part_of(case, {**effect.facts, "procedure": "statutory"})
    opening = parse_opening(part.opening, date(2026, 6, 2))
    assert routes(Case(rules_for(opening), part.reference, opening, date(2026, 6, 2))) == set()


def test_new_points_are_asked_about_too_with_days_of_their_own() -> None:
    case = opened()
    done(case, "2026-06-01")
    send(case, "add_points", "2026-06-08", points=["The school excluded him."], reason="More.")
    assert shown(case, "route_decision", "2026-06-08") == ("2026-06-11", "running", 0)
    assert "decision_needed" in letters(done(case, "2026-06-08"))
    assert "(point 3)" in status(case, "2026-06-08")["questions"][0]
    send(case, "accept", "2026-06-09")
    send(case, "add_points", "2026-06-09", points=["The EHCP was late."], reason="More.", message_id="more")
    assert routes(case) == {"special_educational_needs"}


def test_closed_it_is_asked_no_more_and_reopened_it_is_again() -> None:
    case = corporate(points=["The school excluded him."])
    send(case, "withdraw", "2026-06-02")
    assert status(case, "2026-06-02")["questions"] == []
    assert shown(case, "route_decision", "2026-06-08")[1] == "stopped"
    assert send(case, "reopen", "2026-06-09", reason="A mistake.").applied
    assert shown(case, "route_decision", "2026-06-09") == ("2026-06-12", "running", 0)


def test_a_complaint_that_was_opened_under_earlier_rules_is_asked_nothing() -> None:
    opening = parse_opening(
        {**opened(points=EHCP).intake.model_dump(mode="json", exclude_unset=True)}, date(2026, 6, 1)
    )
    rules = rules_for(opening)
    procedure = rules.procedure
    earlier = procedure.model_copy(
        update={
            "questions": [question for question in procedure.questions if not question.is_of_route],
            "limits": [limit for limit in procedure.limits if limit.name != "route_decision"],
        }
    )
    case = Case(rules.model_copy(update={"procedure": earlier}), "CYP-2026-000001", opening, date(2026, 6, 1))
    assert status(case, "2026-06-01")["questions"] == []
    assert not send(case, "accept", "2026-06-02").applied
    assert send(case, "add_points", "2026-06-02", points=["Repairs to the house"], reason="More.").applied


# --- days already counted stay counted -----------------------------------------------------------------

TURNS = st.lists(
    st.sampled_from(
        ["accept", "to_corporate", "to_statutory", "split", "respond", "acknowledge", "add_points"]
    ),
    min_size=1,
    max_size=6,
)
DAYS = st.lists(st.integers(min_value=1, max_value=19), min_size=6, max_size=6)


def _turn(case: Case, turn: str, on: str, number: int) -> None:
    mark = f"{turn}-{number}"
    if turn.startswith("to_"):
        move(case, on, turn.removeprefix("to_"), message_id=mark)
        return
    fields: dict[str, dict[str, Any]] = {
        "split": {"points": [1], "procedure": "corporate"},
        "respond": {"outcome": "upheld", "summary": "Yes.", "stage": "stage_1"},
        "add_points": {"points": ["The school excluded him."], "reason": "More."},
    }
    case.receive(
        case.parse(turn, {"on": on, "message_id": mark, **fields.get(turn, {})}, at("2026-06-20")),
        at("2026-06-20"),
    )


@examples(60)
@given(turns=TURNS, days=DAYS)
def test_whatever_is_decided_in_whatever_order_days_already_counted_stay_counted(
    turns: list[str], days: list[int]
) -> None:
    """No deadline of Stage 1 counts from later than it would have under that procedure from the start."""
    case = opened(points=[*EHCP, "Calls were not returned."])
    always = {name: opened(points=[*EHCP, "Calls were not returned."], procedure=name) for name in PROCEDURES}
    for number, (turn, day) in enumerate(zip(turns, days, strict=False)):
        on = f"2026-06-{day:02}"
        _turn(case, turn, on, number)
        if turn in ("acknowledge", "respond"):
            for each in always.values():
                _turn(each, turn, on, number)
    found = status(case, "2026-06-20")
    assert found["received_on"] == "2026-06-01"
    wanted = deadlines(always[found["procedure"]], "2026-06-20")
    now = deadlines(case, "2026-06-20")
    for name in ("acknowledgement", "stage_1_response"):
        assert (now[name]["counts_from"], now[name]["due_on"]) == (
            wanted[name]["counts_from"],
            wanted[name]["due_on"],
        )
    for effect in case.state.effects:
        if effect.kind == "split":
            part = part_of(case, effect.facts)
            assert part.opening["received_on"] == "2026-06-01"
            of_part = parse_opening(part.opening, date(2026, 6, 20))
            its = deadlines(
                Case(rules_for(of_part), part.reference, of_part, date(2026, 6, 20)), "2026-06-20"
            )
            assert its["stage_1_response"]["counts_from"] <= "2026-06-08"
    open_questions = bool(case.state.routes.open) and case.state.closed_on is None
    assert open_questions is (now["route_decision"]["state"] in ("running", "overdue"))


PROCEDURES = ("statutory", "corporate")


def test_of_very_long_points_only_the_beginning_is_read() -> None:
    """A workflow's turn is short: what fifty points of the longest say must not hold it up."""
    long = "word " * 1590
    case = opened(points=[*[long] * 3, "EHCP was late"])
    assert routes(case) == set()
    assert routes(opened(points=["EHCP was late", *[long] * 3])) == {"special_educational_needs"}
