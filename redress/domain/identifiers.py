"""A complaint's reference and an authority's name: what paths, queries and workflow ids are made of."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, Field

REFERENCE = re.compile(r"[A-Z][A-Z0-9]{0,9}-[0-9]{4,9}(-[0-9]{1,9}){0,4}", re.ASCII)
"""A prefix, the year, a number, and one more number for each time that points were split off."""

AUTHORITY = re.compile(r"[a-z0-9][a-z0-9-]{0,99}", re.ASCII)
"""An authority is called as its file is, without `.toml`."""

HYPHENS = re.compile("[\u2010-\u2015\u2212]")
"""What word processors make of a hyphen."""

NO_REFERENCE = "should be a complaint's reference, for example CYP-2026-000123"

NO_AUTHORITY = "should be an authority's name in small letters, for example family-rights"


def checked_reference(text: str) -> str:
    """A reference, as it is. Raises `ValueError`: nothing else may become a path, a query or an id."""
    if not REFERENCE.fullmatch(text):
        raise ValueError(NO_REFERENCE)
    return text


def typed_reference(text: str) -> str:
    """A reference as people give it: capitals, spaces and the kind of hyphen do not matter."""
    return HYPHENS.sub("-", "".join(text.split())).upper()


def checked_authority(text: str) -> str:
    """An authority's name, as it is. Raises `ValueError`."""
    if not AUTHORITY.fullmatch(text):
        raise ValueError(NO_AUTHORITY)
    return text


Reference = Annotated[str, AfterValidator(checked_reference), Field(examples=["CYP-2026-000123"])]
"""A complaint's reference, wherever one comes in."""

AuthorityName = Annotated[str, AfterValidator(checked_authority), Field(examples=["family-rights"])]
"""An authority's name, wherever one comes in."""
