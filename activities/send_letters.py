"""Letters of one complaint leave; on a task queue of their own: a slow mail server holds up nothing else."""

from __future__ import annotations

from datetime import timedelta

from temporalio import activity
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory

from activities.serving import serve_complaint
from redress.contract import SEND_LETTERS, SendRequest, SentLetters
from redress.letters.dispatcher import LetterDispatcher, Remaining


class SendLetters:
    """Serves a complaint's workflow while it has letters that have not left, or not arrived.

    A letter in hand is handed over and noted even where the complaint was terminated meanwhile.
    """

    def __init__(self, dispatcher: LetterDispatcher) -> None:
        self.dispatcher = dispatcher

    @activity.defn(name=SEND_LETTERS, no_thread_cancel_exception=True)
    def send_letters(self, request: SendRequest) -> SentLetters:
        """Send what is ready, and ask after what was handed over.

        The approved letters that have left are its answer, at once, and what the complaint does not know of
        the letters with answers. Else it raises while anything remains: then it is tried again, at the moment
        that the error names.
        """
        reference, approved, answers = request.reference, request.approved, request.answers
        serve_complaint(reference)
        written, remaining = self.dispatcher.write_and_send(reference, approved)
        left = self.dispatcher.left(reference, approved) if approved else []
        news = self.dispatcher.answers_left(reference, answers) if answers else SentLetters()
        if left or news.left or news.not_left or news.waiting:
            return news.model_copy(update={"left": [*left, *news.left]})
        if not written:
            raise RuntimeError("a letter could not be written yet; it is tried again")
        if remaining.to_leave or remaining.to_arrive or remaining.to_enclose:
            raise _later(remaining)
        return SentLetters()


def _later(remaining: Remaining) -> ApplicationError:
    """What an operator reads while letters are on their way, and when they are looked at next."""
    parts = []
    if remaining.to_leave:
        parts.append(f"{remaining.to_leave} could not leave yet")
    if remaining.to_arrive:
        parts.append(f"{remaining.to_arrive} left and have not arrived yet")
    if remaining.to_enclose:
        parts.append(f"{remaining.to_enclose} wait for an enclosure")
    waits = remaining.to_leave > 0
    return ApplicationError(
        f"letters: {', '.join(parts)}; looked at again by itself",
        type="LettersUnderWay",
        next_retry_delay=timedelta(seconds=remaining.next_in),
        category=ApplicationErrorCategory.UNSPECIFIED if waits else ApplicationErrorCategory.BENIGN,
    )
