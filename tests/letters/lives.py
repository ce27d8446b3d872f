"""Complaints lived day by day, for the tests of letters: what each has been sent, from its first day on.

A life is made of messages alone, so that every letter in it has really arisen. Everybody in it is
invented, and so are the councils' bank holidays that change.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, datetime, timedelta
from functools import lru_cache, partial
from typing import Any, get_args

from redress.domain.case import Answer, Case
from redress.domain.effects import letter_mark
from redress.domain.london import instant
from redress.domain.opening_parsing import parse_opening
from redress.domain.procedure import RulesSnapshot
from redress.letters.delivery.notice import How, notice
from redress.letters.delivery.outbound import OutboundLetter
from redress.letters.drafts import effect_of
from redress.letters.letter import Letter, letters_for
from redress.procedures.loader import authority, newer_holidays, rules_for
from redress.store.outbound import Recipient

REFERENCE = "CYP-2026-000001"
PERSON = "Philippa Madeupname"
ADVOCATE = "Ambrose Inventedson"
CONTACT = {"name": PERSON, "role": "parent", "address": "1 Nowhere Lane\nExampletown"}
YOUNG = {"name": "Tamsin Notareal", "role": "looked after child", "address": "2 Nowhere Lane\nExampletown"}


def as_before(terms: RulesSnapshot) -> RulesSnapshot:
    """Terms without what was not in them at first."""
    said = terms.model_dump(exclude={"chosen": True, "procedures": True, "procedure": {"plain", "titles"}})
    for limit in said["procedure"]["limits"]:
        del limit["says"]
    return RulesSnapshot.model_validate(said)


class Life:
    """A complaint lived day by day; `letters` is every letter that left, in order.

    `earlier`: under terms as they were recorded before there were reasons, plain words and sentences in them.
    """

    def __init__(
        self, received_on: str, opened_on: str | None = None, *, earlier: bool = False, **more: Any
    ) -> None:
        raw = {
            "authority": "family-rights",
            "kind": "complaint",
            "source": "test",
            "source_id": "1",
            "channel": "email",
            "received_on": received_on,
            "points": ["Calls were not returned.", "The plan was changed\nand nobody said why."],
            "complainant": {"name": PERSON, "role": "parent", "address": "1 Nowhere Lane\nExampletown"},
        } | more
        raw = {name: value for name, value in raw.items() if value is not None}
        self.day = date.fromisoformat(opened_on or received_on)
        opening = parse_opening(raw, self.day)
        self.authority = authority(opening.authority)
        terms = as_before(rules_for(opening)) if earlier else rules_for(opening)
        self.case = Case(terms, REFERENCE, opening, self.day)
        self.letters: list[Letter] = []
        self.days: set[str] = set()  # those that its limits had when a letter was written
        self._post(self.day)

    def until(self, day: str) -> Life:
        last = date.fromisoformat(day)
        while self.day < last:
            self.day += timedelta(days=1)
            self._post(self.day)
        return self

    def says(self, action: str, on: str, said_on: str | None = None, **fields: Any) -> Life:
        """A message of `on`, come in on `said_on` (the same day, where nothing is said)."""
        self.until(said_on or on)
        answer = self.tries(action, on, **fields)
        assert answer.applied or answer.pending, answer.reason
        return self

    def tries(self, action: str, on: str, *, is_signal: bool = False, **fields: Any) -> Answer:
        """A message that may be refused, on the day lived to."""
        now = instant(self.day, "12:00")
        parsed = self.case.parse(action, {"on": on, **fields}, now, is_signal=is_signal)
        answer = self.case.receive(parsed, now)
        self._write(now)
        return answer

    def named(self, name: str) -> list[Letter]:
        return [letter for letter in self.letters if letter.name == name]

    def one(self, name: str, recipient: str = "complainant") -> str:
        found = [letter.text for letter in self.named(name) if letter.recipient == recipient]
        assert found, f"no {name} to the {recipient}"
        return found[-1]

    def _post(self, day: date) -> None:
        self._write(instant(day, "00:00"))
        self._write(instant(day, "09:00"))

    def _write(self, now: datetime) -> None:
        for task in self.case.due(now):
            effect = task.effect
            if task.state != "done" or not effect.template or self.case.state.drafts.has_left(effect.key):
                continue
            case, wire = (
                self.case,
                {
                    "key": effect.key,
                    "template": effect.template,
                    "facts": effect.shown(),
                },
            )
            if "draft" in effect.facts:
                [draft] = [each for each in case.state.drafts if each.key == effect.facts["draft"]]
                found = effect_of(case, draft, self.day)
                assert found is not None
                case, wire = found
            body = json.loads(json.dumps(wire))
            self.letters += letters_for(case, self.authority, body, self.day)
            for deadline in self.case.state.ledger:
                self.days |= {deadline.counts_from.isoformat(), deadline.due_on.isoformat()}


CONDITIONS = (
    "robust report",
    "full adjudication",
    "all significant points upheld",
    "clear action plan",
    "the complainant agrees",
)
"""What has to be recorded before an early referral to the Ombudsman."""

# --- the statutory procedure ---------------------------------------------------------------------


def to_stage_2(**more: Any) -> Life:
    return (
        Life("2026-06-01", **more)
        .says("acknowledge", "2026-06-03")
        .says("extend", "2026-06-10", reason="Two teams have to answer.")
        .says(
            "respond",
            "2026-06-25",
            outcome="partly_upheld",
            summary="Calls should have been returned.",
            findings=[
                {"point": 1, "outcome": "upheld", "reason": "Six calls were logged."},
                {"point": 2, "outcome": "not_upheld"},
            ],
            remedies=[{"what": "Call back every week", "due_on": "2026-07-10"}, {"what": "Say sorry"}],
        )
        .says("complete_remedy", "2026-07-08", remedy=1)
        .says("complete_remedy", "2026-07-08", remedy=2)
        .says("escalate", "2026-07-20", reason="Not all of it was answered.")
    )


def to_adjudication(**more: Any) -> Life:
    life = to_stage_2(**more)
    for role, name in (("investigating_officer", "Ivo Sleuthless"), ("independent_person", "Una Nobodys")):
        life.says("appoint", "2026-07-22", role=role, person={"name": name}, connection="none")
    return (
        life.says("agree_statement", "2026-07-29", points=["Calls not returned", "A plan changed unheard"])
        .says("extend", "2026-08-20", reason="A witness is away.", until="2026-09-30")
        .says("report", "2026-09-15", kind="investigation")
        .says("report", "2026-09-16", kind="independent_person")
        .says(
            "respond",
            "2026-09-25",
            outcome="not_upheld",
            findings=[
                {"point": 1, "outcome": "not_upheld"},
                {"point": 2, "outcome": "not_upheld", "reason": "The review says why."},
            ],
        )
    )


def to_panel(**more: Any) -> Life:
    life = to_adjudication(**more).says("escalate", "2026-10-12").says("acknowledge", "2026-10-13")
    for role, name in (("panel_chair", "Carola Notreal"), ("panel_member", "Mo Notreal")):
        life.says("appoint", "2026-10-15", role=role, person={"name": name}, connection="none")
    return (
        life.says("schedule_panel", "2026-10-20", meeting_on="2026-11-17", place="Room 4, County Hall")
        .says("send_papers", "2026-10-30")
        .says("hold_panel", "2026-11-17")
    )


def released(**more: Any) -> Life:
    """The adjudication left without a report, which follows."""
    life = to_adjudication(**more)
    mark = letter_mark(life.named("adjudication")[-1].key, "complainant")
    life.says("letter_not_left", "2026-09-25", mark=mark, waits_for=["investigation_report"])
    return life.says(
        "release_letter", "2026-09-28", mark=mark, reason="It is copied.", follows_by="2026-10-05"
    ).until("2026-10-20")


def in_full(**more: Any) -> Life:
    return (
        to_panel(**more)
        .says(
            "report",
            "2026-11-20",
            kind="panel",
            recommendations=[
                {"what": "Write the plan anew", "who": "The team manager", "by": "2026-12-18"},
                {"what": "Say sorry", "by": "2026-12-01"},
                {"what": "Train the team"},
            ],
        )
        .says("respond", "2026-12-04", outcome="partly_upheld", independent_person_consulted=True)
        .says("refer_to_ombudsman", "2026-12-18")
        .says(
            "ombudsman_decision",
            "2027-03-01",
            outcome="fault causing injustice",
            remedies=[{"what": "Pay 100 pounds"}],
        )
        .until("2027-07-01")
    )


def with_advocate() -> Life:
    return in_full(advocate={"name": ADVOCATE, "email": "ambrose@advocates.example"})


def by_statement() -> Life:
    return in_full(authority="north-somerset")


def late_throughout() -> Life:
    life = Life("2026-03-02", complainant={"name": PERSON, "role": "parent", "format": "large print"})
    life.says("escalate", "2026-04-20")  # the answer has been late since 17 March
    life.says("respond", "2026-08-12", stage="stage_2", outcome="upheld")
    life.says("escalate", "2026-08-19").says("hold_panel", "2026-10-20")
    life.says("report", "2026-11-10", kind="panel")
    return life.says("respond", "2027-01-15", stage="stage_3", outcome="upheld").until("2027-02-01")


def accepted() -> Life:
    life = Life("2026-03-02", events_on="2024-01-10").says("acknowledge", "2026-03-03")
    return life.says("accept", "2026-03-05", reason="You were unwell until now.").until("2026-03-10")


def declined() -> Life:
    life = Life("2026-03-02", events_on="2018-01-10")
    return life.says("decline", "2026-03-05", reason="Nobody who knew of it can be asked any more.")


def settled() -> Life:
    return Life("2026-03-02").says(
        "resolve_informally", "2026-03-04", agreed=True, terms="The team rings every Friday."
    )


def lapsed_at_stage_1() -> Life:
    life = Life("2026-03-02").says("respond", "2026-03-06", outcome="upheld")
    return life.until("2026-05-01")


def late_request(accept: bool) -> Callable[[], Life]:
    def live() -> Life:
        life = to_adjudication().until("2026-11-02").says("escalate", "2026-11-03")
        return life.says("decide_late", "2026-11-06", accept=accept, reason="We looked at your reasons.")

    return live


def request_withdrawn() -> Life:
    life = to_adjudication().until("2026-11-02").says("escalate", "2026-11-03")
    return life.says("withdraw", "2026-11-04")


def withdrawn() -> Life:
    return Life("2026-03-02").says("withdraw", "2026-03-04")


def closed_early() -> Life:
    life = Life("2026-03-02")
    return life.says("close", "2026-03-04", reason="You moved away.", agreed_by_complainant=True)


def ended(kind: str, said: dict[str, Any], **more: Any) -> Life:
    """Closed before its procedure was over, in one of the ways that need no agreement, or on terms."""
    life = Life("2026-03-02", on_behalf_of={"name": "Ida Invented"}, **more)
    return life.says("close", "2026-03-04", reason="So it was.", kind=kind, **said)


ENDED: dict[str, dict[str, Any]] = {
    "duplicate": {"of": "CYP-2026-000002"},
    "transferred": {"to": "Elsewhere Council"},
    "settled": {"terms": "A call a week.", "agreed_by_complainant": True},
    "died": {"who": "child"},
}
"""What each of those endings says."""


def found_again(**more: Any) -> Life:
    """Out of contact, then in contact again."""
    life = Life("2026-03-02", **more)
    for channel, fields in (("telephone", {}), ("text", {}), ("post", {"reply_by": "2026-04-01"})):
        life.says("record_contact", "2026-03-03", direction="out", channel=channel, **fields)
    life.until("2026-04-01").says("close", "2026-04-02", reason="No reply.", kind="out_of_contact")
    return life.says("record_contact", "2026-06-01", direction="in", channel="telephone").until("2026-06-03")


def continued_after_death(**more: Any) -> Life:
    """The complainant dies after the answer; somebody else goes on."""
    life = Life("2026-03-02", **more).says("respond", "2026-03-06", outcome="upheld")
    life.says("close", "2026-03-10", reason="So it was.", kind="died").until("2026-04-20")
    other = {**more.get("complainant", CONTACT), "address": "9 Elsewhere Lane"}
    said: dict[str, Any] = {"complainant": other, "capacity": "executor", "message_id": "goes-on"}
    return life.says("reopen", "2026-04-21", reason="She wants it.", **said)


def answered_by_mistake(**more: Any) -> Life:
    """The answer to another complaint is entered here, leaves, and is struck out."""
    life = Life("2026-03-02", **more).says("acknowledge", "2026-03-03")
    life.says("respond", "2026-03-06", outcome="upheld", summary="The loan is paid.", message_id="wrong")
    reason = "It belongs to the complaint of Nadia Notreal."
    return life.says("strike_out", "2026-03-10", message="wrong", reason=reason).until("2026-03-12")


def points_added(*, accept: bool, **more: Any) -> Life:
    """One more point in time for the answer, another when the Stage 2 report is in."""
    life = Life("2026-06-01", **more).says("acknowledge", "2026-06-02")
    life.says("add_points", "2026-06-04", points=["The file was lost."], message_id="p-1")
    life.says("respond", "2026-06-12", outcome="upheld").says("escalate", "2026-06-15")
    life.says("report", "2026-07-06", kind="investigation")
    life.says("add_points", "2026-07-08", points=["The new plan is unsigned."], message_id="p-2")
    return life.says("decide_late", "2026-07-10", accept=accept, reason="The report is in.").until(
        "2026-07-14"
    )


def moved_to_another_procedure(**more: Any) -> Life:
    """Put under the wrong procedure, and moved after the acknowledgement."""
    life = Life("2026-06-01", **{"statutory": False, **more}).says("acknowledge", "2026-06-03")
    opening = life.case.opening.model_copy(update={"procedure": "statutory", "statutory": None})
    said = {"procedure": "statutory", "rules": rules_for(opening).packed, "message_id": "moved"}
    return life.says("change_procedure", "2026-06-05", reason="It is about social care.", **said)


def panel_adjourned(**more: Any) -> Life:
    """A panel on a later day at the wish of the person, which needs a second sitting."""
    life = to_adjudication(**more).says("escalate", "2026-10-12")
    wish = {"at_request_of": "complainant", "offered_on": "2026-11-10", "agreed_on": "2026-10-20"}
    life.says("schedule_panel", "2026-10-20", meeting_on="2026-12-15", **wish)
    life.says("hold_panel", "2026-12-15", adjourned_to="2027-01-12").until("2026-12-18")
    return life.says("hold_panel", "2027-01-12")


def drafted(**more: Any) -> Life:
    """An answer that is sent back, waits until it is urgent, is approved on the last day, and leaves."""
    life = Life("2026-06-01", **more).says("acknowledge", "2026-06-02")
    life.says("respond", "2026-06-05", outcome="upheld", summary="We looked.", letter="draft", by="Tess Team")
    mark = next(iter(life.case.state.drafts)).marks[0]
    life.says("send_back_letter", "2026-06-08", mark=mark, reason="Say when Stage 2 may be asked for.")
    texts = {"summary": "We looked again."}
    life.says("edit_letter", "2026-06-09", mark=mark, texts=texts, paragraphs=["Come and see us."])
    life.until("2026-06-15").says("approve_letter", "2026-06-15", mark=mark, by="Cora Invented")
    return life.says("letter_left", "2026-06-15", mark=mark).until("2026-06-20")


def stage_2_withdrawn(**more: Any) -> Life:
    return to_stage_2(**more).says("withdraw", "2026-07-22", stage="stage_2")


def stage_2_wanted_after_all(**more: Any) -> Life:
    """Stage 2 is not wanted when somebody has been appointed, and is two days later."""
    life = Life("2026-06-01", **more).says("respond", "2026-06-12", outcome="not_upheld")
    life.says("escalate", "2026-06-15")
    said: dict[str, Any] = {"person": {"name": "Ivo Sleuthless"}, "connection": "none"}
    life.says("appoint", "2026-06-16", role="investigating_officer", **said)
    life.says("withdraw", "2026-06-17", stage="stage_2")
    return life.says("escalate", "2026-06-19", reason="I do want it.")


def paused() -> Life:
    life = Life("2026-03-02").says(
        "suspend",
        "2026-03-05",
        reason="The court is to decide first.",
        proceedings="A hearing in the Family Court",
        review_on="2026-03-20",
    )
    life.says("resume", "2026-04-07", reason="The hearing is over.")
    return life.says(
        "suspend", "2026-04-08", reason="The police ask us to wait.", review_on="2026-06-01", points=[2]
    )


def asked_early() -> Life:
    return Life("2026-03-02").says("escalate", "2026-03-04").until("2026-04-01")


def brought_here_late() -> Life:
    return Life("2026-03-02", opened_on="2026-04-30", messages=[{"action": "escalate", "on": "2026-04-01"}])


def logged_late() -> Life:
    """A Stage 2 decision that comes to the record when the time to ask for a panel is over."""
    life = to_stage_2().until("2026-10-30")
    return life.says("respond", "2026-08-20", said_on="2026-10-30", outcome="upheld", letter="sent").until(
        "2026-11-05"
    )


def early_referral(**more: Any) -> Life:
    return to_adjudication(**more).says("refer_to_ombudsman", "2026-09-28", conditions=list(CONDITIONS))


def by_the_ombudsman(**more: Any) -> Life:
    """The person's own approach at Stage 1, sent back as premature; after Stage 2 it is to be done again."""
    life = Life("2026-06-01", **more).says("refer_to_ombudsman", "2026-06-02", approached_by="complainant")
    asked = {"kind": "enquiry", "ombudsman_reference": "INV 26", "reply_by": "2026-06-12"}
    life.says("ombudsman_enquiry", "2026-06-03", **asked).says("acknowledge", "2026-06-10")
    life.says("ombudsman_decision", "2026-06-11", category="premature", ombudsman_reference="INV 26")
    life.says("respond", "2026-06-12", outcome="not_upheld").says("escalate", "2026-06-15")
    life.says("respond", "2026-07-14", outcome="not_upheld").until("2026-08-20")
    life.says("refer_to_ombudsman", "2026-08-21").says(
        "ombudsman_decision", "2026-08-24", category="premature"
    )
    life.until("2026-10-05").says("refer_to_ombudsman", "2026-10-06", approached_by="complainant")
    pay = [{"what": "Pay for the time lost", "amount": "250.00", "due_on": "2026-11-20"}]
    life.says("ombudsman_decision", "2026-11-02", category="upheld", returns_to="stage_2", remedies=pay)
    return life.says("complete_remedy", "2026-11-25", remedy=1).until("2026-12-01")


