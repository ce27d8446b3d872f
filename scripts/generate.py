"""Writes what is generated; with `--check` says instead what is stale, and exits 1."""

from __future__ import annotations

import sys
from pathlib import Path

from scripts.generate_handlers import handlers
from scripts.generate_tables import with_tables

ROOT = Path(__file__).parent.parent


def generated() -> dict[str, str]:
    """Each generated file, by its path in the repository, with what it has to hold."""
    page = "docs/messages.md"
    return {"workflows/handlers.py": handlers(), page: with_tables(_text(ROOT / page))}


def main(arguments: list[str]) -> int:
    """Write, or with `--check` compare; gives the exit status."""
    stale = {path: text for path, text in generated().items() if _text(ROOT / path) != text}
    for path, text in stale.items():
        if "--check" in arguments:
            sys.stderr.write(f"{path} is stale: run `make generate`\n")
        else:
            (ROOT / path).write_text(text, encoding="utf-8")
    return 1 if stale and "--check" in arguments else 0


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.exists() else ""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
