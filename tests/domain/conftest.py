"""What the tests of the rules share: a complaint, somebody who sends it messages, and stories to begin from.

The dates are by hand. Most stories begin on Monday 1 June 2026: until the bank holiday of 31 August,
five working days are a week. Everybody named here is invented.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

import pytest

from redress.domain.case import Answer, Case, Task
from redress.domain.london import instant
from redress.domain.opening_parsing import parse_opening
from redress.domain.parsing import Malformed
from redress.domain.status import DeadlineStatus, Status
from redress.procedures.loader import rules_for

MONDAY = "2026-06-01"
"""The day the complaints of most tests were received."""


def document(received_on: str = MONDAY, **more: Any) -> dict[str, Any]:
    """An opening as an intake system sends it."""
    return {
        "authority": "family-rights",
        "kind": "complaint",
        "source": "tests",
        "source_id": "1",
        "channel": "email",
        "received_on": received_on,
        "points": ["The social worker never came.", "Nobody said why."],
        "complainant": {"name": "Imaginaria Nobody", "role": "parent"},
        **more,
    }


def opened(received_on: str = MONDAY, today: str | None = None, **more: Any) -> Case:
    """A complaint received on a day and opened on it, or on `today`."""
    opened_on = date.fromisoformat(today or received_on)
    opening = parse_opening(document(received_on, **more), opened_on)
    return Case(rules_for(opening), "CYP-2026-000001", opening, opened_on)


def without_flags(case: Case) -> Case:
    """The complaint as if it had been opened before there was any flag."""
    return Case.restore(case.rules.model_copy(update={"flags": ()}), case.saved())


def corporate(**more: Any) -> Case:
    """A complaint that is not statutory, received on Monday 1 June."""
    return opened(**{"statutory": False, **more})


def irm(**more: Any) -> Case:
    """An applicant's complaint about the Independent Review Mechanism, received on Monday 1 June."""
    applicant = {"name": "Imaginaria Nobody", "role": "applicant"}
    points = ["The caseworker was rude.", "Letters came late."]
    return opened(**{"authority": "irm", "complainant": applicant, "points": points, **more})


def at(day: str, clock: str = "12:00") -> datetime:
    """An instant: a time of day in London."""
    return instant(date.fromisoformat(day), clock)


def send(
    case: Case,
    action: str,
    on: str | None,
    *,
    arrives: str | None = None,
    message_id: str = "",
    **fields: Any,
) -> Answer:
    """Send one message dated `on` (None: undated), which reaches the case at noon of `arrives`."""
    day = arrives or on
    assert day is not None, "an undated message needs the day it arrives"
    said = fields if on is None else {"on": on, **fields}
    if message_id:
        said = {**said, "message_id": message_id}
    now = at(day)
    return case.receive(case.parse(action, said, now), now)


def signal(case: Case, action: str, on: str, **fields: Any) -> Answer:
    """The same by a signal: nobody waits for an answer to it."""
    return case.receive(case.parse(action, {"on": on, **fields}, at(on), is_signal=True), at(on))


def problems(case: Case, action: str, raw: object, today: str = "2026-06-10") -> dict[str, str]:
    """The problems, by field, of a message that must be malformed; the case is as it was."""
    before = len(case.log)
    with pytest.raises(Malformed) as caught:
        case.parse(action, raw, at(today))
    assert len(case.log) == before
    return {problem.field: problem.what for problem in caught.value.problems}


def status(case: Case, as_of: str) -> Status:
    """Where the case stands on a day."""
    return case.status(date.fromisoformat(as_of))


def deadlines(case: Case, as_of: str) -> dict[str, DeadlineStatus]:
    """The deadlines by name; of several runs of one limit, the last."""
    return {each["name"]: each for each in status(case, as_of)["deadlines"]}


def deadline(case: Case, name: str, as_of: str) -> DeadlineStatus:
    """One deadline on a day."""
    return deadlines(case, as_of)[name]


def shown(case: Case, name: str, as_of: str) -> tuple[str, str, int]:
    """A deadline in short: due date, state, days late."""
    found = deadline(case, name, as_of)
    return found["due_on"], found["state"], found["days_late"]


def done(case: Case, day: str, clock: str = "12:00") -> list[Task]:
    """What is carried out at an instant (not what is skipped or history)."""
    return [task for task in case.due(at(day, clock)) if task.state == "done"]


def letters(tasks: Sequence[Task]) -> list[str]:
    """The letters and reminders among tasks, by template."""
    return [task.effect.template for task in tasks if task.effect.kind != "breach"]


def breaches(tasks: Sequence[Task]) -> list[str]:
    """The deadlines whose breach is recorded among tasks."""
    return [str(task.effect.facts["deadline"]) for task in tasks if task.effect.kind == "breach"]