def young_in_full(**more: Any) -> Life:
    return in_full(complainant=YOUNG, authority="young-people", **more)


def answered_late_and_in_parts(**more: Any) -> Life:
    """The late Stage 1 letter of the second team comes when Stage 2 runs; a signal does not say its stage."""
    upheld = {"outcome": "upheld", "reason": "It should not have been."}
    life = Life("2026-03-02", **more)
    life.says("respond", "2026-03-09", outcome="upheld", findings=[{"point": 1, **upheld}])
    life.says("escalate", "2026-03-23", points=[1]).until("2026-03-25")
    life.tries("respond", "2026-03-25", is_signal=True, outcome="not_upheld", message_id="letter-7")
    right = {"field": "letter-7.stage", "value": "stage_1", "reason": "It is the second team's."}
    return life.says("correct", "2026-03-27", **right).says("escalate", "2026-04-01", points=[2])


def panel_asked_for_early(**more: Any) -> Life:
    life = Life("2026-06-01", **more).says("respond", "2026-06-08", outcome="not_upheld")
    life.says("escalate", "2026-06-15").says("escalate", "2026-07-01").says(
        "respond", "2026-07-06", outcome="upheld"
    )
    first = life.case.log[-1].message.message_id
    life.says("respond", "2026-07-08", outcome="partly_upheld", amends=first).until("2026-08-12")
    return life.says("decide_early", "2026-08-14", accept=False, reason="You told us on the phone: no.")


