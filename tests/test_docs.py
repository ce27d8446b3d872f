"""The documents are true where a test can tell: links, names of tests, every action, setting and key."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import get_args

import pytest
import typer
from pydantic import BaseModel

from redress.cli.main import commands
from redress.contract import SEARCH_ATTRIBUTES
from redress.domain.case import Case
from redress.domain.corrections import MOST_CORRECTIONS, OPENING_FIELDS
from redress.domain.fields import Contact as Complainant
from redress.domain.messages import MESSAGES, Finding, Message, Recommendation, Remedy
from redress.domain.opening import About, OnBehalfOf, Opening
from redress.domain.opening_parsing import parse_opening
from redress.domain.parsing import LONGEST, LONGEST_OPENING
from redress.domain.plain_words import PlainWords
from redress.domain.points import PointState
from redress.domain.procedure import (
    MILESTONES,
    NEEDED,
    PLACES,
    Condition,
    Data,
    Direct,
    Limit,
    Plain,
    Policy,
    Procedure,
    Question,
    RoleRule,
    Stage,
)
from redress.domain.status import DeadlineStatus, Status
from redress.procedures import loader
from redress.procedures.authority import Authority, Choice, Contact, Letterhead, Overlay, Service
from redress.procedures.files import read_toml
from redress.services.clock import today
from redress.settings import Settings
from scripts.generate import generated
from tests.authorities import forget, own_authorities
from tests.evidence import Evidence, files_of_tests, named_tests, unproven

ROOT = Path(__file__).resolve().parent.parent
DOCS = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
IDS = [str(path.relative_to(ROOT)) for path in DOCS]

LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
FENCE = re.compile(r"^```.*?^```$", re.DOTALL | re.MULTILINE)
TOML = re.compile(r"```toml\n(.*?)```", re.DOTALL)

RULES_OF = {"000": 14, "001": 16, "002": 14, "003": 18, "004": 16}
"""How many rules each of the five documents has."""


@cache
def text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def words_in_code(name: str) -> set[str]:
    """Every word that stands between backticks in a document, its examples apart."""
    spans = re.findall(r"`([^`\n]+)`", FENCE.sub("", text(name)))
    return {word for span in spans for word in re.findall(r"[\w:-]+", span)}


def anchors(path: Path) -> set[str]:
    """The headings of a document as links name them."""
    titles = re.findall(r"^#+ (.+)$", FENCE.sub("", path.read_text(encoding="utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("path", DOCS, ids=IDS)
def test_every_link_leads_somewhere(path: Path) -> None:
    for link in LINK.findall(FENCE.sub("", path.read_text(encoding="utf-8"))):
        if "://" in link:
            continue
        place, _, anchor = link.partition("#")
        target = (path.parent / place).resolve() if place else path
        assert target.is_relative_to(ROOT), link
        assert target.exists(), link
        if anchor:
            assert anchor in anchors(target), link


@pytest.mark.parametrize("path", DOCS, ids=IDS)
def test_no_document_names_a_place_on_one_machine(path: Path) -> None:
    found = re.findall(r"(?<![\w./])/(?:work|root|tmp|home)/\S*", path.read_text(encoding="utf-8"))
    assert found == []


def test_the_readme_is_short() -> None:
    assert len(text("README.md").splitlines()) <= 120


def test_the_first_complaint_is_received_today() -> None:
    """Otherwise a newcomer's first act would be late."""
    ((old, file),) = re.findall(r'sed "s/([\d-]+)/\$\(date \+%F\)/" (\S+)', text("README.md"))
    opening = text(file).replace(old, today().isoformat())
    assert json.loads(opening)["received_on"] == today().isoformat()


# --- docs/seeds.md -----------------------------------------------------------------------------------


def rows() -> dict[str, list[str]]:
    """The cells of each rule's row; a rule that stands twice is a mistake."""
    found: dict[str, list[str]] = {}
    for line in text("docs/seeds.md").splitlines():
        if re.match(r"\| 00\d-\d+ \|", line):
            rule, *cells = (cell.strip() for cell in line.strip("|").split("|"))
            assert rule not in found, f"{rule} stands twice"
            found[rule] = cells
    return found


