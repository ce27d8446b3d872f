"""Letters over HTTP: listed, read, sent again, marked as sent by hand."""

from __future__ import annotations

from contextlib import ExitStack
from io import BytesIO
from typing import Any

from pypdf import PdfReader
from sqlalchemy import update

from redress.security.tokens import token_identity
from redress.services.clock import today
from redress.store import tables
from redress.store.register import Register
from tests.api.api_process import ApiProcess, ApiThread


async def listed(api: ApiProcess, headers: dict[str, str], path: str, **params: str) -> list[dict[str, Any]]:
    answer = await api.http.get(path, params=params, headers=headers)
    assert answer.status_code == 200, answer.text
    letters: list[dict[str, Any]] = answer.json()["letters"]
    return letters


async def acknowledged(api: ApiProcess, staff: dict[str, str], **more: object) -> tuple[str, dict[str, Any]]:
    """A complaint whose acknowledgement lies in the folder; with that letter."""
    reference = await api.open(staff, **more)
    assert (await api.send(staff, reference, "acknowledge")).is_success
    path = f"/v1/complaints/{reference}/letters"
    found: list[dict[str, Any]] = []

    async def lies_there() -> bool:
        found[:] = [each for each in await listed(api, staff, path) if each["letter"] == "acknowledgement"]
        return bool(found) and found[0]["state"] == "by_hand"

    await api.until(lies_there)
    return reference, found[0]


async def test_a_letter_is_read_and_marked_as_sent_by_hand(api: ApiProcess, staff: dict[str, str]) -> None:
    reference, letter = await acknowledged(api, staff)
    assert (letter["by"], letter["left_on"]) == ("outbox", None), "it lies in the folder, and has not left"
    path = f"/v1/complaints/{reference}/letters/{letter['mark']}"
    read = await api.http.get(path, headers=staff)
    assert "Testa Inventata" in read.json()["text"]
    printed = await api.http.get(f"{path}/print", headers=staff)
    assert (printed.status_code, printed.headers["content-type"]) == (200, "application/pdf")
    name = f"{today().isoformat()}-acknowledgement-complainant-"
    assert printed.headers["content-disposition"].startswith(f'attachment; filename="{name}')
    page = PdfReader(BytesIO(printed.content)).pages[0]
    assert "Testa Inventata" in page.extract_text()
    assert (await api.http.get(f"{path[:-8]}00000000/print", headers=staff)).status_code == 404
    status = (await api.http.get(f"/v1/complaints/{reference}", headers=staff)).json()
    assert {each["state"] for each in status["letters"] if each["letter"] == "acknowledgement"} == {"by_hand"}

    for on, problem in (("2099-01-01", "should lie between"), ("1999-01-01", "should lie between")):
        answer = await api.http.post(f"{path}/done", json={"on": on}, headers=staff)
        assert answer.status_code == 422, answer.text
        (error,) = answer.json()["errors"]
        assert error["field"] == "on"
        assert problem in error["problem"]
    day = today().isoformat()
    done = await api.http.post(f"{path}/done", json={"on": day}, headers=staff)
    assert (done.status_code, done.json()["state"], done.json()["left_on"]) == (200, "done", day)
    for words in ("done", "resend"):
        again = await api.http.post(f"{path}/{words}", json={"on": day}, headers=staff)
        assert again.status_code == 409, again.text
        assert "is sent" in again.json()["detail"]
    assert (await api.http.get(f"{path[:-8]}00000000", headers=staff)).status_code == 404


async def test_a_letter_that_failed_is_sent_again_by_the_worker(
    api: ApiProcess, staff: dict[str, str], shared_register: Register
) -> None:
    person = {"name": "Testa Inventata", "email": "testa@invented.example"}
    reference, letter = await acknowledged(api, staff, complainant=person)
    with shared_register.writing() as db:
        its = tables.letters.c.reference == reference
        failed = {"state": "failed", "channel": None, "place": None}
        db.execute(update(tables.letters).where(its).values(failed))
    path = f"/v1/complaints/{reference}/letters/{letter['mark']}"
    assert (await api.http.get(path, headers=staff)).json()["state"] == "failed"
    answer = await api.http.post(f"{path}/resend", headers=staff)
    assert answer.status_code == 200, answer.text

    async def lies_there_again() -> bool:
        return bool((await api.http.get(path, headers=staff)).json()["state"] == "by_hand")

    await api.until(lies_there_again)
    status = (await api.http.get(f"/v1/complaints/{reference}", headers=staff)).json()
    (note,) = [each for each in status["messages"] if each["action"] == "add_note"]
    assert letter["mark"] in note["note"]


async def test_lists_are_filtered_and_paged(api: ApiProcess) -> None:
    staff = api.headers("staff", authority="rotherham")
    mine = {(await acknowledged(api, staff, authority="rotherham"))[0] for _ in range(2)}
    seen: list[str] = []
    after = ""
    while True:
        page = await api.http.get(
            "/v1/letters", params={"limit": "1", "state": "by_hand", "after": after}, headers=staff
        )
        assert page.status_code == 200, page.text
        assert {each["state"] for each in page.json()["letters"]} == {"by_hand"}
        seen += [each["reference"] for each in page.json()["letters"]]
        after = page.json()["next"]
        if after is None:
            break
    assert mine <= set(seen)
    failed = await listed(api, staff, "/v1/letters", state="failed", authority="rotherham")
    assert mine.isdisjoint(each["reference"] for each in failed)
    foreign = await api.http.get("/v1/letters", params={"authority": "family-rights"}, headers=staff)
    assert foreign.status_code in (403, 404)
    for wrong in ({"state": "lost"}, {"after": "nowhere"}, {"limit": "0"}):
        answer = await api.http.get("/v1/letters", params=wrong, headers=staff)
        assert answer.status_code == 422, answer.text


