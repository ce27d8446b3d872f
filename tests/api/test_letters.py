"""Letters over HTTP: listed, read, sent again, marked as sent by hand."""

from __future__ import annotations

from typing import Any

from sqlalchemy import update

from redress.services.clock import today
from redress.store import tables
from redress.store.register import Register
from tests.api.gates import Gate


async def listed(gate: Gate, headers: dict[str, str], path: str, **params: str) -> list[dict[str, Any]]:
    answer = await gate.http.get(path, params=params, headers=headers)
    assert answer.status_code == 200, answer.text
    letters: list[dict[str, Any]] = answer.json()["letters"]
    return letters


async def acknowledged(gate: Gate, staff: dict[str, str], **more: object) -> tuple[str, dict[str, Any]]:
    """A complaint whose acknowledgement lies in the folder; with that letter."""
    reference = await gate.open(staff, **more)
    assert (await gate.send(staff, reference, "acknowledge")).is_success
    path = f"/v1/complaints/{reference}/letters"
    found: list[dict[str, Any]] = []

    async def lies_there() -> bool:
        found[:] = [each for each in await listed(gate, staff, path) if each["letter"] == "acknowledgement"]
        return bool(found) and found[0]["state"] == "by_hand"

    await gate.until(lies_there)
    return reference, found[0]


async def test_a_letter_is_read_and_marked_as_sent_by_hand(gate: Gate, staff: dict[str, str]) -> None:
    reference, letter = await acknowledged(gate, staff)
    assert (letter["by"], letter["left_on"]) == ("outbox", None), "it lies in the folder, and has not left"
    path = f"/v1/complaints/{reference}/letters/{letter['mark']}"
    read = await gate.http.get(path, headers=staff)
    assert "Testa Inventata" in read.json()["text"]
    status = (await gate.http.get(f"/v1/complaints/{reference}", headers=staff)).json()
    assert {each["state"] for each in status["letters"] if each["letter"] == "acknowledgement"} == {"by_hand"}

    for on, problem in (("2099-01-01", "should lie between"), ("1999-01-01", "should lie between")):
        answer = await gate.http.post(f"{path}/done", json={"on": on}, headers=staff)
        assert answer.status_code == 422, answer.text
        (error,) = answer.json()["errors"]
        assert error["field"] == "on"
        assert problem in error["problem"]
    day = today().isoformat()
    done = await gate.http.post(f"{path}/done", json={"on": day}, headers=staff)
    assert (done.status_code, done.json()["state"], done.json()["left_on"]) == (200, "done", day)
    for words in ("done", "resend"):
        again = await gate.http.post(f"{path}/{words}", json={"on": day}, headers=staff)
        assert again.status_code == 409, again.text
        assert "is sent" in again.json()["detail"]
    assert (await gate.http.get(f"{path[:-8]}00000000", headers=staff)).status_code == 404


async def test_a_letter_that_failed_is_sent_again_by_the_worker(
    gate: Gate, staff: dict[str, str], house: Register
) -> None:
    person = {"name": "Testa Inventata", "email": "testa@invented.example"}
    reference, letter = await acknowledged(gate, staff, complainant=person)
    with house.writing() as db:
        its = tables.letters.c.reference == reference
        failed = {"state": "failed", "channel": None, "place": None}
        db.execute(update(tables.letters).where(its).values(failed))
    path = f"/v1/complaints/{reference}/letters/{letter['mark']}"
    assert (await gate.http.get(path, headers=staff)).json()["state"] == "failed"
    answer = await gate.http.post(f"{path}/resend", headers=staff)
    assert answer.status_code == 200, answer.text

    async def lies_there_again() -> bool:
        return bool((await gate.http.get(path, headers=staff)).json()["state"] == "by_hand")

    await gate.until(lies_there_again)
    status = (await gate.http.get(f"/v1/complaints/{reference}", headers=staff)).json()
    (note,) = [each for each in status["messages"] if each["action"] == "add_note"]
    assert letter["mark"] in note["note"]


async def test_lists_are_filtered_and_paged(gate: Gate) -> None:
    staff = gate.headers("staff", authority="rotherham")
    mine = {(await acknowledged(gate, staff, authority="rotherham"))[0] for _ in range(2)}
    seen: list[str] = []
    after = ""
    while True:
        page = await gate.http.get(
            "/v1/letters", params={"limit": "1", "state": "by_hand", "after": after}, headers=staff
        )
        assert page.status_code == 200, page.text
        assert {each["state"] for each in page.json()["letters"]} == {"by_hand"}
        seen += [each["reference"] for each in page.json()["letters"]]
        after = page.json()["next"]
        if after is None:
            break
    assert mine <= set(seen)
    failed = await listed(gate, staff, "/v1/letters", state="failed", authority="rotherham")
    assert mine.isdisjoint(each["reference"] for each in failed)
    foreign = await gate.http.get("/v1/letters", params={"authority": "family-rights"}, headers=staff)
    assert foreign.status_code in (403, 404)
    for wrong in ({"state": "lost"}, {"after": "nowhere"}, {"limit": "0"}):
        answer = await gate.http.get("/v1/letters", params=wrong, headers=staff)
        assert answer.status_code == 422, answer.text
