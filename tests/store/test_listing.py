"""Lists by SQL say what each complaint says of itself, on any day, and pages leave nothing out."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, select

from redress.contract import BeginRequest, RecordRequest
from redress.domain.case import Case
from redress.domain.opening_parsing import parse_opening
from redress.domain.parsing import Malformed
from redress.domain.status import Status
from redress.letters.delivery.outbox import FileChannel
from redress.procedures.loader import rules_for
from redress.services import lists
from redress.store import tables
from redress.store.listing import ComplaintFilter, OwedFilter
from redress.store.register import Register
from redress.telemetry.metrics import RegisterCollector
from tests.activity_calls import ActivityCalls
from tests.store.test_register import RAW, _activities, _said, register

__all__ = ["register"]

DAY = timedelta(days=1)
LATER = date(2026, 6, 12)
"""Some of the complaints below are late on this day, some are not, and one is closed."""


def _opened(activities: ActivityCalls, number: int, received: date, **more: object) -> Case:
    raw = RAW | {"source_id": str(number), "received_on": received.isoformat()} | more
    reference = f"CYP-2026-{number:06d}"
    request = BeginRequest(reference=reference, opened_on=received.isoformat(), opening=raw)
    assert activities.begin(request).recorded
    opening = parse_opening(raw, received)
    return Case(rules_for(opening, received), reference, opening, received)


def _sent(activities: ActivityCalls, case: Case, action: str, on: date, **fields: object) -> None:
    entries = _said(case, action, on.isoformat(), **fields)
    activities.record(RecordRequest(reference=case.reference, entries=entries))


@pytest.fixture
def activities(register: Register, tmp_path: Path) -> ActivityCalls:
    return _activities(register, FileChannel(tmp_path / "outbox"))


@pytest.fixture
def cases(activities: ActivityCalls) -> list[Case]:
    """Nine complaints of nine days, in stages and states of all kinds."""
    first = date(2026, 5, 18)
    cases = [_opened(activities, number, first + number * 3 * DAY) for number in range(1, 8)]
    about = {"service": "Care", "team": "The Invented Team"}
    cases.append(_opened(activities, 8, date(2026, 6, 1), authority="north-somerset", about=about))
    cases.append(_opened(activities, 9, date(2026, 6, 2), kind="comment"))
    _sent(activities, cases[0], "acknowledge", cases[0].opened_on + DAY)
    _sent(
        activities, cases[1], "respond", cases[1].opened_on + 2 * DAY, outcome="upheld", summary="So it was."
    )
    _sent(activities, cases[1], "escalate", cases[1].opened_on + 3 * DAY, reason="I want more.")
    _sent(activities, cases[2], "withdraw", cases[2].opened_on + DAY)
    _sent(activities, cases[3], "extend", cases[3].opened_on + DAY, reason="Two agencies.")
    _sent(
        activities,
        cases[4],
        "respond",
        cases[4].opened_on + DAY,
        outcome="upheld",
        remedies=[{"what": "Say sorry."}],
    )
    return cases


def _as_they_say(register: Register, cases: list[Case], day: date) -> list[Status]:
    own = Register(register.engine)  # which has read none of them before
    found = [own.status(case.reference, day) for case in cases]
    return [status for status in found if status is not None]


@pytest.mark.parametrize("days", [0, 1, 2, 4, 9, 15, 40, 90, 400])
def test_lists_agree_with_the_complaints_on_any_day(register: Register, cases: list[Case], days: int) -> None:
    """Nobody has written to the tables since: some rows are good on that day, some no longer."""
    day = date(2026, 6, 8) + days * DAY
    own = _as_they_say(register, cases, day)
    listed = lists.list_complaints(register, ComplaintFilter(closed=True), day).complaints
    assert {line.reference for line in listed} == {status["reference"] for status in own}
    for line in listed:
        status: dict[str, Any] = next(dict(each) for each in own if each["reference"] == line.reference)
        shown = {
            name: str(value) if isinstance(value, date) else value for name, value in line._asdict().items()
        }
        assert shown == {name: status[name] for name in line._fields}
    due = lists.list_due(register, OwedFilter(), day).due
    wanted = [
        (d["due_on"], each["reference"], d["name"], d["state"], d["days_late"], d["provisional"], d["owner"])
        for each in own
        if each["state"] != "closed" or each["next_due_on"]
        for d in each["deadlines"]
        if d["state"] in ("running", "overdue")
    ]
    assert [
        (str(d.due_on), d.reference, d.name, d.state, d.days_late, d.provisional, d.owner) for d in due
    ] == (sorted(wanted))


FILTERS = [
    ComplaintFilter(),
    ComplaintFilter(authority="north-somerset"),
    ComplaintFilter(stage="stage_2"),
    ComplaintFilter(overdue=True),
    ComplaintFilter(due_before=LATER),
    ComplaintFilter(due_before=date(2026, 6, 6)),
    ComplaintFilter(waiting_for="stage_manager"),
    ComplaintFilter(kind="comment"),
    ComplaintFilter(procedure="statutory"),
    ComplaintFilter(team="the invented  team"),
    ComplaintFilter(received_from=date(2026, 6, 1)),
    ComplaintFilter(received_to=date(2026, 5, 30)),
    ComplaintFilter(reference="CYP-2026-000004"),
    ComplaintFilter(closed=True, stage="stage_1", due_before=date(2026, 7, 1)),
]


@pytest.mark.parametrize("wanted", FILTERS, ids=str)
def test_filters_are_the_same_in_sql_and_out_of_it(
    register: Register, cases: list[Case], wanted: ComplaintFilter
) -> None:
    own = [
        each
        for each in _as_they_say(register, cases, LATER)
        if (wanted.closed or each["state"] != "closed" or each["next_due_on"])
        and wanted.authority in (None, each["authority"])
        and wanted.stage in (None, each["stage"])
        and (each["overdue"] or not wanted.overdue)
        and (
            wanted.due_before is None
            or min(each["next_due_on"] or "9999", each["late_since"] or "9999")
            < wanted.due_before.isoformat()
        )
        and wanted.waiting_for in (None, each["waiting_for"])
        and wanted.kind in (None, each["kind"])
        and wanted.procedure in (None, each["procedure"])
        and (wanted.team is None or (each["about"] or {}).get("team") == "The Invented Team")
        and (wanted.received_from is None or each["received_on"] >= wanted.received_from.isoformat())
        and (wanted.received_to is None or each["received_on"] <= wanted.received_to.isoformat())
        and wanted.reference in (None, each["reference"])
    ]
    assert 0 < len(own) < len(cases)
    found = lists.list_complaints(register, wanted, LATER).complaints
    assert [line.reference for line in found] == [
        each["reference"]
        for each in sorted(
            own, key=lambda s: (s["late_since"] or "9999", s["next_due_on"] or "9999", s["reference"])
        )
    ]


def test_a_complaint_is_found_by_any_of_its_teams(register: Register, activities: ActivityCalls) -> None:
    abouts = [{"teams": ["Team A", "Team B"]}, {"team": "Team B"}, {"team": "Team C"}, {}]
    for number, about in enumerate(abouts, 1):
        _opened(activities, number, date(2026, 6, 1), about=about)

    def found(team: str) -> list[str]:
        lines = lists.list_complaints(register, ComplaintFilter(team=team), LATER).complaints
        return [line.reference[-1] for line in lines]

    assert [found(f"team {each}") for each in "abcd"] == [["1"], ["1", "2"], ["3"], []]
    assert found("") == ["4"]


def test_a_duplicate_is_counted_with_the_one_that_goes_on(
    register: Register, activities: ActivityCalls
) -> None:
    kept, twice = (_opened(activities, number, date(2026, 6, number)) for number in (1, 2))
    of = {"kind": "duplicate", "of": kept.reference, "reason": "The same letter."}
    _sent(activities, twice, "close", date(2026, 6, 3), **of)

    def found(**wanted: Any) -> list[str]:
        lines = lists.list_complaints(register, ComplaintFilter(closed=True, **wanted), LATER).complaints
        return [line.reference for line in lines]

    assert found() == [kept.reference]
    assert found(reference=twice.reference) == [twice.reference]
    assert found(duplicates=True) == [kept.reference, twice.reference]
    gauges = {gauge.name: gauge for gauge in RegisterCollector(register).collect()}
    assert sum(sample.value for sample in gauges["redress_complaints"].samples) == 1


def test_of_two_that_are_linked_as_duplicates_both_are_worked_on_and_one_is_counted(
    register: Register, activities: ActivityCalls
) -> None:
    one, two = (_opened(activities, number, date(2026, 6, number)) for number in (1, 2))
    for here, there in ((one, two), (two, one)):
        _sent(activities, here, "link", date(2026, 6, 3), reference=there.reference, how="duplicate")
    lines = lists.list_complaints(register, ComplaintFilter(), LATER).complaints
    assert {line.reference: line.duplicate_of for line in lines} == {
        one.reference: two.reference,
        two.reference: one.reference,
    }
    gauges = {gauge.name: gauge for gauge in RegisterCollector(register).collect()}
    assert sum(sample.value for sample in gauges["redress_complaints"].samples) == 1


def test_a_complaint_is_found_by_what_intake_calls_it(register: Register, activities: ActivityCalls) -> None:
    for source_id in ("one", "two"):
        raw = RAW | {"source_id": source_id}
        reference = register.reserve(parse_opening(raw, LATER), raw, "CYP").reference
        request = BeginRequest(reference=reference, opened_on=RAW["received_on"], opening=raw)
        assert activities.begin(request).recorded
    found = lists.list_complaints(register, ComplaintFilter(source_id="two"), LATER).complaints
    assert [line.reference for line in found] == [reference]


def test_a_misspelt_role_or_kind_is_turned_away(register: Register) -> None:
    for name, wanted in (
        ("waiting_for", ComplaintFilter(waiting_for="manager")),
        ("kind", ComplaintFilter(kind="complaints")),
    ):
        with pytest.raises(Malformed) as caught:
            lists.list_complaints(register, wanted, LATER)
        assert [problem.field for problem in caught.value.problems] == [name]


def test_what_rests_in_a_pause_stands_still_in_lists(
    register: Register, activities: ActivityCalls, cases: list[Case]
) -> None:
    """Late by some days when proceedings began, and no more later: but without the pause it would be."""
    court = {"reason": "Court", "proceedings": "Family court", "review_on": "2026-12-01"}
    _sent(activities, cases[0], "suspend", LATER, **court)
    for day in (LATER, date(2026, 9, 1)):
        own = register.status(cases[0].reference, day)
        assert own is not None
        shown = {d["name"]: (d["days_late"], d["days_late_without_pause"]) for d in own["deadlines"]}
        due = lists.list_due(register, OwedFilter(), day).due
        found = [d for d in due if d.reference == cases[0].reference]
        assert found
        assert all((d.days_late, d.days_late_without_pause) == shown[d.name] for d in found)


def test_dates_are_filtered_by_day_and_by_who_owes_them(register: Register, cases: list[Case]) -> None:
    every = lists.list_due(register, OwedFilter(), LATER).due
    for wanted in (
        OwedFilter(first=LATER),
        OwedFilter(last=LATER),
        OwedFilter(owner="stage_manager"),
        OwedFilter(authority="north-somerset"),
    ):
        expected = [
            each
            for each in every
            if (wanted.first is None or each.due_on >= wanted.first)
            and (wanted.last is None or each.due_on <= wanted.last)
            and wanted.owner in (None, each.owner)
            and wanted.authority in (None, each.authority)
        ]
        assert 0 < len(expected) < len(every), wanted
        assert lists.list_due(register, wanted, LATER).due == expected


def _move_dates(activities: ActivityCalls, case: Case, turn: int) -> None:
    """Correct the receipt, which every date of the complaint counts from: a day back, or forth again."""
    value = (case.opened_on - (turn % 2) * DAY).isoformat()
    fields = {"field": "received_on", "value": value, "message_id": f"moved-{turn}"}
    _sent(activities, case, "correct", LATER, reason=f"Before page {turn}.", **fields)


@pytest.mark.parametrize("limit", [1, 2, 5])
def test_dates_that_move_hide_nothing_from_who_turns_pages(
    register: Register, activities: ActivityCalls, cases: list[Case], limit: int
) -> None:
    """Dates move between any two pages: each complaint that is open throughout is met, and met once."""
    whole = lists.list_complaints(register, ComplaintFilter(), LATER).complaints
    seen: list[str] = []
    after, turn = "", 1
    while True:
        page = lists.list_complaints(register, ComplaintFilter(), LATER, limit=limit, after=after)
        assert len(page.complaints) <= limit
        seen += [line.reference for line in page.complaints]
        if page.next is None:
            break
        after, turn = page.next, turn + 1
        for case in cases[5:7]:
            _move_dates(activities, case, turn)
    assert sorted(seen) == sorted(line.reference for line in whole)


@pytest.mark.parametrize("limit", [1, 2, 5])
def test_dates_that_move_are_on_some_page_of_what_is_due(
    register: Register, activities: ActivityCalls, cases: list[Case], limit: int
) -> None:
    whole = lists.list_due(register, OwedFilter(), LATER).due
    seen: list[tuple[str, str]] = []
    after, turn = "", 1
    while True:
        page = lists.list_due(register, OwedFilter(), LATER, limit=limit, after=after)
        assert len(page.due) <= limit
        seen += [(owed.reference, owed.name) for owed in page.due]
        if page.next is None:
            break
        after, turn = page.next, turn + 1
        for case in cases[5:7]:
            _move_dates(activities, case, turn)
    assert sorted(seen) == sorted((owed.reference, owed.name) for owed in whole)


def test_a_page_is_made_by_the_database(register: Register, cases: list[Case]) -> None:
    """With every row good a page costs the same few statements, however many complaints there are."""
    day = max(case.opened_on for case in cases)
    for case in cases:
        case.state.advance(day)
        with register.writing() as db:
            register.project(db, case, day)
    asked: list[str] = []
    event.listen(register.engine, "before_cursor_execute", lambda *given: asked.append(given[2]))
    assert len(lists.list_complaints(register, ComplaintFilter(), day, limit=2).complaints) == 2
    assert len(lists.list_due(register, OwedFilter(), day, limit=2).due) == 2
    asked = [each for each in asked if each.startswith("SELECT") and "_version" not in each]
    page, stale, page_due, calendars, stale_due = asked
    assert "LIMIT" in page
    assert "LIMIT" in page_due
    assert "calendars" in calendars
    assert "good_until < " in stale
    assert "good_until < " in stale_due


@pytest.mark.parametrize("after", ["nonsense", "W10=", "WzFd", "WyJhIiwiYiIsImMiXQ=="])
def test_a_place_that_is_none_is_told(register: Register, after: str) -> None:
    with pytest.raises(Malformed, match="after"):
        lists.list_due(register, OwedFilter(), LATER, after=after)


def test_findings_stand_in_codes_and_no_team_in_the_clear(
    register: Register, activities: ActivityCalls
) -> None:
    """E6: as docs/privacy.md says, outcomes stand in the open, and nothing that anybody wrote."""
    case = _opened(activities, 1, date(2026, 6, 1), about={"team": "Team of Mx Madeup"})
    found = [{"point": 1, "outcome": "upheld", "reason": "MARKED"}]
    _sent(activities, case, "respond", date(2026, 6, 3), outcome="upheld", findings=found)
    with register.reading() as db:
        rows = [dict(row._mapping) for row in db.execute(select(tables.findings))]
        teams = db.execute(select(tables.complaints.c.teams)).scalars().all()
    expected = {"reference": case.reference, "number": 1, "point": 1, "stage": "stage_1"}
    assert rows == [expected | {"outcome": "upheld", "on_date": date(2026, 6, 3)}]
    assert len(teams) == 1
    assert "Madeup" not in teams[0]
