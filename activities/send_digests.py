"""Sends staff their daily digests."""

from __future__ import annotations

from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.serving import serve_daily_digest
from redress.contract import SEND_DIGESTS, DigestReport
from redress.letters.delivery.channel import NotNow
from redress.letters.dispatcher import LetterDispatcher
from redress.services.clock import today
from redress.services.digests import send_digests


class SendDigests:
    """The activity, on a register and the channels by which letters to staff leave."""

    def __init__(self, dispatcher: LetterDispatcher) -> None:
        self._dispatcher = dispatcher

    @activity.defn(name=SEND_DIGESTS, no_thread_cancel_exception=True)
    def send_digests(self) -> DigestReport:
        """Send today's digests, in London. May run again: each leaves once for a mailbox and day.

        Raises while one could not leave: then it is tried again.
        """
        serve_daily_digest()
        try:
            return send_digests(self._dispatcher.register, self._dispatcher.channels, today())
        except NotNow as failure:
            raise ApplicationError(f"a daily digest could not leave yet: {failure.reason}") from None
