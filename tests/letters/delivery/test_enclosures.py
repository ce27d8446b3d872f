"""What leaves with a letter: nothing leaves without what it speaks of, unless a manager says so."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete

from redress.contract import AnswerToLeave, RecordRequest, RegisterEntry, SentLetters
from redress.documents.errors import CannotScan, Infected
from redress.domain.calendar import full_date
from redress.domain.london import instant
from redress.domain.parsing import Malformed
from redress.letters.delivery.channel import Accepted, NotNow, Refused
from redress.letters.delivery.outbound import OutboundLetter
from redress.letters.dispatcher import SendLimits
from redress.letters.stored_enclosures import content_for
from redress.services import digests
from redress.services import letters as service
from redress.services.documents import Attachment, Documents
from redress.services.exporting import export
from redress.services.printing import download
from redress.store import tables
from redress.store.letters import LetterRow
from redress.store.outbound import Route, mark_of
from tests.documents.conftest import ClamdStandIn, clamd_stand_in
from tests.documents.samples import EICAR, PDF
from tests.letters.delivery.conftest import RecordedComplaint
from tests.letters.delivery.mail_server import MailServer

INVESTIGATION, INDEPENDENT = PDF + b"%% of the investigator\n", PDF + b"%% of the Independent Person\n"
ADVOCATE = {"name": "Ambrose Inventedson", "email": "ambrose@invented.example"}


class Taken:
    """A channel that keeps what it is handed, with what is in each enclosure."""

    name = "smtp"

    def __init__(self) -> None:
        self.letters: list[tuple[OutboundLetter, dict[str, bytes]]] = []
        self.refuses = self.dies = self.is_down = False

    def find(self, letter: OutboundLetter) -> Accepted | None:
        tokens = {each.token for each, _ in self.letters}
        return Accepted(letter.token, arrived=True) if letter.token in tokens else None

    def send(self, letter: OutboundLetter) -> Accepted:
        if self.is_down:
            raise NotNow("it is down", down=True)
        if self.refuses:
            raise Refused("it takes none")
        if self.dies:
            raise KeyboardInterrupt
        self.letters.append((letter, {each.name: b"".join(each.content()) for each in letter.enclosures}))
        return Accepted(f"smtp/{letter.token}@invented.example", arrived=True)


class Office:
    """A complaint at Stage 2, and its letters sent as its workflow has it done."""

    def __init__(self, complaint: RecordedComplaint, *, by_mail: bool = False) -> None:
        self.complaint, self.taken = complaint, Taken()
        self.documents = Documents(complaint.register, complaint.settings)
        if not by_mail:
            channels: Any = complaint.dispatcher.channels
            by_route: dict[Route, Any] = {**channels.by_route, "email": self.taken, "staff": self.taken}
            complaint.dispatcher.channels = channels._replace(by_route=by_route)
        complaint.open()
        for action, on, said in (
            ("respond", "2026-06-08", {"outcome": "not_upheld"}),
            ("escalate", "2026-06-15", {}),
            ("appoint", "2026-06-16", appointed("investigating_officer")),
            ("appoint", "2026-06-16", appointed("independent_person") | {"message_id": "ip"}),
        ):
            self.says(action, on, **said)

    def says(self, action: str, on: str, **said: Any) -> None:
        """A message, and what follows from it until nothing more is news."""
        self.complaint.says(action, on, **said)
        self.sends()

    def attach(self, content: bytes, kind: str, name: str = "", **more: str) -> str:
        with self.documents.spool() as spool:
            spool.write(content)
            what = Attachment(name or f"{kind}.pdf", kind, **more)
            line = self.documents.attach(self.complaint.reference, spool, what, "test").document
        self.sends()
        return line["document"]

    def sends(self) -> None:
        """Send what can leave, and let the complaint know what became of it."""
        case, dispatcher = self.complaint.case, self.complaint.dispatcher
        for _ in range(5):
            dispatcher.write_and_send(case.reference, case.leaving)
            asked = [
                AnswerToLeave(
                    key=each.key,
                    left=each.left.isoformat(),
                    not_left=each.not_left,
                    waits=each.waits,
                    everybody=each.everybody,
                )
                for each in case.letters_to_leave
            ]
            news = dispatcher.answers_left(case.reference, asked)
            left = dispatcher.left(case.reference, case.leaving)
            if not (self._tells(news) or self._tells(SentLetters(left=left))):
                return

    def _tells(self, news: SentLetters) -> bool:
        case = self.complaint.case
        said: list[tuple[str, dict[str, Any]]] = [
            ("letter_left", {"mark": each.mark, "on": each.on}) for each in news.left
        ]
        waits: list[tuple[str, dict[str, Any]]] = [(mark, {}) for mark in news.not_left]
        waits += [(each.mark, {"waits_for": each.kinds, "is_copy": each.is_copy}) for each in news.waiting]
        for mark, more in waits:
            on = case.known_to_leave(mark)
            assert on is not None
            said.append(("letter_not_left", {"mark": mark, "on": on.isoformat(), **more}))
        for action, body in said:
            now = instant(max(date.fromisoformat(body["on"]), case.state.day), "12:00")
            id = case.id_of_leaving(body["mark"], date.fromisoformat(body["on"]), action)
            answer = case.receive(case.parse(action, body | {"message_id": id}, now), now)
            entry = case.logged[answer.message_id]
            record = [("message", f"message:{entry.seq}", entry.model_dump(mode="json"))]
            record += [
                (
                    "effect",
                    f"effect:{effect.key}",
                    {
                        "key": effect.key,
                        "kind": effect.kind,
                        "template": effect.template,
                        "on": effect.on.isoformat(),
                        "state": state,
                        "facts": effect.shown(),
                    },
                )
                for effect, state in case.due(now)
            ]
            entries = [
                RegisterEntry(kind=kind, key=key, on=body["on"], body=each) for kind, key, each in record
            ]
            self.complaint.activities.record(RecordRequest(reference=case.reference, entries=entries))
        return bool(said)

    def rows(self, letter: str) -> dict[str, LetterRow]:
        return {row.recipient: row for row in self.complaint.rows(letter)}

    def mark(self, letter: str, to: str = "complainant") -> str:
        row = self.rows(letter)[to]
        return mark_of(row.key, row.recipient)

    def got(self, letter: str, to: str = "complainant") -> tuple[str, dict[str, bytes]]:
        """The text and the enclosures of the only letter of a name that somebody was sent."""
        [(sent, files)] = [
            each for each in self.taken.letters if (each[0].name, each[0].role) == (letter, to)
        ]
        return sent.text, files

    def window(self) -> dict[str, Any]:
        deadlines = self.complaint.case.latest_status(self.complaint.case.state.day)["deadlines"]
        return {**next(each for each in deadlines if each["name"] == "stage_3_request")}


def appointed(role: str, name: str = "") -> dict[str, Any]:
    person = {"name": name or f"{role} Invented", "email": f"{role}@invented.example"}
    return {"role": role, "person": person, "connection": "none", "message_id": f"{role}{name}"}


@pytest.fixture
def office(by_mail: Any) -> Office:
    return Office(RecordedComplaint(by_mail))


@pytest.fixture
def clamd() -> Iterator[ClamdStandIn]:
    with clamd_stand_in() as server:
        yield server


def adjudicated(office: Office, **said: Any) -> None:
    office.says("respond", "2026-07-01", outcome="upheld", message_id="adjudication", **said)


def test_an_adjudication_waits_for_both_reports_names_them_and_starts_the_window_when_it_leaves(
    office: Office,
) -> None:
    office.says("report", "2026-06-29", kind="investigation")
    office.says("report", "2026-06-29", kind="independent_person", message_id="m-ip")
    adjudicated(office)
    line = service.one(office.complaint.register, office.complaint.reference, office.mark("adjudication"))
    assert (line["state"], line["waits_for"]) == (
        "waiting",
        ["investigation_report", "independent_person_report"],
    )
    assert "waits for its enclosure: the investigation report" in line["reason"]
    assert "[NOT ATTACHED YET]" in service.text(
        office.complaint.register, office.complaint.reference, line["mark"]
    )
    assert office.window()["state"] == "paused"
    status = office.complaint.case.status(office.complaint.case.state.day)
    assert status["waiting_for"] == "complaints_manager"
    assert [each["due_on"] for each in status["deadlines"] if each["name"] == "enclosure"] == ["2026-07-03"]

    office.attach(INVESTIGATION, "investigation_report", "report.pdf")
    assert office.rows("adjudication")["complainant"].waits_for == "independent_person_report"
    office.attach(INDEPENDENT, "independent_person_report", "independent.pdf")
    text, files = office.got("adjudication")
    assert files == {"report.pdf": INVESTIGATION, "independent.pdf": INDEPENDENT}
    named = "1. the investigation report (report.pdf); 2. the Independent Person's report (independent.pdf)"
    assert f"With this letter: {named}." in " ".join(text.split())
    window = office.window()
    assert window["state"] == "running"
    assert date.fromisoformat(window["counts_from"]) > date(2026, 7, 6)
    assert "The last day to ask is" in text
    day = date.fromisoformat(window["due_on"])
    assert f"{day.day} {day:%B} {day.year}" in text
    assert "enclosure" not in {each.name for each in office.complaint.case.state.running}


def test_released_without_a_report_it_says_what_follows_and_the_window_counts_from_its_arrival(
    office: Office,
) -> None:
    office.says("report", "2026-06-29", kind="investigation")
    office.attach(INVESTIGATION, "investigation_report")
    adjudicated(office)
    mark = office.mark("adjudication")
    by = date(2026, 12, 18)
    office.says("release_letter", "2026-07-02", mark=mark, reason="It is copied.", follows_by=by.isoformat())
    text, files = office.got("adjudication")
    assert files == {"investigation_report.pdf": INVESTIGATION}
    said = " ".join(text.split())
    assert "The Independent Person's report could not go with this letter." in said
    assert "We will send it to you by Friday 18 December 2026." in said
    assert "20 working days to ask, from the day what we still have to send you" in said
    assert "It is copied." not in text
    assert office.window()["state"] == "paused"
    follows = [each for each in office.complaint.case.state.running if each.name == "enclosure_follows_1"]
    assert [each.due_on for each in follows] == [by]
    assert "independent_person_report" in str(office.rows("enclosure_follows")["complainant"].waits_for)

    office.attach(INDEPENDENT, "independent_person_report")
    text, files = office.got("enclosure_follows")
    assert files == {"independent_person_report.pdf": INDEPENDENT}
    window = office.window()
    assert window["state"] == "running"
    day = date.fromisoformat(window["due_on"])
    assert f"the last day to ask is {day:%A} {day.day} {day:%B %Y}" in " ".join(text.split())
    assert not {"enclosure", "enclosure_follows_1"} & {
        each.name for each in office.complaint.case.state.running
    }


def test_released_each_copy_leaves_with_what_was_there_for_its_reader(office: Office) -> None:
    office.says("set_advocate", "2026-06-20", advocate=ADVOCATE, gets_letters=True)
    whole = office.attach(INVESTIGATION, "investigation_report")
    said = {"document": whole, "from": "advocate", "parts": "Page 3", "reason": "It is about another child."}
    office.says("withhold", "2026-06-30", **said)
    adjudicated(office)
    released = {"mark": office.mark("adjudication"), "reason": "It is copied.", "follows_by": "2026-12-18"}
    office.says("release_letter", "2026-07-02", **released)
    text, files = office.got("adjudication")
    assert files == {"investigation_report.pdf": INVESTIGATION}
    assert "The Independent Person's report could not go with this letter." in " ".join(text.split())
    copy, files = office.got("adjudication", "advocate")
    assert files == {}
    both = "The investigation report and the Independent Person's report could not go with this letter."
    assert both in " ".join(copy.split())

    office.attach(PDF, "investigation_report", "redacted.pdf", in_place_of=whole)
    office.attach(INDEPENDENT, "independent_person_report")
    assert [*office.got("enclosure_follows")[1]] == ["independent_person_report.pdf"]
    assert [*office.got("enclosure_follows", "advocate")[1]] == [
        "redacted.pdf",
        "independent_person_report.pdf",
    ]


def at_the_panel(office: Office) -> None:
    """Everybody who meets at the panel on 30 September."""
    office.says("report", "2026-06-29", kind="investigation")
    adjudicated(office, letter="sent", received_on="2026-07-01")
    office.says("escalate", "2026-07-10", message_id="to-the-panel")
    for role, name in (("panel_chair", "Carola"), ("panel_member", "Mo"), ("panel_member", "Mia")):
        office.says("appoint", "2026-07-13", **appointed(role, name))
    office.says("schedule_panel", "2026-07-14", meeting_on="2026-08-10", place="Room 4")


def test_papers_go_to_everybody_at_the_panel_and_count_once_all_have_left(office: Office) -> None:
    at_the_panel(office)
    office.says("send_papers", "2026-07-20")
    copies = office.rows("panel_notice")
    assert {*copies} >= {
        "complainant",
        "appointed_panel_chair",
        "appointed_panel_member",
        "appointed_panel_member_2",
        "appointed_independent_person",
        "appointed_investigating_officer",
        "complaints_manager",
    }
    assert {row.state for row in copies.values()} == {"waiting"}
    papers = office.complaint.case.state.latest["panel_papers"]
    assert papers.is_open
    office.attach(PDF, "panel_papers", "bundle.pdf")
    for to in copies:
        _, files = office.got("panel_notice", to)
        assert files == ({} if to == "complaints_manager" else {"bundle.pdf": PDF})
    papers = office.complaint.case.state.latest["panel_papers"]
    assert papers.met_on == max(row.on_date for row in office.rows("panel_notice").values())


def test_nobody_is_told_to_have_every_paper_from_whom_one_is_kept_back(office: Office) -> None:
    at_the_panel(office)
    office.says("set_advocate", "2026-07-15", advocate=ADVOCATE, gets_letters=True)
    papers = office.attach(PDF, "panel_papers", "bundle.pdf")
    office.says(
        "withhold", "2026-07-16", **{"document": papers, "from": "advocate", "reason": "It is private."}
    )
    office.says("send_papers", "2026-07-20")
    whole, kept_back = (office.got("panel_notice", to)[0] for to in ("complainant", "advocate"))
    assert "You should have every paper that the panel will see" in " ".join(whole.split())
    assert "every paper" not in " ".join(kept_back.split())


def test_what_is_withheld_is_not_sent_and_the_letter_says_so_without_the_recorded_reason(
    office: Office,
) -> None:
    office.says("set_advocate", "2026-06-20", advocate=ADVOCATE, gets_letters=True)
    office.says("report", "2026-06-29", kind="investigation")
    whole = office.attach(INVESTIGATION, "investigation_report")
    other = office.attach(INDEPENDENT, "independent_person_report")
    secret = "It names Quillendorf."
    office.says("withhold", "2026-06-30", **{"document": other, "from": "advocate", "reason": secret})
    office.says(
        "withhold",
        "2026-06-30",
        **{"document": whole, "from": "complainant", "parts": "Page 3", "reason": secret},
        told="Page 3 is about another child.",
        message_id="w-2",
    )
    adjudicated(office)
    rows = office.rows("adjudication")
    assert (
        rows["complainant"].reason
        == "waits for its enclosure: a redacted version of the investigation report"
    )
    office.attach(PDF, "investigation_report", "redacted.pdf", in_place_of=whole)
    text, files = office.got("adjudication")
    assert files == {"redacted.pdf": PDF, "independent_person_report.pdf": INDEPENDENT}
    said = " ".join(text.split())
    assert "Part of the investigation report is left out of what we send you. Page 3 is about" in said
    copy, files = office.got("adjudication", "advocate")
    assert files == {"redacted.pdf": PDF}
    assert "We keep the Independent Person's report back from you." in " ".join(copy.split())
    assert secret not in text + copy


@pytest.mark.parametrize("letter", ["at_once", "draft"])
def test_what_is_withheld_while_a_letter_is_held_up_leaves_with_it_no_more(
    office: Office, letter: str
) -> None:
    office.says("report", "2026-06-29", kind="investigation")
    office.attach(INVESTIGATION, "investigation_report")
    other = office.attach(INDEPENDENT, "independent_person_report")
    office.taken.is_down = True
    said = {"outcome": "not_upheld", "stage": "stage_2", "letter": letter, "message_id": "adj"}
    office.says("respond", "2026-06-30", **said)
    if letter == "draft":
        mark = mark_of(office.rows("adjudication")["complainant"].key, "complainant")
        office.says("approve_letter", "2026-06-30", mark=mark)
    assert office.rows("adjudication")["complainant"].state == "ready"
    withheld = {"document": other, "from": "complainant", "reason": "It names another child."}
    office.says("withhold", "2026-06-30", **withheld)
    office.taken.is_down = False
    office.complaint.dispatcher.breaker.close()
    office.sends()
    if letter == "draft":  # its approval is void, and nothing has left
        assert office.rows("adjudication")["complainant"].state == "draft"
        office.says("approve_letter", "2026-06-30", mark=mark, message_id="again")
    text, files = office.got("adjudication")
    assert files == {"investigation_report.pdf": INVESTIGATION}
    assert "We keep the Independent Person's report back from you." in " ".join(text.split())


def test_sent_again_it_leaves_without_what_was_withheld_since(office: Office) -> None:
    office.says("report", "2026-06-29", kind="investigation")
    office.attach(INVESTIGATION, "investigation_report")
    other = office.attach(INDEPENDENT, "independent_person_report")
    office.taken.refuses = True
    adjudicated(office)
    assert office.rows("adjudication")["complainant"].state == "failed"
    withheld = {"document": other, "from": "complainant", "reason": "It names another child."}
    office.says("withhold", "2026-07-01", **withheld)
    office.taken.refuses = False
    service.again(office.complaint.dispatcher, office.complaint.reference, office.mark("adjudication"))
    assert office.got("adjudication")[1] == {"investigation_report.pdf": INVESTIGATION}


def test_from_whom_it_is_withheld_has_to_be_somebody(office: Office) -> None:
    with pytest.raises(Malformed, match="from: names nobody in this complaint"):
        office.says("withhold", "2026-06-30", **{"document": "a.pdf", "from": "the neighbour", "reason": "x"})


def test_while_the_document_store_is_away_nothing_leaves_without_and_then_it_leaves_whole(
    office: Office,
) -> None:
    office.attach(INVESTIGATION, "investigation_report")
    office.attach(INDEPENDENT, "independent_person_report")
    folder = Path(office.complaint.settings.documents_address)
    hidden = folder.with_name("away")
    folder.rename(hidden)
    folder.write_text("no folder")
    adjudicated(office)
    row = office.rows("adjudication")["complainant"]
    assert (row.state, bool(row.attempts)) == ("ready", True)
    assert row.reason == "the document store, where its enclosures lie, cannot be reached"
    assert office.taken.letters[-1][0].name != "adjudication"
    folder.unlink()
    hidden.rename(folder)
    office.complaint.dispatcher.send(office.complaint.reference)
    assert office.rows("adjudication")["complainant"].state == "ready", "it is left alone for a moment"
    office.complaint.rested()
    office.sends()
    assert {*office.got("adjudication")[1].values()} == {INVESTIGATION, INDEPENDENT}


def test_what_was_not_scanned_yet_is_scanned_before_it_leaves_or_is_printed(
    office: Office, clamd: ClamdStandIn
) -> None:
    office.attach(INVESTIGATION, "investigation_report")
    office.attach(INDEPENDENT + EICAR, "independent_person_report")
    complaint = office.complaint
    complaint.settings = complaint.settings.model_copy(update={"clamav": clamd.address})
    complaint.dispatcher.content = content_for(complaint.register, complaint.settings)
    clamd.answers = False
    adjudicated(office)
    row = office.rows("adjudication")["complainant"]
    assert (row.state, row.reason) == (
        "ready",
        "ClamAV, which looks into an enclosure first, cannot be reached",
    )
    with pytest.raises(CannotScan):
        download(complaint.register, complaint.settings, complaint.reference, office.mark("adjudication"))
    clamd.answers = True
    office.complaint.rested()
    office.sends()
    row = office.rows("adjudication")["complainant"]
    assert (row.state, row.reason) == ("failed", "ClamAV found something in an enclosure")
    states = {each["kind"]: each["state"] for each in office.documents.listed(complaint.reference)}
    assert states == {"investigation_report": "clean", "independent_person_report": "infected"}
    with pytest.raises(Infected):
        download(complaint.register, complaint.settings, complaint.reference, office.mark("adjudication"))
    assert not [each for each, _ in office.taken.letters if each.name == "adjudication"]


def test_an_approved_draft_waits_says_so_and_counts_from_the_day_it_leaves_whole(office: Office) -> None:
    office.attach(INVESTIGATION, "investigation_report")
    adjudicated(office, letter="draft")
    mark = office.mark("adjudication")
    register, reference = office.complaint.register, office.complaint.reference
    draft = service.one(register, reference, mark)
    assert (draft["state"], draft["waits_for"]) == ("draft", ["independent_person_report"])
    office.says("approve_letter", "2026-07-02", mark=mark, by="Cora")
    line = service.one(register, reference, mark)
    assert (line["state"], line["waits_for"]) == ("approved", ["independent_person_report"])
    status = office.complaint.case.status(office.complaint.case.state.day)
    assert "enclosure" in [each["name"] for each in status["deadlines"]]
    assert office.complaint.case.state.latest["stage_2_response"].is_open
    office.attach(INDEPENDENT, "independent_person_report")
    assert len(office.got("adjudication")[1]) == 2
    met_on = office.complaint.case.state.latest["stage_2_response"].met_on
    assert met_on is not None
    assert met_on == office.rows("adjudication")["complainant"].on_date
    assert office.window()["state"] == "running"


def test_an_approved_draft_is_released_and_its_window_waits_for_what_follows(office: Office) -> None:
    office.attach(INVESTIGATION, "investigation_report")
    adjudicated(office, letter="draft")
    mark = office.mark("adjudication")
    office.says("approve_letter", "2026-07-02", mark=mark, by="Cora")
    said = {"mark": mark, "reason": "It is copied.", "follows_by": "2026-12-18"}
    office.says("release_letter", office.complaint.case.state.day.isoformat(), **said)
    assert [*office.got("adjudication")[1]] == ["investigation_report.pdf"]
    assert office.window()["state"] == "paused"
    office.attach(INDEPENDENT, "independent_person_report")
    assert [*office.got("enclosure_follows")[1]] == ["independent_person_report.pdf"]
    assert office.window()["state"] == "running"


def test_what_is_attached_again_under_the_kind_that_is_wanted_is_enclosed(office: Office) -> None:
    office.attach(INVESTIGATION, "report")
    office.attach(INDEPENDENT, "independent_person_report")
    adjudicated(office)
    assert office.rows("adjudication")["complainant"].state == "waiting"
    office.attach(INVESTIGATION, "investigation_report")
    assert len(office.got("adjudication")[1]) == 2


def test_sent_again_it_has_the_same_enclosures_and_the_export_names_them(office: Office) -> None:
    one = office.attach(INVESTIGATION, "investigation_report", "report.pdf")
    other = office.attach(INDEPENDENT, "independent_person_report")
    office.taken.refuses = True
    adjudicated(office)
    assert office.rows("adjudication")["complainant"].state == "failed"
    office.taken.refuses = False
    service.again(office.complaint.dispatcher, office.complaint.reference, office.mark("adjudication"))
    assert office.got("adjudication")[1]["report.pdf"] == INVESTIGATION
    letters = export(office.complaint.register, office.complaint.reference)["letters"]
    [enclosed] = [each["enclosed"] for each in letters if each["letter"] == "adjudication"]
    assert [(each["document"], each["kind"]) for each in enclosed] == [
        (one, "investigation_report"),
        (other, "independent_person_report"),
    ]


def test_an_enclosed_document_that_is_known_no_more_is_named_by_verify(office: Office) -> None:
    office.attach(INVESTIGATION, "investigation_report")
    gone = office.attach(INDEPENDENT, "independent_person_report")
    adjudicated(office)
    with office.complaint.register.writing() as db:
        db.execute(delete(tables.documents).where(tables.documents.c.document == gone))
    assert [
        what for _, what in office.documents.faults(office.complaint.reference) if "encloses" in what
    ] == [f"document {gone}: a letter encloses it, and its row is not in the register"]


def test_a_real_mail_server_gets_the_reports_as_attachments(by_mail: Any, mail: MailServer) -> None:
    office = Office(RecordedComplaint(by_mail), by_mail=True)
    office.attach(INVESTIGATION, "investigation_report", "the report.pdf")
    office.attach(INDEPENDENT, "independent_person_report", "über.pdf")
    adjudicated(office)
    assert office.rows("adjudication")["complainant"].state == "sent"
    [email] = [each for each in mail.mailbox.taken if [*each.iter_attachments()]]
    attached = {each.get_filename(): each.get_payload(decode=True) for each in email.iter_attachments()}
    assert {*attached.values()} >= {INVESTIGATION, INDEPENDENT}
    assert "the report.pdf" in attached


def test_killed_while_it_is_handed_over_it_leaves_once_and_whole(office: Office) -> None:
    office.attach(INVESTIGATION, "investigation_report")
    office.attach(INDEPENDENT, "independent_person_report")
    office.taken.dies = True
    with pytest.raises(KeyboardInterrupt):
        adjudicated(office)
    office.taken.dies = False
    office.complaint.dispatcher.limits = SendLimits(within=0.0, noting=0.0)
    for _ in range(3):
        office.sends()
    assert len(office.got("adjudication")[1]) == 2


def test_an_approved_letter_leaves_without_what_was_found_infected_once_another_is_there(
    office: Office, clamd: ClamdStandIn
) -> None:
    office.attach(INVESTIGATION, "investigation_report")
    office.attach(INDEPENDENT + EICAR, "independent_person_report")
    complaint = office.complaint
    complaint.settings = complaint.settings.model_copy(update={"clamav": clamd.address})
    complaint.dispatcher.content = content_for(complaint.register, complaint.settings)
    adjudicated(office, letter="draft")
    mark = office.mark("adjudication")
    office.says("approve_letter", "2026-07-02", mark=mark, by="Cora")
    row = office.rows("adjudication")["complainant"]
    assert (row.state, row.reason) == ("failed", "ClamAV found something in an enclosure")
    assert "Ask whoever wrote it for another, attach it, and send the letter again" in complaint.told()[0]
    service.again(complaint.dispatcher, complaint.reference, mark)
    line = service.one(complaint.register, complaint.reference, mark)
    assert (line["state"], line["waits_for"]) == ("approved", ["independent_person_report"])
    office.attach(INDEPENDENT, "independent_person_report", "clean.pdf")
    text, files = office.got("adjudication")
    assert [*files.values()] == [INVESTIGATION, INDEPENDENT]
    assert "the Independent Person's report (clean.pdf)" in text
    assert office.window()["state"] == "running"


def test_whoever_is_asked_to_approve_a_letter_learns_what_it_lacks(office: Office) -> None:
    def digest(on: str) -> str:
        found = digests.digests_of(office.complaint.register, "family-rights", date.fromisoformat(on))
        return "".join(digests.text_of(each) for each in found if each.kind == "digest")

    office.says("report", "2026-06-29", kind="investigation")
    office.says("report", "2026-06-29", kind="independent_person", message_id="m-ip")
    office.attach(INVESTIGATION, "investigation_report")
    lacks = "ot attached yet: the Independent Person's report"
    adjudicated(office, letter="draft")
    text, _ = office.got("letter_to_approve", "complaints_manager")
    assert f"N{lacks}. The letter does not leave without what is missing" in text
    due_on = office.complaint.case.state.latest["letter_approval"].due_on.isoformat()
    assert f"(Complaints Manager), n{lacks}" in digest(due_on)
    office.attach(INDEPENDENT, "independent_person_report")
    assert "attached" not in digest(due_on)


def test_a_digest_says_what_a_letter_waits_for(office: Office) -> None:
    adjudicated(office)
    due_on = office.complaint.case.state.latest["enclosure"].due_on
    [told] = [
        digests.text_of(each)
        for each in digests.digests_of(office.complaint.register, "family-rights", due_on)
        if each.kind == "digest"
    ]
    assert f"A letter waits for its enclosure, due on {full_date(due_on)} (Complaints Manager)" in told
    assert "not attached yet: the investigation report and the Independent Person's report" in told
