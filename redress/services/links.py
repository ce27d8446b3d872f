"""Ready lists for operators: links into the Temporal UI, in one place.

Saved views of the UI live in one browser only; its filters stand in the address, so a link is a view that
everybody has. `make up` prints them, `make links` makes them anew: the UI has no
word for "this week", so a link carries dates and is good for the day it was made on.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import date, timedelta
from typing import NamedTuple, get_args

from temporalio.envconfig import ClientConfig

from redress.contract import ALL_OVERDUE, RUNNING, list_path, waiting_for
from redress.domain.london import instant
from redress.domain.procedure import WaitingFor
from redress.domain.words import TITLES
from redress.procedures.loader import authority_names
from redress.services.clock import today
from redress.settings import Settings

STUCK = "task failures"


class ReadyList(NamedTuple):
    """A list that operators need: its name, and the query that the UI's filters are made of."""

    name: str
    query: str


def ready_lists(on: date, authorities: Sequence[str]) -> list[ReadyList]:
    """Every ready list as of a London date, the most urgent first."""
    sunday = end_of_week(on)
    before = f"{instant(sunday + timedelta(days=1)):%Y-%m-%dT%H:%M:%SZ}"
    month = f"{instant(on.replace(day=1)):%Y-%m-%dT%H:%M:%SZ}"
    lists = [
        ReadyList("overdue", ALL_OVERDUE),
        ReadyList("due this week", f'NextDue < "{before}" AND Overdue = false AND {RUNNING}'),
        ReadyList(STUCK, f"TemporalReportedProblems IS NOT NULL AND {RUNNING}"),
    ]
    lists += [
        ReadyList(f"waiting for the {TITLES[owner]}", waiting_for(owner))
        for owner in get_args(WaitingFor)
        if owner != "nobody"
    ]
    lists += [
        ReadyList(f"open: {name}", f"State != 'closed' AND Authority = '{name}' AND {RUNNING}")
        for name in authorities
    ]
    return [
        *lists,
        ReadyList("suspended", f"State = 'suspended' AND {RUNNING}"),
        ReadyList("closed, the file still open", f"State = 'closed' AND {RUNNING}"),
        ReadyList("file closed this month", f"State = 'closed' AND CloseTime >= '{month}'"),
    ]


def end_of_week(on: date) -> date:
    """The Sunday of the working week: on a Saturday or Sunday that of the next one."""
    sunday = on + timedelta(days=6 - on.weekday())
    return sunday if on.weekday() < 5 else sunday + timedelta(days=7)


def list_url(ui: str, namespace: str, query: str) -> str:
    """The address of the list that a query makes."""
    return f"{ui.rstrip('/')}{list_path(namespace, query)}"


def lines(ui: str, namespace: str, on: date) -> list[str]:
    """The lists as they are printed: name and address."""
    lists = ready_lists(on, authority_names())
    width = max(len(each.name) for each in lists)
    return [f"{each.name:{width}}  {list_url(ui, namespace, each.query)}" for each in lists]


def main() -> int:
    """Print the links of today."""
    namespace = str(ClientConfig.load_client_connect_config().get("namespace") or "default")
    for line in lines(Settings().ui, namespace, today()):
        sys.stdout.write(f"{line}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
