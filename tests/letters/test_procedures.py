"""What letters say under each procedure, and at the turns that a complaint takes."""

from __future__ import annotations

import re

import pytest

from redress.letters.recipients import is_outside
from tests.letters.lives import (
    ADVOCATE,
    CONTACT,
    PERSON,
    YOUNG,
    Life,
    irm_not_settled,
    lives,
    split,
    to_adjudication,
    to_panel,
)

PHSO = "Parliamentary and Health Service Ombudsman"


def said(name: str, letter: str, recipient: str = "complainant") -> str:
    """The last letter of a name that somebody got in a life."""
    return lives()[name].one(letter, recipient)


def nth(name: str, letter: str, number: int) -> str:
    """The letter of a name that a life got first (0), second (1) and so on."""
    return [each.text for each in lives()[name].named(letter) if each.recipient == "complainant"][number]


# --- which procedure, and why --------------------------------------------------------------------


def test_the_acknowledgement_says_which_procedure_it_follows_and_why() -> None:
    assert "The procedure it follows: Children's social care complaints: statutory procedure." in said(
        "in_full", "acknowledgement"
    )
    text = said("corporate", "acknowledgement")
    assert "The procedure it follows: Corporate complaints procedure. The reason: it is not about" in text
    assert "Stage 1: answer by the service (the manager of the team concerned)" in text
    text = said("irm", "acknowledgement")
    assert "The reason: complaints about the Independent Review Mechanism follow its own procedure." in text
    assert "the Contract Manager will try to sort it out with you, without any formal letter: by Wed" in text


def test_a_complaint_about_the_contract_manager_is_told_why_it_starts_at_stage_2() -> None:
    text = said("irm_direct", "acknowledgement")
    assert "It goes straight to Stage 2 (investigation by the service manager). The reason: A" in text
    assert "You should usually have our answer by Monday 15 June 2026." in text
    assert "Informal" not in text


def test_whoever_has_tried_already_starts_at_stage_1() -> None:
    text = said("irm_tried_already", "acknowledgement")
    assert "You have tried to settle it informally already, so it begins with Stage 1" in text


@pytest.mark.parametrize("name", ["irm", "irm_direct", "irm_tried_already", "irm_not_settled", "irm_settled"])
def test_no_letter_of_the_irm_names_a_councils_stages(name: str) -> None:
    for letter in lives()[name].letters:
        for word in ("Review Panel", "Local Government", "Director", "council", "Independent Person"):
            assert word not in letter.text, letter.name


# --- answers and what comes after ----------------------------------------------------------------


def test_the_irm_tells_how_to_ask_for_the_next_stage_and_that_no_day_is_the_last() -> None:
    text = nth("irm", "answer", 0)
    assert "you can ask for Stage 2 (investigation by the service manager)." in text
    assert "Say why you are not happy with the answer, and how you would like us to resolve it." in text
    assert "Ask by Tuesday 21 July 2026. If you ask later, we will take it all the same." in text
    informal = said("irm", "informal_answer")
    assert "you can ask for Stage 1 (written answer by the contract manager)." in informal
    assert "Say what your complaint is about, and the outcome you want." in informal


def test_the_irm_ends_at_its_own_ombudsman() -> None:
    text = nth("irm", "answer", 1)
    assert "This is our last answer in this procedure." in text
    assert (
        f"complaint to the {PHSO}, which is independent of us and free of charge, at any time: 0345" in text
    )
    assert "What will be done:\n  1. Write an apology (by " in text


def test_the_corporate_answer_names_the_next_stage_its_last_day_and_who_answers() -> None:
    text = nth("corporate", "answer", 0)
    assert "ask for Stage 2 (review). There the Director of Children's Services will answer." in text
    assert "Ask by Monday 27 July 2026. If you ask later, tell us why: we will look at it and decide" in text
    assert "at any time: 0300 061 0614" in nth("corporate", "answer", 1)


def test_each_point_has_its_decision_and_what_will_be_done_about_it() -> None:
    text = nth("corporate", "answer", 0)
    assert (
        "  1. Calls were not returned.\n"
        "     Our decision: upheld (we agree with you). The log shows it.\n"
        "     What will be done: Pay it back (by Wednesday 22 July 2026)\n"
    ) in text
    assert "Our decision: not upheld" in text
    assert "What will be done:\n  1. Say sorry (by Wednesday 22 July 2026)\n" in text


