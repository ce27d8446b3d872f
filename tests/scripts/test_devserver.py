"""`make up` and `make down`: again and again, beside others, and after a machine that went down."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from redress.temporal.embedded import free_port
from scripts.devserver import MARK, ROOT, processes
from tests.forking import completed


class DevServer:
    """A development server of one's own: its state and its ports."""

    def __init__(self, state: Path) -> None:
        self.state = state
        self.ports = [free_port() for _ in range(3)]
        self.settings = {
            "REDRESS_STATE": str(state),
            "TEMPORAL_ADDRESS": f"127.0.0.1:{self.ports[0]}",
            "REDRESS_UI": f"http://127.0.0.1:{self.ports[1]}",
            "REDRESS_API_PORT": str(self.ports[2]),
        }

    def make(self, command: str, **other: str) -> tuple[int, str, str]:
        """The exit status of `make up` or `make down`, its output and its errors."""
        kept = {name: value for name, value in os.environ.items() if name != "REDRESS_TRIAL"}
        done = completed("devserver", [command], kept | self.settings | other)
        return done.returncode, done.stdout, done.stderr

    def starter(self, *words: str) -> str:
        """The output of a command of `starter.py` here."""
        kept = {name: value for name, value in os.environ.items() if name != "REDRESS_TRIAL"}
        done = completed("starter", words, kept | self.settings)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def running(self) -> set[int]:
        found = (process.running for process in processes(self.state).values())
        return {process.pid for process in found if process is not None}


@contextmanager
def _devserver(state: Path) -> Iterator[DevServer]:
    yield DevServer(state)
    for process in processes(state).values():
        process.stop()


@pytest.fixture
def devserver(tmp_path: Path) -> Iterator[DevServer]:
    with _devserver(tmp_path / "state") as devserver:
        yield devserver


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DevServer]:
    """One that was started with keys of its own; each test leaves it running."""
    with _devserver(tmp_path_factory.mktemp("running") / "state") as devserver:
        status, output, errors = devserver.make("up")
        assert status == 0, output + errors
        yield devserver


def answers(address: str) -> bool:
    with urllib.request.urlopen(address, timeout=60) as answer:
        return bool(answer.status == 200)


def test_up_and_down_may_be_repeated(devserver: DevServer) -> None:
    status, output, errors = devserver.make("up")
    assert (status, errors) == (0, "")
    server, ui, api = devserver.ports
    assert f"127.0.0.1:{server}" in output
    assert f"overdue {' ' * 40} http://127.0.0.1:{ui}/namespaces/default/workflows?query=Overdue" in output
    exported = f"TEMPORAL_ADDRESS=127.0.0.1:{server} REDRESS_UI=http://127.0.0.1:{ui}"
    assert f"export {exported} REDRESS_API_PORT={api}\n" in output
    assert answers(f"http://127.0.0.1:{ui}")
    assert answers(f"http://127.0.0.1:{api}/docs")
    running = devserver.running()
    assert len(running) == 3
    status, again, _ = devserver.make("up")
    assert (status, devserver.running()) == (0, running)
    assert again == output.partition("\n")[2]  # the first line tells of new keys
    assert devserver.make("down") == (0, "api stopped\nworker stopped\nserver stopped\n", "")
    assert devserver.running() == set()
    assert devserver.make("down") == (0, "nothing is running here\n", "")


def test_the_program_on_the_page_about_messages_prints_what_stands_beneath_it(running: DevServer) -> None:
    """With keys, as `make up` makes them, and nothing of Redress to import."""
    page = (ROOT / "docs" / "messages.md").read_text(encoding="utf-8")
    (program,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    (printed,) = re.findall(r"It prints the following.*?```\n(.*?)```", page, re.DOTALL)
    running.starter("open", "examples/three-stages.json")
    token = running.starter("token", "new", "our-system", "--role", "codec").strip()
    server, _, api = running.ports
    program = program.replace("localhost:7233", f"127.0.0.1:{server}")
    program = program.replace("127.0.0.1:8400", f"127.0.0.1:{api}")
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=running.state,
        env=os.environ | {"TOKEN": token},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    # Not its status: the SDK's native threads can crash a Python that is taking itself down.
    assert [line.rstrip() for line in done.stdout.splitlines()] == printed.splitlines(), done.stderr
    for _ in range(100):  # a signal has no answer
        shown = json.loads(running.starter("show", "CYP-2026-000001", "--json"))
        if len(shown["messages"]) == 2:
            break
        time.sleep(0.1)
    assert [(each["action"], each["outcome"]) for each in shown["messages"]] == [
        ("respond", "applied"),
        ("escalate", "applied"),
    ]


def test_a_process_that_was_killed_is_no_longer_running_and_is_started_again(running: DevServer) -> None:
    worker = processes(running.state)["worker"].running
    assert worker
    worker.kill()
    psutil.wait_procs([worker], timeout=60)
    others = running.running()
    assert len(others) == 2
    assert worker.pid not in others
    status, output, errors = running.make("up")
    assert status == 0, output + errors
    assert others < running.running()


def test_the_processes_of_another_folder_are_not_stopped(devserver: DevServer, tmp_path: Path) -> None:
    with subprocess.Popen(["sleep", "60"], env={MARK: str(processes(tmp_path)["api"].log)}) as other:
        assert DevServer(tmp_path).running() == {other.pid}
        assert devserver.make("down") == (0, "nothing is running here\n", "")
        assert other.poll() is None
        assert DevServer(tmp_path).make("down")[1] == "api stopped\n"


@pytest.mark.parametrize("which", ["TEMPORAL_ADDRESS", "REDRESS_UI", "REDRESS_API_PORT"])
def test_a_port_that_is_taken_is_named_with_its_setting_and_nothing_is_started(
    devserver: DevServer, which: str
) -> None:
    port = devserver.ports[["TEMPORAL_ADDRESS", "REDRESS_UI", "REDRESS_API_PORT"].index(which)]
    with socket.create_server(("127.0.0.1", port)):
        status, output, errors = devserver.make("up")
    assert (status, output) == (1, "")
    assert f"port {port}, for " in errors
    assert f"or set {which}, such as " in errors
    assert not devserver.state.exists()


@pytest.mark.parametrize(
    ("setting", "value", "expected"),
    [
        ("TEMPORAL_ADDRESS", "temporal.council.example:7233", "this machine alone"),
        ("REDRESS_UI", "https://temporal.council.example", "this machine alone"),
        ("REDRESS_API_PORT", "eight", "should be a valid integer"),
    ],
)
def test_a_setting_that_cannot_be_is_named(
    devserver: DevServer, setting: str, value: str, expected: str
) -> None:
    status, output, errors = devserver.make("up", **{setting: value})
    assert (status, output) == ((2 if "integer" in expected else 1), "")
    assert errors.startswith(setting)
    assert expected in errors
    assert errors.count("\n") == 1


def test_a_process_that_ends_at_once_is_reported_with_the_end_of_its_log(devserver: DevServer) -> None:
    status, _, errors = devserver.make("up", REDRESS_OIDC_ISSUER="https://issuer.example")
    assert status == 1
    assert errors.startswith("the api has ended; the end of ")
    assert "REDRESS_OIDC_AUDIENCE: is missing" in errors
