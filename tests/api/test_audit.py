"""Whoever reads personal data over HTTP or by the codec is written down before it is sent."""

from __future__ import annotations

import base64
import itertools
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
from temporalio.api.common.v1 import Payload

from redress.services.readings import local_reading, write_down
from redress.store.api_store import open_store
from redress.store.tokens import Tokens
from tests.api.api_process import ApiProcess, access
from tests.api.deployment import CuttableDeployment
from tests.api.test_codec import payload

_numbers = itertools.count(1)


def caller(api: ApiProcess, *roles: Any, authority: str | None = None) -> tuple[str, dict[str, str]]:
    """A name of its own, and its headers."""
    name = f"reader-{next(_numbers)}"
    return name, {"Authorization": f"Bearer {api.token(*roles, authority=authority, name=name)}"}


OF_NO_COMPLAINT = ("read_audit", "list_unmatched", "list_people", "read_person")
"""Operations whose answers are personal and may name no complaint."""


async def audited(api: ApiProcess, **asked: str) -> list[dict[str, Any]]:
    manager = api.headers("complaints_manager")
    answer = await api.http.get("/v1/audit", params={"limit": "500", **asked}, headers=manager)
    assert answer.status_code == 200, answer.text
    entries: list[dict[str, Any]] = answer.json()["readings"]
    return entries


