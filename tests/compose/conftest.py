"""The image, without a container engine."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.compose.compose_file import ROOT


@pytest.fixture(scope="session")
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
