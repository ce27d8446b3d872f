"""Authority files written by hand: what they can change, and how a mistake in one is told.

The council of these tests is a copy of a shipped one with some lines below it, as docs/procedures.md tells a
council to do it. A mistake is told when the files are read, with the file, the place and what would be
right; complaints that run already never see it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from redress.domain.case import Case
from redress.domain.opening_parsing import parse_opening
from redress.domain.parsing import Malformed
from redress.domain.procedure import Procedure
from redress.procedures import loader
from tests.authorities import forget, own_authorities
from tests.domain.conftest import (
    MONDAY,
    appoint,
    deadline,
    deadlines,
    document,
    done,
    irregular,
    letters,
    opened,
    send,
    shown,
    status,
)

Write = Callable[..., None]


@pytest.fixture
def council(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Write]:
    """Writes `our-council.toml`: a shipped file with lines below it, or with one passage replaced."""
    with own_authorities(tmp_path, monkeypatch) as folder:

        def write(more: str = "", *, like: str = "family-rights", instead_of: str = "") -> None:
            text = (folder / f"{like}.toml").read_text(encoding="utf-8")
            text = text.replace(f'name = "{like}"', 'name = "our-council"', 1)
            assert instead_of in text
            if "[policy]" in more:  # a table stands once in a file
                text = text.replace('[policy]\ndecision_letters = "at_once"\n', "", 1)
            text = text.replace(instead_of, more, 1) if instead_of else f"{text}\n{more}"
            (folder / "our-council.toml").write_text(text, encoding="utf-8")
            forget()

        yield write


def ours(procedure: str = "statutory") -> Procedure:
    return loader.procedure(procedure, "our-council")


def our_case(**more: Any) -> Case:
    return opened(authority="our-council", **more)


def mistakes() -> list[str]:
    """What is told when a worker starts, a line for each mistake."""
    with pytest.raises(loader.FileError) as caught:
        loader.check_all()
    return str(caught.value).splitlines()


# --- what a council can change -------------------------------------------------------------------


def test_a_copy_with_another_name_is_enough(council: Write) -> None:
    council()
    loader.check_all()
    assert ours() == loader.procedure("statutory", "family-rights")
    assert status(our_case(), MONDAY)["authority"] == "our-council"


def test_a_limit_of_all_its_procedures(council: Write) -> None:
    council("[limits.acknowledgement]\ndays = 2\nsource = 'Our promise'")
    for matter in ({}, {"statutory": False}, {"kind": "comment"}):
        found = deadline(our_case(**matter), "acknowledgement", MONDAY)
        assert (found["due_on"], found["source"]) == ("2026-06-03", "Our promise")


def test_a_limit_of_one_procedure_only(council: Write) -> None:
    council("[only.corporate.limits.stage_1_review]\ndays = 28\nunit = 'calendar_days'")
    case = our_case(statutory=False)
    send(case, "respond", "2026-06-08", outcome="not_upheld", received_on="2026-06-08")
    assert shown(case, "stage_1_review", "2026-06-08") == ("2026-07-06", "running", 0)
    assert ours().limit["stage_1_review"].unit == "working_days"


def test_one_procedure_s_own_comes_after_what_holds_for_all(council: Write) -> None:
    council("[limits.acknowledgement]\ndays = 2\n[only.corporate.limits.acknowledgement]\ndays = 4")
    assert [ours(name).limit["acknowledgement"].days for name in ("statutory", "corporate")] == [2, 4]


def test_what_is_not_named_stays(council: Write) -> None:
    council("[only.statutory.limits.stage_2_response]\ndays = 20")
    mine, theirs = ours().limit["stage_2_response"], loader.procedure("statutory", "family-rights").limit
    assert mine == theirs["stage_2_response"].model_copy(update={"days": 20})


def test_a_limit_that_is_not_used_does_not_run(council: Write) -> None:
    council("[only.statutory.limits.panel_date_set]\nused = false")
    loader.check_all()
    assert "panel_date_set" not in ours().limit


def test_a_limit_that_the_procedure_only_knows_is_taken_into_use(council: Write) -> None:
    council("[only.statutory.limits.informal_resolution]\nused = true\ndays = 5")
    assert shown(our_case(), "informal_resolution", MONDAY) == ("2026-06-08", "running", 0)
    assert "informal_resolution" not in deadlines(opened(), MONDAY)


VISIT = """
[[only.statutory.new_limits]]
name = "first_visit"
stage = "stage_2"
title = "First visit"
kind = "target"
days = 8
starts = "requested:stage_2"
met_by = ["met_in_person"]
stopped_by = ["answered:stage_2"]
owner = "investigating_officer"
source = "Our standard"
"""


def test_a_limit_of_its_own(council: Write) -> None:
    council(VISIT)
    loader.check_all()
    case = our_case()
    send(case, "respond", "2026-06-08", outcome="not_upheld")
    send(case, "escalate", "2026-06-09")
    assert shown(case, "first_visit", "2026-06-09") == ("2026-06-19", "running", 0)
    send(case, "record_meeting", "2026-06-22")
    assert shown(case, "first_visit", "2026-06-22") == ("2026-06-19", "met_late", 1)
    assert "first_visit" not in ours("corporate").limit


def test_who_may_take_a_part(council: Write) -> None:
    council("[roles.investigating_officer]\nconnections = ['none']")
    case = our_case()
    send(case, "respond", "2026-06-08", outcome="not_upheld")
    send(case, "escalate", "2026-06-09")
    assert not appoint(case, "investigating_officer", "2026-06-10", connection="employee").applied


def test_how_a_stage_goes_on(council: Write) -> None:
    council("[only.statutory.stages.stage_1]\ntitle = 'Stage 1: the team'\nskip_by_agreement = false")
    case = our_case()
    assert status(case, MONDAY)["plain"]["title"] == "Stage 1: the team"
    assert send(case, "escalate", "2026-06-02", agreed_by_authority=True).pending


def test_its_policy(council: Write) -> None:
    council("[policy]\ndeemed_days = 5\nreopen_within_days = 10\n[only.corporate.policy]\ndeemed_days = 1")
    assert (ours().policy.deemed_days, ours().policy.reopen_within_days) == (5, 10)
    assert (ours("corporate").policy.deemed_days, ours("corporate").policy.reopen_within_days) == (1, 10)
    case = our_case()
    send(case, "withdraw", "2026-06-02")
    assert send(case, "reopen", "2026-06-16", reason="They came back").applied


QUESTION = """
[[only.statutory.questions]]
name = "{name}"
when = "mentions"
values = ["school"]
says = "Is it about a school"
instead = "Write to the school."
source = "Ours"
"""


def test_a_question_of_its_own_is_asked_beside_the_procedure_s(council: Write) -> None:
    council(QUESTION.format(name="school"))
    case = our_case(points=["The school rang nobody."], events_on="2020-01-01")
    assert len(status(case, MONDAY)["questions"]) == 2
    assert status(our_case(statutory=False, points=["The school."]), MONDAY)["questions"] == []


def test_one_of_the_same_name_takes_the_other_s_place(council: Write) -> None:
    council(QUESTION.format(name="older_than_a_year"))
    assert status(our_case(events_on="2020-01-01"), MONDAY)["questions"] == []
    assert "school" in status(our_case(points=["The school."]), MONDAY)["questions"][0]


def test_plain_words_of_its_own_and_the_others_stay(council: Write) -> None:
    council('[plain.stage_1]\nwho = "Ring us, we are nice."')
    mine, theirs = status(our_case(), MONDAY)["plain"], status(opened(), MONDAY)["plain"]
    assert mine["who"] == "Ring us, we are nice."
    assert (mine["what"], mine["next"]) == (theirs["what"], theirs["next"])


def test_which_procedure_a_matter_follows_its_own_rules_first(council: Write) -> None:
    council("[[choose]]\nprocedure = 'corporate'\nservices = ['school transport']\nreason = 'a bus is a bus'")
    bus = {"about": {"service": "School transport"}}
    found = status(our_case(**bus), MONDAY)
    assert (found["procedure"], found["procedure_reason"]) == ("corporate", "a bus is a bus")
    assert status(our_case(), MONDAY)["procedure"] == "statutory"
    assert status(our_case(kind="compliment", **bus), MONDAY)["procedure"] == "representation"


def test_what_those_who_owe_something_are_called(council: Write) -> None:
    council('stage_manager = "Head of Team"', instead_of='stage_manager = "manager of the team concerned"')
    assert "Head of Team" in status(our_case(), "2026-06-05")["plain"]["next"]


def test_a_procedure_that_it_does_not_have(council: Write) -> None:
    council(
        'procedures = { statutory = "statutory" }',
        instead_of='procedures = { statutory = "statutory", corporate = "corporate", '
        'representation = "representation" }',
    )
    loader.check_all()
    with pytest.raises(Malformed) as caught:
        our_case(procedure="corporate")
    assert [(p.field, "our-council has statutory" in p.what) for p in caught.value.problems] == [
        ("procedure", True)
    ]
    case = our_case()
    assert not send(case, "split", "2026-06-02", points=[1], procedure="corporate").applied


# --- mistakes ------------------------------------------------------------------------------------

FILE = "our-council.toml"


def _told() -> list[tuple[str, str]]:
    """The mistakes of the file beside this one: some lines, and after `=> ` what is told of them."""
    text = (Path(__file__).parent / "mistakes.txt").read_text(encoding="utf-8")
    blocks = [block for block in text.split("\n\n") if "\n=> " in block]
    return [(lines, told.strip()) for lines, _, told in (block.partition("\n=> ") for block in blocks)]


@pytest.mark.parametrize(("lines", "told"), _told(), ids=[told for _, told in _told()])
def test_a_mistake_is_told_with_file_place_and_what_would_be_right(
    council: Write, lines: str, told: str
) -> None:
    council(lines)
    assert told in mistakes()


def test_there_are_mistakes_of_every_part_of_a_file() -> None:
    parts = ("limits", "new_limits", "roles", "stages", "questions", "plain", "policy", "choose", "only")
    told = " ".join(told for _, told in _told())
    assert all(f"{part}." in told or f"{part}:" in told or f"{part}," in told for part in parts)


@pytest.mark.parametrize(
    ("was", "said", "told"),
    [
        ("[contact]", "[contakt]", ["contact: is missing", "contakt: no such field (is contact meant?)"]),
        ('team = "Children\'s complaints team"\n', "", ["contact.team: is missing"]),
        ("[ombudsman]", "[x]", ["ombudsman: is missing", "x: no such field"]),
        (
            'prefix = "CYP"',
            'prefix = "Cyp"',
            ["prefix: should be two to six capital letters, for example CYP"],
        ),
        ('name = "our-council"', 'name = "other"', ["name: should be 'our-council', as the file is called"]),
        (
            'corporate = "corporate"',
            'corporate = "corporat"',
            ["procedures.corporate: there is no procedures/corporat.toml (is corporate meant?)"],
        ),
        (
            'corporate = "corporate"',
            'corporate = "irm"',
            ["procedures.corporate: irm.toml holds the procedure 'irm'"],
        ),
    ],
)
def test_a_mistake_in_the_council_s_own_details(council: Write, was: str, said: str, told: list[str]) -> None:
    council(said, instead_of=was)
    assert mistakes() == [f"{FILE}: {line}" for line in told]


@pytest.mark.parametrize(
    ("lines", "wrong", "hint"),
    [
        ("[limits.acknowledgement\ndays = 2", "[limits.acknowledgement", "Expected ']'"),
        ("[limits.acknowledgement]\ndays = two", "days = two", "Invalid value"),
        ("[limits.acknowledgement]\nsource = “Ours”", "source = “Ours”", "straight quotes"),
        (
            '[limits.acknowledgement]\nsource = "Ours\ndays = 2',
            'source = "Ours',
            "quote at the end of the line",
        ),
    ],
)
def test_what_is_no_toml_is_told_with_its_line(council: Write, lines: str, wrong: str, hint: str) -> None:
    council(lines)
    at = (loader.AUTHORITIES / FILE).read_text(encoding="utf-8").splitlines().index(wrong) + 1
    [line] = mistakes()
    assert line.startswith(f"{FILE}: ")
    assert f"line {at}," in line
    assert hint in line


def test_every_mistake_of_every_file_is_told_at_once(council: Write) -> None:
    council("[limits.acknowledgement]\ndayz = 2\nunit = 'x'")
    (loader.AUTHORITIES / "other.toml").write_text("name = 'other'\n", encoding="utf-8")
    told = mistakes()
    of_ours = [line for line in told if line.startswith(FILE)]
    assert [line for line in of_ours if "dayz" in line]
    assert [line for line in of_ours if "unit" in line]
    assert {line for line in told if line.startswith("other.toml")} == {
        f"other.toml: {key}: is missing" for key in ("title", "prefix", "procedures", "contact", "ombudsman")
    }


OWN_FIELDS = """
direktor = "Chief"

