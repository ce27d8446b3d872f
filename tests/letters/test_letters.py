"""Letters, each one made by a case that has lived to the point where it is due."""

from __future__ import annotations

import ast
import re
import stat
import tomllib
from datetime import date, datetime
from pathlib import Path

import pytest

from redress.domain.effect_log import CHASE
from redress.letters.catalogue import catalogue
from redress.letters.check import OF_STAGE
from redress.letters.delivery.notice import UNDELIVERED
from redress.letters.delivery.outbox import FileChannel
from redress.letters.letter import Letter
from redress.letters.recipients import is_outside
from redress.procedures.loader import authority, authority_names, procedure
from tests.letters.lives import (
    ADVOCATE,
    LIVES,
    PERSON,
    REFERENCE,
    YOUNG,
    Life,
    every,
    in_full,
    lives,
    to_adjudication,
    to_panel,
)

ROOT = Path(__file__).resolve().parent.parent.parent
LETTERS = ROOT / "redress" / "letters"
DATE = re.compile(r"(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day \d{1,2} [A-Z][a-z]+ \d{4}")


def as_date(text: str) -> date:
    return datetime.strptime(text, "%A %d %B %Y").date()


def next_of(text: str) -> str:
    return next(line for line in text.splitlines() if line.startswith("What happens next: "))


def said_in(letter: Letter) -> str:
    """What the letter says between its subject and what happens next."""
    return letter.text.partition(letter.subject)[2].partition("What happens next: ")[0]


# --- every letter --------------------------------------------------------------------------------


@pytest.mark.parametrize("name", catalogue())
def test_every_letter_arises_from_a_case(name: str) -> None:
    assert every(name)


@pytest.mark.parametrize("name", catalogue())
def test_goes_to_the_right_people(name: str) -> None:
    to = catalogue()[name].to
    of_owners = "owner" in to or "owners" in to
    for letter in every(name):
        had_letter = not {"had_letter", "released"}.isdisjoint(to)
        appointed = letter.appointee is not None and bool(
            {"appointed", "appointed_before", "at_the_panel"} & {*to}
        )
        is_of_staff = not is_outside(letter.recipient) and of_owners
        assert letter.recipient in to or had_letter or appointed or is_of_staff
    for life_name, life in lives().items():
        to_advocates = [letter for letter in life.letters if letter.recipient == "advocate"]
        assert bool(to_advocates) == (life_name == "with_advocate")
    if "advocate" in to and lives()["with_advocate"].named(name):
        both = {letter.recipient for letter in lives()["with_advocate"].named(name)}
        assert both >= {"complainant", "advocate"}


@pytest.mark.parametrize("name", catalogue())
def test_reads_as_a_finished_letter(name: str) -> None:
    for letter in every(name):
        text = letter.text
        for scrap in ("None", "Undefined", "{{", "}}", "{%", "%}", "_", "  .", " ,", "..", ": ."):
            assert scrap not in text, f"{scrap!r} in\n{text}"
        assert not re.search(r"\b\d{4}-\d\d-\d\d\b", text), text
        assert "\n\n\n" not in text
        assert not re.search(r"[ \t]\n", text)
        assert text.endswith("\n")
        assert not text.endswith("\n\n")
        assert REFERENCE in text
        assert letter.subject in text


@pytest.mark.parametrize("who", [{"name": PERSON, "role": "parent"}, YOUNG], ids=["adult", "young"])
def test_complaints_of_earlier_terms_go_on_being_written_to(who: dict[str, str]) -> None:
    life, now = in_full(complainant=who, earlier=True), in_full(complainant=who)
    assert [letter.name for letter in life.letters] == [letter.name for letter in now.letters]
    for letter in life.letters:
        for scrap in (": .", "  .", "None", "Because .", " ."):
            assert scrap not in letter.text, letter.text
        assert DATE.search(next_of(letter.text))


