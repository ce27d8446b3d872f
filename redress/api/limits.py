"""What one caller may ask for: how much at once, and how often."""

from __future__ import annotations

import asyncio
import logging
import re
import traceback
from collections import Counter
from math import ceil
from pathlib import Path
from time import monotonic

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from redress.api.problems import Refusal
from redress.api.request_log import route_of
from redress.security.tokens import Caller

log = logging.getLogger("redress.api")

MAX_BODY = 1024 * 1024
"""Bytes of a request's body."""

MAX_BODIES = {
    "/codec/encode": 16 * 1024 * 1024,
    "/codec/decode": 16 * 1024 * 1024,
    "/codec/login": 4 * 1024,
    "/codec/logout": 4 * 1024,
}
"""The same of some paths. The UI sends the payloads of a whole history at once; a form holds one token."""

EMAIL_PATH = re.compile(r"/v1/(?:complaints/[^/]+/)?contacts")
"""Where e-mails come as JSON, which may be larger."""

MAX_EMAIL = 34 * 1024 * 1024
"""Bytes of such a body: an e-mail of 25 MB in Base64."""

DOCUMENT_PATH = re.compile(r"/v1/complaints/[^/]+/documents")
"""Where documents come: to the disk piece by piece, so that they may be larger and take longer."""

FORM_AROUND = 64 * 1024
"""Bytes of a form besides the document that it brings."""

SLOWEST = 1024 * 1024
"""Bytes of a document that have to come within `READ_WITHIN`, again and again."""

MAX_UNDER_WAY = 96 * 1024 * 1024
"""Bytes of all bodies that are being read or worked on."""

OF_ONE_CALLER = 40 * 1024 * 1024
"""The same of one caller: an e-mail and a little more, so that two callers leave room for a third."""

SMALL = 64 * 1024
"""Bytes of a body that are taken however many large ones are under way."""

READ_WITHIN = 20.0
"""Seconds that a body may take to come."""

MAX_CALLERS = 10_000
"""How many callers' rates are remembered."""

HEADERS = [
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
]
"""What every answer carries: it may name people, so nobody on the way keeps it."""


class Rates:
    """A bucket for each caller: it holds a quarter of a minute's requests, or `burst`, and fills evenly."""

    def __init__(self, per_minute: float, burst: float | None = None) -> None:
        self._per_second = per_minute / 60
        self._burst = burst if burst is not None else max(per_minute / 4, 1.0)
        self._left: dict[str, tuple[float, float]] = {}

    def take(self, who: str, cost: float = 1.0) -> None:
        """Count what somebody asks for. Raises `Refusal` with when it would be taken."""
        left, wanted = self._now(who), min(cost, self._burst)
        if left < wanted:
            self._keep(who, left)
            seconds = str(ceil((wanted - left) / self._per_second))
            raise Refusal("too-many", f"Try again in {seconds} s.", headers={"Retry-After": seconds})
        self._keep(who, left - cost)

    def charge(self, who: str, cost: float) -> None:
        """Count what was more work than it seemed: what is owed is waited for the next time."""
        self._keep(who, max(self._now(who) - cost, -self._burst))

    def _now(self, who: str) -> float:
        left, at = self._left.get(who, (self._burst, monotonic()))
        return min(self._burst, left + (monotonic() - at) * self._per_second)

    def _keep(self, who: str, left: float) -> None:
        self._left.pop(who, None)  # who came last stands last
        if len(self._left) >= MAX_CALLERS:
            del self._left[next(iter(self._left))]
        self._left[who] = (left, monotonic())


