"""What one caller may ask for: how much at once, and how often."""

from __future__ import annotations

import logging
import traceback
from math import ceil
from pathlib import Path
from time import monotonic

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from redress.api.problems import Refusal
from redress.api.request_log import route_of

log = logging.getLogger("redress.api")

MAX_BODY = 1024 * 1024
"""Bytes of a request's body."""

MAX_BATCH = 16 * 1024 * 1024
"""The same for payloads to be decoded: the UI sends a whole history's at once."""

MAX_CALLERS = 10_000
"""How many callers' rates are remembered."""

HEADERS = [
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
]
"""What every answer carries: it may name people, so nobody on the way keeps it."""


class Rates:
    """A bucket for each caller: it holds a quarter of a minute's requests and fills evenly."""

    def __init__(self, per_minute: int) -> None:
        self._per_second = per_minute / 60
        self._burst = max(per_minute / 4, 1.0)
        self._left: dict[str, tuple[float, float]] = {}

    def take(self, who: str) -> None:
        """Count one request. Raises `Refusal` with when the next would be taken."""
        now = monotonic()
        left, at = self._left.get(who, (self._burst, now))
        left = min(self._burst, left + (now - at) * self._per_second)
        if left < 1:
            seconds = str(ceil((1 - left) / self._per_second))
            raise Refusal("too-many", f"Try again in {seconds} s.", headers={"Retry-After": seconds})
        if len(self._left) >= MAX_CALLERS:
            self._left.clear()
        self._left[who] = (left - 1, now)


class Guard:
    """Turns away bodies that are too large, by their `Content-Length` and by what comes; adds our headers."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        limit = MAX_BATCH if scope["path"].startswith("/codec/") else MAX_BODY
        too_large = Refusal("too-large", f"A body may have {limit} bytes: keep documents elsewhere.")
        received, has_begun = 0, False

        async def counted() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > limit:
                raise too_large
            return message

        async def with_headers(message: Message) -> None:
            nonlocal has_begun
            if message["type"] == "http.response.start":
                has_begun = True
                message["headers"] = [*message.get("headers", []), *HEADERS]
            await send(message)

        length = dict(scope["headers"]).get(b"content-length", b"0")
        if not length.isdigit() or int(length) > limit:
            await too_large.response()(scope, receive, with_headers)
            return
        try:
            await self._app(scope, counted, with_headers)
        except Exception as error:  # a fault of ours: its text could hold names, so nobody sees it
            frame = traceback.extract_tb(error.__traceback__)[-1]
            place = f"{Path(frame.filename).name}:{frame.lineno}"
            log.error(
                "fault at %s %s: %s in %s", scope["method"], route_of(scope), type(error).__name__, place
            )
            if has_begun:
                raise ConnectionAbortedError from None
            refusal = Refusal("fault", "The fault was noted. The same request may work later.")
            await refusal.response()(scope, receive, with_headers)