def young_late() -> Life:
    life = Life("2026-03-02", complainant=YOUNG).says("escalate", "2026-04-20")
    life.says("respond", "2026-08-12", stage="stage_2", outcome="upheld").says("escalate", "2026-08-19")
    life.says("hold_panel", "2026-10-20").says("report", "2026-11-10", kind="panel")
    return life.says("respond", "2027-01-15", stage="stage_3", outcome="upheld").until("2027-02-01")


def corrected(**more: Any) -> Life:
    life = Life("2026-06-01", **more).says("acknowledge", "2026-06-02")
    reason = "The post room had it three days before it reached us."
    return life.says("correct", "2026-06-05", field="received_on", value="2026-05-29", reason=reason)


def corrected_after_an_extension() -> Life:
    """The receipt is corrected to an earlier day, and with it the most that the answer may be extended to."""
    life = Life("2026-11-02").says("acknowledge", "2026-11-03")
    life.says("extend", "2026-11-09", reason="Two teams have to answer.", until="2026-11-30")
    return life.says("correct", "2026-11-20", field="received_on", value="2026-10-30", reason="The stamp.")


def bank_holiday_proclaimed(**more: Any) -> Life:
    """A bank holiday is proclaimed while the answer is still ahead."""
    life = Life("2026-06-01", **more).says("acknowledge", "2026-06-03").until("2026-06-04")
    table = newer_holidays(date(2026, 6, 1), date(2026, 6, 4))
    days = {**table.holidays, date(2026, 6, 10): "Invented Jubilee"}
    newer = table.model_copy(update={"version": "invented", "holidays": days})
    return life.says("recount", "2026-06-04", holidays=newer.model_dump(mode="json"))


