"""What can be counted in the register, for Prometheus: no personal data, few labels."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from sqlalchemy import case, func, select
from sqlalchemy.exc import SQLAlchemyError

from redress.domain.london import london_date
from redress.store import tables
from redress.store.register import Register


class RegisterCollector(Collector):
    """Counts anew at each scrape: a handful of queries over small tables."""

    def __init__(self, register: Register) -> None:
        self._register = register

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Complaints by stage, overdue, behind; letters, webhooks; whether the register could be read."""
        up = GaugeMetricFamily("redress_register_up", "Whether the register could be read (1) or not (0)")
        try:
            found = [self._complaints(), self._overdue(), self._behind(), self._letters(), self._deliveries()]
        except SQLAlchemyError:
            up.add_metric([], 0)
            yield up
            return
        up.add_metric([], 1)
        yield up
        yield from found

    def _complaints(self) -> GaugeMetricFamily:
        labels = ["authority", "procedure", "stage", "state"]
        gauge = GaugeMetricFamily("redress_complaints", "Complaints by where they stand", labels=labels)
        table = tables.complaints
        columns = (table.c.authority, table.c.procedure, table.c.stage, table.c.state)
        with self._register.reading() as db:
            for *said, count in db.execute(select(*columns, func.count()).group_by(*columns)):
                gauge.add_metric([str(each) for each in said], count)
        return gauge

    def _overdue(self) -> GaugeMetricFamily:
        labels = ["authority", "procedure"]
        gauge = GaugeMetricFamily(
            "redress_complaints_overdue", "Complaints with a missed limit", labels=labels
        )
        table = tables.complaints
        columns = (table.c.authority, table.c.procedure)
        overdue = func.sum(case((table.c.overdue, 1), else_=0))
        with self._register.reading() as db:
            for *said, count in db.execute(select(*columns, overdue).group_by(*columns)):
                gauge.add_metric([str(each) for each in said], count)
        return gauge

    def _behind(self) -> GaugeMetricFamily:
        """What a worker that does not get through its work leaves behind: `overdue` cannot show it."""
        gauge = GaugeMetricFamily(
            "redress_complaints_behind", "Complaints with a limit that ran out and was not recorded as missed"
        )
        table = tables.deadlines
        has_run_out = table.c.due_on < london_date(datetime.now(UTC))
        late = (table.c.state == "running") & (table.c.kind == "limit") & has_run_out
        with self._register.reading() as db:
            gauge.add_metric(
                [], db.execute(select(func.count(table.c.reference.distinct())).where(late)).scalar_one()
            )
        return gauge

    def _letters(self) -> GaugeMetricFamily:
        gauge = GaugeMetricFamily("redress_letters", "Letters by what became of them", labels=["state"])
        table = tables.letters
        with self._register.reading() as db:
            for state, count in db.execute(select(table.c.state, func.count()).group_by(table.c.state)):
                gauge.add_metric([state], count)
        return gauge

    def _deliveries(self) -> GaugeMetricFamily:
        gauge = GaugeMetricFamily(
            "redress_webhook_deliveries", "Deliveries to webhooks by what became of them", labels=["state"]
        )
        table = tables.deliveries
        with self._register.reading() as db:
            for state, count in db.execute(select(table.c.state, func.count()).group_by(table.c.state)):
                gauge.add_metric([state], count)
        return gauge
