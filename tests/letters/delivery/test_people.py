"""Letters to those who are appointed and, by name, to those who owe a step (finding L4)."""

from __future__ import annotations

from datetime import date

import pytest

from redress.procedures.loader import authority
from redress.services import directory
from redress.services.approvals import approvers_of, with_approvers
from redress.services.digests import digests_of
from redress.services.documents import Attachment, Documents
from redress.services.letters import again
from redress.settings import Settings
from redress.store import letters as kept
from redress.store.outbound import mark_of
from tests.documents.samples import PDF
from tests.letters.delivery.conftest import RecordedComplaint
from tests.letters.delivery.mail_server import MailServer, text_of

PEOPLE = """name,id,email,roles,teams,absences,deputy
Tara Teamlead,,tara@council.example,stage_manager,Team North,2026-06-15..2026-06-20,Dan Deputy
Dan Deputy,,dan@council.example,stage_manager,Team East,,
Iva Investigator,11,iva@out.example,investigating_officer,,,
Pia Post,,,independent_person,,,
Carl Chair,,carl@out.example,panel_chair,,,
"""


def at_stage_2(settings: Settings) -> RecordedComplaint:
    at = RecordedComplaint(settings)
    directory.import_csv(at.register, "family-rights", PEOPLE, "olive", dry_run=False)
    at.open(about={"team": "Team North"})
    assert at.says("acknowledge", "2026-06-02")
    assert at.says("respond", "2026-06-10", outcome="not_upheld")
    assert at.says("escalate", "2026-06-12")
    return at


def mails_to(mail: MailServer, address: str) -> list[str]:
    return [text_of(each) for each in mail.mailbox.taken if address in str(each["To"])]


def test_whoever_is_appointed_is_written_to_and_the_person_learns_who_they_are(
    by_mail: Settings, mail: MailServer
) -> None:
    at = at_stage_2(by_mail)
    iva = {"name": "Iva Investigator", "id": "11"}
    at.says("appoint", "2026-06-15", role="investigating_officer", person=iva, connection="employee")
    [letter] = mails_to(mail, "iva@out.example")
    assert "Dear Iva Investigator" in letter
    assert "Your part: Investigating Officer." in letter
    assert at.reference in letter
    assert "The dates of the complaint:" in letter
    assert "Inventata" not in letter
    assert not at.rows("people_appointed"), "they are told of both in one letter"
    una = {"name": "Una Outside", "email": "una@own.example"}
    at.says("appoint", "2026-06-16", role="independent_person", person=una, connection="none")
    assert len(mails_to(mail, "una@own.example")) == 1
    told = mails_to(mail, "testa@inventata.example")[-1]
    assert "Iva Investigator, Investigating Officer: works for us" in told
    assert "Una Outside, Independent Person: independent of us" in told
    assert "tell us and say why" in told
    assert "una@own.example" not in told


def test_somebody_without_an_address_is_told_to_the_manager(by_mail: Settings) -> None:
    at = at_stage_2(by_mail)
    for name in ("Pia Post", "Nobody Known"):
        on = "2026-06-15" if name == "Pia Post" else "2026-06-16"
        more = {} if name == "Pia Post" else {"replaces": {"name": "Pia Post"}}
        at.says("appoint", on, role="independent_person", person={"name": name}, connection="none", **more)
    assert [row.state for row in at.rows("appointment")] == ["failed", "failed"]
    assert (
        at.rows("appointment")[0].reason
        == "neither the appointment nor the directory says how they are reached"
    )
    assert [row.state for row in at.rows("part_ended")] == ["failed"]
    told = at.told()
    assert len(told) == 3
    assert "appointed independent person" in told[0]
    assert "What to do: enter in the directory how they are reached" in told[0]


def test_what_an_address_was_missing_for_goes_once_the_directory_has_it(
    by_mail: Settings, mail: MailServer
) -> None:
    at = at_stage_2(by_mail)
    person = {"name": "Pia Post"}
    at.says("appoint", "2026-06-15", role="independent_person", person=person, connection="none")
    key = directory.key_of(at.register, "family-rights", "Pia Post")
    directory.change(at.register, key, {"email": "pia@out.example"}, "family-rights", "olive")
    [row] = at.rows("appointment")
    again(at.dispatcher, at.reference, mark_of(row.key, row.recipient))
    assert len(mails_to(mail, "pia@out.example")) == 1