def split(**more: Any) -> Life:
    life = Life("2026-06-01", **more).says("acknowledge", "2026-06-02")
    return life.says("split", "2026-06-04", points=[2], procedure="corporate").until("2026-06-08")


def some_points_wait(**more: Any) -> Life:
    """An answer at the last stage while a point still waits for the court."""
    life = Life("2026-06-01", **{"statutory": False, **more}).says("acknowledge", "2026-06-02")
    life.says("respond", "2026-06-08", outcome="upheld").says("escalate", "2026-06-10")
    life.says("suspend", "2026-06-11", reason="The court decides it.", review_on="2026-08-03", points=[2])
    life.says("respond", "2026-06-22", outcome="upheld")
    return life.says("resume", "2026-07-01", reason="The court has decided.")


# --- the corporate procedure ---------------------------------------------------------------------


def corporate(**more: Any) -> Life:
    return (
        Life("2026-06-01", **{"statutory": False, **more})
        .says("acknowledge", "2026-06-03")
        .says("extend", "2026-06-12", reason="The files are with the contractor.")
        .says(
            "respond",
            "2026-06-24",
            outcome="partly_upheld",
            summary="The bill was wrong.",
            findings=[
                {"point": 1, "outcome": "upheld", "reason": "The log shows it."},
                {"point": 2, "outcome": "not_upheld"},
            ],
            remedies=[{"what": "Pay it back", "point": 1}, {"what": "Say sorry"}],
        )
        .until("2026-07-20")
        .says("escalate", "2026-07-21", points=[2])
        .says("acknowledge", "2026-07-23")
        .says("respond", "2026-08-14", outcome="not_upheld", summary="It stays as it was.")
        .until("2026-09-01")
    )


