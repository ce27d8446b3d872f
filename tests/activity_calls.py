"""The activities called as plain functions, in the order in which a complaint's workflow has them run."""

from __future__ import annotations

from activities.begin import BeginComplaint
from activities.record import RecordEntries
from activities.send_letters import SendLetters
from redress.contract import BeginRequest, BeginResult, RecordRequest, SendRequest
from redress.letters.dispatcher import LetterDispatcher
from redress.store.register import Register


class ActivityCalls:
    """The activities on one register, with one way for letters."""

    def __init__(self, register: Register, dispatcher: LetterDispatcher) -> None:
        self.dispatcher = dispatcher
        self._begin = BeginComplaint(register)
        self._record = RecordEntries(register, dispatcher)
        self._letters = SendLetters(dispatcher)

    def begin(self, request: BeginRequest) -> BeginResult:
        return self._begin.begin(request)

    def record(self, request: RecordRequest) -> bool:
        """Whether letters wait."""
        return self._record.record(request).letters_waiting

    def send_letters(self, reference: str) -> None:
        self._letters.send_letters(SendRequest(reference=reference))

    def record_and_send(self, request: RecordRequest) -> bool:
        """Record, then try the letters once; whether all have left."""
        if not self.record(request):
            return True
        remaining = self.dispatcher.send(request.reference)
        with self.dispatcher.register.reading() as db:
            unwritten = self.dispatcher.register.waiting_letters(db, request.reference)
        return not (unwritten or remaining.to_leave or remaining.to_arrive)
