"""What operators watch: structured logs, metrics, traces; none of them names anybody."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import re
import signal
import socket
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import get_args

import httpx
import pytest
import yaml
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import update
from temporalio.client import Client

from redress.security.encryption import PlaintextCipher
from redress.services import intake, sending
from redress.services.clock import today
from redress.settings import TRIAL, Settings
from redress.store import tables
from redress.store.database import connect
from redress.store.letters import State
from redress.store.register import Register
from redress.telemetry.logs import JsonLines, PlainLines
from redress.telemetry.metrics import RegisterCollector
from redress.telemetry.traces import WithoutTexts
from redress.temporal.embedded import embedded_server, free_port
from tests.api.api_process import ApiProcess, invented
from tests.conftest import Life
from tests.serving import Handler, serving
from tests.stores import new_store
from tests.waiting import PATIENCE

NAME = "Watcha Inventata"


def test_a_log_line_is_one_json_object_and_keeps_errors_texts_to_itself() -> None:
    try:
        raise ValueError(NAME)
    except ValueError:
        record = logging.LogRecord(
            "redress", logging.ERROR, "f", 1, "it failed: %s", ("why",), sys.exc_info()
        )
    record.temporal_workflow = {"workflow_id": "complaint-CYP-1", "attempt": 2, "memo": NAME}
    line = JsonLines().format(record)
    said = json.loads(line)
    assert "\n" not in line
    assert (said["level"], said["message"], said["error"]) == ("ERROR", "it failed: why", "ValueError")
    assert said["temporal_workflow"] == {"workflow_id": "complaint-CYP-1", "attempt": 2}
    assert NAME not in line


def test_a_line_for_people_says_where_an_error_was_raised_and_not_what_it_says() -> None:
    try:
        try:
            raise KeyError(NAME)
        except KeyError as error:
            raise ValueError(f"of {NAME}") from error
    except ValueError:
        record = logging.LogRecord("redress", logging.ERROR, "f", 1, "it failed", (), sys.exc_info())
    line = PlainLines().format(record)
    assert NAME not in line
    assert all(
        part in line
        for part in ("it failed", "builtins.ValueError", "builtins.KeyError", "test_telemetry.py")
    )


async def test_the_register_is_counted(life: Life) -> None:
    await life.open(complainant={"name": NAME, "role": "parent"})
    await life.send("acknowledge")
    await life.settled(lambda: any("acknowledgement" in name for name in life.letters()))
    registry = CollectorRegistry()
    registry.register(RegisterCollector(life.register))
    said = generate_latest(registry).decode()
    assert "redress_register_up 1.0" in said
    labels = 'authority="family-rights",procedure="statutory",stage="stage_1",state="open"'
    assert f"redress_complaints{{{labels}}}" in said
    assert 'redress_letters{state="sent"}' in said
    assert "redress_complaints_overdue" in said
    assert NAME not in said


def test_a_register_out_of_reach_is_said() -> None:
    registry = CollectorRegistry()
    nowhere = Register(connect(f"postgresql+psycopg://nobody@127.0.0.1:{free_port()}/none?connect_timeout=1"))
    registry.register(RegisterCollector(nowhere))
    assert "redress_register_up 0.0" in generate_latest(registry).decode()


@pytest.fixture
def collector() -> Iterator[tuple[str, list[bytes]]]:
    """A place for traces, as OpenTelemetry's collector takes them over HTTP."""
    came: list[bytes] = []

    class Takes(Handler):
        def do_POST(self) -> None:
            came.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.send_header("Content-Type", "application/x-protobuf")
            self.end_headers()

    with serving(Takes) as port:
        yield f"http://127.0.0.1:{port}", came


@asynccontextmanager
async def _worker(address: str, state: Path, **more: str) -> AsyncIterator[asyncio.subprocess.Process]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("REDRESS", "OTEL"))}
    told = {"TEMPORAL_ADDRESS": address, "REDRESS_STATE": str(state), "REDRESS_TRIAL": TRIAL}
    with open(state / "worker.log", "wb") as log:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "worker.py", env=kept | told | more, stderr=log
        )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
        await asyncio.wait_for(process.wait(), PATIENCE)


