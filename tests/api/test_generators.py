"""Clients that generators make of the OpenAPI document: whole, and one of them lives a complaint's life.

The generators have an environment of their own, `.venv/clients`: `openapi-python-client` takes an older Typer
than the project has. `openapi-generator-cli` needs Java and a minute, so it runs where it is on the PATH:
`make clients` sees to that.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.api.api_process import ROOT, ApiProcess, invented
from tests.api.test_generated_clients import plain

OWN = ROOT / ".venv" / "clients" / "bin" / "openapi-python-client"

FUNCTIONS = {
    "python": r"^    def (\w+)\(",
    "typescript-fetch": r"^    async (\w+)\(",
    "java": r"^    public \S+ (\w+)\(",
    "csharp": r"^\s+public (?:async )?[\w.<>]+ (\w+?)(?:Async)?\(",
}
"""How a function of a client begins, by the name of its generator."""


def command(name: str) -> str:
    """Where a generator is on the PATH; without it the test is skipped."""
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not on the PATH: make clients")
    return found


async def written(api: ApiProcess, folder: Path) -> tuple[Path, dict[str, Any]]:
    """The document in a file, and what it holds."""
    document: dict[str, Any] = (await api.http.get("/openapi.json")).json()
    file = folder / "openapi.json"
    file.write_text(json.dumps(document), encoding="utf-8")
    return file, document


def generate(*arguments: str) -> None:
    ran = subprocess.run(arguments, capture_output=True, text=True, timeout=240)
    assert ran.returncode == 0, ran.stdout + ran.stderr


def named(document: dict[str, Any]) -> set[str]:
    return {plain(each["operationId"]) for path in document["paths"].values() for each in path.values()}


@pytest.mark.parametrize("language", FUNCTIONS)
async def test_openapi_generator_makes_whole_clients(api: ApiProcess, tmp_path: Path, language: str) -> None:
    generator = command("openapi-generator-cli")
    if shutil.which("java") is None:
        pytest.skip("openapi-generator-cli needs Java")
    file, document = await written(api, tmp_path)
    out = tmp_path / "client"
    await asyncio.to_thread(generate, generator, "generate", "-i", str(file), "-g", language, "-o", str(out))
    sources = [each for each in out.rglob("*") if each.parent.name.lower() in ("api", "apis")]
    texts = [each.read_text(encoding="utf-8") for each in sources if each.suffix != ".md"]
    made = {plain(name) for text in texts for name in re.findall(FUNCTIONS[language], text, re.MULTILINE)}
    assert named(document) - made == set()
    assert "notice" not in made, "what the API sends is not for clients to call"
    models = {plain(each.stem) for each in out.rglob("*") if each.parent.name.lower() in ("model", "models")}
    assert {plain(name) for name in document["components"]["schemas"]} - models == set()
    for each in out.rglob("*.py"):
        compile(each.read_text(encoding="utf-8"), str(each), "exec")


async def test_a_client_of_openapi_python_client_lives_a_life(
    api: ApiProcess, staff: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Opened, acknowledged, answered, read: by a generated client alone, in a process of its own."""
    generator = str(OWN) if OWN.exists() else command("openapi-python-client")
    file, document = await written(api, tmp_path)
    package = tmp_path / "complaints_client"
    options = ["--path", str(file), "--output-path", str(package), "--meta", "none", "--fail-on-warning"]
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")  # for ruff
    await asyncio.to_thread(generate, generator, "generate", *options)
    made = {plain(each.stem) for each in (package / "api").rglob("*.py")}
    assert named(document) - made == set()

    life = Path(__file__).with_name("generated_life.py").read_text(encoding="utf-8")
    (tmp_path / "life.py").write_text(life, encoding="utf-8")
    told = {"url": api.url, "token": staff["Authorization"].partition(" ")[2], "opening": invented()}
    ran = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "life.py", json.dumps(told)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    seen = json.loads(ran.stdout)
    status = (await api.http.get(f"/v1/complaints/{seen['reference']}", headers=staff)).json()
    assert seen["actions"] == [each["action"] for each in status["messages"]] == ["acknowledge", "respond"]
    assert seen["decided"] == "partly_upheld"
    assert seen["letter"] == "acknowledgement"
    assert "Testa Inventata" in seen["text"]
    assert (seen["problem"], seen["fields"]) == (422, ["outcome"])
