"""Text made small: compressed, in base 64."""

from __future__ import annotations

import base64
import zlib


def compressed(text: str) -> str:
    """The text, a quarter as long where it is JSON of some size."""
    return base64.b64encode(zlib.compress(text.encode(), 9)).decode("ascii")


def decompressed(text: str, most: int) -> bytes:
    """The bytes that `compressed` made a text of. Raises `ValueError`, `zlib.error`; beyond `most` bytes too.

    Never more than that is unpacked: a byte can stand for a thousand.
    """
    unpacking = zlib.decompressobj()
    unpacked = unpacking.decompress(base64.b64decode(text, validate=True), most)
    if not unpacking.eof:
        raise ValueError(f"should unpack to at most {most} bytes")
    return unpacked
