"""Working days in England, against the government's own list and by properties.

The second source is GOV.UK's published list of bank holidays, as another package ships it.
"""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path

import govuk_bank_holidays
import pytest
from hypothesis import given
from hypothesis import strategies as st

from redress.domain.calendar import Calendar, HolidayTable, OutsideTable, Skipped, calendar_for, long_date
from redress.domain.opening import Opening
from redress.procedures.bank_holidays import FILE, OFFICIAL_UNTIL, calendar_today, holiday_table, table_with
from redress.procedures.files import FileError
from redress.procedures.loader import newer_holidays, rules_for

CALENDAR = calendar_today()
DAY = timedelta(days=1)


def _official() -> dict[date, str]:
    file = Path(govuk_bank_holidays.__file__).parent / "bank-holidays.json"
    listed = json.loads(file.read_text(encoding="utf-8"))["england-and-wales"]["events"]
    return {date.fromisoformat(each["date"]): each["title"] for each in listed}


OFFICIAL = _official()
FIRST_YEAR, LAST_YEAR = min(OFFICIAL).year, max(OFFICIAL).year


def day(text: str) -> date:
    return date.fromisoformat(text)


# --- the government's list -----------------------------------------------------------------------


@pytest.mark.parametrize("year", range(FIRST_YEAR, LAST_YEAR + 1))
def test_every_day_of_every_official_year(year: int) -> None:
    ours, theirs = [], []
    at = date(year, 1, 1)
    while at.year == year:
        if not CALENDAR.is_working_day(at):
            ours.append(at)
        if at.weekday() >= 5 or at in OFFICIAL:
            theirs.append(at)
        at += DAY
    assert ours == theirs


def test_official_until_is_the_last_year_the_government_has_published() -> None:
    """Fails when the list grows: then OFFICIAL_UNTIL is to be moved on."""
    assert date(LAST_YEAR, 12, 31) == OFFICIAL_UNTIL
    assert not CALENDAR.is_provisional(OFFICIAL_UNTIL)
    assert CALENDAR.is_provisional(OFFICIAL_UNTIL + DAY)


# --- special days --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("on", "works"),
    [
        ("2020-05-04", True),  # early May was moved ...
        ("2020-05-08", False),  # ... to VE day
        ("2022-05-30", True),  # spring was moved ...
        ("2022-06-02", False),  # ... to the jubilee
        ("2022-06-03", False),
        ("2022-09-19", False),  # the Queen's funeral
        ("2023-05-08", False),  # the coronation
        ("2020-12-26", False),  # Boxing Day, a Saturday
        ("2020-12-28", False),  # and its substitute
        ("2026-12-25", False),
        ("2026-12-26", False),
        ("2026-12-28", False),
        ("2026-12-29", True),  # a council's closure days between the years count
        ("2026-12-30", True),
        ("2026-12-31", True),
        ("2026-01-02", True),  # Scotland's, not England's
        ("2026-03-17", True),  # Northern Ireland's
        ("2025-11-28", True),
        ("2026-04-03", False),  # Good Friday
        ("2026-04-06", False),  # Easter Monday
    ],
)
def test_special_days(on: str, works: bool) -> None:
    assert CALENDAR.is_working_day(day(on)) is works


# --- counting, by hand ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("start", "days", "answer"),
    [
        ("2026-11-20", 0, "2026-11-20"),  # day 0 is the day itself
        ("2026-11-20", 1, "2026-11-23"),  # a Friday: the next working day is Monday
        ("2026-11-20", 10, "2026-12-04"),
        ("2026-11-21", 0, "2026-11-21"),  # received on a Saturday: not moved,
        ("2026-11-21", 1, "2026-11-23"),  # day 1 is Monday,
        ("2026-11-22", 10, "2026-12-04"),  # and a Sunday's tenth day is that of Friday and Saturday
        ("2026-12-24", 1, "2026-12-29"),  # Christmas Day, Boxing Day (a Saturday), its substitute
        ("2026-12-24", 4, "2027-01-04"),
        ("2024-08-29", 65, "2024-11-28"),  # Ombudsman 25 005 179, the day it names itself
        ("2022-09-16", 1, "2022-09-20"),
    ],
)
def test_counting_on(start: str, days: int, answer: str) -> None:
    assert CALENDAR.add(day(start), days) == day(answer)


