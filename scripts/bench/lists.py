"""How long a page of a long list takes over HTTP."""

from __future__ import annotations

import statistics
from datetime import timedelta
from pathlib import Path
from time import perf_counter
from typing import Any

import httpx
from sqlalchemy import insert, select

from redress.api.settings import ApiSettings
from redress.store import tables
from redress.store.api_store import open_store
from redress.store.tokens import Tokens
from redress.temporal.embedded import free_port
from scripts.bench.figures import Figure
from scripts.bench.scenario import opening, today
from scripts.bench.stack import Stack, report, running, together, until
from scripts.devserver import API, WORKER

PAGE = 50


async def pages(state: Path, *, complaints: int = 10_000, real: int = 40, requests: int = 40) -> list[Figure]:
    """A page of the list and of what is due, walked from the first page on.

    `real` complaints, received on as many days, are opened through Temporal; the others are copies of their
    rows under new references. A list reads rows and decrypts nothing, so that a copy costs it what its
    original does; there are as many due dates as originals.
    """
    async with running(state) as stack:
        with stack.process(WORKER):
            days = [today() - timedelta(days=number) for number in range(real)]
            await together(stack.open(opening(day, str(day))) for day in days)
            await stack.wait_for(tables.events, real, kind="opened")
        report(f"filling the register with {complaints:,} complaints")
        _copy_rows(stack, complaints - real)
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
        Figure("list_ms", f"{PAGE} of {complaints:,} open complaints, median", listed[0], "ms", at_most=100),
        Figure("list_worst_ms", "the slowest page", listed[1], "ms"),
        Figure("due_ms", f"{PAGE} of what is due, median", due[0], "ms", at_most=100),
        Figure("due_worst_ms", "the slowest page", due[1], "ms"),
    ]


def _copy_rows(stack: Stack, count: int) -> None:
    """Copies of the complaints that are there, table by table."""
    with stack.register.writing() as db:
        originals = list(db.execute(select(tables.references.c.reference)).scalars())
        for table in tables.metadata.sorted_tables:
            if "reference" not in table.c:
                continue
            rows: dict[str, list[dict[str, Any]]] = {name: [] for name in originals}
            for row in db.execute(select(table)).mappings():
                rows[row["reference"]].append({name: row[name] for name in row if name != "id"})
            for number in range(count):
                new = {"reference": f"COPY-{number:06d}"}
                if "source_id" in table.c:
                    new["source_id"] = new["reference"]
                copies = [row | new for row in rows[originals[number % len(originals)]]]
                if copies:
                    db.execute(insert(table), copies)


def _is_ready(http: httpx.Client) -> bool:
    try:
        return bool(http.get("/readyz").json()["register"])
    except (httpx.TransportError, KeyError):
        return False


def _milliseconds(http: httpx.Client, path: str, requests: int) -> tuple[float, float]:
    """The median and the worst of so many pages, one after another."""
    took = []
    parameters: dict[str, str | int] = {"limit": PAGE}
    for _ in range(requests):
        began = perf_counter()
        answer = http.get(path, params=parameters).raise_for_status()
        took.append(1000 * (perf_counter() - began))
        parameters["after"] = answer.json()["next"]
    return statistics.median(took), max(took)
