"""`make chaos`: kills, stops and confuses every part under traffic, then counts what is there.

    make chaos seed=7 minutes=12                 both stores, one after the other
    .venv/bin/python -m tests.chaos --help       the rest

Exit status 0: nothing was lost, doubled, diverged or stuck; 1: something was. The result is JSON on standard
output; a summary is on standard error.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from pathlib import Path
from typing import get_args

from tests.chaos.run import Options, Plant, Result, Store, document, run


def read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.chaos", description=(__doc__ or "").splitlines()[0]
    )
    parser.add_argument("--seed", type=int, default=1, help="what is done, and in which order")
    parser.add_argument("--minutes", type=float, default=2.0, help="of faults, over all stores together")
    parser.add_argument("--store", action="append", choices=get_args(Store), help="left out: both")
    parser.add_argument("--lives", type=int, default=12, help="complaints under way at once")
    parser.add_argument("--fault-pause", type=float, default=1.0, help="seconds between faults; 0: no faults")
    parser.add_argument(
        "--plant", action="append", choices=get_args(Plant), default=[], help="a mistake to find"
    )
    parser.add_argument("--quiet-within", type=float, default=300.0, help="seconds until what waits is stuck")
    parser.add_argument("--keep", type=Path, help="a new folder in which databases and logs are left")
    return parser.parse_args()


def summary(result: Result) -> str:
    """What a person looks at first."""
    lines = [
        f"{result.store}, seed {result.seed}: {result.lives} lives, {result.messages} messages, "
        f"{result.documents} documents, {result.drafts} drafts ({result.approved} approved), "
        f"{result.kills} kills, midnight at {result.midnight}, clocks wrong by {result.clocks}",
        f"  lost {result.lost}   doubled {result.doubled}   diverged {result.diverged}   stuck {result.stuck}"
        f"   (letters raised to a person: {result.raised})",
        f"  planted afterwards, and told: {result.planted}",
        f"  quiet after {result.quiet_after_seconds} s; seconds until a part answered again:",
    ]
    lines += [
        f"    {name}: {each['times']:.0f} times, median {each['median']}, longest {each['longest']}"
        for name, each in result.recovery_seconds.items()
    ]
    lines += [
        f"  {each['kind']}: life {each['life']} {each['reference']}: {each['what']}"
        for each in result.findings[:40]
    ]
    return "\n".join(lines)


async def main(arguments: argparse.Namespace) -> int:
    stores: list[Store] = arguments.store or list(get_args(Store))
    results = []
    for store in stores:
        options = Options(
            store=store,
            seed=arguments.seed,
            seconds=arguments.minutes * 60 / len(stores),
            lives_at_once=arguments.lives,
            fault_pause=arguments.fault_pause,
            quiet_within=arguments.quiet_within,
            plants=tuple(arguments.plant),
            keep=arguments.keep,
        )
        results.append(await run(options))
        sys.stderr.write(summary(results[-1]) + "\n")
    sys.stdout.write(json.dumps(document(results), indent=2) + "\n")
    return 0 if all(each.holds for each in results) else 1


if __name__ == "__main__":
    sys.exit(asyncio.run(main(read_arguments())))
