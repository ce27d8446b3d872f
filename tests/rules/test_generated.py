"""The rules under sequences that nobody thought of: what must hold whatever people send, and in what order.

Each invariant is a function of its own that names the contract's sentence; the tests bring it
together with generated complaints. A failure prints a blob with which it can be repeated.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import date, timedelta
from typing import Any, NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st

from redress.case import Case, Task
from redress.london import instant
from redress.messages import MESSAGES
from redress.parse import Malformed
from redress.standing import Status, standing
from tests.rules.conftest import opened, send

steady = settings(deadline=None, max_examples=60, print_blob=True)
"""Few enough examples for every run; two slow cores do all of them within the minute."""

DAY = timedelta(days=1)
NAMES = ["Inventina Prober", "Fabian Makebelieve", "Fictitia Decider", "Mythica Presider", "Unreal Sitter"]
ROLES = [
    "investigating_officer",
    "independent_person",
    "adjudicating_officer",
    "panel_chair",
    "panel_member",
]


class Step(NamedTuple):
    """One message to be sent: its date, the day it arrives, what it says."""

    on: date
    arrives: date
    action: str
    fields: dict[str, Any]
    dated: bool = True


class Story(NamedTuple):
    """A complaint's receipt, its messages in the order of their dates, and the day it is looked at."""

    received_on: date
    more: dict[str, Any]
    steps: list[Step]
    end: date


# --- strategies ----------------------------------------------------------------------------------

receipts = st.sampled_from(
    [date(2026, 6, 1), date(2026, 3, 27), date(2025, 12, 20), date(2022, 5, 26), date(2024, 10, 25)]
)
openings: st.SearchStrategy[dict[str, Any]] = st.sampled_from(
    [{}, {}, {}, {"complainant": None}, {"events_on": "2019-01-01"}, {"authority": "north-somerset"}]
)
gaps = st.one_of(st.integers(0, 3), st.integers(0, 12), st.integers(0, 45), st.just(0))

long_gaps = st.one_of(gaps, st.integers(25, 50))
"""Before a request: its window may have passed by then."""

IN_ORDER = [
    "acknowledge",
    "respond",
    "escalate",
    "appoint",
    "appoint",
    "appoint",
    "agree_statement",
    "extend",
    "report",
    "respond",
    "escalate",
    "decide_late",
    "acknowledge",
    "appoint",
    "appoint",
    "appoint",
    "schedule_panel",
    "send_papers",
    "hold_panel",
    "report",
    "respond",
    "complete_remedy",
    "refer_to_ombudsman",
    "ombudsman_decision",
]
"""A complaint that goes the whole way; a story leaves some of it out and puts other things in."""

ANY_ACTION = [name for name in MESSAGES if name != "correct"]


def _ahead(on: date, most: int = 60) -> st.SearchStrategy[str]:
    return st.integers(-5, most).map(lambda days: (on + days * DAY).isoformat())


@st.composite
def fields_of(draw: st.DrawFn, action: str, on: date, end: date) -> dict[str, Any]:
    """What a message of an action may say besides its date; nearly always well-formed."""
    said: dict[str, Any] = {}
    match action:
        case "decline" | "extend" | "close" | "suspend" | "decide_late":
            said["reason"] = draw(st.sampled_from(["Complex", "Because"]))
    match action:
        case "resolve_informally":
            said["agreed"] = draw(st.booleans())
        case "extend":
            said["until"] = draw(st.none() | _ahead(on, 90))
        case "respond":
            said["outcome"] = draw(st.sampled_from(["upheld", "partly_upheld", "not_upheld", "resolved"]))
            remedy = st.fixed_dictionaries({"what": st.just("Apologise")})
            said["remedies"] = draw(st.lists(remedy, max_size=2))
            said["independent_person_consulted"] = draw(st.none() | st.booleans())
            if draw(st.booleans()) and on < end:
                said["received_on"] = min(end, on + draw(st.integers(0, 8)) * DAY).isoformat()
        case "escalate":
            said["agreed_by_authority"] = draw(st.booleans())
        case "decide_late":
            said["accept"] = draw(st.booleans())
        case "appoint":
            said["role"] = draw(st.sampled_from(ROLES))
            said["person"] = {"name": draw(st.sampled_from(NAMES))}
            said["connection"] = draw(st.sampled_from(["none", "none", "none", "employee", "member"]))
        case "report":
            said["kind"] = draw(st.sampled_from(["investigation", "independent_person", "panel", "panel"]))
        case "schedule_panel":
            said["meeting_on"] = draw(_ahead(on))
        case "suspend":
            said["review_on"] = draw(_ahead(on))
            said["points"] = draw(st.sampled_from([None, None, [1]]))
        case "close":
            said["agreed_by_complainant"] = draw(st.booleans())
        case "refer_to_ombudsman":
            said["conditions"] = draw(st.sampled_from([[], ["All upheld"]]))
        case "ombudsman_decision":
            said["outcome"] = "upheld"
            said["remedies"] = draw(st.sampled_from([[], [{"what": "Pay"}]]))
        case "complete_remedy":
            said["remedy"] = draw(st.integers(1, 3))
        case "add_note":
            said["note"] = "A telephone call"
        case "set_advocate":
            said["advocate"] = draw(st.sampled_from([None, {"name": "Supporta Invented"}]))
    return said


