"""What intake callers say about complaints that they do not reach: kept, matched once, or dismissed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from temporalio.client import Client

from redress.domain.parsing import Malformed
from redress.procedures.bank_holidays import calendar_today
from redress.security.encryption import EnvelopeCipher, key_of
from redress.security.keyring import Keyring
from redress.security.tokens import Caller
from redress.services import unmatched
from redress.services.clock import today
from redress.services.errors import NotFound, Rejected
from redress.store import tables
from redress.store import unmatched as store
from redress.store.key_store import KeyStore
from redress.store.register import Register
from tests.api.api_process import ApiProcess
from tests.api.test_requests import Headers, problem
from tests.stores import new_store

MISSING = "CYP-1999-000001"


async def listed(api: ApiProcess, headers: Headers) -> dict[str, dict[str, Any]]:
    """What waits, by the id that its sender gave it."""
    found: dict[str, dict[str, Any]] = {}
    after = ""
    while True:
        answer = await api.http.get(f"/v1/unmatched?limit=200&after={after}", headers=headers)
        assert answer.status_code == 200, answer.text
        found |= {each["message"]["message_id"]: each for each in answer.json()["requests"]}
        after = answer.json()["next"]
        if after is None:
            return found


async def test_a_request_is_matched_and_counts_once_on_the_day_it_came(
    api: ApiProcess, staff: Headers
) -> None:
    received = calendar_today().before(today(), 3).isoformat()
    reference = await api.open(staff, received_on=received)
    web_form = api.headers("intake", name="a-web-form", authority="family-rights")
    said = {"note": "They rang again.", "on": received, "message_id": "form-12"}
    first = await api.send(web_form, reference, "add-note", **said)
    again = await api.send(web_form, reference, "add-note", **said)
    for answer, is_repeat in ((first, False), (again, True)):
        assert answer.status_code == 202
        kept = answer.json()
        assert (kept["pending"], kept["applied"], kept["repeated"]) == (True, False, is_repeat)
        assert (kept["on"], kept["message_id"]) == (received, "form-12")
    other = await api.send(web_form, reference, "add-note", **said | {"note": "Another."})
    assert problem(other, 422, "malformed")["errors"][0]["field"] == "message_id"

    one = (await listed(api, staff))["form-12"]
    assert (one["claimed"], one["on"], one["caller"]) == (reference, received, "a-web-form")
    path = f"/v1/unmatched/{one['request']}/match"
    gone = await api.http.post(path, json={"reference": MISSING}, headers=staff)
    problem(gone, 404, "not-found")
    matched = await api.http.post(path, json={"reference": reference}, headers=staff)
    assert (matched.status_code, matched.json()["applied"]) == (200, True), matched.text
    twice = await api.http.post(path, json={"reference": reference}, headers=staff)
    assert reference in problem(twice, 409, "decided")["detail"]
    assert "form-12" not in await listed(api, staff)
    late = await api.send(web_form, reference, "add-note", **said)
    assert (late.status_code, late.json()["repeated"]) == (202, True)

    status = (await api.http.get(f"/v1/complaints/{reference}", headers=staff)).json()
    notes = [each for each in status["messages"] if each["action"] == "add_note"]
    assert [(each["on"], each["message_id"], each["by"]) for each in notes] == [
        (received, "form-12", "a-web-form")
    ]


async def test_another_authoritys_staff_see_no_request(api: ApiProcess) -> None:
    said = {"note": "Invented.", "message_id": "of-north-somerset"}
    await api.send(api.headers("intake", authority="north-somerset"), MISSING, "add-note", **said)
    everybody = await listed(api, api.headers("staff"))
    assert "of-north-somerset" in await listed(api, api.headers("staff", authority="north-somerset"))
    assert "of-north-somerset" not in await listed(api, api.headers("staff", authority="family-rights"))
    # Nobody's: the caller is limited to no authority, and there is no such complaint.
    await api.send(api.headers("intake"), MISSING, "add-note", note="Invented.", message_id="of-nobody")
    assert "of-nobody" not in await listed(api, api.headers("staff", authority="north-somerset"))
    assert "of-nobody" in await listed(api, api.headers("staff"))
    path = f"/v1/unmatched/{everybody['of-north-somerset']['request']}/dismiss"
    stranger = api.headers("staff", authority="family-rights")
    problem(await api.http.post(path, json={"reason": "Nobody's."}, headers=stranger), 404, "not-found")


async def test_what_is_malformed_is_said_whether_there_is_a_complaint_or_not(api: ApiProcess) -> None:
    reference = await api.open(api.headers("staff"))
    stranger = api.headers("intake")
    for said, status in (
        ({"note": "Invented.", "on": "2999-01-01"}, 422),
        ({"note": 7}, 422),
        ({"note": "Invented.", "on": "1999-01-01"}, 202),  # before this complaint, if there is one
    ):
        for each in (reference, MISSING):
            answer = await api.send(stranger, each, "add-note", **said)
            assert answer.status_code == status, answer.text
    for each in (reference, MISSING):
        answer = await api.send(stranger, each, "escalate", reason="More.", agreed_by_authority=True)
        problem(answer, 403, "not-allowed")


# --- the service, with keys ------------------------------------------------------------------------


@pytest.fixture
def register(tmp_path: Path) -> Register:
    keyring = Keyring({"one": bytes(range(32))})
    key_store = KeyStore(new_store(tmp_path / "keys.db", "key_store"), keyring)
    return Register(new_store(tmp_path / "register.db", "register"), EnvelopeCipher(keyring, key_store))


WEB_FORM = Caller("web-form", frozenset({"intake"}), "rotherham", "token:web-form")


def keep(register: Register, number: int, caller: Caller = WEB_FORM) -> None:
    message = {"note": "Xylographica Inventata", "on": today().isoformat(), "message_id": f"m-{number}"}
    unmatched.keep(register, caller, MISSING, "add_note", message, dated=True)


def test_what_waits_is_encrypted_and_bounded(register: Register, tmp_path: Path) -> None:
    for number in range(unmatched.MOST_WAITING):
        keep(register, number)
    with pytest.raises(unmatched.TooManyWait):
        keep(register, unmatched.MOST_WAITING)
    keep(register, 1)  # a repeat takes no more room
    keep(register, 1, WEB_FORM._replace(identity="token:another"))
    page = unmatched.waiting(register, "rotherham", limit=100)
    assert (len(page.requests), page.next) == (100, page.requests[-1].request)
    assert len(unmatched.waiting(register, None, after=page.next or "").requests) == 1
    register.engine.dispose()
    assert b"Xylographica" not in b"".join(path.read_bytes() for path in tmp_path.glob("register.db*"))


def test_what_is_dismissed_stays_a_while_with_its_reason(
    register: Register, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(register, 1)
    (one,) = unmatched.waiting(register, None).requests
    with pytest.raises(Malformed):
        unmatched.dismiss(register, one.request, " ", authority=None, decided_by="fern")
    with pytest.raises(NotFound):
        unmatched.dismiss(register, one.request, "Nobody's.", authority="irm", decided_by="fern")
    unmatched.dismiss(register, one.request, "Nobody's.", authority="rotherham", decided_by="fern")
    with pytest.raises(Rejected, match="dismissed by fern"):
        unmatched.dismiss(register, one.request, "Nobody's.", authority=None, decided_by="fern")
    assert unmatched.waiting(register, None).requests == []
    monkeypatch.setattr(unmatched, "KEPT_AFTER_DECISION", -unmatched.KEPT_AFTER_DECISION)
    unmatched.waiting(register, None)
    with register.reading() as db:
        assert db.execute(select(tables.unmatched)).all() == []


def test_one_whose_key_is_lost_hides_no_other(register: Register) -> None:
    """As after the key store was put back from a backup that is older than the request."""
    for number in (1, 2):
        keep(register, number)
    lost, kept = unmatched.waiting(register, None).requests
    row = store.find(register, lost.request, None)
    assert row is not None
    assert isinstance(register.cipher, EnvelopeCipher)
    register.cipher.key_store.destroy(key_of(row.body))
    shown = unmatched.waiting(register, "rotherham").requests
    assert [each.message for each in shown] == [{}, kept.message]
    unmatched.dismiss(register, lost.request, "Its key is lost.", authority=None, decided_by="fern")
    assert [each.request for each in unmatched.waiting(register, None).requests] == [kept.request]


async def test_a_request_that_is_being_matched_goes_to_no_other_complaint(
    register: Register, server: tuple[str, Client]
) -> None:
    """Whoever matched it may have been ended after it was sent and before that was noted."""
    keep(register, 1)
    (one,) = unmatched.waiting(register, None).requests
    store.claim(register, one.request, "RMB-1999-000001", "fern")

    async def match(reference: str) -> None:
        await unmatched.match(
            server[1], register, one.request, reference, authority=None, decided_by="robin", within=5.0
        )

    with pytest.raises(Rejected, match="RMB-1999-000001"):
        await match("RMB-1999-000002")
    with pytest.raises(Rejected):
        unmatched.dismiss(register, one.request, "Nobody's.", authority=None, decided_by="robin")
    with pytest.raises(NotFound):  # there is none: it waits on, for whoever looks next
        await match("RMB-1999-000001")
    unmatched.dismiss(register, one.request, "Nobody's.", authority=None, decided_by="robin")