@pytest.mark.parametrize("name", catalogue())
def test_names_the_date_by_which_something_happens_next(name: str) -> None:
    for letter in every(name):
        line = next_of(letter.text)
        dates = [as_date(found) for found in DATE.findall(line)]
        assert dates, line
        assert all(day >= letter.on for day in dates), f"{letter.on}: {line}"
        assert line.endswith((".", "?"))


@pytest.mark.parametrize("name", catalogue())
def test_promises_no_date_that_has_passed(name: str) -> None:
    promise = re.compile(
        r"should (?:now )?have our|has to meet|meets on|is due|last day|new date is|You will have"
        r"|look at this again"
    )
    for letter in every(name):
        if not is_outside(letter.recipient):
            continue
        for sentence in re.split(r"(?<=[.:])\s", letter.text):
            if promise.search(sentence):
                late = [d for d in DATE.findall(sentence) if as_date(d) < letter.on]
                assert not late, f"{letter.on}: {sentence}"


@pytest.mark.parametrize("name", [name for name in LIVES if name != "brought_here_late"])
def test_people_are_told_how_to_reach_the_ombudsman_or_to_complain(name: str) -> None:
    life = lives()[name]
    ombudsman = authority(life.case.opening.authority).ombudsman
    assert life.letters
    for letter in life.letters:
        if not is_outside(letter.recipient):
            continue
        if life.case.state.procedure.name == "representation":
            assert "make a complaint" in letter.text or "want to complain" in letter.text
        else:
            assert ombudsman.name in letter.text
            assert ombudsman.telephone in letter.text


@pytest.mark.parametrize("name", LIVES)
def test_letters_carry_the_authoritys_own_contact_details(name: str) -> None:
    life = lives()[name]
    own = authority(life.case.opening.authority)
    for letter in life.letters:
        assert letter.text.startswith(f"{own.title}\n")
        for line in (own.contact.team, *own.contact.address, own.contact.email):
            assert f"{line}\n" in letter.text
        assert f"Telephone {own.contact.telephone}\n" in letter.text


@pytest.mark.parametrize("name", catalogue())
def test_staff_letters_name_no_complainant(name: str) -> None:
    for life_name, life in lives().items():
        for letter in life.named(name):
            if is_outside(letter.recipient):
                continue
            if (life_name, name) != ("asked_for_papers", "passed_on"):  # there the team has to answer
                assert not re.search("Philippa|Madeupname|Ambrose|Inventedson|Nowhere Lane", letter.text)
            assert not re.search(r"\b(?:you asked|your complaint|your request)\b", letter.text, re.IGNORECASE)


# --- what certain letters must say ---------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        "closure",
        "final_response",
        "declined",
        "withdrawal",
        "stage_1_late",
        "stage_2_delay",
        "panel_delay",
        "final_response_delay",
    ],
)
def test_the_text_itself_names_the_ombudsman(name: str) -> None:
    assert all("Ombudsman" in said_in(letter) for letter in every(name))


def test_a_late_request_not_taken_names_the_ombudsman() -> None:
    (letter,) = lives()["late_request_not_taken"].named("late_request_decision")
    assert "Ombudsman" in said_in(letter)
    assert "We looked at your reasons." in said_in(letter)


@pytest.mark.parametrize("name", ["acknowledgement", "stage_2_opening", "stage_3_opening"])
def test_a_young_person_is_told_of_the_right_to_an_advocate(name: str) -> None:
    text = to_panel(complainant=YOUNG).one(name)
    assert "You have the right to an advocate" in text
    assert "01632 960002" in text
    chosen = to_panel(complainant=YOUNG, advocate={"name": ADVOCATE}).one(name)
    assert "You have told us who your advocate is" in chosen


@pytest.mark.parametrize("name", ["reminder", "breach_notice", "chase", "target_passed"])
def test_staff_are_told_what_when_who_and_by_which_rule(name: str) -> None:
    for letter in every(name):
        said = said_in(letter)
        assert DATE.search(said)
        assert "owed by the" in said
        assert re.search(r"The rule: .+\.", said)


