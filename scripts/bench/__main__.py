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
from scripts.bench.harness import Figure

PARTS: dict[str, Callable[[Path], Awaitable[list[Figure]]]] = {
    "rules": rules.speed,
    "history": history.sizes,
    "throughput": load.throughput,
    "lists": lists.pages,
    "memory": load.memory,
}


async def run(parts: list[str]) -> bool:
    """Measure the named parts, one after another, and print their figures; gives whether all are kept."""
    figures: list[Figure] = []
    with tempfile.TemporaryDirectory(prefix="redress-bench-") as folder:
        for name in parts:
            figures += (measured := await PARTS[name](Path(folder) / name))
            print(name, *measured, sep="\n  ")
    return all(figure.is_kept for figure in figures)


def main() -> int:
    """Measure what the command line names; gives the exit status."""
    parser = argparse.ArgumentParser(prog="bench", description="Measures speed and size beside the promises.")
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}; left out: all")
    parts: list[str] = parser.parse_args().parts or list(PARTS)
    if unknown := set(parts) - PARTS.keys():
        parser.error(f"unknown part: {', '.join(sorted(unknown))}")
    quiet_runtime()
    return 0 if asyncio.run(run(parts)) else 1


if __name__ == "__main__":
    leave(main())