def test_a_step_is_told_to_the_manager_of_the_team_or_the_deputy_by_name(
    by_mail: Settings, mail: MailServer
) -> None:
    at = RecordedComplaint(by_mail)
    directory.import_csv(at.register, "family-rights", PEOPLE, "olive", dry_run=False)
    at.open(about={"team": "team north"})
    assert at.says("acknowledge", "2026-06-02")
    assert at.says("add_note", "2026-06-16", note="A day on which a limit is late.")
    told = [each for each in mail.mailbox.taken if "dan@council.example" in str(each["To"])]
    assert {str(each["To"]) for each in told} == {"Dan Deputy <dan@council.example>"}
    assert "You get this for Tara Teamlead, who is away." in text_of(told[0])


STAFF = """name,id,email,roles,teams,connection
Tara Teamlead,,tara@council.example,stage_manager,Team North,
Hester Pretend,,hester@council.example,,,
Two Alike,1,one@council.example,,,
Two Alike,2,two@council.example,,,
Ivo Outside,,ivo@out.example,independent_person,,none
Nora Nowhere,,,,,
"""


@pytest.mark.parametrize("others", [(), ("Two Alike", "Ivo Outside", "Nora Nowhere", "Una Unknown")])
def test_what_is_said_of_somebody_reaches_them_at_their_own_address_or_by_their_manager(
    others: tuple[str, ...], by_mail: Settings, mail: MailServer
) -> None:
    """Rule 002-2: nobody is guessed among two of one name, and only staff are written to."""
    at = RecordedComplaint(by_mail)
    directory.import_csv(at.register, "family-rights", STAFF, "olive", dry_run=False)
    people = ["hester pretend", *others]
    at.open(kind="compliment", about={"people": people, "team": "Team North"})
    assert at.says("acknowledge", "2026-06-02")
    assert at.says("respond", "2026-06-04", outcome="resolved")
    [own] = mails_to(mail, "hester@council.example")
    assert "Dear Hester Pretend" in own
    assert "A compliment about you reached us on Monday 1 June 2026." in own
    assert "  1. An invented point." in own
    assert "Please give this to" not in own
    for_others = [each for each in mails_to(mail, "tara@council.example") if "Please give this to" in each]
    assert len(for_others) == bool(others)
    if others:
        listed = "Please give this to Two Alike, Ivo Outside, Nora Nowhere and Una Unknown as it is."
        assert listed in for_others[0]
        assert "Hester" not in for_others[0]
    assert not any(mails_to(mail, each) for each in ("one@council.example", "ivo@out.example"))


def test_a_letter_to_somebody_named_goes_again_to_where_they_are_reached_now(
    by_mail: Settings, mail: MailServer
) -> None:
    at = RecordedComplaint(by_mail)
    directory.import_csv(at.register, "family-rights", STAFF, "olive", dry_run=False)
    at.open(kind="compliment", about={"people": ["Hester Pretend"]})
    assert at.says("acknowledge", "2026-06-02")
    mail.mailbox.fault = "refuse_person"
    assert at.says("respond", "2026-06-04", outcome="resolved")
    mail.mailbox.fault = "none"
    key = directory.key_of(at.register, "family-rights", "Hester Pretend")
    directory.change(at.register, key, {"email": "h.pretend@council.example"}, "family-rights", "olive")
    [row] = at.rows("passed_on_named")
    assert (row.recipient, row.state) == ("named_1", "failed")
    again(at.dispatcher, at.reference, mark_of(row.key, row.recipient))
    assert len(mails_to(mail, "h.pretend@council.example")) == 1


def test_the_digest_of_a_day_goes_to_the_manager_of_each_team(by_mail: Settings) -> None:
    at = RecordedComplaint(by_mail)
    directory.import_csv(at.register, "family-rights", PEOPLE, "olive", dry_run=False)
    cases = {}
    for team in ("Team North", "Team East", "Team Unknown"):
        cases[team] = at.open(about={"team": team})
        at.says("acknowledge", "2026-06-02")

    def told(on: str) -> dict[str, set[str]]:
        return {
            digest.mailbox: {line.reference for line in (*digest.soon, *digest.late, *digest.new)}
            for digest in digests_of(at.register, "family-rights", date.fromisoformat(on))
            if digest.kind == "digest"
        }

    role = authority("family-rights").contact.email
    assert told("2026-06-10") == {
        "tara@council.example": {cases["Team North"]},
        "dan@council.example": {cases["Team East"]},
        role: {cases["Team Unknown"]},
    }
    assert told("2026-06-16")["dan@council.example"] == {cases["Team North"], cases["Team East"]}


