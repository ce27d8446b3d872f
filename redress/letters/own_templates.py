"""An authority's own templates, in a folder that the setting `REDRESS_TEMPLATES` names.

    family-rights/acknowledgement.txt    a letter of one authority
    family-rights/young/adjudication.txt what young people get in its place
    family-rights/_ombudsman.txt         a part that several letters include
    _before_closing.txt                  the same for every authority

Read once in a process: a file that is changed later reaches no letter before the next start, which tells
its mistakes first.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

from jinja2 import TemplateSyntaxError, nodes
from jinja2.meta import find_referenced_templates, find_undeclared_variables

from redress.domain import messages
from redress.domain.messages import Message
from redress.letters.catalogue import MARK, TEMPLATES, CatalogueEntry, catalogue, split
from redress.letters.rendering import FRAMES, OURS, OwnTemplate, Texts, included, our_environment
from redress.procedures.files import FileError, checked, close_to, parse_toml
from redress.procedures.loader import authority, authority_names, procedure

SETTING = "REDRESS_TEMPLATES"
"""Names the folder (`redress.settings` has it among all settings)."""

BYTES_AT_MOST = 100_000

SUBJECTS = ("subject", "staff_subject", "young_subject")
"""What the head of an authority's own file may change: who gets a letter, and what it explains, are rules."""

EVERYBODY = ""
"""What lies at the top of the folder counts for every authority."""


class _OwnFile(NamedTuple):
    """A file as it was read: whose it is, the template it replaces, its head and its text."""

    authority: str
    replaces: str
    shown: str
    head: str
    text: str


def own_texts(authority_name: str) -> Texts | None:
    """An authority's own texts; None: it has none. Raises `FileError` with the mistakes of all files."""
    return all_own_texts().get(authority_name)


def all_own_texts() -> Mapping[str, Texts]:
    """The texts of each authority that has some in the folder of the setting. Raises `FileError`."""
    named = os.environ.get(SETTING)
    return _read_folder(Path(named)) if named else {}


@lru_cache(maxsize=8)
def _read_folder(folder: Path) -> Mapping[str, Texts]:
    """What lies in a folder, as this process found it first. Raises `FileError`."""
    wrong: list[str] = []
    if not folder.is_dir():
        raise FileError(f"{SETTING}: {folder} is no folder")
    files = [*_read_all(folder, wrong)]
    texts: dict[str, Texts] = {}
    for name in authority_names():
        common = {each.replaces: each for each in files if each.authority == EVERYBODY}
        own = common | {each.replaces: each for each in files if each.authority == name}
        if own:
            templates = {replaces: OwnTemplate(each.shown, each.text) for replaces, each in own.items()}
            texts[name] = Texts(templates, _entries(own, wrong))
            wrong += _mistakes(texts[name], name)
    if wrong:
        raise FileError("\n".join(sorted(dict.fromkeys(wrong))))
    return texts


# --- reading -----------------------------------------------------------------------------------------


def _read_all(folder: Path, wrong: list[str]) -> Iterator[_OwnFile]:
    """Every file of a folder that is a template; what is none goes into `wrong`."""
    for path in _walk(folder):
        shown = path.relative_to(folder).as_posix()
        if path.is_dir():
            wrong += _wrong_folder(shown)
            continue
        try:
            if not path.resolve().is_relative_to(folder.resolve()):
                raise FileError(f"{shown}: leads out of the folder")
            yield _read(path, shown)
        except FileError as mistake:
            wrong += str(mistake).splitlines()


def _walk(folder: Path, below: int = 2) -> Iterator[Path]:
    """What lies in a folder, also where it is linked to (as Kubernetes mounts it); nothing that is hidden."""
    for path in sorted(folder.iterdir()):
        if not path.name.startswith(".") and path.stem != "README":
            yield path
            if below and path.is_dir():
                yield from _walk(path, below - 1)


def _wrong_folder(shown: str) -> list[str]:
    """A folder belongs to an authority, or holds what young people get."""
    first, *rest = PurePosixPath(shown).parts
    if rest in ([], ["young"]) and first in (*authority_names(), *([] if rest else ["young"])):
        return []
    if not rest:
        hint = close_to(first, [*authority_names(), "young"])
        return [f"{shown}: is the name of no authority, and not young{hint}"]
    return [f"{shown}: there is one folder in that of an authority: young"] if rest[0] != "young" else []