@st.composite
def stories(draw: st.DrawFn, *, corrections: bool = False, late: bool = True) -> Story:
    """Plausible courses with parts missing, and nonsense, of up to about twenty messages."""
    received_on = draw(receipts)
    if draw(st.booleans()):
        actions = [action for action in IN_ORDER if draw(st.integers(0, 5))]
        for extra in draw(st.lists(st.sampled_from([*ANY_ACTION, "suspend", "suspend"]), max_size=4)):
            at = draw(st.integers(0, len(actions)))
            actions.insert(at, extra)
            if extra == "suspend":
                actions.insert(draw(st.integers(at + 1, len(actions))), "resume")
    else:
        actions = draw(st.lists(st.sampled_from(ANY_ACTION), max_size=14))
    on, dates = received_on, []
    for action in actions:
        on += draw(long_gaps if action == "escalate" else gaps) * DAY
        dates.append(on)
    end = on + draw(st.integers(0, 80)) * DAY
    steps = []
    for action, on in zip(actions, dates, strict=True):
        arrives = min(end, on + draw(gaps) * DAY) if late and not draw(st.integers(0, 3)) else on
        dated = arrives != on or draw(st.integers(0, 9)) > 0
        fields = draw(fields_of(action, on, end if late else on))
        steps.append(Step(on, arrives, action, fields, dated or not late))
    if corrections:
        for _ in range(draw(st.integers(1, 3))):
            steps.append(draw(corrections_of(received_on, steps, end)))
    return Story(received_on, draw(openings), steps, end)


@st.composite
def corrections_of(draw: st.DrawFn, received_on: date, steps: list[Step], end: date) -> Step:
    """Something put right: the receipt, or a message's date; often impossible."""
    on = received_on + draw(st.integers(0, (end - received_on).days)) * DAY
    which = draw(st.integers(0, max(0, len(steps) - 1)))
    field = draw(st.sampled_from(["received_on", "channel", "events_on", f"m{which}.on", f"m{which}.reason"]))
    value: object = (received_on + draw(st.integers(-20, 30)) * DAY).isoformat()
    if field == "channel":
        value = "post"
    arrives = on + draw(st.integers(0, (end - on).days)) * DAY
    return Step(on, arrives, "correct", {"field": field, "value": value, "reason": "Typing mistake"})


any_story = st.one_of(stories(), stories(corrections=True))

# --- carrying a story out ------------------------------------------------------------------------


def begin(story: Story) -> Case:
    """The complaint as it is opened on the day of its receipt."""
    return opened(story.received_on.isoformat(), **story.more)


def tell(case: Case, step: Step, number: int, arrives: date | None = None) -> None:
    """Send one step of a story; what is malformed is turned away and changes nothing."""
    on = step.on.isoformat() if step.dated else None
    day = (arrives or step.arrives).isoformat()
    fields = {name: value for name, value in step.fields.items() if value is not None}
    with suppress(Malformed):
        send(case, step.action, on, arrives=day, message_id=f"m{number}", **fields)


def by_arrival(story: Story) -> list[tuple[int, Step]]:
    """The steps of a story, numbered, in the order they arrive."""
    return sorted(enumerate(story.steps), key=lambda each: each[1].arrives)


def carried_out(story: Story) -> Case:
    """The complaint after all of its story."""
    case = begin(story)
    for number, step in by_arrival(story):
        tell(case, step, number)
    return case


def plain(status: Status) -> dict[str, Any]:
    """A status without what the order of arrival may change: letters' keys, the order of lists."""
    found: dict[str, Any] = dict(status)
    found["letters"] = sorted((str(each["on"]), str(each["letter"])) for each in status["letters"])
    for name in ("messages", "pending", "refused", "irregular"):
        found[name] = sorted(found[name], key=lambda each: (each["message_id"], each.get("what", "")))
    return found


# --- invariants ----------------------------------------------------------------------------------


