"""A worker in a process of its own, Redress's or the bare one: `python -m bench.crew`."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from pathlib import Path
from typing import Any

import psutil
from temporalio.client import Client

from bench import bare
from redress.bootstrap import activities_for, running_workers
from redress.settings import TRIAL, Settings
from redress.temporal.client import quiet_runtime
from redress.temporal.converter import DATA_CONVERTER

MB = 1024 * 1024


class Crew:
    """A worker process, seen from outside."""

    def __init__(self, pid: int) -> None:
        self._process = psutil.Process(pid)

    @property
    def cpu(self) -> float:
        """Seconds of processor time it has used."""
        used = self._process.cpu_times()
        return float(used.user + used.system)

    @property
    def megabytes(self) -> float:
        """Its resident memory."""
        return float(self._process.memory_info().rss) / MB


@contextmanager
def crew(kind: str, address: str, state: Path, *, cached: int | None = None) -> Iterator[Crew]:
    """A worker of a kind (`redress`, `bare`) for as long as the block lasts."""
    cached = cached or Settings().cached_complaints
    words = [sys.executable, "-m", "bench.crew", kind, address, str(state), str(cached)]
    process = subprocess.Popen(words, stdout=subprocess.PIPE)
    try:
        assert process.stdout is not None
        if process.stdout.readline() != b"ready\n":
            raise RuntimeError(f"the {kind} worker did not come up")
        yield Crew(process.pid)
    finally:
        process.terminate()
        process.wait()


async def _work(kind: str, address: str, state: Path, cached: int) -> None:
    logging.basicConfig(level=logging.ERROR)
    quiet_runtime()
    settings = Settings(trial=TRIAL, state=state, cached_complaints=cached)
    client = await Client.connect(address, data_converter=DATA_CONVERTER)
    stop = asyncio.Event()
    for each in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(each, stop.set)
    if kind == "bare":
        worker: AbstractAsyncContextManager[Any] = bare.build_worker(
            client, settings.activity_threads, settings.cached_complaints
        )
    else:
        worker = running_workers(client, activities_for(settings), settings)
    async with worker:
        print("ready", flush=True)
        await stop.wait()


if __name__ == "__main__":
    asyncio.run(_work(sys.argv[1], sys.argv[2], Path(sys.argv[3]), int(sys.argv[4])))
    os._exit(0)