def test_each_of_the_78_rules_has_one_row() -> None:
    assert list(rows()) == [f"{seed}-{n}" for seed, last in RULES_OF.items() for n in range(1, last + 1)]
    assert len(rows()) == 78


@pytest.mark.parametrize("rule", rows())
def test_each_row_says_what_carries_the_rule_and_which_tests_show_it(rule: str) -> None:
    short, carried, shown = rows()[rule]
    assert short
    assert "`" in carried
    assert named_tests(shown), shown
    for file, name in named_tests(shown):
        assert name in functions(file), f"{file}::{name}"


def test_each_rule_is_seen_from_outside_by_commands_that_there_are() -> None:
    outside = text("docs/seeds.md").partition("## Seen from outside")[2].partition("\n## ")[0]
    seen = re.findall(r"^- (00\d-\d+): (.+)$", outside, re.MULTILINE)
    assert [rule for rule, _ in seen] == list(rows())
    known = {*typer.main.get_group(commands()).commands}
    for rule, how in seen:
        spans = re.findall(r"`([a-z]+)(?: [^`]*)?`", how)
        assert known & {*spans} or "the same letter" in how, rule
        for action in re.findall(r"`send REF ([a-z-]+)", how):
            assert action.replace("-", "_") in MESSAGES, f"{rule}: {action}"


@cache
def functions(file: str) -> set[str]:
    """The functions of a file of tests."""
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return {node.name for node in ast.walk(ast.parse(text(file))) if isinstance(node, kinds)}


def test_what_carries_a_rule_is_there() -> None:
    """Limits, stages, questions, letters, policies and places that the rows name exist."""
    letters = {path.stem for path in (ROOT / "redress" / "letters" / "templates").glob("*.txt")}
    known = {*letters, *MESSAGES, *Opening.model_fields, *Status.__annotations__, "kind"}
    for kind in (Limit, Stage, RoleRule, Policy, Direct, Question, Authority, Remedy):
        known |= kind.model_fields.keys()
    for kind_of_message in MESSAGES.values():
        known |= {field.alias or name for name, field in kind_of_message.model_fields.items()}
    for each in loader.authority_names():
        for name in loader.authority(each).procedures:
            rules = loader.procedure(name, each)
            known |= {*rules.limit, *rules.stage, *rules.role, rules.name, *(q.name for q in rules.questions)}
            known |= {limit.owner for limit in rules.limits}
    for rule, (_, carried, _) in rows().items():
        for span in re.findall(r"`([^`]+)`", carried):
            if "/" in span:
                assert (ROOT / span).exists(), f"{rule}: {span}"
            elif re.fullmatch(r"\w+", span):
                assert span in known | KINDS | FUNCTIONS, f"{rule}: {span}"


KINDS = {"service_request", "information_request"}
FUNCTIONS = {"entry_stage", "procedure_for"}


def test_a_named_test_that_did_not_pass_is_told() -> None:
    named = [("tests/test_a.py", name) for name in ("ok", "cases", "failed", "skipped", "gone")]
    outcomes = {
        "tests/test_a.py::ok": "passed",
        "tests/test_a.py::cases[one]": "passed",
        "tests/test_a.py::cases[two-[x]]": "passed",
        "tests/test_a.py::Group::failed[one]": "passed",
        "tests/test_a.py::Group::failed[two]": "failed",
        "tests/test_a.py::skipped": "skipped",
        "tests/test_b.py::gone": "passed",
    }
    assert unproven(named, outcomes) == [
        "tests/test_a.py::failed: failed, passed",
        "tests/test_a.py::skipped: skipped",
        "tests/test_a.py::gone: did not run",
    ]


