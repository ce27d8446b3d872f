"""Generated complaints: courses that nobody thought of, under every procedure and authority.

A `Story` is what happens; the functions at the end carry it out on a case. The tests that use them
stand in `test_generated.py`, what must hold of the outcome in `invariants.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from datetime import date, timedelta
from functools import lru_cache
from typing import Any, NamedTuple

from hypothesis import strategies as st

from redress.domain.case import Case
from redress.domain.messages import KNOWN, MESSAGES
from redress.domain.opening_parsing import parse_opening
from redress.domain.parsing import Malformed
from redress.procedures.bank_holidays import holiday_table
from redress.procedures.loader import rules_for
from tests.domain.conftest import at, document, opened

DAY = timedelta(days=1)
NAMES = ["Inventina Prober", "Fabian Makebelieve", "Fictitia Decider", "Mythica Presider", "Unreal Sitter"]
ROLES = [
    "investigating_officer",
    "independent_person",
    "adjudicating_officer",
    "panel_chair",
    "panel_member",
]


class Step(NamedTuple):
    """One message to be sent: its date, the day it arrives, what it says."""

    on: date
    arrives: date
    action: str
    fields: dict[str, Any]
    dated: bool = True


class Story(NamedTuple):
    """A complaint's receipt, its messages in the order of their dates, and the day it is looked at."""

    received_on: date
    more: dict[str, Any]
    steps: list[Step]
    end: date


# --- what is opened ------------------------------------------------------------------------------

YOUNG = {"name": "Imaginaria Nobody", "role": "young_person"}
APPLICANT = {"authority": "irm", "complainant": {"name": "Imaginaria Nobody", "role": "applicant"}}

OPENINGS: Mapping[str, list[dict[str, Any]]] = {
    "statutory": [
        {},
        {"authority": "family-rights", "complainant": None},
        {"authority": "family-rights", "on_behalf_of": {"name": "Fantasia Child"}},
        {"authority": "north-somerset"},
        {"authority": "north-somerset", "events_on": "2019-01-01"},
        {"authority": "young-people", "complainant": YOUNG},
        {"authority": "young-people", "complainant": YOUNG, "advocate": {"name": "Supporta Invented"}},
        {"authority": "rotherham"},
        {"authority": "rotherham", "points": ["What was said in court.", "Nobody came."]},
    ],
    "corporate": [
        {"statutory": False},
        {"statutory": False, "complainant": None},
        {"authority": "north-somerset", "statutory": False},
        {"authority": "young-people", "complainant": YOUNG, "statutory": False},
        {"authority": "rotherham", "about": {"service": "Section 47"}, "tried_informally": False},
    ],
    "irm": [
        APPLICANT,
        APPLICANT | {"tried_informally": True},
        APPLICANT | {"about": {"people": ["the contract manager"]}},
        APPLICANT | {"points": ["The minutes name the wrong chair.", "Nobody answered."]},
        {"authority": "irm", "complainant": {"name": "Imaginaria Nobody", "role": "neighbour"}},
        {"authority": "irm", "complainant": None},
    ],
    "representation": [
        {"kind": "comment"},
        {"kind": "compliment", "authority": "young-people", "complainant": YOUNG},
        {"kind": "suggestion", "authority": "rotherham", "complainant": None},
        {"kind": "service_request", "authority": "north-somerset"},
        {"kind": "information_request", "authority": "irm"},
    ],
}
"""Openings that follow each procedure, from every authority that has it."""

receipts = st.sampled_from(
    [date(2026, 6, 1), date(2026, 3, 27), date(2025, 12, 20), date(2022, 5, 26), date(2024, 10, 25)]
)

# --- what is said --------------------------------------------------------------------------------

STATUTORY = """accept acknowledge split respond escalate
    appoint appoint appoint agree_statement extend report escalate respond decide_early escalate decide_late
    acknowledge appoint appoint appoint schedule_panel send_papers hold_panel report respond
    complete_remedy refer_to_ombudsman ombudsman_enquiry ombudsman_decision"""
CORPORATE = """acknowledge split extend respond escalate decide_late
    acknowledge extend respond reopen extend respond
    complete_remedy refer_to_ombudsman ombudsman_enquiry ombudsman_decision"""
IRM = """accept resolve_informally acknowledge escalate extend respond split
    escalate record_meeting extend respond restrict_contact
    complete_remedy refer_to_ombudsman ombudsman_enquiry ombudsman_decision"""