def test_only_the_points_that_were_asked_for_go_on() -> None:
    text = said("corporate", "stage_opening")
    assert "These points go on:\n  2. The plan was changed" in text
    assert "For them our answer stands." in text
    assert "Calls were not returned" not in said("corporate", "request_acknowledgement")


def test_the_request_is_acknowledged_with_the_day_of_the_answer() -> None:
    text = said("corporate", "request_acknowledgement")
    assert "We have your request for Stage 2 (review), dated Tuesday 21 July 2026." in text
    assert "You should have our answer by Thursday 20 August 2026." in text


def test_an_extension_of_the_corporate_procedure_names_the_ombudsman() -> None:
    text = said("corporate", "extension")
    assert "you can contact the Local Government and Social Care Ombudsman now" in text
    assert "at any time: 0300 061 0614, www.lgo.org.uk" in text
    assert "The new date is Wednesday 1 July 2026." in text
    assert "Ombudsman now" not in said("in_full", "extension")


def test_a_late_answer_opens_the_next_stage_or_shows_the_ombudsman() -> None:
    text = nth("corporate_late", "answer_late", 0)
    assert (
        "was due by Monday 15 June 2026" not in text
    )  # never acknowledged: from the fifth day on, not later
    assert "Our answer to your complaint at Stage 1 was due by Monday 22 June 2026." in text
    assert "you can ask for Stage 2 (review) now." in text
    text = nth("irm_direct", "answer_late", 0)
    assert "should usually have reached you by Monday 15 June 2026" in text
    assert f"You can also contact the {PHSO}" in text


def test_an_informal_step_that_settles_nothing_leads_on() -> None:
    text = said("irm_not_settled", "informal_not_settled")
    assert "What we offered:\n\nA call every week." in text
    assert "You can now ask for Stage 1 (written answer by the contract manager)." in text
    assert "You can still ask for Stage 1" in said("irm_not_settled", "closure")
    statutory = Life("2026-03-02").says("resolve_informally", "2026-03-04", agreed=False)
    text = statutory.one("informal_not_settled")
    assert "goes on as before, and no date moves. You should have our answer by Monday 16 March 2026." in text


def test_what_was_agreed_is_written_down() -> None:
    assert "What was agreed:\n\nThe team rings every Friday." in said("settled", "resolved")
    answer = Life("2026-03-02").says(
        "respond", "2026-03-09", outcome="resolved", summary="The team rings every Friday."
    )
    text = answer.one("stage_1_response")
    assert "What was agreed with you:\n\nThe team rings every Friday." in text
    assert "If it is not, tell us." in text


def test_points_that_wait_are_not_answered_for_the_last_time() -> None:
    text = nth("some_points_wait", "answer", 1)
    assert "They will get an answer of their own when those are over:\n  - The plan was changed" in text
    assert "For the points that we have answered, this is our last answer" in text
    resumed = said("some_points_wait", "resumption")
    assert "The part of your complaint that had to wait goes on" in resumed
    assert "added to the dates" not in resumed


# --- whether it is taken -------------------------------------------------------------------------


def test_a_manager_is_told_what_to_decide_from_which_presumption_and_how() -> None:
    text = said("court_first", "decision_needed", "complaints_manager")
    assert "Presumption: accept." in text
    assert "Record in the complaint that it is accepted or declined, with the reason." in text
    late = said("late_request_taken", "decision_needed", "complaints_manager")
    assert "Record in the complaint whether it is taken all the same, with the reason." in late
    assert "Presumption" not in late


def test_an_anonymous_concern_still_has_its_steps_recorded() -> None:
    text = said("anonymous", "decision_needed", "complaints_manager")
    assert "Steps are still taken: record what is done in a note." in text
    assert "The person is told" not in text
    assert not [letter for letter in lives()["anonymous"].letters if is_outside(letter.recipient)]


