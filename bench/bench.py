"""`make bench`: what Redress promises about its speed and size, measured here and now.

Each part starts a Temporal server of its own with a fresh register and outbox in a temporary folder.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import tempfile
from pathlib import Path
from time import perf_counter

from bench import history, load, rules
from bench.figures import Measured, as_json, table
from redress.temporal.client import quiet_runtime

PARTS = ("rules", "history", "throughput", "due", "memory")


async def run(parts: list[str], *, quick: bool) -> list[Measured]:
    """Measure the named parts, one after another."""
    found = []
    with tempfile.TemporaryDirectory(prefix="redress-bench-") as temporary:
        for name in parts:
            state = Path(temporary) / name
            found.append(await _measure(name, state, quick=quick))
    return found


async def _measure(name: str, state: Path, *, quick: bool) -> Measured:
    match name:
        case "rules":
            return rules.measure(say)
        case "history":
            return await history.measure(state, say)
        case "throughput":
            return await load.throughput(state, say, rounds=3 if quick else 9, each=60 if quick else 100)
        case "due":
            return await load.due_at_once(state, say, count=100)
        case "memory":
            if not quick:
                return await load.memory(state, say, few=1000, many=5000)
            measured = await load.memory(state, say, few=200, many=1000, cached=100)
            smaller = "--quick: 200 and 1,000 complaints in place of 1,000 and 5,000, and 100 kept at hand"
            return measured._replace(remarks=[smaller])
        case _:
            raise ValueError(name)


def say(progress: str) -> None:
    """Progress, on standard error."""
    print(f"{perf_counter() - _began:6.1f} s  {progress}", file=sys.stderr, flush=True)


_began = perf_counter()


def main() -> int:
    """Measure and print; 1 where a target is missed."""
    words = argparse.ArgumentParser(prog="bench", description="Measures speed and size beside their targets.")
    words.add_argument("--json", action="store_true", help="print JSON in place of the table")
    words.add_argument("--quick", action="store_true", help="fewer complaints and rounds")
    words.add_argument("--only", choices=PARTS, action="append", help="only this part (may be repeated)")
    asked = words.parse_args()
    quiet_runtime()
    found = asyncio.run(run(asked.only or list(PARTS), quick=asked.quick))
    print(as_json(found) if asked.json else table(found), flush=True)
    return 0 if all(figure.holds is not False for part in found for figure in part.figures) else 1


if __name__ == "__main__":
    status = main()
    sys.stderr.flush()
    # The SDK's native threads can crash a Python that is taking itself down after a clean run.
    os._exit(status)
