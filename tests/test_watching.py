"""What operators watch: structured logs, metrics, traces; none of them names anybody."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import signal
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from prometheus_client import CollectorRegistry, generate_latest

from doors import intake, staff
from doors.clock import today
from engine.embedded import embedded_server, free_port
from engine.logs import JsonLines
from engine.metrics import RegisterCollector
from engine.settings import TRIAL
from privacy.seals import Unsealed
from register.database import connect
from register.register import Register
from tests.conftest import Life

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


def test_a_register_out_of_reach_is_said(tmp_path: Path) -> None:
    registry = CollectorRegistry()
    nowhere = Register(connect(f"postgresql+psycopg://nobody@127.0.0.1:{free_port()}/none?connect_timeout=1"))
    registry.register(RegisterCollector(nowhere))
    assert "redress_register_up 0.0" in generate_latest(registry).decode()


@pytest.fixture
def collector() -> Iterator[tuple[str, list[bytes]]]:
    """A place for traces, as OpenTelemetry's collector takes them over HTTP."""
    came: list[bytes] = []

    class Takes(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            came.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.send_header("Content-Type", "application/x-protobuf")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # the base class calls it so
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Takes)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", came
    server.shutdown()


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
        await asyncio.wait_for(process.wait(), 60)


async def test_a_worker_gives_metrics_traces_and_json_logs(
    tmp_path: Path, collector: tuple[str, list[bytes]]
) -> None:
    port = free_port()
    place, came = collector
    register = Register(connect(f"sqlite:///{tmp_path / 'register.db'}"), Unsealed())
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
        name, said = staff.complete("acknowledge", {})
        await staff.send(client, register, opened.reference, name, said, 60)
        async with httpx.AsyncClient() as http:
            metrics = (await http.get(f"http://127.0.0.1:{port}/metrics")).text
    assert "temporal_workflow_task_execution_latency" in metrics
    assert NAME not in metrics
    spans = [
        span.name
        for each in came
        for resource in ExportTraceServiceRequest.FromString(each).resource_spans
        for scope in resource.scope_spans
        for span in scope.spans
    ]
    assert any("begin" in span for span in spans), spans
    assert not any(NAME.encode() in each for each in came)
    lines = (tmp_path / "worker.log").read_text().splitlines()
    assert {json.loads(line)["level"] for line in lines} <= {"INFO", "WARNING"}
    assert NAME not in "".join(lines)
