"""The compose file, checked without a container engine.

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
import shutil
import signal
import stat
import subprocess
import sys
import tomllib
import urllib.request
from collections.abc import AsyncIterator, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from sqlalchemy import URL, create_engine, inspect, make_url, select
from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest, ListSearchAttributesRequest
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
from temporalio.client import Client
from temporalio.envconfig import ClientConfig
from temporalio.service import RPCError

from redress.api.settings import ApiSettings
from redress.contract import SEARCH_ATTRIBUTES
from redress.settings import Settings
from redress.store import key_store, tables
from redress.store.rights import API_WRITES
from redress.telemetry.traces import ASKED
from redress.temporal.embedded import SERVER_SETTINGS, embedded_server, free_port, temporal_command
from redress.temporal.namespace import RETENTION, NamespaceError, prepare
from redress.temporal.schedules import MAINTENANCE_SCHEDULE
from tests.postgres import postgres_server

ROOT = Path(__file__).resolve().parent.parent
RAW = (ROOT / "docker-compose.yml").read_text()
COMPOSE_PAGE = (ROOT / "docs" / "compose.md").read_text()
COMPOSE: dict[str, Any] = yaml.safe_load(re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", RAW))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
PASSED_ON: dict[str, set[str]] = {
    name: {each for each, value in service.get("environment", {}).items() if value is None}
    for name, service in SERVICES.items()
}
"""What a service gets where the environment or `.env` has it; this test has none of it set."""
for _service in SERVICES.values():
    _given = _service.get("environment", {})
    _service["environment"] = {name: value for name, value in _given.items() if value is not None}
OURS = {name for name, service in SERVICES.items() if "build" in service}
ONE_SHOTS = {"temporal-schema", "namespace", "migrate", "keys"}
LASTING = set(SERVICES) - ONE_SHOTS
DATABASES = ("temporal-db", "register-db", "key-store-db")

# As the server's own configuration template (1.32), the UI's (2.54), temporal-sql-tool and the image of
# PostgreSQL name them.
THEIR_SETTINGS = {
    "temporal": {
        "DB",
        "DB_PORT",
        "POSTGRES_SEEDS",
        "POSTGRES_USER",
        "NUM_HISTORY_SHARDS",
        "BIND_ON_IP",
        "DYNAMIC_CONFIG_FILE_PATH",
        "LOG_LEVEL",
    },
    "ui": {
        "TEMPORAL_ADDRESS",
        "TEMPORAL_DEFAULT_NAMESPACE",
        "TEMPORAL_NOTIFY_ON_NEW_VERSION",
        "TEMPORAL_CODEC_ENDPOINT",
        "TEMPORAL_CODEC_INCLUDE_CREDENTIALS",
        "TEMPORAL_WORKFLOW_TERMINATE_DISABLED",
        "TEMPORAL_WORKFLOW_CANCEL_DISABLED",
        "TEMPORAL_WORKFLOW_RESET_DISABLED",
        "TEMPORAL_BATCH_ACTIONS_DISABLED",
        "TEMPORAL_START_WORKFLOW_DISABLED",
    },
    "temporal-schema": {"SQL_PLUGIN", "SQL_HOST", "SQL_PORT", "SQL_USER", "SQL_PASSWORD_FILE"},
    "temporal-db": {"POSTGRES_USER", "POSTGRES_PASSWORD_FILE"},
    "register-db": {"POSTGRES_USER", "POSTGRES_PASSWORD_FILE", "POSTGRES_DB"},
    "key-store-db": {"POSTGRES_USER", "POSTGRES_PASSWORD_FILE", "POSTGRES_DB"},
}


# --- what is written ---------------------------------------------------------------------------------


def test_every_image_is_pinned_and_ours_bears_the_projects_version() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    for name, service in SERVICES.items():
        assert re.fullmatch(r"[a-z/-]+:\d+(\.\d+)+", service["image"]), name
        if name in OURS:
            assert service["image"] == f"redress:{project['version']}"
    tags = {service["image"].split(":")[0]: service["image"].split(":")[1] for service in SERVICES.values()}
    assert tags["temporalio/server"] == tags["temporalio/admin-tools"]


def test_ports_are_open_to_this_machine_only() -> None:
    published = [port for service in SERVICES.values() for port in service.get("ports", [])]
    assert published
    assert all(port.startswith("127.0.0.1:") for port in published)
    assert all("ports" not in SERVICES[name] for name in DATABASES)


def test_what_lasts_lies_on_named_volumes() -> None:
    mounted = [volume.split(":") for service in SERVICES.values() for volume in service.get("volumes", [])]
    named = [parts for parts in mounted if not parts[0].startswith(".")]
    users = {name: [parts[0] for parts in named].count(name) for name in COMPOSE["volumes"]}
    assert {parts[0] for parts in named} == set(users)  # none is anonymous
    ours = {"redress-state": 2, "redress-api": 4, "redress-documents": 2, "redress-keys": 4}
    assert users == dict.fromkeys(DATABASES, 1) | ours
    files = [parts for parts in mounted if parts[0].startswith(".")]
    assert all((ROOT / parts[0]).exists() and parts[2] == "ro" for parts in files)
    for name in ("worker", "api"):
        folder = SERVICES[name]["environment"]["REDRESS_TEMPLATES"]
        assert f"./own-letters:{folder}:ro" in SERVICES[name]["volumes"]
    for database in DATABASES:
        assert f"{database}:/var/lib/postgresql/data" in SERVICES[database]["volumes"]
    for name, volume in (("worker", "redress-state"), ("api", "redress-api")):
        state = SERVICES[name]["environment"]["REDRESS_STATE"]
        assert f"{volume}:{state}" in SERVICES[name]["volumes"]


def test_what_faces_http_has_no_folder_of_plain_letters_and_a_role_of_its_own() -> None:
    api, worker = SERVICES["api"], SERVICES["worker"]
    assert not [volume for volume in api["volumes"] if volume.startswith("redress-state:")]
    assert "register-db-password" not in api["secrets"]
    urls = [make_url(each["environment"]["REDRESS_REGISTER_URL"]) for each in (api, worker)]
    role = SERVICES["migrate"]["environment"]["REDRESS_API_ROLE"]
    assert [url.username for url in urls] == [role, "redress"]
    assert f"CREATE ROLE {role} LOGIN" in (ROOT / "deploy" / "register-roles.sh").read_text()
    for table, rights in API_WRITES.items():
        assert f"| `{table}` | {', '.join(rights)} |" in COMPOSE_PAGE


def test_memory_and_processes_are_bounded() -> None:
    for name, service in SERVICES.items():
        assert service["mem_limit"], name
        assert 0 < service["pids_limit"] <= 256, name


def test_the_ring_is_on_a_volume_that_one_service_writes_and_the_rest_cannot_start_without() -> None:
    folder = str(Path(SERVICES["keys"]["environment"]["REDRESS_KEYS"]).parent)
    assert f"redress-keys:{folder}" in SERVICES["keys"]["volumes"]
    for name in ("worker", "api"):
        given = SERVICES[name]["environment"]
        assert given["REDRESS_KEYS"] == SERVICES["keys"]["environment"]["REDRESS_KEYS"]
        assert not folder.startswith(given["REDRESS_STATE"] + "/")
        assert f"redress-keys:{folder}:ro" in SERVICES[name]["volumes"]
        assert SERVICES[name]["depends_on"]["keys"] == {"condition": "service_completed_successfully"}
        assert "REDRESS_TRIAL" not in given


def test_what_runs_on_has_a_health_check_and_what_ends_is_waited_for() -> None:
    for name in LASTING:
        check = SERVICES[name]["healthcheck"]
        assert check["test"][0] == "CMD", name
        assert SERVICES[name]["restart"] == "unless-stopped", name
    for name in ONE_SHOTS:
        assert SERVICES[name]["restart"] == "no"
        waiting = [each for each in SERVICES.values() if name in each.get("depends_on", {})]
        assert waiting


def test_the_start_order_holds_together() -> None:
    for name, service in SERVICES.items():
        for other, need in service.get("depends_on", {}).items():
            expected = "service_completed_successfully" if other in ONE_SHOTS else "service_healthy"
            assert need == {"condition": expected}, f"{name} on {other}"
    for name in ("worker", "api"):
        assert _reached(name) == set(SERVICES) - {"worker", "api", "ui"}


def _reached(name: str) -> set[str]:
    direct = set(SERVICES[name].get("depends_on", {}))
    return direct.union(*(_reached(each) for each in direct))


@pytest.mark.parametrize("service", sorted(OURS))
def test_our_services_are_given_settings_that_exist(service: str) -> None:
    for name, value in SERVICES[service]["environment"].items():
        if name.startswith("REDRESS_"):
            assert _field(name) in ApiSettings.model_fields, name
        else:  # known to Temporal if it makes a difference to it
            assert _client_config({name: value}) != _client_config({}), name
    assert _read_settings(service)


NOT_TO_BE_SET = {
    "REDRESS_TRIAL": "there is a keyring",
    "REDRESS_OUTBOX": "letters lie on the volume with the state",
    "REDRESS_BANK_HOLIDAYS": "the file is part of the image",
    "REDRESS_REGISTER_PASSWORD": "it comes from a file",
    "REDRESS_KEY_STORE_PASSWORD": "it comes from a file",
    "REDRESS_API_PASSWORD": "it comes from a file",
    "REDRESS_API_ROLE": "it is for migrating",
}
OF_THE_WORKER = {
    "queues",
    "metrics",
    "cached_complaints",
    "activity_threads",
    "answer_within",
    "deployment",
    "build_id",
    "email_bytes",
    "outbox_pdf",
}
"""What only the worker, or a command run inside it, goes by; beside what sending goes by."""


@pytest.mark.parametrize("service", ["worker", "api"])
def test_every_setting_that_a_service_reads_can_be_set(service: str) -> None:
    fields = set(_settings_of(service).model_fields)
    if service == "api":
        sending = {name for name in fields if name.startswith(("send_", "smtp_", "notify_"))}
        fields -= OF_THE_WORKER | sending
    read = {f"REDRESS_{name.upper()}" for name in fields} - set(NOT_TO_BE_SET)
    given = set(SERVICES[service]["environment"]) | PASSED_ON[service]
    of_all = {"REDRESS_API_URL"}  # the command line inside the worker looks there too
    assert {f"REDRESS_{_field(name).upper()}" for name in given if name.startswith("REDRESS_")} - of_all == (
        read | {"REDRESS_REGISTER_PASSWORD", "REDRESS_KEY_STORE_PASSWORD", "REDRESS_API_PASSWORD"} - of_all
    ) - of_all
    assert set(ASKED) <= PASSED_ON[service], "traces are by setting"


def test_what_is_passed_on_is_a_setting_and_stands_in_the_docs() -> None:
    pages = "".join((ROOT / "docs" / f"{page}.md").read_text() for page in ("operating", "api"))
    for names in PASSED_ON.values():
        for name in names:
            if name.startswith("OTEL_"):
                continue
            if name.startswith("TEMPORAL_"):
                assert f"`{name}`" in COMPOSE_PAGE, name
                continue
            assert _field(name) in ApiSettings.model_fields, name
            assert f"`REDRESS_{_field(name).upper()}`" in pages, name


def test_a_setting_that_is_empty_counts_as_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    """As a line of `.env` with nothing after the sign would have it."""
    for name in (*Settings.model_fields, *ApiSettings.model_fields):
        monkeypatch.setenv(f"REDRESS_{name.upper()}", "")
    assert ApiSettings() == ApiSettings.model_construct()
    assert Settings().outbox_folder == Path(".redress/outbox")


def test_who_sends_nothing_has_no_passwords_for_it_and_metrics_stay_inside() -> None:
    assert not [name for name in PASSED_ON["api"] if "_SMTP_" in name or "_NOTIFY_" in name]
    address = SERVICES["worker"]["environment"]["REDRESS_METRICS"]
    assert address.startswith("0.0.0.0:")
    assert "ports" not in SERVICES["worker"], "metrics are for the network of these services alone"


def _field(name: str) -> str:
    """The field of the settings that a variable is for, also where it names a file."""
    field = name.removeprefix("REDRESS_").lower()
    return field if field in ApiSettings.model_fields else field.removesuffix("_file")


def _settings_of(service: str) -> type[Settings]:
    return ApiSettings if service in ("api", "keys", "migrate") else Settings


def _read_settings(service: str) -> Settings:
    """The settings as the service itself reads them from its environment."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [each for each in os.environ if each.startswith("REDRESS_")]:
            patch.delenv(name)
        for name, value in SERVICES[service]["environment"].items():
            if not name.endswith("_FILE"):  # the containers' secrets are not here
                patch.setenv(name, value)
        return _settings_of(service)()


