"""The codec endpoint, as the Temporal UI and the `temporal` command use it."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import select, update
from temporalio.api.common.v1 import Payload
from temporalio.client import Client, WorkflowUpdateFailedError
from temporalio.common import RawValue

from redress.api.settings import ApiSettings
from redress.contract import workflow_id
from redress.security.encryption import EnvelopeCipher
from redress.security.keyring import Keyring
from redress.security.tokens import digest
from redress.store.api_store import open_store, sessions
from redress.store.database import writing
from redress.store.tokens import NOTED_EVERY
from redress.temporal.codec import ENCODING, KEY_NAME
from redress.temporal.embedded import temporal_command
from tests.api.api_process import UI, ApiProcess, ApiThread
from tests.api.deployment import CuttableDeployment

MARK = "Xylographica Inventata"

NOBODY = "[cannot be read: nobody here has its key]"


def payload(value: object) -> dict[str, Any]:
    return {
        "metadata": {"encoding": base64.b64encode(b"json/plain").decode()},
        "data": base64.b64encode(json.dumps(value).encode()).decode(),
    }


def said(answer: httpx.Response) -> list[object]:
    assert answer.status_code == 200, answer.text
    return [json.loads(base64.b64decode(each["data"])) for each in answer.json()["payloads"]]


async def test_the_temporal_command_reads_a_history_through_it(deployment: CuttableDeployment) -> None:
    api = deployment.api
    reference = await api.open(api.headers("intake"), points=[f"{MARK} said so."])
    words = [temporal_command(), "workflow", "show", "-w", workflow_id(reference), "--output", "json"]
    words += ["--address", deployment.installation.address]
    plain = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    assert MARK not in plain
    assert base64.b64encode(ENCODING).decode() in plain
    words += ["--codec-endpoint", f"{api.url}/codec", "--codec-auth", f"Bearer {api.token('codec')}"]
    read = json.loads(subprocess.run(words, capture_output=True, text=True, check=True).stdout)
    (first,) = read["events"][0]["workflowExecutionStartedEventAttributes"]["input"]["payloads"]
    assert json.loads(base64.b64decode(first["data"]))["opening"]["points"] == [f"{MARK} said so."]


SAMPLES = Path(__file__).parent.parent.parent / "examples"


@pytest.mark.parametrize("sample", ["send_encrypted.py", "send-encrypted.ts"])
async def test_the_samples_send_encrypted(deployment: CuttableDeployment, sample: str) -> None:
    """The TypeScript one where its packages are: REDRESS_TEST_NODE names the folder with `node_modules`."""
    api, staff = deployment.api, deployment.api.headers("staff")
    command = [sys.executable, str(SAMPLES / sample)]
    if sample.endswith(".ts"):
        if "REDRESS_TEST_NODE" not in os.environ:
            pytest.skip("REDRESS_TEST_NODE: no folder with @temporalio/client and tsx is named")
        node = Path(os.environ["REDRESS_TEST_NODE"])
        shutil.copy(SAMPLES / sample, node)
        command = [str(node / "node_modules/.bin/tsx"), str(node / sample)]
    reference = await api.open(api.headers("intake"))
    where = {
        "TEMPORAL_ADDRESS": deployment.installation.address,
        "CODEC": f"{api.url}/codec",
        "TOKEN": api.token("codec"),
    }
    ran = await asyncio.to_thread(
        subprocess.run, [*command, reference], env=os.environ | where, capture_output=True, text=True
    )
    assert ran.stdout.splitlines()[-1:] == ["escalate: sent"], ran.stderr
    # The SDK's threads can crash a Python that has ended and takes itself down.
    assert ran.returncode == 0 or "Python runtime state: finalizing" in ran.stderr, ran.stderr

    async def taken() -> bool:
        status = (await api.http.get(f"/v1/complaints/{reference}", headers=staff)).json()
        messages = [(each["action"], each.get("in_clear", False)) for each in status.get("messages", [])]
        return messages == [("add_note", False), ("escalate", False)]

    await api.until(taken)
    history = await deployment.client.get_workflow_handle(workflow_id(reference)).fetch_history()
    assert "prefers to be rung" not in history.to_json()


async def test_what_cannot_be_read_comes_back_as_words(deployment: CuttableDeployment) -> None:
    api = deployment.api
    codec = api.headers("codec") | {"X-Namespace": "default"}
    encoded = await api.http.post("/codec/encode", json={"payloads": [payload(MARK)]}, headers=codec)
    (mine,) = encoded.json()["payloads"]
    assert base64.b64decode(mine["metadata"]["encoding"]) == ENCODING
    assert base64.b64decode(mine["metadata"][KEY_NAME]).startswith(b"unassigned/")
    assert MARK.encode() not in base64.b64decode(mine["data"])

    foreign = EnvelopeCipher(Keyring({"else": bytes(32)}), deployment.cipher.key_store).encrypt(b"x", "")
    deployment.cipher.encrypt(b"x", "CYP-2026-999999")
    erased = deployment.cipher.encrypt(b"x", "CYP-2026-999999")
    deployment.cipher.key_store.destroy("CYP-2026-999999")

    def sealed(name: str, data: bytes) -> dict[str, Any]:
        metadata = {"encoding": ENCODING, KEY_NAME: name.encode()}
        return {
            "metadata": {key: base64.b64encode(value).decode() for key, value in metadata.items()},
            "data": base64.b64encode(data).decode(),
        }

    changed = mine | {"data": base64.b64encode(b"no such thing").decode()}
    batch = [mine, payload("plain"), sealed(*foreign), sealed(*erased), changed, mine]
    decoded = said(await api.http.post("/codec/decode", json={"payloads": batch}, headers=codec))
    assert decoded == [MARK, "plain", NOBODY, "[erased]", NOBODY, MARK]
    assert said(await api.http.post("/codec/decode", json={"payloads": []}, headers=codec)) == []
    assert said(await api.http.post("/codec/decode", json={}, headers=codec)) == []
    bad: list[Any] = [[], {"payloads": 1}, {"payloads": [{"data": 1}]}, {"payloads": [{"metadata": []}]}]
    for wrong in bad:
        answer = await api.http.post("/codec/decode", json=wrong, headers=codec)
        assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")


async def test_only_pages_of_the_ui_may_use_it(deployment: CuttableDeployment) -> None:
    api = deployment.api
    for path in ("/codec/encode", "/codec/decode"):
        asked = {
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "authorization,content-type,x-namespace",
        }
        yes = await api.http.options(path, headers=asked | {"Origin": UI})
        assert yes.status_code == 200
        assert yes.headers["access-control-allow-origin"] == UI
        assert yes.headers["access-control-allow-credentials"] == "true"
        assert {"authorization", "content-type", "x-namespace"} <= {
            each.strip().lower() for each in yes.headers["access-control-allow-headers"].split(",")
        }
        no = await api.http.options(path, headers=asked | {"Origin": "http://elsewhere.example"})
        assert "access-control-allow-origin" not in no.headers
    refused = await api.http.post("/codec/decode", json={"payloads": []}, headers={"Origin": UI})
    assert refused.status_code == 401
    assert refused.headers["access-control-allow-origin"] == UI  # or the UI could not even say why
    elsewhere = await api.http.options("/v1/complaints", headers=asked | {"Origin": UI})
    assert "access-control-allow-origin" not in elsewhere.headers


async def test_a_browser_logs_in_with_a_token_and_out_again(deployment: CuttableDeployment) -> None:
    api = deployment.api
    token = api.token("codec", name="an-operator")
    form = await api.http.get("/codec/login")
    assert 'name="token"' in form.text
    assert "default-src 'none'" in form.headers["content-security-policy"]
    unknown, other = "The token is unknown", "takes one with the role codec"
    for bad, status, why in (
        ("rdr_nonsense", 401, unknown),
        (api.token("staff"), 403, other),
        ("", 401, unknown),
    ):
        answer = await api.http.post("/codec/login", data={"token": bad})
        assert answer.status_code == status
        assert "set-cookie" not in answer.headers
        assert why in answer.text
        assert 'name="token"' in answer.text  # a person is given the form again

    answer = await api.http.post("/codec/login", data={"token": token})
    cookie = answer.headers["set-cookie"].lower()
    assert all(word in cookie for word in ("httponly", "samesite=strict", "path=/codec"))
    assert 'href="http://127.0.0.1:8233"' in answer.text  # the way back to the UI
    assert "http://localhost:8233" not in answer.text  # a page from there is sent no cookie of ours
    assert token.lower() not in cookie
    session = {"Cookie": answer.headers["set-cookie"].partition(";")[0]}
    api.http.cookies.clear()
    body = {"payloads": [payload(MARK)]}
    assert said(await api.http.post("/codec/decode", json=body, headers=session)) == [MARK]
    assert (await api.http.get("/v1/due", headers=session)).status_code == 401  # for the codec alone

    await api.http.post("/codec/logout", headers=session)
    assert (await api.http.post("/codec/decode", json=body, headers=session)).status_code == 401

    answer = await api.http.post("/codec/login", data={"token": token})
    session = {"Cookie": answer.headers["set-cookie"].partition(";")[0]}
    api.http.cookies.clear()
    api.tokens.revoke("an-operator")
    assert (await api.http.post("/codec/decode", json=body, headers=session)).status_code == 401


async def logged_in(api: ApiProcess, headers: dict[str, str] | None = None) -> tuple[str, str]:
    """The cookie that a login gives, and what was said of it."""
    answer = await api.http.post("/codec/login", data={"token": api.token("codec")}, headers=headers)
    assert answer.status_code == 200, answer.text
    api.http.cookies.clear()
    cookie, _, attributes = answer.headers["set-cookie"].partition(";")
    return cookie, attributes.lower()


async def reads(api: ApiProcess, cookie: str) -> bool:
    answer = await api.http.post("/codec/decode", json={"payloads": []}, headers={"Cookie": cookie})
    assert answer.status_code in (200, 401)
    return answer.status_code == 200


@pytest.fixture
async def by_https(tmp_path: Path) -> AsyncIterator[ApiThread]:
    """An API behind a proxy that speaks https."""
    api = ApiThread(tmp_path, "127.0.0.1:1", REDRESS_API_HTTPS="true", REDRESS_TRIAL="names are readable")
    await api.start()
    yield api
    await api.close()


async def test_over_https_the_cookie_is_bound_to_its_host(by_https: ApiThread) -> None:
    own = {"Host": "api.council.example", "Origin": "https://api.council.example"}
    cookie, attributes = await logged_in(by_https, own)
    assert cookie.startswith("__Host-")
    said = {each.strip() for each in attributes.split(";")}
    assert {"secure", "httponly", "samesite=strict", "path=/"} <= said
    assert "domain" not in attributes
    assert await reads(by_https, cookie)
    assert not await reads(
        by_https, cookie.removeprefix("__Host-")
    )  # anybody by http could have set that one
    by_http = own | {"Origin": "http://api.council.example"}
    assert (await by_https.http.post("/codec/login", headers=by_http)).status_code == 403


@pytest.mark.parametrize(
    "sent",
    [
        {"Origin": "http://elsewhere.example"},
        {"Origin": "null"},
        {"Origin": UI},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
async def test_no_other_site_logs_anybody_in_or_out(
    deployment: CuttableDeployment, sent: dict[str, str]
) -> None:
    api = deployment.api
    cookie, _ = await logged_in(api)
    forged = await api.http.post("/codec/login", data={"token": api.token("codec")}, headers=sent)
    assert forged.status_code == 403
    assert "set-cookie" not in forged.headers
    assert (await api.http.post("/codec/logout", headers=sent | {"Cookie": cookie})).status_code == 403
    assert await reads(api, cookie)


async def test_each_login_begins_a_session_of_its_own(deployment: CuttableDeployment) -> None:
    api = deployment.api
    own = {"Origin": api.url, "Sec-Fetch-Site": "same-origin"}
    planted = "redress_codec=planted"
    first, _ = await logged_in(api, own | {"Cookie": planted})
    assert first != planted
    second, _ = await logged_in(api, own | {"Cookie": first})
    assert await reads(api, second)
    assert not await reads(api, first)
    assert not await reads(api, planted)


async def test_a_session_that_nobody_uses_ends(deployment: CuttableDeployment) -> None:
    api = deployment.api
    cookie, _ = await logged_in(api)
    store = open_store(ApiSettings(state=api.state, api_url="").store_url)
    its_own = sessions.c.digest == digest(cookie.partition("=")[2])

    def unused_for(minutes: int) -> None:
        with writing(store) as db:
            used_at = datetime.now(UTC) - timedelta(minutes=minutes)
            db.execute(update(sessions).where(its_own).values(used_at=used_at))

    unused_for(59)
    assert await reads(api, cookie)  # which is a use
    with store.connect() as db:
        assert (
            db.execute(select(sessions.c.used_at).where(its_own)).scalar_one()
            > datetime.now(UTC) - NOTED_EVERY
        )
    unused_for(61)
    assert not await reads(api, cookie)


async def test_by_http_a_token_is_taken_on_this_machine_alone(deployment: CuttableDeployment) -> None:
    for host in ("api.council.example", "192.0.2.7:8400", "[::1", ""):
        token = deployment.api.token("codec")
        answer = await deployment.api.http.post("/codec/login", data={"token": token}, headers={"Host": host})
        assert answer.status_code in (400, 403), host
        assert "set-cookie" not in answer.headers
    form = await deployment.api.http.get("/codec/login", headers={"Host": "api.council.example"})
    assert form.status_code == 403
    assert "REDRESS_API_HTTPS" in form.text


@pytest.mark.parametrize(
    "body", [b"token=a&" * 9, b"%ff%fe", b"\xff\x00", b"token", b"token=" + b"rdr_" * 900]
)
async def test_an_odd_form_is_an_unknown_token(deployment: CuttableDeployment, body: bytes) -> None:
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = await deployment.api.http.post("/codec/login", content=body, headers=form)
    assert answer.status_code == 401


async def test_a_caller_of_one_authority_decodes_no_others(deployment: CuttableDeployment) -> None:
    """S3: what is another authority's is to them as if its key were missing; so is what nobody knows of."""
    api = deployment.api
    sealed: list[dict[str, Any]] = []
    for authority in ("family-rights", "north-somerset"):
        reference = await api.open(api.headers("intake"), authority=authority)
        data = Payload(metadata={"encoding": b"json/plain"}, data=json.dumps(authority).encode())
        key_name, encrypted = deployment.cipher.encrypt(data.SerializeToString(), reference)
        metadata = {"encoding": ENCODING, KEY_NAME: key_name.encode()}
        encoded = {name: base64.b64encode(value).decode() for name, value in metadata.items()}
        sealed.append({"metadata": encoded, "data": base64.b64encode(encrypted).decode()})
    everybody = api.headers("codec")
    limited = api.headers("codec", authority="family-rights")
    typed = await api.http.post("/codec/encode", json={"payloads": [payload(MARK)]}, headers=limited)
    sealed += typed.json()["payloads"]
    for headers, read in (
        (everybody, ["family-rights", "north-somerset", MARK]),
        (limited, ["family-rights", NOBODY, NOBODY]),
    ):
        answer = await api.http.post("/codec/decode", json={"payloads": sealed}, headers=headers)
        assert said(answer) == read
    name = base64.b64decode(sealed[2]["metadata"][KEY_NAME]).decode()
    deployment.cipher.assign(name, reference)
    answer = await api.http.post("/codec/decode", json={"payloads": sealed[2:]}, headers=limited)
    assert said(answer) == [NOBODY]
    assert (await api.http.post("/codec/login", data={"token": api.token("codec")})).status_code == 200
    api.http.cookies.clear()


