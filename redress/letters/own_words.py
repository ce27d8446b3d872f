"""A letter in an authority's own words; in ours where theirs cannot be written, or leave something out.

Mistakes are found when a worker starts (`redress.services.checking_texts`). What is found here all the same,
in a case that nobody had thought of, holds up no letter and reaches no family: whoever looks after
the system is told, without a word of the complaint.
"""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable, Collection, Iterable
from typing import NamedTuple

from jinja2 import TemplateError
from temporalio import activity

from redress.letters.own_words_faults import Fault, faults
from redress.letters.rendering import Names, Texts, Written, our_texts
from redress.procedures.files import FileError

log = logging.getLogger(__name__)

LEFT_OUT = "redress_own_words_left_out"
"""The worker's metric: letters that were written in our words because an authority's own were wrong."""


class LeftOut(NamedTuple):
    """An authority's own words that were not used for a letter: by which files, and why."""

    files: tuple[str, ...]
    letter: str
    recipient: str
    fault: Fault

    @property
    def where_and_what(self) -> str:
        """The fault, with the files in which it may be, unless it says itself in which."""
        what = self.fault.what
        return what if what.startswith(self.files) else f"{' or '.join(self.files)}: {what}"


Tell = Callable[[LeftOut], None]


def write_to_log(left_out: LeftOut) -> None:
    """For whoever looks after the system: no recipient's words, no text of the letter."""
    log.error("%s; our own text went out as %s", left_out.where_and_what, left_out.letter)
    if activity.in_activity():
        what = "Letters written in our words because those of the authority were wrong"
        activity.metric_meter().create_counter(LEFT_OUT, what).add(1)


def in_own_words(
    own: Texts,
    write: Callable[[Texts], Written],
    letter: str,
    reader: Names,
    persons: Collection[str],
    tell: Tell,
) -> Written:
    """A letter to one reader in an authority's own words, or ours. `tell` is told why not in its own."""
    ours = write(our_texts())
    files = own.files_for(letter, young=reader["young"])
    if not files and not reader["about_letters"]:
        return ours
    try:
        theirs = write(own)
        wrong = [*faults(ours, theirs, reader, persons)]
    except Exception as error:  # whatever a template does must not hold up a letter
        wrong = [_fault_of(error, files)]
    for fault in dict.fromkeys(wrong):
        tell(LeftOut(tuple(files), letter, reader["role"], fault))
    return ours if wrong else theirs


def _fault_of(error: Exception, files: Collection[str]) -> Fault:
    """Where it went wrong, as far as that is known; what it says may hold words of the complaint."""
    if isinstance(error, RecursionError):  # its traceback is long
        return Fault("cannot be written: something goes on without end")
    frames = traceback.extract_tb(error.__traceback__)
    at = [f"{frame.filename}, line {frame.lineno}, " for frame in frames if frame.filename in files]
    said = error.message if isinstance(error, TemplateError) else str(error)
    return Fault(f"{''.join(at[-1:])}cannot be written ({type(error).__name__})", str(said)[:200])


def tell_left_out(left_out: Iterable[LeftOut]) -> None:
    """Raises `FileError` with one line for each fault of each file, where there are any."""
    found: dict[str, list[LeftOut]] = {}
    for each in left_out:
        found.setdefault(each.where_and_what, []).append(each)
    if found:
        raise FileError("\n".join(_line(what, each) for what, each in sorted(found.items())))


def _line(what: str, found: list[LeftOut]) -> str:
    """A fault, and where it was found first."""
    first, others = found[0], len({(each.letter, each.recipient) for each in found}) - 1
    example = f" ({first.fault.example})" if first.fault.example else ""
    where = f"in {first.letter} to the {first.recipient.replace('_', ' ')}"
    more = f", and in {others} more" if others else ""
    return f"{what}{example}, {where}{more}"