async def test_a_worker_gives_metrics_traces_and_json_logs(
    tmp_path: Path, collector: tuple[str, list[bytes]]
) -> None:
    port = free_port()
    place, came = collector
    register = Register(new_store(tmp_path / "register.db"), PlaintextCipher())
    settings = {
        "REDRESS_METRICS": f"127.0.0.1:{port}",
        "REDRESS_LOG_FORMAT": "json",
        "OTEL_EXPORTER_OTLP_ENDPOINT": place,
    }
    async with embedded_server() as (address, client), _worker(address, tmp_path, **settings):
        opening = {
            "authority": "family-rights",
            "kind": "complaint",
            "source": "watching",
            "source_id": "1",
            "channel": "email",
            "received_on": today().isoformat(),
            "points": [f"{NAME} was not heard."],
            "complainant": {"name": NAME, "role": "parent"},
        }
        opened = await intake.open_complaint(client, register, opening)
        name, said = sending.complete("acknowledge", {})
        await sending.send(client, register, opened.reference, name, said, 60)
        async with httpx.AsyncClient(timeout=PATIENCE) as http:
            metrics = (await http.get(f"http://127.0.0.1:{port}/metrics")).text
    assert "temporal_workflow_task_execution_latency" in metrics
    first = r'workflow_task_schedule_to_start_latency_bucket\{[^}]*le="(\d+)"'
    assert max(int(each) for each in re.findall(first, metrics)) >= 10_000, (
        "milliseconds, as the alerts count"
    )
    assert NAME not in metrics
    names = [span.name for span in _spans(came)]
    assert any("begin" in name for name in names), names
    assert not [span for span in _spans(came) if NAME.split()[0] in str(span)]
    lines = (tmp_path / "worker.log").read_text().splitlines()
    assert {json.loads(line)["level"] for line in lines} <= {"INFO", "WARNING"}
    assert NAME not in "".join(lines)


def test_a_trace_has_the_class_of_an_error_and_not_what_it_says() -> None:
    """As Temporal's interceptor writes both down: of a refused message too."""
    sent = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(WithoutTexts(sent)))
    with (
        pytest.raises(LookupError),
        provider.get_tracer("test").start_as_current_span("HandleUpdate:respond", attributes={"id": "one"}),
    ):
        raise LookupError(f"{NAME} has no such point") from ValueError(NAME)
    [span] = sent.get_finished_spans()
    assert (span.name, span.attributes, span.status.status_code) == (
        "HandleUpdate:respond",
        {"id": "one"},
        StatusCode.ERROR,
    )
    assert "LookupError" in span.to_json()
    assert NAME not in span.to_json()


