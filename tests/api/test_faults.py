"""Each part is stopped while requests arrive; at the end all of them are counted."""

from __future__ import annotations

import asyncio
import json
import signal
from collections.abc import Collection
from typing import Any

import httpx

from redress.domain.opening_parsing import parse_opening
from redress.services.clock import today
from redress.store.api_store import open_store
from redress.store.intake_queue import IntakeQueue
from redress.store.schema import migrate
from tests.api.api_process import ApiProcess, invented
from tests.api.deployment import CuttableDeployment
from tests.marks import holding

MARK = "Xylographica Inventata"


async def started(deployment: CuttableDeployment, references: Collection[str]) -> list[str]:
    """References in the order of their workflows' starts; one that was started twice is here twice."""
    runs = [
        (each.start_time, each.id.removeprefix("complaint-"))
        async for each in deployment.client.list_workflows()
    ]
    return [reference for _, reference in sorted(runs) if reference in references]


async def taken(api: ApiProcess, headers: dict[str, str], reference: str, **fields: object) -> httpx.Response:
    """Send a note until it is answered, as a caller would."""
    for _ in range(20):
        answer = await api.send(headers, reference, "add-note", **fields)
        if answer.status_code == 200:
            return answer
        assert answer.status_code == 503, answer.text
    raise AssertionError(answer.text)


async def test_nothing_is_lost_or_doubled_while_the_parts_stop_in_turn(
    deployment: CuttableDeployment,
) -> None:
    api, installation = deployment.api, deployment.installation
    headers, staff = api.headers("intake"), api.headers("staff")
    sent: list[dict[str, Any]] = []
    receipts: dict[str, str] = {}

    async def post(opening: dict[str, Any]) -> httpx.Response:
        answer = await api.http.post("/v1/complaints", json=opening, headers=headers)
        assert answer.status_code in (200, 201, 202), answer.text
        if answer.json()["receipt"]:
            receipts[opening["source_id"]] = answer.json()["receipt"]
        return answer

    async def post_some(number: int) -> list[httpx.Response]:
        answers = []
        for _ in range(number):
            sent.append(invented(points=[f"{MARK} said so."]))
            answers.append(await post(sent[-1]))
        return answers

    await post_some(2)

    # Temporal is down: the reference is known, the complaint waits.
    await installation.stop_server()
    answers = await post_some(3)
    await api.reaches(temporal=False)
    answers += await post_some(2)
    assert {answer.status_code for answer in answers} == {202}
    assert all(answer.json()["reference"] for answer in answers)
    again = await post(sent[-1])
    assert again.json() == answers[-1].json() | {"created": False}

    # The API dies, and is back before the others are.
    await api.stop(signal.SIGKILL)
    await api.start()
    assert (await post(sent[-1])).json()["receipt"] == again.json()["receipt"]

    # The register is gone too, and then silent: a receipt is all there is.
    await deployment.line.cut()
    answers = await post_some(2)
    await api.reaches(temporal=False, register=False)
    answers += await post_some(2)
    assert {(answer.status_code, answer.json()["reference"]) for answer in answers} == {(202, None)}
    differs = sent[-1] | {"points": ["Another."]}
    other = await api.http.post("/v1/complaints", json=differs, headers=headers)
    assert (other.status_code, other.json()["differs"], other.json()["created"]) == (409, True, False)
    assert other.json()["receipt"] != answers[-1].json()["receipt"]  # kept beside it, for staff
    assert holding(installation.state.glob("api.db*"), MARK) == []
    await deployment.line.connect()
    await api.reaches(temporal=False)
    deployment.line.hush()
    answers = await post_some(2)
    assert {(answer.status_code, answer.json()["reference"]) for answer in answers} == {(202, None)}
    deployment.line.speak()

    # All is back, while more requests come and the API is killed again and again.
    deployment.client = await installation.start_server()
    await post_some(1)
    await api.stop(signal.SIGKILL)
    await api.start()
    await post_some(1)
    asked = [opening["source_id"] for opening in sent]

    async def all_open() -> bool:
        return len(deployment.intakes(asked)) == len(sent)

    await api.until(all_open)
    assert sorted(deployment.intakes(asked)) == sorted(asked)  # each once
    references = deployment.references(asked)
    assert len(references) == len(sent) == len(set(references.values()))
    assert await started(deployment, references.values()) == [references[each] for each in asked]
    for source_id, receipt in receipts.items():

        async def is_told(source_id: str = source_id, receipt: str = receipt) -> bool:
            told = (await api.http.get(f"/v1/receipts/{receipt}", headers=headers)).json()
            assert told["state"] != "refused"
            return (told["state"], told["reference"]) == ("opened", references[source_id])

        await api.until(is_told)
    for opening in sent:
        late = await post(opening)
        assert (late.status_code, late.json()["reference"]) == (200, references[opening["source_id"]])
        assert late.json()["differs"] is False
    reference = references[differs["source_id"]]
    [kept] = (await api.http.get(f"/v1/complaints/{reference}/differing", headers=staff)).json()
    assert kept["fields"] == {"points": ["Another."]}
    assert len(deployment.intakes(asked)) == len(sent)
    written = [installation.state / name for name in ("api.log", "worker.log", "api.db")]
    assert all(path.exists() for path in written)
    assert holding(written, MARK) == []


