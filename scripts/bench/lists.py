"""How long a page of a long list takes over HTTP."""

from __future__ import annotations

from datetime import timedelta
from math import ceil, log2
from pathlib import Path
from statistics import median
from time import perf_counter

import httpx
from sqlalchemy import insert, select

from redress.api.settings import ApiSettings
from redress.store import tables
from redress.store.api_store import open_store
from redress.store.tokens import Tokens
from redress.temporal.embedded import free_port
from scripts.bench.harness import Figure, Stack, report, running, together, until
from scripts.bench.scenario import opening, today
from scripts.devserver import API, WORKER

PAGE = 50


async def pages(state: Path, *, complaints: int = 10_000, real: int = 40, requests: int = 40) -> list[Figure]:
    """A page of the list and of what is due, walked from the first page on.

    `real` complaints, received on as many days, are opened through Temporal. The others, so that there are
    `complaints` or a few more, are copies of their rows under new references: a list reads rows and decrypts
    nothing, so that a copy costs it what its original does.
    """
    async with running(state) as stack:
        with stack.process(WORKER):
            days = [today() - timedelta(days=number) for number in range(real)]
            await together(stack.open(opening(day, str(day))) for day in days)
            await stack.wait_for(tables.events, real, kind="opened")
        report(f"filling the register with {complaints:,} complaints")
        for doubling in range(ceil(log2(complaints / real))):
            _double(stack, f"-{doubling}")
        port = free_port()
        with stack.process(API, REDRESS_API_PORT=str(port), REDRESS_RATE_PER_MINUTE="1000000"):
            store = open_store(ApiSettings(state=state).store_url)
            token = Tokens(store).add("bench", ["reader"], None, timedelta(days=1))
            headers = {"Authorization": f"Bearer {token}"}
            with httpx.Client(base_url=f"http://127.0.0.1:{port}", headers=headers, timeout=60) as http:
                await until(lambda: _is_ready(http))
                listed = _milliseconds(http, "/v1/complaints", requests)
                due = _milliseconds(http, "/v1/due", requests)
    return [
        Figure("list_ms", f"{PAGE} of {complaints:,} open complaints, median", listed, "ms", at_most=100),
        Figure("due_ms", f"{PAGE} of what is due, median", due, "ms", at_most=100),
    ]


def _double(stack: Stack, suffix: str) -> None:
    """Copy the complaints that are there, table by table, under references with the suffix."""
    with stack.register.writing() as db:
        for table in tables.metadata.sorted_tables:
            if "reference" in table.c:
                columns = [column for column in table.c if column.name != "id"]
                own = ("reference", "source_id")
                copies = [column + suffix if column.name in own else column for column in columns]
                db.execute(insert(table).from_select(columns, select(*copies)))


def _is_ready(http: httpx.Client) -> bool:
    try:
        return bool(http.get("/readyz").json()["register"])
    except (httpx.TransportError, KeyError):
        return False


def _milliseconds(http: httpx.Client, path: str, requests: int) -> float:
    """The median of so many pages, one after another."""
    took = []
    parameters: dict[str, str | int] = {"limit": PAGE}
    for _ in range(requests):
        began = perf_counter()
        answer = http.get(path, params=parameters).raise_for_status()
        took.append(1000 * (perf_counter() - began))
        parameters["after"] = answer.json()["next"]
    return median(took)