def _read(path: Path, shown: str) -> _OwnFile:
    """Raises `FileError` where it replaces nothing, or cannot be read."""
    parts = PurePosixPath(shown).parts
    whose = parts[0] if len(parts) > 1 and parts[0] != "young" else EVERYBODY
    replaces = PurePosixPath(*(parts[1:] if whose else parts)).as_posix()
    if not re.fullmatch(r"(young/)?\w+\.txt", replaces, re.ASCII):
        raise FileError(f"{shown}: is no template: their names are a letter's or a part's, and end in .txt")
    _check_name(replaces, shown)
    try:
        if path.stat().st_size > BYTES_AT_MOST:
            raise FileError(f"{shown}: is larger than {BYTES_AT_MOST // 1000} kB")
        source = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise FileError(f"{shown}: is not written in UTF-8") from None
    except OSError as error:
        raise FileError(f"{shown}: cannot be read: {error.strerror}") from None
    head, text = split(source)
    if source.startswith(MARK) and not head:
        raise FileError(f"{shown}: its head should end with a line of +++")
    if head and replaces not in {f"{name}.txt" for name in catalogue()}:
        what = "only a letter has a head; the subject to young people is young_subject in the letter's file"
        raise FileError(f"{shown}: {what}")
    above = source.count("\n") - text.count("\n")  # so that lines are counted as in the file
    return _OwnFile(whose, replaces, shown, head, "{#" + "\n" * above + "#}" + text if above else text)


def _check_name(replaces: str, shown: str) -> None:
    """Parts may be an authority's own; letters are those that there are. Raises `FileError`."""
    young, name = replaces.startswith("young/"), PurePosixPath(replaces).stem
    if name.startswith("_"):
        return
    known = _for_people() if young else {*catalogue()}
    known |= {entry.young for entry in catalogue().values() if young and entry.young}
    if name not in known:
        whom = " to people" if young else ""
        raise FileError(f"{shown}: there is no letter {name!r}{whom}{close_to(name, known)}")


def _for_people() -> set[str]:
    return {name for name, entry in catalogue().items() if {"complainant", "had_letter"} & {*entry.to}}


def _entries(own: Mapping[str, _OwnFile], wrong: list[str]) -> dict[str, CatalogueEntry]:
    """The letters whose subject is the authority's own, by its heads; mistakes in them go into `wrong`."""
    entries: dict[str, CatalogueEntry] = {}
    for file in (each for each in own.values() if each.head):
        name = PurePosixPath(file.replaces).stem
        try:
            entries[name] = _entry(name, parse_toml(file.head, file.shown), file.shown)
        except FileError as mistake:
            wrong += str(mistake).splitlines()
    return entries


def _entry(name: str, head: Mapping[str, Any], shown: str) -> CatalogueEntry:
    ours = catalogue()[name]
    entry = checked(CatalogueEntry, ours.model_dump(exclude_defaults=True) | {**head}, shown)
    changed = [key for key in head if key not in SUBJECTS and getattr(entry, key) != getattr(ours, key)]
    if changed:
        what = [f"{key}: is a rule, and stays {getattr(ours, key)!r}: leave it out" for key in changed]
        raise FileError("\n".join(f"{shown}: {line}" for line in what))
    return entry


# --- mistakes that show without a letter -------------------------------------------------------------


def _mistakes(texts: Texts, authority_name: str) -> Iterator[str]:
    """What is wrong in an authority's own templates and subjects, before any letter is written."""
    parsed: dict[str, nodes.Template] = {}
    for name, file in texts.own.items():
        try:
            tree = texts.environment.parse(file.text)
            texts.environment.compile(tree, name, file.shown)
            parsed[name] = tree
        except TemplateSyntaxError as error:
            yield f"{file.shown}, line {error.lineno}: {error.message}"
    known = _names_known(parsed)
    attributes = _attributes_known(authority_name)
    for name, tree in parsed.items():
        shown = texts.own[name].shown
        yield from (f"{shown}{line}" for line in _unknown(tree, known, attributes))
        yield from (f"{shown}: {line}" for line in _wrong_references(texts, parsed, name))
        yield from (f"{shown}: {line}" for line in _misplaced(texts, parsed, name))
    for letter, entry in texts.entries.items():
        if entry != catalogue()[letter]:
            shown = texts.own[f"{letter}.txt"].shown
            for key in SUBJECTS:
                try:
                    tree = texts.environment.parse(getattr(entry, key))
                except TemplateSyntaxError as error:
                    yield f"{shown}: {key}: {error.message}"
                else:
                    lines = _unknown(tree, known, attributes)
                    yield from (f"{shown}: {key}{line}" for line in lines)