async def test_a_server_that_says_nothing_keeps_nobody_at_the_counter(deployment: CuttableDeployment) -> None:
    api, installation = deployment.api, deployment.installation
    headers, staff = api.headers("intake"), api.headers("staff")
    reference = await api.open(headers)

    async def is_listed() -> bool:
        return reference in (await api.http.get("/v1/complaints", headers=staff)).text

    await api.until(is_listed)
    assert installation.server is not None
    installation.server.send_signal(signal.SIGSTOP)
    opening = invented()
    answer = await api.http.post("/v1/complaints", json=opening, headers=headers)
    assert (answer.status_code, answer.json()["state"]) == (202, "waiting")
    assert await is_listed()
    read = await api.http.get(f"/v1/complaints/{reference}", headers=staff)
    assert (read.status_code, read.headers["redress-read-from"]) == (200, "register")
    installation.server.send_signal(signal.SIGCONT)

    async def is_open() -> bool:
        return bool(deployment.intakes([opening["source_id"]]))

    await api.until(is_open)
    assert (await api.http.post("/v1/complaints", json=opening, headers=headers)).status_code == 200


async def test_a_message_that_nobody_takes_is_told_and_counts_once(deployment: CuttableDeployment) -> None:
    api, installation = deployment.api, deployment.installation
    staff = api.headers("staff")
    reference = await api.open(staff)
    await taken(api, staff, reference, note="First.", message_id="first")

    # No worker: whether it is applied is not known.
    assert installation.worker is not None
    installation.worker.kill()
    installation.worker.wait()
    answer = await api.send(staff, reference, "add-note", note="Second.")
    assert answer.status_code == 503, answer.text
    assert int(answer.headers["retry-after"]) > 0
    assert answer.json()["applied"] == "unknown"
    repeat = {name: answer.json()[name] for name in ("message_id", "on")}
    installation.start_worker()
    answer = await taken(api, staff, reference, note="Second.", **repeat)
    assert answer.json()["message_id"] == repeat["message_id"]

    # No Temporal: it is known that it is not applied.
    await installation.stop_server()
    await api.reaches(temporal=False)
    answer = await api.send(staff, reference, "add-note", note="Third.")
    assert (answer.status_code, answer.json()["applied"]) == (503, "no")
    deployment.client = await installation.start_server()
    await api.reaches()
    repeat = {name: answer.json()[name] for name in ("message_id", "on")}
    await taken(api, staff, reference, note="Third.", **repeat)
    status = (await api.http.get(f"/v1/complaints/{reference}", headers=staff)).json()
    assert [message["note"] for message in status["messages"]] == ["First.", "Second.", "Third."]


async def test_requests_go_on_while_everything_is_killed_under_them(deployment: CuttableDeployment) -> None:
    """Callers who repeat what was not answered end with one complaint for each intake."""
    api = deployment.api
    headers = api.headers("intake")
    openings = [invented() for _ in range(24)]
    done: dict[str, int] = {}

    async def insist(opening: dict[str, Any]) -> None:
        while opening["source_id"] not in done:
            try:
                answer = await api.http.post("/v1/complaints", json=opening, headers=headers)
            except httpx.TransportError:
                await asyncio.sleep(0.1)
                continue
            assert answer.status_code in (200, 201, 202), answer.text
            done[opening["source_id"]] = answer.status_code

    async def insist_on(some: list[dict[str, Any]]) -> None:
        for opening in some:
            await insist(opening)

    callers = [asyncio.create_task(insist_on(openings[start::4])) for start in range(4)]
    for _ in range(2):
        await asyncio.sleep(0.5)
        await api.stop(signal.SIGKILL)
        await api.start()
    await deployment.installation.stop_server()
    await asyncio.gather(*callers)
    deployment.client = await deployment.installation.start_server()
    asked = sorted(opening["source_id"] for opening in openings)

    async def all_open() -> bool:
        return sorted(deployment.intakes(asked)) == asked

    await api.until(all_open)
    assert len(deployment.references(asked)) == len(openings), json.dumps(done)


async def test_a_queue_on_postgresql_keeps_each_intake_once(deployment: CuttableDeployment) -> None:
    opening = invented()
    parsed = parse_opening(opening, today())
    await asyncio.to_thread(migrate, deployment.register, "api_store")
    first, second = (IntakeQueue(open_store(deployment.register_url), deployment.cipher) for _ in range(2))
    kept = await asyncio.gather(
        *(asyncio.to_thread(each.put, parsed, opening, "caller", None) for each in (first, second) * 4)
    )
    assert len({each.receipt for each in kept}) == 1
    assert sum(each.created for each in kept) == 1
    assert first.ahead_of(parsed) == (True, True)
    assert first.count() == second.count() == 1
    again = second.put(parsed, opening | {"points": ["Another."]}, "caller", None)
    assert (again.receipt != kept[0].receipt, again.created, again.differs) == (True, False, True)


async def test_two_apis_on_one_queue_open_each_once_and_in_order(deployment: CuttableDeployment) -> None:
    other = ApiProcess(
        deployment.installation.state, deployment.installation.address, **deployment.api.settings
    )
    await other.start()
    try:
        await deployment.installation.stop_server()
        for api in (deployment.api, other):
            await api.reaches(temporal=False)
        headers = deployment.api.headers("intake")
        openings = [invented() for _ in range(8)]
        for number, opening in enumerate(openings):
            api = (deployment.api, other)[number % 2]
            answer = await api.http.post("/v1/complaints", json=opening, headers=headers)
            assert answer.status_code == 202, answer.text
            there = (other, deployment.api)[number % 2]  # the same sent to the other one is the same
            again = await there.http.post("/v1/complaints", json=opening, headers=headers)
            assert again.json() == answer.json() | {"created": False}
        deployment.client = await deployment.installation.start_server()
        asked = [opening["source_id"] for opening in openings]

        async def all_open() -> bool:
            return sorted(deployment.intakes(asked)) == sorted(asked)

        await other.until(all_open)
        references = deployment.references(asked)
        assert await started(deployment, references.values()) == [references[each] for each in asked]
    finally:
        await other.close()