def test_what_is_only_asked_delays_nothing() -> None:
    text = said("to_ask", "to_ask", "complaints_manager")
    assert "It delays nothing" in text
    assert "it is no reason to decline" in text
    assert lives()["to_ask"].case.state.stage == "stage_1"


def test_whoever_is_declined_reads_why_where_to_go_and_the_ombudsman() -> None:
    text = said("irm_not_entitled", "declined")
    assert "You are no applicant or agency." in text
    assert "What you can do instead:\n  - Only an applicant" in text
    assert f"you can take your complaint to the {PHSO}" in text
    assert "within a year" not in text


def test_proceedings_first_leave_a_year_to_come_back() -> None:
    text = said("court_first", "declined")
    assert "The proceedings that come first: The hearing in the Family Court at Exampletown" in text
    assert "you have the right to bring this to us again: do so within a year of their end." in text


def test_while_it_is_in_question_the_decision_comes_next() -> None:
    text = said("irm_not_entitled", "informal_late")
    assert "First our complaints administrator has to decide" in text
    assert "you can ask for Stage 1" not in text
    assert "What happens next: By Monday 8 June 2026 the complaints administrator will decide" in text


# --- comments, compliments, suggestions and requests ---------------------------------------------


@pytest.mark.parametrize("name", ["compliment", "unpassed_suggestion", "asked_for_papers"])
def test_what_is_no_complaint_is_never_called_one(name: str) -> None:
    other = re.compile(
        r"(?:want|something) to complain|make a complaint|becomes a complaint|answer to a complaint"
        r"|treat it as a complaint|which is no complaint|not our complaints procedure"
        r"|[Cc]omplaints (?:team|Manager)|childrens\.complaints"
    )
    letters = lives()[name].letters
    assert letters
    for letter in letters:
        assert "complain" not in other.sub("", letter.text).casefold(), other.sub("", letter.text)


def test_a_compliment_is_passed_on_with_its_words_and_the_people_it_is_about() -> None:
    text = said("compliment", "passed_on", "stage_manager")
    assert "A compliment has come that is for your team, about Hester Pretend, The leaving care team." in text
    assert "  1. Hester listened to me." in text
    assert PERSON not in text
    thanks = said("compliment", "thanks")
    assert "We will pass it on to Hester Pretend, The leaving care team by Monday 8 June 2026" in thanks
    assert "They have it from today, Thursday 4 June 2026." in said("compliment", "passed_on")


def test_whoever_is_named_has_it_too() -> None:
    text = said("compliment", "passed_on_named", "stage_manager")
    assert "For Hester Pretend: a compliment about you reached us on Monday 1 June 2026." in text
    assert "  1. Hester listened to me." in text
    assert PERSON not in text
    assert not lives()["unpassed_suggestion"].named("passed_on_named"), "nobody is named"
    assert not lives()["asked_for_papers"].named("passed_on_named"), "a request is for the team"


def test_a_request_reaches_its_team_with_who_is_to_be_answered() -> None:
    text = said("asked_for_papers", "passed_on", "stage_manager")
    assert f"Who asks, so that you can answer them:\n  {PERSON}" in text
    text = said("asked_for_papers", "passed_on")
    assert "Why we do not treat it as a complaint: it asks for a service, a document or information" in text
    assert "If you have not heard from them by Thursday 2 July 2026, tell us." in text
    assert "Local Government and Social Care Ombudsman" in text


# --- turns ---------------------------------------------------------------------------------------


def test_a_split_tells_which_points_go_where_why_and_by_when() -> None:
    text = said("split", "split")
    assert "under a new reference, CYP-2026-000001-2:\n  - The plan was changed" in text
    assert "The procedure they follow: Corporate complaints procedure. The reason: they are not about" in text
    assert "from the day we had them, Monday 1 June 2026: moving them costs you no time." in text
    assert "You should have an answer on them by Tuesday 16 June 2026." in text
    assert "These points stay under CYP-2026-000001" in text
    assert "You should have our answer on them by Monday 15 June 2026." in text
    staff = said("split", "split", "complaints_manager")
    assert "CYP-2026-000001-2, under Corporate complaints procedure" in staff


def test_a_split_reaches_the_advocate_too() -> None:
    life = split(advocate={"name": ADVOCATE})
    assert "CYP-2026-000001-2" in life.one("split", "advocate")


