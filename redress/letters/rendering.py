"""Letters' texts made from their templates: ours, or an authority's own, which stand before ours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from functools import lru_cache
from typing import Any, NamedTuple, NoReturn

from jinja2 import (
    BaseLoader,
    ChoiceLoader,
    Environment,
    PrefixLoader,
    Template,
    TemplateError,
    TemplateNotFound,
    Undefined,
)
from jinja2.meta import find_referenced_templates
from jinja2.runtime import LoopContext
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.utils import Namespace
from pydantic import BaseModel

from redress.domain.calendar import full_date
from redress.letters.catalogue import TEMPLATES, CatalogueEntry, TemplateLoader, catalogue, text_of
from redress.letters.naming import listed
from redress.letters.next_step import sentences

FRAMES = {False: "_letter.txt", True: "young/_letter.txt"}
"""What stands around the text of a letter, by whether it is to a young person."""

OURS = "ours"
"""The folder by which an authority's own template includes or extends the one that it replaces."""


class Written(NamedTuple):
    """A letter's subject and its whole text, as its templates make them."""

    subject: str
    text: str


class OwnTemplate(NamedTuple):
    """A file of an authority's own: `shown` is its path in the folder, `text` what it says after its head."""

    shown: str
    text: str


_NOTHING: Mapping[str, Any] = {}

Names = Mapping[str, Any]
"""What the templates of one letter to one recipient may name."""


class Texts:
    """The texts that letters are written from.

    `own`: an authority's own templates by the name of the one they replace; `entries`: of those the letters
    whose subject is its own too. Without any: ours alone.
    """

    def __init__(
        self, own: Mapping[str, OwnTemplate] = _NOTHING, entries: Mapping[str, CatalogueEntry] = _NOTHING
    ) -> None:
        self.own = own
        self.entries = catalogue() | {**entries}
        self.environment = _sandbox(self.own) if own else our_environment()
        self._subjects: dict[str, Template] = {}
        self._files: dict[tuple[str, bool], list[str]] = {}

    def file_of(self, name: str, *, young: bool) -> str:
        """The template of a letter's text."""
        return text_of(name, young=young, own=self.own)

    def files_for(self, name: str, *, young: bool) -> list[str]:
        """The paths of an authority's own files that a letter is made from, by what includes what."""
        if (name, young) not in self._files:
            head = [self.own[f"{name}.txt"].shown] if self.entries[name] != catalogue()[name] else []
            used = included(self.environment, [self.file_of(name, young=young), FRAMES[young]])
            own = [self.own[each].shown for each in used if each in self.own]
            self._files[name, young] = [*dict.fromkeys([*head, *own])]
        return self._files[name, young]

    def subject(self, name: str, reader: Names) -> str:
        """The subject of a letter to its reader."""
        source = self.entries[name].subject_for(outside=reader["outside"], young=reader["young"])
        if source not in self._subjects:
            self._subjects[source] = self.environment.from_string(source)
        return self._subjects[source].render(reader)

    def write(self, name: str, reader: Names) -> Written:
        """A letter. Raises whatever a template that is wrong raises."""
        subject, young = self.subject(name, reader), reader["young"]
        body = self.environment.get_template(self.file_of(name, young=young)).render(reader, subject=subject)
        frame = self.environment.get_template(FRAMES[young])
        return Written(subject, frame.render(reader, subject=subject, body=body.strip()))


@lru_cache(maxsize=1)
def our_texts() -> Texts:
    """The texts that come with the software."""
    return Texts()


@lru_cache(maxsize=1)
def our_environment() -> Environment:
    """For our own templates: plain text, so nothing is escaped; what a person wrote is never a template."""
    return _with_filters(
        Environment(loader=TemplateLoader(TEMPLATES), autoescape=False, keep_trailing_newline=True)
    )


def _with_filters(environment: Environment) -> Environment:
    environment.filters["day"] = lambda iso: full_date(date.fromisoformat(iso))
    environment.filters["outcome"] = lambda outcome: sentences()["outcomes"].get(outcome, outcome)
    environment.filters["plain_outcome"] = lambda outcome: sentences()["plain_outcomes"].get(outcome, outcome)
    environment.filters["category"] = lambda category: sentences()["ombudsman_categories"].get(category, "")
    environment.filters["unit"] = _unit
    environment.filters["listed"] = listed
    environment.filters["capitalised"] = lambda text: f"{text[:1].upper()}{text[1:]}"
    return environment


def _unit(unit: str, number: int) -> str:
    words = unit.replace("_", " ")
    return words.removesuffix("s") if number == 1 else words


# --- an authority's own ------------------------------------------------------------------------------


class _Loud(Undefined):
    """May be asked about with `if`, as in our templates; must not come out as nothing."""

    def __str__(self) -> NoReturn:
        self._fail_with_undefined_error()


class _Sandbox(ImmutableSandboxedEnvironment):
    """Templates that others write: they read what a letter may name, and can call nothing else.

    Jinja's own sandbox keeps them from Python's insides. It would let them call the methods of our classes,
    and Pydantic's read files: so of what is no plain value nothing can be called.
    """

    PLAIN = (str, int, float, date, Mapping, list, tuple, set, frozenset, LoopContext, Namespace, Undefined)

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        """Whether a template may read an attribute."""
        plain = isinstance(obj, self.PLAIN) and not isinstance(obj, BaseModel)
        return super().is_safe_attribute(obj, attr, value) and (plain or not callable(value))


class _OwnLoader(BaseLoader):
    """An authority's own templates, as they were read when the process began."""

    def __init__(self, own: Mapping[str, OwnTemplate]) -> None:
        self._own = own

    def get_source(self, environment: Environment, template: str) -> tuple[str, str, None]:
        """The text, and the path by which people know the file."""
        if template not in self._own:
            raise TemplateNotFound(template)
        return self._own[template].text, self._own[template].shown, None

    def list_templates(self) -> list[str]:
        """Their names."""
        return sorted(self._own)


def _sandbox(own: Mapping[str, OwnTemplate]) -> Environment:
    ours = TemplateLoader(TEMPLATES)
    environment = _Sandbox(
        loader=ChoiceLoader([_OwnLoader(own), ours, PrefixLoader({OURS: ours})]),
        autoescape=False,
        keep_trailing_newline=True,
        undefined=_Loud,
        finalize=_said,
    )
    for name in ("lipsum", "cycler", "joiner"):
        del environment.globals[name]
    return _with_filters(environment)


def _said(value: Any) -> Any:
    """What is printed: nothing that stands for nothing."""
    if value is None:
        raise TypeError("what is printed here has no value in this letter: ask with {% if … %} first")
    return value


def included(environment: Environment, wanted: Sequence[str]) -> list[str]:
    """Templates, and those that they include or extend, as far as they name them."""
    waiting, found = [*wanted], dict[str, None]()
    while waiting:
        template = waiting.pop(0)
        if template not in found and environment.loader is not None:
            found[template] = None
            try:
                source = environment.loader.get_source(environment, template)[0]
                waiting += filter(None, find_referenced_templates(environment.parse(source)))
            except TemplateError:
                continue  # not there, or no template: that is told of the file in question
    return [*found]
