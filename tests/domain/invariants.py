"""What must hold of every complaint, whatever people send and in what order.

Each invariant is a function of its own that names the contract's sentence; a failed one says where.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from redress.domain.case import Case, Task
from redress.domain.messages import KNOWN
from redress.domain.opening_parsing import parse_opening
from redress.domain.splitting import part_of
from redress.domain.status import Status
from redress.domain.status_building import status_of
from redress.procedures.loader import rules_for


def plain(status: Status) -> dict[str, Any]:
    """A status without what the order of arrival may change: letters' keys, the order of lists, and
    the reference of a part, which is given once and kept.
    """
    found: dict[str, Any] = dict(status)
    found["letters"] = sorted((str(each["on"]), str(each["letter"])) for each in status["letters"])
    for name in ("messages", "pending", "refused", "irregular"):
        found[name] = sorted(found[name], key=lambda each: (each["message_id"], each.get("what", "")))
    for name in ("linked", "links"):
        found[name] = [{**each, "reference": ""} for each in found[name]]
    return found


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
    """(g) "A message that reports what happened is always recorded"; never refused.

    An answer that does not say which stage it answers waits until somebody says it.
    """
    for each in status.get("messages", []):
        if each["outcome"] != "struck_out" and KNOWN[str(each["action"])].reports:
            waits = each["action"] == "respond" and each["outcome"] in ("pending", "overtaken")
            assert each["outcome"] == "applied" or waits


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


def a_target_passed_is_no_breach(status: Status) -> None:
    """ "A `target` passed is reminded and reported, and is no breach": it makes nothing overdue."""
    late = [d for d in status["deadlines"] if d["state"] == "overdue"]
    assert status["overdue"] is any(d["kind"] == "limit" for d in late if "from_statement" not in d["name"])
    for each in status["deadlines"]:
        assert each["kind"] == "limit" or not any(moved["breach"] for moved in each["moved"])


def closed_complaints_say_when_and_how(status: Status) -> None:
    """ "How a complaint ends": `closed_on` and `closed_as` stand together with the state."""
    closed = status["state"] == "closed"
    assert (status["closed_on"] is not None) is closed
    assert (status["closed_as"] is not None) is closed


def there_is_always_something_at_issue(status: Status) -> None:
    """A complaint is about something, whatever was split off, left behind or worded anew."""
    assert any(point["state"] in ("open", "suspended") for point in status["points"])


def a_pause_hides_no_delay(status: Status) -> None:
    """The reading without the pause is never later than the one with it, and never less late."""
    for each in status["deadlines"]:
        assert each["due_on_without_pause"] <= each["due_on"], each["name"]
        assert each["days_late_without_pause"] >= each["days_late"], each["name"]
        assert each["pauses"] or each["due_on_without_pause"] == each["due_on"] or each["provisional"]
        assert each["state"] != "paused" or each["pauses"]


def what_is_late_is_told(status: Status) -> None:
    """ "`late`: what has passed and is still owed"."""
    owed = [d for d in status["deadlines"] if d["state"] == "overdue" and "from_statement" not in d["name"]]
    assert sorted(d["name"] for d in owed) == sorted(d["name"] for d in status["late"])


def there_are_plain_words(status: Status) -> None:
    """(002-14) At every stage the person can read, in plain words, what it is and what happens next."""
    words = status["plain"]
    assert words["title"]
    assert words["what"]
    assert words["who"]
    assert words["next"]
    assert words["by"] is None or words["by"] >= status["as_of"]
    assert not any("{" in str(each) for each in words.values())


def no_due_date_moves_unsaid(before: Status, after: Status) -> None:
    """(e) `moved`: "each earlier due date with its reason"."""
    for was, now in zip(before["deadlines"], after["deadlines"], strict=False):
        assert was["name"] == now["name"]
        if was["due_on"] != now["due_on"]:
            earlier = [m["due_on"] for m in now["moved"]]
            assert was["due_on"] in earlier, was["name"]
            assert all(m["reason"].strip() for m in now["moved"])


def no_answer_meets_what_it_does_not_answer(case: Case) -> None:
    """A stage counts as answered once every point at issue has a finding of it, and not before."""
    state = case.state
    stage = state.current_stage
    if stage in state.answers.on and state.closed_on is None:
        assert not [p.number for p in state.points.open if p.number not in state.answers.answered(stage)]
    if state.closed_as in ("lapsed", "completed"):
        assert not state.answers.behind_is_owed


def all_hold(status: Status) -> None:
    """Whatever can be seen in one status."""
    an_open_complaint_is_owed_something(status)
    every_refusal_and_every_wait_has_its_reason(status)
    reports_are_always_recorded(status)
    late_is_at_least_a_day_and_nothing_else_is(status)
    a_target_passed_is_no_breach(status)
    closed_complaints_say_when_and_how(status)
    there_is_always_something_at_issue(status)
    there_are_plain_words(status)
    a_pause_hides_no_delay(status)
    what_is_late_is_told(status)


def what_runs_is_what_the_log_says(case: Case, as_of: date) -> None:
    """(b) "The case is at all times what it would be if its messages had come in the order of their
    `on`": the case that timers and letters are made from is the one that `status` folds anew.
    """
    case.state.advance(as_of)
    nothing_is_left_in_silence(case)
    running = plain(status_of(case.state, case.reference, case.log, as_of))
    folded = plain(case.status(as_of))
    assert running == folded


def nothing_is_left_in_silence(case: Case) -> None:
    """What lies with the Ombudsman has a dated review, and no clock closes what an answer is owed to."""
    state = case.state
    no_answer_meets_what_it_does_not_answer(case)
    if state.referred_on is not None:
        assert "ombudsman_review" in {deadline.name for deadline in state.running}
    if state.closed_as == "lapsed":
        assert state.current_stage in state.answers.on or "informally_tried" in state.reached


def each_letter_says_what_comes_next(tasks: list[Task]) -> None:
    """Whoever gets a letter is told the date by which something happens next."""
    for task in tasks:
        if task.effect.kind not in ("breach", "split"):
            following = task.effect.facts.get("next")
            assert isinstance(following, dict), task.effect.key
            assert date.fromisoformat(str(following["on"]))


def what_is_split_off_can_be_opened(case: Case, tasks: list[Task], today: date) -> None:
    """A part becomes a complaint of its own, linked to this one and under the procedure asked for."""
    for task in tasks:
        if task.effect.kind == "split":
            part = part_of(case, task.effect.facts)
            opening = parse_opening(part.opening, today)
            assert rules_for(opening).procedure.name == task.effect.facts["procedure"]
            assert opening.linked_to == case.reference
