"""Which documents leave with a letter, for each of its readers; what waits for one, and what is kept back.

Which kinds of documents a letter encloses, its file says (`encloses`), and an authority's for more of them
(`[policy.letters.NAME] encloses`). All documents of a kind are enclosed. One that is withheld from a reader
is not: another that is attached in its place goes to them, and where parts of it alone are withheld the
letter waits for that.
"""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from redress.domain.case import Case
from redress.domain.enclosures import FOLLOW_UP
from redress.domain.procedure import Data, LetterRule
from redress.domain.withholding import is_meant
from redress.letters.catalogue import catalogue
from redress.store.documents import DocumentRow, is_called

SENT_THEM = "complaints_manager"
"""Who has the documents already: their copy of a letter leaves with the others, and brings none."""


class Kind(Data):
    """A kind of document, as a letter names it."""

    title: str
    young: str = ""
    after: list[str] = []

    def named(self, *, young: bool) -> str:
        """How a letter names it."""
        return (young and self.young) or self.title


class Enclosed(NamedTuple):
    """A document that leaves with a letter."""

    document: str
    name: str
    kind: str
    media_type: str
    size: int


class KeptBack(NamedTuple):
    """A document that is withheld from a reader: all of it, or part; `told`: what they are told about why."""

    kind: str
    wholly: bool
    told: str


class FirstCopy(NamedTuple):
    """A copy of a letter that another follows: whether it is written, and what kinds it left without."""

    is_written: bool
    left_without: tuple[str, ...] = ()
    subject: str = ""
    on: str = ""
    """The London date that it bears."""


class Enclosures(NamedTuple):
    """What one letter brings to one reader.

    `missing`: the kinds of documents that it waits for; `redactions`: those of them of which a version for
    this reader is to be attached. `follow`: the kinds that it leaves without, by a manager's decision, and
    `follows_by` the ISO date by which they follow. `separately`: those that do not go with letters here.
    """

    enclosed: tuple[Enclosed, ...] = ()
    missing: tuple[str, ...] = ()
    redactions: tuple[str, ...] = ()
    kept_back: tuple[KeptBack, ...] = ()
    follow: tuple[str, ...] = ()
    follows_by: str = ""
    separately: tuple[str, ...] = ()
    first: FirstCopy | None = None
    """The copy of the letter that this one follows."""

    def for_text(self, *, young: bool) -> dict[str, Any]:
        """The same as a template names it."""
        listed = [
            {"title": titled(each.kind, young=young), "name": each.name, "missing": False}
            for each in self.enclosed
        ]
        listed += [{"title": titled(kind, young=young), "name": "", "missing": True} for kind in self.missing]
        return {
            "listed": listed,
            "kinds": [each.kind for each in self.enclosed],
            "follow": [titled(kind, young=young) for kind in self.follow],
            "follows_by": self.follows_by,
            "first": {"on": self.first.on, "subject": self.first.subject} if self.first else {},
            "separately": [titled(kind, young=young) for kind in self.separately],
            "kept_back": [
                {"title": titled(each.kind, young=young), "wholly": each.wholly, "told": each.told}
                for each in self.kept_back
            ],
        }

    @property
    def wanted(self) -> list[str]:
        """What is to be attached before the letter can leave, in words."""
        return [
            f"a redacted version of {titled(kind)}" if kind in self.redactions else titled(kind)
            for kind in self.missing
        ]

    @property
    def why_it_waits(self) -> str:
        """What a letter waits for, in words; empty: it waits for nothing."""
        return f"waits for its enclosure: {', '.join(self.wanted)}" if self.missing else ""


class Reader(NamedTuple):
    """Who gets a letter: by what they are called as a recipient, and by name.

    `names`: of an advocate also that of whom they speak for, whose copy they get.
    """

    role: str
    names: tuple[str, ...] = ()


@lru_cache(maxsize=1)
def kinds() -> dict[str, Kind]:
    """The kinds of documents that letters enclose, by name."""
    text = Path(__file__).with_name("kinds.toml").read_text(encoding="utf-8")
    return {name: Kind.model_validate(said) for name, said in tomllib.loads(text).items()}


def titled(kind: str, *, young: bool = False) -> str:
    """How a letter names documents of a kind, also of one that an authority alone knows."""
    known = kinds().get(kind)
    return known.named(young=young) if known else f"the {kind.replace('_', ' ')}"


def encloses_any(case: Case, effect: Mapping[str, Any]) -> bool:
    """Whether the letter of an effect may enclose something, told without a look at documents."""
    return bool(_kinds_of(case, effect))


def needed(case: Case, effect: Mapping[str, Any]) -> list[str]:
    """The kinds of documents that the letter of an effect encloses, as the case stands.

    None with an answer that amends another: it went with that.
    """
    if effect["facts"].get("amends_on"):
        return []
    reached = case.state.reached
    return [
        kind
        for kind in _kinds_of(case, effect)
        if not (known := kinds().get(kind)) or not known.after or any(each in reached for each in known.after)
    ]