def corporate_late(**more: Any) -> Life:
    life = (
        Life("2026-06-01", **{"statutory": False, **more}).until("2026-07-10").says("escalate", "2026-07-13")
    )
    return life.until("2026-09-30").says("respond", "2026-10-01", stage="stage_2", outcome="upheld")


def corporate_reopened(**more: Any) -> Life:
    life = Life("2026-06-01", **{"statutory": False, **more}).says("acknowledge", "2026-06-02")
    life.says("resolve_informally", "2026-06-04", agreed=True, terms="The bill is corrected.")
    return life.says("reopen", "2026-06-12", reason="The bill was wrong again.").until("2026-06-15")


def contact_restricted(**more: Any) -> Life:
    life = Life("2026-06-01", **{"statutory": False, **more}).says("acknowledge", "2026-06-02")
    reason = "There were ninety calls in a day, most of them with threats."
    return life.says("restrict_contact", "2026-06-04", reason=reason, until="2026-09-04").until("2026-09-10")


def contact_brought(**more: Any) -> Life:
    """An online form names an advocate, who is not confirmed, and an address, which is."""
    life = Life("2026-06-01", **{"statutory": False, **more}).says("acknowledge", "2026-06-02")
    person = {"name": PERSON, "role": "parent", **more.get("complainant", {}), "address": "2 Nowhere Lane"}
    form: dict[str, Any] = {"from_intake": True}
    life.says("set_advocate", "2026-06-03", message_id="f-1", advocate={"name": "Mythica Nova"}, **form)
    life.says("confirm_contact", "2026-06-04", message="f-1", accept=False)
    moved: dict[str, Any] = {"field": "complainant", "value": person, "reason": "Moved.", "message_id": "f-2"}
    life.says("correct", "2026-06-05", **moved, **form)
    return life.says("confirm_contact", "2026-06-08", message="f-2", accept=True)


