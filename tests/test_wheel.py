"""What `pip install` puts into another environment does the whole job from another folder."""

from __future__ import annotations

import json
import shutil
import signal
import site
import subprocess
import sys
import venv
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from redress.services.clock import today
from redress.temporal.embedded import embedded_server, free_port
from tests.waiting import PATIENCE, eventually

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("redress", "workflows", "activities")
BUILT_FROM = ("pyproject.toml", "README.md", *PACKAGES)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel of the working tree, built from a copy: nothing is left beside the code."""
    source, made = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheel")
    for name in BUILT_FROM:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, source)
    words = ["wheel", "--quiet", "--no-deps", "--no-build-isolation", "--no-index", "--wheel-dir", str(made)]
    subprocess.run([sys.executable, "-m", "pip", *words, str(source)], check=True, capture_output=True)
    return next(made.glob("redress-*.whl"))


@pytest.fixture(scope="module")
def commands(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the commands in a new environment, which has this one's libraries and the wheel."""
    home = tmp_path_factory.mktemp("environment") / "venv"
    venv.create(home, symlinks=True, with_pip=False)
    packages = next(home.glob("lib/python*/site-packages"))
    words = ["install", "--quiet", "--no-deps", "--no-index", "--prefix", str(home), str(wheel)]
    pip = [sys.executable, "-m", "pip", "--python", str(home / "bin" / "python"), *words]
    subprocess.run(pip, check=True, capture_output=True)
    (packages / "libraries.pth").write_text("\n".join(site.getsitepackages()))
    return home / "bin"


def test_the_wheel_holds_every_file_of_its_packages(wheel: Path) -> None:
    inside = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    wanted = {
        str(path.relative_to(ROOT))
        for package in PACKAGES
        for path in (ROOT / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert any(name.endswith("letters/templates/acknowledgement.txt") for name in wanted)
    assert inside == wanted


async def test_its_commands_open_a_complaint_and_write_a_letter(commands: Path, tmp_path: Path) -> None:
    async with embedded_server() as (address, _client):
        port = free_port()
        environment = {
            "PATH": "/usr/bin:/bin",
            "TEMPORAL_ADDRESS": address,
            "REDRESS_STATE": str(tmp_path / "state"),
            "REDRESS_TRIAL": "names are readable",
            "REDRESS_API_PORT": str(port),
        }

        def redress(*words: str, given: str = "") -> str:
            done = subprocess.run(
                [commands / "redress", *words],
                cwd=tmp_path,
                env=environment,
                input=given,
                capture_output=True,
                text=True,
                check=False,
            )
            assert done.returncode == 0, done.stderr
            return done.stdout

        where = [str(commands / "python"), "-c", "import redress; print(redress.__file__)"]
        found = subprocess.check_output(where, cwd=tmp_path, env=environment, text=True)
        assert Path(found).is_relative_to(commands.parent)
        redress("migrate")
        token = redress("token", "new", "web-form", "--role", "staff").strip()
        worker = running(commands / "redress-worker", tmp_path, environment)
        with worker, running(commands / "redress-api", tmp_path, environment):
            reference = redress("open", "-", given=json.dumps(opening())).strip()
            redress("send", reference, "acknowledge")
            outbox = tmp_path / "state" / "outbox" / reference
            letters = await eventually(lambda: list(outbox.glob("*acknowledgement*.txt")), bool)
            assert "Wanda Inventata" in letters[0].read_text(encoding="utf-8")
            url = f"http://127.0.0.1:{port}"
            await eventually(lambda: answers(f"{url}/healthz"), bool)
            headers = {"Authorization": f"Bearer {token}"}
            with httpx.Client(base_url=url, headers=headers, timeout=PATIENCE) as http:
                shown = http.get(f"/v1/complaints/{reference}")
                assert (shown.status_code, shown.json()["reference"]) == (200, reference)
                assert http.get("/docs").status_code == 200
        assert json.loads(redress("due", "2026-12-18", "10", "--json"))["due_on"] == "2027-01-06"


def opening() -> dict[str, object]:
    return {
        "authority": "family-rights",
        "kind": "complaint",
        "source": "web-form",
        "source_id": "wheel-1",
        "channel": "web_form",
        "received_on": today().isoformat(),
        "points": ["An invented point."],
        "complainant": {"name": "Wanda Inventata", "role": "young_person"},
    }


@contextmanager
def running(command: Path, folder: Path, environment: dict[str, str]) -> Iterator[None]:
    """A process for as long as the block lasts; it has to stop cleanly when it is told to."""
    log = folder / f"{command.name}.log"
    with log.open("wb") as errors:
        process = subprocess.Popen([command], cwd=folder, env=environment, stderr=errors)
    try:
        yield
        assert process.poll() is None, log.read_text()
    finally:
        process.send_signal(signal.SIGTERM)
        status = process.wait(PATIENCE)
    assert status == 0, log.read_text()


def answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=PATIENCE, verify=False).status_code == 200  # loads no certificates
    except httpx.TransportError:
        return False
