"""Contacts besides letters: their log, and a reply that is owed by a day."""

from __future__ import annotations

from tests.domain.conftest import corporate, deadlines, send, shown, status


def test_a_contact_to_which_a_reply_was_promised_is_owed_it_until_we_answer() -> None:
    case = corporate()  # received on Monday 1 June 2026
    rang = {"direction": "in", "channel": "telephone", "with": "Robin Invented"}
    send(case, "record_contact", "2026-06-03", **rang, summary="Asked when.", reply_by="2026-06-08")
    assert shown(case, "contact_reply_1", "2026-06-09") == ("2026-06-08", "overdue", 1)
    other = {"direction": "out", "channel": "telephone", "with": "Fern Fictitious"}
    send(case, "record_contact", "2026-06-09", **other)
    assert shown(case, "contact_reply_1", "2026-06-09")[1] == "overdue", "somebody else was rung"
    send(case, "record_contact", "2026-06-10", **other | {"with": "robin  invented"})
    assert shown(case, "contact_reply_1", "2026-06-11") == ("2026-06-08", "met_late", 2)
    first, *_ = status(case, "2026-06-11")["contacts"]
    assert (first["on"], first["with"], first["reply_by"], first["replied_on"]) == (
        "2026-06-03",
        "Robin Invented",
        "2026-06-08",
        "2026-06-10",
    )


def test_a_contact_of_ours_and_one_without_a_day_owe_nothing() -> None:
    case = corporate()
    send(case, "record_contact", "2026-06-03", direction="out", channel="post", reply_by="2026-07-08")
    send(case, "record_contact", "2026-06-04", direction="in", channel="email", summary="x" * 400)
    assert not [name for name in deadlines(case, "2026-06-05") if name.startswith("contact_reply")]
    contacts = status(case, "2026-06-05")["contacts"]
    assert [each["reply_by"] for each in contacts] == ["2026-07-08", None]
    assert len(contacts[1]["summary"]) == 302


def test_a_contact_that_was_struck_out_owes_nothing() -> None:
    case = corporate()
    rang = {"direction": "in", "channel": "telephone", "reply_by": "2026-06-08", "message_id": "rang"}
    send(case, "record_contact", "2026-06-03", **rang)
    send(case, "strike_out", "2026-06-04", message="rang", reason="Another case.")
    assert "contact_reply_1" not in deadlines(case, "2026-06-05")
    assert status(case, "2026-06-05")["contacts"] == []