REPRESENTATION = "acknowledge split respond restrict_contact complete_remedy refer_to_ombudsman"

WHOLE_WAY: Mapping[str, list[str]] = {
    "statutory": STATUTORY.split(),
    "corporate": CORPORATE.split(),
    "irm": IRM.split(),
    "representation": REPRESENTATION.split(),
}
"""A complaint that goes the whole way; a story leaves some of it out and puts other things in."""

OF_DRAFTS = {
    *("approve_letter", "send_back_letter", "edit_letter"),
    *("letter_left", "letter_not_left", "release_letter"),
}
"""Actions about a draft by its mark: `tests/domain/test_drafts.py` has stories of their own for them."""

ANY_ACTION = [name for name in MESSAGES if name not in {"correct", *OF_DRAFTS}] + ["recount"]
ODD = [*ANY_ACTION, "suspend", "suspend", "suspend", "split", "reopen"]


class Turn(NamedTuple):
    """One message of a turn: what it says for certain, and how many days it comes after the one before."""

    action: str
    fields: Mapping[str, Any] = {}
    gap: int | None = None


NEXT_OF_KIN = {"name": "Executrix Invented", "role": "other"}
COURT = {"reason": "A court", "ground": "proceedings", "review_on": 30}
TO_NOBODY = {"direction": "out", "channel": "telephone"}
TRANSFERRED = {"kind": "transferred", "to": "Elsewhere Council", "reason": "Moved"}
DUPLICATE = {"kind": "duplicate", "of": "CYP-2026-000002", "reason": "Twice"}
SETTLED = {"kind": "settled", "terms": "A call a week", "agreed_by_complainant": True, "reason": "So"}
FINDING_1 = [{"point": 1, "outcome": "not_upheld"}]
FINDING_2 = [{"point": 2, "outcome": "upheld"}]

TURNS: list[list[Turn]] = [
    [Turn("escalate", {"points": None}), Turn("withdraw", {"stage": "stage_2"})],
    [Turn("escalate", {"points": None}), Turn("withdraw", {"stage": "stage_3"})],
    [
        Turn("close", {"kind": "died", "who": "", "reason": "So it was"}),
        Turn("reopen", {"complainant": NEXT_OF_KIN, "capacity": "executor"}),
    ],
    [
        Turn("record_contact", TO_NOBODY),
        Turn("record_contact", {"direction": "out", "channel": "post", "reply_by": 40}, 1),
        Turn("record_contact", {"direction": "out", "channel": "email"}, 1),
        Turn("close", {"kind": "out_of_contact", "reason": "Nobody answers"}, 41),
        Turn("record_contact", {"direction": "in", "channel": "post"}),
    ],
    [Turn("close", TRANSFERRED), Turn("strike_out")],
    [Turn("close", DUPLICATE), Turn("strike_out")],
    [Turn("close", SETTLED)],
    [Turn("withdraw", {"stage": None}), Turn("strike_out"), Turn("strike_out")],
    [Turn("withdraw", {"stage": None}), Turn("ombudsman_decision", {"category": "premature"})],
    [Turn("suspend", COURT | {"points": None}), Turn("respond", {"stage": None}), Turn("resume")],
    [Turn("suspend", COURT | {"points": [1]}), Turn("respond", {"findings": []}), Turn("resume")],
    [
        Turn("respond", {"findings": FINDING_1, "amends": None}),
        Turn("escalate", {"points": [1]}),
        Turn("respond", {"findings": FINDING_2, "amends": None}),
        Turn("escalate", {"points": [2]}),
    ],
    [Turn("respond", {"stage": None, "amends": None, "findings": []}), Turn("respond", {"amends": "before"})],
    [Turn("escalate"), Turn("add_points"), Turn("decide_late")],
    [Turn("change_procedure")],
    [Turn("change_procedure"), Turn("strike_out")],
    [Turn("link"), Turn("assign"), Turn("withhold"), Turn("recount"), Turn("unlink")],
    [Turn("decline"), Turn("strike_out")],
    [Turn("refer_to_ombudsman", {"approached_by": "complainant"}), Turn("ombudsman_decision")],
    [Turn("hold_panel", {"adjourned_to": 14}), Turn("hold_panel", {"adjourned_to": None}, 14)],
]
"""Turns that cases take, each put as a whole into a course, so that what it is about really happens.

A number where a date belongs is so many days after the message's own; `before` is the message before it,
which `strike_out` names where it names none.
"""