def an_open_complaint_is_owed_something(status: Status) -> None:
    """(a) "An open complaint always has a running limit or a dated review, with an owner. No state
    waits in silence." And nothing is pending that nobody will come back to.
    """
    live = [d for d in status["deadlines"] if d["state"] in ("running", "overdue")]
    if status["state"] == "suspended":
        assert any(d["name"] == "suspension_review" for d in live)
    if status["state"] != "closed" or status["pending"]:
        assert any(d["owner"] != "nobody" for d in live), status["stage"]
        assert status["waiting_for"] != "nobody"
        assert status["next_due_on"] is not None


def every_refusal_and_every_wait_has_its_reason(status: Status) -> None:
    """(f) "Refused, with the reason, are ..."; a pending one says what it waits for."""
    for each in (*status["refused"], *status["pending"]):
        assert str(each["reason"]).strip()


def reports_are_always_recorded(status: Status) -> None:
    """(g) "A message that reports what happened is always recorded"; never refused, never waiting."""
    for each in status.get("messages", []):
        if MESSAGES[str(each["action"])].reports:
            assert each["outcome"] == "applied"


def late_is_at_least_a_day_and_nothing_else_is(status: Status) -> None:
    """(i) "`days_late` is at least 1 once late"; an assumed date is never late."""
    for each in status["deadlines"]:
        if each["state"] == "stopped":
            continue
        assert (each["days_late"] >= 1) is (each["state"] in ("overdue", "met_late")), each["name"]
        assert (each["state"] == "overdue") is (
            each["met_on"] is None
            and each["state"] in ("overdue", "running")
            and each["due_on"] < status["as_of"]
        )


def closed_complaints_say_when_and_how(status: Status) -> None:
    """ "How a complaint ends": `closed_on` and `closed_as` stand together with the state."""
    closed = status["state"] == "closed"
    assert (status["closed_on"] is not None) is closed
    assert (status["closed_as"] is not None) is closed


def no_due_date_moves_unsaid(before: Status, after: Status) -> None:
    """(e) `moved`: "each earlier due date with its reason"."""
    for was, now in zip(before["deadlines"], after["deadlines"], strict=False):
        assert was["name"] == now["name"]
        if was["due_on"] != now["due_on"]:
            earlier = [m["due_on"] for m in now["moved"]]
            assert was["due_on"] in earlier, was["name"]
            assert all(m["reason"].strip() for m in now["moved"])


def all_hold(status: Status) -> None:
    an_open_complaint_is_owed_something(status)
    every_refusal_and_every_wait_has_its_reason(status)
    reports_are_always_recorded(status)
    late_is_at_least_a_day_and_nothing_else_is(status)
    closed_complaints_say_when_and_how(status)


def what_runs_is_what_the_log_says(case: Case, as_of: date) -> None:
    """(b) "The case is at all times what it would be if its messages had come in the order of their
    `on`": the case that timers and letters are made from is the one that `status` folds anew.
    """
    case.fold.advance(as_of)
    running = plain(standing(case.fold, case.reference, case.log, as_of))
    folded = plain(case.status(as_of))
    assert running == folded


def each_letter_says_what_comes_next(tasks: list[Task]) -> None:
    """Whoever gets a letter is told the date by which something happens next."""
    for task in tasks:
        if task.effect.kind != "breach":
            following = task.effect.facts.get("next")
            assert isinstance(following, dict), task.effect.key
            assert date.fromisoformat(str(following["on"]))


# --- the tests -----------------------------------------------------------------------------------


@given(stories(), st.data())
@steady
def test_a_complaint_holds_together_on_any_day(story: Story, data: st.DataObject) -> None:
    case = carried_out(story)
    for days in data.draw(st.lists(st.integers(0, 400), min_size=1, max_size=4)):
        all_hold(case.status(story.received_on + days * DAY))
    all_hold(case.status(story.end))


@given(stories(corrections=True))
@steady
def test_and_with_corrections(story: Story) -> None:
    case = carried_out(story)
    all_hold(case.status(story.end))
    what_runs_is_what_the_log_says(case, story.end)
    assert Case.restore(case.terms, case.state()).status(story.end) == case.status(story.end)
    for days in (0, 5, 20, 60):
        case.status(story.received_on + days * DAY)


@given(any_story)
@steady
def test_what_runs_is_what_status_shows(story: Story) -> None:
    case = begin(story)
    for number, step in by_arrival(story):
        tell(case, step, number)
        what_runs_is_what_the_log_says(case, step.arrives)
    what_runs_is_what_the_log_says(case, story.end)


