"""The letters there are: each is a file in `templates`, which says who gets it before it says what.

    +++
    to = ["complainant", "advocate"]
    subject = "We have your {{ matter }}"
    +++
    We had your {{ matter }} on {{ received_on|day }}.

The sentences after "What happens next" stand in `steps.toml` and, for limits, in procedures (`says`). Files
whose names begin with `_` are parts of letters; those in `young` are texts for young people, without a head.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import lru_cache, partial
from pathlib import Path
from typing import Literal

from jinja2 import Environment, FileSystemLoader

from redress.domain.procedure import Approver, Data, Owner
from redress.procedures.files import FileError, checked, parse_toml, tell_all

TEMPLATES = Path(__file__).parent / "templates"

MARK = "+++\n"
"""The line before and after the head of a letter's file."""


class CatalogueEntry(Data):
    """Who gets a letter, and under which subject.

    In subjects `matter` is "complaint", "comment", "compliment", "suggestion" or "request"; `here` is the
    stage, `after` the next.
    """

    to: list[
        Literal[
            Owner,
            "advocate",
            "owner",
            "owners",
            "had_letter",
            "appointed",
            "appointed_before",
            "at_the_panel",
            "named",
            "released",
        ]
    ]
    """`advocate`: where chosen to get letters; `owner`: who owes the step; `owners`: who owe the dates that
    moved; `had_letter`: who had a letter that should not have left; `appointed`: those appointed whom it is
    about; `appointed_before`: the same, but for whoever its message appoints;
    `at_the_panel`: those appointed who will be there; `named`: members of staff whom
    the matter names, at their own addresses, so that the others of the list get it for the rest alone;
    `released`: who had the letter that left without what this one brings; else the complainant or a role at
    the authority."""

    subject: str
    staff_subject: str = ""
    """The subject where a role at the authority gets it, if another one."""
    young_subject: str = ""
    """The subject to a young person, if another one."""
    young: str = ""
    """Another letter whose text a young person gets; left out: `young/<name>.txt`, else the same text."""

    signed_by: Literal[Approver, "answers"] = "complaints_manager"
    """Whose letter it is, where the authority's file (`[signatures]`) says nothing else; `answers`: whoever
    owes the answer of the stage. With a name where one is known."""

    explains: Literal["", "stage", "next", "rights"] = ""
    """What it explains beyond the line that every letter has: `stage`, where it begins one, with all that is
    said once a stage; `next`, the stage that may be asked for after it; `rights`, the ways to the Ombudsman.
    """

    encloses: list[str] = []
    """The kinds of documents that leave with it (`kinds.toml`); it does not leave without."""

    digest: Literal["", "daily", "limit_missed", "decision", "undelivered"] = ""
    """To staff: `daily`, it stands in the daily digest alone; else a letter of its own only where the
    authority's file calls it urgent by this name (`[digest] urgent`)."""

    def told_in_digest(self, urgent: Collection[str]) -> bool:
        """Whether staff read it in their digest and get no letter about it."""
        return bool(self.digest) and self.digest not in urgent

    def subject_for(self, *, outside: bool, young: bool) -> str:
        """The subject, as a template, for a reader at the authority or `outside` it."""
        if not outside:
            return self.staff_subject or self.subject
        return (young and self.young_subject) or self.subject


@lru_cache(maxsize=1)
def catalogue() -> dict[str, CatalogueEntry]:
    """Every letter by its name. Raises `FileError` with the mistakes of all files."""
    entries: dict[str, CatalogueEntry] = {}
    tell_all(*(partial(_read_into, entries, path) for path in sorted(TEMPLATES.glob("[!_]*.txt"))))
    return entries


def text_of(name: str, *, young: bool, own: Collection[str] = ()) -> str:
    """The file of a letter's text: the young person's own, where there is one among ours or `own`."""
    wanted = [f"young/{each}.txt" for each in (name, catalogue()[name].young) if each] if young else []
    return next((file for file in wanted if file in own or (TEMPLATES / file).is_file()), f"{name}.txt")


def _read_into(entries: dict[str, CatalogueEntry], path: Path) -> None:
    head, _ = split(path.read_text(encoding="utf-8"))
    if not head:
        raise FileError(f"{path.name}: should begin with who gets it, between two lines of +++")
    entries[path.stem] = checked(CatalogueEntry, parse_toml(head, path.name), path.name)


def split(source: str) -> tuple[str, str]:
    """The head of a letter's file, and its text."""
    before, _, rest = source.partition(MARK)
    head, mark, text = rest.partition(MARK)
    return (head, text) if mark and not before else ("", source)


class TemplateLoader(FileSystemLoader):
    """Templates without their heads."""

    def get_source(self, environment: Environment, template: str) -> tuple[str, str, Callable[[], bool]]:
        """The text of a template, its path, and whether it is still as it was read."""
        source, path, is_current = super().get_source(environment, template)
        return split(source)[1], path, is_current
