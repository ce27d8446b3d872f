"""What must come of the traffic, worked out apart: another calendar, and the rules for what is sent here.

Nothing here is the product's. Sources: the Children Act 1989 Representations Procedure (England) Regulations
2006 and the guidance "Getting the best from complaints" (3, 10 to 20, 25 to 65 working days).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache


def easter(year: int) -> date:
    """Easter Sunday, by the anonymous Gregorian computus."""
    a, b, c = year % 19, year // 100, year % 100
    d, e, f, g = b // 4, b % 4, (b + 8) // 25, c // 4
    h = (19 * a + b - d - (b - f + 1) // 3 + 15) % 30
    i = (32 + 2 * e + 2 * g - h - c % 4) % 7
    m = (a + 11 * h + 22 * i) // 451
    month, day = divmod(h + i - 7 * m + 114, 31)
    return date(year, month, day + 1)


@cache
def bank_holidays(year: int) -> frozenset[date]:
    """England's regular ones, with the days in lieu of those at a weekend; proclaimed ones are not known."""
    first_of_may, last_of_may, last_of_august = date(year, 5, 1), date(year, 5, 31), date(year, 8, 31)
    moving = {
        easter(year) - timedelta(2),
        easter(year) + timedelta(1),
        first_of_may + timedelta(-first_of_may.weekday() % 7),
        last_of_may - timedelta(last_of_may.weekday()),
        last_of_august - timedelta(last_of_august.weekday()),
    }
    for fixed in (date(year, 1, 1), date(year, 12, 25), date(year, 12, 26)):
        day = fixed
        while day.weekday() > 4 or day in moving:
            day += timedelta(1)
        moving.add(day)
    return frozenset(moving)


def working_day(day: date) -> bool:
    return day.weekday() < 5 and day not in bank_holidays(day.year)


def working_days_after(day: date, days: int) -> date:
    """The last of so many working days; the day itself is day 0."""
    while days:
        day += timedelta(1)
        days -= working_day(day)
    return day


def working_days_before(day: date, days: int) -> date:
    """The first of so many working days that end with the one before; the day itself is day 0."""
    while days:
        day -= timedelta(1)
        days -= working_day(day)
    return day


@dataclass
class Sent:
    """A message as its sender has it: `on` is what the entry point answered, where it was left out."""

    action: str
    id: str
    fields: dict[str, object]
    on: date
    at: float = 0.0
    """When it was answered, in Unix seconds."""
    by: str = "chaos"

    @property
    def drafts(self) -> bool:
        """Whether its letter waits to be approved, and it counts for nothing until that has left."""
        return self.fields.get("letter") == "draft"


@dataclass
class Expected:
    """Where a complaint must stand."""

    state: str = "open"
    stage: str = "stage_1"
    closed_as: str | None = None
    due: dict[str, date] = field(default_factory=dict)
    """The limits that run, and those met, by name."""
    answered_on: date | None = None
    """When the answer met its limit: a drafted one on the day on which its letter left."""
    outcomes: dict[str, str] = field(default_factory=dict)
    """What became of messages that were not carried out at once, by id."""
    letters: list[str] = field(default_factory=list)
    """What the complainant must be sent, in this order."""
    answer: str = ""
    """The words of the answer that its letter must have: those that were approved."""
    has_draft: bool = False
    """Whether a letter waits to be approved."""
    notices: list[str] = field(default_factory=list)


ANSWER = "Our answer to your complaint (Stage 1)"

LETTERS = {
    "acknowledge": "We have your complaint",
    "extend": "We need more time",
    "respond": ANSWER,
    "approve_letter": ANSWER,
    "escalate": "Stage 2 of your complaint has begun",
    "withdraw": "We have your withdrawal",
}
"""The subject of the letter that an action sends to the complainant."""


def expected(received_on: date, sent: list[Sent], left: date = date.min) -> Expected:
    """Where a statutory complaint stands that was received on a day, after these messages.

    `left`: the day on which the letter with its answer left, where that was later than assumed.
    """
    stands = Expected(notices=["complaint.opened"])
    stands.due = {
        "acknowledgement": working_days_after(received_on, 3),
        "stage_1_response": working_days_after(received_on, 10),
    }
    drafted: Sent | None = None
    for message in sent:
        match message.action:
            case "extend":
                stands.due["stage_1_response"] = working_days_after(received_on, 20)
            case "respond" if message.drafts:
                drafted, stands.has_draft = message, True
                stands.answer = str(message.fields["summary"])
                stands.outcomes[message.id] = "pending"
                stands.due["letter_approval"] = working_days_before(stands.due["stage_1_response"], 2)
                continue  # it counts once it has been approved and has left
            case "edit_letter":
                texts = message.fields["texts"]
                assert isinstance(texts, dict)
                stands.answer = texts["summary"]
            case "approve_letter":
                assert drafted is not None
                stands.has_draft, stands.outcomes[drafted.id] = False, "applied"
                stands.answered_on = max(message.on, left)
                stands.due["stage_1_review"] = working_days_after(stands.answered_on, 20)
            case "respond":
                stands.answer, stands.answered_on = str(message.fields["summary"]), message.on
                stands.due["stage_1_review"] = working_days_after(max(message.on, left), 20)
            case "escalate":
                stands.stage = "stage_2"
                stands.due["stage_2_response"] = working_days_after(message.on, 25)
                stands.due["complaint_statement_agreed"] = working_days_after(message.on, 10)
                stands.notices.append("complaint.stage_changed")
            case "withdraw":
                stands.state, stands.closed_as = "closed", "withdrawn"
                stands.notices.append("complaint.closed")
                if drafted is not None and stands.has_draft:
                    stands.has_draft, stands.outcomes[drafted.id] = False, "overtaken"
        if message.action in LETTERS:
            stands.letters.append(LETTERS[message.action])
    return stands
