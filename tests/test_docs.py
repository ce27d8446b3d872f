"""The documents are true where a test can tell: links, names of tests, every action, setting and key."""

from __future__ import annotations

import ast
import json
import re
import tomllib
from datetime import date
from functools import cache
from pathlib import Path

import pytest
import typer

from engine.search_attributes import SEARCH_ATTRIBUTES
from engine.settings import Settings
from redress.correction import MOST_CORRECTIONS
from redress.library import Authority, Contact, Service
from redress.loading import parse_opening
from redress.messages import MESSAGES, Message
from redress.opening import Opening
from redress.parse import LONGEST, LONGEST_OPENING, Malformed, parse_message
from redress.procedure import MILESTONES, Data, Limit, Policy, Procedure, RoleRule, Stage
from redress.standing import DeadlineStatus, Status
from starter import app

ROOT = Path(__file__).resolve().parent.parent
DOCS = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
IDS = [str(path.relative_to(ROOT)) for path in DOCS]

LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
FENCE = re.compile(r"^```.*?^```$", re.DOTALL | re.MULTILINE)
TEST = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")
RULE = re.compile(r"\b00\d-\d+\b")

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


def test_every_test_named_for_a_rule_exists() -> None:
    named = TEST.findall(text("docs/seeds.md"))
    assert len(named) > 30
    for file, name in named:
        assert name in functions(file), f"{file}::{name}"


@cache
def functions(file: str) -> set[str]:
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return {node.name for node in ast.walk(ast.parse(text(file))) if isinstance(node, kinds)}


def test_every_rule_of_the_five_documents_has_its_line() -> None:
    said = text("docs/seeds.md")
    named = set(RULE.findall(said))
    assert "000-1 to 000-14" in said
    named |= {f"000-{number}" for number in range(1, 15)}
    assert named == {f"{seed}-{n}" for seed, last in RULES_OF.items() for n in range(1, last + 1)}


def test_each_row_for_a_rule_names_a_test_or_says_not_yet() -> None:
    rows = [line for line in text("docs/seeds.md").splitlines() if re.match(r"\| 00\d-\d+ \|", line)]
    assert rows
    for row in rows:
        assert TEST.search(row) or "| not yet |" in row, row


@pytest.mark.parametrize("action", MESSAGES)
def test_every_action_and_its_fields_are_explained(action: str) -> None:
    (row,) = (line for line in text("docs/messages.md").splitlines() if line.startswith(f"| `{action}` |"))
    for name, field in MESSAGES[action].model_fields.items():
        everyones = Message.model_fields.get(name)
        if everyones is None or everyones.is_required() is not field.is_required():
            shown = field.alias or name
            assert f"`{shown}`" in row, shown
            assert (f"**`{shown}`**" in row) is field.is_required(), shown


def test_the_opening_shown_can_be_sent() -> None:
    (example,) = re.findall(r"```json\n(.*?)```", text("docs/messages.md"), re.DOTALL)
    assert parse_opening(json.loads(example), date(2026, 12, 1)).kind == "complaint"


def test_the_program_shown_is_python_and_sends_what_is_well_formed() -> None:
    (example,) = re.findall(r"```python\n(.*?)```", text("docs/messages.md"), re.DOTALL)
    sent = [node for node in ast.walk(ast.parse(example)) if isinstance(node, ast.Dict)]
    bodies = [ast.literal_eval(node) for node in sorted(sent, key=lambda node: node.lineno)]
    received_on, today = date(2026, 11, 20), date(2026, 12, 1)
    for action, body in (("respond", bodies[0]), ("escalate", bodies[2])):
        parse_message(action, body, received_on=received_on, today=today)
    with pytest.raises(Malformed):
        parse_message("respond", bodies[1], received_on=received_on, today=today)


def test_the_sizes_told_are_those_that_count() -> None:
    said = text("docs/messages.md")
    assert f"has at most {LONGEST // 1024} KiB" in said
    assert f"at most {size_of(LONGEST_OPENING)}. A web form" in said
    assert f"At most {MOST_CORRECTIONS} in a complaint" in said


def size_of(number: int) -> str:
    return f"{number // 1024 // 1024} MiB" if number >= 1024 * 1024 else f"{number // 1024} KiB"


def test_the_authority_shown_can_be_laid_over_the_procedure() -> None:
    (example,) = re.findall(r"```toml\n(.*?)```", text("docs/procedures.md"), re.DOTALL)
    own = tomllib.loads(example)
    assert own.keys() == {"limits", "roles", "policy"}
    assert own["policy"].keys() <= Policy.model_fields.keys()
    for each in own["limits"].values():
        assert each.keys() <= Limit.model_fields.keys()
    for each in own["roles"].values():
        assert each.keys() <= RoleRule.model_fields.keys()


@pytest.mark.parametrize("kind", [Message, Opening])
def test_the_fields_of_openings_and_messages_are_explained(kind: type[Message] | type[Opening]) -> None:
    assert kind.model_fields.keys() <= words_in_code("docs/messages.md")


@pytest.mark.parametrize("kind", [Status, DeadlineStatus])
def test_the_status_is_explained_field_by_field(kind: type) -> None:
    assert set(kind.__annotations__) <= words_in_code("docs/messages.md")


def test_every_command_is_explained() -> None:
    group = typer.main.get_command(app)
    assert set(getattr(group, "commands", {})) <= words_in_code("docs/messages.md")


@pytest.mark.parametrize(
    "kind", [Procedure, Stage, RoleRule, Limit, Policy, Authority, Contact, Service], ids=lambda k: k.__name__
)
def test_every_key_of_the_files_is_explained(kind: type[Data]) -> None:
    assert kind.model_fields.keys() <= words_in_code("docs/procedures.md")


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