async def test_a_worker_that_cannot_give_its_metrics_says_so_and_ends(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        for each in ("nowhere", f"127.0.0.1:{taken.getsockname()[1]}"):
            async with _worker("127.0.0.1:1", tmp_path, REDRESS_METRICS=each) as process:
                assert await asyncio.wait_for(process.wait(), PATIENCE) == 2
            (line,) = (tmp_path / "worker.log").read_text().splitlines()
            assert f"REDRESS_METRICS: {each}: should be ADDRESS:PORT" in line


def _spans(came: list[bytes]) -> list[Span]:
    return [
        span
        for each in came
        for resource in ExportTraceServiceRequest.FromString(each).resource_spans
        for scope in resource.scope_spans
        for span in scope.spans
    ]


ROOT = Path(__file__).parent.parent.parent


def test_alerts_ask_for_what_is_counted_and_documented() -> None:
    page = (ROOT / "docs" / "watching.md").read_text()
    (group,) = yaml.safe_load((ROOT / "deploy" / "alerts.yml").read_text())["groups"]
    for rule in group["rules"]:
        assert rule["labels"]["severity"] in ("page", "ticket")
        assert rule["annotations"]["summary"]
    said = " ".join(rule["expr"] for rule in group["rules"])
    asked = {each.removesuffix("_bucket") for each in re.findall(r"(?:redress|temporal)_\w+|\bup\b", said)}
    rows = [line.split("|") for line in page.splitlines() if line.startswith("| `")]
    worth_waking = {
        name for _, metric, _, when, *_ in rows for name in re.findall(r"`(\w+)`", metric) if when.strip()
    }
    assert asked <= {name for _, metric, *_ in rows for name in re.findall(r"`(\w+)`", metric)}
    silent = {"redress_complaints_overdue", "temporal_activity_schedule_to_start_latency"}
    assert worth_waking - asked == silent | {"temporal_sticky_cache_total_forced_eviction"}
    states = set(re.findall(r"[a-z_]+", " ".join(re.findall(r'state=~?"([^"]*)"', said))))
    assert states <= {*get_args(State), "given_up"}


def _counted(said: str) -> dict[str, list[tuple[dict[str, str], float]]]:
    """The samples of a scrape, as Prometheus reads them."""
    found: dict[str, list[tuple[dict[str, str], float]]] = {}
    for family in text_string_to_metric_families(said):
        for sample in family.samples:
            found.setdefault(sample.name, []).append((sample.labels, sample.value))
    return found


def test_a_limit_that_ran_out_unrecorded_is_counted(tmp_path: Path) -> None:
    register = Register(new_store(tmp_path / "register.db"))
    with register.writing() as db:
        row: dict[str, object] = dict.fromkeys(tables.deadlines.c.keys(), "x")
        day = today()
        row |= {"number": 1, "days": 1, "days_late": 0, "breaches": 0, "kind": "limit", "state": "running"}
        row |= {"counts_from": day, "due_on": day, "due_on_without_pause": day, "met_on": None}
        row |= {"paused_on": None, "excused_until": None, "rested": 0, "days_late_without_pause": 0}
        row |= {"provisional": False, "is_owed": True}
        db.execute(tables.deadlines.insert().values(row))

    def behind() -> float:
        registry = CollectorRegistry()
        registry.register(RegisterCollector(register))
        return _counted(generate_latest(registry).decode())["redress_complaints_behind"][0][1]

    assert behind() == 0  # due today is not late
    with register.writing() as db:
        db.execute(update(tables.deadlines).values(due_on=today() - timedelta(days=1)))
    assert behind() == 1
    with register.writing() as db:
        db.execute(update(tables.deadlines).values(state="overdue"))
    assert behind() == 0


async def test_the_api_gives_metrics_traces_and_json_logs(
    server: tuple[str, Client],
    shared_register: Register,
    settings: Settings,
    tmp_path: Path,
    collector: tuple[str, list[bytes]],
) -> None:
    place, came = collector
    told = {"REDRESS_LOG_FORMAT": "json", "OTEL_EXPORTER_OTLP_ENDPOINT": place}
    api = ApiProcess(tmp_path, server[0], REDRESS_REGISTER_URL=settings.database_url, **told)
    reader, staff_token = api.headers("reader"), api.headers("staff")
    trace = f"{1:032x}"
    try:
        await api.start()
        await api.reaches()
        traced = staff_token | {
            "traceparent": f"00-{trace}-{1:016x}-01",
            "tracestate": f"x={NAME.split()[0]}",
        }
        opening = invented(complainant={"name": NAME, "role": "parent"})
        opened = await api.http.post("/v1/complaints", json=opening, headers=traced)
        reference = opened.json()["reference"]
        await api.http.get(f"/v1/complaints/{reference}?said={NAME}", headers=staff_token)
        assert (await api.http.get(f"/{NAME}")).status_code == 404
        for headers in (staff_token, api.headers("reader", authority="family-rights")):
            assert (await api.http.get("/metrics", headers=headers)).status_code == 403
        assert (await api.http.get("/metrics")).status_code == 401
        said = (await api.http.get("/metrics", headers=reader)).text
    finally:
        await api.http.aclose()
        status = await api.stop(signal.SIGTERM)
    assert status == 0
    counted = _counted(said)
    assert counted["redress_register_up"] == counted["redress_temporal_up"] == [({}, 1.0)]
    assert counted["redress_openings_waiting"] == [({}, 0.0)]
    requests = {
        (labels["route"], labels["method"], labels["status"]): count
        for labels, count in counted["redress_api_requests_total"]
    }
    assert requests["/v1/complaints", "POST", str(opened.status_code)] == 1
    assert sum(count for (route, *_), count in requests.items() if route == "/v1/complaints/{reference}") == 1
    assert (requests["none", "GET", "404"], requests["/metrics", "GET", "403"]) == (1, 2)
    spans = {span.name: span.trace_id.hex() for span in _spans(came)}
    assert spans["POST /v1/complaints"] == trace
    assert [id for name, id in spans.items() if name.startswith("StartWorkflow")] == [trace]
    log = api.log()
    lines = [json.loads(line) for line in log.splitlines()]
    requested = [line["message"] for line in lines if line["logger"] == "redress.api.access"]
    assert any(each.startswith(f"POST /v1/complaints {opened.status_code} in ") for each in requested)
    assert any(each.startswith("GET none 404 in ") for each in requested)
    for text in (log, said):
        assert NAME not in text
    assert reference not in said
    assert not [span for span in _spans(came) if NAME.split()[0] in str(span)]


async def test_with_the_register_and_temporal_down_the_api_still_counts(tmp_path: Path) -> None:
    gone = f"127.0.0.1:{free_port()}"
    api = ApiProcess(tmp_path, gone, REDRESS_REGISTER_URL=f"postgresql+psycopg://nobody@{gone}/none")
    reader = api.headers("reader")
    try:
        await api.start()
        opened = await api.http.post("/v1/complaints", json=invented(), headers=api.headers("intake"))
        assert opened.status_code == 202
        counted = _counted((await api.http.get("/metrics", headers=reader)).text)
    finally:
        await api.close()
    assert counted["redress_register_up"] == counted["redress_temporal_up"] == [({}, 0.0)]
    assert counted["redress_openings_waiting"] == [({}, 1.0)]
    assert "redress_complaints" not in counted
