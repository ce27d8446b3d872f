"""How large a picture says it is: a small file can hold one that takes gigabytes once it is drawn."""

from __future__ import annotations

from collections.abc import Iterator
from struct import error, unpack_from

START_OF_FRAME = {0xC0, 0xC1, 0xC2, 0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF}
"""Markers of a JPEG behind which its size stands."""


def pixels_of(kind: str, content: bytes) -> int:
    """The pixels of a `png`, `jpg`, `gif` or `webp`. Raises `ValueError` where it does not say."""
    sizes = {"png": _of_png, "jpg": _of_jpeg, "gif": _of_gif, "webp": _of_webp}[kind]
    try:
        return max(width * height for width, height in sizes(content))
    except (error, IndexError):
        raise ValueError("it ends before its size") from None


def _of_png(content: bytes) -> Iterator[tuple[int, int]]:
    yield unpack_from(">II", content, 16)


def _of_jpeg(content: bytes) -> Iterator[tuple[int, int]]:
    at = 2
    while at < len(content):
        marker = content[at + 1]
        if content[at] != 0xFF:
            raise ValueError("it has no marker where one should be")
        if marker == 0xFF:  # it may be filled up
            at += 1
        elif marker in START_OF_FRAME:
            height, width = unpack_from(">HH", content, at + 5)
            yield width, height
            return
        else:
            at += 2 + unpack_from(">H", content, at + 2)[0]


def _of_gif(content: bytes) -> Iterator[tuple[int, int]]:
    """Its own size and that of its first picture."""
    yield unpack_from("<HH", content, 6)
    at = 13 + _colours(content[10])
    while content[at] == 0x21:  # an extension
        at += 2
        while content[at]:
            at += 1 + content[at]
        at += 1
    if content[at] == 0x2C:
        yield unpack_from("<HH", content, at + 5)


def _colours(flags: int) -> int:
    return 3 * 2 ** ((flags & 7) + 1) if flags & 0x80 else 0


def _of_webp(content: bytes) -> Iterator[tuple[int, int]]:
    """Its own size and those of all pictures in it."""
    at = 12
    while at + 8 <= len(content):
        name, data = content[at : at + 4], at + 8
        if name == b"VP8X":
            yield _three(content, data + 4) + 1, _three(content, data + 7) + 1
        elif name == b"ANMF":
            yield _three(content, data + 6) + 1, _three(content, data + 9) + 1
        elif name == b"VP8L":
            bits = unpack_from("<I", content, data + 1)[0]
            yield (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
        elif name == b"VP8 ":
            width, height = unpack_from("<HH", content, data + 6)
            yield width & 0x3FFF, height & 0x3FFF
        size = unpack_from("<I", content, at + 4)[0]
        at = data + size + size % 2


def _three(content: bytes, at: int) -> int:
    return int.from_bytes(content[at : at + 3], "little")
