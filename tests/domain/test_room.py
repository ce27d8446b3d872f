"""Whatever fills a complaint's file, the authority can acknowledge, answer and end it."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redress.domain import room
from redress.domain.case import Case, Rejected
from redress.domain.london import instant
from redress.domain.packing import pack_state
from redress.domain.parsing import Malformed
from redress.domain.rejects import Rejects
from tests.domain.conftest import opened
from tests.domain.generating import steady

ON = "2026-06-03"

BROUGHT: dict[str, dict[str, Any]] = {
    "add_note": {},
    "escalate": {"reason": "Not content."},
    "set_advocate": {"advocate": {"name": "Fern Fictitious"}, "speaks": True, "gets_letters": False},
}
"""What an intake system may pass on, filled by its note."""


def fill(case: Case, action: str, size: int, by: str, number: int) -> bool:
    """Whether there was room for one more message of about so many bytes."""
    note = {"note": chr(0x3B1 + number % 24) * (size // 2)}
    body = {"on": ON, "by": by, "message_id": f"f{number}", **BROUGHT[action], **note}
    try:
        case.receive(case.parse(action, body, instant(date(2026, 6, 3))), instant(date(2026, 6, 3)))
    except Malformed as full:
        return "4000 bytes" in str(full) or "still taken" not in str(full)  # untrue, it would never end
    return True


def does(case: Case, action: str, **fields: Any) -> None:
    now = instant(date(2026, 6, 4), "12:00")
    answer = case.receive(case.parse(action, {"on": "2026-06-04", **fields}, now), now)
    assert answer.applied, (action, answer.reason)


fillings = st.lists(
    st.tuples(
        st.sampled_from(["add_note", "escalate", "set_advocate"]),
        st.sampled_from([15_900, 4_000, 800]),
        st.sampled_from(["web-form", "another-form", "casework", ""]),
    ),
    min_size=1,
    max_size=6,
)


@given(fillings)
@steady
def test_whatever_others_fill_the_authority_answers_and_ends_it(kinds: list[tuple[str, int, str]]) -> None:
    case = opened("2026-06-01", "2026-06-01")
    number = 0
    for action, size, by in kinds:
        while fill(case, action, size, by, number := number + 1):
            pass
    text = "An invented answer. " * 300
    does(case, "acknowledge", note=text)
    does(case, "respond", outcome="not_upheld", summary=text)
    does(case, "close", reason=text, agreed_by_complainant=True)
    assert case.status(date(2026, 6, 5))["state"] == "closed"
    assert case.room.used < room.WHOLE
    again = Case.restore(case.rules, case.saved())
    assert again.status(date(2026, 6, 5)) == case.status(date(2026, 6, 5))


def test_one_sender_leaves_room_for_the_notes_of_others() -> None:
    case = opened("2026-06-01", "2026-06-01")
    number = 0
    while fill(case, "add_note", 15_900, "web-form", number := number + 1):
        pass
    assert 10 <= number <= 13
    assert fill(case, "add_note", 15_900, "casework", number + 1)
    assert fill(case, "escalate", 4_000, "web-form", number + 2)


def test_a_file_that_the_authority_filled_itself_can_be_closed_and_says_so() -> None:
    case = opened("2026-06-01", "2026-06-01")
    now = instant(date(2026, 6, 4), "12:00")
    why = ""
    for size in (7_900, 3_500, 300):
        for number in range(10_000):
            body = {"on": ON, "message_id": f"r{size}-{number}", "note": "x" * size}
            try:
                case.receive(case.parse("record_meeting", body, now), now)
            except Malformed as full:
                why = str(full)
                if size > 4000:
                    assert "at most 4000 bytes" in why  # and that is true: the next size is taken
                break
    assert "can only be closed" in why
    does(case, "close", reason="The file is full.", agreed_by_complainant=True)
    assert case.status(date(2026, 6, 5))["state"] == "closed"


def test_what_a_full_file_hands_on_is_below_two_megabytes() -> None:
    """Temporal takes no more: of texts that hardly pack, with all rejected signals, in as many bytes."""
    from random import Random

    random = Random(7)
    case = opened("2026-06-01", "2026-06-01")
    now = instant(date(2026, 6, 4), "12:00")
    for number in range(10_000):
        note = "".join(chr(random.randrange(33, 127)) for _ in range(7_900))
        try:
            body = {"on": ON, "message_id": f"r{number}", "note": note}
            case.receive(case.parse("record_meeting", body, now), now)
        except Malformed:
            break
    for _ in range(150):
        case.reject("nonsense", ["?"], "".join(chr(random.randrange(33, 127)) for _ in range(9_000)), now)
    assert sum(len(each.received) for each in case.rejected) == 100 * 4096
    assert len(pack_state(case.saved())) < 1_900_000 - 400_000


@pytest.mark.parametrize("names", [1, 7, 5_000])
def test_signals_that_cannot_be_taken_are_counted_and_named(names: int) -> None:
    case = opened("2026-06-01", "2026-06-01")
    now = instant(date(2026, 6, 4), "12:00")
    for number in range(5_000):
        case.reject(f"nonsense-{number % names}", ["action: is none"], "x" * 9000, now)
    assert [len(each.received) for each in case.rejected[:100]] == [4096] * 100
    assert not any(each.received for each in case.rejected[100:])
    assert len(case.rejected) <= 201
    assert sum(each.count for each in case.rejected) == 5_000
    again = Case.restore(case.rules, case.saved())
    assert again.rejected == case.rejected
    assert again.rejects.total == 5_000
    assert sum(each.count for _, each in case.rejects.counted()) == 4_900
    assert not case.rejects.counted()


def test_counts_are_right_in_whatever_portions_they_are_recorded() -> None:
    """A workflow task that is tried again may have recorded another portion the first time."""
    case = opened("2026-06-01", "2026-06-01")
    now = instant(date(2026, 6, 4), "12:00")
    recorded: dict[str, Rejected] = {}
    for number in range(400):
        first = case.reject(f"nonsense-{number % 3}", ["action: is none"], "x", now)
        if first is not None:
            recorded[str(number)] = first
        elif number % 37 == 0 or number == 399:
            portion = dict(case.rejects.counted())
            recorded |= portion
            case.rejects.counted()
            for key, each in portion.items():  # and once more, as if the first try had been lost
                assert recorded.setdefault(key, each) == each
    assert Rejects(recorded.values()).kept == case.rejected