async def test_a_draft_is_read_edited_sent_back_and_approved_by_somebody_else(api: ApiProcess) -> None:
    writer, manager = api.headers("staff"), api.headers("complaints_manager")
    person = {"name": "Testa Inventata", "email": "testa@invented.example"}
    reference = await api.open(writer, complainant=person)
    said = {"outcome": "upheld", "summary": "First words.", "letter": "draft"}
    assert (await api.send(writer, reference, "respond", **said)).status_code == 202
    found: list[dict[str, Any]] = []

    async def is_listed() -> bool:
        found[:] = await listed(api, writer, f"/v1/complaints/{reference}/letters", state="draft")
        return bool(found)

    await api.until(is_listed)
    path = f"/v1/complaints/{reference}/letters/{found[0]['mark']}"

    async def text() -> str:
        return str((await api.http.get(path, headers=writer)).json()["text"])

    assert "First words." in await text()
    drawn = await api.http.get(f"{path}/pdf", headers=writer)
    assert (drawn.status_code, drawn.headers["content-type"]) == (200, "application/pdf")
    assert "First words." in PdfReader(BytesIO(drawn.content)).pages[0].extract_text()
    assert (await api.http.get(f"{path[:-8]}00000000/pdf", headers=writer)).status_code == 404
    wrong = await api.http.post(f"{path}/edit", json={"texts": {"outcome": "x"}}, headers=writer)
    assert (wrong.status_code, "no free text" in wrong.text) == (409, True)
    back = await api.http.post(f"{path}/send-back", json={"reason": "Say sorry."}, headers=manager)
    assert back.status_code == 200, back.text
    edit = {"texts": {"summary": "Other words."}, "paragraphs": ["Come and see us."]}
    assert (await api.http.post(f"{path}/edit", json=edit, headers=writer)).status_code == 200

    async def is_edited() -> bool:
        return "Other words." in (shown := await text()) and "Come and see us." in shown

    await api.until(is_edited)
    own = await api.http.post(f"{path}/approve", json={}, headers=writer)
    assert own.status_code == 409, own.text
    release = {"reason": "It is copied.", "follows_by": "2036-01-01"}
    for headers, status_code in ((writer, 403), (manager, 409)):  # nor does it wait for an enclosure
        released = await api.http.post(f"{path}/release", json=release, headers=headers)
        assert released.status_code == status_code, released.text
    other = await api.send(writer, reference, "approve-letter", mark=found[0]["mark"], as_role=None)
    assert other.status_code == 409, "nor by the message itself"
    assert (await api.http.post(f"{path}/approve", json={}, headers=manager)).status_code == 200

    async def lies_there() -> bool:
        return bool((await api.http.get(path, headers=writer)).json()["state"] == "by_hand")

    await api.until(lies_there)
    status = (await api.http.get(f"/v1/complaints/{reference}", headers=writer)).json()
    assert [each["state"] for each in status["deadlines"] if each["name"] == "stage_1_response"] == [
        "running"
    ]
    kept, day = await text(), today().isoformat()
    assert (await api.http.post(f"{path}/done", json={"on": day}, headers=writer)).status_code == 200
    status = (await api.http.get(f"/v1/complaints/{reference}", headers=writer)).json()
    states = {each["name"]: each["state"] for each in status["deadlines"]}
    assert states["stage_1_response"] == "met"
    assert await text() == kept


async def test_every_letter_of_an_authority_is_shown_from_invented_complaints(
    api: ApiProcess, staff: dict[str, str]
) -> None:
    asked = {"authority": "family-rights", "letter": "adjudication"}
    shown = (await api.http.get("/v1/letters/preview", params=asked, headers=staff)).json()
    assert [each["to"] for each in shown["letters"]] == ["complainant", "advocate"]
    assert "The last day to ask is" in shown["letters"][0]["text"]
    unknown = await api.http.get("/v1/letters/preview", params={**asked, "letter": "x"}, headers=staff)
    assert unknown.status_code == 422


async def test_prints_and_previews_are_one_at_a_time_for_each_caller_and_few_for_all(
    api: ApiProcess, staff: dict[str, str]
) -> None:
    reference, letter = await acknowledged(api, staff)
    near = ApiThread(api.state, "127.0.0.1:1")
    await near.start()
    try:
        one, other = (api.headers("staff", name=name) for name in ("prints one", "prints another"))

        async def answers(headers: dict[str, str]) -> list[int]:
            paths = (
                f"/v1/complaints/{reference}/letters/{letter['mark']}/print",
                "/v1/letters/preview?authority=family-rights&letter=adjudication",
            )
            return [(await near.http.get(path, headers=headers)).status_code for path in paths]

        with near.context.printing.under_way(token_identity("prints one")):
            assert await answers(one) == [429, 429]
            assert await answers(other) == [200, 200]
        assert await answers(one) == [200, 200], "what has ended counts no more"
        with ExitStack() as stack:
            for name in ("a third", "a fourth", "a fifth"):
                stack.enter_context(near.context.printing.under_way(token_identity(name)))
            assert await answers(one) == [429, 429], "each takes memory"
    finally:
        await near.close()
