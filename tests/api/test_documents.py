"""Documents over HTTP: a form in, a file out, and what is refused says why."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import AsyncIterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio

from redress.api.problems import Refusal
from redress.api.routes.documents import _as_brought
from redress.api.slow_work import SlowWork
from tests.api.api_process import ApiProcess, ApiThread
from tests.documents import samples
from tests.documents.conftest import ClamdStandIn, clamd
from tests.documents.samples import EICAR, HTML, PDF, PNG

__all__ = ["clamd"]

Headers = dict[str, str]


async def attach(
    api: ApiProcess,
    reference: str,
    headers: Headers,
    content: bytes = PDF,
    name: str = "report.pdf",
    **fields: str,
) -> httpx.Response:
    path, files = f"/v1/complaints/{reference}/documents", {"file": (name, content, "text/html")}
    return await api.http.post(path, headers=headers, files=files, data=fields)


def problem(answer: httpx.Response, status: int, name: str) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    document: dict[str, Any] = answer.json()
    assert document["type"] == f"urn:redress:problem:{name}"
    return document


async def test_attached_listed_and_given_out_as_it_was(api: ApiProcess, staff: Headers) -> None:
    reference = await api.open(staff)
    path = f"/v1/complaints/{reference}/documents"
    first = await attach(api, reference, staff, name="Über <b>report.pdf", kind="report")
    assert first.status_code == 201, first.text
    again = await attach(api, reference, staff, name="other.pdf")
    assert (again.status_code, again.json()["created"]) == (200, False)
    line = first.json()
    assert (line["name"], line["kind"], line["media_type"]) == (
        "Über breport.pdf",
        "report",
        "application/pdf",
    )
    listed = (await api.http.get(path, headers=staff)).json()
    assert [each["document"] for each in listed] == [line["document"]]
    one = (await api.http.get(f"{path}/{line['document']}", headers=staff)).json()
    assert one == listed[0]
    content = await api.http.get(f"{path}/{line['document']}/content", headers=staff)
    assert content.content == PDF
    told = content.headers
    assert told["content-type"] == "application/pdf"
    assert told["content-length"] == str(len(PDF))
    assert told["content-disposition"] == "attachment; filename*=UTF-8''%C3%9Cber%20breport.pdf"
    assert told["content-security-policy"] == "sandbox; default-src 'none'"
    assert (told["x-content-type-options"], told["cache-control"]) == ("nosniff", "no-store")
    problem(await api.http.get(f"{path}/{'0' * 32}/content", headers=staff), 404, "not-found")
    problem(await api.http.get(f"{path}/{'0' * 32}", headers=staff), 404, "not-found")


def test_an_intake_system_is_told_nothing_that_staff_said_of_a_document() -> None:
    line: Any = {"messages": ["mine", "theirs"], "letters": ["050b8bca"], "withheld": [{"reason": "Theirs."}]}
    told: dict[str, Any] = {**_as_brought(line, {"message": "mine"})}
    assert told == {"messages": ["mine"], "letters": [], "withheld": []}


async def test_an_intake_system_attaches_to_what_it_brought_and_reads_nothing(
    api: ApiProcess, intake: Headers, staff: Headers
) -> None:
    mine, other = await api.open(intake), await api.open(api.headers("intake"))
    assert (await attach(api, mine, intake)).status_code == 201
    problem(await attach(api, other, intake), 404, "not-found")
    problem(await attach(api, mine, intake, PNG, "a.png", letter="0" * 8), 403, "not-allowed")
    path = f"/v1/complaints/{mine}/documents"
    assert (await api.http.get(path, headers=intake)).status_code == 403
    [line] = (await api.http.get(path, headers=staff)).json()
    problem(await api.http.get(f"{path}/{line['document']}/content", headers=intake), 403, "not-allowed")


async def test_who_reads_a_document_is_recorded(api: ApiProcess, staff: Headers, manager: Headers) -> None:
    reference = await api.open(staff)
    document = (await attach(api, reference, staff)).json()["document"]
    await api.http.get(f"/v1/complaints/{reference}/documents/{document}/content", headers=staff)
    entries = (await api.http.get(f"/v1/audit?reference={reference}", headers=manager)).json()["readings"]
    doors = [each["door"] for each in entries]
    assert "GET /v1/complaints/{reference}/documents/{document}/content" in doors
    assert not [door for door in doors if door.startswith("POST") and "documents" in door]


async def test_a_document_is_copied_to_a_linked_complaint_under_its_own_key(
    api: ApiProcess, staff: Headers, manager: Headers
) -> None:
    first, apart = await api.open(staff), await api.open(staff)
    part = await api.open(staff, linked_to=first)
    line = (await attach(api, first, staff, kind="report")).json()
    path = f"/v1/complaints/{part}"
    copies = f"{path}/documents/{line['document']}/copies"
    problem(await api.http.post(copies, headers=staff, json={"to": first}), 404, "not-found")
    copies = f"/v1/complaints/{first}/documents/{line['document']}/copies"
    for other in (apart, first, "CYP-2020-000001"):
        answer = await api.http.post(copies, headers=staff, json={"to": other})
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "to")
    for status, created in ((201, True), (200, False)):
        answer = await api.http.post(copies, headers=staff, json={"to": part.lower()})
        assert (answer.status_code, answer.json()["created"]) == (status, created), answer.text
    copy = answer.json()
    assert (copy["reference"], copy["name"]) == (part, line["name"])
    content = await api.http.get(f"{path}/documents/{copy['document']}/content", headers=staff)
    assert content.content == PDF
    entries = (await api.http.get(f"/v1/audit?reference={first}", headers=manager)).json()["readings"]
    assert "POST /v1/complaints/{reference}/documents/{document}/copies" in [e["door"] for e in entries]
    said = {"document": line["document"], "from": "panel", "reason": "Of another child."}
    withheld = await api.http.post(f"/v1/complaints/{first}/withhold", headers=manager, json=said)
    assert withheld.status_code == 200, withheld.text
    for _ in range(50):
        answer = await api.http.post(copies, headers=staff, json={"to": part})
        if answer.status_code == 409:
            break
        await asyncio.sleep(0.2)
    problem(answer, 409, "refused")


@pytest.mark.parametrize(
    ("content", "status", "name"),
    [
        (HTML, 415, "wrong-type"),
        (samples.DOCM, 415, "wrong-type"),
        (b"", 422, "malformed"),
        (PDF + bytes(26 * 1024 * 1024), 413, "too-large"),
    ],
)
async def test_what_is_not_taken_says_why(
    api: ApiProcess, staff: Headers, content: bytes, status: int, name: str
) -> None:
    reference = await api.open(staff)
    problem(await attach(api, reference, staff, content), status, name)
    assert (await api.http.get(f"/v1/complaints/{reference}/documents", headers=staff)).json() == []


async def test_a_form_that_is_none_says_what_is_wrong(api: ApiProcess, staff: Headers) -> None:
    reference = await api.open(staff)
    path = f"/v1/complaints/{reference}/documents"

    async def post(**given: Any) -> httpx.Response:
        return await api.http.post(path, **{"headers": staff} | given)

    problem(await post(json={"file": "x"}), 415, "not-multipart")
    problem(
        await post(content=PDF, headers=staff | {"content-type": "application/pdf"}), 415, "not-multipart"
    )
    form = staff | {"content-type": "multipart/form-data; boundary=xyz"}
    problem(await post(content=b"--xyz\r\nContent-Dispo", headers=form), 422, "malformed")
    problem(await post(content=b"nothing of the kind", headers=form), 422, "malformed")
    file = {"file": ("a.pdf", PDF)}

    def field(answer: httpx.Response) -> tuple[str, str]:
        [error] = problem(answer, 422, "malformed")["errors"]
        return error["field"], error["code"]

    assert field(await post(files={"kind": (None, "report")})) == ("file", "missing")
    assert field(await post(files=file | {"colour": (None, "red")})) == ("colour", "unknown_field")
    assert field(await post(files=file, data={"kind": "A Report"})) == ("kind", "invalid")
    assert field(await post(files=file, data={"kind": "x" * 2000})) == ("kind", "invalid")
    assert field(await post(files=[("file", ("a.pdf", PDF)), ("file", ("b.pdf", PDF))])) == (
        "file",
        "invalid",
    )
    assert field(await post(files=file, data={"message": "no-such-message"})) == ("message", "invalid")
    assert (await api.http.get(path, headers=staff)).json() == []


async def test_an_upload_that_breaks_off_leaves_nothing(api: ApiProcess, staff: Headers) -> None:
    reference = await api.open(staff)

    async def half() -> AsyncIterator[bytes]:
        yield b'--xyz\r\nContent-Disposition: form-data; name="file"; filename="a.pdf"\r\n\r\n' + PDF
        yield os.urandom(2 * 1024 * 1024)
        await asyncio.sleep(0.2)
        raise ConnectionAbortedError

    headers = staff | {"content-type": "multipart/form-data; boundary=xyz"}
    with pytest.raises(ConnectionAbortedError):
        await api.http.post(f"/v1/complaints/{reference}/documents", content=half(), headers=headers)
    assert (await api.http.get(f"/v1/complaints/{reference}/documents", headers=staff)).json() == []
    assert not [*(api.state / "spool").iterdir()]
    assert not (api.state / "documents" / reference).exists()


async def test_an_email_and_a_withheld_page(api: ApiProcess, staff: Headers, manager: Headers) -> None:
    reference = await api.open(staff)
    done = (await attach(api, reference, staff, samples.email(("a.pdf", PDF)), "mail.eml")).json()
    assert [part["name"] for part in done["parts"]] == ["a.pdf"]
    part = done["parts"][0]["document"]
    said = {"document": part, "from": "complainant", "parts": "Page 3", "reason": "Another child."}
    assert (await api.send(staff, reference, "withhold", **said)).status_code == 403
    assert (await api.send(manager, reference, "withhold", **said)).json()["applied"]
    path = f"/v1/complaints/{reference}/documents/{part}"

    async def is_withheld() -> bool:
        return bool((await api.http.get(path, headers=staff)).json()["withheld"])

    await api.until(is_withheld)


@pytest_asyncio.fixture
async def near(tmp_path: Path, clamd: ClamdStandIn, api: ApiProcess) -> AsyncIterator[ApiThread]:
    """An API on the run's own register, with a scanner and a document store that can be taken away."""
    near = ApiThread(
        api.state,
        "127.0.0.1:1",
        REDRESS_CLAMAV=clamd.address,
        REDRESS_DOCUMENTS=str(tmp_path / "documents"),
        REDRESS_DOCUMENT_BYTES_PER_DAY=str(1024 * 1024),
    )
    await near.start()
    yield near
    await near.close()