def points(case: Case, as_of: str) -> dict[object, tuple[object, list[tuple[str, str]]]]:
    """The points by number: the state of each, and what each stage found."""
    found: dict[object, tuple[object, list[tuple[str, str]]]] = {}
    for each in status(case, as_of)["points"]:
        findings = each["findings"]
        assert isinstance(findings, list)
        said = [(str(f["stage"]), str(f["outcome"])) for f in findings if isinstance(f, dict)]
        found[each["point"]] = (each["state"], said)
    return found


def facts(case: Case, letter: str) -> dict[str, Any]:
    """What the last letter of a template says, the message that caused it included."""
    effects = [effect for effect in case.state.effects if effect.template == letter]
    assert effects, f"no letter {letter}"
    return effects[-1].shown()


def irregular(case: Case, as_of: str) -> list[str]:
    """What stands as irregular."""
    return [str(each["what"]) for each in status(case, as_of)["irregular"]]


def owed(case: Case, on: str) -> list[str]:
    """What runs or is late, by name."""
    return [
        d["name"] for d in status(case, on)["deadlines"] if d["state"] in ("running", "overdue", "paused")
    ]


def is_alive(case: Case, on: str) -> None:
    """An open complaint shows something owed, and whose it is."""
    found = status(case, on)
    assert found["state"] != "closed"
    assert found["next_due_on"] is not None
    assert found["waiting_for"] != "nobody"


# --- messages ------------------------------------------------------------------------------------

COURT = {"reason": "The same matter is before a court.", "ground": "proceedings"}


def finding(*numbers: int, outcome: str = "not_upheld") -> list[dict[str, Any]]:
    """The same of each of these points."""
    return [{"point": number, "outcome": outcome} for number in numbers]


def move(case: Case, on: str, to: str, **more: Any) -> Answer:
    """Have it go on under another procedure."""
    opening = case.intake.model_copy(update={"procedure": to, "statutory": None})
    rules = rules_for(opening).packed
    return send(case, "change_procedure", on, procedure=to, reason="The wrong one.", rules=rules, **more)


def strike(case: Case, message: str, on: str, **more: Any) -> Answer:
    """Strike out a message."""
    return send(case, "strike_out", on, message=message, reason="Of another complaint.", **more)


# --- stories to begin from -----------------------------------------------------------------------

INVENTED: Mapping[str, str] = {
    "investigating_officer": "Inventina Prober",
    "independent_person": "Fabian Makebelieve",
    "adjudicating_officer": "Fictitia Decider",
    "panel_chair": "Mythica Presider",
    "panel_member": "Unreal Sitter",
}


def appoint(
    case: Case, role: str, on: str, *, name: str = "", connection: str = "none", **fields: Any
) -> Answer:
    """Appoint somebody invented."""
    person = {"name": name or INVENTED[role]}
    return send(case, "appoint", on, role=role, person=person, connection=connection, **fields)


def acknowledged() -> Case:
    """Received and acknowledged on Monday 1 June."""
    case = opened()
    send(case, "acknowledge", MONDAY)
    return case


def answered() -> Case:
    """Stage 1 answered, not upheld, on Monday 8 June."""
    case = acknowledged()
    send(case, "respond", "2026-06-08", outcome="not_upheld")
    return case


def at_stage_2() -> Case:
    """Stage 2 asked for on Monday 15 June: due 20 July (25), at most 15 September (65)."""
    case = answered()
    send(case, "escalate", "2026-06-15")
    return case


def investigated() -> Case:
    """Stage 2 with its people appointed, the statement agreed and the report in, by Friday 10 July."""
    case = at_stage_2()
    for role in ("investigating_officer", "independent_person", "adjudicating_officer"):
        appoint(case, role, "2026-06-16")
    send(case, "agree_statement", "2026-06-22", points=["The social worker never came."])
    send(case, "report", "2026-07-10", kind="investigation")
    return case


def adjudicated() -> Case:
    """The adjudication of Monday 13 July, received that day: a panel may be asked for until 10 August."""
    case = investigated()
    send(case, "respond", "2026-07-13", outcome="partly_upheld", received_on="2026-07-13")
    return case


def at_stage_3() -> Case:
    """A panel asked for on Monday 20 July: to meet by 1 September."""
    case = adjudicated()
    send(case, "escalate", "2026-07-20")
    return case


def panel_called() -> Case:
    """The panel of three called for Monday 24 August, its papers sent in time on 10 August."""
    case = at_stage_3()
    send(case, "acknowledge", "2026-07-21")
    appoint(case, "panel_chair", "2026-07-22")
    appoint(case, "panel_member", "2026-07-22")
    appoint(case, "panel_member", "2026-07-22", name="Phantom Listener")
    send(case, "schedule_panel", "2026-07-23", meeting_on="2026-08-24")
    send(case, "send_papers", "2026-08-10")
    return case


def asked_beyond() -> Case:
    """Received on Monday 1 June, not answered by 15 June; Stage 2 asked for on 22 June: due 27 July."""
    case = opened()
    send(case, "escalate", "2026-06-22")
    return case
