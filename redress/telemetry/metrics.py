"""What can be counted in the register, for Prometheus: no personal data, few labels."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from sqlalchemy import Column, ColumnElement, case, func, select
from sqlalchemy.exc import SQLAlchemyError

from redress.domain.london import london_date
from redress.store.listing import is_counted
from redress.store.register import Register
from redress.store.tables import complaints, deadlines, deliveries, letters, messages, refusals

NOT_BEGUN_AFTER = timedelta(minutes=1)
"""A complaint that was accepted is begun within seconds."""


class RegisterCollector(Collector):
    """Counts anew at each scrape: a handful of queries over small tables."""

    def __init__(self, register: Register) -> None:
        self._register = register

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Complaints by stage, overdue, behind; letters, webhooks; whether the register could be read."""
        up = GaugeMetricFamily("redress_register_up", "Whether the register could be read (1) or not (0)")
        try:
            found = list(self._from_register())
        except SQLAlchemyError:
            found = []
        up.add_metric([], int(bool(found)))
        yield from [up, *found]

    def _from_register(self) -> Iterator[GaugeMetricFamily]:
        kind = complaints.c.authority, complaints.c.procedure
        where = *kind, complaints.c.stage, complaints.c.state
        overdue = func.sum(case((complaints.c.overdue, 1), else_=0))
        yield self._gauge("complaints", "Complaints by where they stand", *where)
        yield self._gauge("complaints_overdue", "Complaints with a missed limit", *kind, number=overdue)
        # What a worker that does not get through its work leaves behind: `overdue` cannot show it.
        last_in_time = func.coalesce(deadlines.c.excused_until, deadlines.c.due_on)
        has_run_out = last_in_time < london_date(datetime.now(UTC))
        late = (deadlines.c.state == "running") & (deadlines.c.kind == "limit") & has_run_out
        behind = func.count(deadlines.c.reference.distinct()).filter(late)
        what = "Complaints with a limit that ran out and was not recorded as missed"
        yield self._gauge("complaints_behind", what, number=behind)
        what = "Signals that came unencrypted though there are keys, by what became of them"
        clear = GaugeMetricFamily("redress_signals_in_clear", what, labels=["outcome"])
        with self._register.reading() as db:
            for outcome, table in (("applied", messages), ("refused", refusals)):
                wanted = select(func.count()).select_from(table).where(table.c.in_clear)
                clear.add_metric([outcome], db.execute(wanted).scalar_one())
        yield clear
        what = "Complaints that were accepted more than a minute ago and do not run"
        gauge = GaugeMetricFamily("redress_complaints_not_begun", what)
        gauge.add_metric([], len(self._register.not_begun(datetime.now(UTC) - NOT_BEGUN_AFTER)))
        yield gauge
        yield self._gauge("letters", "Letters by what became of them", letters.c.state)
        what = "Deliveries to webhooks by what became of them"
        yield self._gauge("webhook_deliveries", what, deliveries.c.state)

    def _gauge(
        self, name: str, what: str, *by: Column[str], number: ColumnElement[int] | None = None
    ) -> GaugeMetricFamily:
        """The rows (or `number` of them) of a table for each combination of the columns, which are labels."""
        gauge = GaugeMetricFamily(f"redress_{name}", what, labels=[column.name for column in by])
        query = select(*by, func.count() if number is None else number).group_by(*by)
        if by and by[0].table is complaints:
            query = query.where(is_counted())
        with self._register.reading() as db:
            for *labels, count in db.execute(query):
                gauge.add_metric([str(label) for label in labels], count)
        return gauge