async def gets(api: ApiProcess) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every operation by GET of the OpenAPI document, after a path that leads to something."""
    manager = api.headers("complaints_manager")
    reference = await api.open(manager)
    assert (await api.send(manager, reference, "acknowledge")).is_success

    async def is_recorded() -> bool:
        line = await api.http.get("/v1/complaints", params={"limit": 500}, headers=manager)
        return reference in line.text

    await api.until(is_recorded)
    hook = {"url": "https://invented.example/", "authority": "family-rights"}
    made = await api.http.post("/v1/webhooks", json=hook, headers=manager)
    known = {"reference": reference, "webhook": made.json()["id"], "receipt": "rc_" + "0" * 32}
    somebody = {"authority": "family-rights", "name": "Una Audited"}
    known["person"] = (await api.http.post("/v1/people", json=somebody, headers=manager)).json()["person"]
    letters = f"/v1/complaints/{reference}/letters"
    listed = await api.http.get(letters, headers=manager)
    known["mark"] = listed.json()["letters"][0]["mark"] if listed.is_success else ""
    form = {"file": ("invented.pdf", b"%PDF-1.7 invented")}
    attached = await api.http.post(f"/v1/complaints/{reference}/documents", files=form, headers=manager)
    known["document"] = attached.json()["document"]
    document = (await api.http.get("/openapi.json")).json()
    return iter(
        [
            (path.format_map(known), operation["get"])
            for path, operation in document["paths"].items()
            if "get" in operation
        ]
    )


def _is_needed(parameter: dict[str, Any]) -> bool:
    """Whether a question has to have it."""
    return bool(parameter["in"] == "query" and parameter["required"])


async def test_every_path_that_reads_leaves_an_entry_or_says_that_it_holds_nothing(
    api: ApiProcess,
) -> None:
    for path, described in await gets(api):
        operation, asked = described["operationId"], described.get("parameters", [])
        name, headers = caller(api, "staff", "complaints_manager", "reader", "intake")
        params = {each["name"]: each["schema"]["examples"][0] for each in asked if _is_needed(each)}
        params = {"authority": "family-rights"} if operation == "list_people" else params
        answer = await api.http.get(path, params=params, headers=headers)
        assert answer.status_code == (404 if operation == "read_receipt" else 200), (path, answer.text)
        entries = await audited(api, reader=name)
        if access()[operation] is None or described.get("x-personal") is False:
            assert entries == [], operation
            continue
        (entry,) = entries
        assert entry["door"].startswith("GET /v1/"), operation
        assert entry["complaints"] or operation in OF_NO_COMPLAINT, operation
        assert (entry["reader"], entry["reader_kind"]) == (name, "token")
        assert entry["roles"]


async def test_an_entry_says_who_what_and_where_and_holds_no_content(api: ApiProcess) -> None:
    reference = await api.open(api.headers("staff"), points=["Xenophora was shouted at."])
    name, headers = caller(api, "staff")
    for _ in range(3):
        assert (await api.http.get(f"/v1/complaints/{reference}", headers=headers)).status_code == 200
    entries = await audited(api, reference=reference)
    assert len([each for each in entries if each["reader"] == name]) in (1, 2), "one for each minute"
    assert "Xenophora" not in str(entries)
    assert {tuple(each["roles"]) for each in entries if each["reader"] == name} == {("staff",)}
    # To ask is a reading too.
    again = await audited(api, reference=reference)
    assert any(each["door"] == "GET /v1/audit" for each in again)


async def test_what_was_not_shown_is_no_reading(api: ApiProcess) -> None:
    name, headers = caller(api, "staff")
    assert (await api.http.get("/v1/complaints/CYP-1999-000009", headers=headers)).status_code == 404
    assert await audited(api, reader=name) == []


async def test_a_list_is_one_entry_that_names_its_complaints(api: ApiProcess) -> None:
    references = {await api.open(api.headers("staff"), authority="rotherham") for _ in range(2)}

    async def is_listed() -> bool:
        name, headers = caller(api, "staff", authority="rotherham")
        answer = await api.http.get("/v1/complaints", params={"limit": 500}, headers=headers)
        shown = {each["reference"] for each in answer.json()["complaints"]}
        (entry,) = await audited(api, reader=name)
        assert set(entry["complaints"]) == shown
        return references <= shown

    await api.until(is_listed)


async def test_who_reads_what_waits_to_be_matched_is_written_down_with_the_complaint_it_names(
    api: ApiProcess,
) -> None:
    name, staff = caller(api, "staff")
    reference = await api.open(staff)
    said = await api.send(api.headers("intake"), reference, "add-note", note="About this one.")
    assert said.status_code == 202
    after = ""
    while after is not None:
        answer = await api.http.get(f"/v1/unmatched?limit=200&after={after}", headers=staff)
        after = answer.json()["next"]
    doors = [each["door"] for each in await audited(api, reference=reference, reader=name)]
    assert "GET /v1/unmatched" in doors


async def test_a_manager_sees_the_readings_of_their_own_authority_alone(api: ApiProcess) -> None:
    theirs = await api.open(api.headers("staff"), authority="north-somerset")
    mine = await api.open(api.headers("staff"), authority="family-rights")
    name, headers = caller(api, "staff")
    for reference in (theirs, mine):
        await api.http.get(f"/v1/complaints/{reference}", headers=headers)
    _, manager = caller(api, "complaints_manager", authority="family-rights")
    answer = await api.http.get("/v1/audit", params={"reader": name}, headers=manager)
    assert [each["complaints"] for each in answer.json()["readings"]] == [[mine]]
    foreign = await api.http.get("/v1/audit", params={"reference": theirs}, headers=manager)
    assert [each for each in foreign.json().get("readings", []) if each["complaints"]] == []
    staff = await api.http.get("/v1/audit", headers=api.headers("staff"))
    assert staff.status_code == 403


async def test_what_the_command_line_read_is_there_too(api: ApiProcess) -> None:
    reference = await api.open(api.headers("staff"))
    reading = local_reading("starter.py show", {reference: "family-rights"})
    write_down(api.state / "readings.jsonl", reading)
    one = ApiProcess(api.state, "127.0.0.1:1")
    await one.start()  # it takes the file in as it starts
    try:

        async def is_there() -> bool:
            entries = await audited(api, reference=reference)
            return any(each["reader_kind"] == "command_line" for each in entries)

        await api.until(is_there)
    finally:
        await one.close()


# --- the codec, and the record out of reach --------------------------------------------------------------


async def test_the_codec_names_each_complaint_whose_key_it_used(deployment: CuttableDeployment) -> None:
    api = deployment.api
    first, second = [await api.open(api.headers("intake")) for _ in range(2)]
    payloads = [_sealed(deployment, reference) for reference in (first, second, first)]
    name, codec = caller(api, "codec")
    foreign = _sealed(deployment, "CYP-1999-000008")
    foreign["data"] = payload("nonsense")["data"]
    for part in (payloads, [foreign, payload("in clear")]):
        answer = await api.http.post("/codec/decode", json={"payloads": part}, headers=codec)
        assert answer.status_code == 200, answer.text
    entries = await audited(api, reader=name)
    doors = {(each["door"], *each["complaints"]) for each in entries}
    assert doors == {("POST /codec/decode", first), ("POST /codec/decode", second)}


def _sealed(deployment: CuttableDeployment, reference: str) -> dict[str, Any]:
    plain = Payload(metadata={"encoding": b"json/plain"}, data=b'"said"').SerializeToString()
    key, data = deployment.cipher.encrypt(plain, reference)
    metadata = {"encoding": b"binary/encrypted", "encryption-key-id": key.encode()}
    said = {name: base64.b64encode(value).decode() for name, value in metadata.items()}
    return {"metadata": said, "data": base64.b64encode(data).decode()}


async def test_what_cannot_be_written_down_is_not_shown(api: ApiProcess, tmp_path: Path) -> None:
    """A record that takes nothing: 503, and not a word of the content."""
    reference = await api.open(api.headers("staff"))
    store = tmp_path / "api.db"
    shutil.copy(api.state / "api.db", store)
    shutil.copy(api.state / "api.db-wal", tmp_path / "api.db-wal")
    apart = ApiProcess(api.state, api.environment["TEMPORAL_ADDRESS"], REDRESS_API_URL=f"sqlite:///{store}")
    await apart.start()
    try:
        await apart.reaches()
        name, headers = caller(api, "staff")
        token = Tokens(open_store(f"sqlite:///{store}")).add(name, ["staff"], None, None)
        headers = {"Authorization": f"Bearer {token}"}
        path = f"/v1/complaints/{reference}"
        assert (await apart.http.get(path, headers=headers)).status_code == 200
        _make_it_take_nothing(store)
        for each in (path, f"{path}/changes", "/v1/complaints"):
            answer: httpx.Response = await apart.http.get(each, headers=headers)
            if answer.status_code == 200:  # written down a moment ago, in the same minute
                assert each == path
                continue
            assert answer.status_code == 503, answer.text
            assert answer.headers["retry-after"]
            assert reference not in answer.text.replace(each, "")
        count = await apart.http.get(
            "/v1/calendar/count", params={"from": "2026-06-01", "days": "1"}, headers=headers
        )
        assert count.status_code == 200, "what holds nothing personal goes on"
    finally:
        await apart.close()


def _make_it_take_nothing(store: Path) -> None:
    with sqlite3.connect(store) as db:
        db.execute("CREATE TRIGGER full BEFORE INSERT ON readings BEGIN SELECT RAISE(ABORT, 'full'); END")
