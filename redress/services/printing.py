"""A letter of the register ready to print: what somebody prints who sends it by hand."""

from __future__ import annotations

from typing import NamedTuple

from redress.domain.parsing import Malformed, Problem
from redress.letters.delivery.outbound import OutboundLetter
from redress.letters.dispatcher import LetterDispatcher
from redress.letters.printing import PrintReady, print_ready
from redress.services.errors import Rejected
from redress.services.letters import BECAME, found
from redress.store.letters import TO_APPROVE


class Printed(NamedTuple):
    """A letter, and what it is printed from."""

    letter: OutboundLetter
    ready: PrintReady


def printed(dispatcher: LetterDispatcher, reference: str, mark: str) -> Printed:
    """A letter as it was written, with all that is enclosed with it, as it goes by hand.

    Raises `Malformed` where there is none of this mark or its text is not kept; `Rejected` where it is still
    to be approved; `StoreUnavailable` where an enclosure cannot be read.
    """
    row = found(dispatcher.register, reference, mark)
    if row.state in TO_APPROVE:
        raise Rejected(f"this letter is {BECAME[row.shown]}: it can be printed once it is written for good")
    if row.text is None:
        raise Malformed([Problem("MARK", "its text is not kept here: there is nothing to print")])
    letter = dispatcher.outbound(row)
    return Printed(letter, print_ready(letter))
