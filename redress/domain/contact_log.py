"""Which contacts of the person's own a reply is owed to."""

from __future__ import annotations

from redress.domain.messages import RecordContact
from redress.domain.words import same_words

REPLY = "contact_reply"
"""The limit of a reply; each has its number after it."""


class ContactLog:
    """The replies that are owed or were, in the order of the contacts. `names`: of each, by its message."""

    def __init__(self) -> None:
        self.names: dict[str, str] = {}
        self._owed: list[RecordContact] = []

    def owes(self, message: RecordContact) -> str:
        """A reply is owed to a contact; gives the name of its limit."""
        name = f"{REPLY}_{len(self.names) + 1}"
        self.names[message.message_id] = name
        self._owed.append(message)
        return name

    def replied(self, message: RecordContact) -> list[str]:
        """The limits that a contact of ours meets: of all that came before it from whom it was with."""
        met = [owed for owed in self._owed if owed.on <= message.on and _same(owed, message)]
        self._owed = [owed for owed in self._owed if owed not in met]
        return [self.names[owed.message_id] for owed in met]


def _same(owed: RecordContact, ours: RecordContact) -> bool:
    """Whether a contact was with whom another was with; where one does not say, it is taken to be."""
    those = {same_words(each) for each in (owed.with_whom, owed.person or "") if each.strip()}
    these = {same_words(each) for each in (ours.with_whom, ours.person or "") if each.strip()}
    return not those or not these or bool(those & these)
