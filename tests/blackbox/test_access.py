"""What an intake token can do to complaints that others brought (findings S1, S2, S4, S5), from outside."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from datetime import date
from typing import Any

import httpx
import pytest
import pytest_asyncio

from tests import forking
from tests.blackbox.conftest import CHECKOUT, Installation
from tests.letters.delivery.mail_server import free_port

pytestmark = pytest.mark.timeout(240)

MISSING = "CYP-1999-000001"


class Api:
    """The API of an installation, and tokens for it."""

    def __init__(self, installation: Installation, url: str) -> None:
        self._installation = installation
        self.http = httpx.AsyncClient(base_url=url, timeout=60)

    async def token(self, name: str, role: str, *words: str) -> dict[str, str]:
        status, made = await self._installation.command("token", "new", name, "--role", role, *words)
        assert status == 0, made
        return {"Authorization": f"Bearer {made['token']}"}

    async def send(
        self, headers: dict[str, str], reference: str, action: str, **fields: object
    ) -> httpx.Response:
        return await self.http.post(f"/v1/complaints/{reference}/{action}", json=fields, headers=headers)


@pytest_asyncio.fixture(scope="module")
async def api(installation: Installation) -> AsyncIterator[Api]:
    port = free_port()
    environment = installation.environment | {"REDRESS_API_PORT": str(port)}
    with (installation.state / "api.log").open("ab") as log:
        if CHECKOUT == forking.ROOT:
            process: forking.Forked | subprocess.Popen[bytes] = forking.started("api", environment, log)
        else:
            command = [sys.executable, "-m", "redress.api"]
            process = subprocess.Popen(command, cwd=CHECKOUT, env=environment, stdout=log, stderr=log)
    api = Api(installation, f"http://127.0.0.1:{port}")
    for _ in range(600):
        try:
            if (await api.http.get("/readyz")).status_code == 200:
                break
        except httpx.TransportError:
            pass
        await asyncio.sleep(0.1)
    yield api
    await api.http.aclose()
    process.terminate()
    await asyncio.to_thread(process.wait)


ADVOCATE: dict[str, Any] = {
    "advocate": {"name": "Mallory Invented", "email": "mallory@inventata.example"},
    "speaks": True,
    "gets_letters": True,
}


async def test_a_leaked_web_forms_token_changes_nothing_that_others_brought(
    installation: Installation, api: Api
) -> None:
    reference = await installation.open()
    intake = await api.token("leaked-form", "intake")
    today = date.today().isoformat()
    for action, said in (
        ("set-advocate", ADVOCATE),
        ("withdraw", {"reason": "Never mind."}),
        ("escalate", {"reason": "More."}),
        ("add-note", {"note": "Invented."}),
    ):
        named = said | {"on": today, "message_id": f"m-{action}"}
        answers = [await api.send(intake, each, action, **named) for each in (reference, MISSING)]
        assert {(each.status_code, each.text) for each in answers} == {(202, answers[0].text)}
        assert answers[0].json()["pending"] is True
    assert (await installation.command("show", reference))[1]["messages"] == []
    there, none = [
        await api.http.get(f"/v1/complaints/{each}/standing", headers=intake) for each in (reference, MISSING)
    ]
    assert (there.status_code, there.text) == (404, none.text)

    # Staff match what belongs there, once, and dismiss the rest.
    listed: list[dict[str, Any]] = (await installation.command("unmatched", "list"))[1]
    request = {(each["action"], each["claimed"]): each["request"] for each in listed}
    withdrawal = request["withdraw", MISSING]
    status, answer = await installation.command("unmatched", "match", withdrawal, reference)
    assert (status, answer["applied"], answer["on"]) == (0, True, today)
    assert (await installation.command("unmatched", "match", withdrawal, reference))[0] == 4
    shown = (await installation.command("show", reference))[1]
    assert [(each["action"], each["by"]) for each in shown["messages"]] == [("withdraw", "leaked-form")]
    mallory = request["set_advocate", reference]
    dismiss = ("unmatched", "dismiss", mallory, "--reason", "Nobody knows her.")
    assert (await installation.command(*dismiss))[0] == 0
    assert (await installation.command("unmatched", "match", mallory, reference))[0] == 4
    left = {each["request"] for each in (await installation.command("unmatched", "list"))[1]}
    assert {each["request"] for each in listed} - left == {withdrawal, mallory}
    assert (await installation.command("unmatched", "match", mallory[:-1] + "x", reference))[0] == 5


async def test_a_foreign_complaint_is_a_missing_one(installation: Installation, api: Api) -> None:
    reference = await installation.open()
    staff = await api.token("other-council", "staff", "--authority", "north-somerset")
    for path in ("", "/standing", "/changes"):
        answers = [
            await api.http.get(f"/v1/complaints/{each}{path}", headers=staff) for each in (reference, MISSING)
        ]
        assert {(each.status_code, each.text) for each in answers} == {(404, answers[0].text)}
    answers = [await api.send(staff, each, "respond", outcome="perhaps") for each in (reference, MISSING)]
    assert {(each.status_code, each.text) for each in answers} == {(404, answers[0].text)}


async def test_a_source_is_named_by_those_who_may(api: Api) -> None:
    form = await api.token("one-form", "intake", "--source", "one-form")
    opening = {
        "authority": "family-rights",
        "kind": "compliment",
        "source": "casesystem",
        "source_id": "case-778899",
        "channel": "web_form",
        "received_on": date.today().isoformat(),
        "points": ["Invented."],
    }
    refused = await api.http.post("/v1/complaints", json=opening, headers=form)
    assert (refused.status_code, refused.json()["type"]) == (403, "urn:redress:problem:source-not-allowed")
    taken = await api.http.post("/v1/complaints", json=opening | {"source": "one-form"}, headers=form)
    assert taken.status_code in (201, 202)
    assert taken.headers["location"].endswith("/standing")
