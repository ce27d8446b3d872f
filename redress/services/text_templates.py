"""Texts for people, from templates: codes and dates stand in them in words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from jinja2 import Environment, Template

from redress.domain.sentences import with_long_dates
from redress.services.wording import about, day, late, words


def text_template(file: Path, finalize: Callable[[object], object] | None = None) -> Template:
    """A template of plain text.

    `finalize` is applied to every value that it shows; after the filter `safe` that is a `Markup`.
    """
    environment = Environment(  # nothing is escaped: it is no HTML
        autoescape=False, finalize=finalize, keep_trailing_newline=True, lstrip_blocks=True, trim_blocks=True
    )
    for shown_as in (about, day, late, plain, with_long_dates, words):
        environment.filters[shown_as.__name__] = shown_as
    return environment.from_string(file.read_text(encoding="utf-8"))


def plain(value: object) -> str:
    """A value as people read it: `name: Testa Inventata, role: parent`."""
    match value:
        case Mapping():
            return ", ".join(
                f"{words(n)}: {plain(each)}" for n, each in value.items() if each not in (None, "")
            )
        case list():
            return "; ".join(map(plain, value))
        case bool():
            return "yes" if value else "no"
    text = str(value)
    try:
        return day(text) if len(text) == 10 else text
    except ValueError:
        return text
