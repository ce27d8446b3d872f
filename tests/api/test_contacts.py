"""E-mails over HTTP become contacts of the complaint that a person names, or that they answer."""

from __future__ import annotations

import base64
from email.message import EmailMessage
from typing import Any

from sqlalchemy import update

from redress.services.clock import today
from redress.store import tables
from redress.store.database import connect
from tests.api.api_process import ApiProcess
from tests.documents.samples import PDF

OWN, FOREIGN = "rotherham", "north-somerset"


def eml(
    name: str,
    *,
    answers: str = "",
    sender: str = "Robin Invented <robin@invented.example>",
    attached: bytes = b"",
) -> dict[str, Any]:
    message = EmailMessage()
    message["From"] = sender
    message["Date"] = f"{today():%a, %d %b %Y} 00:30:00 +0000"
    message["Subject"] = "Re: your letter"
    message["Message-ID"] = f"<{name}@invented.example>"
    if answers:
        message["In-Reply-To"] = f"<{answers}>"
    message.set_content("I want to add something.\n")
    if attached:
        message.add_attachment(attached, maintype="application", subtype="pdf", filename="photo of it.pdf")
    return {"eml": base64.b64encode(bytes(message)).decode()}


async def test_an_e_mail_is_a_contact_of_the_complaint_that_is_named_once(api: ApiProcess) -> None:
    staff = api.headers("staff", authority=OWN)
    reference = await api.open(staff, authority=OWN)
    path = f"/v1/complaints/{reference}/contacts"
    for repeated in (False, True):
        answer = await api.http.post(path, json=eml("named"), headers=staff)
        assert answer.status_code == 200, answer.text
        assert answer.json()["reference"] == reference
        assert answer.json()["answer"]["repeated"] is repeated
    shown = (await api.http.get(f"/v1/complaints/{reference}", headers=staff)).json()
    (contact,) = shown["contacts"]
    assert (contact["direction"], contact["channel"]) == ("in", "email")
    assert contact["with"] == "Robin Invented <robin@invented.example>"
    assert "I want to add something." in contact["summary"]


async def test_what_answers_a_letter_finds_its_complaint_and_nothing_else_does(api: ApiProcess) -> None:
    staff, stranger = api.headers("staff", authority=OWN), api.headers("staff", authority=FOREIGN)
    reference = await api.open(staff, authority=OWN)
    assert (await api.send(staff, reference, "acknowledge")).is_success

    async def has_left() -> bool:
        listed = await api.http.get(f"/v1/complaints/{reference}/letters", headers=staff)
        letters = listed.json()["letters"] if listed.is_success else []
        lies = [each["state"] == "by_hand" for each in letters if each["letter"] == "acknowledgement"]
        return bool(lies) and all(lies)  # until then its sender has yet to note where it is

    await api.until(has_left)
    table, engine = tables.letters, connect(f"sqlite:///{api.state / 'register.db'}")
    its = (table.c.reference == reference) & (table.c.letter == "acknowledgement")
    sent_as = "0123456789abcdef0123456789abcdef@council.example"
    with engine.begin() as db:  # as the mail server's channel notes it: tests/letters/delivery has a real one
        assert db.execute(update(table).where(its).values(place=f"smtp/{sent_as}", channel="smtp")).rowcount

    waits = await api.http.post("/v1/contacts", json=eml("foreign", answers=sent_as), headers=stranger)
    assert waits.status_code == 202, waits.text
    assert waits.json()["reference"] is None
    found = await api.http.post("/v1/contacts", json=eml("answer", answers=sent_as), headers=staff)
    assert (found.status_code, found.json()["reference"]) == (200, reference)

    named = f"Re: {reference} {reference}"
    lost = eml("lost", sender=f"{named} <robin@invented.example>")
    kept = await api.http.post("/v1/contacts", json=lost, headers=staff)
    assert (kept.status_code, kept.json()["reference"]) == (202, None)
    request = kept.json()["request"]
    listed = (await api.http.get("/v1/unmatched?limit=200", headers=staff)).json()["requests"]
    (mine,) = [each for each in listed if each["request"] == request]
    assert (mine["action"], mine["claimed"]) == ("record_contact", "")
    matched = await api.http.post(
        f"/v1/unmatched/{request}/match", json={"reference": reference}, headers=staff
    )
    assert matched.status_code == 200, matched.text

    other = await api.open(staff, authority=OWN)
    wrong = await api.http.post(
        f"/v1/complaints/{other}/contacts", json=eml("elsewhere", answers=sent_as), headers=staff
    )
    assert wrong.status_code == 422, wrong.text
    assert wrong.json()["errors"][0]["field"] == "reference"
    bad = await api.http.post("/v1/contacts", json={"eml": "no base64"}, headers=staff)
    assert (bad.status_code, bad.json()["errors"][0]["field"]) == (422, "eml")