def _client_config(surroundings: dict[str, str]) -> object:
    return ClientConfig.load_client_connect_config(disable_file=True, override_env_vars=surroundings)


@pytest.mark.parametrize("service", sorted(THEIR_SETTINGS))
def test_the_others_are_given_settings_that_exist(service: str) -> None:
    assert set(SERVICES[service]["environment"]) == THEIR_SETTINGS[service]
    assert all(isinstance(value, str) for value in SERVICES[service]["environment"].values())


@pytest.mark.parametrize("service", ["worker", "api"])
def test_ours_may_finish_before_they_are_killed(service: str) -> None:
    within = _read_settings(service).shutdown_within
    assert int(SERVICES[service]["stop_grace_period"].removesuffix("s")) > within


def test_api_and_worker_have_one_register_and_the_ui_asks_the_api() -> None:
    worker, api = SERVICES["worker"]["environment"], SERVICES["api"]["environment"]
    for name in ("REDRESS_KEY_STORE_URL", "REDRESS_API_URL", "REDRESS_KEYS", "TEMPORAL_ADDRESS"):
        assert worker[name] == api[name]
    places = {make_url(each["REDRESS_REGISTER_URL"]).set(username="anybody") for each in (worker, api)}
    assert len(places) == 1
    assert worker["TEMPORAL_NAMESPACE"] == api["TEMPORAL_NAMESPACE"]
    (published,) = SERVICES["api"]["ports"]
    port = api["REDRESS_API_PORT"]
    assert published == f"127.0.0.1:{port}:{port}"
    assert SERVICES["ui"]["environment"]["TEMPORAL_CODEC_ENDPOINT"] == f"http://localhost:{port}/codec"
    (shown,) = SERVICES["ui"]["ports"]
    assert json.loads(api["REDRESS_CODEC_ORIGINS"]) == [f"http://localhost:{shown.split(':')[1]}"]
    assert f":{port}/readyz" in SERVICES["api"]["healthcheck"]["test"][-1]


