"""`procedure`: a procedure drawn from its data, as an outline, Mermaid text and a page with both."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token

from redress.domain.procedure import MILESTONES, Limit, Procedure
from redress.domain.words import TITLES
from redress.drawing.mermaid import mermaid, page
from redress.drawing.outline import outline
from redress.drawing.plan import ProcedurePlan
from redress.drawing.wording import moment, one_line
from redress.procedures import loader
from redress.services import drawing
from tests.authorities import forget, own_authorities
from tests.cli.conftest import ROOT, Cli

SHOWN = {
    "statutory": "family-rights",
    "corporate": "family-rights",
    "irm": "irm",
    "representation": "family-rights",
}
"""The procedures that docs/ shows, each with whose choices."""

EVERY = [(name, each) for each in loader.authority_names() for name in loader.authority(each).procedures]


@pytest.fixture
def council(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Writes `your-council`, an invented authority with changes of its own."""
    with own_authorities(tmp_path, monkeypatch) as folder:
        base = (folder / "family-rights.toml").read_text(encoding="utf-8")
        base = base.replace('name = "family-rights"', 'name = "your-council"').partition("[titles]")[0]

        def write(more: str) -> None:
            (folder / "your-council.toml").write_text(f"{base}\n{more}", encoding="utf-8")
            forget()

        yield write


# --- the command as it is typed ----------------------------------------------------------------------


async def test_one_json_document(alone: Cli) -> None:
    ran, named = await asyncio.gather(
        alone("procedure", "statutory", "--authority", "north-somerset", "--json"),
        alone("procedure", "STATUTORY", "--authority", "north_somerset", "--json"),
    )
    assert (ran.status, ran.err) == (0, "")
    assert set(ran.document) == {"procedure", "authority", "title", "outline", "mermaid"}
    assert ran.document["procedure"] == "statutory"
    assert ran.document["authority"] == "north-somerset"
    assert ran.document["title"] == "Children's social care complaints: statutory procedure"
    assert ran.document["mermaid"].startswith("flowchart TD\n")
    assert ran.document["outline"].startswith(ran.document["title"])
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


async def test_mermaid_text_alone(alone: Cli) -> None:
    mermaid, both = await asyncio.gather(
        alone("procedure", "irm", "--mermaid"), alone("procedure", "irm", "--json")
    )
    assert mermaid.out == both.document["mermaid"]


async def test_a_page_in_a_folder(alone: Cli, tmp_path: Path) -> None:
    folder = tmp_path / "on" / "the wall"
    ran = await alone("procedure", "corporate", "--authority", "rotherham", "--out", str(folder))
    assert ran.status == 0, ran.err
    assert ran.out.splitlines() == [str(folder / "corporate.md")]
    written = (folder / "corporate.md").read_text(encoding="utf-8")
    assert written.startswith("# Corporate complaints procedure\n\nRotherham")
    assert [each.name for each in folder.iterdir()] == ["corporate.md"]


WRONG = [
    (["trial-by-combat"], "procedure: 'trial-by-combat' is none of statutory, corporate"),
    (["irm", "--authority", "rotherham"], "procedure: 'irm': rotherham has statutory, corporate"),
    (["statutory", "--authority", "atlantis"], "authority: 'atlantis' is none of family-rights"),
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
    drawn = drawing.save(drawing.plan(name, SHOWN[name]), tmp_path)
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
    "representation": {"eligibility_decision", "late_request_decision", "ombudsman_review", "route_decision"},
}
"""Limits that nothing can start there: no question is asked, or no request comes too late."""


@pytest.mark.parametrize(("name", "authority"), EVERY)
def test_every_limit_stage_and_title_is_there(name: str, authority: str) -> None:
    procedure, council = loader.procedure(name, authority), loader.authority(authority)
    plan = drawing.plan(name, authority)
    forms = forms_of(plan)
    drawn = {planned.limit.name for planned in plan.limits}
    assert procedure.limit.keys() - drawn == NEVER_RUN[name]
    for form, text in forms.items():
        assert procedure.title in text, form
        assert council.title in text, form
        for stage in procedure.stages:
            assert stage.title in text, (form, stage.name)
            assert owner_of(procedure, stage.answered_by) in text.casefold(), (form, stage.name)
    for form in ("outline", "page"):
        assert council.contact.email in forms[form]
        if council.advocacy:
            assert council.advocacy.name in forms[form]
    for form, text in forms.items():
        assert (council.ombudsman.telephone in text) is (name != "representation"), form
    for limit in (procedure.limit[each] for each in drawn):
        assert_told(limit, procedure, forms["outline"])
        assert_told(limit, procedure, forms["page"])
        assert_arrow(limit, procedure, mermaid(plan))