PROVED = {
    "conftest": "from pathlib import Path\nfrom tests.evidence import Evidence\n"
    "def pytest_configure(config):\n"
    "    config.pluginmanager.register(Evidence(Path(__file__).parent.parent))\n",
    "test_rule": "def test_one(): pass\ndef test_two(): pass\n",
}


@pytest.mark.parametrize(
    ("other", "arguments", "told"),
    [
        ("def test_three(): pass", [], ""),
        ("def test_four(): pass", [], "test_three: did not run"),
        ("import pytest\ndef test_three(): pytest.skip()", [], "test_three: skipped"),
        ("import pytest\ndef test_three(): pytest.skip()", ["-k", "test_one"], ""),
        ("import pytest\ndef test_three(): pytest.skip()", ["tests/test_rule.py"], ""),
    ],
)
def test_a_whole_run_fails_where_a_rules_test_did_not_pass(
    tmp_path: Path, other: str, arguments: list[str], told: str
) -> None:
    for name, source in (*PROVED.items(), ("test_other", other)):
        (tmp_path / "tests").mkdir(exist_ok=True)
        (tmp_path / "tests" / f"{name}.py").write_text(source, encoding="utf-8")
    (tmp_path / "docs").mkdir()
    rules = "`tests/test_rule.py::test_one` `tests/test_other.py::test_three`"
    (tmp_path / "docs" / "seeds.md").write_text(rules, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "--rootdir", ".", "-p", "no:cacheprovider", *arguments]
    ran = subprocess.run(
        command, cwd=tmp_path, env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False
    )
    assert ran.returncode == (1 if told else 0), ran.stdout + ran.stderr
    assert (f"tests/test_other.py::{told}" if told else "passed") in ran.stdout


def test_this_run_listens_for_the_tests_named(request: pytest.FixtureRequest) -> None:
    listening = request.config.pluginmanager.get_plugin("evidence")
    assert isinstance(listening, Evidence)
    assert "tests/test_docs.py" in listening.files <= files_of_tests(ROOT / "tests")


# --- docs/messages.md --------------------------------------------------------------------------------


@pytest.mark.parametrize("action", MESSAGES)
def test_every_action_and_its_fields_are_explained(action: str) -> None:
    actions = (
        text("docs/messages.md").partition("<!-- generated: actions -->")[2].partition("<!-- end -->")[0]
    )
    (row,) = (line for line in actions.splitlines() if line.startswith(f"| `{action}` |"))
    for name, field in MESSAGES[action].model_fields.items():
        everyones = Message.model_fields.get(name)
        if everyones is None or everyones.is_required() is not field.is_required():
            shown = field.alias or name
            assert f"`{shown}`" in row, shown
            assert (f"**`{shown}`**" in row) is field.is_required(), shown


def test_what_is_generated_is_fresh() -> None:
    assert [path for path, wanted in generated().items() if text(path) != wanted] == []


def test_the_opening_shown_can_be_sent() -> None:
    (example,) = re.findall(r"```json\n(.*?)```", text("docs/messages.md"), re.DOTALL)
    assert parse_opening(json.loads(example), date(2026, 12, 1)).kind == "complaint"


EXAMPLES = {
    "three-stages": "statutory",
    "under-way": "statutory",
    "withdrawn": "statutory",
    "irm": "irm",
    "corporate": "corporate",
    "compliment": "representation",
    "partly-statutory": "statutory",
}


def example(name: str) -> Case:
    """An example, opened two days after its receipt."""
    raw = json.loads(text(f"examples/{name}.json"))
    today = date(2026, 11, 22)
    opening = parse_opening(raw, today)
    return Case(loader.rules_for(opening, today), "CYP-2026-000001", opening, today)


def test_every_example_is_tried() -> None:
    assert EXAMPLES.keys() == {path.stem for path in (ROOT / "examples").glob("*.json")}


@pytest.mark.parametrize(("name", "procedure"), EXAMPLES.items())
def test_an_example_can_be_opened_under_its_procedure(name: str, procedure: str) -> None:
    status = example(name).status(date(2026, 11, 22))
    assert (status["procedure"], status["state"], status["questions"]) == (procedure, "open", [])
    assert f"`examples/{name}.json`" in text("docs/messages.md")