async def test_foreign_payloads_neither_wedge_nor_corrupt_a_complaint(deployment: CuttableDeployment) -> None:
    """Sent straight to Temporal: looks encrypted, and was sealed for another complaint, or by nobody here."""
    api, staff = deployment.api, deployment.api.headers("staff")
    one, other = await api.open(staff, points=[f"{MARK} said so."]), await api.open(staff)
    stranger = await Client.connect(deployment.installation.address)
    events = stranger.get_workflow_handle(workflow_id(one)).fetch_history_events()
    begun = (await anext(events)).workflow_execution_started_event_attributes
    ours = begun.input.payloads[0]

    def like(key: bytes | None = None, data: bytes | None = None) -> RawValue:
        made = Payload()
        made.CopyFrom(ours)
        made.metadata[KEY_NAME] = key or ours.metadata[KEY_NAME]
        made.data = ours.data if data is None else data
        return RawValue(made)

    odd = [
        like(),
        like(f"complaint/{other}".encode()),
        like(b"keyring/never"),
        like(b"\xff\xfe"),
        like(b"a\x00b"),
    ]
    odd += [like(data=b""), like(b"a\x00b"), like(b"complaint/CYP-2026-999998")]
    odd += [like(f"complaint/{other}".encode(), b"junk")]
    handle = stranger.get_workflow_handle(workflow_id(other))
    for each in odd:
        await handle.signal("respond", each)
        with pytest.raises((KeyError, WorkflowUpdateFailedError)):  # KeyError: the stranger cannot read why
            await handle.execute_update("respond", each)
    answer = await api.send(staff, other, "acknowledge")
    assert answer.status_code == 200, answer.text
    status = (await api.http.get(f"/v1/complaints/{other}", headers=staff)).json()
    assert len(status["refused"]) == len(odd)
    assert MARK not in str(status)  # what was sealed for one complaint is not readable in another
    assert [each["action"] for each in status["messages"]] == ["acknowledge"]
    assert (status["state"], status["stage"]) == ("open", "stage_1")