[addresses]
director = "nobody"

[[choose]]
reason = "ours"
"""

NAMES = """
[[choose]]
procedure = "corprate"
reason = "ours"

[limits.acknowledgment]
days = 2

[plain.stage_9]
what = "This."
"""

FIELDS = """
[limits.acknowledgement]
days = "2"

[only.statutory.limits.stage_1_response]
dayz = 12

[[only.statutory.new_limits]]
name = "visit"
stage = "stage_2"
days = "8"

[[only.corporate.questions]]
name = "school"
when = "mentions"
says = "Is it about a school"
source = "Ours"

[policy]
office_opens = "9am"
"""

TOGETHER = """
[only.statutory.limits.stage_1_review]
remind = [1, 2]

[only.statutory.limits.stage_2_response]
starts = "answered:stage1"
extend_to = 10

[[only.statutory.new_limits]]
name = "second_visit"
stage = "stage_2"
title = "Second visit"
kind = "target"
days = 8
starts = "requested:stage_2"
follows = "visit"
owner = "complaints_manager"
source = "Ours"
"""


def test_mistakes_are_told_layer_by_layer_all_of_a_layer_at_once(council: Write) -> None:
    """The file's own fields; the names in it; the fields of its procedures; how those hang together."""
    over = "over statutory.toml: "
    council(OWN_FIELDS + NAMES + FIELDS + TOGETHER)
    own = sorted(mistakes())
    assert own[:2] == [
        f"{FILE}: addresses.director: should be an e-mail address, for example director@council.example",
        f"{FILE}: choose, number 1.procedure: is missing",
    ]
    assert [line.partition(": input")[0] for line in own[2:]] == [f"{FILE}: titles.direktor"]

    council(NAMES + FIELDS + TOGETHER)
    assert sorted(mistakes()) == [
        f"{FILE}: choose, number 1.procedure: our-council has no procedure 'corprate' (is corporate meant?)",
        f"{FILE}: limits.acknowledgment: no procedure here has such an entry (is acknowledgement meant?)",
        f"{FILE}: plain.stage_9: no such place (is stage_3 meant?)",
    ]

    council(FIELDS + TOGETHER)
    number = "should be a number, without quotes"
    assert sorted(mistakes()) == sorted(
        [f"{FILE} over corporate.toml: questions.school: values: is missing: when = 'mentions' needs it"]
        + [f"{FILE} {over}limits.visit.{key}: is missing" for key in MISSING_OF_THE_VISIT]
        + [
            f"{FILE} {over}limits.acknowledgement.days: {number}",
            f"{FILE} {over}limits.stage_1_response.dayz: no such field (is days meant?)",
            f"{FILE} {over}limits.visit.days: {number}",
            f"{FILE} {over}policy.office_opens: should be a time like 09:00",
        ]
    )

    council(TOGETHER)
    assert sorted(mistakes()) == [
        f"{FILE} {over}limits.second_visit.follows: no such limit: visit",
        f"{FILE} {over}limits.second_visit.met_by: is missing: nothing could meet it",
        f"{FILE} {over}limits.stage_1_review.remind: the days should fall: [1, 2]",
        f"{FILE} {over}limits.stage_2_response.extend_to: 10 is less than days, 25",
        f"{FILE} {over}limits.stage_2_response.starts: no such milestone: answered:stage1 "
        "(is answered:stage_1 meant?)",
    ]


