"""Having a letter sent again by the worker, for whoever has no channels of their own: the API.

What asks the worker is a note in the complaint's record, which says so for good as well.
"""

from __future__ import annotations

import asyncio

from temporalio.client import Client

from redress.services import sending
from redress.services.letters import LetterLine, one, prepare_again
from redress.store.register import Register


async def resend(
    client: Client, register: Register, reference: str, mark: str, *, by: str, within: float
) -> LetterLine:
    """Have a letter that was raised, or waits, sent now; gives what became of it so far.

    `by`: who asks, for the record; `within`: seconds that the complaint has to answer. Raises `Malformed`,
    `Rejected` where it has been sent, `NoAnswer`: then it leaves with the complaint's next letters.
    """
    row = await asyncio.to_thread(prepare_again, register, reference, mark)
    note = f"The letter {row.letter.replace('_', ' ')} ({mark}) is to be sent again."
    name, message = sending.complete("add_note", {"note": note, "by": by})
    await sending.send(client, register, reference, name, message, within)
    return await asyncio.to_thread(one, register, reference, mark)
