"""Rules and states as they travel and are kept: JSON, packed; rules are read once for each content.

A complaint's rules (its procedure and bank holidays) are some 30 KB of JSON that thousands of
complaints share. Packed they are a quarter of that in each history; unpacked they are one object.
"""

from __future__ import annotations

from functools import lru_cache

from redress.domain.case import SavedCase
from redress.domain.compression import compressed, decompressed
from redress.domain.procedure import RulesSnapshot


@lru_cache(maxsize=512)
def unpack(packed: str) -> RulesSnapshot:
    """The rules in a text that `RulesSnapshot.packed` is: the same object for the same text."""
    return RulesSnapshot.model_validate_json(decompressed(packed))


def pack_state(state: SavedCase) -> str:
    """A case's state as text, in the same way: what one run hands on must stay below 2 MB."""
    return compressed(state.model_dump_json(exclude_defaults=True))


def unpack_state(packed: str) -> SavedCase:
    """The state in a text that `pack_state` made."""
    return SavedCase.model_validate_json(decompressed(packed))