MISSING_OF_THE_VISIT = ("title", "kind", "starts", "owner", "source")


def test_a_file_that_is_not_written_in_utf_8(council: Write) -> None:
    council()
    (loader.AUTHORITIES / FILE).write_bytes("title = 'Counté'".encode("latin-1"))
    loader.authority.cache_clear()
    assert mistakes() == [f"{FILE}: is not written in UTF-8"]


# --- what would leave a complaint in silence -----------------------------------------------------


@pytest.mark.parametrize(
    ("procedure", "stage", "window"),
    [
        ("statutory", "stage_1", "stage_1_review"),
        ("statutory", "stage_2", "stage_3_request"),
        ("corporate", "stage_1", "stage_1_review"),
    ],
)
def test_the_window_after_an_answer_is_needed(
    council: Write, procedure: str, stage: str, window: str
) -> None:
    """Without it an answered complaint would be owed nothing, by nobody, for ever."""
    council(f"[only.{procedure}.limits.{window}]\nused = false")
    [line] = mistakes()
    assert line.startswith(f"{FILE} over {procedure}.toml: stages.{stage}")


@pytest.mark.parametrize(
    "rule",
    [
        "procedure = 'representation'\nkinds = ['complaint']",
        "procedure = 'corporate'\nkinds = ['complaint', 'compliment']",
    ],
)
def test_a_rule_that_mixes_complaints_with_what_is_none(council: Write, rule: str) -> None:
    council(f"[[choose]]\n{rule}\nreason = 'ours'")
    assert any(line.startswith(f"{FILE}: choose, number 1") for line in mistakes())