def enclosures_of(
    case: Case,
    effect: Mapping[str, Any],
    reader: Reader,
    documents: Iterable[DocumentRow] | None,
    first: Mapping[str, FirstCopy] | None = None,
) -> Enclosures | None:
    """What the letter of an effect brings to a reader; None: they get none.

    `documents`: those of the complaint; None: as if each kind were there, for letters that are only looked
    at. `first`: of a letter that follows another, the copies of that by their readers.
    """
    wanted = needed(case, effect)
    rule = _rule_of(case, effect["template"])
    if rule.enclosures == "separately" and effect["template"] != FOLLOW_UP:
        return Enclosures(separately=tuple(wanted))
    if effect["template"] == FOLLOW_UP and first is not None:
        copy = first.get(reader.role, FirstCopy(is_written=True))
        if not copy.is_written:
            return Enclosures(missing=tuple(wanted))
        wanted = [*copy.left_without]
        if not wanted:
            return None
    if not wanted:
        return Enclosures()
    release = case.state.enclosures.released.get(effect["key"])
    follow = [kind for kind in wanted if release is not None and kind in release.kinds_for(reader.role)]
    found = _Search(case, reader, [*documents] if documents is not None else _as_if_there(wanted))
    for kind in wanted:
        if kind not in follow:
            found.look_for(kind)
    whole = Enclosures(
        enclosed=() if reader.role == SENT_THEM else tuple(found.enclosed),
        missing=tuple(found.missing),
        redactions=tuple(found.redactions),
        kept_back=tuple(found.kept_back),
        first=first.get(reader.role) if first is not None else None,
    )
    if release is None or not follow:
        return whole
    return whole._replace(follow=tuple(follow), follows_by=release.follows_by.isoformat())


def _as_if_there(kinds: Sequence[str]) -> list[DocumentRow]:
    """A document without a name of each kind, for letters that are only looked at."""
    moment = datetime(2000, 1, 1, tzinfo=UTC)
    return [DocumentRow("", "", "", "clean", 0, "", moment, kind=kind) for kind in kinds]


class _Search:
    """Looks through the documents of a complaint for what goes to one reader."""

    def __init__(self, case: Case, reader: Reader, documents: Collection[DocumentRow]) -> None:
        self.reader = reader
        struck = {each.entry.message.message_id for each in case.state.strikes.struck.values()}
        self.usable = [
            each
            for each in documents
            if each.state != "infected" and not each.is_erased and not _is_struck(each, struck)
        ]
        self.in_place = {each.in_place_of: each for each in self.usable if each.in_place_of}
        self.withheld = case.state.enclosures.withheld
        self.enclosed: list[Enclosed] = []
        self.missing: list[str] = []
        self.redactions: list[str] = []
        self.kept_back: list[KeptBack] = []

    def look_for(self, kind: str) -> None:
        """Enclose every document of a kind; or note what is to be attached first."""
        own = [each for each in self.usable if each.kind == kind and not each.in_place_of]
        if not own:
            self.missing.append(kind)
        for document in own:
            self._enclose(kind, document)

    def _enclose(self, kind: str, document: DocumentRow) -> None:
        of_it = [each for each in self.withheld if is_called(document, each.document)]
        from_reader = [each for each in of_it if is_meant(each, self.reader.role, self.reader.names)]
        other = self.in_place.get(document.document)
        if not from_reader:
            self._put(kind, other if other is not None and not of_it else document)
            return
        wholly = not any(each.parts for each in from_reader)
        if other is not None:
            self._put(kind, other)
        elif not wholly:
            self.missing.append(kind)
            self.redactions.append(kind)
            return
        told = next((each.told for each in reversed(from_reader) if each.told), "")
        self.kept_back.append(KeptBack(kind, wholly and other is None, told))

    def _put(self, kind: str, document: DocumentRow) -> None:
        self.enclosed.append(
            Enclosed(document.document, document.name, kind, document.media_type, document.size)
        )


def _is_struck(document: DocumentRow, struck: Collection[str]) -> bool:
    """Whether all messages that brought a document were struck out: it may be another family's."""
    return bool(document.messages) and all(each in struck for each in document.messages)


def _rule_of(case: Case, letter: str) -> LetterRule:
    return case.state.procedure.policy.letters.get(letter) or LetterRule()


def _kinds_of(case: Case, effect: Mapping[str, Any]) -> list[str]:
    if effect["template"] == FOLLOW_UP:
        return [str(kind) for kind in effect["facts"].get("kinds") or []]
    own = _rule_of(case, effect["template"]).encloses
    return [*dict.fromkeys([*catalogue()[effect["template"]].encloses, *own])]
