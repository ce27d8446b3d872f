"""Letters by GOV.UK Notify, through its own client, against a stand-in that checks what Notify checks."""

from __future__ import annotations

import logging
import time
from datetime import timedelta
from typing import Any

import jwt
import pytest
import requests
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory

from redress.domain.postal_address import envelope_lines
from redress.letters.dispatcher import SendLimits
from redress.settings import Settings
from redress.store import letters as kept
from tests.letters.delivery import notify_service
from tests.letters.delivery.conftest import RecordedComplaint, settings_by_notify
from tests.letters.delivery.notify_service import Fault, NotifyService
from tests.waiting import PATIENCE


def taken(notify: NotifyService, kind: str) -> list[dict[str, Any]]:
    return [each for each in notify.taken.values() if each["type"] == kind]


def test_a_letter_by_e_mail_arrives(by_notify: Settings, notify: NotifyService) -> None:
    at = RecordedComplaint(by_notify)
    at.open()
    assert not at.says("acknowledge", "2026-06-02"), "it was taken, and has not arrived yet"
    [row] = at.rows()
    assert (row.state, row.channel) == ("accepted", "notify")
    at.activities.send_letters(at.reference)
    [row] = at.rows()
    [sent] = taken(notify, "email")
    assert (row.state, row.place) == ("sent", f"notify/{sent['id']}")
    assert sent["email_address"] == "testa@inventata.example"
    assert sent["subject"] == "We have your complaint"
    assert sent["body"] == kept.text_of(at.register.cipher, row)
    assert sent["sanitised"] == ["body"], "what strangers wrote makes no links"
    for personal in (at.reference, "Testa", "acknowledgement"):
        assert personal not in sent["reference"]


def test_by_post_to_the_address_line_by_line(by_notify: Settings, notify: NotifyService) -> None:
    at = RecordedComplaint(by_notify)
    at.open(format="letter")
    at.says("acknowledge", "2026-06-02")
    at.activities.send_letters(at.reference)
    [sent] = notify.taken.values()
    lines = [sent[f"line_{n}"] for n in range(1, 5)]
    assert (sent["type"], lines) == (
        "letter",
        ["Testa Inventata", "1 Nowhere Lane", "Exampletown", "EX1 1AA"],
    )
    assert at.states() == {"acknowledgement to complainant": "sent"}


@pytest.mark.parametrize(
    ("address", "lines"),
    [
        ("1 Nowhere Lane, Exampletown, EX1 1AA", ["T", "1 Nowhere Lane", "Exampletown", "EX1 1AA"]),
        ("a\n\nb,\nc", ["T", "a", "b", "c"]),
        ("1 Made-up Row\nExampletown EX1 1AA", ["T", "1 Made-up Row", "Exampletown", "EX1 1AA"]),
        ("1 Made-up Row, Exampletown, ex11aa.", ["T", "1 Made-up Row", "Exampletown", "ex11aa"]),
        ("1 Row\nTown\nEX1 1AA\nTel: 01632 960123", ["T", "1 Row", "Town", "EX1 1AA"]),
        ("1 Row\nTown, EX1 1AA\nUK\n", ["T", "1 Row", "Town", "EX1 1AA"]),
        ("(Flat 2)\n1 Row\nTown EX1 1AA", ["T", "Flat 2)", "1 Row", "Town", "EX1 1AA"]),
        ("12 Rue Inventée\nParis\nFrance", ["T", "12 Rue Inventée", "Paris", "France"]),
        ("1\n2\n3\n4\n5\n6\n7\n8", ["T", "1, 2, 3", "4", "5", "6", "7", "8"]),
    ],
)
def test_an_address_has_at_most_seven_lines_and_keeps_its_last(address: str, lines: list[str]) -> None:
    assert envelope_lines("T", address) == lines
    assert envelope_lines("(T", address) == lines


