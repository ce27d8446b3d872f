"""A complaint's reference and an authority's name: what paths, queries and workflow ids are made of."""

from __future__ import annotations

import re
import unicodedata
from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints

ISSUED = "oidc:"
"""How the name and the identity of a caller begin whom an OpenID Connect issuer vouches for: with or without,
it is one person. No token is called so: a name of ours holds no colon."""

REFERENCE = re.compile(r"[A-Z][A-Z0-9]{0,9}-[0-9]{4,9}(-[0-9]{1,9}){0,4}", re.ASCII)
"""A prefix, the year, a number, and one more number for each time that points were split off."""

AUTHORITY = re.compile(r"[a-z0-9][a-z0-9-]{0,99}", re.ASCII)
"""An authority is called as its file is, without `.toml`."""

HYPHENS = re.compile("[\u2010-\u2015\u2043\u2212\ufe58\ufe63\uff0d]")
"""What word processors make of a hyphen."""

NO_REFERENCE = "should be a complaint's reference, for example CYP-2026-000123"


def checked_reference(text: str) -> str:
    """A reference, as it is. Raises `ValueError`: nothing else may become a path, a query or an id."""
    if not REFERENCE.fullmatch(text):
        raise ValueError(NO_REFERENCE)
    return text


def typed_reference(text: str) -> str:
    """A reference as people give it: capitals, spaces, the kind of hyphen and the unseen are nothing."""
    return unicodedata.normalize("NFKC", HYPHENS.sub("-", "".join(seen(text).split()))).upper()


def other_reference(text: str) -> str:
    """The reference of another complaint, as people give it; what is none stays as it is."""
    typed = typed_reference(text)
    return typed if REFERENCE.fullmatch(typed) else text


def seen(text: str) -> str:
    """A text without the characters that nobody sees, such as a zero-width space."""
    return "".join(each for each in text if unicodedata.category(each) != "Cf")


def known_by(text: str) -> list[str]:
    """The words by which a name is known, whatever its capitals, its spacing and what nobody sees in it."""
    return seen(text).casefold().split()


OtherReference = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=200),
    AfterValidator(other_reference),
]
"""The reference of another complaint in an opening or a message; whether there is one is asked elsewhere."""

Reference = Annotated[str, AfterValidator(checked_reference), Field(examples=["CYP-2026-000123"])]
"""A complaint's reference, wherever one comes in."""

AuthorityName = Annotated[str, StringConstraints(pattern=f"^{AUTHORITY.pattern}$")]
"""An authority's name, wherever one comes in."""
