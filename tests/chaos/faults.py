"""What goes wrong while the traffic runs, in an order that the seed decides."""

from __future__ import annotations

import asyncio
import random
import signal
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from statistics import median

import psutil
import psycopg

from tests.chaos.servers import Installation, Part

WEIGHTS = {
    "kill mail": 28,
    "kill database": 22,
    "kill worker-1": 10,
    "kill worker-2": 10,
    "kill both workers": 3,
    "kill api": 16,
    "kill temporal": 10,
    "stop worker-1": 4,
    "stop worker-2": 4,
    "stop api": 3,
    "stop temporal": 3,
    "stop database": 3,
    "lock register": 4,
    "fill register": 3,
    "close register": 3,
}
"""How often each comes, beside the others. `close`: it can only be read."""

SKEWS = (0, 0, 5, -5, 40, -40)
"""Seconds by which the clock of an API or worker that is started again is wrong."""


class Faults:
    """Faults one after the other, each while what the one before hit may still be getting up."""

    def __init__(self, installation: Installation, seed: int, *, pause: float) -> None:
        self.installation = installation
        self.rng = random.Random(f"{seed} faults")
        self.pause = pause
        self.done: Counter[str] = Counter()
        self.kills = 0
        self.skewed: Counter[str] = Counter()
        self.recoveries: defaultdict[str, list[float]] = defaultdict(list)
        self._getting_up: dict[str, asyncio.Task[None]] = {}
        present = installation.parts.keys() | {"register", "both workers"}
        self._weights = {
            name: weight for name, weight in WEIGHTS.items() if name.partition(" ")[2] in present
        }
        if installation.postgres is not None:
            del self._weights["fill register"]  # a server that cannot write its log ends: a kill like others

    async def run(self, ends: float) -> None:
        """Until a moment of the monotonic clock."""
        while time.monotonic() < ends:
            [name] = self.rng.choices(list(self._weights), list(self._weights.values()))
            what, _, part = name.partition(" ")
            if what != "kill" or self._is_up(part):  # one that is not up yet has nothing to lose
                try:
                    await self._cause(what, part)
                except (psutil.Error, psycopg.Error):  # it is down by itself
                    name = f"{name}: not possible"
                self.done[name] += 1
                await asyncio.sleep(self.rng.uniform(0.2, 1.8) * self.pause)
            await asyncio.sleep(0.05)

    async def all_up(self) -> None:
        """Wait until every part answers; one that ended by itself is started again."""
        await asyncio.gather(*self._getting_up.values(), return_exceptions=True)
        for name, part in self.installation.parts.items():
            if not part.runs:
                self.start(name)
        await asyncio.gather(*self._getting_up.values(), return_exceptions=True)

    async def _cause(self, what: str, part: str) -> None:
        match what:
            case "kill" if part == "both workers":
                await asyncio.gather(self._kill("worker-1"), self._kill("worker-2"))
            case "kill":
                await self._kill(part)
            case "stop":
                await self._stop(self.installation.parts[part])
            case "lock":
                await self._for_a_while(self.installation.locked)
            case "fill":
                await self._for_a_while(self.installation.full)
            case "close":
                await self._close()

    async def _kill(self, name: str) -> None:
        """Kill it, once it is up, and start it again after a moment."""
        part = self.installation.parts[name]
        await self._up(name)
        await part.kill()
        self.kills += 1
        await asyncio.sleep(self.rng.choice((0.0, 0.3, 1.5)))
        self.start(name)

    def start(self, name: str, **settings: str) -> None:
        """Start a part, and note how long it takes until it answers."""
        skew = self.rng.choice(SKEWS) if name in self.installation.clocks.can_be_wrong else 0
        self.skewed[f"{name} {skew:+d} s"] += bool(skew)
        self.installation.restart(name, skew, **settings)
        self._getting_up[name] = asyncio.create_task(self._note(name.partition("-")[0], name))

    async def _note(self, what: str, name: str) -> None:
        with suppress(TimeoutError):
            self.recoveries[what].append(await self.installation.parts[name].answered())

    async def _stop(self, part: Part) -> None:
        """It stands still for some seconds, and knows nothing of it."""
        await self._up(part.name)
        processes = [psutil.Process(part.pid)]
        processes += processes[0].children(recursive=True)
        for process in processes:
            with suppress(psutil.Error):
                process.send_signal(signal.SIGSTOP)
        await asyncio.sleep(self.rng.uniform(1, 8))
        for process in processes:
            with suppress(psutil.Error):
                process.send_signal(signal.SIGCONT)
        self._getting_up[part.name] = asyncio.create_task(self._note(f"{part.name}, stopped", part.name))

    async def _for_a_while(self, fault: Callable[[], AbstractContextManager[None]]) -> None:
        await self._up("database")
        held = fault()
        try:
            await asyncio.to_thread(held.__enter__)
        except Exception:  # somebody else has it, or it is down: then it is out of reach without us
            return
        await asyncio.sleep(self.rng.uniform(1, 8))
        with suppress(Exception):  # the line may be cut meanwhile, which ends it as well
            await asyncio.to_thread(held.__exit__, None, None, None)

    async def _close(self) -> None:
        await self._up("database")
        settings = self.installation.make_read_only(on=True)
        names = ("worker-1", "worker-2", "api") if settings else ()
        await self._anew(names, settings)
        await asyncio.sleep(self.rng.uniform(2, 6))
        self.installation.make_read_only(on=False)
        await self._anew(names, {})

    async def _anew(self, names: tuple[str, ...], settings: dict[str, str]) -> None:
        for name in names:
            if name in self._getting_up:
                self._getting_up.pop(name).cancel()
            await self.installation.parts[name].kill()
            self.kills += 1
            self.start(name, **settings)

    def _is_up(self, name: str) -> bool:
        names = ("worker-1", "worker-2") if name == "both workers" else (name,)
        return all(self._getting_up[each].done() for each in names if each in self._getting_up)

    async def _up(self, name: str) -> None:
        if name in self._getting_up:
            await self._getting_up[name]

    def seconds_to_recover(self) -> dict[str, dict[str, float]]:
        """Of each part: how often, the median, the longest."""
        return {
            name: {"times": len(each), "median": round(median(each), 2), "longest": round(max(each), 2)}
            for name, each in sorted(self.recoveries.items())
            if each
        }
