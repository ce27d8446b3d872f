"""Ready lists for operators: links into the Temporal UI, in one place.

Saved views of the UI live in one browser only; its filters stand in the address, so a link is a view that
everybody has. `make up` prints them, `make links` (`python -m engine.links`) makes them anew: the UI has no
word for "this week", so a link carries dates and is good for the day it was made on.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple, get_args
from urllib.parse import quote

from temporalio.envconfig import ClientConfig

from engine.settings import Settings
from redress.library import authority_names
from redress.london import instant, london_date
from redress.names import workflow_id
from redress.procedure import Owner
from redress.words import TITLES

RUNNING = "ExecutionStatus = 'Running'"
"""In every list of open work: a run that went on as a new one keeps its last search attributes."""

STUCK = "task failures"

NEVER_WAITED_FOR = ("nobody",)


class ReadyList(NamedTuple):
    """A list that operators need: its name, and the query that the UI's filters are made of."""

    name: str
    query: str


def ready_lists(today: date, authorities: Sequence[str]) -> list[ReadyList]:
    """Every ready list as of a London date, the most urgent first."""
    sunday = end_of_week(today)
    before = f"{instant(sunday + timedelta(days=1)):%Y-%m-%dT%H:%M:%SZ}"
    month = f"{instant(today.replace(day=1)):%Y-%m-%dT%H:%M:%SZ}"
    lists = [
        ReadyList("overdue", f"Overdue = true AND {RUNNING}"),
        ReadyList("due this week", f'NextDue < "{before}" AND Overdue = false AND {RUNNING}'),
        ReadyList(STUCK, f"TemporalReportedProblems IS NOT NULL AND {RUNNING}"),
    ]
    for owner in get_args(Owner):
        if owner not in NEVER_WAITED_FOR:
            lists.append(ReadyList(_waiting_for(owner), f"WaitingFor = '{owner}' AND {RUNNING}"))
    lists += [ReadyList(f"open: {name}", f"State != 'closed' AND Authority = '{name}' AND {RUNNING}")
              for name in authorities]
    return [
        *lists,
        ReadyList("suspended", f"State = 'suspended' AND {RUNNING}"),
        ReadyList("closed, the file still open", f"State = 'closed' AND {RUNNING}"),
        ReadyList("file closed this month", f"State = 'closed' AND CloseTime >= '{month}'"),
    ]


def end_of_week(today: date) -> date:
    """The Sunday of the working week: on a Saturday or Sunday that of the next one."""
    sunday = today + timedelta(days=6 - today.weekday())
    return sunday if today.weekday() < 5 else sunday + timedelta(days=7)


def list_url(ui: str, namespace: str, query: str) -> str:
    """The address of the list that a query makes."""
    return f"{ui.rstrip('/')}/namespaces/{namespace}/workflows?query={quote(query)}"


def complaint_path(namespace: str, reference: str) -> str:
    """The path of a complaint's page in the UI."""
    return f"/namespaces/{namespace}/workflows/{workflow_id(reference)}"


def _waiting_for(owner: str) -> str:
    return f"waiting for the {TITLES[owner]}"


def lines(ui: str, namespace: str, today: date) -> list[str]:
    """The lists as they are printed: name and address."""
    lists = ready_lists(today, authority_names())
    width = max(len(each.name) for each in lists)
    return [f"{each.name:{width}}  {list_url(ui, namespace, each.query)}" for each in lists]


def main() -> int:
    """Print the links of today."""
    namespace = str(ClientConfig.load_client_connect_config().get("namespace") or "default")
    today = london_date(datetime.now(UTC))
    for line in lines(Settings().ui, namespace, today):
        sys.stdout.write(f"{line}\n")
    return 0


if __name__ == "__main__":
    status = main()
    sys.stdout.flush()
    os._exit(status)  # the SDK's native threads can crash a Python that is taking itself down