async def test_infected_lost_or_too_much(
    api: ApiProcess, near: ApiThread, staff: Headers, tmp_path: Path
) -> None:
    reference = await api.open(staff)
    problem(await attach(near, reference, staff, PDF + EICAR), 422, "infected")
    done = (await attach(near, reference, staff)).json()
    assert done["state"] == "clean"
    (tmp_path / "documents").rename(tmp_path / "away")
    (tmp_path / "documents").write_text("no folder")
    lost = problem(await attach(near, reference, staff, PNG, "a.png"), 503, "no-answer")
    assert "document store" in lost["detail"]
    path = f"/v1/complaints/{reference}/documents"
    problem(await near.http.get(f"{path}/{done['document']}/content", headers=staff), 503, "no-answer")
    assert len((await near.http.get(path, headers=staff)).json()) == 1
    problem(await attach(near, reference, staff, PDF + bytes(1024 * 1024)), 429, "too-many")


def test_one_caller_leaves_room_for_others() -> None:
    work = SlowWork("documents", at_most=4, of_one_caller=3)
    with ExitStack() as stack:
        for _ in range(3):
            stack.enter_context(work.under_way("one"))
        with pytest.raises(Refusal), work.under_way("one"):
            pass
        with work.under_way("another"):
            pass
    with work.under_way("one"):
        pass


async def test_a_scanner_that_says_nothing_holds_up_nobody_else(
    api: ApiProcess, staff: Headers, server: tuple[str, object]
) -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=100) as silent:
        near = ApiThread(
            api.state,
            server[0],
            REDRESS_CLAMAV=f"tcp://127.0.0.1:{silent.getsockname()[1]}",
            REDRESS_CLAMAV_WITHIN="4",
        )
        await near.start()
        reference = await api.open(staff)
        path = f"/v1/complaints/{reference}/documents"
        document = (await attach(api, reference, staff)).json()["document"]
        reading = [
            asyncio.create_task(near.http.get(f"{path}/{document}/content", headers=staff)) for _ in range(45)
        ]
        await asyncio.sleep(0.5)
        other = api.headers("reader")
        assert (await near.http.get("/v1/due?limit=1", headers=other)).status_code == 200
        ended = {each.result().status_code for each in reading if each.done()}
        assert ended == {429}, "those that wait for the scanner wait still"
        assert {each.status_code for each in await asyncio.gather(*reading)} == {429, 503}
        await near.close()