@pytest.mark.parametrize(
    ("start", "days", "answer"),
    [
        ("2026-08-24", 0, "2026-08-24"),
        ("2026-08-24", 1, "2026-08-21"),
        ("2026-08-24", 10, "2026-08-10"),
        ("2026-09-07", 10, "2026-08-21"),  # over the summer bank holiday
        ("2026-08-23", 1, "2026-08-21"),  # back from a Sunday
        ("2026-12-29", 1, "2026-12-24"),
    ],
)
def test_counting_back(start: str, days: int, answer: str) -> None:
    assert CALENDAR.before(day(start), days) == day(answer)


@pytest.mark.parametrize(
    ("start", "end", "days"),
    [
        ("2026-11-20", "2026-11-20", 0),
        ("2026-11-20", "2026-11-22", 0),
        ("2026-11-20", "2026-11-23", 1),
        ("2026-11-21", "2026-11-23", 1),
        ("2026-11-20", "2026-12-04", 10),
        ("2026-12-04", "2026-11-20", -10),
        ("2026-12-24", "2026-12-28", 0),
    ],
)
def test_between(start: str, end: str, days: int) -> None:
    assert CALENDAR.between(day(start), day(end)) == days


def test_skipped_days_say_why() -> None:
    *first, substitute = CALENDAR.skipped(day("2026-12-24"), day("2026-12-29"))
    assert first == [
        Skipped(day("2026-12-25"), "Christmas Day"),
        Skipped(day("2026-12-26"), "Saturday"),
        Skipped(day("2026-12-27"), "Sunday"),
    ]
    assert substitute.on == day("2026-12-28")
    assert substitute.why.startswith("Boxing Day (")


def test_skipped_weekdays_bear_a_name() -> None:
    for each in CALENDAR.skipped(date(FIRST_YEAR, 1, 1), date(LAST_YEAR, 12, 31)):
        assert (each.why == f"{each.on:%A}") is (each.on.weekday() >= 5)
        assert each.why.strip()


def test_next_working_day() -> None:
    assert CALENDAR.on_or_after(day("2026-11-20")) == day("2026-11-20")
    assert CALENDAR.on_or_after(day("2026-11-21")) == day("2026-11-23")
    assert CALENDAR.on_or_after(day("2026-12-25")) == day("2026-12-29")


def test_a_date_as_people_read_it() -> None:
    assert long_date(day("2026-12-04")) == "Fri 4 Dec 2026"


# --- the table -----------------------------------------------------------------------------------


def test_outside_the_table_is_said_not_guessed() -> None:
    table = holiday_table()
    with pytest.raises(OutsideTable):
        CALENDAR.add(table.last, 1)
    with pytest.raises(OutsideTable):
        CALENDAR.before(table.first, 1)
    with pytest.raises(OutsideTable):
        CALENDAR.is_working_day(table.last + DAY)


def test_a_cut_table_counts_alike_within_its_range() -> None:
    cut = calendar_for(holiday_table().cut(date(2024, 1, 1), date(2030, 12, 31)))
    assert cut.version == CALENDAR.version
    at = date(2024, 1, 2)
    while at.year < 2030:
        assert cut.add(at, 65) == CALENDAR.add(at, 65)
        assert cut.is_working_day(at) is CALENDAR.is_working_day(at)
        at += 3 * DAY


def test_one_calendar_object_for_each_table() -> None:
    assert calendar_for(holiday_table()) is calendar_today()


# --- properties ----------------------------------------------------------------------------------

dates = st.dates(date(1992, 1, 1), date(2070, 12, 31))
working = dates.map(CALENDAR.on_or_after)
counts = st.integers(0, 300)


