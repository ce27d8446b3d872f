"""The plan as a Mermaid flowchart, which GitHub and many editors draw.

Every limit is an arrow from what it counts from to what is owed by its end, with its days on it:
solid for a limit, dotted for a target, thick for the complainant's own time.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from drawing.phrases import capital
from drawing.plan import Place, Plan, Row

_LOOKS = """\
    classDef limit fill:#14213d,stroke:#14213d,color:#ffffff
    classDef target fill:#ffffff,stroke:#525f75,color:#14213d,stroke-dasharray:4 3
    classDef window fill:#f4c66a,stroke:#14213d,color:#14213d
    classDef moment fill:#eef1f6,stroke:#525f75,color:#14213d
    classDef place fill:#f7f8fb,stroke:#14213d,color:#14213d
    classDef out fill:#ffffff,stroke:#14213d,color:#14213d,stroke-width:2px"""

_ARROWS = {"limit": "-->", "target": "-.->", "window": "==>"}
_ESCAPES = str.maketrans(
    {"#": "#35;", "`": "#96;", '"': "#quot;", "&": "#amp;", "<": "#lt;", ">": "#gt;", "\\": "#92;"}
)


def mermaid(plan: Plan) -> str:
    """The plan as Mermaid text."""
    return "\n".join(_Flowchart(plan).lines()) + "\n"


def escaped(text: str) -> str:
    """Text so that it means only itself in a quoted label."""
    return text.translate(_ESCAPES)


class _Flowchart:
    """Knows by which id each limit stands in the text."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.ids: dict[str, str] = {}
        for row in plan.rows:
            wanted = f"limit_{_safe(row.name)}"
            while wanted in self.ids.values():
                wanted += "_"
            self.ids[row.name] = wanted

    def lines(self) -> Iterator[str]:
        """The text, line by line."""
        plan = self.plan
        yield "flowchart TD"
        yield f"    %% Drawn from its data by: {plan.command}"
        yield _LOOKS
        yield f"    procedure[[{_label(plan.title, plan.council)}]]:::moment"
        yield "    procedure ==> intake"
        places = [plan.intake, *plan.stages, plan.after]
        for place in places[:-1]:
            yield from self._place(place)
        yield from self._after()
        for place, following in pairwise(places):
            said = place.onward or " ".join(plan.after.says)
            # Whole boxes are joined: an arrow into one would undo its direction.
            yield f"    {place.name} ==>|{_label(said)}| {place.next or following.name}"
        yield from self._any_time()
        yield f"    class {','.join(each.name for each in [*places, plan.any_time])} place"

    def _place(self, place: Place) -> Iterator[str]:
        who = f" (answered by: {place.who})" if place.who else ""
        yield f"    subgraph {place.name}[{_label(place.title + who)}]"
        yield "        direction LR"
        made: set[str] = set()
        for row in place.rows:
            begins, node = self._origin(place, row)
            if begins not in made:
                made.add(begins)
                yield from [f"        {node}"] if node else []
            yield self._arrow(begins, row, row.span)
        for number, way in enumerate(place.ways, 1):
            begins = self.ids.get(way.leaves, "")
            node = f"out_{place.name}_{number}({_label(f'{way.name}: {way.when}')}):::out"
            yield f"        {begins} --> {node}" if begins else f"        {node}"
        if not place.rows and not place.ways:
            yield f"        at_{place.name}({_label(*place.says)}):::moment"
        yield "    end"

    def _origin(self, place: Place, row: Row) -> tuple[str, str]:
        """The node a limit counts from, and the text that makes it where nothing else does."""
        what, _, of = row.starts.partition(":")
        if what in ("answered", "answer_received") and of == place.name and row.name != place.response:
            return self.ids[place.response], ""
        for other in place.rows:
            if row.starts in other.met_by and other.kind != "window" and other is not row:
                return self.ids[other.name], ""
        begins = f"from_{place.name}_{_safe(row.since)}"
        return begins, f"{begins}([{_label(capital(row.since))}]):::moment"

    def _arrow(self, begins: str, row: Row, said: str) -> str:
        most = f", at most {row.most}" if row.most is not None else ""
        before = f" {row.counted}" if row.before else ""
        look = "moment" if row.kind == "window" and not row.complainants else row.kind
        node = f"{self.ids[row.name]}[{_label(row.title, row.who)}]:::{look}"
        return f"        {begins} {_ARROWS[row.kind]}|{_label(said + most + before)}| {node}"

    def _after(self) -> Iterator[str]:
        after, who = self.plan.after, self.plan.ombudsman
        yield f"    subgraph after[{_label(after.title)}]"
        yield "        direction LR"
        said = _label(who.name, *who.lines) if who else _label(self.plan.contact.name)
        yield f"        to_whom([{said}]):::moment"
        for row in after.rows:
            yield self._arrow("to_whom", row, f"{row.span} {row.counted}")
        yield "    end"

    def _any_time(self) -> Iterator[str]:
        place = self.plan.any_time
        yield f"    subgraph any_time[{_label(place.title)}]"
        yield "        direction LR"
        for row in place.rows:
            begins = f"from_any_time_{_safe(row.since)}"
            yield f"        {begins}([{_label(capital(row.since))}]):::moment"
            yield self._arrow(begins, row, "by the day named then" if row.named_day else row.span)
        for number, way in enumerate(place.ways, 1):
            yield f"        out_any_time_{number}({_label(f'{way.name}: {way.when}')}):::out"
        yield "    end"


def _safe(name: str) -> str:
    return re.sub(r"\W", "_", name, flags=re.ASCII)


def _label(*parts: str) -> str:
    """The parts of a label, quoted, a line each; whoever draws it breaks long lines."""
    return '"' + "<br/>".join(escaped(part) for part in parts) + '"'
