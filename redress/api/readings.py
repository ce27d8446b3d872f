"""Every reading of personal data over HTTP is written down before the content is sent.

It stands at one place, behind every endpoint: whatever a GET answers counts as read, unless the endpoint says
that nothing in it is personal. One that is added later is recorded without doing anything for it.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Iterable, Iterator
from typing import Any

from fastapi import Request, Response
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from redress.api.problems import unavailable
from redress.api.settings import ApiSettings
from redress.security.access import Role
from redress.security.tokens import Caller
from redress.services import readings as service
from redress.services.backends import Backends, Unavailable
from redress.store.readings import ReaderKind, Reading, Readings, minute

log = logging.getLogger("redress.api")

READING_POSTS = frozenset({"codec_decode", "copy_document"})
"""Operations by POST that show what is personal, or carry it elsewhere. What the others answer is what the
caller has just sent."""

LOOK_AFTER_EVERY = 60.0
"""Seconds between two looks at what the command line wrote, and at what is too old to be kept."""

AUTHORITY_WITHIN = 2.0
"""Seconds that the register may take to say whose a complaint is; after that the entry does not say it."""

MAX_REMEMBERED = 100_000
"""Of how many complaints the authority is remembered: whose one is never changes."""


class ReadingLog:
    """The readings of one API: written in batches, each once, and looked after.

    On SQLite by connections of its own that do not wait for the disk, as the register's do not: what was
    written outlives the process, and the wait would cost a status half as much again.
    """

    def __init__(self, store: Engine, backends: Backends, settings: ApiSettings) -> None:
        self.readings = Readings(store)
        self._backends = backends
        self._settings = settings
        self._authorities: dict[str, str] = {}
        self._pending: dict[str, Reading] = {}
        self._written: set[str] = set()
        self._minute = minute()
        self._turn = asyncio.Lock()

    async def write(self, new: Iterable[Reading]) -> None:
        """Write readings down that are not there yet; those of several requests at once go together.

        Raises what SQLAlchemy raises.
        """
        if self._minute != minute():
            self._minute, self._written = minute(), set()
        mine = {each.id: each for each in new}
        fresh = {id: each for id, each in mine.items() if id not in self._written}
        self._pending |= fresh
        try:
            async with self._turn:
                if not fresh.keys() <= self._written:
                    batch = dict(self._pending)
                    await asyncio.to_thread(self.readings.add, list(batch.values()))
                    self._written |= batch.keys()
        finally:
            for id in fresh:
                self._pending.pop(id, None)

    async def authorities(self, references: Iterable[str]) -> dict[str, str]:
        """Each complaint with its authority; empty where the register knows none, or does not answer."""
        references = sorted(set(references))
        known = {each: self._authorities[each] for each in references if each in self._authorities}
        unknown = [each for each in references if each not in known]
        if unknown:
            try:
                ask = self._backends.ask
                known |= await ask(lambda register: register.authorities_of(unknown), AUTHORITY_WITHIN)
            except (Unavailable, SQLAlchemyError):
                log.warning("a reading is written down without the authority of its complaints")
            if len(self._authorities) > MAX_REMEMBERED:
                self._authorities.clear()
            self._authorities |= known
        return {each: known.get(each, "") for each in references}

    async def run(self) -> None:
        """Look after the record for as long as the API runs."""
        file, days = self._settings.readings_file, self._settings.audit_days
        while True:
            try:
                await asyncio.to_thread(service.look_after, self.readings, file, days)
            except Exception as error:  # what is out of reach, or a fault of ours: it goes on
                log.warning("the record of readings cannot be looked after: %s", type(error).__name__)
            await asyncio.sleep(LOOK_AFTER_EVERY)


def shows(request: Request, *references: str, apart: bool = False) -> None:
    """Say which complaints an answer shows, where it does not say so itself. `apart`: an entry for each."""
    request.state.shown = (references, apart)


async def record_reading(
    request: Request,
    log_: ReadingLog,
    path: str,
    allowed: frozenset[Role],
    response: Response,
) -> None:
    """Write down that a caller reads what an answer holds.

    Raises `Refusal` (503) where it cannot be written: then nothing is sent.
    """
    if response.status_code >= 300:
        return
    references, apart = _shown(request, response)
    if apart and not references:
        return
    caller: Caller = request.state.caller
    complaints = await log_.authorities(references)
    lists = [{one: authority} for one, authority in complaints.items()] if apart else [complaints]
    kind: ReaderKind = "token" if caller.token else "oidc"
    roles, door = tuple(sorted(caller.roles & allowed)), f"{request.method} {path}"
    try:
        await log_.write([Reading(minute(), caller.name, kind, roles, door, each) for each in lists])
    except SQLAlchemyError as error:
        log.error("a reading cannot be written down: %s", type(error).__name__)
        raise unavailable("Who reads this cannot be written down just now, so it is not shown.") from None


def _shown(request: Request, response: Response) -> tuple[tuple[str, ...], bool]:
    """The complaints that an answer shows: as its endpoint says, as its path names, as its lists hold."""
    said: tuple[tuple[str, ...], bool] | None = getattr(request.state, "shown", None)
    if said is not None:
        return said
    reference = request.path_params.get("reference")
    if reference is not None:
        return (reference,), False
    return tuple(dict.fromkeys(_listed(json.loads(bytes(response.body) or b"null")))), False


def _listed(document: Any) -> Iterator[str]:
    """The `reference` of each entry of the lists at the top of a document, or of the list that it is."""
    for entries in document.values() if isinstance(document, dict) else (document,):
        for entry in entries if isinstance(entries, list) else ():
            if isinstance(entry, dict) and isinstance(entry.get("reference"), str):
                yield entry["reference"]
