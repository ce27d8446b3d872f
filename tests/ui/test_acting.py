"""From the UI an operator acknowledges, extends, escalates and responds, and is told when that cannot be."""

from __future__ import annotations

import json

import pytest
from playwright.async_api import expect
from temporalio.client import WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError

from redress.domain.calendar import long_date
from redress.domain.messages import KNOWN, MESSAGES, SIGNALS, Message, Respond
from redress.domain.parsing import parse_message
from redress.procedures.bank_holidays import calendar_today
from tests.conftest import Life
from tests.test_docs import text
from tests.ui.browser import LEAVE_BY, Operator
from tests.ui.conftest import NewLife
from workflows.descriptions import DAY, TEXT, example_form

CALENDAR = calendar_today()

MARK = "050b8bca"
"""Of a letter, as the page and `letters` say it."""

OPERATORS = " ".join(text("docs/operators.md").split())


async def opened(new_life: NewLife, operator: Operator) -> Life:
    life = new_life()
    await life.open()
    await operator.opens(life.reference)
    return life


async def test_the_four_actions_take_effect(new_life: NewLife, operator: Operator) -> None:
    life = await opened(new_life, operator)
    on = life.today.isoformat()
    until = CALENDAR.add(life.today, 15)
    assert await operator.sends("acknowledge", {"on": on}) == ""
    assert (
        await operator.sends("extend", {"on": on, "reason": "Two teams.", "until": until.isoformat()}) == ""
    )
    assert await operator.sends("respond", {"on": on, "outcome": "not_upheld", "summary": "Looked at."}) == ""
    assert await operator.sends("escalate", {"on": on, "reason": "Not content."}) == ""
    status = await life.status()
    assert [(m["action"], m["outcome"]) for m in status["messages"]] == [
        (action, "applied") for action in ("acknowledge", "extend", "respond", "escalate")
    ]
    assert status["stage"] == "stage_2"
    assert (await life.deadline("stage_1_response"))["due_on"] == until.isoformat()
    labels = await operator.timeline(until="Letters leave: acknowledgement")
    assert {"acknowledge", "extend", "respond", "escalate"} <= set(labels)
    assert "send_letters • Letters leave: acknowledgement" in labels


async def test_acknowledge_needs_nothing_filled_in(new_life: NewLife, newcomer: Operator) -> None:
    life = await opened(new_life, newcomer)
    assert await newcomer.sends("acknowledge", "") == ""
    (message,) = (await life.status())["messages"]
    assert (message["action"], message["assumed"]) == ("acknowledge", True)


FORM = {"outcome": "not_upheld", "summary": "Looked at.", "note": "From the UI.", "by": "An operator"}
"""Of so many fields that its box grows by more than a button is high."""


def form_of(life: Life) -> dict[str, str]:
    return {"on": life.today.isoformat(), **FORM}


@pytest.mark.parametrize("what", ["update", "signal"])
async def test_it_is_sent_as_the_page_says(what: str, new_life: NewLife, operator: Operator) -> None:
    assert f"click on the line *{LEAVE_BY}* beneath the box, then on *Submit*" in OPERATORS
    life = await opened(new_life, operator)
    dialog = await operator.fills_in("respond", form_of(life), what)
    await operator.leaves_the_box(dialog, LEAVE_BY)
    await operator.clicks(dialog.get_by_test_id("confirm-modal-button"))
    await expect(dialog).to_have_count(0)
    while not (await life.status())["messages"]:
        pass
    assert (await life.deadline("stage_1_response"))["state"] == "met"


async def test_a_click_straight_on_submit_sends_nothing_until_the_second(
    new_life: NewLife, operator: Operator
) -> None:
    assert "A click straight on *Submit* may do nothing" in OPERATORS
    life = await opened(new_life, operator)
    dialog = await operator.fills_in("respond", form_of(life))
    submit = dialog.get_by_test_id("confirm-modal-button")
    await operator.clicks(submit)
    await expect(operator.box(dialog).locator(".cm-line").first).to_have_text("{")
    await expect(dialog).to_be_visible()
    assert (await life.status())["messages"] == []
    await operator.clicks(submit)
    await expect(dialog).to_have_count(0)
    assert [each["action"] for each in (await life.status())["messages"]] == ["respond"]


async def test_a_click_on_the_heading_closes_the_dialog_and_sends_nothing(
    new_life: NewLife, operator: Operator
) -> None:
    assert "beside the dialog or on its heading closes it: nothing is sent" in OPERATORS
    life = await opened(new_life, operator)
    dialog = await operator.fills_in("respond", form_of(life))
    await operator.clicks(dialog.get_by_role("heading").first)
    await expect(dialog).to_have_count(0)
    assert (await life.status())["messages"] == []


async def test_a_refusal_is_told_where_it_was_asked(new_life: NewLife, operator: Operator) -> None:
    life = await opened(new_life, operator)
    most, beyond = CALENDAR.add(life.today, 20), CALENDAR.add(life.today, 40)
    form = {"reason": "Too much.", "until": beyond.isoformat()}
    said = await operator.sends("extend", form)
    assert said.startswith(f"Refused: until {long_date(beyond)} is beyond the most allowed")
    assert long_date(most) in said
    assert ".py" not in said
    assert (await life.deadline("stage_1_response"))["due_on"] != beyond.isoformat()
    (refused,) = (await life.status())["refused"]
    assert refused["action"] == "extend"
    assert await operator.timeline(until="extend")
    current_details = await operator.reads("current-details", until="extend of")
    assert f"refused: until {long_date(beyond)} is beyond" in current_details