# --- and no complaint is touched by it -----------------------------------------------------------


def test_a_running_complaint_never_sees_a_mistake(council: Write) -> None:
    council()
    case = our_case()
    council("[limits.acknowledgement\ndays = 2")
    send(case, "acknowledge", "2026-06-02")
    send(case, "respond", "2026-06-08", outcome="not_upheld")
    send(case, "escalate", "2026-06-15")
    assert shown(case, "stage_2_response", "2026-06-15") == ("2026-07-20", "running", 0)
    assert letters(done(case, "2026-06-15")) == ["acknowledgement", "stage_1_response", "stage_2_opening"]
    assert irregular(case, "2026-06-15") == []
    again = Case.restore(case.rules, case.saved())
    assert status(again, "2026-06-15") == status(case, "2026-06-15")


def test_a_mistake_in_one_file_does_not_hinder_another_council(council: Write) -> None:
    council("[limits.acknowledgement\ndays = 2")
    assert status(opened(authority="rotherham"), MONDAY)["stage"] == "stage_1"


def test_an_authority_that_there_is_not_is_malformed(council: Write) -> None:
    council()
    with pytest.raises(Malformed) as caught:
        loader.rules_for(parse_opening(document(authority="nowhere"), date(2026, 6, 1)))
    assert [problem.field for problem in caught.value.problems] == ["authority"]
    assert "our-council" in caught.value.problems[0].what
