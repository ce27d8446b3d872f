"""Messages that could not take effect on the day they came: too early, or after their window."""

from __future__ import annotations

from datetime import date

from redress.domain.log import LogEntry
from redress.domain.procedure import StageName


class Requests:
    """What waits in one complaint.

    `waiting`: what came too early, until its day comes. `late`: requests for the next stage made after their
    window, until a person has decided. `early`: requests for a Review Panel made before the adjudication,
    until the person has said whether they stand. `stageless`: answers that do not say which stage they
    answer, until somebody says it. `is_retry`: what is carried out now has waited. `withdrawn`: what was
    withdrawn last is a request alone, not the complaint.
    """

    def __init__(self) -> None:
        self.waiting: list[LogEntry] = []
        self.late: list[LogEntry] = []
        self.early: list[LogEntry] = []
        self.stageless: list[LogEntry] = []
        self.is_retry = False
        self.withdrawn = False
        self.asked_by: dict[StageName, set[int]] = {}
        """Who of several people asked for each stage that was opened, by number."""
        self.opened_by: dict[StageName, LogEntry] = {}
        """The request that opened each stage."""
        self._asked_from: dict[int, StageName] = {}
        self._opened_for: dict[StageName, date] = {}

    @property
    def ask_to_go_on(self) -> bool:
        """Whether a request for the next stage waits for this one to be answered."""
        return any(entry.message.action == "escalate" for entry in self.waiting)

    def take_waiting(self) -> list[LogEntry]:
        """What waits, to be tried again or given up: it waits no more."""
        waiting, self.waiting = self.waiting, []
        return waiting

    def take_early(self) -> list[LogEntry]:
        """The early requests, which are decided now, in the order they came."""
        early, self.early = self.early, []
        return early

    def take_all(self) -> list[LogEntry]:
        """All that waits for something that an end leaves no room for: it waits no more."""
        taken = [*self.take_waiting(), *self.take_early(), *self.stageless]
        self.stageless = []
        return taken

    def take_late(self) -> list[LogEntry]:
        """The late requests, which are decided now, in the order they came."""
        late, self.late = self.late, []
        return late

    def asked_from(self, entry: LogEntry, stage: StageName) -> StageName:
        """The stage that the complaint was at when a request first came; `stage` where it comes now."""
        return self._asked_from.setdefault(entry.seq, stage)

    def opened(self, stage: StageName, on: date) -> None:
        """A request of a day has opened a stage."""
        self._opened_for[stage] = on

    def has_opened(self, stage: StageName, on: date) -> bool:
        """Whether it was a request of this day that opened a stage: by form and by letter on one day."""
        return self._opened_for.get(stage) == on