def test_what_was_overdue_at_opening_is_listed() -> None:
    life = lives()["brought_here_late"]
    said = life.one("overdue_at_opening", "complaints_manager")
    assert (
        "Acknowledgement: due Thursday 5 March 2026, owed by the Complaints Manager. The rule: Local promise"
        in said
    )
    assert {letter.name for letter in life.letters} == {"overdue_at_opening"}


def test_the_adjudication_names_the_right_to_a_panel_and_its_last_day() -> None:
    text = lives()["in_full"].one("adjudication")
    assert "right to a Review Panel (Stage 3)" in text
    assert (
        "The last day to ask is Wednesday 28 October 2026: 20 working days from Wednesday 30 September 2026"
        in text
    )
    assert "  2. A plan changed unheard\n     Our decision: not upheld" in text


def test_an_extension_names_its_reason_and_the_new_date() -> None:
    first, second = lives()["in_full"].named("extension")
    assert "Until now it was due by Monday 15 June 2026." in first.text
    assert "Two teams have to answer." in first.text
    assert "The new date is Monday 29 June 2026." in first.text
    assert "The new date is Wednesday 30 September 2026." in second.text


def test_letters_name_one_date_the_ombudsmans() -> None:
    life = lives()["by_statement"]
    text = life.one("statement_agreed")
    assert "You should have our decision by Monday 24 August 2026." in text
    assert "3 September 2026" not in text
    for letter in life.letters:
        if is_outside(letter.recipient):
            assert "counted from the day the statement" not in letter.text


def test_titles_are_the_authoritys_own() -> None:
    text = lives()["by_statement"].one("stage_2_opening")
    assert "A senior manager, the Assistant Director, will read the reports" in text
    assert text.startswith("North Somerset Council\n")


def test_agreed_actions_have_their_dates() -> None:
    text = lives()["in_full"].one("stage_1_response")
    assert "  1. Call back every week (by Friday 10 July 2026)" in text
    assert "  2. Say sorry (by Thursday 23 July 2026)" in text


def test_the_panel_has_one_day_once_it_is_called() -> None:
    for name in ("panel_date", "panel_notice"):
        text = lives()["in_full"].one(name)
        assert "Tuesday 17 November 2026" in text
        assert "The place: Room 4, County Hall." in text
    assert "will meet on Tuesday 17 November 2026" in next_of(lives()["in_full"].one("panel_notice"))


def test_whom_the_person_may_bring_to_the_panel_is_said_each_time() -> None:
    for name in ("stage_3_opening", "panel_date", "panel_notice"):
        text = lives()["in_full"].one(name)
        assert "You can bring an advocate and one other person, such as a friend or a solicitor" in text
    notice = lives()["in_full"].one("panel_notice")
    assert "The managers and the Independent Person from Stage 2 will be there too." in notice


def test_a_pause_names_its_review_and_no_date_that_stands_still() -> None:
    text = lives()["paused"].one("suspension")
    assert next_of(text).endswith(
        "By Friday 20 March 2026 we will look again at whether your complaint still has to wait."
    )
    assert "You should now have our answer" in lives()["paused"].one("resumption")
    part = lives()["paused"].one("suspension_of_points")
    assert "  - The plan was changed\n    and nobody said why." in part


def test_the_ombudsmans_year_counts_from_when_the_person_knew() -> None:
    text = lives()["closed_early"].one("closure")
    assert "by Monday 1 March 2027" in next_of(text)
    assert "not from the day of this letter" in text


def test_after_the_ombudsman_has_decided_nobody_is_sent_there_again() -> None:
    text = lives()["in_full"].one("ombudsman_decision")
    assert "What we will do, as the Ombudsman recommends:\n  1. Pay 100 pounds (by " in text
    assert "the next thing that we agreed to do has to be done" in next_of(text)
    assert "If you go to the" not in next_of(text)


def test_a_form_asked_for_is_on_the_letter() -> None:
    assert "in this form: large print." in lives()["late_throughout"].one("stage_1_late")


