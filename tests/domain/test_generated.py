"""The rules under sequences that nobody thought of, for every procedure and authority.

The sequences come from `stories.py`, what must hold of them stands in `invariants.py`. `make explore`
draws other ones each time.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from redress.domain.case import Case
from redress.domain.london import instant
from redress.domain.messages import KNOWN, MESSAGES
from redress.domain.opening_parsing import parse_opening
from redress.domain.parsing import Malformed
from redress.procedures.loader import authority, authority_names, rules_for
from tests.domain.conftest import document, opened, send
from tests.domain.generating import examples, steady, thorough
from tests.domain.invariants import (
    all_hold,
    each_letter_says_what_comes_next,
    no_due_date_moves_unsaid,
    plain,
    what_is_split_off_can_be_opened,
    what_runs_is_what_the_log_says,
)
from tests.domain.stories import (
    DAY,
    OF_DRAFTS,
    OPENINGS,
    Story,
    any_story,
    begin,
    by_arrival,
    carried_out,
    fields_of,
    said_by,
    stories,
    tell,
)

every_procedure = pytest.mark.parametrize("procedure", sorted(OPENINGS))


def test_no_procedure_and_no_authority_is_left_out() -> None:
    """What an authority has and no generated complaint follows would be held to nothing."""
    followed = set()
    for procedure, openings in OPENINGS.items():
        for more in openings:
            opening = parse_opening(document(**more), date(2026, 6, 1))
            assert rules_for(opening).procedure.name == procedure
            followed.add((opening.authority, procedure))
    for name in authority_names():
        assert {each for who, each in followed if who == name} >= {*authority(name).procedures} - {
            "corporate",
            "representation",
        }, name
    assert {each for _, each in followed} == {"statutory", "corporate", "irm", "representation"}


BROUGHT_BY_INTAKE = {"confirm_contact"}
"""What only an intake caller's message makes possible: `test_contact_details.py` has it."""

KINDS_OF: dict[str, Callable[[Any], object]] = {
    "close": lambda m: m.kind,
    "hold_panel": lambda m: m.adjourned_to and "adjourned",
    "ombudsman_decision": lambda m: m.returns_to,
    "respond": lambda m: m.amends and "amends",
    "suspend": lambda m: "points" if m.points else m.stated_ground,
    "withdraw": lambda m: m.stage,
}
"""What tells messages of one action apart."""

REACHED = {
    *(("close", kind) for kind in ("died", "duplicate", "transferred", "settled", "out_of_contact")),
    *(("ombudsman_decision", stage) for stage in ("stage_1", "stage_2", "stage_3")),
    *(("suspend", ground) for ground in ("proceedings", "other", "points")),
    ("hold_panel", "adjourned"),
    ("respond", "amends"),
    ("withdraw", "stage_2"),
}


def test_the_stories_really_reach_what_people_do() -> None:
    """A generator whose messages are all refused or malformed would hold nothing to anything.

    These are a fraction of the stories of a whole run: what is rare may be missing among them.
    """
    reached: set[tuple[str, object]] = set()

    @given(st.one_of(any_story("statutory"), any_story("corporate")))
    @settings(examples(240), max_examples=240, derandomize=True)  # also where others are explored
    def live(story: Story) -> None:
        case = carried_out(story)
        for entry in case.log:
            action, kind = entry.message.action, KINDS_OF.get(entry.message.action)
            if case.state.outcomes[entry.seq].outcome in ("applied", "struck_out"):
                reached.update([(action, None), (action, kind(entry.message) if kind else None)])

    live()
    wanted = {(action, None) for action in KNOWN.keys() - BROUGHT_BY_INTAKE - OF_DRAFTS} | REACHED
    missing = sorted(f"{action} {kind or ''}" for action, kind in wanted - reached)
    assert len(missing) <= len(wanted) // 7, missing


@every_procedure
@given(data=st.data())
@steady
def test_a_complaint_holds_together_on_any_day(procedure: str, data: st.DataObject) -> None:
    story: Story = data.draw(stories(procedure))
    case = carried_out(story)
    for days in data.draw(st.lists(st.integers(0, 400), min_size=1, max_size=4)):
        all_hold(case.status(story.received_on + days * DAY))
    all_hold(case.status(story.end))


