"""The paths through the procedure whose histories are kept: one function each."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import date

import pytest

from activities import begin
from redress.domain.opening import Opening
from redress.domain.procedure import RulesSnapshot
from redress.letters import dispatcher
from redress.procedures.bank_holidays import calendar_today
from redress.procedures.loader import rules_for
from redress.store import letters as kept
from tests.conftest import Life

CALENDAR = calendar_today()


async def three_stages(life: Life) -> None:
    await life.open(advocate={"name": "Adva Catena", "email": "adva@invented.example"})
    await life.send("acknowledge")
    await life.send("extend", reason="Two teams are concerned.")
    await life.move_to(CALENDAR.add(life.today, 12))
    await life.send("respond", outcome="not_upheld", summary="An invented answer.")
    await life.send("escalate", reason="Not content.")
    await life.send("appoint", role="investigating_officer", person={"id": "a"}, connection="employee")
    await life.send("appoint", role="independent_person", person={"id": "b"}, connection="none")
    await life.send("agree_statement", points=["One.", "Two."])
    await life.move_to(CALENDAR.add(life.today, 20))
    await life.send("extend", reason="A witness was abroad.")
    await life.send("report", kind="investigation")
    await life.reports()
    await life.send("respond", outcome="partly_upheld", remedies=[{"what": "Say sorry."}])
    await life.move_to(CALENDAR.add(life.today, 6))
    await life.send("escalate")
    await life.send("acknowledge")
    for role, who in (("panel_chair", "c"), ("panel_member", "d"), ("panel_member", "e")):
        await life.send("appoint", role=role, person={"id": who}, connection="none")
    meeting = CALENDAR.add(life.today, 20)
    await life.send("schedule_panel", meeting_on=meeting.isoformat(), place="An invented hall")
    await life.attach("panel_papers", "panel_report")
    await life.send("send_papers")
    await life.move_to(meeting)
    await life.send("hold_panel")
    await life.send("report", kind="panel")
    await life.send("respond", outcome="upheld", independent_person_consulted=True)
    await life.send("complete_remedy", remedy=1)


async def silence(life: Life) -> None:
    """Stage 1 passes unanswered; Stage 2 is asked for and passes day 25."""
    await life.open()
    await life.move_to(CALENDAR.add(life.today, 12))
    await life.send("escalate", reason="You are late.")
    await life.move_to(CALENDAR.add(life.today, 27))
    await life.send("extend", reason="Late, but given.")


async def lapsed_then_late(life: Life) -> None:
    """The window passes; a late request is decided; the request comes as a signal."""
    await life.open()
    await life.send("acknowledge")
    await life.send("respond", outcome="not_upheld")
    await life.send("escalate")
    await life.send("respond", outcome="not_upheld", received_on=life.today.isoformat())
    await life.move_to(CALENDAR.add(life.today, 24))
    await life.handle.signal("escalate", {"on": life.today.isoformat(), "reason": "I was ill."})
    await life.send("decide_late", accept=True, reason="Illness is a reason.")


async def turns(life: Life) -> None:
    """Refused, suspended, resumed, corrected, malformed, withdrawn."""
    await life.open()
    await life.send("acknowledge")
    await life.send("extend", reason="Too long.", until=CALENDAR.add(life.today, 40).isoformat())
    review_on = CALENDAR.add(life.today, 15).isoformat()
    await life.send("suspend", reason="Court.", proceedings="An invented court.", review_on=review_on)
    await life.move_to(CALENDAR.add(life.today, 8))
    await life.send("resume")
    await life.handle.signal("respond", {"outcome": "perhaps"})
    await life.send("withdraw", reason="Sorted out.")


async def under_way(life: Life) -> None:
    """Loaded with its past, overdue, and one message logged late."""
    await life.open(
        received_on="2026-05-11",
        messages=[
            {"action": "acknowledge", "on": "2026-05-13"},
            {"action": "respond", "on": "2026-05-22", "outcome": "not_upheld"},
            {"action": "escalate", "on": "2026-06-22"},
        ],
    )
    await life.send("agree_statement", on="2026-07-20", points=["One."])


async def independent_review(life: Life) -> None:
    """Informally, Stage 1 in calendar days, taken longer, Stage 2, restricted contact."""
    await life.open(authority="irm", complainant={"name": "Testa Inventata", "role": "applicant"})
    await life.send("resolve_informally", agreed=False)
    await life.send("escalate", reason="I want it in writing.")
    await life.send("extend", reason="A letter is missing.", until=CALENDAR.add(life.today, 9).isoformat())
    await life.move_to(CALENDAR.add(life.today, 11))
    await life.send("respond", outcome="not_upheld", summary="An invented answer.")
    await life.send("escalate", reason="Not content.")
    await life.send("record_meeting", **{"with": "the service manager"})
    await life.send("respond", outcome="partly_upheld")
    until = CALENDAR.add(life.today, 30).isoformat()
    await life.send("restrict_contact", reason="Threats.", until=until)


async def split_in_two(life: Life) -> None:
    """A part goes to the corporate procedure; a finding for each point; some of them escalated."""
    await life.open(points=["One.", "Two.", "Three."])
    await life.send("acknowledge")
    await life.send("split", points=[3], procedure="corporate")
    findings = [{"point": 1, "outcome": "upheld"}, {"point": 2, "outcome": "not_upheld"}]
    remedies = [{"what": "Say sorry.", "point": 1}]
    await life.send("respond", outcome="partly_upheld", findings=findings, remedies=remedies)
    await life.send("escalate", points=[2])
    await life.send("suspend", reason="Court.", review_on=CALENDAR.add(life.today, 9).isoformat(), points=[2])


async def corporate(life: Life) -> None:
    """Acknowledged late, answered, reviewed by somebody else, closed, reopened."""
    await life.open(statutory=False)
    await life.move_to(CALENDAR.add(life.today, 7))
    await life.send("acknowledge")
    await life.send("extend", reason="Two services are concerned.")
    await life.send("respond", outcome="not_upheld", by="Fictitia First")
    await life.send("escalate")
    await life.send("acknowledge")
    await life.send("respond", outcome="upheld", by="Secundo Second")
    await life.send("reopen", reason="A letter had been overlooked.")


async def letters_after_the_part(life: Life) -> None:
    """The letters about a split leave once the part is opened: its complaint first, then they."""
    await life.open(points=["One.", "Two."])
    await life.send("acknowledge")
    await life.send("split", points=[2], procedure="corporate")
    await life.settled(lambda: "split-complainant" in life.letters())


async def taken_up_again(life: Life) -> None:
    """Ended by somebody while a letter had not left: the next message takes it up, and the letter leaves."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dispatcher, "LEFT_ALONE_FOR", 0.0)
        await with_a_letter_that_cannot_leave(life)
        await life.handle.terminate("by mistake")
        life.outbox.unlink()
        await life.send("add_note", note="An invented note.")
        await life.settled(lambda: bool(life.letters()))


