"""Terms as they travel and are kept: JSON, packed, and read once for each content.

A complaint's terms (its procedure and bank holidays) are some 15 KB of JSON that thousands of
complaints share. Packed they are a fifth of that in each history; unpacked they are one object.
"""

from __future__ import annotations

import base64
import zlib
from functools import lru_cache

from redress.procedure import Terms


def pack(terms: Terms) -> str:
    """The terms as text: compressed JSON in base 64."""
    text = terms.model_dump_json(exclude_defaults=True)
    return base64.b64encode(zlib.compress(text.encode(), 9)).decode("ascii")


@lru_cache(maxsize=512)
def unpack(packed: str) -> Terms:
    """The terms in a text that `pack` made: the same object for the same text."""
    return Terms.model_validate_json(zlib.decompress(base64.b64decode(packed)))
