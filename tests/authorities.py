"""Authorities with files of their own, beside those that are shipped."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from redress.procedures import loader


def forget() -> None:
    """What was read of the files is read anew."""
    for kept in (loader.authority, loader.procedure, loader._snapshot):
        kept.cache_clear()


@contextmanager
def own_authorities(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder with copies of the files, which are read in their place; `forget` after each change."""
    folder = tmp_path / "authorities"
    shutil.copytree(loader.AUTHORITIES, folder)
    monkeypatch.setattr(loader, "AUTHORITIES", folder)
    yield folder
    forget()
