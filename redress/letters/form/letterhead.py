"""Whose letterhead a letter has: what the authority's file says, and the files that it names."""

from __future__ import annotations

from pathlib import Path

from redress.procedures import loader
from redress.procedures.authority import Letterhead


def letterhead_of(name: str) -> Letterhead:
    """An authority's letterhead; a plain one where it is not said whose letter it is."""
    return loader.authority(name).letterhead if name else Letterhead()


def logo_file(head: Letterhead) -> Path:
    """The file of a letterhead's logo, beside the authorities' files."""
    return loader.AUTHORITIES / head.logo


def font_folders() -> list[Path]:
    """The folder with a council's own fonts, where there is one."""
    folder = loader.AUTHORITIES / "fonts"
    return [folder] if folder.is_dir() else []