async def test_what_is_taken_and_irregular_is_told_on_the_card(new_life: NewLife, operator: Operator) -> None:
    life = await opened(new_life, operator)
    assert await operator.sends("hold_panel", {"on": life.today.isoformat()}) == ""
    current_details = await operator.reads("current-details", until="hold_panel of")
    assert "taken, but irregular: a request for stage 3 is not recorded; " in current_details


async def test_a_program_that_says_who_it_is_is_told_the_same(new_life: NewLife) -> None:
    life = new_life()
    await life.open()
    beyond = CALENDAR.add(life.today, 40).isoformat()
    with pytest.raises(WorkflowUpdateFailedError) as refused:
        await life.handle.execute_update("extend", {"reason": "Too much.", "until": beyond})
    assert isinstance(refused.value.cause, ApplicationError)
    (answer,) = refused.value.cause.details
    assert list(answer)[:3] == ["applied", "pending", "reason"]
    assert (answer["applied"], answer["pending"]) == (False, False)


async def test_a_request_that_waits_for_a_decision_is_no_refusal(
    new_life: NewLife, operator: Operator
) -> None:
    life = await opened(new_life, operator)
    assert await operator.sends("escalate", {"reason": "At once."}) == ""
    assert [p["action"] for p in (await life.status())["pending"]] == ["escalate"]
    assert await operator.timeline(until="escalate")
    current_details = await operator.reads("current-details", until="Waits")
    assert (
        f"Waits, with nothing to decide\nescalate of {long_date(life.today)}, until it can" in current_details
    )
    assert "To decide" not in current_details


async def test_what_is_malformed_is_told_by_its_field(new_life: NewLife, operator: Operator) -> None:
    life = await opened(new_life, operator)
    said = await operator.sends("extend", {"until": "soon", "raeson": "A slip."})
    assert "reason: is missing; " in said
    assert "until: give a date as YYYY-MM-DD" in said
    assert "raeson: no such field" in said
    assert ".py" not in said
    assert (await life.status())["messages"] == []
    await operator.page.reload()
    assert "extend" not in await operator.timeline()


async def test_a_form_left_as_it_was_is_told_too(new_life: NewLife, operator: Operator) -> None:
    await opened(new_life, operator)
    said = await operator.sends("respond", {"on": DAY, **example_form(Respond)})
    assert "on: give a date as YYYY-MM-DD" in said
    assert "outcome: input should be 'upheld'" in said


async def test_every_update_says_what_to_fill_in(new_life: NewLife, operator: Operator) -> None:
    life = await opened(new_life, operator)
    offered = await operator.offered()
    assert offered.keys() == KNOWN.keys() | {"Custom"}
    for action, kind in MESSAGES.items():
        title, _, form = offered[action].partition(": {")
        assert title == kind.title
        filled = filled_in(json.loads("{" + form), life.today.isoformat())
        parsed = parse_message(action, filled, received_on=life.today, today=life.today)
        assert missing(kind, parsed.message) == set(), action


def filled_in(form: object, day: str) -> object:
    """A form as somebody fills it in: dates and texts put in, the first of several words chosen."""
    if isinstance(form, dict):
        return {name: MARK if name == "mark" else filled_in(value, day) for name, value in form.items()}
    if isinstance(form, list):
        return [filled_in(value, day) for value in form]
    if isinstance(form, str):
        return {DAY: day, TEXT: "Said."}.get(form, form.partition(" | ")[0])
    return form


def missing(kind: type[Message], message: Message) -> set[str]:
    required = {name for name, field in kind.model_fields.items() if field.is_required()}
    return required - message.model_fields_set


async def test_a_signal_is_described_and_counts(new_life: NewLife, operator: Operator) -> None:
    life = await opened(new_life, operator)
    offered = await operator.offered("signal")
    for action in SIGNALS:
        assert offered[action].startswith("For systems that cannot wait for an answer")
    await life.handle.signal("respond", {"on": life.today.isoformat(), "outcome": "not_upheld"})
    assert (await life.deadline("stage_1_response"))["state"] == "met"


async def test_a_signal_that_could_not_be_taken_is_told_on_the_card(
    new_life: NewLife, operator: Operator
) -> None:
    life = await opened(new_life, operator)
    await life.handle.signal("respond", {"outcome": "Markedo"})
    current_details = await operator.reads("current-details", until="Not taken")
    assert (
        f"Not taken: respond, which came on {long_date(life.today)} as a signal. Why: query status"
        in current_details
    )
    await life.handle.signal("Markedo", {})
    current_details = await operator.reads("current-details")
    while "unknown name" not in current_details:
        await operator.page.keyboard.press("r")
        current_details = await operator.reads("current-details")
    assert "Markedo" not in current_details


async def test_a_request_to_cancel_changes_nothing(new_life: NewLife, operator: Operator) -> None:
    life = await opened(new_life, operator)
    await operator.page.get_by_role("button", name="Request Cancellation").click()
    await operator.page.locator("dialog[open]").get_by_test_id("confirm-modal-button").click()
    await expect(operator.page.locator("dialog[open]")).to_have_count(0)
    status = await life.status()
    while not status["refused"]:
        status = await life.status()
    assert "not by cancelling" in str(status["refused"][0]["reason"])
    assert status["state"] == "open"
    ack = await life.deadline("acknowledgement")
    assert ack["state"] == "running"
    current_details = await operator.reads("current-details", until="Not taken")
    assert f"Not taken: cancel of {long_date(life.today)}: the complaint goes on; " in current_details
