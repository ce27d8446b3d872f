"""Drafts of letters: edited, sent back, approved; and what is told of those that somebody posts."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import date
from typing import Any, Literal

from temporalio.client import Client

from redress.domain.calendar import full_date
from redress.domain.messages import EditLetter
from redress.domain.sentences import with_long_dates
from redress.services import sending
from redress.services.errors import Rejected
from redress.services.letters import LetterLine, done, one
from redress.store.register import Register

Step = Literal["approve_letter", "send_back_letter", "edit_letter", "release_letter"]
"""What a person does to a draft, or to a letter that waits for an enclosure."""


async def take_step(
    client: Client,
    register: Register,
    reference: str,
    mark: str,
    step: Step,
    fields: Mapping[str, Any],
    within: float,
) -> LetterLine:
    """Approve a draft, send it back or edit it, or release a letter that waits for an enclosure.

    Gives where it stands, which follows within seconds; of a draft that is approved with what it waits for.

    `within`: seconds that the complaint has to answer. Raises `Malformed` where there is no such letter,
    `Rejected` with the reason where it may not be done, `NoAnswer`.
    """
    mark = (await asyncio.to_thread(one, register, reference, mark))["mark"]  # of a copy that there is
    name, message = sending.accept(step, {**fields, "mark": mark})
    answer = await sending.send(client, register, reference, name, message, within)
    if not answer.applied:
        reason = with_long_dates(answer.reason).rstrip(".")
        raise Rejected(f"{reason[:1].lower()}{reason[1:]}")
    return await asyncio.to_thread(one, register, reference, mark)


async def note_as_posted(
    client: Client, register: Register, reference: str, mark: str, on: date, *, by: str, within: float
) -> LetterLine:
    """Record that a person sent a letter on a London date: what waited for that counts from then.

    Said again where the complaint did not answer, it is told again. Raises as `done`, and `NoAnswer`.
    """
    line = await asyncio.to_thread(_done_once, register, reference, mark, on)
    await tell_that_it_left(client, register, reference, mark, on, by=by, within=within)
    return line


async def tell_that_it_left(
    client: Client, register: Register, reference: str, mark: str, on: date, *, by: str, within: float
) -> None:
    """Tell a complaint that a letter it waits for left on a London date. Raises `Rejected`, `NoAnswer`."""
    message_id = await asyncio.to_thread(_id_of_leaving, register, reference, mark, on)
    said = {"mark": mark, "on": on.isoformat(), "by": by, "message_id": message_id}
    name, message = sending.accept("letter_left", said)
    answer = await sending.send(client, register, reference, name, message, within)
    if not answer.applied:
        raise Rejected(f"it was recorded as sent on {full_date(on)}, and does not count: {answer.reason}")


def _id_of_leaving(register: Register, reference: str, mark: str, on: date) -> str:
    with register.reading() as db:
        recorded = register.case(db, reference)
    return recorded[0].id_of_leaving(mark, on) if recorded is not None else f"letter-left-{mark}"


def _done_once(register: Register, reference: str, mark: str, on: date) -> LetterLine:
    line = one(register, reference, mark)
    return line if line["left_on"] == on.isoformat() else done(register, reference, mark, on)


def edit_of(said: Mapping[str, Any]) -> dict[str, Any]:
    """An edit from the names and texts that somebody gave: what is no field of an edit is a free text."""
    known = EditLetter.model_fields.keys() - {"texts"}
    texts = {name: text for name, text in said.items() if name not in known and name != "texts"}
    return {
        **{name: value for name, value in said.items() if name in known},
        "texts": {**said.get("texts", {}), **texts},
    }