gaps = st.one_of(st.integers(0, 3), st.integers(0, 12), st.integers(0, 45), st.just(0))

long_gaps = st.one_of(gaps, st.integers(25, 50))
"""Before a request: its window may have passed by then."""

some_points = st.sampled_from([None, None, [1], [2], [1, 2], ["Nobody came."], [7]])


@lru_cache(maxsize=64)
def _proclaimed(first_year: int, holiday: date) -> dict[str, Any]:
    """A newer table of bank holidays, in which one more day is one."""
    table = holiday_table().cut(date(first_year - 2, 1, 1), date(first_year + 14, 12, 31))
    named = table.holidays | ({holiday: "Invented jubilee"} if holiday.weekday() < 5 else {})
    return table.model_copy(update={"version": f"invented-{holiday}", "holidays": named}).model_dump(
        mode="json"
    )


def _ahead(on: date, most: int = 60) -> st.SearchStrategy[str]:
    return st.integers(-5, most).map(lambda days: (on + days * DAY).isoformat())


@st.composite
def fields_of(draw: st.DrawFn, action: str, on: date, end: date) -> dict[str, Any]:
    """What a message of an action may say besides its date; nearly always well-formed.

    Of one that is not named here: what its class gives as examples.
    """
    said: dict[str, Any] = {}
    match action:
        case (
            "decline"
            | "extend"
            | "close"
            | "suspend"
            | "decide_late"
            | "reopen"
            | "restrict_contact"
            | "strike_out"
        ):
            said["reason"] = draw(st.sampled_from(["Complex", "Because"]))
    match action:
        case "resolve_informally":
            said["agreed"] = draw(st.booleans())
        case "extend" | "restrict_contact":
            said["until"] = draw(st.none() | _ahead(on, 90))
        case "respond":
            said["outcome"] = draw(st.sampled_from(["upheld", "partly_upheld", "not_upheld", "resolved"]))
            remedy = st.fixed_dictionaries({"what": st.just("Apologise")})
            said["remedies"] = draw(st.lists(remedy, max_size=2))
            said["independent_person_consulted"] = draw(st.none() | st.booleans())
            said["stage"] = draw(st.sampled_from([None, None, None, "stage_1", "stage_2"]))
            said["amends"] = f"m{draw(st.integers(0, 8))}" if not draw(st.integers(0, 9)) else None
            if not draw(st.integers(0, 3)):
                said["findings"] = [{"point": draw(st.integers(1, 3)), "outcome": "upheld"}]
            if draw(st.booleans()) and on < end:
                said["received_on"] = min(end, on + draw(st.integers(0, 8)) * DAY).isoformat()
        case "escalate":
            said["agreed_by_authority"] = draw(st.booleans())
            said["points"] = draw(some_points)
        case "agree_statement":
            said["points"] = draw(st.sampled_from([None, ["Worded anew"], ["One", "Two"], ["1", "2", "3"]]))
        case "decide_late":
            said["accept"] = draw(st.booleans())
        case "decide_early":
            said["accept"] = draw(st.booleans())
            said["reason"] = "They rang"
        case "appoint":
            said["role"] = draw(st.sampled_from(ROLES))
            said["person"] = {"name": draw(st.sampled_from(NAMES))}
            said["connection"] = draw(st.sampled_from(["none", "none", "none", "employee", "member"]))
        case "report":
            said["kind"] = draw(st.sampled_from(["investigation", "independent_person", "panel", "panel"]))
        case "schedule_panel":
            said["meeting_on"] = draw(_ahead(on))
            if draw(st.booleans()):
                said |= {"at_request_of": "complainant", "offered_on": on.isoformat()}
        case "hold_panel":
            said["adjourned_to"] = draw(st.none() | _ahead(on))
        case "assign":
            said["officer"] = "Olive Imagined"
        case "withhold":
            said |= {"document": "report.pdf", "from": "complainant", "reason": "Another child"}
        case "link" | "unlink":
            said["reference"] = "CYP-2026-000002"
        case "confirm_contact":
            said |= {"message": f"m{draw(st.integers(0, 12))}", "accept": draw(st.booleans())}
        case "change_procedure":
            said["procedure"] = draw(st.sampled_from(["statutory", "corporate"]))
            said["stage"] = draw(st.sampled_from([None, None, "stage_1", "stage_2"]))
            said["reason"] = "The wrong one"
        case "stand_down":
            said["role"] = draw(st.sampled_from(ROLES))
            said["person"] = {"name": draw(st.sampled_from(NAMES))}
        case "suspend":
            said["review_on"] = draw(_ahead(on))
            said["ground"] = draw(st.sampled_from([None, "proceedings", "proceedings", "advocate", "other"]))
            said["proceedings"] = draw(st.sampled_from(["", "An invented court"]))
            said["points"] = draw(some_points)
        case "close":
            said["agreed_by_complainant"] = draw(st.booleans())
            said |= draw(
                st.sampled_from([{}, {"kind": "died"}, {"kind": "duplicate", "of": "CYP-2026-000002"}])
            )
        case "add_points":
            said["points"] = draw(st.sampled_from([["And this."], ["One more.", "And another."]]))
        case "record_contact":
            said["direction"] = draw(st.sampled_from(["in", "out"]))
            said["channel"] = draw(st.sampled_from(["post", "telephone"]))
        case "withdraw":
            said["stage"] = draw(st.sampled_from([None, "stage_2", "stage_3"]))
        case "strike_out":
            said["message"] = f"m{draw(st.integers(0, 12))}"
        case "refer_to_ombudsman":
            said["conditions"] = draw(st.sampled_from([[], ["All upheld"]]))
            said["approached_by"] = draw(st.sampled_from(["authority", "authority", "complainant"]))
        case "ombudsman_enquiry":
            said["kind"] = draw(st.sampled_from(["enquiry", "draft_decision", "reminder"]))
            said["reply_by"] = draw(st.none() | _ahead(on))
        case "ombudsman_decision":
            said["category"] = draw(st.sampled_from(["upheld", "premature", "out_of_jurisdiction"]))
            said["returns_to"] = draw(st.sampled_from([None, None, "stage_1", "stage_2", "stage_3"]))
            said["remedies"] = draw(st.sampled_from([[], [{"what": "Pay"}]]))
        case "complete_remedy":
            said["remedy"] = draw(st.integers(1, 3))
        case "split":
            said["points"] = draw(st.sampled_from([[1], [2], [2], [1, 2], ["Nobody came."]]))
            said["procedure"] = draw(st.sampled_from(["statutory", "corporate", "irm", "representation"]))
        case "recount":
            said["holidays"] = _proclaimed(end.year, on + draw(st.integers(0, 40)) * DAY)
        case "add_note":
            said["note"] = "A telephone call"
        case "set_advocate":
            said["advocate"] = draw(st.sampled_from([None, {"name": "Supporta Invented"}]))
        case _:
            said |= {
                field.alias or name: field.examples[0]
                for name, field in KNOWN[action].model_fields.items()
                if field.is_required() and field.examples and name not in said
            }
    return said