def test_the_example_to_split_can_be_split() -> None:
    case = example("partly-statutory")
    now = datetime(2026, 11, 22, 12, tzinfo=UTC)
    answer = case.receive(case.parse("split", {"points": [2], "procedure": "corporate"}, now), now)
    assert answer.applied
    (linked,) = case.status(date(2026, 11, 22))["linked"]
    assert linked["points"] == [case.intake.points[1]]
    assert linked["procedure"] == "corporate"


def test_the_sizes_told_are_those_that_count() -> None:
    said = text("docs/messages.md")
    assert f"has at most {LONGEST // 1024} KiB" in said
    assert f"at most {size_of(LONGEST_OPENING)}. A web form" in said
    assert f"At most {MOST_CORRECTIONS} in a complaint" in said


def size_of(number: int) -> str:
    return f"{number // 1024 // 1024} MiB" if number >= 1024 * 1024 else f"{number // 1024} KiB"


PARTS: list[type[BaseModel]] = [Message, Opening, Complainant, About, OnBehalfOf]


@pytest.mark.parametrize("kind", PARTS, ids=lambda kind: kind.__name__)
def test_the_fields_of_openings_and_messages_are_explained(kind: type[BaseModel]) -> None:
    assert kind.model_fields.keys() <= words_in_code("docs/messages.md")


@pytest.mark.parametrize("kind", [Finding, Remedy, Recommendation], ids=lambda kind: kind.__name__)
def test_the_parts_of_a_message_are_shown(kind: type[Finding | Remedy | Recommendation]) -> None:
    names = {Finding: "findings", Remedy: "remedies", Recommendation: "recommendations"}
    shown = re.search(rf"^\| `{names[kind]}` \|.*`\[(.*?)\]` \|$", text("docs/messages.md"), re.MULTILINE)
    assert shown
    assert json.loads(shown[1]).keys() == {field.alias or name for name, field in kind.model_fields.items()}
    kind.model_validate(json.loads(shown[1].replace("…", "said")))


def test_what_may_be_corrected_is_said() -> None:
    (said,) = re.findall(
        r"^\| `field` \| `correct` \| One of (.*?); or", text("docs/messages.md"), re.MULTILINE
    )
    assert set(re.findall(r"`(\w+)`", said)) == set(OPENING_FIELDS)


def test_the_conditions_of_an_early_referral_are_named() -> None:
    named = words_in_code("docs/messages.md")
    conditions = loader.procedure("statutory", "family-rights").early_referral
    assert conditions
    assert {each.name for each in conditions} <= named


def test_the_states_of_a_point_are_named() -> None:
    assert {*get_args(PointState)} <= words_in_code("docs/messages.md")


@pytest.mark.parametrize("kind", [Status, DeadlineStatus, PlainWords])
def test_the_status_is_explained_field_by_field(kind: type) -> None:
    assert set(kind.__annotations__) <= words_in_code("docs/messages.md")


def test_every_command_is_explained() -> None:
    group = typer.main.get_command(commands())
    assert set(getattr(group, "commands", {})) <= words_in_code("docs/messages.md")


# --- docs/procedures.md ------------------------------------------------------------------------------

OF_PROCEDURES: list[type[Data]] = [
    Procedure,
    Stage,
    RoleRule,
    Limit,
    Policy,
    Question,
    Direct,
    Condition,
    Plain,
]
OF_AUTHORITIES: list[type[Data]] = [Authority, Overlay, Choice, Contact, Service, Letterhead]


@pytest.mark.parametrize("kind", OF_PROCEDURES + OF_AUTHORITIES, ids=lambda kind: kind.__name__)
def test_every_key_of_the_files_is_explained(kind: type[Data]) -> None:
    assert kind.model_fields.keys() <= words_in_code("docs/procedures.md")