def assert_told(limit: Limit, procedure: Procedure, text: str) -> None:
    """The text tells, in one go, how long a limit is, what it is, who owes it, and where it comes from."""
    began = re.escape(f"{length(limit)} {limit.title} {limit.kind}, ")
    ended = re.escape(f" source: {limit.source}{'' if limit.verified else ' †'} ")
    found = re.search(rf"{began}((?:(?! source: ).)*){ended}", f"{text} ")
    assert found, limit.name
    assert owner_of(procedure, limit.owner) in found[1].casefold(), limit.name
    assert extension(limit) in found[1], limit.name
    assert ("extended" in found[1]) is (limit.extend_to is not None), limit.name
    for owner in limit.owner_after.values():
        assert owner_of(procedure, owner) in found[1].casefold(), limit.name
    for other in filter(None, (limit.at_latest_from, limit.follows)):
        assert f"“{procedure.limit[other].title}”" in found[1], limit.name
    counted = moment(procedure, limit.starts)
    assert (
        f"{'by the day named with' if named_day(limit) else 'before' if limit.before else 'from'} {counted}"
        in found[1]
    )


ARROWS = {"limit": "-->", "target": "-.->", "window": "==>"}


def assert_arrow(limit: Limit, procedure: Procedure, mermaid: str) -> None:
    """One arrow leads to the limit, of its kind, with its days and how far it may be extended on it."""
    (line,) = re.findall(rf"^ *(\w+ [-=.>]+\|.*\| limit_{limit.name}\[.*)$", mermaid, re.MULTILINE)
    origin, arrow = line.partition("|")[0].split()
    assert arrow == ARROWS[limit.kind], line
    days, what = (labels(f'"{each}"') for each in QUOTED.findall(line))
    assert days.startswith(length(limit)), line
    assert extension(limit) in days, line
    assert ("extended" in days) is (limit.extend_to is not None), line
    assert what.casefold() == f"{limit.title} {owner_of(procedure, limit.owner)}".casefold()
    since = moment(procedure, limit.starts)
    if origin.startswith("from_"):
        assert f"{origin}([" in mermaid
        (begins,) = re.findall(rf"{origin}\(\[(.*)\]\)", mermaid)
        assert labels(begins).casefold() == since.casefold()
    else:
        earlier = procedure.limit[origin.removeprefix("limit_")]
        assert {limit.starts, limit.starts.replace("answer_received", "answered")} & set(earlier.met_by), line
    if limit.before:
        assert f"before {since}" in days, line


def length(limit: Limit) -> str:
    unit = limit.unit.replace("_", " ")
    return "day as named" if named_day(limit) else f"{limit.days} {unit[:-1] if limit.days == 1 else unit}"


def named_day(limit: Limit) -> bool:
    return limit.name in ("suspension_review", "contact_review") and limit.days == 0


def extension(limit: Limit) -> str:
    if limit.extend_freely:
        return "it may take longer, and the person is told the new date"
    often = {None: "", 1: ", once,", 2: ", twice,"}[limit.extensions]
    return f"may be extended{often} to {limit.extend_to} at most" if limit.extend_to is not None else ""


def owner_of(procedure: Procedure, owner: str) -> str:
    own = {str(each): title for each, title in procedure.titles.items()}
    rule = procedure.role.get(owner)
    return (own.get(owner) or (rule.title if rule else TITLES[owner])).casefold()


WAY_OUT = re.compile(r"\b(Settled|Lapsed|Completed|Declined|Withdrawn|Closed early|Split|Reopened): ")


@pytest.mark.parametrize(("name", "authority"), EVERY)
def test_every_way_out_is_there(name: str, authority: str) -> None:
    procedure, council = loader.procedure(name, authority), loader.authority(authority)
    goes_on = [stage for stage in procedure.stages if stage.next]
    windows = [
        limit for limit in procedure.limits if limit.kind == "window" and limit.stage in procedure.stage
    ]
    lapses = [limit for limit in windows if limit.lapse == "close"]
    others = [re.escape(other) for other in council.procedures if other != name]
    within = procedure.policy.reopen_within_days
    for form, text in forms_of(drawing.plan(name, authority)).items():
        assert Counter(WAY_OUT.findall(text)) == Counter(
            {
                "Settled": sum(stage.resolved_closes for stage in goes_on),
                "Lapsed": len(lapses),
                "Completed": len(procedure.stages) - len(goes_on),
                "Declined": bool(goes_on or any(question.decides for question in procedure.questions)),
                "Withdrawn": 1,
                "Closed early": bool(goes_on),
                "Split": bool(others),
                "Reopened": within > 0,
            }
        ), form
        for limit in lapses:
            assert f"Lapsed: no request within {length(limit)}" in text, (form, limit.name)
        assert not others or re.search(rf"belong elsewhere \({', '.join(others)}\)", text), form
        assert within == 0 or f"within {within} working days of its closing" in text, form
        assert ("Early to the Ombudsman" in text) is bool(procedure.early_referral), form
        for condition in procedure.early_referral:
            assert condition.title in text, (form, condition.name)