def test_withdrawing_a_late_request_is_not_withdrawing_the_complaint() -> None:
    assert "withdraw your request" in lives()["request_withdrawn"].one("withdrawal")
    assert "withdraw your complaint" in lives()["withdrawn"].one("withdrawal")


def test_whoever_has_asked_already_is_not_told_to_ask() -> None:
    text = lives()["asked_early"].one("stage_1_late")
    assert "You have asked for Stage 2 already." in text
    assert "You have the right to ask" not in text
    assert "our decision after Stage 2 by Thursday 23 April 2026" in next_of(text)


def test_an_answer_that_is_late_says_so() -> None:
    life = lives()["late_throughout"]
    assert "It was due by Wednesday 27 May 2026. It is late, and we are sorry." in life.one("adjudication")
    assert "It is late" in life.one("final_response")
    assert "It is late" not in lives()["in_full"].one("adjudication")


def test_a_point_that_does_not_exist_stops_no_letter() -> None:
    finding = {"point": 9, "outcome": "upheld"}
    life = Life("2026-03-02").says("respond", "2026-03-03", outcome="upheld", findings=[finding])
    assert "  9. 9\n     Our decision: upheld" in life.one("stage_1_response")


def test_a_panel_called_too_late_is_owned_up_to() -> None:
    life = to_adjudication().says("escalate", "2026-10-12")
    life.says("schedule_panel", "2026-10-13", meeting_on="2026-12-01", place="County Hall")
    assert "The panel should meet by Monday 23 November 2026, and this day is later." in life.one(
        "panel_date"
    )


# --- who gets letters ----------------------------------------------------------------------------


def test_an_anonymous_complaint_makes_no_letter_to_anybody_outside() -> None:
    life = Life("2026-03-02", complainant=None).says("acknowledge", "2026-03-03").until("2026-04-30")
    assert life.letters
    assert not [letter for letter in life.letters if is_outside(letter.recipient)]


def test_who_complains_for_a_child_is_greeted_and_told_for_whom() -> None:
    life = Life("2026-03-02", on_behalf_of={"name": "Wilfred Nonesuch", "child_agrees": True})
    text = life.says("acknowledge", "2026-03-03").one("acknowledgement")
    assert f"Dear {PERSON}\n" in text
    assert "We received your complaint on behalf of Wilfred Nonesuch on Monday 2 March 2026." in text
    assert "The child or young person you are complaining for has the right to an advocate" in text


def test_an_advocate_gets_copies_only_while_chosen() -> None:
    life = Life("2026-03-02", advocate={"name": ADVOCATE}).says("acknowledge", "2026-03-03")
    copy = life.one("acknowledgement", "advocate")
    assert f"Dear {ADVOCATE}\n\nThis is a copy of our letter to {PERSON}" in copy
    life.says("set_advocate", "2026-03-04", advocate={"name": ADVOCATE}, gets_letters=False)
    life.says("extend", "2026-03-05", reason="A witness is away.")
    life.says("set_advocate", "2026-03-06").says("respond", "2026-03-09", outcome="upheld")
    life.says("set_advocate", "2026-03-10", advocate={"name": "Berta Thoughtup"}, speaks=True)
    life.says("escalate", "2026-03-11")
    to_advocates = [letter.name for letter in life.letters if letter.recipient == "advocate"]
    assert to_advocates == ["acknowledgement", "stage_2_opening"]
    assert "Dear Berta Thoughtup\n" in life.one("stage_2_opening", "advocate")


def test_the_staff_who_owe_a_step_get_one_letter_each() -> None:
    for life in lives().values():
        seen = [(letter.key, letter.recipient) for letter in life.letters]
        assert len(seen) == len(set(seen))


# --- what people write ---------------------------------------------------------------------------


