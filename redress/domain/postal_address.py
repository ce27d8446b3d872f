"""A postal address as lines that GOV.UK Notify's validator takes, and what in it is none.

Its rules (https://www.notifications.service.gov.uk/using-notify/guidance): three to seven lines, the last of
them a UK postcode or a country, none that begins with one of a few characters.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from redress.domain.countries import COUNTRIES

NOT_AT_THE_BEGINNING = '@()=[]"\u201c\u201d\\/,<>~'
"""Characters that no line may begin with."""

FEWEST_LINES, MOST_LINES = 2, 6
"""Lines of an address without the name: with it three to seven."""

_BFPO = re.compile(r"(?:BFPO|BF)\s*[0-9]{1,4}(?:\s*[0-9][A-Z]{2})?", re.IGNORECASE)
_POSTCODE = r"(?:GIR\s?0AA|[A-Z]{1,2}[0-9][A-Z0-9]?\s*[0-9][ABD-HJLNP-UW-Z]{2})"
_ENDS_WITH_POSTCODE = re.compile(rf"(?P<before>.*?\S)[\s,.]+(?P<postcode>{_POSTCODE})[\s.,]*", re.IGNORECASE)
_IS_POSTCODE = re.compile(rf"{_POSTCODE}[\s.,]*", re.IGNORECASE)
_TELEPHONE = re.compile(
    r"(?:(?:tel|telephone|phone|mobile|mob|home|work|ph|t|m)\b[\s.:]*)*\+?[0-9(][0-9 ().-]{7,}", re.IGNORECASE
)
_EMAIL = re.compile(r"(?:e-?mail\b[\s:]*)?[^\s@]+@[^\s@]+\.[^\s@]+", re.IGNORECASE)
_NOWHERE = re.compile("no fixed (?:abode|address)", re.IGNORECASE)
_HOME = frozenset(
    {
        "uk",
        "u.k.",
        "united kingdom",
        "great britain",
        "gb",
        "england",
        "scotland",
        "wales",
        "northern ireland",
    }
)


def postal_lines(address: str) -> list[str]:
    """The lines of an address, without a name: by commas where it is on one line, the postcode on its own.

    What is no part of an address (a telephone number, an e-mail address) is left out.
    """
    lines = [line for line in map(begun_well, address.splitlines()) if line and not what_else(line)]
    if len(lines) == 1:
        lines = [part for part in map(begun_well, lines[0].split(",")) if part]
    if len(lines) > 1 and lines[-1].casefold() in _HOME and _ends_with_postcode(lines[-2]):
        del lines[-1]
    if lines and (parted := _ENDS_WITH_POSTCODE.fullmatch(lines[-1])):
        lines[-1:] = [parted["before"].rstrip(" ,"), parted["postcode"]]
    elif lines and _IS_POSTCODE.fullmatch(lines[-1]):
        lines[-1] = lines[-1].rstrip(" .,")
    return lines


def ends_well(lines: Sequence[str]) -> bool:
    """Whether the last line is one that a carrier can sort by: a postcode, a forces' number or a country."""
    last = lines[-1].strip(" .,")
    return bool(_IS_POSTCODE.fullmatch(last) or _BFPO.fullmatch(last)) or last.casefold() in COUNTRIES


def begun_well(line: str) -> str:
    """A line without the characters that none may begin with: a name that stands above an address too."""
    return line.strip(" ,\t").lstrip(NOT_AT_THE_BEGINNING + " \t")


def _ends_with_postcode(line: str) -> bool:
    return bool(_IS_POSTCODE.fullmatch(line) or _ENDS_WITH_POSTCODE.fullmatch(line))


def what_else(line: str) -> str:
    """What a line of an address is instead: a telephone number, an e-mail address; empty: neither."""
    text = line.strip()
    if _EMAIL.fullmatch(text):
        return "an e-mail address"
    return "a telephone number" if _TELEPHONE.fullmatch(text) else ""


def envelope_lines(name: str, address: str) -> list[str]:
    """What stands on an envelope, at most seven lines: the name, then the address, the postcode last."""
    name = begun_well(name)
    lines = [" ".join(line.split()) for line in ([name] if name else []) + postal_lines(address)]
    while len(lines) > MOST_LINES + 1:  # the last lines, town and postcode, stay as they are
        lines[1:3] = [f"{lines[1]}, {lines[2]}"]
    return lines


def not_for_the_post(lines: Sequence[str]) -> str:
    """Why no letter can be posted to the lines of an envelope, as a manager reads it; empty: one can."""
    if len(lines) < FEWEST_LINES + 1:
        return "the postal address is too short: with the name it needs three lines"
    if not ends_well(lines):
        return "the last line of the postal address should be a UK postcode or a country"
    if not all(re.search("[a-zA-Z0-9]", line) for line in lines[:2]):
        return "the name, or the first line of the postal address, has neither letters nor numbers"
    if any(line.casefold() == "nfa" for line in lines) or _NOWHERE.search("\n".join(lines)):
        return "the postal address says that there is no fixed address"
    return ""


def address_mistakes(address: str) -> Iterator[str]:
    """What somebody who types an address can put right at once: what is wrong, what would be right."""
    wrong = [*_wrong_lines(address)]
    yield from wrong
    lines = postal_lines(address)
    if wrong:
        return  # what is left cannot be judged yet
    if len(lines) < FEWEST_LINES:
        yield "should have a street, a town and a UK postcode (or a country), each on a line of its own"
    elif not ends_well(lines):
        yield "should end with a UK postcode, for example EX1 1AA, or with the name of the country"
    elif len(lines) > MOST_LINES:
        yield f"should have at most {MOST_LINES} lines, the postcode or country among them"


def _wrong_lines(address: str) -> Iterator[str]:
    for number, line in enumerate(address.splitlines(), 1):
        other = what_else(line)
        if other:
            yield f"line {number} is {other}: leave it out here, and give it in a field of its own"
        elif line.strip() and line.strip()[0] in NOT_AT_THE_BEGINNING:
            yield f"line {number} should not begin with {line.strip()[0]}: no letter could be sent there"