def test_taken_up_again_says_why_and_by_when() -> None:
    text = said("corporate_reopened", "reopened")
    assert "The bill was wrong again." in text
    assert "It goes on at Stage 1, where it ended." in text
    assert "You should have our answer by Friday 26 June 2026." in text
    assert "What is owed now:" in said("corporate_reopened", "reopened", "complaints_manager")


def test_restricted_contact_says_why_until_when_and_what_it_does_not_stop() -> None:
    text = said("contact_restricted", "contact_restricted")
    assert "A manager here has decided that until Friday 4 September 2026" in text
    assert "There were ninety calls in a day" in text
    assert "Your complaint goes on. Every date that we gave you stands" in text
    assert "You can go to the Local Government and Social Care Ombudsman at any time" in text
    assert "What happens next: You should have our answer by Tuesday 16 June 2026." in text
    review = said("contact_restricted", "reminder", "complaints_manager")
    assert "End of the restriction of contact: Friday 4 September 2026." in review


def test_a_bank_holiday_that_moves_dates_is_told_with_old_and_new() -> None:
    text = said("bank_holiday_proclaimed", "dates_moved")
    assert "Wednesday 10 June 2026 (Invented Jubilee) is a bank holiday now." in text
    assert "You should have our answer by Tuesday 16 June 2026." in text
    assert "Until now it was Monday 15 June 2026." in text
    for owner in ("complaints_manager", "stage_manager"):
        staff = said("bank_holiday_proclaimed", "dates_moved_staff", owner)
        assert "Stage 1 response: was Monday 15 June 2026, now Tuesday 16 June 2026" in staff


def test_a_correction_that_moves_dates_is_told_to_those_it_concerns() -> None:
    text = said("corrected", "dates_corrected")
    assert "The post room had it three days before it reached us." not in text  # E8: written for the record
    assert "We now count from Friday 29 May 2026, the day we had your complaint." in text
    assert "You should have our answer by Friday 12 June 2026." in text
    assert "Until now it was Monday 15 June 2026." in text
    assert "now Friday 12 June 2026" in said("corrected", "dates_corrected", "stage_manager")


def test_adjudication_offers_a_meeting() -> None:
    text = said("in_full", "adjudication")
    assert "If you want us to, we will meet you, and your advocate if you have one, to explain it." in text


def test_whoever_asks_for_stage_1_after_it_lapsed_gets_it() -> None:
    life = irm_not_settled()
    assert "and it has begun" in life.one("stage_opening")


def test_staff_are_not_told_that_nothing_is_owed_while_an_agreed_action_is() -> None:
    life = Life("2026-06-01", statutory=False).says("acknowledge", "2026-06-02")
    life.says("respond", "2026-06-08", outcome="upheld").says("escalate", "2026-06-10")
    agreed = [{"what": "Say sorry", "due_on": "2026-06-26"}, {"what": "Pay it", "due_on": "2026-07-02"}]
    life.says("respond", "2026-06-15", outcome="upheld", remedies=agreed).until("2026-07-15")
    first, second = (each.text for each in life.named("breach_notice")[-2:])
    assert "What happens next: Agreed action: due on Thursday 2 July 2026" in first
    assert (
        "What happens next: The Complaints Manager looks at the delay again by Monday 6 July 2026." in second
    )
    assert not [each.text for each in life.letters if "Nothing more is owed" in each.text]


def test_staff_are_told_where_what_was_agreed_stands_and_not_what_it_is() -> None:
    life = Life("2026-06-01")
    agreed = [{"what": "Say sorry to Philippa", "due_on": "2026-06-26"}]
    life.says("respond", "2026-06-08", outcome="upheld", remedies=agreed).until("2026-07-15")
    for name in ("reminder", "breach_notice", "chase"):
        [about, *_] = [each.text for each in life.named(name) if "Agreed action 1" in each.text]
        where = f"\n\nWhat was agreed stands in the file of {life.case.reference}, under remedies."
        assert name == "chase" or where in about
        assert "sorry" not in about
    others = [each.text for each in life.named("reminder") if "Agreed action" not in each.text]
    assert others
    assert not [text for text in others if "What was agreed" in text]


