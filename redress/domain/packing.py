"""Rules and states as they travel and are kept: JSON, packed; rules are read once for each content.

A complaint's rules (its procedure and bank holidays) are some 30 KB of JSON that thousands of
complaints share. Packed they are a quarter of that in each history; unpacked they are one object.
"""

from __future__ import annotations

import base64
import zlib
from functools import lru_cache

from redress.domain.case import SavedCase
from redress.domain.procedure import RulesSnapshot


def pack(rules: RulesSnapshot) -> str:
    """The rules as text: compressed JSON in base 64. Whole: a default of tomorrow's is none of theirs."""
    return _packed(rules.model_dump_json())


@lru_cache(maxsize=512)
def unpack(packed: str) -> RulesSnapshot:
    """The rules in a text that `pack` made: the same object for the same text."""
    return RulesSnapshot.model_validate_json(_unpacked(packed))


def pack_state(state: SavedCase) -> str:
    """A case's state as text, in the same way: what one run hands on must stay below 2 MB."""
    return _packed(state.model_dump_json(exclude_defaults=True))


def unpack_state(packed: str) -> SavedCase:
    """The state in a text that `pack_state` made."""
    return SavedCase.model_validate_json(_unpacked(packed))


def _packed(text: str) -> str:
    return base64.b64encode(zlib.compress(text.encode(), 9)).decode("ascii")


def _unpacked(packed: str) -> bytes:
    return zlib.decompress(base64.b64decode(packed))
