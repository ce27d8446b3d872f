"""`make bench`: what Redress promises about its speed and size, measured here and now.

Each part that needs a Temporal server starts one of its own with a fresh register in a temporary folder.
Ends with 1 where a promise is not kept.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path

from redress.exit import leave
from redress.temporal.client import quiet_runtime
from scripts.bench import history, lists, load, rules
from scripts.bench.figures import Figure, as_json, as_table
from scripts.devserver import ROOT

RESULT = ROOT / ".redress" / "bench.json"


async def _rules(_state: Path) -> list[Figure]:
    return rules.speed()


PARTS: dict[str, Callable[[Path], Awaitable[list[Figure]]]] = {
    "rules": _rules,
    "history": history.sizes,
    "throughput": load.throughput,
    "lists": lists.pages,
    "memory": load.memory,
}


async def run(parts: list[str]) -> dict[str, list[Figure]]:
    """Measure the named parts, one after another."""
    with tempfile.TemporaryDirectory(prefix="redress-bench-") as folder:
        return {name: await PARTS[name](Path(folder) / name) for name in parts}


def main() -> int:
    """Measure, print the table and write the JSON file; gives the exit status."""
    parser = argparse.ArgumentParser(prog="bench", description="Measures speed and size beside the promises.")
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}; left out: all")
    parser.add_argument("--result", type=Path, default=RESULT, help="where the figures go as JSON")
    arguments = parser.parse_args()
    if unknown := set(arguments.parts) - PARTS.keys():
        parser.error(f"unknown part: {', '.join(sorted(unknown))}")
    quiet_runtime()
    results = asyncio.run(run(arguments.parts or list(PARTS)))
    print(as_table(results))
    arguments.result.parent.mkdir(parents=True, exist_ok=True)
    arguments.result.write_text(as_json(results) + "\n", encoding="utf-8")
    return 0 if all(figure.holds for figures in results.values() for figure in figures) else 1


if __name__ == "__main__":
    leave(main())
