"""Requests of intake callers about complaints that they do not reach: kept, matched by staff, or dismissed.

The caller is told the same whether there is such a complaint or not. Matched, the request is sent to its
complaint as it came: with its own date and under its own name, so that it counts once however often.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
import secrets
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple

from temporalio.client import Client

from redress.domain.erasure import Erased
from redress.domain.log import Answer
from redress.domain.parsing import ENVELOPE, Malformed, Problem, parse_message
from redress.security.encryption import EnvelopeCipher, key_of
from redress.security.keyring import MissingKey, Unreadable
from redress.security.tokens import Caller
from redress.services import sending
from redress.services.clock import today
from redress.services.errors import Decided, NoAnswer, NotFound
from redress.store import unmatched as store
from redress.store.register import Register
from redress.store.unmatched import NewRequest, Unmatched

log = logging.getLogger(__name__)

MOST_WAITING = 100
"""Requests of one caller that may wait at a time."""

KEPT_AFTER_DECISION = timedelta(days=90)
"""How long it can be seen what was decided, and of what was dismissed what it said."""

WAITS = "It is kept. A person sees to which complaint it belongs."
"""Why the caller's request is pending."""


class NoSuchRequest(NotFound):
    """There is no such request, or other staff see it."""

    def __init__(self, request: str) -> None:
        Exception.__init__(self, f"there is no request {request}")


class TooManyWait(Exception):
    """A caller has as many requests waiting as it may have."""


class Request(NamedTuple):
    """A request as staff see it. `claimed`: the reference that the caller named."""

    request: str
    received_at: datetime
    on: date
    caller: str
    authority: str | None
    claimed: str
    action: str
    message: dict[str, Any]


class RequestPage(NamedTuple):
    """Requests in the order they came; `next`: what gives the page after this one."""

    requests: list[Request]
    next: str | None


def keep(
    register: Register, caller: Caller, reference: str, action: str, message: dict[str, Any], *, dated: bool
) -> Answer:
    """Keep a completed message of a caller; the same again is the same request.

    `dated`: whether the caller gave its date. Raises `Malformed`, `TooManyWait`.
    """
    parse_message(action, message, received_on=date(1995, 1, 1), today=today())
    authority = register.authority_of(reference)
    new = NewRequest(
        request=f"um_{secrets.token_hex(16)}",
        digest=_digest(caller.identity, reference, message["message_id"]),
        caller=caller.identity,
        caller_name=caller.name,
        authority=caller.authority or authority,
        claimed=reference,
        action=action,
        on_date=date.fromisoformat(message["on"]),
        message=message,
    )
    kept = store.put(register, new, MOST_WAITING)
    if kept is None:
        raise TooManyWait
    is_repeat = kept.request != new.request
    if is_repeat and kept.state == "waiting":
        first = store.message_of(register, kept)
        own = ("accepted_on",) if dated else ("accepted_on", "assumed", "on")  # of the day it came again
        again = message | {name: first[name] for name in own if name in first}
        if kept.action != action or first != again:
            raise Malformed([Problem("message_id", "was used before for a message of other content")])
    return Answer(
        applied=False,
        pending=True,
        reason=WAITS,
        on=kept.on_date,
        message_id=message["message_id"],
        repeated=is_repeat,
    )


def request_of(register: Register, caller: Caller, reference: str, message_id: str) -> str:
    """The id of a request that is kept."""
    kept = store.of_digest(register, _digest(caller.identity, reference, message_id))
    return kept.request if kept is not None else ""


def matched_to(register: Register, caller: Caller, reference: str, message_id: str) -> str | None:
    """The complaint that a request of a caller was matched to; None: it waits, or there is none."""
    kept = store.of_digest(register, _digest(caller.identity, reference, message_id))
    return kept.reference if kept is not None and kept.state == "matched" else None


def _digest(*parts: str) -> str:
    return hashlib.sha256(json.dumps(parts).encode("utf-8", "surrogatepass")).hexdigest()


