"""What a document is, told by what stands in it."""

from __future__ import annotations

import io
import struct
import tracemalloc

import pytest

from redress.documents.types import DOC, DOCX, EMAIL, PDF, media_type_of
from tests.documents import samples


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (samples.PDF, PDF),
        (samples.PNG, "image/png"),
        (samples.JPEG, "image/jpeg"),
        (b"GIF89a" + bytes(50), "image/gif"),
        (b"II*\x00" + bytes(50), "image/tiff"),
        (b"RIFF\x24\x00\x00\x00WEBPVP8 " + bytes(30), "image/webp"),
        (b"\x00\x00\x00\x18ftypheic" + bytes(40), "image/heif"),
        (samples.DOCX, DOCX),
        (samples.DOC, DOC),
        (samples.email(("a.pdf", samples.PDF)), EMAIL),
        (b"Received: from x by y;\r\n Mon, 1 Jun 2026\r\nFrom: a@b.example\r\n\r\nHello", EMAIL),
    ],
)
def test_what_is_taken(content: bytes, expected: str) -> None:
    assert media_type_of(io.BytesIO(content)) == expected


@pytest.mark.parametrize(
    "content",
    [
        samples.HTML,
        samples.SVG,
        samples.EXE,
        samples.DOCM,
        samples.XLSX,
        samples.MSG,
        b"PK\x03\x04 and no archive",
        b"Just some words.",
        b"Subject: one header alone\n\nis no e-mail",
        b"From: x\nnot a header\nTo: y\n\n",
        b"#!/bin/sh\nrm -rf /\n",
        b"\x7fELF\x02\x01\x01" + bytes(100),
        b"",
        samples.HTML + samples.PDF,
    ],
)
def test_what_is_not(content: bytes) -> None:
    assert media_type_of(io.BytesIO(content)) is None


def test_a_list_of_files_beyond_all_measure_is_not_read() -> None:
    """A document of 23 MB could hold half a million names of files, which take 150 MB once they are read."""
    entry = b"PK\x01\x02" + struct.pack("<6H3I5H2I", 20, 20, 0, 0, 0, 33, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0) + b"a"
    local = b"PK\x03\x04" + struct.pack("<5H3I2H", 20, 0, 0, 0, 33, 0, 0, 0, 1, 0) + b"a"
    listed = entry * 200_000
    end = b"PK\x05\x06" + struct.pack("<4H2IH", 0, 0, 65535, 65535, len(listed), len(local), 0)
    tracemalloc.start()
    assert media_type_of(io.BytesIO(local + listed + end)) is None
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 50 * 1024 * 1024
