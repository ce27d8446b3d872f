"""Every letter that arises, under every procedure of every authority, in lives made up at random.

A life's messages follow from its number alone. What a case refuses is part of life; what it writes has
to be a finished letter, to an adult and to a young person alike.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from random import Random
from typing import Any

import jinja2
import pytest

from redress.domain.opening import is_young
from redress.letters.catalogue import catalogue
from redress.letters.letter import Letter
from redress.letters.recipients import is_outside
from redress.letters.rendering import our_environment
from redress.procedures.bank_holidays import holiday_table
from redress.procedures.loader import authority, authority_names
from tests.letters.lives import PERSON, Life

PLACES = [(council, name) for council in authority_names() for name in authority(council).procedures]
LIVES_EACH = 4
MESSAGES_EACH = 26

DATE = re.compile(r"(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day \d{1,2} [A-Z][a-z]+ \d{4}")
PROMISE = re.compile(
    r"have our (?:answer|decision)|ha(?:s|ve) to meet|meets on|is due|last day|new da(?:te|y) is|will have"
    r"|look at this again|you get|get in touch"
)
OWNED_UP = re.compile(r"should (?:usually )?have had|was due|should have met|is late|passed|over too")

KINDS = ("comment", "compliment", "suggestion", "service_request", "information_request")


class Loud(jinja2.Undefined):
    """A name in a template that stands for nothing must not come out as nothing."""

    def __str__(self) -> str:
        return str(self._fail_with_undefined_error())


@pytest.fixture(autouse=True)
def _loud(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(our_environment(), "undefined", Loud)


# --- what may be said in a life ------------------------------------------------------------------


def outcome(rng: Random) -> str:
    return rng.choice(["upheld", "partly_upheld", "not_upheld", "resolved"])


def points(rng: Random) -> list[int] | None:
    return rng.choice([None, None, [1], [2]])


def answer(rng: Random, day: date) -> dict[str, Any]:
    first = {"point": 1, "outcome": outcome(rng), "reason": "The log shows it."}
    found = rng.choice([[], [], [first, {"point": 2, "outcome": "upheld"}], [first]])
    agreed = {"what": "Write an apology", "point": rng.choice([None, 1, 2])}
    remedies = [agreed] if rng.random() < 0.5 else []
    return {"outcome": outcome(rng), "summary": "We looked.", "findings": found, "remedies": remedies}


def suspended(rng: Random, day: date) -> dict[str, Any]:
    said = {"reason": "A court is first.", "review_on": f"{day + timedelta(days=rng.randint(0, 40))}"}
    some = points(rng)
    return said | ({} if some is None else {"points": some}) | rng.choice([{}, {"proceedings": "A hearing"}])


def escalated(rng: Random, day: date) -> dict[str, Any]:
    some = points(rng)
    skipped = {"agreed_by_authority": True} if rng.random() < 0.2 else {}
    return skipped if some is None else {**skipped, "points": some}


def recounted(rng: Random, day: date) -> dict[str, Any]:
    table = holiday_table()
    days = {**table.holidays, day + timedelta(days=rng.randint(3, 20)): "Invented Jubilee"}
    newer = table.model_copy(update={"version": f"invented {day}", "holidays": days})
    return {"holidays": newer.model_dump(mode="json")}


def extended(rng: Random, day: date) -> dict[str, Any]:
    until = {"until": f"{day + timedelta(days=rng.randint(1, 40))}"}
    return {"reason": "A witness is away."} | (until if rng.random() < 0.5 else {})


def appointed(rng: Random, day: date) -> dict[str, Any]:
    roles = ("investigating_officer", "independent_person", "panel_chair", "panel_member")
    return {"role": rng.choice(roles), "person": {"id": f"{rng.random()}"}, "connection": "none"}


def reported(rng: Random, day: date) -> dict[str, Any]:
    what = [{"what": "Say sorry", "who": "The team", "by": f"{day + timedelta(days=9)}"}, {"what": "Train"}]
    kind = rng.choice(["investigation", "independent_person", "panel", "panel"])
    return {"kind": kind, "recommendations": what if rng.random() < 0.5 else []}


def called(rng: Random, day: date) -> dict[str, Any]:
    place = {"place": "County Hall"} if rng.random() < 0.5 else {}
    return {"meeting_on": f"{day + timedelta(days=rng.randint(5, 50))}", **place}


def corrected(rng: Random, day: date) -> dict[str, Any]:
    return {
        "field": "received_on",
        "value": f"2026-05-{rng.randint(20, 29)}",
        "reason": "The post room had it.",
    }


def split(rng: Random, day: date) -> dict[str, Any]:
    name = rng.choice(["statutory", "corporate", "representation"])
    return {"points": [rng.choice([1, 2])], "procedure": name}


def of(**fields: Any) -> Callable[[Random, date], dict[str, Any]]:
    return lambda _rng, _day: fields


USUAL: list[tuple[str, Callable[[Random, date], dict[str, Any]]]] = [
    ("acknowledge", of()),
    ("acknowledge", of()),
    ("respond", answer),
    ("respond", answer),
    ("respond", answer),
    ("escalate", escalated),
    ("escalate", escalated),
    ("escalate", escalated),
    ("extend", extended),
    ("appoint", appointed),
    ("agree_statement", of()),
    ("agree_statement", of(points=["Worded anew.", "And this.", "A third."])),
    ("report", reported),
    ("schedule_panel", called),
    ("send_papers", of()),
    ("hold_panel", of()),
    ("record_meeting", of()),
    ("suspend", suspended),
    ("resume", of(reason="It is over.")),
    ("complete_remedy", of(remedy=1)),
    ("add_points", of(points=["And this."])),
]
RARE: list[tuple[str, Callable[[Random, date], dict[str, Any]]]] = [
    ("accept", of(reason="You were unwell until now.")),
    ("accept", of()),
    ("decline", of(reason="It is for somebody else.")),
    ("resolve_informally", of(agreed=True, terms="A call every week.")),
    ("resolve_informally", of(agreed=False)),
    ("decide_late", of(accept=True, reason="You were away.")),
    ("decide_late", of(accept=False, reason="Nothing new was said.")),
    ("decide_early", of(accept=True, reason="They rang.")),
    ("withdraw", of()),
    ("close", of(reason="You moved away.", agreed_by_complainant=True)),
    ("refer_to_ombudsman", of()),
    ("ombudsman_decision", of(outcome="fault", remedies=[{"what": "Pay 100 pounds"}])),
    ("split", split),
    ("reopen", of(reason="New papers were found.")),
    ("restrict_contact", of(reason="Ninety calls in a day.")),
    ("correct", corrected),
    ("recount", recounted),
]


def a_life(council: str, name: str, number: int, *, young: bool) -> Life:
    """One life. Its number decides everything in it."""
    rng = Random(f"{council} {name} {number}")
    kind = KINDS[number % len(KINDS)] if name == "representation" else "complaint"
    role = "young person" if young else rng.choice(["parent", "applicant", "neighbour"])
    people = ["The contract manager"] if rng.random() < 0.3 else ["Hester Pretend"]
    life = Life(
        "2026-06-01",
        authority=council,
        procedure=name,
        kind=kind,
        complainant={"name": PERSON, "role": role, "email": "philippa@madeup.example"},
        events_on=rng.choice(["2026-05-01", "2026-05-01", "2024-01-01"]),
        about=rng.choice([None, {"people": people, "team": "The team"}]),
        advocate=rng.choice([None, {"name": "Ambrose Inventedson"}]),
        on_behalf_of=rng.choice([None, {"child_agrees": None}]),
        tried_informally=rng.choice([None, True, False]),
    )
    for _ in range(MESSAGES_EACH):
        life.until((life.day + timedelta(days=rng.choice([0, 1, 3, 8, 15, 30]))).isoformat())
        action, fields = rng.choice(USUAL if rng.random() < 0.8 else RARE)
        said = fields(rng, life.day)
        if action == "respond" and life.case.state.answers.never_came and rng.random() < 0.8:
            said["stage"] = life.case.state.current_stage
        life.tries(action, life.day.isoformat(), is_signal=True, **said)
    return life.until((life.day + timedelta(days=120)).isoformat())


# --- what every letter has to be -----------------------------------------------------------------


@pytest.mark.parametrize("young", [False, True], ids=["adult", "young"])
@pytest.mark.parametrize(("council", "name"), PLACES)
def test_every_letter_is_finished_and_says_what_comes_next(council: str, name: str, young: bool) -> None:
    written: set[str] = set()
    for number in range(LIVES_EACH):
        life = a_life(council, name, number, young=young)
        files = [letter.file_name for letter in life.letters]
        assert len(files) == len(set(files))
        for letter in life.letters:
            written.add(letter.name)
            where = f"{council} {name} {number} {letter.name} to {letter.recipient}\n{letter.text}"
            for wrong in (*scraps(letter), *untimely(letter), *unfit(letter, life)):
                pytest.fail(f"{wrong}: {where}")
    assert len(written) > 7, written


def scraps(letter: Letter) -> Iterator[str]:
    words = re.sub(r"\b(?:add_note|on_behalf_of)\b", "", letter.text)
    for scrap in ("None", "Undefined", "{{", "}}", "{%", "_", "  .", " ,", "..", ": .", " .", "()", "\n\n\n"):
        if scrap in words.replace("\n     ", "\n"):
            yield f"holds {scrap!r}"
    if re.search(r"\b\d{4}-\d\d-\d\d\b|[ \t]\n", letter.text):
        yield "holds a date for programs, or a space at a line's end"


def untimely(letter: Letter) -> Iterator[str]:
    line = next(line for line in letter.text.splitlines() if line.startswith("What happens next: "))
    if not DATE.search(line) or not line.endswith((".", "?")):
        yield "says no date for what comes next"
    for sentence in re.split(r"(?<=[.:])\s", letter.text) if is_outside(letter.recipient) else [line]:
        if PROMISE.search(sentence) and not OWNED_UP.search(sentence):
            late = [day for day in DATE.findall(sentence) if as_date(day) < letter.on]
            if late:
                yield f"promises what has passed: {sentence!r}"


def unfit(letter: Letter, life: Life) -> Iterator[str]:
    """What this authority, this procedure or this person should not read, and what they should."""
    opening, own = life.case.opening, authority(life.case.opening.authority)
    procedure = life.case.state.procedure.name
    outside = is_outside(letter.recipient)
    if not letter.text.startswith(f"{own.title}\n") or f"{own.contact.email}\n" not in letter.text:
        yield "has not the authority's own contact details"
    if outside and procedure != "representation" and own.ombudsman.telephone not in letter.text:
        yield "has no Ombudsman"
    if outside and ("Hello" in letter.text) is not is_young(opening.complainant):
        yield "has the wrong voice"
    if not outside and letter.name != "passed_on" and PERSON in letter.text:
        yield "names the person to staff"
    if procedure == "irm" and re.search(r"Review Panel|Local Government|Adjudicating", letter.text):
        yield "has a council's words"
    if procedure == "representation" and re.search(r"\byour complaint\b|\bthis complaint\b", letter.text):
        yield "calls what is none a complaint"


def as_date(text: str) -> date:
    return datetime.strptime(text, "%A %d %B %Y").date()


def test_the_lives_reach_most_letters() -> None:
    """That the lives above are not all alike: only what somebody has to arrange on purpose is missing."""
    written = {
        letter.name for council, name in PLACES for letter in a_life(council, name, 1, young=False).letters
    }
    assert len(written) > 0.5 * len(catalogue()), set(catalogue()) - written
