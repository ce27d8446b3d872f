"""`procedure`: a procedure drawn from its data, as an outline, a poster and Mermaid text."""

from __future__ import annotations

import asyncio
import re
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import combinations
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree

import pytest

from drawing.metrics import ROOM_TO_SPARE, width, wrapped
from drawing.outline import outline
from drawing.phrases import moment
from drawing.plan import Plan
from drawing.sheet import STYLES
from redress.domain.procedure import MILESTONES
from redress.domain.words import TITLES
from redress.procedures import loader
from redress.services import drawing
from tests.cli.conftest import ROOT, Cli

SHOWN = {
    "statutory": "family-rights",
    "corporate": "family-rights",
    "irm": "irm",
    "representation": "family-rights",
}
"""The procedures that docs/ shows, each with whose choices."""

EVERY = [(name, each) for each in loader.authority_names() for name in loader.authority(each).procedures]

NAMESPACE = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def alone(tmp_path: Path) -> Cli:
    """No Temporal, no register, no state folder."""
    return Cli("127.0.0.1:1", tmp_path / "none")


@pytest.fixture
def council(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Writes `your-council`, an invented authority with changes of its own."""
    shutil.copytree(loader.AUTHORITIES, tmp_path / "authorities")
    monkeypatch.setattr(loader, "AUTHORITIES", tmp_path / "authorities")
    base = (tmp_path / "authorities" / "family-rights.toml").read_text(encoding="utf-8")
    base = base.replace('name = "family-rights"', 'name = "your-council"').partition("[titles]")[0]

    def forget() -> None:
        loader.authority.cache_clear()
        loader.procedure.cache_clear()

    def write(more: str) -> None:
        (tmp_path / "authorities" / "your-council.toml").write_text(f"{base}\n{more}", encoding="utf-8")
        forget()

    yield write
    forget()


# --- the command as it is typed ----------------------------------------------------------------------


async def test_one_json_document(alone: Cli) -> None:
    ran, named = await asyncio.gather(
        alone("procedure", "statutory", "--authority", "north-somerset", "--json"),
        alone("procedure", "STATUTORY", "--authority", "north_somerset", "--json"),
    )
    assert (ran.status, ran.err) == (0, "")
    assert set(ran.document) == {"procedure", "authority", "title", "mermaid", "svg"}
    assert ran.document["procedure"] == "statutory"
    assert ran.document["authority"] == "north-somerset"
    assert ran.document["title"] == "Children's social care complaints: statutory procedure"
    assert ran.document["mermaid"].startswith("flowchart TD\n")
    assert ElementTree.fromstring(ran.document["svg"]).tag == f"{NAMESPACE}svg"
    assert named.document == ran.document
    assert not alone.state.exists()


async def test_the_outline_is_what_a_terminal_shows(alone: Cli) -> None:
    ran, irm = await asyncio.gather(alone("procedure", "statutory"), alone("procedure", "irm"))
    assert (ran.status, ran.err) == (0, "")
    lines = ran.out.splitlines()
    stages = [at for at, line in enumerate(lines) if line.startswith("Stage ")]
    assert [lines[at] for at in stages] == [
        "Stage 1: local resolution",
        "Stage 2: investigation",
        "Stage 3: Review Panel",
    ]
    first = "\n".join(lines[stages[0] : stages[1]])
    assert "  10 working days   Stage 1 response\n" in first
    assert "limit, from the day it was received; Manager of the team concerned; may be extended" in first
    assert "→ The complainant may ask for Stage 2 once this stage is answered" in first
    assert irm.out.startswith("Independent Review Mechanism: complaints procedure\n")
    assert "7 calendar days   Stage 1 answer" in irm.out


async def test_each_form_alone(alone: Cli) -> None:
    svg, mermaid, both = await asyncio.gather(
        alone("procedure", "irm", "--svg"),
        alone("procedure", "irm", "--mermaid"),
        alone("procedure", "irm", "--json"),
    )
    assert svg.out == both.document["svg"]
    assert mermaid.out == both.document["mermaid"]


async def test_poster_and_page_in_a_folder(alone: Cli, tmp_path: Path) -> None:
    folder = tmp_path / "on" / "the wall"
    ran = await alone("procedure", "corporate", "--authority", "rotherham", "--out", str(folder))
    assert ran.status == 0, ran.err
    assert ran.out.splitlines() == [str(folder / "corporate.svg"), str(folder / "corporate.md")]
    assert "Rotherham" in (folder / "corporate.svg").read_text(encoding="utf-8")
    assert "![Corporate complaints procedure: the poster](corporate.svg)" in (
        folder / "corporate.md"
    ).read_text(encoding="utf-8")


WRONG = [
    (["trial-by-combat"], "procedure: 'trial-by-combat' is none of statutory, corporate"),
    (["irm", "--authority", "rotherham"], "procedure: 'irm': rotherham has statutory, corporate"),
    (["statutory", "--authority", "atlantis"], "authority: 'atlantis' is none of family-rights"),
    (["statutory", "--svg", "--mermaid"], "svg: "),
    (["statutory", "--out", "/dev/null/pictures"], "out: /dev/null/pictures: cannot be written: "),
    ([], "name: "),
]


async def test_malformed(alone: Cli) -> None:
    every = await asyncio.gather(*(alone("procedure", *words, "--json") for words, _ in WRONG))
    for ran, (words, said) in zip(every, WRONG, strict=True):
        assert ran.status == 2, words
        assert len(ran.lines) == 1, ran.lines
        assert ran.lines[0].startswith(said)
        assert ran.document["problems"] == ran.lines


# --- what docs/ shows ----------------------------------------------------------------------------------


def test_every_procedure_is_shown() -> None:
    assert {name for name, _ in EVERY} == SHOWN.keys()


@pytest.mark.parametrize("name", SHOWN)
def test_no_picture_is_older_than_its_data(name: str, tmp_path: Path) -> None:
    for drawn in drawing.save(drawing.plan(name, SHOWN[name]), tmp_path):
        kept = ROOT / "docs" / "pictures" / drawn.name
        same = kept.read_text(encoding="utf-8") == drawn.read_text(encoding="utf-8")
        assert same, f"docs/pictures/{drawn.name} is older than its data: run make pictures"


def test_a_page_is_drawn_for_each_that_make_pictures_draws() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    (line,) = re.findall(r"^\t@for name in (.*); do .* procedure ", makefile, re.MULTILINE)
    assert set(line.split()) == SHOWN.keys()
    for name, authority in SHOWN.items():
        assert drawing.plan(name, None).authority == authority


# --- everything from the data --------------------------------------------------------------------------

NEVER_RUN = {
    "statutory": {"contact_review"},
    "corporate": set(),
    "irm": {"late_request_decision"},
    "representation": {"eligibility_decision", "late_request_decision", "ombudsman_review"},
}
"""Limits that nothing can start there: no question is asked, or no request comes too late."""


@pytest.mark.parametrize(("name", "authority"), EVERY)
def test_every_limit_stage_and_title_is_there(name: str, authority: str) -> None:
    procedure, council = loader.procedure(name, authority), loader.authority(authority)
    plan = drawing.plan(name, authority)
    told = {
        "outline": flat(line.text for line in outline(plan)),
        "poster": flat(text.text for text in texts(drawing.svg(plan))),
        "mermaid": labels(drawing.mermaid(plan)),
    }
    named = {limit.name: limit for limit in procedure.limits}
    assert named.keys() - {row.name for row in plan.rows} == NEVER_RUN[name]
    for form, said in told.items():
        assert procedure.title in said, form
        assert council.title in said, form
        for stage in procedure.stages:
            assert stage.title in said, (form, stage.name)
        for row in plan.rows:
            limit = named[row.name]
            assert limit.title in said, (form, limit.name)
            assert row.named_day or str(limit.days) in said, (form, limit.name)
            owner = procedure.titles.get(limit.owner) or TITLES[limit.owner]
            assert owner.lower() in said.lower(), (form, limit.name)
            if form != "mermaid":
                assert limit.source in said, (form, limit.name)
                assert limit.verified or f"{limit.source} †" in said, (form, limit.name)
            if limit.extend_to is not None:
                assert re.search(rf"at most {limit.extend_to}|to {limit.extend_to} at most", said), limit.name
    for form in ("outline", "poster"):
        assert council.contact.email in told[form]
        assert (council.ombudsman.telephone in told[form]) is (name != "representation")


def test_what_a_council_changes_shows(council: Callable[[str], None]) -> None:
    council("")
    before = drawing.plan("statutory", "your-council")
    council(
        """
[limits.stage_1_response]
days = 7
[limits.stage_3_acknowledgement]
used = false
[titles]
director = "Chief Officer"
[[only.statutory.new_limits]]
name = "first_visit"
stage = "stage_1"
title = "First visit"
kind = "target"
days = 4
starts = "received"
met_by = ["met_in_person"]
owner = "stage_manager"
source = "Our promise"
"""
    )
    after = drawing.plan("statutory", "your-council")
    was, now = drawing.document(before), drawing.document(after)
    assert was["svg"] != now["svg"]
    assert was["mermaid"] != now["mermaid"]
    for form in ("svg", "mermaid"):
        assert ("First visit" in now[form], "First visit" in was[form]) == (True, False)
        assert ("request acknowledged" in now[form], "request acknowledged" in was[form]) == (False, True)
        assert "Chief Officer" in now[form]
        assert "Director of Children's Services" not in now[form].replace("&#39;", "'")
    assert '-->|"7 working days, at most 20"| limit_stage_1_response' in now["mermaid"]
    assert weeks_of_stage_1(was["svg"]) == pytest.approx(10 / 5, abs=0.01)
    assert weeks_of_stage_1(now["svg"]) == pytest.approx(7 / 5, abs=0.01)


def weeks_of_stage_1(svg: str) -> float:
    """How long the bar of the Stage 1 response is, measured by the window of four weeks after it."""
    _, response, *_ = (bar for bar in bars(svg) if bar.style == "bar_limit")
    window, *_ = (bar for bar in bars(svg) if bar.style == "bar_window")
    return response.wide / (window.wide / 4)


@pytest.mark.parametrize("milestone", sorted(MILESTONES))
def test_every_milestone_has_words(milestone: str) -> None:
    said = moment(loader.procedure("statutory", "family-rights"), milestone)
    assert said.startswith("the ")
    assert not set(said) & set(":_")


# --- whatever a file says, it can be drawn -------------------------------------------------------------

NASTY = r"""1. "Quoted" & <b>bold</b> 'single' `code` #35; \\ back ]]> --> | } %% end"""
LONG = "Llanfairpwllgwyngyllgogerychwyrndrobwllllantysiliogogogoch" * 3
STRESS = f"""
[titles]
complaints_manager = '''{NASTY}'''
stage_manager = "{LONG}"
director = "{"W" * 90}"
[only.statutory.stages.stage_2]
title = '''Stage 2: {NASTY} {"and so on " * 20}'''
[only.statutory.limits.stage_1_response]
extend_to = 2000
source = '''{NASTY} {"source " * 60}'''
[only.statutory.limits.panel_report]
days = 0
title = "Bericht über 京都市 \\u0007 \\t\\u202e Æthelred’s"
[[only.statutory.new_limits]]
name = "sub_graph"
stage = "stage_3"
title = '''{NASTY}'''
kind = "limit"
days = 1234
unit = "calendar_days"
starts = "answered:stage_2"
met_by = ["met_in_person"]
owner = "director"
source = "Ours"
"""


@pytest.fixture
def stressed(council: Callable[[str], None]) -> Plan:
    """A procedure with the worst that its files may say."""
    council(STRESS)
    return drawing.plan("statutory", "your-council")


def test_text_of_a_file_means_only_itself(stressed: Plan) -> None:
    shown = flat(text.text for text in texts(drawing.svg(stressed)))
    assert shown.count(NASTY) > 2
    mermaid = drawing.mermaid(stressed)
    assert labels(mermaid).count(NASTY) > 2
    assert_mermaid(mermaid)
    tags = {each.tag.removeprefix(NAMESPACE) for each in ElementTree.fromstring(drawing.svg(stressed)).iter()}
    assert tags == {*["svg", "title", "desc", "defs", "pattern", "rect", "circle", "style", "path", "text"]}


def test_the_poster_stands_by_itself() -> None:
    for name, authority in SHOWN.items():
        svg = drawing.svg(drawing.plan(name, authority))
        assert not re.search(r"<script|<image|@import|@font-face|href|url\((?!#)", svg)
        assert set(re.findall(r"https?://[^\"<]+", svg)) == {NAMESPACE.strip("{}")}


@pytest.mark.parametrize(("name", "authority"), EVERY)
def test_text_on_the_poster_fits(name: str, authority: str) -> None:
    assert_fits(drawing.svg(drawing.plan(name, authority)))


def test_text_on_the_poster_fits_whatever_it_is(stressed: Plan) -> None:
    assert_fits(drawing.svg(stressed))


@pytest.mark.parametrize(("name", "authority"), EVERY)
def test_the_mermaid_text_is_well_formed(name: str, authority: str) -> None:
    assert_mermaid(drawing.mermaid(drawing.plan(name, authority)))


@pytest.mark.parametrize("columns", [40, 72, 110])
def test_no_line_of_the_outline_is_longer_than_the_terminal(columns: int, stressed: Plan) -> None:
    assert max(len(line.text) for line in outline(stressed, columns)) <= columns


def test_widths_are_those_of_the_font() -> None:
    # from Helvetica's published metrics
    assert width("AiWm ", 1000) == pytest.approx((667 + 222 + 944 + 833 + 278) * ROOM_TO_SPARE)
    assert width("Aim", 1000, bold=True) == pytest.approx((722 + 278 + 889) * ROOM_TO_SPARE)
    assert width("É", 10) == width("E", 10)
    assert width("京", 10) > width("W", 10)


def test_lines_are_broken_where_they_must_be() -> None:
    for text in ("several words that need more than one line", LONG, f"a {LONG} b", ""):
        lines = wrapped(text, 10, 80)
        assert all(width(line, 10) <= 80 for line in lines)
        assert "".join(lines).replace(" ", "") == text.replace(" ", "")


# --- reading what was drawn ----------------------------------------------------------------------------


class Box(NamedTuple):
    """An area of the poster, in its units; `text` is empty for a shape."""

    style: str
    left: float
    top: float
    wide: float
    high: float
    text: str = ""

    def meets(self, other: Box) -> bool:
        return (
            self.left < other.left + other.wide
            and other.left < self.left + self.wide
            and self.top < other.top + other.high
            and other.top < self.top + self.high
        )

    def holds(self, other: Box) -> bool:
        return (
            self.left <= other.left
            and other.left + other.wide <= self.left + self.wide
            and self.top <= other.top
            and other.top + other.high <= self.top + self.high
        )


def texts(svg: str) -> list[Box]:
    """Every line of text, as large as its style makes it."""
    found = []
    for text in ElementTree.fromstring(svg).iter(f"{NAMESPACE}text"):
        said, style = text.text or "", STYLES[text.get("class", "")]
        wide = width(said, style.size, bold=style.bold)
        left = float(text.get("x", 0)) - {None: 0, "middle": 0.5, "end": 1}[text.get("text-anchor")] * wide
        top = float(text.get("y", 0)) - style.size * 0.72
        found.append(Box(text.get("class", ""), left, top, wide, style.size * 0.93, said))
    return found


def shapes(svg: str) -> list[Box]:
    """Every rectangle that is drawn as a path."""
    number = r"(-?[\d.]+)"
    found = []
    for path in ElementTree.fromstring(svg).iter(f"{NAMESPACE}path"):
        at = re.fullmatch(rf"M{number} {number}h{number}v{number}h{number}z", path.get("d", ""))
        if at:
            left, top, wide, high = (float(each) for each in at.groups()[:4])
            found.append(Box(path.get("class", ""), left, top, wide, high))
    return found


def bars(svg: str) -> list[Box]:
    """The bars along the lines of time; those of the legend and its tags left out."""
    legend = 4 if "bar_more" in svg.partition("</style>")[2] else 2
    return [shape for shape in shapes(svg) if shape.style.startswith("bar_")][legend:]


def assert_fits(svg: str) -> None:
    """No text meets another, a bar or an edge, and none leaves the sheet."""
    wide, high = (float(each) for each in re.findall(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', svg)[0])
    sheet, written = Box("", 0, 0, wide, high), texts(svg)
    assert len(written) > 20
    for text in written:
        assert sheet.holds(text), text
    for one, other in combinations(written, 2):
        assert not one.meets(other), (one, other)
    for shape in shapes(svg):
        for text in written:
            if shape.style.startswith("bar_"):
                assert not shape.meets(text), (shape, text)
            elif shape.style in ("frame", "stage_head", "place_head") or shape.style.startswith("tag_"):
                assert shape.holds(text) or not shape.meets(text), (shape, text)


def flat(lines: Iterator[str]) -> str:
    """Lines as one, so that what was broken in two is found."""
    return " ".join(" ".join(lines).split())


QUOTED = re.compile(r'"([^"]*)"')


def labels(mermaid: str) -> str:
    """What the labels say once Mermaid has read them."""
    said = " ".join(QUOTED.findall(mermaid)).replace("<br/>", " ")
    names = {"quot": '"', "amp": "&", "lt": "<", "gt": ">"}
    return re.sub(r"#(\w+);", lambda found: names.get(found[1]) or chr(int(found[1])), said)


SHAPES = r'(?:\["L"\]|\("L"\)|\(\["L"\]\)|\[\["L"\]\])'.replace("L", r"[^\"`]*")
NODE = rf"(\w+)(?:({SHAPES})(?::::\w+)?)?"
ARROW = r'(?:-->|-\.->|==>)(?:\|"[^"`]*"\|)?'
LINE = re.compile(rf"{NODE}(?: {ARROW} {NODE})?")


def assert_mermaid(mermaid: str) -> None:
    """Every line is one that a flowchart knows; every node that an arrow names is there, once."""
    head, *lines = mermaid.splitlines()
    assert head == "flowchart TD"
    made, named, depth = Counter[str](), set[str](), 0
    for line in (each.strip() for each in lines):
        if line.startswith(("%% ", "classDef ", "class ", "direction ")):
            continue
        if line == "end":
            depth -= 1
        elif line.startswith("subgraph "):
            depth += 1
            found = re.fullmatch(r'subgraph (\w+)\["[^"`]*"\]', line)
            assert found, line
            made[found[1]] += 1
        else:
            found = LINE.fullmatch(line)
            assert found, line
            for name, shape in (found.group(1, 2), found.group(3, 4)):
                named |= {name} - {None}
                made[name] += bool(shape)
        assert depth in (0, 1)
    assert depth == 0
    assert {made[name] for name in named} == {1}, named
    for label in QUOTED.findall(mermaid):
        assert not re.search(r"[<>&`]|#(?!\w+;)", label.replace("<br/>", "")), label