def test_template_syntax_in_what_people_write_comes_out_as_written() -> None:
    nasty = "{{ 7 * 7 }} {% include 'reminder.txt' %} {# gone #} ${x} {day}"
    life = Life(
        "2026-03-02",
        points=[nasty],
        complainant={"name": "{{ reference }} Madeup"},
        desired_outcome=nasty,
    )
    life.says("acknowledge", "2026-03-03").says("extend", "2026-03-04", reason=nasty)
    finding = {"point": 1, "outcome": "upheld", "reason": nasty}
    life.says("respond", "2026-03-05", outcome="upheld", summary=nasty, findings=[finding])
    assert life.one("acknowledgement").count(nasty) == 2
    assert "Dear {{ reference }} Madeup\n" in life.one("acknowledgement")
    assert nasty in life.one("extension")
    assert life.one("stage_1_response").count(nasty) == 3


def test_a_name_cannot_add_lines_to_a_letter() -> None:
    life = Life("2026-03-02", complainant={"name": "Ned\nWhat happens next: nothing"})
    text = life.says("acknowledge", "2026-03-03").one("acknowledgement")
    assert "Dear Ned What happens next: nothing\n" in text
    assert text.count("\nWhat happens next: ") == 1


# --- the catalogue -------------------------------------------------------------------------------


def test_catalogue_and_templates_match_one_to_one() -> None:
    files = {path.stem for path in (LETTERS / "templates").glob("*.txt")}
    assert {name for name in files if not name.startswith("_")} == set(catalogue())


def used_in_code() -> set[str]:
    """Every letter named where the rules make one: `send(…)`, `notify(…)`, `close(…)`."""
    at = {"send": 0, "notify": 0, "close": 1, "_add": 2, "Effect": 2}
    used: set[str] = set()
    for file in (ROOT / "redress" / "domain").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if called in at and len(node.args) > at[called]:
                named = ast.walk(node.args[at[called]])
                used |= {n.value for n in named if isinstance(n, ast.Constant) and isinstance(n.value, str)}
    return used - {""}


def used_in_data() -> set[str]:
    """Every letter that a procedure's file names, and those that stand for what it leaves out."""
    used: set[str] = {"reminder", "acknowledgement", "overdue_at_opening"}
    for file in (ROOT / "redress" / "procedures" / "data").glob("*.toml"):
        rules = tomllib.loads(file.read_text(encoding="utf-8"))
        for stage in rules.get("stages", []):
            used |= {stage[key] for key in OF_STAGE if key in stage}
        for limit in rules.get("limits", []):
            used |= set(limit.get("late_letters", [])) | {limit.get("remind_letter", "reminder")}
    return used


def test_every_letter_that_the_rules_name_is_in_the_catalogue_and_no_other() -> None:
    passed_on = {"letter_urgent"}  # named by what gives up waiting for an approval
    assert used_in_code() | used_in_data() | passed_on | {UNDELIVERED, CHASE} == set(catalogue())


@pytest.mark.parametrize(
    ("council", "name"), [(c, n) for c in authority_names() for n in authority(c).procedures]
)
def test_every_limit_has_a_sentence_for_people(council: str, name: str) -> None:
    for limit in procedure(name, council).limits:
        assert "{day}" in limit.says, limit.name


# --- the outbox ----------------------------------------------------------------------------------


@pytest.fixture
def a_letter() -> Letter:
    return lives()["withdrawn"].named("withdrawal")[0]


def test_the_same_letter_twice_is_one_file_that_only_its_owner_reads(
    tmp_path: Path, a_letter: Letter
) -> None:
    outbox = FileChannel(tmp_path / "outbox")
    assert outbox.write(REFERENCE, a_letter) == outbox.write(REFERENCE, a_letter)
    folder = tmp_path / "outbox" / REFERENCE
    (file,) = folder.iterdir()
    assert file.read_text(encoding="utf-8") == a_letter.text
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE(folder.parent.stat().st_mode) == 0o700


def test_a_letter_that_cannot_be_finished_leaves_no_trace(
    tmp_path: Path, a_letter: Letter, monkeypatch: pytest.MonkeyPatch
) -> None:
    outbox = FileChannel(tmp_path)
    outbox.write(REFERENCE, a_letter)

    def full(self: Path, target: Path) -> Path:
        raise OSError("no space left")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(OSError, match="no space"):
        outbox.write(REFERENCE, a_letter._replace(text="half a letter"))
    (file,) = (tmp_path / REFERENCE).iterdir()
    assert file.read_text(encoding="utf-8") == a_letter.text


