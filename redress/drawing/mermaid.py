"""The plan as a Mermaid flowchart, which GitHub and many editors draw, and the page that holds it.

Every limit is an arrow from what it counts from to what is owed by its end, with its days on it:
solid for a limit, dotted for a target, thick for a window.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader

from redress.drawing.outline import outline
from redress.drawing.plan import PlannedLimit, ProcedurePlan, Section
from redress.drawing.wording import capital, one_line

_ARROWS = {"limit": "-->", "target": "-.->", "window": "==>"}
_ESCAPES = str.maketrans(
    {"#": "#35;", "`": "#96;", '"': "#quot;", "&": "#amp;", "<": "#lt;", ">": "#gt;", "\\": "#92;"}
)


def mermaid(plan: ProcedurePlan) -> str:
    """The plan as Mermaid text."""
    return _templates().get_template("flowchart.jinja").render(plan=plan)


def page(plan: ProcedurePlan) -> str:
    """A Markdown page with the flowchart and, as text, all that is known of each limit."""
    return _templates().get_template("page.jinja").render(plan=plan)


@lru_cache(maxsize=1)
def _templates() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=False,  # neither is HTML
        trim_blocks=True,
        keep_trailing_newline=True,
    )
    environment.globals |= {"arrows": _arrows, "label": _label, "outline": outline}
    environment.filters["plain"] = _plain
    return environment


def _arrows(section: Section) -> Iterator[str]:
    """What stands in a section: moments, arrows from them to what is owed, and the ways out."""
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
    answers = (f"answered:{section.name}", f"answer_received:{section.name}")
    if planned.limit.starts in answers and planned.limit.name != section.response:
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
