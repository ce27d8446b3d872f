"""Letters that wait to be approved: nothing counts from one until it has left."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redress.domain.case import Case
from redress.domain.drafts import Draft
from redress.domain.effects import letter_mark
from redress.domain.erasure import scrubbed
from redress.domain.packing import pack_state, unpack_state
from redress.domain.parsing import Malformed
from redress.domain.schedule import left_in_error
from redress.services import following_up
from tests.domain.conftest import at, corporate, deadline, opened, problems, send, shown
from tests.domain.generating import examples
from workflows.details import current_details

WRITER = {"by": "Tess Team", "letter": "draft"}


def drafted(on: str = "2026-06-05", **said: Any) -> tuple[Case, Draft]:
    """A complaint of Monday 1 June whose answer at Stage 1, due on Tuesday 16 June, waits to be approved."""
    case = corporate()
    send(case, "acknowledge", "2026-06-02")
    answer = send(case, "respond", on, message_id="m-1", outcome="upheld", **{**WRITER, **said})
    assert answer.pending
    return case, draft_of(case)


def draft_of(case: Case) -> Draft:
    found: Draft = [*case.state.drafts][-1]
    return found


def tasks(case: Case, day: str) -> list[tuple[str, str]]:
    """The letters that leave on a day, and what became of each; not those that have left by then."""
    due = [task for task in case.due(at(day)) if task.effect.kind == "letter"]
    return [(t.effect.template, t.state) for t in due if not case.state.drafts.has_left(t.effect.key)]


def test_an_answer_counts_from_the_day_its_letter_left() -> None:
    case, draft = drafted()
    assert case.status(date(2026, 6, 8))["waiting_for"] == "approver"
    assert shown(case, "letter_approval", "2026-06-08") == ("2026-06-12", "running", 0)
    assert send(case, "approve_letter", "2026-06-11", mark=draft.marks[0], by="Cora").applied
    assert shown(case, "stage_1_response", "2026-06-11") == ("2026-06-16", "running", 0)
    send(case, "letter_left", "2026-06-17", mark=draft.marks[0])
    assert shown(case, "stage_1_response", "2026-06-18") == ("2026-06-16", "met_late", 1)
    assert case.state.outcomes[draft.entry.seq].outcome == "applied"
    assert case.status(date(2026, 6, 18))["irregular"] == []


def test_a_copy_to_either_reader_names_the_draft_and_its_letter_leaves_once() -> None:
    case, draft = drafted()
    tasks(case, "2026-06-05")
    send(case, "approve_letter", "2026-06-08", mark=letter_mark(draft.key, "advocate"), by="Cora")
    assert tasks(case, "2026-06-08") == [("answer", "done")]
    send(case, "letter_left", "2026-06-08", mark=draft.marks[0])
    send(case, "letter_left", "2026-06-09", mark=letter_mark(draft.key, "advocate"))
    assert tasks(case, "2026-06-10") == []
    assert deadline(case, "stage_1_response", "2026-06-10")["met_on"] == "2026-06-08"


def test_what_a_file_says_of_a_letter_that_names_none() -> None:
    """The shipped authorities say `at_once`; a file that says nothing has decisions approved."""
    case = corporate()
    policy = case.state.procedure.policy
    assert policy.decision_letters == "at_once"
    waiting = policy.model_copy(update={"decision_letters": "draft"})
    procedure = case.rules.procedure.model_copy(update={"policy": waiting})
    rules = case.rules.model_copy(update={"procedure": procedure})
    case = Case(rules, case.reference, case.intake, case.opened_on)
    assert send(case, "acknowledge", "2026-06-02").applied
    assert send(case, "respond", "2026-06-05", outcome="upheld").pending
    assert send(case, "respond", "2026-06-05", outcome="not_upheld", letter="at_once").applied
    assert [draft.state for draft in case.state.drafts] == ["withdrawn"]


def test_who_wrote_it_does_not_approve_it() -> None:
    case, draft = drafted()
    own = send(case, "approve_letter", "2026-06-08", mark=draft.marks[0], by="tess  team")
    assert "somebody else" in own.reason
    issued = send(case, "approve_letter", "2026-06-08", mark=draft.marks[0], by="oidc:Tess Team")
    assert "somebody else" in issued.reason, "the same name, as the identity provider has it"
    with pytest.raises(Malformed, match="not corrected"):
        send(case, "correct", "2026-06-08", field="m-1.by", value="Sam", reason="Sam wrote it.")
    staff = send(case, "approve_letter", "2026-06-08", mark=draft.marks[0], by="Sam", as_role="staff")
    assert "Complaints Manager" in staff.reason
    assert draft_of(case).state == "draft"


def test_an_approval_of_what_was_read_is_refused_where_it_changed_since() -> None:
    case, draft = drafted()
    mark = draft.marks[0]

    def version() -> int:
        [letter] = [each for each in case.status(date(2026, 6, 9))["letters"] if "mark" in each]
        return int(letter["version"])

    read = version()
    send(case, "add_note", "2026-06-08", note="It changes nothing.")
    assert version() == read
    send(case, "edit_letter", "2026-06-08", mark=mark, texts={"summary": "Something else."})
    edited = version()
    assert edited > read
    late = send(case, "approve_letter", "2026-06-08", mark=mark, by="Cora", version=read)
    assert f"changed since version {read}: read version {edited}" in late.reason
    assert draft_of(case).state == "draft"
    send(case, "correct", "2026-06-08", field="m-1.outcome", value="not_upheld", reason="Misread.")
    assert not send(case, "approve_letter", "2026-06-08", mark=mark, by="Cora", version=edited).applied
    above = {"on": "2026-06-08", "mark": mark, "by": "Cora", "version": version() + 1}
    told = problems(case, "approve_letter", above)
    assert told["version"].startswith(f"should be at most {version()}, which is the present one")
    assert send(case, "approve_letter", "2026-06-08", mark=mark, by="Cora", version=version()).applied
    send(case, "correct", "2026-06-08", field="m-1.outcome", value="upheld", reason="Misread again.")
    assert draft_of(case).state == "draft", "what comes after an approval voids it, and refuses nothing anew"
    approved = [e for e in case.log if e.message.action == "approve_letter"][-1]
    assert case.state.outcomes[approved.seq].outcome == "applied"


def test_approval_passes_on_and_is_urgent_on_the_last_day() -> None:
    """Owed by Friday 12 June; the answer is due on Tuesday the 16th."""
    case, _ = drafted()
    told = {}
    for day in ("2026-06-05", "2026-06-12", "2026-06-15", "2026-06-16", "2026-06-17"):
        told[day] = [template for template, state in tasks(case, day) if state == "done"]
    assert told["2026-06-05"] == ["acknowledgement", "letter_to_approve"]
    assert told["2026-06-12"] == []
    assert told["2026-06-15"] == ["letter_to_approve"]
    assert told["2026-06-16"] == ["letter_urgent"]
    assert "letter_urgent" in told["2026-06-17"]


@pytest.mark.parametrize(
    ("action", "said"),
    [
        ("correct", {"field": "m-1.outcome", "value": "not_upheld", "reason": "Misread."}),
        ("correct", {"field": "complainant.name", "value": "Imaginaria Other", "reason": "Misspelt."}),
        ("extend", {"reason": "Two teams."}),
        ("edit_letter", {"mark": "", "texts": {"summary": "In other words."}}),
        ("send_back_letter", {"mark": "", "reason": "Say by when."}),
    ],
)
def test_what_changes_the_case_voids_an_approval(action: str, said: dict[str, Any]) -> None:
    case, draft = drafted()
    mark = draft.marks[0]
    send(case, "approve_letter", "2026-06-08", mark=mark, by="Cora")
    said = said | ({"mark": mark} if "mark" in said else {})
    assert send(case, action, "2026-06-08", **said).applied
    assert draft_of(case).state == "draft"
    assert ("answer", "skipped") in tasks(case, "2026-06-08")
    send(case, "approve_letter", "2026-06-09", mark=draft_of(case).marks[0], by="Cora")
    assert tasks(case, "2026-06-09")[-1] == ("answer", "done")


def test_what_a_draft_was_edited_to_is_struck_out_with_its_message() -> None:
    case, draft = drafted()
    mark = draft.marks[0]
    texts = {"summary": "Secret of another family."}
    assert send(case, "edit_letter", "2026-06-08", mark=mark, texts=texts, message_id="m-2").applied
    send(case, "send_back_letter", "2026-06-08", mark=mark, reason="Name Secret's school.", message_id="m-3")
    send(case, "strike_out", "2026-06-10", message="m-1", reason="Another one's.", message_id="m-4")
    found = case.status(date(2026, 6, 11))
    assert "Secret" not in str(found)
    assert {each["message_id"] for each in found["struck_out"]} == {"m-1", "m-2", "m-3"}
    assert [each.template for each in case.state.effects].count("letter_taken_back") == 1
    send(case, "strike_out", "2026-06-12", message="m-4", reason="It was right.")
    assert "Secret of another family." in str(draft_of(case).entry.message)


@pytest.mark.parametrize("has_left", [True, False])
def test_a_strike_takes_a_drafted_letter_back_once_and_only_where_it_left(has_left: bool) -> None:
    case, draft = drafted()
    tasks(case, "2026-06-05")
    send(case, "approve_letter", "2026-06-08", mark=draft.marks[0], by="Cora")
    tasks(case, "2026-06-08")
    if has_left:
        send(case, "letter_left", "2026-06-09", mark=draft.marks[0])
        case.due(at("2026-06-09"))
    send(case, "strike_out", "2026-06-10", message="m-1", reason="Of another complaint.")
    [told] = [each for each in case.state.effects if each.template == "letter_taken_back"]
    wrong = [each["template"] for each in left_in_error(told.facts, case.settled)]
    assert wrong == ["letter_to_approve", *(["answer"] if has_left else [])]


def test_what_left_although_it_was_struck_out_is_taken_back_once() -> None:
    """A sender had it while it was struck out: it is asked after, kept as having left, and corrected."""
    case, draft = drafted()
    tasks(case, "2026-06-05")
    send(case, "approve_letter", "2026-06-08", mark=draft.marks[0], by="Cora")
    tasks(case, "2026-06-08")
    send(case, "strike_out", "2026-06-09", message="m-1", reason="Of another complaint.")
    tasks(case, "2026-06-09")
    assert case.leaving == [draft.key], "nobody knows yet whether it left"
    assert case.is_awaited(draft.marks[0], date(2026, 6, 9))
    advocate = letter_mark(draft.key, "advocate")
    for mark in (draft.marks[0], advocate):
        assert send(case, "letter_left", "2026-06-09", mark=mark).applied
    back = [each for each in case.state.effects if each.template == "letter_taken_back"]
    wrong = [left["template"] for each in back for left in left_in_error(each.facts, case.settled)]
    assert sorted(wrong) == ["answer", "letter_to_approve"]
    assert [state for name, state in tasks(case, "2026-06-10") if name == "letter_taken_back"] == ["done"]
    assert case.leaving == []
    assert "struck out" in str(case.status(date(2026, 6, 10))["irregular"])
    assert shown(case, "stage_1_response", "2026-06-10")[1] == "running"


def test_what_becomes_of_a_letter_is_not_corrected() -> None:
    """It would count from a day on which nothing left."""
    case, _ = drafted()
    for value in ("at_once", "draft", None):
        with pytest.raises(Malformed, match="approve the draft"):
            send(case, "correct", "2026-06-10", field="m-1.letter", value=value, reason="At once.")
    assert draft_of(case).state == "draft"
    assert send(case, "correct", "2026-06-10", field="m-1.letter", value="sent", reason="Ours.").applied
    assert deadline(case, "stage_1_response", "2026-06-10")["met_on"] == "2026-06-05"


def test_why_a_draft_was_sent_back_goes_with_the_personal_data() -> None:
    case, draft = drafted()
    send(case, "send_back_letter", "2026-06-08", mark=draft.marks[0], by="Cora", reason="Not Testa's school.")
    send(case, "close", "2026-06-09", kind="duplicate", of="CYP-2026-000009", reason="Twice.", letter="sent")
    found = case.status(date(2026, 6, 10))
    assert any(each.get("remarks") for each in found["letters"])
    left = str(scrubbed(found, date(2026, 6, 11))["letters"])
    assert "Testa" not in left
    assert "Cora" not in left


def test_a_duplicate_whose_letter_is_drafted_is_not_linked_from_the_other_side_until_it_counts() -> None:
    case = corporate()
    said = {"kind": "duplicate", "of": "CYP-2026-000009", "reason": "Twice.", **WRITER}
    answer = send(case, "close", "2026-06-09", **said)
    assert answer.pending
    assert not following_up.is_taken(answer)
    assert not following_up.is_taken(send(case, "decide_late", "2026-06-09", accept=True, reason="x"))


def test_a_note_leaves_an_approval_as_it_is() -> None:
    case, draft = drafted()
    send(case, "approve_letter", "2026-06-08", mark=draft.marks[0], by="Cora")
    send(case, "add_note", "2026-06-08", note="Rang.")
    assert draft_of(case).state == "approved"


def test_what_was_logged_late_voids_an_approval_that_came_before_it() -> None:
    case, draft = drafted()
    send(case, "approve_letter", "2026-06-09", mark=draft.marks[0], by="Cora")
    send(case, "record_meeting", "2026-06-08", arrives="2026-06-10")
    assert draft_of(case).state == "draft"


def test_an_edit_changes_free_texts_and_nothing_else() -> None:
    findings = [{"point": 1, "outcome": "upheld"}, {"point": 2, "outcome": "upheld"}]
    case, draft = drafted(findings=findings)
    mark = draft.marks[0]
    for name in ("outcome", "findings[7].reason", "findings[0].outcome", "Dear Testa"):
        why_not = send(case, "edit_letter", "2026-06-08", mark=mark, texts={name: "x"}).reason
        assert "no free text" in why_not
        assert "Testa" not in why_not
    texts = {"summary": "We are sorry.", "findings[1].reason": "Nobody rang."}
    assert send(
        case, "edit_letter", "2026-06-08", mark=mark, texts=texts, paragraphs=["Come and see us."]
    ).applied
    send(case, "letter_left", "2026-06-09", mark=mark)
    [letter] = [effect for effect in case.state.effects if effect.template == "answer"]
    assert letter.facts["paragraphs"] == ["Come and see us."]
    said = letter.shown()["message"]
    assert isinstance(said, dict)
    assert said["summary"] == "We are sorry."
    assert case.state.points.all[1].findings[0].reason == "Nobody rang."


def test_an_answer_drafted_at_stage_1_answers_stage_1_whatever_runs_when_it_leaves() -> None:
    case = opened()
    send(case, "respond", "2026-06-12", message_id="m-1", outcome="upheld", **WRITER)
    send(case, "escalate", "2026-06-30")
    send(case, "letter_left", "2026-07-01", mark=draft_of(case).marks[0])
    assert deadline(case, "stage_2_response", "2026-07-02")["met_on"] is None
    assert deadline(case, "stage_1_response", "2026-07-02")["met_on"] == "2026-07-01"


def test_a_decision_of_each_kind_waits() -> None:
    case = corporate()
    assert send(case, "decline", "2026-06-03", reason="Not ours.", letter="draft").pending
    assert case.state.closed_on is None
    assert send(case, "withdraw", "2026-06-04").applied
    assert [draft.state for draft in case.state.drafts] == ["withdrawn"]
    case = corporate()
    send(case, "close", "2026-06-03", reason="Done.", agreed_by_complainant=True, letter="draft")
    assert case.state.closed_on is None
    send(case, "letter_left", "2026-06-04", mark=draft_of(case).marks[0])
    assert case.state.closed_on == date(2026, 6, 4)
    assert "without having been approved" in case.status(date(2026, 6, 4))["irregular"][0]["what"]


LIFE = st.lists(
    st.sampled_from(["approve", "send_back", "edit", "correct", "note", "meeting", "late_meeting"]),
    max_size=6,
)


@given(LIFE)
@examples(25)
def test_in_any_order_a_draft_counts_for_nothing_until_it_left_and_then_like_one_that_left_at_once(
    life: list[str],
) -> None:
    case, draft = drafted()
    mark, edited = draft.marks[0], {}
    tasks(case, "2026-06-05")
    for number, step in enumerate(life):
        match step:
            case "approve":
                send(case, "approve_letter", "2026-06-08", mark=mark, by=f"Cora {number}")
            case "send_back":
                send(case, "send_back_letter", "2026-06-08", mark=mark, reason=f"Again {number}")
            case "edit":
                edited = {"summary": f"Text {number}"}
                send(case, "edit_letter", "2026-06-08", mark=mark, texts=edited)
            case "correct":
                said = {"field": "m-1.outcome", "value": "not_upheld", "reason": f"Misread {number}."}
                send(case, "correct", "2026-06-08", **said)
            case "note":
                send(case, "add_note", "2026-06-08", note=f"Rang {number}")
            case _:
                on = "2026-06-04" if step == "late_meeting" else "2026-06-08"
                send(case, "record_meeting", on, arrives="2026-06-08", note=str(number))
        tasks(case, "2026-06-08")
        assert deadline(case, "stage_1_response", "2026-06-08")["met_on"] is None
        assert "stage_1_review" not in {d["name"] for d in case.status(date(2026, 6, 8))["deadlines"]}
        assert "answer" not in [e.template for e in case.state.effects if "draft" not in e.facts]
    last = [step for step in life if step not in ("note",)]
    approved = bool(last) and last[-1] == "approve"
    assert draft_of(case).state == ("approved" if approved else "draft")
    assert tasks(case, "2026-06-08") == []
    send(case, "letter_left", "2026-06-09", mark=mark)
    again = Case.restore(case.rules, unpack_state(pack_state(case.saved())))
    plain = corporate()
    send(plain, "acknowledge", "2026-06-02")
    outcome = "not_upheld" if "correct" in life else "upheld"
    send(plain, "respond", "2026-06-09", outcome=outcome, letter="at_once", **edited)
    for each in (case, again):
        for name in ("stage_1_response", "stage_1_review"):
            assert deadline(each, name, "2026-06-10") == deadline(plain, name, "2026-06-10")
        assert each.state.points.all[0].findings[0].outcome == outcome


def test_an_amended_answer_waits_and_gives_the_window_anew_when_it_left() -> None:
    case = opened()
    send(case, "escalate", "2026-06-03", agreed_by_authority=True)
    send(case, "respond", "2026-07-01", message_id="m-1", outcome="not_upheld", letter="at_once")
    assert deadline(case, "stage_3_request", "2026-07-02")["counts_from"] == "2026-07-03"
    send(case, "respond", "2026-07-10", outcome="upheld", amends="m-1", **WRITER)
    assert deadline(case, "stage_3_request", "2026-07-11")["counts_from"] == "2026-07-03"
    assert {point.findings[-1].outcome for point in case.state.points.all} == {"not_upheld"}
    send(case, "letter_left", "2026-07-14", mark=draft_of(case).marks[0])
    assert deadline(case, "stage_3_request", "2026-07-15")["counts_from"] == "2026-07-16"
    assert {point.findings[-1].outcome for point in case.state.points.all} == {"upheld"}


def test_a_decision_on_a_late_request_waits_though_the_complaint_is_closed() -> None:
    case = opened()
    send(case, "escalate", "2026-06-03", agreed_by_authority=True)
    send(case, "respond", "2026-06-10", outcome="not_upheld", letter="at_once")
    assert send(case, "escalate", "2026-07-20").pending
    assert case.state.closed_as == "lapsed"
    assert send(case, "decide_late", "2026-07-21", accept=True, reason="Ill.", letter="draft").pending
    assert case.status(date(2026, 7, 21))["stage"] == "stage_2"
    assert not case.is_finished
    send(case, "approve_letter", "2026-07-22", mark=draft_of(case).marks[0], by="Cora")
    assert case.leaving == []
    assert tasks(case, "2026-07-22")[-1] == ("late_request_decision", "done")
    assert case.leaving == [draft_of(case).key]
    send(case, "letter_left", "2026-07-22", mark=draft_of(case).marks[0])
    assert case.status(date(2026, 7, 22))["stage"] == "stage_3"
    assert case.leaving == []


def test_two_teams_draft_for_points_of_their_own_and_a_later_draft_takes_an_earlier_ones_place() -> None:
    case, _ = drafted(findings=[{"point": 1, "outcome": "upheld"}])
    send(
        case,
        "respond",
        "2026-06-08",
        outcome="upheld",
        findings=[{"point": 2, "outcome": "upheld"}],
        **WRITER,
    )
    assert [draft.state for draft in case.state.drafts] == ["draft", "draft"]
    send(
        case,
        "respond",
        "2026-06-09",
        outcome="upheld",
        findings=[{"point": 1, "outcome": "upheld"}],
        **WRITER,
    )
    assert [draft.state for draft in case.state.drafts] == ["withdrawn", "draft", "draft"]
    for draft in case.state.drafts.open:
        assert deadline(case, "stage_1_response", "2026-06-10")["met_on"] is None
        send(case, "letter_left", "2026-06-10", mark=draft.marks[0])
    assert deadline(case, "stage_1_response", "2026-06-10")["met_on"] == "2026-06-10"


def test_where_all_letters_are_held_an_approved_one_waits_for_office_hours() -> None:
    case = corporate()
    policy = case.rules.procedure.policy.model_copy(update={"hold_letters": "all"})
    procedure = case.rules.procedure.model_copy(update={"policy": policy})
    case = Case(case.rules.model_copy(update={"procedure": procedure}), "CYP-1", case.intake, case.opened_on)
    send(case, "respond", "2026-06-05", outcome="upheld", **WRITER)
    send(case, "approve_letter", "2026-06-05", mark=draft_of(case).marks[0], by="Cora")
    friday, monday = at("2026-06-05", "20:00"), at("2026-06-08", "09:00")
    assert "answer" not in [task.effect.template for task in case.due(friday)]
    [letter] = [each for each in case.status(date(2026, 6, 5))["letters"] if each["letter"] == "answer"]
    assert letter["state"] == "approved"
    assert monday in [timer.at for timer in case.timers(friday)]
    assert "answer" in [task.effect.template for task in case.due(monday)]


def test_the_card_says_which_letter_waits_and_for_whom() -> None:
    case, draft = drafted()
    card = current_details(case, date(2026, 6, 8), "default")
    assert "#### Letters to approve" in card
    assert (
        f"`answer`, by Fri 12 Jun 2026 (Complaints Manager): `approve_letter` with mark `{draft.marks[0]}`"
        in card
    )
    assert "waits for the person who approves letters" in card


def test_a_letter_that_is_drafted_on_the_last_day_but_one_is_asked_for_once_and_urgently_on_the_last() -> (
    None
):
    case, _ = drafted("2026-06-15")
    left = [each for each, state in tasks(case, "2026-06-15") if state == "done"]
    assert left == ["acknowledgement", "letter_to_approve"]
    assert [each for each, state in tasks(case, "2026-06-16") if state == "done"] == ["letter_urgent"]


def test_an_approval_that_comes_again_by_another_way_is_known() -> None:
    """Over HTTP it says what the caller is, which no update does: who passed it on is no content."""
    case = opened()
    send(case, "respond", "2026-06-03", outcome="upheld", summary="So it is.", letter="draft", by="Tess")
    [draft] = case.state.drafts.open
    said = {"mark": draft.marks[0], "by": "Cora", "message_id": "a-1"}
    assert send(case, "approve_letter", "2026-06-04", **said).applied
    assert send(case, "approve_letter", "2026-06-04", **said, as_role="complaints_manager").repeated
