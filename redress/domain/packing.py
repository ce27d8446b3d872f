"""Rules and states as they travel and are kept: JSON, packed; rules are read once for each content.

A complaint's rules (its procedure and bank holidays) are some 30 KB of JSON that thousands of
complaints share. Packed they are a quarter of that in each history; unpacked they are one object.
"""

from __future__ import annotations

import zlib
from functools import lru_cache
from typing import TypeVar

from pydantic import BaseModel

from redress.domain.compression import compressed, decompressed
from redress.domain.log import SavedCase
from redress.domain.procedure import RulesSnapshot

M = TypeVar("M", bound=BaseModel)

MOST_RULES, MOST_STATE = 4_000_000, 16_000_000
"""Bytes that packed rules and a packed state may unpack to: many times what a full complaint has."""


class Unpackable(ValueError):
    """A text that `RulesSnapshot.packed` or `pack_state` did not make, or of more than they make."""


@lru_cache(maxsize=512)
def unpack(packed: str) -> RulesSnapshot:
    """The rules that were packed: the same object for the same text. Raises `Unpackable`."""
    return _read(RulesSnapshot, packed, MOST_RULES)


def pack_state(state: SavedCase) -> str:
    """A case's state as text, in the same way: what one run hands on must stay below 2 MB."""
    return compressed(state.model_dump_json(exclude_defaults=True))


def unpack_state(packed: str) -> SavedCase:
    """The state in a text that `pack_state` made. Raises `Unpackable`."""
    return _read(SavedCase, packed, MOST_STATE)


def _read(kind: type[M], packed: str, most: int) -> M:
    try:
        return kind.model_validate_json(decompressed(packed, most))
    except (ValueError, zlib.error) as error:  # what it says could hold what somebody wrote
        raise Unpackable(f"cannot be unpacked ({type(error).__name__})") from None
