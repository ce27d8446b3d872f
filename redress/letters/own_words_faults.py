"""What a letter in an authority's own words leaves out that ours says, and what it says too much.

Which days, rights, people and decisions a letter names follows from the law and from the complaint, not from
its wording: so our letter to the same reader on the same day is what it is held against.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from redress.letters.next_step import sentences
from redress.letters.rendering import Names, Written

DATE = re.compile(r"(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day \d{1,2} [A-Z][a-z]+ \d{4}")
"""A day as letters name it."""

FOR_PROGRAMS = re.compile(r"\b\d{4}-\d\d-\d\d\b")
"""A day as programs write it, and letters never."""

STAGE = re.compile(r"Stage \d|Review Panel")

HOW_LONG = re.compile(r"12 months|\b[Gg]o by |[Dd]o it soon|do so soon")
"""By when the Ombudsman is to be reached."""

_CODE = re.compile(r"[a-z0-9_:.-]*")
"""What stands in a message for programs: `upheld`, an id, a day."""

SUBJECT_AT_MOST = 200


class Fault(NamedTuple):
    """What is wrong with a letter: `what`, without a word of the complaint, and an `example` out of it."""

    what: str
    example: str = ""


def faults(ours: Written, theirs: Written, reader: Names, persons: Collection[str]) -> Iterator[Fault]:
    """What is wrong with their letter beside ours. `persons`: names and addresses that belong to somebody."""
    said, wanted = _plain(theirs.text), _plain(ours.text)
    for what, values in _wanted(wanted, reader):
        for value in dict.fromkeys(map(_plain, values)):
            if value and value in wanted and value not in said:
                yield Fault(f"leaves out {what}", f"{value}; ours: {_sentence(wanted, value)}")
    for decision in dict.fromkeys(_outcomes(reader)):  # on each point, and on the whole
        if said.count(decision) < wanted.count(decision):
            yield Fault("leaves out a decision", decision)
    if HOW_LONG.search(wanted) and not HOW_LONG.search(said):
        yield Fault("leaves out by when the Ombudsman is to be reached: 12 months, or the last day")
    if "advocate" in wanted and "advocate" not in said:
        yield Fault("leaves out the right to an advocate")
    if _is_shaped(ours) and not _is_shaped(theirs):
        yield Fault(
            "has the day, our reference and the subject not on lines of their own, as the letterhead needs"
        )
    if _plain(theirs.subject) not in said:
        yield Fault("leaves out its subject")
    if not 0 < len(_plain(theirs.subject)) <= SUBJECT_AT_MOST or "\n" in theirs.subject.strip():
        yield Fault(f"its subject should be one line of at most {SUBJECT_AT_MOST} characters")
    yield from _too_much(ours, theirs, persons)


def _too_much(ours: Written, theirs: Written, persons: Collection[str]) -> Iterator[Fault]:
    """What theirs says and ours does not: whom it names, and words for programs."""
    said, wanted = _plain(theirs.text), _plain(ours.text)
    for text, beside in ((said, wanted), (_plain(theirs.subject), _plain(ours.subject))):
        for person in persons:
            if _names(text, person) and not _names(beside, person):
                yield Fault("names somebody, or where they live, to a reader to whom our letter does not")
    for day in FOR_PROGRAMS.findall(said):
        if day not in wanted:
            yield Fault("writes a day as programs do: write {{ …|day }}", day)


def _wanted(ours: str, reader: Names) -> Iterator[tuple[str, Iterable[str]]]:
    """What a letter has to say where ours says it: what it is called, and the words for it."""
    authority, contact, ombudsman = reader["authority"], reader["contact"], reader["ombudsman"]
    advocacy = reader["advocacy"]
    yield "what happens next", [reader["next_line"]]
    yield "who signs it", reader["signature"]
    yield "our reference", [reader["reference"]]
    yield "a day that our letter names", DATE.findall(ours)
    yield "a stage that our letter names", STAGE.findall(ours)
    yield (
        "who writes, and how they are reached",
        [authority.title, contact.team, contact.telephone, contact.email, *contact.address],
    )
    yield "to whom it goes", [*reader["to_lines"], reader["greeting"]]
    yield "the Ombudsman, and how they are reached", _reach(ombudsman)
    if advocacy:
        yield "how an advocate is found", _reach(advocacy)
    yield "the name of somebody who has a part", [*reader["names"].values(), *_texts(reader["people"])]
    yield "what the complaint is about", [each.text for each in reader["points"]]
    yield "what was written in its message", _texts(reader["message"])
    yield "what is enclosed, follows or is held back", _texts(reader["enclosures"])
    yield "what was added to this letter", [*reader["paragraphs"], reader["form"]]
    yield "what will be done", _texts([reader["remedies"], reader["remedy"]])


def _is_shaped(written: Written) -> bool:
    """Whether the day and our reference stand together on two lines, and the subject on one of its own."""
    lines = [line.strip() for line in written.text.splitlines()]
    heads = [at for at, line in enumerate(lines) if line.startswith("Our reference: ")]
    return any(DATE.fullmatch(lines[at - 1]) for at in heads) and _plain(written.subject) in lines


def _reach(service: Any) -> list[str]:
    return [service.name, service.telephone, service.web, service.email, *service.address]


def _outcomes(reader: Names) -> list[str]:
    message = reader["message"]
    judged = [message, *message.get("findings", [])]
    kinds = sentences()["plain_outcomes" if reader["young"] else "outcomes"]
    return [kinds[each["outcome"]] for each in judged if each.get("outcome") in kinds]


def _texts(part: Any) -> Iterator[str]:
    """What people wrote in a part of a message: no codes, ids and days."""
    if isinstance(part, Mapping):
        yield from (text for value in part.values() for text in _texts(value))
    elif isinstance(part, list | tuple):
        yield from (text for value in part for text in _texts(value))
    elif isinstance(part, str) and not _CODE.fullmatch(part):
        yield part


def _names(text: str, person: str) -> bool:
    return person in text and re.search(rf"(?<!\w){re.escape(person)}(?!\w)", text) is not None


def _sentence(text: str, value: str) -> str:
    """What stands around a value where ours says it."""
    at = text.index(value)
    begins = max(text.rfind(". ", 0, at) + 2, at - 80, 0)
    ends = text.find(". ", at + len(value))
    return text[begins : min(ends + 1 or len(text), at + len(value) + 80)].strip()


def _plain(text: str) -> str:
    """Words with one space between them: where lines break is the authority's own matter."""
    return " ".join(text.split())