def test_every_word_that_a_key_may_have_is_explained() -> None:
    words = words_in_code("docs/procedures.md")
    for kind in (*OF_PROCEDURES, *OF_AUTHORITIES):
        for field in kind.model_fields.values():
            choices = {each for each in get_args(field.annotation) if isinstance(each, str)}
            assert choices <= words, field
    assert {*PLACES, *NEEDED} <= words


def test_everything_that_is_shipped_has_its_row() -> None:
    said = text("docs/procedures.md")
    shipped = {*loader.authority_names()}
    for name in loader.authority_names():
        shipped |= loader.authority(name).procedures.keys()
    for name in shipped:
        assert f"\n| `{name}` |" in said, name


NUMBERS = {
    "statutory": "stage_1_response stage_2_response panel_meeting panel_report final_response",
    "corporate": "acknowledgement stage_1_response stage_2_acknowledgement stage_2_response",
    "irm": "informal_resolution stage_1_response stage_2_response",
    "representation": "acknowledgement passed_on",
}
"""The limits whose days the table of procedures tells, in its order."""


def usual(procedure: str) -> Procedure:
    """A procedure as it is where nobody changes it."""
    return loader.procedure(procedure, "irm" if procedure == "irm" else "family-rights")


@pytest.mark.parametrize("name", NUMBERS)
def test_the_days_in_the_table_of_procedures_are_those_that_count(name: str) -> None:
    rows_of = re.findall(rf"^\| `{name}` \| (.*) \|$", text("docs/procedures.md"), re.MULTILINE)
    stages = re.sub(r"Stage \d", "", rows_of[0].split(" | ")[1])
    limits = [usual(name).limit[each] for each in NUMBERS[name].split()]
    days = [[limit.days, limit.extend_to] for limit in limits]
    assert [int(number) for number in re.findall(r"\d+", stages)] == [n for each in days for n in each if n]


@pytest.mark.parametrize("name", NUMBERS)
def test_the_days_of_the_deadlines_named_are_those_that_count(name: str) -> None:
    said = (
        text("docs/messages.md").partition("The deadlines that matter most")[2].partition("The rest are")[0]
    )
    (line,) = re.findall(rf"^- `{name}`(.*?)(?=^- |\Z)", said, re.MULTILINE | re.DOTALL)
    found = re.findall(r"`(\w+)`(?: a\s+window of)? (\d+)( calendar)?(?: days)?(?: \(to (\d+)\))?", line)
    assert len(found) > 1
    for limit_name, days, unit, most in found:
        limit = usual(name).limit[limit_name]
        assert (limit.days, limit.extend_to or 0) == (int(days), int(most or 0)), limit_name
        assert limit.unit.startswith("calendar") is bool(unit), limit_name