async def test_what_came_with_an_e_mail_is_kept_with_its_contact_once(api: ApiProcess) -> None:
    staff = api.headers("staff", authority=OWN)
    reference = await api.open(staff, authority=OWN)
    path = f"/v1/complaints/{reference}"
    large = eml("attached", attached=PDF + b"%" * 2_000_000)  # more than other bodies may have
    for repeated in (False, True):
        answer = await api.http.post(f"{path}/contacts", json=large, headers=staff)
        assert (answer.status_code, answer.json()["answer"]["repeated"]) == (200, repeated), answer.text
        assert (len(answer.json()["documents"]), answer.json()["not_kept"]) == (2, "")
    listed = (await api.http.get(f"{path}/documents", headers=staff)).json()
    assert {(each["name"], each["kind"]) for each in listed} == {
        ("Re your letter.eml", "email"),
        ("photo of it.pdf", "attachment"),
    }
    message_id = answer.json()["answer"]["message_id"]
    assert {tuple(each["messages"]) for each in listed} == {(message_id,)}
    part = next(each for each in listed if each["kind"] == "attachment")
    content = await api.http.get(f"{path}/documents/{part['document']}/content", headers=staff)
    assert content.content == PDF + b"%" * 2_000_000
    plain = await api.http.post(f"{path}/contacts", json=eml("plain"), headers=staff)
    assert (plain.json()["documents"], plain.json()["not_kept"]) == ([], "")


async def test_where_the_document_store_is_down_the_contact_is_recorded_and_the_rest_comes_later(
    api: ApiProcess,
) -> None:
    staff = api.headers("staff", authority=OWN)
    reference = await api.open(staff, authority=OWN)
    path, email = f"/v1/complaints/{reference}", eml("while down", attached=PDF)
    folder = api.state / "documents"
    away = folder.rename(folder.with_name("away")) if folder.exists() else None
    folder.write_text("in the way", encoding="utf-8")
    try:
        down = await api.http.post(f"{path}/contacts", json=email, headers=staff)
    finally:
        folder.unlink()
        if away is not None:
            away.rename(folder)
    assert (down.status_code, down.json()["applied"]) == (503, "yes"), down.text
    assert len((await api.http.get(path, headers=staff)).json()["contacts"]) == 1
    assert (await api.http.get(f"{path}/documents", headers=staff)).json() == []
    again = await api.http.post(f"{path}/contacts", json=email, headers=staff)
    assert (again.status_code, again.json()["answer"]["repeated"]) == (200, True)
    assert len((await api.http.get(f"{path}/documents", headers=staff)).json()) == 2


async def test_what_came_with_one_that_was_matched_is_kept_when_it_comes_again(api: ApiProcess) -> None:
    staff = api.headers("staff", authority=OWN, name="post room")
    reference, email = await api.open(staff, authority=OWN), eml("matched later", attached=PDF)
    waits = await api.http.post("/v1/contacts", json=email, headers=staff)
    assert (waits.status_code, "waits to be matched" in waits.json()["not_kept"]) == (202, True)
    matched = {"reference": reference}
    path = f"/v1/unmatched/{waits.json()['request']}/match"
    assert (await api.http.post(path, json=matched, headers=staff)).status_code == 200
    again = await api.http.post("/v1/contacts", json=email, headers=staff)
    assert (again.status_code, again.json()["reference"]) == (200, reference), again.text
    assert len(again.json()["documents"]) == 2