def test_no_password_is_written_anywhere_and_none_has_a_default(tmp_path: Path) -> None:
    for text in (RAW, (ROOT / "deploy" / "compose.tls.yml").read_text()):
        given = re.sub(r"\$\{[^}]*\}|\$\$\(.*|#.*|: /.*", "", text)
        assert not re.search(r"(?i)(password|pwd|secret|key): *[\"']?[a-z0-9]", given)
    files = {name: secret["file"] for name, secret in COMPOSE["secrets"].items()}
    for name, service in SERVICES.items():
        named = {value for value in service["environment"].values() if str(value).startswith("/run/secrets/")}
        named |= set(re.findall(r"/run/secrets/[a-z-]+", str(service.get("command"))))
        assert {Path(each).name for each in named} <= set(service.get("secrets", [])) <= set(files), name
    for ours in ("worker", "api", "keys"):
        for setting in ("REGISTER", "KEY_STORE"):
            assert make_url(SERVICES[ours]["environment"][f"REDRESS_{setting}_URL"]).password is None
    (tmp_path / "deploy").mkdir()
    script = shutil.copy(ROOT / "deploy" / "make-secrets.sh", tmp_path / "deploy")
    made = []
    for _ in range(2):
        subprocess.run(["/bin/sh", script], check=True, stdout=subprocess.DEVNULL)
        made.append({name: (tmp_path / file).read_text() for name, file in files.items()})
    assert made[0] == made[1]
    assert len(set(made[0].values())) == len(files)
    assert all(re.fullmatch(r"[0-9a-f]{48}", password) for password in made[0].values())
    assert stat.S_IMODE((tmp_path / "secrets").stat().st_mode) == 0o700
    assert "secrets/" in (ROOT / ".gitignore").read_text().splitlines()