@given(working, counts)
def test_back_undoes_on(start: date, days: int) -> None:
    assert CALENDAR.before(CALENDAR.add(start, days), days) == start
    assert CALENDAR.add(CALENDAR.before(start, days), days) == start


@given(dates, counts)
def test_what_is_between_a_date_and_its_sum(start: date, days: int) -> None:
    assert CALENDAR.between(start, CALENDAR.add(start, days)) == days


@given(dates, st.integers(1, 300))
def test_a_sum_is_a_later_working_day(start: date, days: int) -> None:
    end = CALENDAR.add(start, days)
    assert end > start
    assert CALENDAR.is_working_day(end)
    assert CALENDAR.add(CALENDAR.add(start, days - 1), 1) == end


@given(dates, dates, counts)
def test_later_starts_never_end_earlier(one: date, other: date, days: int) -> None:
    first, second = sorted((one, other))
    assert CALENDAR.add(first, days) <= CALENDAR.add(second, days)
    assert CALENDAR.before(first, days) <= CALENDAR.before(second, days)


@given(dates, dates)
def test_between_is_a_difference(one: date, other: date) -> None:
    assert CALENDAR.between(one, other) == -CALENDAR.between(other, one)
    first, second = sorted((one, other))
    days = CALENDAR.between(first, second)
    assert 0 <= days <= (second - first).days
    assert CALENDAR.add(first, days) <= second < CALENDAR.add(first, days + 1)


@given(dates)
def test_counting_back_by_walking(start: date) -> None:
    """Day by day, as one would on a wall calendar."""
    at, left = start, 10
    while left:
        at -= DAY
        left -= CALENDAR.is_working_day(at)
    assert CALENDAR.before(start, 10) == at


# --- days that the list does not know yet ----------------------------------------------------------

PROCLAIMED = """
[[proclaimed]]
on = 2027-06-18
name = "Invented Jubilee"
source = "An invented gazette"
"""

WITHDRAWN = """
[[withdrawn]]
on = 2027-05-31
source = "An invented gazette"
"""


def table_of(folder: Path, text: str) -> HolidayTable:
    file = folder / "days.toml"
    file.write_text(text, encoding="utf-8")
    return table_with(file)


def test_the_file_that_is_delivered_changes_nothing(tmp_path: Path) -> None:
    assert table_with(FILE) == holiday_table() == table_of(tmp_path, "")


def test_its_example_is_one(tmp_path: Path) -> None:
    """Without the # of each line it can be used."""
    lines = FILE.read_text(encoding="utf-8").splitlines()
    start = lines.index("# [[proclaimed]]")
    example = "\n".join(line.removeprefix("# ") for line in lines[start:])
    changed = calendar_for(holiday_table()).differs(table_of(tmp_path, example))
    assert [each.now for each in changed] == [False, True]
    assert all(line.startswith("#") or not line for line in lines)


def test_a_proclaimed_day_counts_no_more_and_has_its_name(tmp_path: Path) -> None:
    table = table_of(tmp_path, PROCLAIMED)
    calendar = Calendar(table)
    assert calendar.add(day("2027-06-17"), 1) == day("2027-06-21")
    assert calendar.skipped(day("2027-06-18"), day("2027-06-18")) == [
        Skipped(day("2027-06-18"), "Invented Jubilee")
    ]
    assert list(table.holidays) == sorted(table.holidays)


def test_a_withdrawn_day_counts_again(tmp_path: Path) -> None:
    assert not CALENDAR.is_working_day(day("2027-05-31"))
    assert Calendar(table_of(tmp_path, WITHDRAWN)).is_working_day(day("2027-05-31"))


