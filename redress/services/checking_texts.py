"""An authority's own words, looked through before any family gets them."""

from __future__ import annotations

from redress.letters.own_templates import all_own_texts
from redress.letters.own_words import LeftOut, tell_left_out
from redress.services.clock import today
from redress.services.previewing import invented_letters


def check_own_texts(authority: str | None = None) -> dict[str, list[str]]:
    """Write every letter of invented complaints in the words of each authority that has its own, or of one.

    Gives their files, by authority. Raises `FileError` with each file in which something is wrong, and with
    what would be right.
    """
    texts = {name: own for name, own in all_own_texts().items() if authority in (None, name)}
    left_out: list[LeftOut] = []
    for name in texts:
        for young in (False, True):
            for _ in invented_letters(name, today(), left_out.append, young=young):
                pass
    tell_left_out(left_out)
    return {name: sorted(file.shown for file in own.own.values()) for name, own in texts.items()}
