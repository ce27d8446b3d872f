"""The search for marked names sees into what is packed: else finding nothing would prove nothing."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.documents.samples import email, printed, word
from tests.marks import holding, says

MARK = "Zyxomark"


PACKED: dict[str, Callable[[str], bytes]] = {
    "a PDF": printed,
    "a file of Word": word,
    "an e-mail in Base64": lambda text: email(("report.pdf", text.encode() * 20)),
    "an e-mail with a PDF": lambda text: email(("report.pdf", printed(text))),
    "an archive in an archive": lambda text: gzip.compress(word(text)),
    "UTF-16": lambda text: text.encode("utf-16"),
}


@pytest.mark.parametrize("what", PACKED)
def test_it_finds_what_is_packed(what: str) -> None:
    packed = PACKED[what](f"{MARK} Quillendorf")
    assert MARK.encode() not in packed, "a plain search does not"
    assert says(packed, MARK)
    assert not says(PACKED[what]("Nobody"), MARK)


def test_a_name_of_a_file_is_found_too(tmp_path: Path) -> None:
    (tmp_path / f"{MARK}.txt").write_text("Nothing.")
    assert holding(tmp_path.iterdir(), MARK) == [f"{MARK}.txt"]