@every_procedure
@given(data=st.data())
@steady
def test_and_with_corrections(procedure: str, data: st.DataObject) -> None:
    story: Story = data.draw(stories(procedure, corrections=True))
    case = carried_out(story)
    all_hold(case.status(story.end))
    what_runs_is_what_the_log_says(case, story.end)
    assert Case.restore(case.rules, case.saved()).status(story.end) == case.status(story.end)
    for days in (0, 5, 20, 60):
        case.status(story.received_on + days * DAY)


@every_procedure
@given(data=st.data())
@steady
def test_what_runs_is_what_status_shows(procedure: str, data: st.DataObject) -> None:
    story: Story = data.draw(any_story(procedure))
    case = begin(story)
    for number, step in by_arrival(story):
        tell(case, step, number)
        what_runs_is_what_the_log_says(case, step.arrives)
    what_runs_is_what_the_log_says(case, story.end)


@every_procedure
@given(data=st.data())
@steady
def test_the_order_of_arrival_does_not_matter(procedure: str, data: st.DataObject) -> None:
    """(b) "... (ties: the order received)": any order that keeps the order within each day."""
    story: Story = data.draw(stories(procedure, late=False))
    in_order = carried_out(story)

    shuffled = data.draw(st.permutations(range(len(story.steps))))
    of_a_day: dict[date, list[int]] = {}
    for number, step in enumerate(story.steps):
        of_a_day.setdefault(step.on, []).append(number)
    waiting = {day: iter(numbers) for day, numbers in of_a_day.items()}
    arriving = [next(waiting[story.steps[number].on]) for number in shuffled]
    otherwise = begin(story)
    clock = story.received_on
    for number in arriving:
        clock = max(clock, story.steps[number].on)
        if data.draw(st.booleans()):
            otherwise.due(instant(clock, "12:00"))
        tell(otherwise, story.steps[number], number, clock)

    wanted = plain(in_order.status(story.end))
    assert plain(otherwise.status(story.end)) == wanted
    assert plain(Case.restore(in_order.rules, in_order.saved()).status(story.end)) == wanted
    # What an opening brings has no recount, and a conflict of interests there is irregular and not refused.
    conflicts = any("conflict_considered" in str(each["reason"]) for each in wanted["refused"])
    if not conflicts and not any(step.action == "recount" for step in story.steps):
        assert plain(loaded(story, in_order).status(story.end)) == wanted


def loaded(story: Story, here: Case) -> Case:
    """The same complaint brought in on its last day, with the messages that the one here took."""
    known = {entry.message.message_id for entry in here.log}
    bodies = [
        {"action": step.action, "on": step.on.isoformat(), "message_id": f"m{number}", **said_by(step)}
        for number, step in enumerate(story.steps)
        if f"m{number}" in known
    ]
    return opened(story.received_on.isoformat(), story.end.isoformat(), messages=bodies, **story.more)


@every_procedure
@given(data=st.data())
@steady
def test_nothing_is_done_twice(procedure: str, data: st.DataObject) -> None:
    """(c) "nothing is sent twice": no key comes twice, however messages arrive and time passes."""
    story: Story = data.draw(any_story(procedure))
    case = begin(story)
    seen: list[str] = []
    now = instant(story.received_on, "09:30")

    def look() -> None:
        tasks = case.due(now)
        each_letter_says_what_comes_next(tasks)
        what_is_split_off_can_be_opened(case, tasks, now.date())
        seen.extend(task.effect.key for task in tasks)
        assert case.due(now) == []

    look()
    for number, step in by_arrival(story):
        now = max(now, instant(step.arrives, "12:00"))
        tell(case, step, number)
        look()
    for days in data.draw(st.lists(st.integers(0, 30), max_size=12)):
        now += timedelta(days=days, hours=7)
        look()
    assert len(seen) == len(set(seen))
    again = Case.restore(case.rules, case.saved())
    assert again.due(now) == []


@every_procedure
@given(data=st.data())
@steady
def test_a_repeat_changes_nothing(procedure: str, data: st.DataObject) -> None:
    """(d) "The same `message_id` with the same content gives the first answer and does nothing more"."""
    story: Story = data.draw(any_story(procedure))
    case = carried_out(story)
    if not case.log:
        return
    before = case.status(story.end)
    number, step = data.draw(st.sampled_from(by_arrival(story)))
    if f"m{number}" not in case.logged:
        return
    on = step.on.isoformat() if step.dated else None
    end = story.end.isoformat()
    answer = send(case, step.action, on, arrives=end, message_id=f"m{number}", **said_by(step))
    assert answer.repeated
    first = case.logged[f"m{number}"].answer
    assert first is not None
    assert answer == first.model_copy(update={"repeated": True})
    assert case.status(story.end) == before