# --- the Independent Review Mechanism ------------------------------------------------------------

APPLICANT = {"name": PERSON, "role": "applicant", "email": "philippa@madeup.example"}


def irm(**more: Any) -> Life:
    return (
        Life("2026-06-01", **{"authority": "irm", "complainant": APPLICANT, **more})
        .says("acknowledge", "2026-06-02")
        .until("2026-06-05")
        .says("respond", "2026-06-08", outcome="partly_upheld", summary="The caseworker should have rung.")
        .says("escalate", "2026-06-15", reason="Nobody said sorry.", desired_outcome="An apology")
        .says("respond", "2026-06-19", outcome="not_upheld", summary="We find the calls polite.")
        .until("2026-07-20")
        .says("escalate", "2026-07-21", reason="They were not.", desired_outcome="An apology")
        .says("record_meeting", "2026-07-23")
        .says("extend", "2026-07-30", reason="A caseworker is away.", until="2026-08-14")
        .says("respond", "2026-08-12", outcome="upheld", remedies=[{"what": "Write an apology"}])
        .until("2026-09-01")
    )


def irm_direct() -> Life:
    about = {"people": ["The contract manager"]}
    life = Life("2026-06-01", authority="irm", complainant=APPLICANT, about=about)
    return life.says("acknowledge", "2026-06-02").until("2026-08-01")