def test_a_text_message_only_for_who_asked_and_without_details(
    by_notify: Settings, notify: NotifyService
) -> None:
    at = RecordedComplaint(by_notify)
    at.open()
    at.says("acknowledge", "2026-06-02")
    assert taken(notify, "sms") == []
    at.open(format="text message")
    at.says("acknowledge", "2026-06-02")
    at.activities.send_letters(at.reference)
    [told] = taken(notify, "sms")
    assert told["phone_number"] == "07700 900123"
    assert told["body"] == (
        f"Exampleshire County Council: there is a letter for you. Our reference {at.reference}. "
        "A date in it matters: Monday 15 June 2026. To have it read or sent to you: "
        "01632 960001 or childrens.complaints@exampleshire.example."
    )
    assert len(taken(notify, "email")) == 2, "the letter itself goes by what there is beside"
    assert at.states() == {
        "acknowledgement to complainant": "sent",
        "acknowledgement to complainant_text": "sent",
    }


def test_nothing_is_handed_over_twice_where_the_answer_was_lost(
    by_notify: Settings, notify: NotifyService
) -> None:
    at = RecordedComplaint(by_notify)
    for fault in ("take_and_hang_up", "take_and_500"):
        at.open()
        notify.fault = fault
        at.says("acknowledge", "2026-06-02")
        notify.fault = "none"
        at.rested()
        at.restart(by_notify, SendLimits(within=0.0, noting=0.0))
        at.activities.send_letters(at.reference)
        assert at.states() == {"acknowledgement to complainant": "sent"}
        at.restart(by_notify)
    assert list(notify.counted().values()) == [1, 1]


def test_whoever_was_killed_while_handing_over_is_found_out(
    by_notify: Settings, notify: NotifyService
) -> None:
    """Killed before: it is sent. Killed after: it is found. Both once."""
    at = RecordedComplaint(by_notify)
    for handed_over in (False, True):
        at.open()
        notify.fault = "429"
        at.says("acknowledge", "2026-06-02")
        notify.fault = "none"
        [row] = at.rows()
        with at.register.writing() as db:
            assert kept.lease(db, row, "notify")
        if handed_over:
            channel = at.dispatcher.channels.by_route["email"]
            channel.send(at.dispatcher._letter_of(row))
        at.restart(by_notify, SendLimits(within=0.0, noting=0.0))
        for _ in range(3):
            try:
                at.activities.send_letters(at.reference)
            except ApplicationError:
                continue
        assert at.states() == {"acknowledgement to complainant": "sent"}
        at.restart(by_notify)
    assert list(notify.counted().values()) == [1, 1]


@pytest.mark.parametrize("fault", ["429", "403", "500", "trial", "hang"])
def test_a_service_that_is_down_is_tried_until_it_is_up(
    by_notify: Settings, notify: NotifyService, fault: Fault
) -> None:
    at = RecordedComplaint(by_notify.model_copy(update={"send_within": 0.5}))
    at.restart(at.settings, SendLimits(within=0.0, days=2.0, noting=0.0))
    at.open()
    notify.fault = fault
    assert not at.says("acknowledge", "2026-06-02")
    for _ in range(2):
        at.rested()
        with pytest.raises(ApplicationError):
            at.activities.send_letters(at.reference)
    notify.fault = "none"
    for _ in range(3):
        at.rested()
        try:
            at.activities.send_letters(at.reference)
        except ApplicationError:
            continue
    assert at.states() == {"acknowledgement to complainant": "sent"}
    assert list(notify.counted().values()) == [1]


def test_a_service_that_is_not_there_is_tried_until_it_is(by_notify: Settings, notify: NotifyService) -> None:
    at = RecordedComplaint(by_notify.model_copy(update={"notify_url": "http://127.0.0.1:9"}))
    at.open()
    assert not at.says("acknowledge", "2026-06-02")
    assert at.reason() == "GOV.UK Notify is out of reach"
    at.restart(by_notify)
    with pytest.raises(ApplicationError):
        at.activities.send_letters(at.reference)
    at.activities.send_letters(at.reference)
    assert list(notify.counted().values()) == [1]


def test_an_address_that_notify_refuses_is_written_to_by_post(
    by_notify: Settings, notify: NotifyService
) -> None:
    at = RecordedComplaint(by_notify)
    at.open(email="testa@inventata.c0m")
    at.says("acknowledge", "2026-06-02")
    at.activities.send_letters(at.reference)
    [sent] = notify.taken.values()
    assert sent["type"] == "letter"
    assert at.states() == {"acknowledgement to complainant": "sent"}
    assert at.told() == []