@every_procedure
@given(data=st.data())
@steady
def test_no_due_date_moves_unsaid(procedure: str, data: st.DataObject) -> None:
    story: Story = data.draw(stories(procedure, late=False))
    case = begin(story)
    before = case.status(story.received_on)
    for number, step in enumerate(story.steps):
        waited = case.status(step.on)
        no_due_date_moves_unsaid(before, waited)
        tell(case, step, number)
        before = case.status(step.on)
        # What never came moves no date; under another procedure other limits run, as its letter says.
        if step.action not in ("strike_out", "change_procedure"):
            no_due_date_moves_unsaid(waited, before)
    no_due_date_moves_unsaid(before, case.status(story.end))


@every_procedure
@given(data=st.data())
@steady
def test_restored_it_is_the_same_case(procedure: str, data: st.DataObject) -> None:
    """(h) what `state` keeps is all of it: a new run, or the register, makes the same case again."""
    story: Story = data.draw(stories(procedure, corrections=True))
    case = carried_out(story)
    case.due(instant(story.end, "12:00"))
    kept = type(case.saved()).model_validate_json(case.saved().model_dump_json())
    again = Case.restore(case.rules, kept)
    assert again.status(story.end) == case.status(story.end)
    assert again.opening == case.opening
    now = instant(story.end, "12:00")
    assert again.due(now) == []
    assert again.timers(now) == case.timers(now)
    assert again.is_finished is case.is_finished


@every_procedure
@given(data=st.data())
@steady
def test_an_open_complaint_wakes_by_itself(procedure: str, data: st.DataObject) -> None:
    """ "An open complaint always has a running limit or a dated review": so there is always a timer."""
    story: Story = data.draw(any_story(procedure))
    case = carried_out(story)
    now = instant(story.end, "12:00")
    case.due(now)
    timers = case.timers(now)
    assert all(timer.at > now for timer in timers)
    assert all(len(timer.summary) <= 120 for timer in timers)
    if not case.is_finished:
        assert timers


# --- (j) nothing raises but Malformed at parse ---------------------------------------------------

texts = st.one_of(
    st.text(max_size=12),
    st.sampled_from(
        ["2026-06-03", "2026-06-31", "1700006400", "9999-12-31", "0001-01-01", "-1", "", " ", "m0.on", "\x00"]
    ),
)
nonsense: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | texts
    | st.dates().map(lambda day: day.isoformat()),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)
field_names = st.sampled_from(
    sorted({name for kind in MESSAGES.values() for name in kind.model_fields} | {"with", "action", "nothing"})
)


@given(st.sampled_from([*KNOWN, "nonsense", "", "record-meeting"]), nonsense)
@thorough
def test_whatever_is_sent_only_malformed_is_raised(action: str, raw: object) -> None:
    _try(action, raw, {})


@given(
    st.data(),
    st.sampled_from(sorted(KNOWN)),
    st.dictionaries(field_names, nonsense, max_size=3),
    st.sampled_from([openings[0] for openings in OPENINGS.values()]),
)
@thorough
def test_nor_by_a_message_with_a_field_spoilt(
    data: st.DataObject, action: str, spoilt: dict[str, object], more: dict[str, Any]
) -> None:
    """(j) "A malformed update is turned away before the record, every problem named by its field"."""
    on, end = date(2026, 6, 3), date(2026, 6, 10)
    right = data.draw(fields_of(action, on, end))
    if action == "correct":
        right = {"field": data.draw(texts), "value": data.draw(nonsense), "reason": "?"}
    _try(action, {"on": on.isoformat(), **right, **spoilt}, more)


def _try(action: str, raw: object, more: dict[str, Any]) -> None:
    case = opened(**more)
    send(case, "respond", "2026-06-02", message_id="m0", outcome="upheld", remedies=[{"what": "Apologise"}])
    now = instant(date(2026, 6, 10), "12:00")
    parsed, problems = None, []
    try:
        parsed = case.parse(action, raw, now)
    except Malformed as malformed:
        problems = malformed.problems
    if parsed is None:
        assert problems
        assert all(problem.field and problem.what for problem in problems)
        assert len(case.log) == 1
        return
    case.receive(parsed, now)
    case.due(now)
    all_hold(case.status(date(2026, 6, 10)))
