"""Text made small: compressed, in base 64."""

from __future__ import annotations

import base64
import zlib


def compressed(text: str) -> str:
    """The text, a quarter as long where it is JSON of some size."""
    return base64.b64encode(zlib.compress(text.encode(), 9)).decode("ascii")


def decompressed(text: str) -> bytes:
    """The bytes of a text that `compressed` made."""
    return zlib.decompress(base64.b64decode(text))