@given(stories(late=False), st.data())
@steady
def test_the_order_of_arrival_does_not_matter(story: Story, data: st.DataObject) -> None:
    """(b) "... (ties: the order received)": any order that keeps the order within each day."""
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

    known = {message.message_id for message in (entry.message for entry in in_order.log)}
    bodies = [
        {
            "action": step.action,
            "on": step.on.isoformat(),
            "message_id": f"m{number}",
            **{name: value for name, value in step.fields.items() if value is not None},
        }
        for number, step in enumerate(story.steps)
        if f"m{number}" in known
    ]
    loaded = opened(story.received_on.isoformat(), story.end.isoformat(), messages=bodies, **story.more)

    wanted = plain(in_order.status(story.end))
    assert plain(otherwise.status(story.end)) == wanted
    assert plain(loaded.status(story.end)) == wanted
    assert plain(Case.restore(in_order.terms, in_order.state()).status(story.end)) == wanted


@given(any_story, st.lists(st.integers(0, 30), max_size=12))
@steady
def test_nothing_is_done_twice(story: Story, pauses: list[int]) -> None:
    """(c) "nothing is sent twice": no key comes twice, however messages arrive and time passes."""
    case = begin(story)
    seen: list[str] = []
    now = instant(story.received_on, "09:30")

    def look() -> None:
        tasks = case.due(now)
        each_letter_says_what_comes_next(tasks)
        seen.extend(task.effect.key for task in tasks)
        assert case.due(now) == []

    for number, step in by_arrival(story):
        now = max(now, instant(step.arrives, "12:00"))
        tell(case, step, number)
        look()
    for days in pauses:
        now += timedelta(days=days, hours=7)
        look()
    assert len(seen) == len(set(seen))
    again = Case.restore(case.terms, case.state())
    assert again.due(now) == []


@given(any_story, st.data())
@steady
def test_a_repeat_changes_nothing(story: Story, data: st.DataObject) -> None:
    """(d) "The same `message_id` with the same content gives the first answer and does nothing more"."""
    case = carried_out(story)
    if not case.log:
        return
    before = case.status(story.end)
    number, step = data.draw(st.sampled_from(by_arrival(story)))
    if f"m{number}" not in case.logged:
        return
    fields = {name: value for name, value in step.fields.items() if value is not None}
    on = step.on.isoformat() if step.dated else None
    answer = send(case, step.action, on, arrives=story.end.isoformat(), message_id=f"m{number}", **fields)
    assert answer.repeated
    first = case.logged[f"m{number}"].answer
    assert first is not None
    assert answer == first.model_copy(update={"repeated": True})
    assert case.status(story.end) == before


@given(stories(late=False))
@steady
def test_no_due_date_moves_unsaid(story: Story) -> None:
    case = begin(story)
    before = case.status(story.received_on)
    for number, step in enumerate(story.steps):
        waited = case.status(step.on)
        no_due_date_moves_unsaid(before, waited)
        tell(case, step, number)
        before = case.status(step.on)
        no_due_date_moves_unsaid(waited, before)
    no_due_date_moves_unsaid(before, case.status(story.end))


@given(stories(corrections=True))
@steady
def test_restored_it_is_the_same_case(story: Story) -> None:
    """(h) what `state` keeps is all of it: a new run, or the register, makes the same case again."""
    case = carried_out(story)
    case.due(instant(story.end, "12:00"))
    kept = type(case.state()).model_validate_json(case.state().model_dump_json())
    again = Case.restore(case.terms, kept)
    assert again.status(story.end) == case.status(story.end)
    assert again.opening == case.opening
    now = instant(story.end, "12:00")
    assert again.due(now) == []
    assert again.timers(now) == case.timers(now)
    assert again.is_finished is case.is_finished


@given(any_story)
@steady
def test_an_open_complaint_wakes_by_itself(story: Story) -> None:
    """ "An open complaint always has a running limit or a dated review": so there is always a timer."""
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


@given(st.sampled_from([*MESSAGES, "nonsense", "", "record-meeting"]), nonsense)
@steady
def test_whatever_is_sent_only_malformed_is_raised(action: str, raw: object) -> None:
    _try(action, raw)


@given(st.data(), st.sampled_from(sorted(MESSAGES)), st.dictionaries(field_names, nonsense, max_size=3))
@steady
def test_nor_by_a_message_with_a_field_spoilt(
    data: st.DataObject, action: str, spoilt: dict[str, object]
) -> None:
    """(j) "A malformed update is turned away before the record, every problem named by its field"."""
    on, end = date(2026, 6, 3), date(2026, 6, 10)
    right = data.draw(fields_of(action, on, end))
    if action == "correct":
        right = {"field": data.draw(texts), "value": data.draw(nonsense), "reason": "?"}
    _try(action, {"on": on.isoformat(), **right, **spoilt})


def _try(action: str, raw: object) -> None:
    case = opened()
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
