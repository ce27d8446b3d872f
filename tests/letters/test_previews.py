"""Every letter of an authority is shown from invented complaints, before anybody gets one."""

from __future__ import annotations

import pytest

from redress.letters.catalogue import catalogue
from redress.procedures.loader import authority_names
from redress.services.previewing import DATA, previews


@pytest.mark.parametrize("young", [False, True], ids=["adult", "young"])
@pytest.mark.parametrize("authority", authority_names())
def test_no_letter_of_an_authority_is_missing(authority: str, young: bool) -> None:
    """To adults, to young people, to advocates and to staff."""
    shown = previews(authority, young=young)
    assert shown.missing == []
    by_letter = {
        letter: {each.to for each in shown.letters if each.letter == letter} for letter in catalogue()
    }
    for letter, to in by_letter.items():
        wanted = {"complainant", "advocate"} & {*catalogue()[letter].to} if to else set()
        assert to >= wanted, letter
    lacking = {letter for letter, to in by_letter.items() if not to}
    elsewhere = {"informal_answer", "informal_late"} if authority != "irm" else None
    assert lacking == elsewhere or (elsewhere is None and lacking >= {*DATA["only_with"]})


def test_what_only_some_procedures_have_is_there_in_one() -> None:
    """A name under `only_with` that no procedure has would hide a letter."""
    shown = {each.letter for name in ("irm", "family-rights") for each in previews(name).letters}
    assert shown == {*catalogue()}