def test_file_names_carry_no_personal_data() -> None:
    for life in lives().values():
        for letter in life.letters:
            assert re.fullmatch(r"\d{4}-\d\d-\d\d-[a-z_0-9]+-[a-z_]+-[0-9a-f]{6}\.txt", letter.file_name)


def test_no_two_letters_of_a_case_share_a_file() -> None:
    for life in lives().values():
        names = [letter.file_name for letter in life.letters]
        assert len(names) == len(set(names))


def test_a_late_acknowledgement_says_that_it_is_late() -> None:
    late = "You should have had this letter by Thursday 5 March 2026. It is late, and we are sorry."
    assert late in Life("2026-03-02").says("acknowledge", "2026-03-10").one("acknowledgement")
    assert "late" not in Life("2026-03-02").says("acknowledge", "2026-03-05").one("acknowledgement")
    young = Life("2026-03-02", complainant=YOUNG).says("acknowledge", "2026-03-10")
    assert late in young.one("acknowledgement")


# --- endings -------------------------------------------------------------------------------------


def test_the_dead_are_never_written_to() -> None:
    """Finding R10: a dead complainant was told "You told us that you withdraw"."""
    life = Life("2026-03-02", advocate={"name": ADVOCATE, "email": "ambrose@advocates.example"})
    life.says("respond", "2026-03-06", outcome="upheld", remedies=[{"what": "Say sorry"}])
    written = len(life.letters)
    life.says("close", "2026-03-10", reason="So it was.", kind="died").until("2026-09-01")
    assert not [each for each in life.letters[written:] if is_outside(each.recipient)]


def test_who_goes_on_after_a_death_gets_the_letters_from_then_on() -> None:
    life = lives()["continued_after_death"]
    text = life.one("reopened")
    assert "9 Elsewhere Lane" in text
    assert (
        "From now on it is you who goes on with it. We answered it at Stage 1, and that answer stands."
        in text
    )
    assert "by Wednesday 20 May 2026 if you can" in text


@pytest.mark.parametrize(
    ("life", "says", "never"),
    [
        ("ended_duplicate", "with the reference CYP-2026-000002", "withdraw"),
        ("ended_transferred", "has gone to Elsewhere Council, who can answer it", "agreed"),
        ("ended_settled", "This is what was agreed:\n\nA call a week.", "withdraw"),
        ("ended_died", "the child you complained for has died", "agreed"),
        ("found_again", "There is no last day for that.", "agreed"),
        ("closed_early", "as agreed with you", "withdraw"),
    ],
)
def test_each_ending_is_told_as_it_was(life: str, says: str, never: str) -> None:
    said = lives()[life].one("closure").partition("What happens next")[0]
    assert says in said
    assert never not in said


def test_a_request_alone_withdrawn_leaves_the_answer_standing() -> None:
    text = lives()["stage_2_withdrawn"].one("withdrawal")
    assert "you withdraw your request for Stage 2 (investigation)" in text
    assert "Our answer at Stage 1 stands" in text
    assert "withdraw your complaint" not in text


def test_a_letter_sent_by_mistake_is_taken_back_without_the_other_familys_name() -> None:
    text = lives()["answered_by_mistake"].one("letter_taken_back")
    assert '"Our answer to your complaint (Stage 1)", of Friday 6 March 2026' in text
    assert "Please take no account of it" in text
    assert "Nadia" not in text
    assert "loan" not in text


def test_a_panel_moved_at_the_persons_wish_says_how_to_say_no_and_nobody_apologises() -> None:
    life = lives()["panel_adjourned"]
    text = life.one("panel_date")
    assert "We had offered you Tuesday 10 November 2026. You asked for this day instead" in text
    assert "If you did not ask for it, or do not want it, tell us" in text
    assert not life.named("panel_delay")
    assert "It will sit again on Tuesday 12 January 2027." in life.one("panel_adjourned")
