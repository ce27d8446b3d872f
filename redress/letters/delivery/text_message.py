"""The text message that tells somebody of a letter: nothing of what it is about."""

from __future__ import annotations

import re

from redress.letters.letter import Letter
from redress.procedures.authority import Authority

_DATE = re.compile(r"(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day \d{1,2} [A-Z][a-z]+ \d{4}")

LONGEST = 612
"""Characters: four text messages in one, the most that networks take well."""


def text_message(letter: Letter, reference: str, authority: Authority) -> str:
    """That there is a letter, from whom, by when something happens, and how to reach the authority.

    Whoever looks over somebody's shoulder learns neither that it is a complaint nor whose.
    """
    _, _, following = letter.text.partition("\nWhat happens next: ")
    named = _DATE.search(following.partition("\n")[0])
    by = f" A date in it matters: {named[0]}." if named else ""
    contact = authority.contact
    reach = " or ".join(part for part in (contact.telephone, contact.email) if part)
    ask = f" To have it read or sent to you: {reach}." if reach else ""
    return f"{authority.title}: there is a letter for you. Our reference {reference}.{by}{ask}"[:LONGEST]