def _names_known(parsed: Mapping[str, nodes.Template]) -> set[str]:
    """What a template may name: what ours name, and what one of the authority's own sets."""
    known = {name for tree in _our_trees() for name in find_undeclared_variables(tree)}
    stored = (name for tree in parsed.values() for name in tree.find_all(nodes.Name) if name.ctx != "load")
    return known | {name.name for name in stored}


@lru_cache(maxsize=1)
def _our_trees() -> list[nodes.Template]:
    ours = our_environment()
    sources = [split(path.read_text(encoding="utf-8"))[1] for path in sorted(TEMPLATES.rglob("*.txt"))]
    entries = [getattr(entry, key) for entry in catalogue().values() for key in SUBJECTS]
    return [ours.parse(source) for source in (*sources, *entries)]


def _attributes_known(authority_name: str) -> dict[str, set[str]]:
    """What may stand after the dot, by what stands before it: as in ours, a message's fields, limits."""
    known: dict[str, set[str]] = {}
    for tree in _our_trees():
        for base, name, _ in _attributes(tree):
            known.setdefault(base, set()).add(name)
    own = authority(authority_name)
    limits = {limit.name for each in own.procedures for limit in procedure(each, own.name).limits}
    for base in ("due", "late_since", "counts_from", "limits"):
        known.setdefault(base, set()).update(limits)
    kinds = [each for each in vars(messages).values() if isinstance(each, type) and issubclass(each, Message)]
    known["message"].update(field for kind in kinds for field in kind.model_fields)
    return known


def _attributes(tree: nodes.Node) -> Iterator[tuple[str, str, int]]:
    """Each `base.name` of a template, with its line."""
    for each in tree.find_all(nodes.Getattr):
        if isinstance(each.node, nodes.Name):
            yield each.node.name, each.attr, each.lineno


def _unknown(tree: nodes.Template, known: set[str], attributes: Mapping[str, set[str]]) -> Iterator[str]:
    """What a template names that no letter has, each with its line."""
    names = find_undeclared_variables(tree)
    lines = {each.name: each.lineno for each in reversed([*tree.find_all(nodes.Name)])}
    for name in sorted(names - known):
        hint = close_to(name, known)
        yield f", line {lines.get(name, 1)}: {name} is nothing that a letter can name{hint}"
    for base, name, line in _attributes(tree):
        if base in names and name not in attributes.get(base, {name}):
            yield f", line {line}: {base} has no {name}{close_to(name, attributes[base])}"


def _wrong_references(texts: Texts, parsed: Mapping[str, nodes.Template], name: str) -> Iterator[str]:
    """What it includes that is not there, that it does not name, or that leads back to it."""
    assert texts.environment.loader is not None, "made with one"
    there = texts.environment.loader.list_templates()
    for each in find_referenced_templates(parsed[name]):
        if each is None:
            yield "what is included or extended should be named, between quotes"
        elif each not in there:
            yield f"includes {each!r}, which is not there{close_to(each, there)}"
        elif name in included(texts.environment, [each]):
            yield f"includes itself, by {each!r}; ours is {OURS + '/' + name!r}"


def _misplaced(texts: Texts, parsed: Mapping[str, nodes.Template], name: str) -> Iterator[str]:
    """A part that nothing includes, a frame without a text, a letter that forgets young people."""
    stem, names = PurePosixPath(name).stem, _all_names(parsed[name])
    if name in FRAMES.values():
        if "body" not in names:
            yield "leaves out {{ body }}, the text of the letter"
    elif stem.startswith("_"):
        used = {each for tree in parsed.values() for each in find_referenced_templates(tree)}
        if not (TEMPLATES / name).is_file() and name not in used:
            ours = [path.relative_to(TEMPLATES).as_posix() for path in TEMPLATES.rglob("_*.txt")]
            yield f"is a part that no letter includes{close_to(name, ours)}"
    elif (
        stem in _for_people()
        and name == f"{stem}.txt" == texts.file_of(stem, young=True)
        and "young" not in names
    ):
        yield f"young people get it too: write young/{name} beside it, or ask {{% if young %}}"


def _all_names(tree: nodes.Template) -> set[str]:
    """What a template names, and what does that it includes of ours by `ours/`."""
    names, ours = find_undeclared_variables(tree), our_environment()
    for each in find_referenced_templates(tree):
        if each and each.startswith(f"{OURS}/"):
            path = TEMPLATES / each.removeprefix(f"{OURS}/")
            if path.is_file():
                names |= find_undeclared_variables(ours.parse(split(path.read_text(encoding="utf-8"))[1]))
    return names
