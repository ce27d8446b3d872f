"""The plan as a Mermaid flowchart, which GitHub and many editors draw, and the page that holds it.

Every limit is an arrow from what it counts from to what is owed by its end, with its days on it:
solid for a limit, dotted for a target, thick for a window.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from redress.drawing.outline import outline
from redress.drawing.plan import PlannedLimit, ProcedurePlan, Section
from redress.drawing.wording import capital, one_line

_STYLES = """\
    classDef limit fill:#14213d,stroke:#14213d,color:#ffffff
    classDef target fill:#ffffff,stroke:#525f75,color:#14213d,stroke-dasharray:4 3
    classDef window fill:#f4c66a,stroke:#14213d,color:#14213d
    classDef moment fill:#eef1f6,stroke:#525f75,color:#14213d
    classDef section fill:#f7f8fb,stroke:#14213d,color:#14213d
    classDef out fill:#ffffff,stroke:#14213d,color:#14213d,stroke-width:2px"""

_ARROWS = {"limit": "-->", "target": "-.->", "window": "==>"}
_ESCAPES = str.maketrans(
    {"#": "#35;", "`": "#96;", '"': "#quot;", "&": "#amp;", "<": "#lt;", ">": "#gt;", "\\": "#92;"}
)


def mermaid(plan: ProcedurePlan) -> str:
    """The plan as Mermaid text."""
    return "\n".join(_flowchart(plan)) + "\n"


def page(plan: ProcedurePlan) -> str:
    """A Markdown page with the flowchart and, as text, all that is known of each limit."""
    # Indented, it is text whatever it says: no line of it can end a block.
    text = "\n".join(f"    {line.text}".rstrip() for line in outline(plan, 96))
    return f"""# {_plain(plan.title)}

{_plain(plan.council)}. Drawn from its data by `{plan.command.replace("`", "")}`.
Change the data and draw it again, not this page.

An arrow is time: solid for a limit, dotted for a target, thick for a window and between stages.

```mermaid
{mermaid(plan)}```

## The same as text, with where each limit comes from

{text}
"""


def _flowchart(plan: ProcedurePlan) -> Iterator[str]:
    yield "flowchart TD"
    yield f"    %% Drawn from its data by: {plan.command}"
    yield _STYLES
    yield f"    procedure[[{_label(plan.title, plan.council)}]]:::moment"
    yield "    procedure ==> intake"
    sections = [plan.intake, *plan.stages, plan.after]
    for section in [*sections, plan.any_time]:
        who = f" (answered by: {section.answered_by})" if section.answered_by else ""
        yield f"    subgraph {section.name}[{_label(section.title + who)}]"
        yield "        direction LR"
        yield from (f"        {line}" for line in _section(section))
        if section is plan.after:
            yield f"        to_whom([{_label(*(plan.ombudsman or plan.contact[:1]))}]):::moment"
        yield "    end"
    for section, following in pairwise(sections):
        onward = section.onward or " ".join(plan.after.remarks)
        # Whole boxes are joined: an arrow into one would undo its direction.
        yield f"    {section.name} ==>|{_label(onward)}| {section.next or following.name}"
    yield f"    class {','.join(section.name for section in plan.sections)} section"


def _section(section: Section) -> Iterator[str]:
    origins: dict[str, str] = {}
    for planned in section.limits:
        limit = planned.limit
        origin = _met_before(section, planned) or origins.get(planned.counts_from)
        if not origin:
            origin = origins[planned.counts_from] = f"from_{section.name}_{len(origins) + 1}"
            yield f"{origin}([{_label(capital(planned.counts_from))}]):::moment"
        before = f" {planned.counted}" if limit.before else ""
        days = _label(planned.length + before, *filter(None, [planned.extension]))
        style = "moment" if limit.kind == "window" and limit.owner != "complainant" else limit.kind
        node = f"limit_{limit.name}[{_label(limit.title, planned.owner)}]:::{style}"
        yield f"{origin} {_ARROWS[limit.kind]}|{days}| {node}"
    for number, way in enumerate(section.ways_out, 1):
        node = f"out_{section.name}_{number}({_label(f'{way.name}: {way.when}')}):::out"
        yield f"limit_{way.after} --> {node}" if way.after else node
    if not section.limits and not section.ways_out and section.remarks:
        yield f"at_{section.name}({_label(*section.remarks)}):::moment"


def _met_before(section: Section, planned: PlannedLimit) -> str:
    """The node of the section's limit with whose end this one begins; empty where there is none."""
    what, _, of = planned.limit.starts.partition(":")
    if (
        what in ("answered", "answer_received")
        and of == section.name
        and planned.limit.name != section.response
    ):
        return f"limit_{section.response}"
    for other in section.limits:
        met = planned.limit.starts in other.limit.met_by
        if met and other.limit.kind != "window" and other is not planned:
            return f"limit_{other.limit.name}"
    return ""


def _label(*parts: str) -> str:
    """The parts of a label, a line each, quoted so that they mean only themselves."""
    return '"' + "<br/>".join(one_line(part).translate(_ESCAPES) for part in parts) + '"'


def _plain(text: str) -> str:
    """Text without meaning for Markdown."""
    return re.sub(r"([\\`*_{}\[\]<>#|!&~])", r"\\\1", one_line(text))
