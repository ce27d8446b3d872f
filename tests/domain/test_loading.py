"""A case under way elsewhere is brought in with its messages: as if it had been here all along."""

from __future__ import annotations

from datetime import date
from itertools import permutations
from typing import Any

import pytest

from redress.domain.case import Case
from redress.domain.opening_parsing import parse_opening
from redress.domain.parsing import Malformed
from tests.domain.conftest import MONDAY, at, document, done, letters, opened, send, shown, status

UNDER_WAY: list[dict[str, Any]] = [
    {"action": "acknowledge", "on": "2026-06-02"},
    {"action": "extend", "on": "2026-06-12", "reason": "Three teams must be asked"},
    {"action": "respond", "on": "2026-06-26", "outcome": "not_upheld"},
    {"action": "escalate", "on": "2026-07-01"},
]
"""Asked for Stage 2 on Wednesday 1 July: due Wednesday 5 August."""


def sent(messages: list[dict[str, Any]], until: str) -> Case:
    """The same messages sent one by one, each on its day."""
    case = opened()
    for each in sorted(messages, key=lambda each: str(each["on"])):
        fields = {name: value for name, value in each.items() if name not in ("action", "on")}
        send(case, each["action"], each["on"], **fields)
    done(case, until)
    return case


def problems_of(messages: list[dict[str, Any]]) -> set[str]:
    with pytest.raises(Malformed) as caught:
        parse_opening(document(messages=messages), date(2026, 7, 10))
    return {problem.field for problem in caught.value.problems}


def test_it_stands_as_if_it_had_been_here_all_along() -> None:
    loaded, here = opened(today="2026-07-10", messages=UNDER_WAY), sent(UNDER_WAY, "2026-07-10")
    mine, theirs = status(loaded, "2026-07-10"), status(here, "2026-07-10")
    for name in ("stage", "state", "next_due_on", "waiting_for", "overdue", "deadlines", "irregular"):
        assert dict(mine)[name] == dict(theirs)[name]
    assert shown(loaded, "stage_2_response", "2026-07-10") == ("2026-08-05", "running", 0)


@pytest.mark.parametrize("order", list(permutations(range(4))))
def test_in_any_order_of_its_messages(order: tuple[int, ...]) -> None:
    shuffled = opened(today="2026-07-10", messages=[UNDER_WAY[each] for each in order])
    straight = opened(today="2026-07-10", messages=UNDER_WAY)
    assert status(shuffled, "2026-07-10")["deadlines"] == status(straight, "2026-07-10")["deadlines"]


def test_nothing_from_before_the_opening_is_sent() -> None:
    case = opened(today="2026-07-06", messages=UNDER_WAY)
    assert done(case, "2026-07-06") == []
    assert {each["state"] for each in status(case, "2026-07-06")["letters"]} == {"history"}


def test_from_the_opening_on_it_acts_like_any_other() -> None:
    case = opened(today="2026-07-10", messages=UNDER_WAY)
    done(case, "2026-07-10")
    assert "stage_2_delay" in letters(done(case, "2026-08-06"))


def test_one_notice_lists_what_is_overdue_already() -> None:
    case = opened(today="2026-08-19", messages=UNDER_WAY)
    tasks = done(case, "2026-08-19")
    assert letters(tasks) == ["overdue_at_opening"]
    late = tasks[0].effect.facts["late"]
    assert isinstance(late, list)
    listed = {(each["title"], each["due_on"]) for each in late if isinstance(each, dict)}
    assert ("Stage 2 adjudication", "2026-08-05") in listed
    assert shown(case, "stage_2_response", "2026-08-19") == ("2026-08-05", "overdue", 10)
    assert done(case, "2026-08-19", "16:00") == []


def test_there_is_no_such_notice_where_nothing_is_overdue() -> None:
    assert letters(done(opened(today="2026-06-02"), "2026-06-02")) == []


def test_one_that_is_over_already_stays_quiet() -> None:
    messages = [*UNDER_WAY[:3], {"action": "withdraw", "on": "2026-06-29"}]
    case = opened(today="2026-07-10", messages=messages)
    assert done(case, "2026-07-10") == []
    assert status(case, "2026-07-10")["closed_as"] == "withdrawn"
    assert case.is_finished