@pytest.mark.parametrize("name", ["perm-fail", "temp-fail"])
def test_what_fails_later_goes_by_post_and_where_there_is_none_is_raised(
    by_notify: Settings, notify: NotifyService, name: str
) -> None:
    at = RecordedComplaint(by_notify)
    at.open(email=f"{name}@simulator.notify")
    at.says("acknowledge", "2026-06-02")
    with pytest.raises(ApplicationError):
        at.activities.send_letters(at.reference)
    at.activities.send_letters(at.reference)
    assert [each["type"] for each in notify.taken.values()] == ["email", "letter"]
    assert at.states() == {"acknowledgement to complainant": "sent"}
    at.open(email=f"{name}@simulator.notify", address="")
    at.says("acknowledge", "2026-06-02")
    for _ in range(2):
        try:
            at.activities.send_letters(at.reference)
        except ApplicationError:
            continue
    assert at.states() == {
        "acknowledgement to complainant": "failed",
        "undelivered to complaints_manager": "sent",
    }
    failed = f"{name.removesuffix('-fail').replace('perm', 'permanent').replace('temp', 'temporary')}-failure"
    assert at.reason() == f"GOV.UK Notify could not deliver it: {failed}"


def test_what_notify_lost_is_handed_over_anew_and_at_last_goes_by_post(
    by_notify: Settings, notify: NotifyService
) -> None:
    at = RecordedComplaint(by_notify.model_copy(update={"send_staff": "outbox"}))
    at.open()
    notify.status_of_the_rest = "technical-failure"
    at.says("acknowledge", "2026-06-02")
    with pytest.raises(ApplicationError):
        at.activities.send_letters(at.reference)
    assert list(notify.counted().values()) == [1, 1], "each under a reference of its own"
    notify.status_of_the_rest = "delivered"
    for each in list(notify.taken.values())[1:]:
        each["status"] = "technical-failure"
    for _ in range(4):
        try:
            at.activities.send_letters(at.reference)
        except ApplicationError:
            continue
    assert [each["status"] for each in notify.taken.values()] == [*["technical-failure"] * 2, "delivered"]
    assert at.states() == {"acknowledgement to complainant": "sent"}
    at.open()
    notify.status_of_the_rest = "technical-failure"
    at.says("acknowledge", "2026-06-02")
    for _ in range(6):
        try:
            at.activities.send_letters(at.reference)
        except ApplicationError:
            continue
    assert [each["type"] for each in notify.taken.values()][3:] == [*["email"] * 3, "letter"]
    assert at.states()["acknowledgement to complainant"] == "unsure", (
        "of paper Notify says: do not send again"
    )
    assert "says that it mends it" in at.reason()


def test_a_number_that_cannot_be_texted_is_raised_and_the_letter_goes(by_notify: Settings) -> None:
    at = RecordedComplaint(by_notify)
    at.open(telephone="01632 960001", format="text")
    at.says("acknowledge", "2026-06-02")
    at.activities.send_letters(at.reference)
    assert at.states() == {
        "acknowledgement to complainant": "sent",
        "acknowledgement to complainant_text": "failed",
        "undelivered to complaints_manager": "sent",
    }
    assert "to the complainant, by text message" in at.told()[0]


def test_what_is_under_way_says_so_and_is_no_fault(by_notify: Settings, notify: NotifyService) -> None:
    notify.status_of_the_rest = "sending"
    at = RecordedComplaint(by_notify)
    at.open()
    at.says("acknowledge", "2026-06-02")
    with pytest.raises(ApplicationError, match="1 left and have not arrived yet") as later:
        at.activities.send_letters(at.reference)
    assert later.value.category is ApplicationErrorCategory.BENIGN
    assert later.value.next_retry_delay == timedelta(seconds=30)


def test_what_notify_has_forgotten_is_raised(by_notify: Settings, notify: NotifyService) -> None:
    at = RecordedComplaint(by_notify)
    at.open()
    at.says("acknowledge", "2026-06-02")
    notify.taken.clear()
    with pytest.raises(ApplicationError):
        at.activities.send_letters(at.reference)
    assert at.states()["acknowledgement to complainant"] == "unsure"