@pytest.mark.parametrize(("name", "authority"), EVERY)
def test_every_way_in_and_onward_is_there(name: str, authority: str) -> None:
    procedure = loader.procedure(name, authority)
    forms = forms_of(drawing.plan(name, authority))
    for stage in procedure.stages:
        if stage.next:
            following = procedure.stage[stage.next].title.partition(":")[0]
            when = "at any time" if stage.ask_any_time else "once this stage is answered"
            for form, text in forms.items():
                found = re.search(rf"The complainant may ask for {following} {when}([^.]*)\.", text)
                assert found, (form, stage.name)
                if not stage.ask_any_time:
                    assert ("as soon as its answer is late" in found[1]) is stage.late_opens_next, form
                    assert ("where both sides agree" in found[1]) is stage.skip_by_agreement, form
    for form in ("outline", "page"):
        for stage in procedure.stages:
            assert f"({stage.source})" in forms[form], (form, stage.name)
        for rule in procedure.roles:
            seats = f" ({rule.seats} people)" if rule.seats > 1 else ""
            assert f"{owner_of(procedure, rule.role)}{seats}: ".casefold() in forms[form].casefold(), (
                rule.role
            )
        for question in procedure.questions:
            about = re.split(r"[.:;](?:\s|$)", question.says)[0][1:]
            assert (about in forms[form]) is question.decides, (form, question.name)
        for direct in procedure.direct:
            assert f"a complaint about the {' or '.join(direct.about)}." in forms[form], form


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
    was, now = forms_of(before), forms_of(after)
    for form in ("outline", "page", "mermaid"):
        assert ("First visit" in now[form], "First visit" in was[form]) == (True, False)
        assert ("request acknowledged" in now[form], "request acknowledged" in was[form]) == (False, True)
        assert "Chief Officer" in now[form]
        assert "Director of Children's Services" not in now[form]
        assert "Director of Children's Services" in was[form]
    for plan, days in ((before, 10), (after, 7)):
        extended = "may be extended, once, to 20 at most"
        arrow = f'-->|"{days} working days<br/>{extended}"| limit_stage_1_response["Stage 1 response<br/>'
        assert arrow in mermaid(plan)
        assert f"{days} working days Stage 1 response limit, from " in forms_of(plan)["outline"]


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
def stressed(council: Callable[[str], None]) -> ProcedurePlan:
    """A procedure with the worst that its files may say."""
    council(STRESS)
    return drawing.plan("statutory", "your-council")


def test_text_of_a_file_means_only_itself(stressed: ProcedurePlan) -> None:
    for form, text in forms_of(stressed).items():
        assert text.count(NASTY) > 2, form
        assert text.isprintable(), form
    assert_mermaid(mermaid(stressed))
    assert_page(stressed)


@pytest.mark.parametrize(("name", "authority"), EVERY)
def test_the_mermaid_text_is_well_formed(name: str, authority: str) -> None:
    assert_mermaid(mermaid(drawing.plan(name, authority)))


@pytest.mark.parametrize(("name", "authority"), EVERY)
def test_the_page_is_text_and_one_flowchart(name: str, authority: str) -> None:
    assert_page(drawing.plan(name, authority))


@pytest.mark.parametrize("columns", [40, 72, 110])
def test_no_line_of_the_outline_is_longer_than_the_terminal(columns: int, stressed: ProcedurePlan) -> None:
    lines = [line.text for line in outline(stressed, columns)]
    assert max(len(line) for line in lines) <= columns
    assert flat(lines).replace(" ", "") == flat(line.text for line in outline(stressed, 9999)).replace(
        " ", ""
    )


# --- reading what was drawn ----------------------------------------------------------------------------


def forms_of(plan: ProcedurePlan) -> dict[str, str]:
    """What each form says, as one line of text."""
    (code,) = (token for token in MarkdownIt().parse(page(plan)) if token.type == "code_block")
    return {
        "outline": flat(line.text for line in outline(plan)),
        "page": flat([code.content]),
        "mermaid": labels(mermaid(plan)),
    }


def assert_page(plan: ProcedurePlan) -> None:
    """A reader of Markdown finds a title, the flowchart as it is, and the outline; no text is markup."""
    tokens = MarkdownIt().parse(page(plan))
    assert [token.type for token in tokens if token.nesting >= 0 and token.level == 0] == [
        *["heading_open", "paragraph_open", "paragraph_open", "fence", "heading_open", "code_block"]
    ]
    title, drawn_from, *_ = (token for token in tokens if token.type == "inline")
    assert plain(title) == one_line(plan.title)
    assert plain(drawn_from).startswith(f"{one_line(plan.council)}. Drawn from its data by ")
    (fence,) = (token for token in tokens if token.type == "fence")
    assert (fence.info, fence.content) == ("mermaid", mermaid(plan))
    (code,) = (token for token in tokens if token.type == "code_block")
    assert code.content.splitlines() == [line.text for line in outline(plan, 96)]


def plain(inline: Token) -> str:
    """Text without markup: its children are texts, the command as code, and ends of lines."""
    children = inline.children or []
    assert {each.type for each in children} <= {"text", "text_special", "code_inline", "softbreak"}
    return "".join(each.content for each in children)


def flat(lines: Iterable[str]) -> str:
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
