"""`status.answers`: each answer with its stage, points and round, and how its letter stands."""

from __future__ import annotations

from datetime import date

from redress.domain.erasure import scrubbed
from tests.domain.conftest import adjudicated, corporate, done, opened, send, status
from tests.domain.test_letters_not_left import told


def test_each_answer_says_what_it_answers_and_how_its_letter_stands() -> None:
    case = corporate()
    findings = [{"point": 1, "outcome": "upheld"}]
    send(case, "respond", "2026-06-04", message_id="a-1", outcome="upheld", findings=findings, letter="sent")
    send(case, "respond", "2026-06-05", message_id="a-2", outcome="not_upheld")
    done(case, "2026-06-05")
    first, second = status(case, "2026-06-08")["answers"]
    assert first == {
        "stage": "stage_1",
        "round": 1,
        "message_id": "a-1",
        "on": "2026-06-04",
        "outcome": "upheld",
        "points": [1],
        "amends": None,
        "amended_by": None,
        "letter": None,
        "letter_key": None,
        "left_on": "2026-06-04",
        "received_on": "2026-06-08",
    }
    assert (second["points"], second["letter"]) == ([2], "done")
    assert (second["left_on"], second["received_on"]) == ("2026-06-05", "2026-06-09")
    (letter,) = case.answers_to_leave
    assert told(case, "letter_not_left", "2026-06-05", letter.copies[1])
    second = status(case, "2026-06-08")["answers"][1]
    assert (second["left_on"], second["received_on"]) == (None, None)
    assert told(case, "letter_left", "2026-06-10", letter.copies[1])
    second = status(case, "2026-06-10")["answers"][1]
    assert (second["left_on"], second["received_on"]) == ("2026-06-10", "2026-06-12")


def test_an_amended_one_names_the_one_that_it_amends_and_the_other_way_round() -> None:
    case = corporate()
    send(case, "respond", "2026-06-04", message_id="a-1", outcome="not_upheld")
    send(case, "respond", "2026-06-08", message_id="a-2", amends="a-1", outcome="upheld")
    first, second = status(case, "2026-06-08")["answers"]
    assert (first["amended_by"], second["amends"]) == ("a-2", "a-1")
    send(case, "respond", "2026-06-09", message_id="a-3", outcome="partly_upheld")
    assert status(case, "2026-06-09")["answers"][2]["amends"] == "a-2"


def test_a_stage_brought_back_has_a_further_round_of_answers() -> None:
    case = adjudicated()
    decided = {"category": "upheld", "outcome": "Look again.", "returns_to": "stage_2"}
    send(case, "refer_to_ombudsman", "2026-08-20", approached_by="complainant")
    assert send(case, "ombudsman_decision", "2026-10-01", **decided).applied
    send(case, "respond", "2026-10-20", outcome="upheld")
    answers = status(case, "2026-10-20")["answers"]
    assert [(each["stage"], each["round"]) for each in answers] == [
        ("stage_1", 1),
        ("stage_2", 1),
        ("stage_2", 2),
    ]


def test_a_drafted_answer_is_none_yet_and_stands_as_a_draft() -> None:
    case = opened()
    assert send(case, "respond", "2026-06-05", message_id="a-1", outcome="upheld", letter="draft").pending
    (answer,) = status(case, "2026-06-05")["answers"]
    assert (answer["message_id"], answer["letter"], answer["left_on"]) == ("a-1", "draft", None)
    assert answer["points"] == [1, 2]


def test_once_erased_no_name_of_a_message_is_left() -> None:
    case = corporate()
    send(case, "respond", "2026-06-04", message_id="Imaginaria's answer", outcome="upheld")
    left = scrubbed(status(case, "2026-06-05"), date(2026, 6, 5))
    assert "Imaginaria" not in str(left["answers"])
    assert left["answers"][0]["outcome"] == "upheld"
