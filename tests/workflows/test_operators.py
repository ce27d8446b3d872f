"""docs/operators.md says what there is: every ready list, every search attribute, forms that are taken."""

from __future__ import annotations

import json
import re
from datetime import date
from pathlib import Path
from typing import get_args

import pytest

from redress.contract import SEARCH_ATTRIBUTES, TYPE_NAMES
from redress.domain.messages import MESSAGES
from redress.domain.parsing import parse_message
from redress.domain.procedure import StageName, WaitingFor
from redress.domain.sentences import with_long_dates
from redress.procedures.loader import authority_names
from redress.services.links import lines, list_url, ready_lists
from redress.settings import Settings
from workflows.descriptions import example_form, update_description

DOC = (Path(__file__).parent.parent.parent / "docs" / "operators.md").read_text(encoding="utf-8")
UI = Settings.model_fields["ui"].default

MOST_KEYWORDS = 10
"""Keyword attributes that a namespace may have in Temporal's SQL visibility store; of each other type 3."""


def test_every_ready_list_without_a_date_has_its_link() -> None:
    monday, later = date(2026, 11, 23), date(2026, 12, 7)
    then = {each.name: each.query for each in ready_lists(later, authority_names())}
    undated = [each for each in ready_lists(monday, authority_names()) if then[each.name] == each.query]
    shown = re.findall(r"^- \[(.+?)\]\((http\S+)\)$", DOC, re.MULTILINE)
    assert shown == [(each.name, list_url(UI, "default", each.query)) for each in undated]
    dated = then.keys() - {each.name for each in undated}
    assert dated == {"due this week", "file closed this month"}
    assert all(f"*{name}*" in DOC for name in dated)


def test_the_links_of_the_readme_are_ready_lists() -> None:
    readme = (Path(__file__).parent.parent.parent / "README.md").read_text(encoding="utf-8")
    ready = {
        list_url(UI, "default", each.query) for each in ready_lists(date(2026, 11, 23), authority_names())
    }
    shown = re.findall(r"\]\((http://127\S+/workflows\?query=\S+)\)", readme)
    assert shown
    assert set(shown) <= ready


def test_the_printed_lines_are_the_lists() -> None:
    on = date(2026, 11, 23)
    printed = [re.split(r"\s{2,}", line) for line in lines(UI, "default", on)]
    lists = ready_lists(on, authority_names())
    assert printed == [[each.name, list_url(UI, "default", each.query)] for each in lists]


@pytest.mark.parametrize(
    ("on", "before"),
    [("2026-11-23", "2026-11-30T00:00:00Z"), ("2026-06-05", "2026-06-07T23:00:00Z")],
    ids=["winter", "summer time"],
)
def test_a_week_ends_at_midnight_in_london(on: str, before: str) -> None:
    (due,) = (e for e in ready_lists(date.fromisoformat(on), []) if e.name == "due this week")
    assert f'NextDue < "{before}"' in due.query


@pytest.mark.parametrize(
    ("said", "read"),
    [
        (
            "until 2027-05-01 is beyond 2026-12-18 (reg 14).",
            "until Sat 1 May 2027 is beyond Fri 18 Dec 2026 (reg 14).",
        ),
        ("CYP-2026-000123 and 2026-13-45 are no dates", "CYP-2026-000123 and 2026-13-45 are no dates"),
    ],
)
def test_people_read_dates_as_they_write_them(said: str, read: str) -> None:
    assert with_long_dates(said) == read


def test_every_search_attribute_is_in_the_table() -> None:
    rows = dict(
        re.findall(r"^\| `(\w+)` \| (\w+) \|", DOC.partition("## Search attributes")[2], re.MULTILINE)
    )
    assert rows == TYPE_NAMES
    words = set(re.findall(r"`([\w-]+)`", DOC))
    assert {*get_args(WaitingFor), *get_args(StageName)} <= words


def test_the_search_attributes_fit_into_an_sql_store() -> None:
    kinds = [TYPE_NAMES[key.name] for key in SEARCH_ATTRIBUTES]
    assert kinds.count("Keyword") <= MOST_KEYWORDS
    assert all(kinds.count(kind) <= 3 for kind in set(kinds) - {"Keyword"})


def test_the_examples_are_taken() -> None:
    rows = re.findall(r"^\| .+? \| `(\w+)` \| `(\{.+\})` \|$", DOC, re.MULTILINE)
    assert [action for action, _ in rows] == ["acknowledge", "extend", "respond", "escalate"]
    for action, form in rows:
        parse_message(action, json.loads(form), received_on=date(2026, 11, 20), today=date(2026, 11, 24))


def test_every_action_has_its_form() -> None:
    for action, kind in MESSAGES.items():
        required = {field.alias or name for name, field in kind.model_fields.items() if field.is_required()}
        assert required <= {
            "on",
            "message_id",
            *example_form(kind),
        }, action
    assert "sent by a command" in update_description("recount")