def test_nothing_in_the_ui_ends_a_complaint_behind_its_back() -> None:
    given = SERVICES["ui"]["environment"]
    for action in ("WORKFLOW_TERMINATE", "WORKFLOW_CANCEL", "WORKFLOW_RESET", "BATCH_ACTIONS"):
        assert given[f"TEMPORAL_{action}_DISABLED"] == "true"


def test_the_server_has_its_shards_and_a_file_that_moves_no_time() -> None:
    temporal = SERVICES["temporal"]
    assert int(temporal["environment"]["NUM_HISTORY_SHARDS"]) > 0
    source, place, _ = temporal["volumes"][0].split(":")
    assert temporal["environment"]["DYNAMIC_CONFIG_FILE_PATH"] == place
    dynamic = yaml.safe_load((ROOT / source).read_text())
    assert dynamic.pop("limit.maxIDLength") == [{"value": 255}]
    assert dynamic == {name: [{"value": value}] for name, value in SERVER_SETTINGS.items()}


# --- the image ---------------------------------------------------------------------------------------


def test_the_image_is_pinned_runs_as_a_fixed_user_and_owns_its_state() -> None:
    lines = (ROOT / "Dockerfile").read_text()
    assert re.findall(r"^FROM (.+)$", lines, re.MULTILINE) == ["python:3.12.13-slim-bookworm"]
    assert re.search(r"^USER (\d+):\1$", lines, re.MULTILINE)
    assert "--no-deps --require-hashes" in lines
    state = re.search(r"REDRESS_STATE=(\S+)", lines)
    assert state
    keyring = Path(SERVICES["keys"]["environment"]["REDRESS_KEYS"]).parent  # a new volume belongs to its user
    made = re.search(r"install -d -o redress -g redress -m 0700 (.+)\n", lines)
    assert made
    assert set(made[1].split()) == {
        state[1],
        str(keyring),
        SERVICES["api"]["environment"]["REDRESS_STATE"],
        "/var/lib/redress-documents",
    }
    assert SERVICES["worker"]["environment"]["REDRESS_STATE"] == state[1]


