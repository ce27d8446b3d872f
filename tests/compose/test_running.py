"""The services of the compose file, run without a container engine.

Our own services' commands (worker, api, namespace, keys, the health checks, the command line) are run
from a folder with only what .dockerignore lets through, against a real Temporal server, which keeps its own
store, and a real PostgreSQL for the register.
What belongs to others cannot run here and is only read: temporal-sql-tool (a stand-in notes how the script
calls it), temporal-server with its settings and PostgreSQL store, the UI, the building of the image itself
and the start order. The server's health check is asked of the embedded server's HTTP side.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import stat
import subprocess
import sys
import urllib.request
from collections.abc import AsyncIterator, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import URL, create_engine, inspect, make_url, select
from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest, ListSearchAttributesRequest
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
from temporalio.client import Client
from temporalio.service import RPCError

from redress.contract import SEARCH_ATTRIBUTES
from redress.store import key_store, tables
from redress.temporal.embedded import embedded_server, free_port, temporal_command
from redress.temporal.namespace import RETENTION, NamespaceError, prepare
from redress.temporal.schedules import MAINTENANCE_SCHEDULE
from tests.compose.compose_file import COMPOSE_PAGE, ROOT, SERVICES
from tests.postgres import postgres_server


@pytest.fixture(scope="module")
def register_url() -> Iterator[URL]:
    """The register of the compose file, but on a PostgreSQL of this test's own, of the same major version."""
    major = int(SERVICES["register-db"]["image"].split(":")[1].split(".")[0])
    given = SERVICES["register-db"]["environment"]
    owner, of_api = given["POSTGRES_USER"], SERVICES["migrate"]["environment"]["REDRESS_API_ROLE"]
    with postgres_server(major) as server:
        engine = create_engine(server, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            for role in (owner, of_api):
                connection.exec_driver_sql(f"CREATE ROLE {role} LOGIN PASSWORD '{PASSWORD}'")
            for name in (given["POSTGRES_DB"], "key_store"):  # compose has a server for each
                connection.exec_driver_sql(f"CREATE DATABASE {name} OWNER {owner}")
        engine.dispose()
        url = make_url(SERVICES["worker"]["environment"]["REDRESS_REGISTER_URL"])
        yield url._replace(host=None, port=None).set(query=server.query)


@pytest.fixture(scope="module")
async def bare_server() -> AsyncIterator[tuple[str, int]]:
    """A server that knows nothing of complaints; gives its address and the port of its HTTP side."""
    port, http = free_port(), free_port()
    process = await asyncio.create_subprocess_exec(
        *(temporal_command(), "server", "start-dev", "--headless", "--ip", "127.0.0.1"),
        *("--log-level", "error", "--port", str(port), "--http-port", str(http)),
        *("--namespace", "by-hand", "--namespace", "other-types"),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield f"127.0.0.1:{port}", http
    finally:
        process.terminate()
        await process.wait()


PASSWORD = "not-a-real-password"

ELSEWHERE = (
    "REDRESS_REGISTER_URL",
    "REDRESS_REGISTER_PASSWORD_FILE",
    "REDRESS_KEY_STORE_URL",
    "REDRESS_KEY_STORE_PASSWORD_FILE",
    "REDRESS_API_URL",
    "REDRESS_STATE",
    "REDRESS_KEYS",
    "REDRESS_DOCUMENTS",
    "REDRESS_TEMPLATES",
)
"""What lies elsewhere in this test."""


def _surroundings(service: str, image: Path, **changed: str) -> dict[str, str]:
    """The environment that compose gives a service, with what is elsewhere in this test changed."""
    given = {**SERVICES[service]["environment"], **changed}
    return {"PATH": os.environ["PATH"], "PYTHONPATH": str(image), **given}


async def _started(words: list[str], image: Path, surroundings: dict[str, str]) -> asyncio.subprocess.Process:
    assert words[0] == "python"
    return await asyncio.create_subprocess_exec(
        sys.executable,
        *words[1:],
        cwd=image,
        env=surroundings,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )


async def _run(
    words: list[str], image: Path, surroundings: dict[str, str], given: str = ""
) -> tuple[int | None, str]:
    process = await _started(words, image, surroundings)
    output, _ = await process.communicate(given.encode())
    return process.returncode, output.decode()


async def test_the_namespace_service_makes_it_all_and_the_second_time_nothing(
    image: Path, bare_server: tuple[str, int]
) -> None:
    address, _ = bare_server
    command = SERVICES["namespace"]["command"]
    # Not "default": a server for development makes that one by itself.
    surroundings = _surroundings("namespace", image, TEMPORAL_ADDRESS=address, TEMPORAL_NAMESPACE="redress")
    status, said = await _run(command, image, surroundings)  # it waits for the server by itself
    assert status == 0, said
    assert "namespace redress: made the namespace" in said
    assert "namespace redress is ready" in said

    client = await Client.connect(address, namespace="redress")
    ready = await _state(client)
    assert ready == (RETENTION.days, {key.name: int(key.indexed_value_type) for key in SEARCH_ATTRIBUTES})
    await client.count_workflows("`Procedure` = 'statutory' AND Overdue = true")  # they can be asked for

    status, said = await _run(command, image, surroundings)
    assert status == 0, said
    assert "namespace redress is ready: nothing was missing" in said
    assert "made" not in said
    assert "registered" not in said
    assert await _state(client) == ready


async def test_a_namespace_made_by_hand_is_put_right(bare_server: tuple[str, int]) -> None:
    client = await _patient_client(bare_server[0], "by-hand")
    assert await _state(client) == (1, {})
    changed = await prepare(client)
    assert [sentence.split()[0] for sentence in changed] == ["closed", "registered", "scheduled", "scheduled"]
    assert (await _state(client))[0] == RETENTION.days
    assert await prepare(client) == []
    await client.get_schedule_handle(MAINTENANCE_SCHEDULE).delete()
    changed = await prepare(client, is_managed=True)
    assert [sentence.split()[0] for sentence in changed] == ["scheduled"]


async def test_an_attribute_of_another_type_is_refused_in_words(bare_server: tuple[str, int]) -> None:
    client = await _patient_client(bare_server[0], "other-types")
    number = IndexedValueType.INDEXED_VALUE_TYPE_INT
    await client.operator_service.add_search_attributes(
        AddSearchAttributesRequest(namespace=client.namespace, search_attributes={"Stage": number})
    )
    with pytest.raises(NamespaceError, match="Stage is there as Int and has to be Keyword"):
        await prepare(client)
    assert (await _state(client))[1] == {"Stage": int(number)}


async def test_the_servers_health_check_asks_what_the_server_answers(bare_server: tuple[str, int]) -> None:
    address, http = bare_server
    await _patient_client(address, "by-hand")
    asked: str = SERVICES["temporal"]["healthcheck"]["test"][-1]
    here = asked.replace("127.0.0.1:7243", f"127.0.0.1:{http}")
    assert here != asked

    def status() -> int:
        with urllib.request.urlopen(here) as answer:
            return int(answer.status)

    assert await asyncio.to_thread(status) == 200


async def _patient_client(address: str, namespace: str) -> Client:
    """A client once the namespace can be asked about."""
    while True:
        try:
            client = await Client.connect(address, namespace=namespace)
            await _state(client)
            return client
        except (RuntimeError, RPCError):  # not up yet, or the namespace is not known everywhere
            await asyncio.sleep(0.1)


async def _state(client: Client) -> tuple[int, dict[str, int]]:
    described = await client.workflow_service.describe_namespace(
        DescribeNamespaceRequest(namespace=client.namespace)
    )
    listed = await client.operator_service.list_search_attributes(
        ListSearchAttributesRequest(namespace=client.namespace)
    )
    retention = described.config.workflow_execution_retention_ttl.ToTimedelta()
    return retention.days, {name: int(kind) for name, kind in listed.custom_attributes.items()}


async def _the_keyring_is_asked_for_and_made(image: Path, surroundings: dict[str, str]) -> None:
    """Without a keyring the service ends badly, and nothing of ours starts; made as docs/compose.md says."""
    command = SERVICES["keys"]["command"]
    status, said = await _run(command, image, surroundings)
    assert (status, "there is no keyring" in said) == (2, True), said
    (making,) = re.findall(r"^docker compose run --rm keys (python .* keys new)$", COMPOSE_PAGE, re.MULTILINE)
    status, said = await _run(making.split(), image, surroundings)
    assert status == 0, said
    for _ in range(2):
        status, said = await _run(command, image, surroundings)
        assert (status, "wraps 0" in said) == (0, True), said


async def _another_comes_by_the_api(image: Path, worker: dict[str, str]) -> None:
    """Under the API's own role in the register: each thing that it writes there."""
    port = str(free_port())
    same = {name: worker[name] for name in ("TEMPORAL_ADDRESS", *ELSEWHERE)}
    role = make_url(SERVICES["api"]["environment"]["REDRESS_REGISTER_URL"]).username
    same["REDRESS_REGISTER_URL"] = str(make_url(same["REDRESS_REGISTER_URL"]).set(username=role))
    surroundings = _surroundings("api", image, REDRESS_API_PORT=port, **same)
    tokens = {}
    for of in ("intake", "complaints_manager"):
        words = ["python", "starter.py", "token", "new", f"compose-{of}", "--role", of, "--json"]
        status, said = await _run(words, image, surroundings)
        assert status == 0, said
        tokens[of] = {"Authorization": f"Bearer {json.loads(said)['token']}"}
    intake, manager = tokens["intake"], tokens["complaints_manager"]
    *python, asked = SERVICES["api"]["healthcheck"]["test"][1:]
    check = [*python, asked.replace(":8400/", f":{port}/")]
    api = await _started(SERVICES["api"]["command"], image, surroundings)
    try:
        while (await _run(check, image, surroundings))[0] != 0:
            assert api.returncode is None
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}/v1", timeout=60) as http:
            hook = {"url": "https://invented.example/"}
            assert (await http.post("/webhooks", json=hook, headers=manager)).status_code == 201
            opening = COMPLAINT | {"source_id": "18"}
            opened: dict[str, Any] = {"state": "waiting"}
            while opened["state"] == "waiting":
                opened = (await http.post("/complaints", json=opening, headers=intake)).json()
                await asyncio.sleep(0.1)
            other = opening | {"points": ["Nobody answered my second letter."]}
            assert (await http.post("/complaints", json=other, headers=intake)).status_code == 409
            path = f"/complaints/{opened['reference']}"
            kept = await http.get(f"{path}/differing", headers=manager)
            assert [each["state"] for each in kept.json()] == ["kept"]
            dismissed = await http.post(f"{path}/differing/1/dismiss", headers=manager)
            assert dismissed.status_code == 200, dismissed.text
            note = {"note": "Invented."}
            beyond = await http.post("/complaints/CYP-1999-000001/add-note", json=note, headers=intake)
            assert beyond.status_code == 202, beyond.text
            (request,) = (await http.get("/unmatched", headers=manager)).json()["requests"]
            nobodys = {"reason": "It belongs to no complaint."}
            way = f"/unmatched/{request['request']}/dismiss"
            assert (await http.post(way, json=nobodys, headers=manager)).is_success
            assert (await http.post(f"{path}/acknowledge", json={}, headers=manager)).status_code == 200
            letters: list[dict[str, Any]] = []
            while not any(each["state"] == "by_hand" for each in letters):
                letters = (await http.get(f"{path}/letters", headers=manager)).json()["letters"]
                await asyncio.sleep(0.1)
            mark = next(each["mark"] for each in letters if each["state"] == "by_hand")
            file = {"file": ("invented.pdf", b"%PDF-1.7 invented")}
            for status, belongs in ((201, {}), (200, {"letter": mark})):
                to = f"{path}/documents"
                attached = await http.post(to, files=file, data=belongs, headers=manager)
                assert attached.status_code == status, attached.text
            sent = {"on": str(date.today())}
            done = await http.post(f"{path}/letters/{mark}/done", json=sent, headers=manager)
            assert done.status_code == 200, done.text
    finally:
        api.send_signal(signal.SIGTERM)
        rest, _ = await api.communicate()
    assert api.returncode == 0, rest.decode()
    assert "InsufficientPrivilege" not in rest.decode()


COMPLAINT = {
    "authority": "north-somerset",
    "kind": "complaint",
    "source": "compose-test",
    "source_id": "17",
    "channel": "post",
    "received_on": str(date.today() - timedelta(days=1)),
    "points": ["Nobody answered my letter."],
}


async def _a_complaint_goes_through(image: Path, surroundings: dict[str, str]) -> None:
    """As `docker compose exec -T worker python starter.py open -` would do it."""
    references = []
    for _ in range(2):
        words = ["python", "starter.py", "open", "-", "--json"]
        status, said = await _run(words, image, surroundings, json.dumps(COMPLAINT))
        assert status == 0, said
        references.append(json.loads(said)["reference"])
    assert len(set(references)) == 1


async def test_the_worker_service_runs_on_postgresql_and_stops_when_told(
    image: Path, register_url: URL, tmp_path: Path
) -> None:
    password = tmp_path / "password"
    password.write_text(f"{PASSWORD}\n")
    async with embedded_server() as (address, _):
        surroundings = _surroundings(
            "worker",
            image,
            TEMPORAL_ADDRESS=address,
            REDRESS_REGISTER_URL=str(register_url),
            REDRESS_REGISTER_PASSWORD_FILE=str(password),
            REDRESS_KEY_STORE_URL=str(register_url.set(database="key_store")),
            REDRESS_KEY_STORE_PASSWORD_FILE=str(password),
            REDRESS_API_URL=f"sqlite:///{tmp_path / 'api' / 'api.db'}",
            REDRESS_STATE=str(tmp_path / "state"),
            REDRESS_KEYS=str(tmp_path / "keyring" / "keys.txt"),
            REDRESS_DOCUMENTS=str(tmp_path / "documents"),
            REDRESS_TEMPLATES=str(ROOT / "own-letters"),
            REDRESS_METRICS=f"127.0.0.1:{free_port()}",
        )
        elsewhere = {name: surroundings[name] for name in ELSEWHERE}
        for _ in range(2):
            command = SERVICES["migrate"]["command"]
            status, said = await _run(command, image, _surroundings("migrate", image, **elsewhere))
            assert status == 0, said
        await _the_keyring_is_asked_for_and_made(image, _surroundings("keys", image, **elsewhere))

        check = SERVICES["worker"]["healthcheck"]["test"][1:]
        status, said = await _run(check, image, surroundings)
        assert (status, "no worker on this machine" in said) == (1, True), said

        worker = await _started(SERVICES["worker"]["command"], image, surroundings)
        try:
            assert worker.stdout
            said = ""
            while "running complaints from" not in said:
                line = await worker.stdout.readline()
                assert line, said
                said += line.decode()
            status = 1
            for _ in range(20):
                status, said = await _run(check, image, surroundings)
                if status == 0:
                    break
                await asyncio.sleep(0.2)
            assert status == 0, said
            await _a_complaint_goes_through(image, surroundings)
            await _another_comes_by_the_api(image, surroundings)
        finally:
            worker.send_signal(signal.SIGTERM)
            rest, _ = await worker.communicate()
        assert worker.returncode == 0, rest.decode()
        assert "stopped" in rest.decode()

        register_url = register_url.set(password=PASSWORD)
        database = create_engine(register_url)
        assert set(tables.metadata.tables) <= set(inspect(database).get_table_names())
        with database.connect() as connection:
            assert connection.execute(select(tables.references.c.source_id)).scalars().all() == ["17", "18"]
        database.dispose()
        kept = create_engine(register_url.set(database="key_store"))
        with kept.connect() as connection:
            of_complaints = key_store.complaint_keys.c.name.like("CYP-%")
            wanted = select(key_store.complaint_keys.c.name).where(of_complaints)
            assert len(connection.execute(wanted).all()) == 2
        kept.dispose()
        assert not (tmp_path / "state" / "key-store.db").exists()

    status, said = await _run(check, image, surroundings)
    assert (status, "Temporal does not answer" in said) == (1, True), said


def test_the_schema_script_may_run_again(tmp_path: Path) -> None:
    """With a stand-in for temporal-sql-tool, which is part of another image: only the calls are seen."""
    service = SERVICES["temporal-schema"]
    source = ROOT / service["volumes"][0].split(":")[0]
    assert service["command"] == [service["volumes"][0].split(":")[1]]
    stand_in = tmp_path / "temporal-sql-tool"
    stand_in.write_text(f'#!/bin/sh\necho "$@" >> {tmp_path}/calls\n')
    stand_in.chmod(stand_in.stat().st_mode | stat.S_IXUSR)
    surroundings = {"PATH": f"{tmp_path}:{os.environ['PATH']}"}
    words = [*service["entrypoint"], str(source)]
    subprocess.run(words, env=surroundings, check=True, stdout=subprocess.PIPE)
    folder = "/etc/temporal/schema/postgresql/v12"
    assert (tmp_path / "calls").read_text().splitlines() == [
        "--db temporal create",
        "--db temporal setup-schema -v 0.0",
        f"--db temporal update-schema -d {folder}/temporal/versioned",
        "--db temporal_visibility create",
        "--db temporal_visibility setup-schema -v 0.0",
        f"--db temporal_visibility update-schema -d {folder}/visibility/versioned",
    ]
    stand_in.write_text("#!/bin/sh\nexit 1\n")  # a step that fails ends the service with an error
    failed = subprocess.run(words, env=surroundings, check=False)
    assert failed.returncode != 0
