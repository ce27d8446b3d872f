"""Documents that senders attach, and whether each is there once, readable, and byte for byte as it was."""

from __future__ import annotations

import hashlib
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

Wrong = Iterator[tuple[Literal["lost", "doubled", "diverged"], str]]

KINDS = ("report", "evidence", "consent")


@dataclass
class Paper:
    """A document as its sender has it; `document`: what the entry point that took it calls it."""

    name: str
    kind: str
    content: bytes
    document: str = ""
    at: float = 0.0
    """When it was answered, in Unix seconds."""


@dataclass
class Line:
    """A document as the product lists it, and the digest of what it gives out; empty: nothing."""

    document: str
    name: str
    kind: str
    size: int
    sha256: str


def paper(rng: random.Random, mark: str) -> Paper:
    """A PDF with a mark of its own and more or less noise: within one piece, and beyond."""
    noise = rng.randbytes(rng.choice((10, 3_000, 90_000, 300_000))).hex()
    return Paper(f"{mark}.pdf", rng.choice(KINDS), pdf(mark, noise))


def pdf(text: str, noise: str) -> bytes:
    """One page (ISO 32000-1, 7.5), with a stream that nothing shows."""
    shown = f"BT /F1 12 Tf 72 720 Td ({text}) Tj ET"
    parts = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R"
        " /Resources << /Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >> >>",
        *(f"<< /Length {len(each)} >>\nstream\n{each}\nendstream" for each in (shown, noise)),
    ]
    written, places = "%PDF-1.4\n", []
    for number, part in enumerate(parts, 1):
        places.append(len(written))
        written += f"{number} 0 obj\n{part}\nendobj\n"
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    size = len(parts) + 1
    end = f"trailer\n<< /Size {size} /Root 1 0 R >>\nstartxref\n{len(written)}\n%%EOF\n"
    return f"{written}xref\n0 {size}\n0000000000 65535 f \n{table}{end}".encode("ascii")


def judge_papers(
    papers: list[Paper], lines: list[Line]
) -> Iterator[tuple[Literal["lost", "doubled", "diverged"], str]]:
    """What is wrong with the documents of one complaint: each that was answered once, and no other."""
    times = Counter(line.document for line in lines)
    wanted = {each.document: each for each in papers}
    for document, each in wanted.items():
        if not times[document]:
            yield "lost", f"the document {each.name}"
        elif times[document] > 1:
            yield "doubled", f"the document {each.name} stands {times[document]} times"
    for line in lines:
        its = wanted.get(line.document)
        if its is None:
            yield "diverged", f"a document that nobody attached: {line.name}"
        elif line.sha256 != hashlib.sha256(its.content).hexdigest():
            yield "lost", f"the document {its.name} is not given out as it was attached"
        elif (line.name, line.kind, line.size) != (its.name, its.kind, len(its.content)):
            yield "diverged", f"the document {its.name} is told of as {line.name}, {line.kind}, {line.size}"