def test_the_panel_and_the_independent_person_get_its_notice(by_mail: Settings, mail: MailServer) -> None:
    at = at_stage_2(by_mail)
    una = {"name": "Una Outside", "email": "una@own.example"}
    at.says("appoint", "2026-06-15", role="independent_person", person=una, connection="none")
    at.says("respond", "2026-07-10", outcome="not_upheld")
    at.says("escalate", "2026-07-14")
    chair = {"name": "Carl Chair"}
    at.says("appoint", "2026-07-15", role="panel_chair", person=chair, connection="none")
    for number, on in (("One", "2026-07-16"), ("Two", "2026-07-17")):
        member = {"name": f"Mem {number}", "email": f"{number.lower()}@own.example"}
        at.says("appoint", on, role="panel_member", person=member, connection="none")
    at.says("schedule_panel", "2026-07-20", meeting_on="2026-08-10")
    documents = Documents(at.register, at.settings)
    with documents.spool() as spool:
        spool.write(PDF)
        documents.attach(at.reference, spool, Attachment("papers.pdf", "panel_papers"), "test")
    at.says("send_papers", "2026-07-21")
    for address in ("carl@out.example", "one@own.example", "two@own.example", "una@own.example"):
        notice = mails_to(mail, address)[-1]
        assert "The Review Panel meets on Monday 10 August 2026" in notice, address
    told = [
        kept.text_of(at.register.cipher, row)
        for row in at.rows("people_appointed")
        if row.recipient == "complainant"
    ]
    assert len([text for text in told if "Mem One" in text and "Carl Chair" in text]) == 1


APPROVERS = """name,email,roles,absences,deputy
Cora Complaints,cora@council.example,complaints_manager,,Dan Deputy
Dan Deputy,dan@council.example,,,
"""


def test_a_letter_to_approve_goes_by_name_to_whoever_owes_it(by_mail: Settings, mail: MailServer) -> None:
    at = RecordedComplaint(by_mail)
    directory.import_csv(at.register, "family-rights", APPROVERS, "olive", dry_run=False)
    reference = at.open()
    assert at.says("acknowledge", "2026-06-02")
    at.says("respond", "2026-06-05", outcome="upheld", letter="draft", by="Tess Team")
    due_on = at.case.state.latest["letter_approval"].due_on
    next_day = at.case.state.calendar.add(due_on, 1)

    def asked(on: date) -> tuple[str, set[str]]:
        status = with_approvers(at.register, at.case.latest_status(on))
        names = {letter.get("approver_name", "") for letter in status["letters"] if "mark" in letter}
        found = [d for d in digests_of(at.register, "family-rights", on) if d.kind == "digest"]
        lines = {d.mailbox: str([*d.new, *d.late, *d.today, *d.soon]) for d in found}
        return ", ".join(names), {box for box, told in lines.items() if "Approval of a letter" in told}

    [to] = mails_to(mail, "cora@council.example")
    assert "Dear Cora Complaints" in to
    assert "A letter waits to be approved" in to
    assert asked(due_on) == ("Cora Complaints", {"cora@council.example"})
    at.says("add_note", next_day.isoformat(), note="The next working day.")
    [to] = mails_to(mail, "dan@council.example")
    assert "To the deputy of the Complaints Manager" in to
    assert "not approved in time" in to
    assert asked(next_day) == ("Dan Deputy", {"dan@council.example"})
    assert approvers_of(at.register, [reference], next_day) == {reference: "Dan Deputy"}
    last = at.case.state.calendar.add(due_on, 2)
    at.says("add_note", last.isoformat(), note="The last day.")
    assert "The last day for it to leave in time is" in mails_to(mail, "cora@council.example")[-1]
    assert asked(last)[0] == "Cora Complaints"
