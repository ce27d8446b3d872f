"""What the compose file and the image say, read and checked against settings, docs and each other."""

from __future__ import annotations

import json
import os
import re
import shutil
import stat
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml
from sqlalchemy import make_url
from temporalio.envconfig import ClientConfig

from redress.api.settings import ApiSettings
from redress.settings import Settings
from redress.store.rights import API_WRITES
from redress.telemetry.traces import ASKED
from redress.temporal.embedded import SERVER_SETTINGS
from tests.compose.compose_file import (
    COMPOSE,
    COMPOSE_PAGE,
    DATABASES,
    LASTING,
    ONE_SHOTS,
    OURS,
    PASSED_ON,
    RAW,
    ROOT,
    SERVICES,
    THEIR_SETTINGS,
)


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


def test_the_keyring_is_on_a_volume_that_one_service_writes_and_the_rest_cannot_start_without() -> None:
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
