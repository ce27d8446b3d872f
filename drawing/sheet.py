"""A sheet that shapes are put on: what the template prints, and the styles they are measured by."""

from __future__ import annotations

from typing import Literal, NamedTuple

from drawing.metrics import width, wrapped

Anchor = Literal["start", "middle", "end"]

DARK, GREY, PALE, WARM, WHITE = "#14213d", "#525f75", "#eef1f6", "#fdf1d6", "#ffffff"


class Style(NamedTuple):
    """How text looks. Sizes are in units of the sheet."""

    size: float
    bold: bool = False
    fill: str = DARK
    italic: bool = False

    @property
    def leading(self) -> float:
        """From one line to the next."""
        return round(self.size * 1.22, 2)


STYLES = {
    "title": Style(33, bold=True),
    "council": Style(17, fill=GREY),
    "stage": Style(21, bold=True, fill=WHITE),
    "stage_who": Style(13, fill=WHITE),
    "place": Style(17, bold=True),
    "says": Style(12),
    "since": Style(11.5, bold=True, fill=GREY),
    "tick": Style(9.5, fill=GREY),
    "days": Style(29, bold=True),
    "days_target": Style(29, fill=GREY),
    "unit": Style(10),
    "most": Style(11.5, bold=True),
    "limit": Style(15, bold=True),
    "target": Style(15),
    "window": Style(15, bold=True, italic=True),
    "tag_limit": Style(9, bold=True, fill=WHITE),
    "tag_target": Style(9, bold=True, fill=GREY),
    "tag_window": Style(9, bold=True),
    "who": Style(12.5),
    "note": Style(11.5, fill=GREY),
    "source": Style(9.5, fill=GREY),
    "way": Style(13, bold=True),
    "when": Style(11.5),
    "onward": Style(13.5, bold=True),
    "cell": Style(13, bold=True),
    "key": Style(11.5),
}


class Text(NamedTuple):
    """One line of text; `x` is its left end, its middle or its right end as the anchor says, `y` its foot."""

    x: float
    y: float
    text: str
    style: str
    anchor: Anchor = "start"


class Shape(NamedTuple):
    """An area or a line, as an SVG path; the style is a class of the template's."""

    path: str
    style: str


def measure(text: str, style: str) -> float:
    """How wide a line of text is."""
    return width(text, STYLES[style].size, bold=STYLES[style].bold)


class Sheet:
    """What has been drawn: areas under everything, shapes, and texts on top."""

    def __init__(self) -> None:
        self.under: list[Shape] = []
        self.shapes: list[Shape] = []
        self.texts: list[Text] = []

    def line(
        self,
        x: float,
        y: float,
        text: str,
        style: str,
        anchor: Anchor = "start",
    ) -> None:
        """One line of text that is known to fit; `y` is its top."""
        if text:
            self.texts.append(Text(_n(x), _n(y + STYLES[style].size * 0.95), text, style, anchor))

    def block(self, x: float, y: float, text: str, style: str, room: float) -> float:
        """Text in as many lines as it needs, from the top `y`; gives where it ends."""
        look = STYLES[style]
        for line in wrapped(text, look.size, room, bold=look.bold):
            self.line(x, y, line, style)
            y += look.leading
        return y

    def box(self, x: float, y: float, wide: float, high: float, style: str, *, under: bool = False) -> None:
        """A rectangle."""
        path = f"M{_n(x)} {_n(y)}h{_n(wide)}v{_n(high)}h{_n(-wide)}z"
        (self.under if under else self.shapes).append(Shape(path, style))

    def path(self, style: str, *points: tuple[float, float], closed: bool = True) -> None:
        """A shape through points."""
        path = "M" + "L".join(f"{_n(x)} {_n(y)}" for x, y in points) + ("z" if closed else "")
        self.shapes.append(Shape(path, style))


def _n(number: float) -> float | int:
    """A coordinate as it is written: two places at most."""
    short = round(number, 2)
    return int(short) if short == int(short) else short