def irm_tried_already() -> Life:
    life = Life("2026-06-01", authority="irm", complainant=APPLICANT, tried_informally=True)
    return life.says("acknowledge", "2026-06-02").until("2026-06-20").says("escalate", "2026-06-22")


def irm_not_settled(**more: Any) -> Life:
    life = Life("2026-06-01", **{"authority": "irm", "complainant": APPLICANT, **more})
    life.says("resolve_informally", "2026-06-02", agreed=False, terms="A call every week.")
    return life.until("2026-07-10").says("escalate", "2026-07-20").until("2026-07-21")


def irm_settled() -> Life:
    life = Life("2026-06-01", authority="irm", complainant=APPLICANT)
    return life.says("resolve_informally", "2026-06-02", agreed=True, terms="A call every week.")


def irm_not_entitled() -> Life:
    about = {"service": "recommendation"}
    neighbour = {"name": PERSON, "role": "neighbour"}
    life = Life("2026-06-01", authority="irm", complainant=neighbour, about=about)
    life.says("acknowledge", "2026-06-02")
    return life.says("decline", "2026-06-04", reason="You are no applicant or agency.")


# --- comments, compliments, suggestions and requests ---------------------------------------------

FOR_TEAM = {"people": ["Hester Pretend"], "team": "The leaving care team"}


def compliment(**more: Any) -> Life:
    said = {"kind": "compliment", "points": ["Hester listened to me."], "about": FOR_TEAM}
    life = Life("2026-06-01", **{**said, **more}).says("acknowledge", "2026-06-02")
    return life.says("respond", "2026-06-04", outcome="resolved").until("2026-07-10")


def unpassed_suggestion() -> Life:
    return Life("2026-06-01", kind="suggestion", points=["Open on Saturdays."]).until("2026-07-01")


def asked_for_papers(**more: Any) -> Life:
    said = {"kind": "information_request", "points": ["How many calls are answered?"]}
    life = Life("2026-06-01", **{**said, **more}).says("acknowledge", "2026-06-02")
    return life.says("respond", "2026-06-04", outcome="resolved", summary="They answer by letter.")


def to_ask() -> Life:
    return Life("2026-06-01", authority="rotherham", tried_informally=False)


def anonymous() -> Life:
    life = Life("2026-06-01", complainant=None)
    life.says("add_note", "2026-06-02", note="The team was asked to look at it.")
    return life.says("decline", "2026-06-04", reason="Nobody can be answered.")


def court_first() -> Life:
    life = Life("2026-06-01", authority="rotherham", points=["The court report was wrong."])
    proceedings = "The hearing in the Family Court at Exampletown"
    return life.says("decline", "2026-06-04", reason="The court looks at it now.", proceedings=proceedings)


