"""`make generate`: what is made from the classes of openings and messages.

That is `workflows/handlers.py`, with a typed update, and where it has one a signal, for each action; and the
tables of `docs/messages.md`. With `--check` it says instead what is stale, and exits 1.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin

from jinja2 import Template
from pydantic.fields import FieldInfo

from redress.domain.fields import Part
from redress.domain.messages import KNOWN, MESSAGES, SIGNALS, Message
from redress.domain.opening import Opening

ROOT = Path(__file__).parent.parent
TEMPLATE = Path(__file__).with_name("handlers.py.jinja")

MOST_ACTIONS = 4
"""How many actions a row names that a field belongs to; the table of actions names all."""


def generated() -> dict[str, str]:
    """Each generated file, by its path in the repository, with what it has to hold."""
    page = "docs/messages.md"
    return {"workflows/handlers.py": handlers(), page: with_tables(_text(ROOT / page))}


def handlers() -> str:
    """The module of handlers, formatted as `make lint` wants it; its text is in `handlers.py.jinja`."""
    template = Template(_text(TEMPLATE), trim_blocks=True, keep_trailing_newline=True)
    names = [kind.__name__ for kind in KNOWN.values()]
    source: str = template.render(
        kinds=names, updates=KNOWN, signals={action: KNOWN[action] for action in sorted(SIGNALS)}
    )
    command = [sys.executable, "-m", "ruff", "format", "--stdin-filename", "generated.py", "-"]
    return subprocess.run(command, input=source, capture_output=True, text=True, check=True).stdout


def with_tables(page: str) -> str:
    """The page with each of its tables as it has to be."""
    for name, lines in {"opening": _opening(), "actions": _actions(), "fields": _fields()}.items():
        before, begin, rest = page.partition(f"<!-- generated: {name} -->\n")
        _, end, after = rest.partition("<!-- end -->\n")
        assert end, f"the page has no place for the table {name}"
        page = before + begin + "\n".join(lines) + "\n" + end + after
    return page


def _opening() -> Iterator[str]:
    yield "| field | required | what |"
    yield "| --- | --- | --- |"
    for name, field in Opening.model_fields.items():
        part = _part_of(field)
        meaning = [_meaning(field)]
        for inner, its in part.model_fields.items() if part else ():
            meaning.append(f"`{inner}`{' (required)' if its.is_required() else ''}: {_meaning(its)}")
        yield f"| `{name}` | {'yes' if field.is_required() else ''} | {' '.join(meaning)} |"


def _actions() -> Iterator[str]:
    yield "| action | fields | what it means |"
    yield "| --- | --- | --- |"
    for action, kind in MESSAGES.items():
        fields = ", ".join(
            f"**`{name}`**" if field.is_required() else f"`{name}`" for name, field in _own(kind)
        )
        yield f"| `{action}` | {fields} | {kind.meaning()} |"


def _fields() -> Iterator[str]:
    yield "| field | of | what |"
    yield "| --- | --- | --- |"
    rows: dict[tuple[str, str], list[str]] = {}
    for action, kind in MESSAGES.items():
        for name, field in _own(kind):
            rows.setdefault((name, _meaning(field)), []).append(action)
    for (name, meaning), actions in sorted(rows.items()):
        of = ", ".join(f"`{action}`" for action in actions) if len(actions) <= MOST_ACTIONS else "several"
        yield f"| `{name}` | {of} | {meaning} |"


def _own(kind: type[Message]) -> Iterator[tuple[str, FieldInfo]]:
    """The fields that an action has beside those of every message, or that it alone requires."""
    for name, field in kind.model_fields.items():
        shared = Message.model_fields.get(name)
        if shared is None or shared.is_required() is not field.is_required():
            yield field.alias or name, field


def _meaning(field: FieldInfo) -> str:
    """What a field means, the words it may have, and for a list of objects how one looks."""
    assert field.description
    kinds = list(_types(field.annotation))
    choices = [word for kind in kinds if get_origin(kind) is Literal for word in get_args(kind)]
    meaning = " ".join(field.description.split())
    if choices:
        meaning += " One of " + ", ".join(f"`{word}`" for word in choices) + "."
    part = _part_of(field)
    if part and any(get_origin(kind) is list for kind in kinds):
        meaning += f" `{json.dumps([part.example()], ensure_ascii=False)}`"
    return meaning.replace("|", "\\|")


def _part_of(field: FieldInfo) -> type[Part] | None:
    """The object that a field holds, alone or in a list."""
    return next(
        (kind for kind in _types(field.annotation) if isinstance(kind, type) and issubclass(kind, Part)), None
    )


def _types(kind: Any) -> Iterator[Any]:
    """A type and, from the outside in, those it is made of."""
    yield kind
    if get_origin(kind) is Annotated:
        yield from _types(get_args(kind)[0])
    elif get_origin(kind) is not Literal:
        for inner in get_args(kind):
            yield from _types(inner)


def main(arguments: list[str]) -> int:
    """Write, or with `--check` compare; gives the exit status."""
    stale = {path: text for path, text in generated().items() if _text(ROOT / path) != text}
    for path, text in stale.items():
        if "--check" in arguments:
            sys.stderr.write(f"{path} is stale: run `make generate`\n")
        else:
            (ROOT / path).write_text(text, encoding="utf-8")
    return 1 if stale and "--check" in arguments else 0


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.exists() else ""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