class Guard:
    """Turns away bodies that are too large, by their `Content-Length` and by what comes; adds our headers."""

    def __init__(self, app: ASGIApp, largest_document: int) -> None:
        self._app = app
        self._largest_document = largest_document
        self._under_way = 0
        self._of_caller: Counter[str] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        brings_document = scope["method"] == "POST" and DOCUMENT_PATH.fullmatch(scope["path"]) is not None
        most = MAX_BODIES.get(scope["path"], MAX_BODY)
        if scope["method"] == "POST" and EMAIL_PATH.fullmatch(scope["path"]) is not None:
            most = MAX_EMAIL
        if brings_document:
            most = self._largest_document + FORM_AROUND
        body = _Body(self, scope, most, receive, is_kept=not brings_document)
        has_begun = False

        async def with_headers(message: Message) -> None:
            nonlocal has_begun
            if message["type"] == "http.response.start":
                has_begun = True
                message["headers"] = [*message.get("headers", []), *HEADERS]
            await send(message)

        length = dict(scope["headers"]).get(b"content-length", b"0")
        if not length.isdigit() or int(length) > body.most:
            await body.too_large().response()(scope, receive, with_headers)
            return
        try:
            await self._app(scope, body.receive, with_headers)
        except ClientDisconnect:
            return  # nobody is there to be answered
        except Refusal as refusal:
            await refusal.response()(scope, receive, with_headers)
        except Exception as error:  # a fault of ours: its text could hold names, so nobody sees it
            frame = traceback.extract_tb(error.__traceback__)[-1]
            place = f"{Path(frame.filename).name}:{frame.lineno}"
            log.error(
                "fault at %s %s: %s in %s", scope["method"], route_of(scope), type(error).__name__, place
            )
            if has_begun:
                raise ConnectionAbortedError from None
            fault = Refusal("fault", "The fault was noted. The same request may work later.")
            await fault.response()(scope, receive, with_headers)
        finally:
            self._under_way -= body.counted
            self._of_caller -= Counter({_who(scope): body.counted})

    def count(self, scope: Scope, size: int, received: int) -> None:
        """Count bytes that came, of all bodies under way and of their caller's. Raises `Refusal`."""
        self._under_way += size
        self._of_caller[_who(scope)] += size
        is_full = self._under_way > MAX_UNDER_WAY and received > SMALL
        if is_full or self._of_caller[_who(scope)] > OF_ONE_CALLER:
            raise Refusal("too-many", "Large bodies are under way. Try again.", headers={"Retry-After": "2"})


def _who(scope: Scope) -> str:
    """The caller of a request, who is known before its body is read; empty: it is for anybody."""
    caller = scope.get("state", {}).get("caller")
    return caller.identity if isinstance(caller, Caller) else ""


class _Body:
    """The body of one request, as it comes: within its size and its time."""

    def __init__(self, guard: Guard, scope: Scope, most: int, receive: Receive, *, is_kept: bool) -> None:
        self.most = most
        self.received = 0
        self.counted = 0
        self._is_kept = is_kept  # in memory, until the request is answered
        self._guard = guard
        self._scope = scope
        self._receive = receive
        self._ends_at: float | None = None
        self._is_whole = False

    def too_large(self) -> Refusal:
        instead = ": documents go to /v1/complaints/{reference}/documents" if self._is_kept else ""
        return Refusal("too-large", f"A body may have {self.most} bytes here{instead}.")

    async def receive(self) -> Message:
        """The next part. Raises `Refusal` where it is too large, or does not come in time."""
        if self._is_whole:  # what comes now is that the caller went away
            return await self._receive()
        if self._ends_at is None:
            self._ends_at = monotonic() + READ_WITHIN
        try:
            async with asyncio.timeout(max(self._ends_at - monotonic(), 0.0)):
                message = await self._receive()
        except TimeoutError:
            raise Refusal("too-slow", f"The body did not come within {READ_WITHIN:.0f} s.") from None
        self._is_whole = not message.get("more_body", False)
        size = len(message.get("body", b""))
        if self.received // SLOWEST < (self.received + size) // SLOWEST:
            self._ends_at = monotonic() + READ_WITHIN
        self.received += size
        if self._is_kept:
            self.counted += size
            self._guard.count(self._scope, size, self.received)
        if self.received > self.most:
            raise self.too_large()
        return message