@lru_cache(maxsize=64)
def _rules(procedure: str, authority: str) -> str:
    """The terms of a procedure, as an entry point sends them with a move to it."""
    raw = document(authority=authority, procedure=procedure, points=["Nobody came."])
    try:
        return rules_for(parse_opening(raw, date(2026, 6, 1))).packed
    except Malformed:
        return ""  # the authority has no such procedure: the move is refused


def _complete(fields: dict[str, Any], turn: Turn, on: date, number: int, authority: str) -> dict[str, Any]:
    """What a message says with what its turn says for certain."""
    said = {**fields, **turn.fields}
    for name in ("review_on", "reply_by", "adjourned_to"):
        if isinstance(said.get(name), int):
            said[name] = (on + said[name] * DAY).isoformat()
    if said.get("amends") == "before":
        said["amends"] = f"m{number - 1}"
    if turn.action == "strike_out" and turn.gap == 0:
        said["message"] = f"m{number - 1}"
    if turn.action == "change_procedure":
        said["rules"] = _rules(said["procedure"], authority)
    return said


@st.composite
def courses(draw: st.DrawFn, procedure: str) -> list[Turn]:
    """What is said in a complaint, in order: mostly the whole way with parts missing, turns and nonsense."""
    if not draw(st.integers(0, 2)):
        return [Turn(action) for action in draw(st.lists(st.sampled_from(ANY_ACTION), max_size=14))]
    course = [Turn(action) for action in WHOLE_WAY[procedure] if draw(st.integers(0, 7))]
    for extra in draw(st.lists(st.sampled_from(ODD), max_size=3)):
        at = draw(st.integers(0, len(course)))
        course.insert(at, Turn(extra))
        if extra == "suspend":
            course.insert(draw(st.integers(at + 1, len(course))), Turn("resume"))
    for turn in draw(st.lists(st.sampled_from(TURNS), max_size=3)):
        at = draw(st.integers(0, len(course) // 2) | st.integers(0, len(course)))
        course[at:at] = [each._replace(gap=0) if each.action == "strike_out" else each for each in turn]
    return course


@st.composite
def stories(draw: st.DrawFn, procedure: str, *, corrections: bool = False, late: bool = True) -> Story:
    """Plausible courses with parts missing, turns, and nonsense, of up to about thirty messages."""
    received_on = draw(receipts)
    more = draw(st.sampled_from(OPENINGS[procedure]))
    course = draw(courses(procedure))
    on, dates = received_on, []
    for turn in course:
        gap = draw(long_gaps if turn.action == "escalate" else gaps) if turn.gap is None else turn.gap
        on += gap * DAY
        dates.append(on)
    end = on + draw(st.integers(0, 80)) * DAY
    steps = []
    for number, (turn, on) in enumerate(zip(course, dates, strict=True)):
        arrives = min(end, on + draw(gaps) * DAY) if late and not draw(st.integers(0, 3)) else on
        dated = arrives != on or draw(st.integers(0, 9)) > 0
        drawn = draw(fields_of(turn.action, on, arrives))
        fields = _complete(drawn, turn, on, number, more.get("authority", "family-rights"))
        if turn.action in ("respond", "decline", "close", "decide_late") and not late:
            fields["letter"] = (
                "sent"  # what Redress writes leaves when it is told, and is received after that
            )
        steps.append(Step(on, arrives, turn.action, fields, dated or not late))
    if corrections:
        for _ in range(draw(st.integers(1, 3))):
            steps.append(draw(corrections_of(received_on, steps, end)))
    return Story(received_on, more, steps, end)


@st.composite
def corrections_of(draw: st.DrawFn, received_on: date, steps: list[Step], end: date) -> Step:
    """Something put right: the receipt, or a message's date; often impossible."""
    on = received_on + draw(st.integers(0, (end - received_on).days)) * DAY
    which = draw(st.integers(0, max(0, len(steps) - 1)))
    of_messages = [f"m{which}.on", f"m{which}.reason"]
    field = draw(st.sampled_from(["received_on", "channel", "events_on", "about", *of_messages]))
    value: object = (received_on + draw(st.integers(-20, 30)) * DAY).isoformat()
    if field == "channel":
        value = "post"
    if field == "about":
        value = {"people": ["The contract manager"]}
    arrives = on + draw(st.integers(0, (end - on).days)) * DAY
    return Step(on, arrives, "correct", {"field": field, "value": value, "reason": "Typing mistake"})


def any_story(procedure: str) -> st.SearchStrategy[Story]:
    """With corrections or without."""
    return st.one_of(stories(procedure), stories(procedure, corrections=True))


# --- carrying a story out ------------------------------------------------------------------------


def begin(story: Story) -> Case:
    """The complaint as it is opened on the day of its receipt."""
    return opened(story.received_on.isoformat(), **story.more)


def said_by(step: Step) -> dict[str, Any]:
    """The fields that a step's message carries."""
    return {name: value for name, value in step.fields.items() if value is not None}


def tell(case: Case, step: Step, number: int, arrives: date | None = None) -> None:
    """Send one step of a story as a signal; what is malformed is turned away and changes nothing."""
    said = {"message_id": f"m{number}", **said_by(step)}
    if step.dated:
        said["on"] = step.on.isoformat()
    now = at((arrives or step.arrives).isoformat())
    with suppress(Malformed):
        case.receive(case.parse(step.action, said, now, is_signal=True), now)


def by_arrival(story: Story) -> list[tuple[int, Step]]:
    """The steps of a story, numbered, in the order they arrive."""
    return sorted(enumerate(story.steps), key=lambda each: each[1].arrives)


def carried_out(story: Story) -> Case:
    """The complaint after all of its story."""
    case = begin(story)
    for number, step in by_arrival(story):
        tell(case, step, number)
    return case