def test_the_image_holds_what_runs_and_no_more(image: Path) -> None:
    there = {path.name for path in image.iterdir()}
    assert not there & {"tests", "scripts", "docs", ".git", ".venv", ".redress"}
    assert {"worker.py", "redress", "workflows", "activities"} <= there


def _pins(lock: str) -> dict[str, str]:
    return dict(re.findall(r"^([a-z0-9-]+)==(\S+)", (ROOT / lock).read_text(), re.MULTILINE))


def test_the_image_installs_the_same_versions_as_everybody_and_no_development_tools() -> None:
    runtime, everything = _pins("requirements-runtime.lock"), _pins("requirements.lock")
    assert runtime.items() <= everything.items(), "make requirements-runtime.lock anew: see docs/compose.md"
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    wanted = {re.split(r"[^a-z0-9-]", each)[0] for each in project["project"]["dependencies"]}
    development = {re.split(r"[^a-z0-9-]", each)[0] for each in project["dependency-groups"]["dev"]}
    assert wanted <= set(runtime)
    # types-protobuf is a dependency of the SDK itself.
    assert not set(runtime) & (development - wanted - {"types-protobuf"})
    text = (ROOT / "requirements-runtime.lock").read_text()
    assert "/" not in text  # no address and no path
    assert len(re.findall(r"==[^\\\n]+\\\n    --hash=sha256:", text)) == len(runtime)


# --- what runs ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what `COPY . .` would find: the files that .dockerignore lets through."""
    folder = tmp_path_factory.mktemp("image")
    first, *rules = [
        line for line in (ROOT / ".dockerignore").read_text().splitlines() if line and line[0] != "#"
    ]
    assert first == "*"
    for rule in rules:
        if rule == "**/__pycache__":
            continue
        assert rule.startswith("!")
        source, target = ROOT / rule[1:], folder / rule[1:]
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, target)
    return folder


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


async def _the_ring_is_asked_for_and_made(image: Path, surroundings: dict[str, str]) -> None:
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
            REDRESS_KEYS=str(tmp_path / "ring" / "keys.txt"),
            REDRESS_DOCUMENTS=str(tmp_path / "documents"),
            REDRESS_TEMPLATES=str(ROOT / "own-letters"),
            REDRESS_METRICS=f"127.0.0.1:{free_port()}",
        )
        elsewhere = {name: surroundings[name] for name in ELSEWHERE}
        for _ in range(2):
            command = SERVICES["migrate"]["command"]
            status, said = await _run(command, image, _surroundings("migrate", image, **elsewhere))
            assert status == 0, said
        await _the_ring_is_asked_for_and_made(image, _surroundings("keys", image, **elsewhere))

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