@pytest.fixture
def council(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Adds to a copy of an authority, as a newcomer does: `your-council`."""
    with own_authorities(tmp_path, monkeypatch) as folder:
        base = (folder / "family-rights.toml").read_text(encoding="utf-8")
        base = base.replace('name = "family-rights"', 'name = "your-council"')
        # A page that changes policy says it anew.
        base = base.replace('[policy]\ndecision_letters = "at_once"\n', "")

        def write(more: str) -> None:
            before = base.partition("[titles]")[0] if more.startswith("[titles]") else base
            (folder / "your-council.toml").write_text(f"{before}\n{more}", encoding="utf-8")
            forget()

        yield write


def test_the_changes_shown_can_be_made(council: Callable[[str], None]) -> None:
    council(TOML.findall(text("docs/procedures.md"))[0])
    loader.check_all()
    mine = {name: loader.procedure(name, "your-council") for name in ("statutory", "corporate")}
    theirs = {name: loader.procedure(name, "family-rights") for name in mine}
    assert [mine[name].limit["acknowledgement"].days for name in mine] == [2, 2]
    window = mine["corporate"].limit["stage_1_review"]
    assert (window.days, window.unit) == (28, "calendar_days")
    assert mine["statutory"].limit["stage_1_review"] == theirs["statutory"].limit["stage_1_review"]
    added = mine["statutory"].limit.keys() - theirs["statutory"].limit.keys()
    assert added == {"informal_resolution", "first_visit"}
    assert mine["corporate"].limit.keys() == theirs["corporate"].limit.keys()
    assert mine["statutory"].role["investigating_officer"].connections == ["none"]
    assert mine["statutory"].stage["stage_2"].title == "Stage 2: independent investigation"
    assert mine["corporate"].policy.deemed_days == 3
    assert {q.name for q in mine["statutory"].questions} - {q.name for q in theirs["statutory"].questions}
    assert mine["corporate"].questions == theirs["corporate"].questions
    assert mine["statutory"].plain["stage_1"].what == theirs["statutory"].plain["stage_1"].what
    assert mine["statutory"].plain["stage_1"].next != theirs["statutory"].plain["stage_1"].next
    bus = {"authority": "your-council", "about": {"service": "School transport"}}
    opening = json.loads(re.findall(r"```json\n(.*?)```", text("docs/messages.md"), re.DOTALL)[0]) | bus
    chosen = loader.procedure_for(parse_opening(opening, date(2026, 12, 1)))
    assert chosen == ("corporate", "school transport is not children's social care")


MISTAKES = re.findall(r"```toml\n([^`]*)```\n```\n([^`]*)\n```", text("docs/procedures.md"))


def test_mistakes_are_shown() -> None:
    assert len(MISTAKES) >= 6


@pytest.mark.parametrize(("snippet", "told"), MISTAKES, ids=[told[:50] for _, told in MISTAKES])
def test_a_mistake_is_told_as_shown(council: Callable[[str], None], snippet: str, told: str) -> None:
    council(snippet)
    with pytest.raises(loader.FileError) as caught:
        loader.check_all()
    assert str(caught.value) == told


def test_the_policies_shown_have_their_defaults() -> None:
    table = text("docs/procedures.md").partition("### Policy")[2].partition("\n#")[0]
    shown = {
        name: default
        for names, defaults in re.findall(r"^\| (`.+?`) \| (.+?) \|", table, re.MULTILINE)
        for name, default in zip(re.findall(r"\w+", names), re.findall(r"[\w:]+", defaults), strict=True)
    }
    shared = read_toml(loader.PROCEDURES / "shared.toml")["policy"]
    usual_policy = Policy(**shared).model_dump()
    defaults = {name: "none" if value in ({}, []) else str(value) for name, value in usual_policy.items()}
    assert shown == {name: said.lower() for name, said in defaults.items()}


def test_every_milestone_is_explained() -> None:
    words = words_in_code("docs/procedures.md")
    for milestone in MILESTONES:
        what, _, of = milestone.partition(":")
        assert milestone in words or f":{of}" in words or f"{what}:ROLE" in words, milestone


@pytest.mark.parametrize("name", Settings.model_fields)
def test_every_setting_is_explained(name: str) -> None:
    assert f"| `REDRESS_{name.upper()}` |" in text("docs/operating.md")


def test_every_search_attribute_is_explained() -> None:
    assert {key.name for key in SEARCH_ATTRIBUTES} <= words_in_code("docs/operating.md")


def test_every_decision_is_in_the_index() -> None:
    folder = ROOT / "docs" / "decisions"
    numbered = {path.name for path in folder.glob("[0-9]*.md")}
    assert numbered == set(LINK.findall(text("docs/decisions/README.md")))
    for name in numbered:
        assert text(f"docs/decisions/{name}").startswith(f"# {name[:4]}: ")


def test_every_dependency_has_its_reason() -> None:
    said = words_in_code("docs/decisions/0007-dependencies.md")
    project = text("pyproject.toml").partition("[tool.")[0]
    listed = re.findall(r'^    "([\w-]+)', project, re.MULTILINE)
    assert len(listed) > 15
    assert set(listed) <= said