def safety_noted() -> Life:
    life = Life("2026-03-02").says("acknowledge", "2026-03-03")
    life.says("add_note", "2026-03-04", note="He said that he is not safe at the weekend.")
    return life.says(
        "record_contact", "2026-03-05", direction="in", channel="telephone", summary="All is well."
    )


def undelivered() -> Life:
    """A letter that did not leave, in each of the ways that somebody is told of."""
    life = Life("2026-03-02").says("acknowledge", "2026-03-03")
    (lost,) = life.named("acknowledgement")
    to = Recipient(subject=lost.subject, sender=life.authority.title)
    letter = OutboundLetter(
        REFERENCE, lost.key, lost.recipient, lost.name, lost.on, "email", "token", to, lost.text
    )
    for how in get_args(How):
        why, send_by = "the mail server refused it: 550 5.1.1", date(2026, 3, 5) if how == "by_hand" else None
        effect = notice(letter, 0, how, why, send_by=send_by, file="by-hand/x.pdf" if send_by else "")
        life.letters += letters_for(life.case, life.authority, effect, life.day)
    answer = letter._replace(name="stage_1_response", key="stage_1_response:another")
    effect = notice(answer, 0, "failed", "GOV.UK Notify could not deliver it: permanent-failure")
    life.letters += letters_for(life.case, life.authority, effect, life.day)
    return life


LIVES: dict[str, Callable[[], Life]] = {
    "undelivered": undelivered,
    "safety_noted": safety_noted,
    "in_full": in_full,
    "released": released,
    "young_released": partial(released, complainant=YOUNG),
    "with_advocate": with_advocate,
    "by_statement": by_statement,
    "late_throughout": late_throughout,
    "answered_late_and_in_parts": answered_late_and_in_parts,
    "panel_asked_for_early": panel_asked_for_early,
    "accepted": accepted,
    "declined": declined,
    "settled": settled,
    "lapsed_at_stage_1": lapsed_at_stage_1,
    "late_request_taken": late_request(accept=True),
    "late_request_not_taken": late_request(accept=False),
    "request_withdrawn": request_withdrawn,
    "withdrawn": withdrawn,
    "closed_early": closed_early,
    **{f"ended_{kind}": partial(ended, kind, said) for kind, said in ENDED.items()},
    "complainant_died": partial(ended, "died", {}),
    "answered_by_mistake": answered_by_mistake,
    "points_joined": partial(points_added, accept=True),
    "points_set_apart": partial(points_added, accept=False),
    "moved_to_another_procedure": moved_to_another_procedure,
    "panel_adjourned": panel_adjourned,
    "found_again": found_again,
    "continued_after_death": continued_after_death,
    "drafted": drafted,
    "young_drafted": partial(drafted, complainant=YOUNG),
    "stage_2_withdrawn": stage_2_withdrawn,
    "stage_2_wanted_after_all": stage_2_wanted_after_all,
    "paused": paused,
    "asked_early": asked_early,
    "brought_here_late": brought_here_late,
    "logged_late": logged_late,
    "early_referral": early_referral,
    "by_the_ombudsman": by_the_ombudsman,
    "young_in_full": young_in_full,
    "young_late": young_late,
    "corrected": corrected,
    "corrected_after_an_extension": corrected_after_an_extension,
    "bank_holiday_proclaimed": bank_holiday_proclaimed,
    "split": split,
    "some_points_wait": some_points_wait,
    "corporate": corporate,
    "corporate_late": corporate_late,
    "corporate_reopened": corporate_reopened,
    "contact_restricted": contact_restricted,
    "contact_brought": contact_brought,
    "irm": irm,
    "irm_direct": irm_direct,
    "irm_tried_already": irm_tried_already,
    "irm_not_settled": irm_not_settled,
    "irm_settled": irm_settled,
    "irm_not_entitled": irm_not_entitled,
    "compliment": compliment,
    "unpassed_suggestion": unpassed_suggestion,
    "asked_for_papers": asked_for_papers,
    "to_ask": to_ask,
    "anonymous": anonymous,
    "court_first": court_first,
}


@lru_cache(maxsize=1)
def lives() -> dict[str, Life]:
    return {name: live() for name, live in LIVES.items()}


def every(name: str) -> list[Letter]:
    return [letter for life in lives().values() for letter in life.named(name)]