def waiting(register: Register, authority: str | None, *, after: str = "", limit: int = 100) -> RequestPage:
    """A page of what waits; `authority`: what its staff see of it."""
    _forget_old(register)
    rows = store.waiting(register, authority, after, limit + 1)
    page = [_shown(register, row) for row in rows[:limit]]
    return RequestPage(page, page[-1].request if len(rows) > limit else None)


def _shown(register: Register, row: Unmatched) -> Request:
    return Request(
        request=row.request,
        received_at=row.received_at,
        on=row.on_date,
        caller=row.caller_name,
        authority=row.authority,
        claimed=row.claimed,
        action=row.action,
        message={n: v for n, v in _message(register, row).items() if n not in ENVELOPE},
    )


def _message(register: Register, row: Unmatched) -> dict[str, Any]:
    """What came; nothing where its key is lost, with an older key store: it hides no other request."""
    try:
        return store.message_of(register, row)
    except MissingKey:
        raise
    except Unreadable as error:
        log.error("request %s cannot be read: %s", row.request, type(error).__name__)
        return {}


def is_seen(register: Register, request: str, authority: str | None) -> bool:
    """Whether there is such a request, decided or not, that this authority's staff see."""
    return store.find(register, request, authority) is not None


async def match(
    client: Client,
    register: Register,
    request: str,
    reference: str,
    *,
    authority: str | None,
    decided_by: str,
    within: float,
) -> Answer:
    """Send a request to the complaint that it belongs to; gives that complaint's answer.

    Which complaint it is stands before it is sent, so that it never reaches two. Raises `NoSuchRequest`,
    `NotFound` where there is no such complaint, `Decided` where it is decided already, `Malformed` and
    `Erased` where the complaint cannot take it (it waits on), `NoAnswer` (match it again).
    """
    row = await asyncio.to_thread(_undecided, register, request, authority)
    if not await asyncio.to_thread(store.claim, register, request, reference, decided_by):
        raise Decided(f"it is being matched to {row.reference or 'another complaint'}")
    message = await asyncio.to_thread(store.message_of, register, row)
    try:
        answer = await sending.send(client, register, reference, row.action, message, within)
    except (Malformed, NotFound, Erased):
        await asyncio.to_thread(store.release, register, request)
        raise
    except NoAnswer as error:
        if error.applied == "no":
            await asyncio.to_thread(store.release, register, request)
        raise
    await asyncio.to_thread(register.cipher.assign, key_of(row.body), reference)
    await asyncio.to_thread(store.settle, register, request)
    return answer


def dismiss(register: Register, request: str, reason: str, *, authority: str | None, decided_by: str) -> None:
    """Note that a request belongs to no complaint. Raises `Malformed`, `NoSuchRequest`, `Decided`."""
    if not reason.strip():
        raise Malformed([Problem("reason", "should say something")])
    row = _undecided(register, request, authority)
    message = _message(register, row)
    if not store.dismiss(register, row, {"message": message, "reason": reason}, decided_by):
        raise Decided("it is being matched to a complaint")
    _destroy_key(register, row)


def _undecided(register: Register, request: str, authority: str | None) -> Unmatched:
    row = store.find(register, request, authority)
    if row is None:
        raise NoSuchRequest(request)
    if row.state != "waiting":
        what = f"was matched to {row.reference}" if row.state == "matched" else "was dismissed"
        raise Decided(f"it {what} by {row.decided_by}")
    return row


def _forget_old(register: Register) -> None:
    """Drop what was decided long ago, with its key."""
    old = store.decided_before(register, datetime.now(UTC) - KEPT_AFTER_DECISION)
    for row in old:
        _destroy_key(register, row)
    if old:
        store.forget(register, [row.id for row in old])


def _destroy_key(register: Register, row: Unmatched) -> None:
    if row.body is not None and isinstance(register.cipher, EnvelopeCipher):
        register.cipher.key_store.destroy(key_of(row.body))