def test_the_version_is_another_for_every_other_content(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = ["", PROCLAIMED, WITHDRAWN, PROCLAIMED + WITHDRAWN, PROCLAIMED.replace("Jubilee", "Fair")]
    versions = [table_of(tmp_path, text).version for text in texts]
    assert len(set(versions)) == len(texts)
    assert table_of(tmp_path, PROCLAIMED).version == versions[1]
    monkeypatch.setattr("redress.procedures.bank_holidays.OFFICIAL_UNTIL", date(2029, 12, 31))
    assert table_of(tmp_path, "").version not in versions


def test_what_differs_says_which_way(tmp_path: Path) -> None:
    changed = CALENDAR.differs(table_of(tmp_path, PROCLAIMED + WITHDRAWN))
    assert [str(each) for each in changed] == [
        "Mon 31 May 2027 (Spring Bank Holiday) is no bank holiday any more",
        "Fri 18 Jun 2027 (Invented Jubilee) is a bank holiday now",
    ]
    assert CALENDAR.differs(holiday_table()) == []
    narrow = table_of(tmp_path, PROCLAIMED).cut(date(2020, 1, 1), date(2027, 6, 17))
    assert CALENDAR.differs(narrow) == []


MISTAKES = [
    ("[[proclaimed]]\non = 2027-06-18\nsource = 's'", "proclaimed, number 1.name: is missing"),
    (PROCLAIMED.replace("name", "nmae"), "proclaimed, number 1.nmae: no such field (is name meant?)"),
    (PROCLAIMED.replace('"Invented Jubilee"', '""'), "proclaimed, number 1.name: should say something"),
    (PROCLAIMED.replace("2027-06-18", "2027-06-19"), "Sat 19 Jun 2027 is a weekend: name the day"),
    (PROCLAIMED.replace("2027-06-18", "2099-06-18"), "Thu 18 Jun 2099: the calendar covers 1990 to 2075"),
    (PROCLAIMED.replace("2027-06-18", "'18 June 2027'"), "on: give a date as YYYY-MM-DD"),
    (PROCLAIMED.replace("2027-06-18", "2027-06-31"), "Invalid"),
    (PROCLAIMED + PROCLAIMED, "Fri 18 Jun 2027 stands twice"),
    (WITHDRAWN + PROCLAIMED.replace("2027-06-18", "2027-05-31"), "Mon 31 May 2027 stands twice"),
    (WITHDRAWN.replace("05-31", "06-01"), "withdrawn: Tue 1 Jun 2027 is no bank holiday in the list"),
    ("[proclaimed]\non = 2027-06-18", "proclaimed: should be a list, written as [[proclaimed]]"),
    ("[[proclamied]]", "proclamied: no such field (is proclaimed meant?)"),
]


@pytest.mark.parametrize(("text", "said"), MISTAKES)
def test_a_mistake_is_told_with_file_and_place(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(FileError) as caught:
        table_of(tmp_path, text)
    assert said in str(caught.value)
    assert all(line.startswith("days.toml: ") for line in str(caught.value).splitlines())


def test_a_file_that_is_not_there_is_a_mistake(tmp_path: Path) -> None:
    with pytest.raises(FileError, match=r"^days.toml: cannot be read: No such file"):
        table_with(tmp_path / "days.toml")


# --- a table for a complaint that was opened before -------------------------------------------------


@given(st.dates(date(1995, 1, 1), date(2030, 12, 31)), st.integers(0, 20 * 365), st.integers(-366, 366))
def test_a_newer_table_reaches_as_far_as_the_one_at_the_opening(
    received_on: date, later: int, corrected: int
) -> None:
    """However long ago it was opened, and whatever its receipt was corrected to since."""
    opened_on = received_on + timedelta(days=later // 2)
    today = received_on + timedelta(days=later)
    said = {"authority": "family-rights", "kind": "complaint", "source": "t", "source_id": "1"}
    opening = Opening.model_validate(
        said | {"channel": "email", "received_on": received_on, "points": ["Invented."]}
    )
    first = rules_for(opening, opened_on).holidays
    put_right = min(received_on + timedelta(days=corrected), today)
    assert newer_holidays(put_right, today).covers(first)


def test_a_table_of_too_many_years_is_none() -> None:
    with pytest.raises(ValueError, match="up to 150 years"):
        HolidayTable.model_validate(holiday_table().model_dump() | {"first": "0001-01-01"})