def test_neither_key_nor_address_is_in_the_log(
    by_notify: Settings, notify: NotifyService, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    at = RecordedComplaint(by_notify)
    at.open(email="testa@inventata.c0m", telephone="01632 960001", format="text")
    at.says("acknowledge", "2026-06-02")
    notify.fault = "403"
    at.says("respond", "2026-06-03", outcome="upheld")
    for secret in (notify_service.SECRET, "inventata", "960001", "Nowhere"):
        assert secret not in caplog.text, secret


@pytest.mark.parametrize("which", ["notify_email_template", "notify_key"])
def test_a_setting_that_is_wrong_at_notify_loses_nothing(
    by_notify: Settings, notify: NotifyService, which: str
) -> None:
    wrong = {
        "notify_email_template": notify_service.SMS,
        "notify_key": f"invented-{notify_service.SERVICE}-{notify_service.EMAIL}",
    }
    at = RecordedComplaint(
        settings_by_notify(by_notify.state, notify, **{which: wrong[which], "send_staff": "outbox"})
    )
    at.open(address="")
    at.says("acknowledge", "2026-06-02")
    assert notify.taken == {}
    assert at.states() == {"acknowledgement to complainant": "ready"}
    at.restart(settings_by_notify(by_notify.state, notify))  # somebody puts it right
    for _ in range(2):
        try:
            at.activities.send_letters(at.reference)
        except ApplicationError:
            continue
    assert at.states() == {"acknowledgement to complainant": "sent"}
    assert list(notify.counted().values()) == [1]


# --- the stand-in itself: it has to be as strict as the real one -------------------------------------


def ask(notify: NotifyService, *, secret: str = notify_service.SECRET, ago: int = 0, **claims: object) -> int:
    said = {"iss": notify_service.SERVICE, "iat": int(time.time()) - ago, **claims}
    token = jwt.encode({k: v for k, v in said.items() if v is not None}, secret, algorithm="HS256")
    headers = {"Authorization": f"Bearer {token}"}
    return requests.get(f"{notify.url}/v2/notifications", headers=headers, timeout=PATIENCE).status_code


def test_the_stand_in_asks_for_a_token_that_is_right(notify: NotifyService) -> None:
    assert ask(notify) == 200
    assert ask(notify, secret=notify_service.EMAIL) == 403
    assert ask(notify, ago=60) == 403
    assert ask(notify, iss=notify_service.EMAIL) == 403
    assert ask(notify, iat=None) == 403
    assert requests.get(f"{notify.url}/v2/notifications", timeout=PATIENCE).status_code == 401


@pytest.mark.parametrize(
    ("kind", "changed", "message"),
    [
        ("email", {"email_address": "no address"}, "email_address Not a valid email address"),
        ("email", {"template_id": "none"}, "template_id is not a valid UUID"),
        ("email", {"template_id": notify_service.SERVICE}, "Template not found"),
        ("email", {"template_id": notify_service.SMS}, "sms template is not suitable for email notification"),
        ("email", {"personalisation": {"subject": "s"}}, "Missing personalisation: body"),
        ("email", {"colour": "red"}, "Additional properties are not allowed (colour was unexpected)"),
        ("sms", {"phone_number": "01632 960001"}, "phone_number Not a UK mobile number"),
        ("sms", {"phone_number": "07700 90012"}, "phone_number Not enough digits"),
        (
            "letter",
            {"personalisation": {"subject": "s", "body": "b"}},
            "personalisation address_line_1 is a required",
        ),
        (
            "letter",
            {
                "personalisation": {
                    "subject": "s",
                    "body": "b",
                    "address_line_1": "A",
                    "address_line_2": "B",
                    "address_line_3": "C",
                }
            },
            "Must be a real UK postcode",
        ),
    ],
)
def test_the_stand_in_refuses_what_notify_refuses(kind: str, changed: dict[str, Any], message: str) -> None:
    whole: dict[str, dict[str, Any]] = {
        "email": {"email_address": "a@b.example", "template_id": notify_service.EMAIL},
        "sms": {"phone_number": "07700 900123", "template_id": notify_service.SMS},
        "letter": {"template_id": notify_service.LETTER},
    }
    said = {"personalisation": {"subject": "s", "body": "b"}, **whole[kind], **changed}
    with pytest.raises(notify_service.Wrong) as wrong:
        notify_service.check(kind, said)
    assert wrong.value.status == 400
    assert wrong.value.messages[0].startswith(message)
