"""Whether an address, a telephone number or an id can be used, asked at the entry points.

Not in the types of `fields`: what a complaint was once opened with is read for as long as it is kept, and an
address that never worked must not make its record unreadable.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator

from redress.domain.parsing import Problem
from redress.domain.postal_address import address_mistakes

LONGEST_EMAIL, LONGEST_LOCAL_PART = 254, 64
"""Characters of an address, and of what stands before the @ (RFC 5321)."""

FEWEST_DIGITS, MOST_DIGITS = 3, 15
"""Digits of a telephone number: from a short code to the longest of E.164."""

_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LOCAL_PART = re.compile(rf"{_ATOM}(\.{_ATOM})*")
_LABEL = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?")
_NUMBER = re.compile(r"\+?[0-9 ()./-]+?( ?(ext\.?|x) ?[0-9]{1,6})?", re.IGNORECASE | re.ASCII)


def contact_problems(document: object) -> list[Problem]:
    """What is wrong with addresses and telephone numbers anywhere in a decoded JSON document."""
    try:
        details = [*_details(document, "")]
    except RecursionError:  # whoever reads the document itself says so
        return []
    return [problem for place, name, text in details for problem in _CHECKS[name](place, text)]


def usable_email(text: str) -> str:
    """An e-mail address that can stand in a message's header and a server will look at; else nothing.

    Letters beyond ASCII are taken in the domain only (as IDNA): few servers take them before the @.
    """
    local, at, domain = text.strip().rpartition("@")
    try:
        labels = [label.encode("idna").decode("ascii") for label in domain.split(".")]
    except UnicodeError:
        return ""
    address = f"{local}@{'.'.join(labels)}"
    fits = len(address) <= LONGEST_EMAIL and len(local) <= LONGEST_LOCAL_PART and len(labels) > 1
    is_one = at and fits and _LOCAL_PART.fullmatch(local) and not labels[-1].isdigit()
    return address if is_one and all(map(_LABEL.fullmatch, labels)) else ""


def _details(value: object, place: str) -> Iterator[tuple[str, str, str]]:
    """Each detail with the field it stands in and what sort it is; `correct` names that sort in `field`."""
    if isinstance(value, dict):
        corrected = str(value.get("field", "")).rpartition(".")[2]
        for name, inner in value.items():
            at = f"{place}.{name}" if place else str(name)
            sort = corrected if name == "value" and corrected in _CHECKS else name
            if sort in _CHECKS and isinstance(inner, str) and inner.strip():
                yield at, sort, inner.strip()
            else:
                yield from _details(inner, at)
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from _details(inner, f"{place}[{number}]")


def _email_problems(place: str, text: str) -> Iterator[Problem]:
    odd = _odd_character(text)
    if odd:
        yield Problem(place, f"holds {odd}: type the address anew", "odd_character")
        return
    if not usable_email(text):
        yield Problem(
            place, "should be one e-mail address, for example robin@invented.example", "not_an_email"
        )


def _telephone_problems(place: str, text: str) -> Iterator[Problem]:
    odd = _odd_character(text)
    if odd:
        yield Problem(place, f"holds {odd}: type the number anew", "odd_character")
        return
    digits = sum(each.isdigit() for each in text)
    if not _NUMBER.fullmatch(text) or not FEWEST_DIGITS <= digits <= MOST_DIGITS + 6:
        what = "should be a telephone number alone, for example 01632 960123; say whose it is in a note"
        yield Problem(place, what, "not_a_telephone")


def _address_problems(place: str, text: str) -> Iterator[Problem]:
    yield from (Problem(place, mistake, "not_an_address") for mistake in address_mistakes(text))


def _id_problems(place: str, text: str) -> Iterator[Problem]:
    odd = _odd_character(text)
    if odd:
        yield Problem(place, f"holds {odd}: it would be another one; type it anew", "odd_character")


def _odd_character(text: str) -> str:
    """What is in a text that nobody sees and no machine takes: named, or empty."""
    for each in text:
        if each != " " and (each.isspace() or unicodedata.category(each) in ("Cc", "Cf", "Zs", "Zl", "Zp")):
            return f"a character that cannot be seen ({unicodedata.name(each, f'U+{ord(each):04X}').lower()})"
    return ""


_CHECKS: dict[str, Callable[[str, str], Iterator[Problem]]] = {
    "email": _email_problems,
    "telephone": _telephone_problems,
    "address": _address_problems,
    "source": _id_problems,
    "source_id": _id_problems,
    "message_id": _id_problems,
    "amends": _id_problems,
    "id": _id_problems,
}