def test_one_that_lapsed_before_it_came_is_closed_on_its_day() -> None:
    case = opened(today="2026-12-01", messages=UNDER_WAY[:3])
    found = status(case, "2026-12-01")
    assert (found["closed_on"], found["closed_as"]) == ("2026-07-25", "lapsed")
    assert done(case, "2026-12-01") == []


def test_a_loaded_message_sent_again_is_a_repeat() -> None:
    messages = [{"action": "acknowledge", "on": "2026-06-02", "message_id": "A"}, *UNDER_WAY[1:]]
    case = opened(today="2026-07-10", messages=messages)
    assert send(case, "acknowledge", "2026-06-02", arrives="2026-07-13", message_id="A").repeated
    again = send(case, "escalate", "2026-07-01", arrives="2026-07-13")
    assert (again.repeated, again.applied) == (True, True)
    assert len(case.log) == 4


def test_two_alike_without_ids_are_one_and_two_notes_are_two() -> None:
    note = {"action": "add_note", "on": "2026-06-03", "note": "Rang."}
    case = opened(today="2026-07-10", messages=[*UNDER_WAY, *UNDER_WAY, note, note])
    assert [entry.message.action for entry in case.log].count("add_note") == 2
    assert len(case.log) == 6
    assert status(case, "2026-07-10")["stage"] == "stage_2"
    assert status(case, "2026-07-10")["pending"] == []


def test_what_has_no_date_or_action_or_has_an_id_twice_is_named() -> None:
    assert problems_of([{"action": "acknowledge"}]) == {"messages[0].on"}
    assert problems_of([{"on": "2026-06-02"}]) == {"messages[0].action"}
    assert problems_of([{"action": "dance", "on": "2026-06-02"}]) == {"messages[0].action"}
    assert problems_of([{"action": "respond", "on": "2026-06-02"}]) == {"messages[0].outcome"}
    assert problems_of([UNDER_WAY[0], {"action": "acknowledge", "on": "2026-05-01"}]) == {"messages[1].on"}
    assert problems_of([{"action": "acknowledge", "on": "2026-07-11"}]) == {"messages[0].on"}
    one_id = [
        {"action": "acknowledge", "on": "2026-06-02", "message_id": "A"},
        {"action": "withdraw", "on": "2026-06-03", "message_id": "A"},
    ]
    assert problems_of(one_id) == {"messages[1].message_id"}


def test_an_impossible_correction_among_them_is_malformed_at_the_opening() -> None:
    wrong = {"action": "correct", "on": "2026-06-02", "field": "nonsense", "value": 1, "reason": "?"}
    with pytest.raises(Malformed):
        parse_opening(document(messages=[wrong]), date(2026, 7, 10))


def test_a_correction_among_them_is_carried_out() -> None:
    right = {
        "action": "correct",
        "on": "2026-06-03",
        "field": "received_on",
        "value": "2026-05-28",
        "reason": "Post room",
    }
    case = opened(today="2026-07-10", messages=[right])
    assert status(case, "2026-07-10")["received_on"] == "2026-05-28"


@pytest.mark.parametrize(
    ("change", "fields"),
    [
        ({"received_on": "2026-07-11"}, {"received_on"}),
        ({"received_on": "1066-10-14"}, {"received_on"}),
        ({"received_on": None}, {"received_on"}),
        ({"events_on": "2026-06-02"}, {"events_on"}),
        ({"colour": "blue"}, {"colour"}),
        ({"points": []}, {"points"}),
        ({"points": [" "]}, {"points[0]"}),
        ({"channel": "pigeon"}, {"channel"}),
        ({"complainant": {"role": "parent"}}, {"complainant.name"}),
        ({"kind": "grumble", "source": ""}, {"kind", "source"}),
    ],
)
def test_a_malformed_opening_names_its_fields(change: dict[str, object], fields: set[str]) -> None:
    with pytest.raises(Malformed) as caught:
        parse_opening(document() | change, date(2026, 7, 10))
    assert {problem.field for problem in caught.value.problems} == fields


def test_restored_it_is_the_same_case() -> None:
    case = opened(today="2026-08-20", messages=UNDER_WAY)
    send(case, "agree_statement", "2026-08-21")
    done(case, "2026-08-21")
    again = Case.restore(case.rules, case.saved())
    assert again.due(at("2026-08-21")) == []
    assert status(again, "2026-08-21") == status(case, "2026-08-21")
    assert again.opened_on == date(2026, 8, 20)
    assert again.opening.received_on == date.fromisoformat(MONDAY)