def test_no_letter_tells_anybody_to_run_a_command() -> None:
    for life in lives().values():
        for letter in life.letters:
            assert "starter.py" not in letter.text
            assert "--set" not in letter.text


# --- requests that were spoken, and sorts of remedies ---------------------------------------------


@pytest.mark.parametrize("person", [CONTACT, YOUNG], ids=["adult", "young"])
def test_a_spoken_request_is_confirmed_in_writing(person: dict[str, str]) -> None:
    spoken = to_adjudication(complainant=person).says("escalate", "2026-10-12", channel="telephone")
    assert "You asked by telephone." in spoken.one("stage_3_opening")
    written = to_adjudication(complainant=person).says("escalate", "2026-10-12", channel="post")
    assert "You asked" not in written.one("stage_3_opening").replace("You asked for a Review Panel on", "")


@pytest.mark.parametrize("role", ["applicant", "young_person"])
def test_who_gives_no_reasons_is_asked_for_them(role: str) -> None:
    person = CONTACT | {"role": role}

    def opened_with(**said: str) -> tuple[str, str]:
        life = Life("2026-06-01", authority="irm", complainant=person, tried_informally=True)
        if role != "applicant":
            life.says("accept", "2026-06-02")
        life.says("respond", "2026-06-08", outcome="not_upheld").says("escalate", "2026-06-15", **said)
        return life.one("stage_opening"), life.one("stage_opening", "complaints_manager")

    said = ("our answer was not right", "Why was our answer not right?")
    to_person, to_manager = opened_with()
    assert any(words in to_person for words in said)
    assert "ask the person, and record it" in to_manager
    to_person, to_manager = opened_with(reason="It was rude.", desired_outcome="An apology")
    assert not any(words in to_person for words in said)
    assert "ask the person" not in to_manager


def test_each_remedy_says_what_sort_it_is() -> None:
    remedies = [
        {"what": "We say sorry in person.", "kind": "apology"},
        {"what": "A changed procedure for calls", "kind": "procedure"},
        {"what": "A key worker", "kind": "service"},
        {"what": "A visit"},
    ]
    life = Life("2026-03-02").says(
        "respond", "2026-03-09", outcome="upheld", remedies=remedies, letter="at_once"
    )
    text = life.one("stage_1_response")
    assert "  1. Apology: We say sorry in person. (by " in text
    assert "  2. A changed procedure for calls (by " in text
    assert "  3. Service: A key worker (by " in text
    assert "  4. A visit (by " in text
    kinds = [each["kind"] for each in life.case.status(life.day)["remedies"]]
    assert kinds == ["apology", "procedure", "service", None]
    life.says("complete_remedy", "2026-03-12", remedy=3)
    assert "Service: A key worker" in life.one("remedy_done")


@pytest.mark.parametrize("person", [CONTACT, YOUNG], ids=["adult", "young"])
def test_the_director_meets_the_independent_person_within_fifteen_working_days(
    person: dict[str, str],
) -> None:
    def reported() -> Life:
        life = to_panel(authority="north-somerset", complainant=person)
        return life.says("report", "2026-11-20", kind="panel").says("record_meeting", "2026-11-23")

    def meeting(life: Life) -> tuple[str, str]:
        [found] = [
            each for each in life.case.status(life.day)["deadlines"] if each["name"] == "director_meeting"
        ]
        return found["due_on"], found["state"]

    def irregular(life: Life) -> list[str]:
        return [each["what"] for each in life.case.status(life.day)["irregular"]]

    life = reported()
    assert meeting(life) == ("2026-12-11", "running"), "a meeting with the person is not that"
    life.says("record_meeting", "2026-11-25", kind="director_and_independent_person")
    assert meeting(life) == ("2026-12-11", "met")
    life.says("respond", "2026-12-01", outcome="upheld")
    assert not any("Independent Person" in what for what in irregular(life))
    assert "met on Wednesday 25 November 2026" in life.one("final_response")
    unmet = reported().says("respond", "2026-12-01", outcome="upheld", independent_person_consulted=True)
    assert any("a meeting of the Director" in what for what in irregular(unmet))
    assert "met on" not in unmet.one("final_response")
