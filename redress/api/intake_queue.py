"""Openings that wait: kept on disk until Temporal and the register are back, then opened once, in order.

A row is put before the caller is answered, and every step after that may be repeated: reserving a
reference and starting a workflow count once however often they are done. So the API may be killed at
any moment.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
import secrets
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, NamedTuple

from sqlalchemy import Engine, Row, delete, func, insert, null, select, update
from sqlalchemy.exc import IntegrityError, OperationalError, SQLAlchemyError
from temporalio.service import RPCError, RPCStatusCode

from redress.api.backends import Backends, Unavailable
from redress.domain.opening import Opening
from redress.domain.parsing import Malformed
from redress.procedures.loader import authority
from redress.security.encryption import Cipher, decrypt_document, encrypt_document, encrypt_unassigned, key_of
from redress.security.keyring import Unreadable
from redress.services import intake
from redress.services.errors import NoAnswer
from redress.store import callers
from redress.store.api_store import utc, waiting

log = logging.getLogger("redress.api")

LOOK_EVERY = 0.5
"""Seconds between two looks at what waits."""

STARTS_WITHIN = 10.0
"""Seconds that Temporal has for the start of one that waits: nobody stands at the counter."""

RECEIPTS_KEPT = timedelta(days=90)
"""How long a receipt can be asked about after its complaint was opened."""

LONGEST_PAUSE = timedelta(hours=1)

AT_ONCE = 20
"""How many are opened, one after the other, before that is written down: each writing waits for the disk."""

GONE = "the register no longer has it, since an older one was put back: send it again"


class NoLongerThere(Exception):
    """What has a reference, and the register does not know it any more."""


class QueuedOpening(NamedTuple):
    """An opening that waits, or has. `state`: waiting, opened, refused (it can never be opened)."""

    receipt: str
    authority: str
    caller: str
    state: Literal["waiting", "opened", "refused"]
    reference: str | None
    created: bool
    differs: bool
    kept_at: datetime
    problem: str


class IntakeQueue:
    """The queue in the API's own store. What is in it is sealed."""

    def __init__(self, store: Engine, cipher: Cipher) -> None:
        self._store = store
        self._writer = store.execution_options(writes=True)
        self._seals = cipher
        self._turn = asyncio.Event()

    def put(
        self, opening: Opening, raw: dict[str, Any], caller: str, reserved: tuple[str, bool, bool] | None
    ) -> QueuedOpening:
        """Keep an opening; the same one again is the same row. Blocks until it is on the disk.

        `reserved`: the reference, whether this made it, and whether it was made for other content. With a
        reference the register holds what was said, and nothing of it is kept here.
        """
        mark, now = _mark(opening), datetime.now(UTC)
        reference, created, differs = reserved or (None, True, False)
        row = {
            "receipt": f"rc_{secrets.token_hex(16)}",
            "intake": mark,
            "authority": opening.authority,
            "caller": caller,
            "kept_at": now,
            "body": null() if reference else self._sealed(raw),
            "reference": reference,
            "created": created,
            "differs": differs,
            "state": "waiting",
            "tries": 0,
            "next_at": now,
            "problem": "",
        }
        try:
            with self._writer.begin() as db:
                db.execute(delete(waiting).where(waiting.c.intake == mark, waiting.c.state == "refused"))
                db.execute(insert(waiting).values(row))
        except IntegrityError:
            with self._store.connect() as db:
                there = db.execute(select(waiting).where(waiting.c.intake == mark)).one()
            return self._again(there, raw, reserved)
        kept = self.receipt(str(row["receipt"]))
        assert kept is not None, "it was written a moment ago"
        return kept

    def _sealed(self, raw: dict[str, Any]) -> Any:
        """Under a key of its own, which the complaint takes over; with the vault down, under the ring's."""
        try:
            return encrypt_unassigned(self._seals, raw)
        except SQLAlchemyError:
            return encrypt_document(self._seals, raw, "")

    def _again(self, row: Row[*tuple[Any, ...]], raw: dict[str, Any], reserved: Any) -> QueuedOpening:
        differs = reserved[2] if reserved else False
        if row.body is not None:
            try:
                differs = decrypt_document(self._seals, row.body) != raw
            except Unreadable:
                log.error("what waits under %s cannot be read with the keys there are", row.receipt)
        return _kept(row)._replace(created=False, differs=differs)

    def receipt(self, receipt: str) -> QueuedOpening | None:
        """What became of one."""
        with self._store.connect() as db:
            row = db.execute(select(waiting).where(waiting.c.receipt == receipt)).one_or_none()
        return _kept(row) if row is not None else None

    def count(self) -> int:
        """How many wait."""
        with self._store.connect() as db:
            return db.execute(
                select(func.count()).select_from(waiting).where(waiting.c.state == "waiting")
            ).scalar_one()

    def ahead_of(self, opening: Opening) -> tuple[bool, bool]:
        """Whether any waits for its turn (none that was put off), and whether this very intake does."""
        same = select(waiting.c.id).where(waiting.c.intake == _mark(opening), waiting.c.state == "waiting")
        with self._store.connect() as db:
            return bool(self._next(1)), db.execute(same).first() is not None

    async def moved_on(self, within: float) -> None:
        """Wait until some of what waits was opened, here or, as far as that is known, by another api."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._turn.wait(), min(within, LOOK_EVERY))

    # --- opening them ----------------------------------------------------------------------------

    async def run(self, backends: Backends) -> None:
        """Open what waits, for as long as the API runs."""
        while True:
            try:
                while await self._open_some(backends):
                    pass
                await asyncio.to_thread(self._forget)
            except (Unavailable, NoAnswer, TimeoutError):
                pass  # looked for again in a moment
            except SQLAlchemyError as error:
                log.error("the API's store or the vault cannot be used: %s", type(error).__name__)
            await asyncio.sleep(LOOK_EVERY)

    async def _open_some(self, backends: Backends) -> bool:
        """Open the oldest that can be, in order; whether there were any. Raises where something is down."""
        rows = await asyncio.to_thread(self._next, AT_ONCE)
        opened: list[int] = []
        try:
            for row in rows:
                is_open = await self._opened(row, backends)
                opened += [row.id] if is_open else []
        finally:
            if opened:  # if this is never written, each is started again: it counts once
                await asyncio.to_thread(self._settle, opened, "opened", "")
            self._turn.set()
            self._turn = asyncio.Event()
        return bool(rows)

    async def _opened(self, row: Row[*tuple[Any, ...]], backends: Backends) -> bool:
        """Open one; False where it was put off or refused, so that it holds up no others."""
        client = backends.temporal()
        try:
            reference, raw = await self._reserved(row, backends)
            if raw is not None:
                await asyncio.wait_for(intake.begin(client, reference, raw), STARTS_WITHIN)
        except (NoAnswer, TimeoutError) as error:
            if not _is_its_own_fault(error):
                backends.temporal_failed()
                raise
            log.error("Temporal does not take what waits under %s", row.receipt)
            await asyncio.to_thread(self._put_off, row)
        except (Unavailable, OperationalError):  # also the vault: all wait for it, in their order
            raise
        except NoLongerThere:
            log.error("what waits under %s is gone: the register is older than it", row.receipt)
            await asyncio.to_thread(self._settle, [row.id], "refused", GONE)
        except Malformed as error:  # since it came, its authority or procedure went
            fields = ", ".join(problem.field for problem in error.problems)
            log.error("what waits under %s can no longer be opened: %s", row.receipt, fields)
            await asyncio.to_thread(self._settle, [row.id], "refused", str(error))
        except Exception as error:  # a fault of ours in one must not hold up the others
            log.error("what waits under %s did not open: %s", row.receipt, type(error).__name__)
            await asyncio.to_thread(self._put_off, row)
        else:
            log.info("opened what waited under %s: %s", row.receipt, reference)
            return True
        return False

    async def _reserved(
        self, row: Row[*tuple[Any, ...]], backends: Backends
    ) -> tuple[str, dict[str, Any] | None]:
        """The reference of one, and what it is to be started with; None where it was started already."""
        if row.reference is not None:
            raw = await backends.ask(lambda register: register.opening(row.reference))
            if raw is None:
                raise NoLongerThere
            return row.reference, raw
        raw = decrypt_document(self._seals, row.body)
        opening = intake.check(raw)
        prefix = authority(opening.authority).prefix
        reserved = await backends.ask(lambda register: register.reserve(opening, raw, prefix))
        await backends.ask(lambda register: callers.note(register, reserved.reference, row.caller))
        await asyncio.to_thread(self._seals.assign, key_of(row.body), reserved.reference)
        await asyncio.to_thread(self._know, row.id, reserved.reference, reserved.created, reserved.differs)
        return reserved.reference, None if reserved.started else reserved.opening

    def _next(self, most: int) -> Sequence[Row[*tuple[Any, ...]]]:
        due = (waiting.c.state == "waiting") & (waiting.c.next_at <= datetime.now(UTC))
        with self._store.connect() as db:
            return db.execute(select(waiting).where(due).order_by(waiting.c.id).limit(most)).all()

    def _know(self, id: int, reference: str, created: bool, differs: bool) -> None:
        """Note the reference: from now on the register holds what was said."""
        known = {"reference": reference, "created": created, "differs": differs, "body": null()}
        with self._writer.begin() as db:
            db.execute(update(waiting).where(waiting.c.id == id).values(known))

    def _settle(self, ids: list[int], state: str, problem: str) -> None:
        done = {"state": state, "problem": problem[:2000], "body": null(), "done_at": datetime.now(UTC)}
        with self._writer.begin() as db:
            db.execute(update(waiting).where(waiting.c.id.in_(ids)).values(done))

    def _put_off(self, row: Row[*tuple[Any, ...]]) -> None:
        pause = min(timedelta(seconds=2 ** min(row.tries, 12)), LONGEST_PAUSE)
        later = {"tries": row.tries + 1, "next_at": datetime.now(UTC) + pause}
        with self._writer.begin() as db:
            db.execute(update(waiting).where(waiting.c.id == row.id).values(later))

    def _forget(self) -> None:
        """Drop receipts that nobody can want any more."""
        old = waiting.c.done_at < datetime.now(UTC) - RECEIPTS_KEPT
        with self._store.connect() as db:
            if db.execute(select(waiting.c.id).where(old).limit(1)).first() is None:
                return
        with self._writer.begin() as db:
            db.execute(delete(waiting).where(old))


def _is_its_own_fault(error: BaseException) -> bool:
    """Whether Temporal answers and will not have this one: then it must not hold up the others."""
    cause = error.__context__
    return isinstance(cause, RPCError) and cause.status == RPCStatusCode.INVALID_ARGUMENT


def _mark(opening: Opening) -> str:
    """What makes an intake one: as the register has it, without showing the source's own key."""
    said = json.dumps([opening.authority, opening.source, opening.source_id])
    return hashlib.sha256(said.encode("utf-8", "surrogatepass")).hexdigest()


def _kept(row: Row[*tuple[Any, ...]]) -> QueuedOpening:
    return QueuedOpening(
        receipt=row.receipt,
        authority=row.authority,
        caller=row.caller,
        state=row.state,
        reference=row.reference,
        created=row.created,
        differs=row.differs,
        kept_at=utc(row.kept_at),
        problem=row.problem,
    )