async def with_a_letter_that_cannot_leave(life: Life) -> None:
    """Acknowledged while the outbox is no folder."""
    await life.open()
    life.outbox.parent.mkdir(parents=True, exist_ok=True)
    life.outbox.write_text("not a folder")
    await life.send("acknowledge")

    def waits() -> bool:
        with life.register.reading() as db:
            return [row.state for row in kept.in_state(db, ("ready",), life.reference)] == ["ready"]

    await life.settled(waits)


async def papers_reminded_of(life: Life) -> None:
    """Nobody sends the papers for a panel: reminded two working days before they are due, then late."""
    await life.open()
    await life.send("acknowledge")
    await life.send("respond", outcome="not_upheld")
    await life.send("escalate")
    await life.send("respond", outcome="not_upheld")
    await life.send("escalate")
    meeting = CALENDAR.add(life.today, 25)
    await life.send("schedule_panel", meeting_on=meeting.isoformat(), place="An invented hall")
    due = CALENDAR.before(meeting, 10)
    await life.move_to(CALENDAR.before(due, 2))
    await life.settled(lambda: bool(life.reminded()))
    await life.move_to(CALENDAR.add(due, 1))


async def owed_anew(life: Life) -> None:
    """A point is taken up again after its answer: the answer's window passes while another is owed."""
    await life.open(points=["One.", "Two."])
    await life.send("acknowledge")
    review = CALENDAR.add(life.today, 40).isoformat()
    await life.send("suspend", reason="Police.", review_on=review, points=[2])
    await life.send("respond", outcome="not_upheld")
    await life.move_to(CALENDAR.add(life.today, 18))
    await life.send("resume")
    await life.move_to(CALENDAR.add(life.today, 5))
    assert (await life.status())["state"] == "open"
    await life.send("respond", outcome="upheld")
    await life.send("escalate")


async def terms_at_once(life: Life) -> None:
    """A new complaint's terms come within its first workflow task."""
    await life.open()
    await life.send("acknowledge")


async def terms_at_the_second_go(life: Life) -> None:
    """They did not come at once: an activity brings them, and operators see it."""
    with the_first_terms(_fail):
        await life.open()
        await life.send("acknowledge")


def _fail() -> None:
    raise OSError("an invented fault")


@contextmanager
def the_first_terms(happens: Callable[[], None]) -> Iterator[list[str]]:
    """Something happens to the first terms that are asked for; gives whose were, by their source's id."""
    asked: list[str] = []

    def terms(opening: Opening, today: date) -> RulesSnapshot:
        asked.append(opening.source_id)
        if len(asked) == 1:
            happens()
        return rules_for(opening, today)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(begin, "rules_for", terms)
        yield asked


PATHS: dict[str, Callable[[Life], Awaitable[None]]] = {
    path.__name__: path
    for path in (
        three_stages,
        silence,
        lapsed_then_late,
        turns,
        under_way,
        independent_review,
        split_in_two,
        corporate,
        letters_after_the_part,
        taken_up_again,
        papers_reminded_of,
        owed_anew,
        terms_at_once,
        terms_at_the_second_go,
    )
}
