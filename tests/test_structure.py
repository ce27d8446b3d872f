"""What no linter looks at (findings A5, A10): what a workflow loads, and whose modules are used."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PRODUCT = ("redress", "workflows", "activities", "scripts", "deploy", "starter.py", "worker.py")

OF_THE_WORLD = ("sqlalchemy", "cryptography", "httpx", "fastapi", "uvicorn", "psycopg", "jinja2", "smtplib")


def sources() -> list[Path]:
    roots = [ROOT / name for name in PRODUCT]
    return [path for root in roots for path in ([root] if root.is_file() else sorted(root.rglob("*.py")))]


def imported(source: str) -> set[str]:
    """The modules that a source imports, with the names taken from them."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def private(names: set[str]) -> set[str]:
    """Those of a library's that it keeps to itself; the SDK's bridge is one, whatever its name."""
    return {
        name
        for name in names
        if any(part.startswith("_") and not part.startswith("__") for part in name.split("."))
        or name.startswith("temporalio.bridge")
    }


def test_a_workflow_loads_nothing_of_the_world() -> None:
    code = f"import sys, workflows.complaint; print([m for m in {OF_THE_WORLD!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("line", ["from temporalio.bridge.proto import x", "import a._b", "from a import _b"])
def test_a_private_module_would_be_noticed(line: str) -> None:
    assert private(imported(line))


def test_no_private_module_of_any_library_is_used() -> None:
    assert {path.name: found for path in sources() if (found := private(imported(path.read_text())))} == {}


def test_one_helper_ends_processes() -> None:
    assert [path.name for path in sources() if "os._exit" in path.read_text()] == ["exit.py"]


def test_nothing_waits_by_what_forgets_that_it_was_told_to_end() -> None:
    """`asyncio.wait_for` before Python 3.12 may, where what is waited for comes then: `asyncio.timeout`."""
    assert [path.name for path in sources() if "asyncio.wait_for(" in path.read_text()] == []
