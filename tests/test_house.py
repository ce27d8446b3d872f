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
from pathlib import Path

import pytest

from redress.temporal.embedded import free_port
from tools.processes import MARKS, ROOT, Processes


class House:
    """A house of one's own: its state and its ports."""

    def __init__(self, state: Path) -> None:
        self.state = state
        self.ports = [free_port() for _ in range(3)]
        self.settings = {
            "REDRESS_STATE": str(state),
            "TEMPORAL_ADDRESS": f"127.0.0.1:{self.ports[0]}",
            "REDRESS_UI": f"http://127.0.0.1:{self.ports[1]}",
            "REDRESS_API_PORT": str(self.ports[2]),
        }

    def says(self, word: str, **other: str) -> tuple[int, str, str]:
        """The exit status of `make up` or `make down`, what it says, and what it complains of."""
        kept = {name: value for name, value in os.environ.items() if name != "REDRESS_TRIAL"}
        done = subprocess.run(
            [sys.executable, "-m", "tools.house", word],
            cwd=ROOT,
            env=kept | self.settings | other,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        return done.returncode, done.stdout, done.stderr

    def types(self, *words: str) -> str:
        """What `starter.py` says to a command here."""
        kept = {name: value for name, value in os.environ.items() if name != "REDRESS_TRIAL"}
        command = [sys.executable, "starter.py", *words]
        env = kept | self.settings
        return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=True).stdout

    def running(self) -> set[int]:
        processes = Processes(self.state)
        return {number for name in MARKS if (number := processes.running(name)) is not None}


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    house = House(tmp_path / "state")
    yield house
    house.says("down")


def answers(address: str) -> bool:
    with urllib.request.urlopen(address, timeout=10) as answer:
        return bool(answer.status == 200)


def test_up_and_down_as_often_as_one_likes(house: House) -> None:
    status, said, complaints = house.says("up")
    assert (status, complaints) == (0, "")
    server, ui, api = house.ports
    assert f"127.0.0.1:{server}" in said
    assert f"overdue {' ' * 40} http://127.0.0.1:{ui}/namespaces/default/workflows?query=Overdue" in said
    exported = f"TEMPORAL_ADDRESS=127.0.0.1:{server} REDRESS_UI=http://127.0.0.1:{ui}"
    assert f"export {exported} REDRESS_API_PORT={api}\n" in said
    assert answers(f"http://127.0.0.1:{ui}")
    assert answers(f"http://127.0.0.1:{api}/docs")
    running = house.running()
    assert len(running) == 3
    status, again, _ = house.says("up")
    assert (status, house.running()) == (0, running)
    assert again == said.partition("\n")[2]  # the first line told of a new keyring
    assert house.says("down") == (0, "api stopped\nworker stopped\nserver stopped\n", "")
    assert house.running() == set()
    assert house.says("down") == (0, "nothing is running here\n", "")


def test_the_program_on_the_page_about_messages_prints_what_stands_beneath_it(house: House) -> None:
    """With keys, as `make up` makes them, and nothing of Redress to import."""
    page = (ROOT / "docs" / "messages.md").read_text(encoding="utf-8")
    (program,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    (printed,) = re.findall(r"It prints the following.*?```\n(.*?)```", page, re.DOTALL)
    assert house.says("up")[0] == 0
    house.types("open", "examples/three-stages.json")
    token = house.types("token", "new", "our-system", "--role", "codec").strip()
    server, _, api = house.ports
    program = program.replace("localhost:7233", f"127.0.0.1:{server}")
    program = program.replace("127.0.0.1:8400", f"127.0.0.1:{api}")
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=house.state,
        env=os.environ | {"TOKEN": token},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    # Not its status: the SDK's native threads can crash a Python that is taking itself down.
    assert [line.rstrip() for line in done.stdout.splitlines()] == printed.splitlines(), done.stderr
    for _ in range(100):  # a signal has no answer
        said = json.loads(house.types("show", "CYP-2026-000001", "--json"))
        if len(said["messages"]) == 2:
            break
        time.sleep(0.1)
    assert [(each["action"], each["outcome"]) for each in said["messages"]] == [
        ("respond", "applied"),
        ("escalate", "applied"),
    ]


def test_what_a_stale_file_names_is_neither_taken_for_ours_nor_stopped(house: House) -> None:
    for name in MARKS:
        file = house.state / "run" / f"{name}.pid"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(str(os.getpid()))
    assert house.running() == set()
    assert house.says("down") == (0, "nothing is running here\n", "")
    assert not list((house.state / "run").iterdir())


@pytest.mark.parametrize("which", ["TEMPORAL_ADDRESS", "REDRESS_UI", "REDRESS_API_PORT"])
def test_a_port_that_is_taken_is_named_with_its_setting_and_nothing_is_begun(
    house: House, which: str
) -> None:
    port = house.ports[["TEMPORAL_ADDRESS", "REDRESS_UI", "REDRESS_API_PORT"].index(which)]
    with socket.create_server(("127.0.0.1", port)):
        status, said, complaints = house.says("up")
    assert (status, said) == (1, "")
    assert f"port {port}, for " in complaints
    assert f"or set {which}, such as " in complaints
    assert not house.state.exists()


@pytest.mark.parametrize(
    ("setting", "value", "told"),
    [
        ("TEMPORAL_ADDRESS", "temporal.council.example:7233", "this machine alone"),
        ("REDRESS_UI", "https://temporal.council.example", "this machine alone"),
        ("REDRESS_API_PORT", "eight", "should be a valid integer"),
    ],
)
def test_a_setting_that_cannot_be_is_named(house: House, setting: str, value: str, told: str) -> None:
    status, said, complaints = house.says("up", **{setting: value})
    assert (status, said) == ((2 if "integer" in told else 1), "")
    assert complaints.startswith(setting)
    assert told in complaints
    assert complaints.count("\n") == 1


def test_what_ends_at_once_is_told_with_the_end_of_its_log(house: House) -> None:
    status, _, complaints = house.says("up", REDRESS_OIDC_ISSUER="https://issuer.example")
    assert status == 1
    assert complaints.startswith("the API has ended; its log, ")
    assert "REDRESS_OIDC_AUDIENCE: is missing" in complaints
