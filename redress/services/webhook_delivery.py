"""Delivers notices to webhooks: each notice to each subscription, signed, and tried again for days.

Signed as the Standard Webhooks specification has it, for which there are libraries in most languages.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import logging
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from random import uniform

import httpx

from redress.services.backends import Backends, Unavailable
from redress.services.webhook_addresses import AddressRules, NotAllowed, check_url, resolve
from redress.store import webhooks
from redress.store.row_ids import id_of_row
from redress.store.webhooks import SECRET, Delivery

log = logging.getLogger("redress.api")

LOOK_EVERY = 0.5
"""Seconds between two looks for something to send."""

MOST_AT_ONCE = 100
"""How many webhooks are told something at once, each of them one thing: twice what one authority may have."""

ANSWER_WITHIN = 15.0
"""Seconds that a receiver has to answer: well below the lease of `redress.store.webhooks`."""

PAUSES = (1, 6, 24, 120, 360, 720, 2160, 4320, 8640, 17280, 17280, 17280)
"""Each pause, as a multiple of the first: with one of 5 s about four days in all."""


class Dispatcher:
    """Sends what is due, for as long as the API runs.

    To each webhook one delivery at a time, and to all of them side by side: one whose receiver is slow, or
    takes a connection and says nothing, holds up nothing but its own.
    """

    def __init__(self, backends: Backends, *, first_pause: float, rules: AddressRules) -> None:
        self._backends = backends
        self._first_pause = first_pause
        self._rules = rules
        self._under_way: dict[str, asyncio.Task[None]] = {}
        self._names = ThreadPoolExecutor(MOST_AT_ONCE, "webhook-names")  # a name server may say nothing, too

    async def run(self) -> None:
        """Hand out new notices and send what is due, again and again."""
        unlimited = httpx.Limits(max_connections=None)  # a connection is not waited for
        async with (
            httpx.AsyncClient(
                timeout=ANSWER_WITHIN, limits=unlimited, follow_redirects=False, trust_env=False
            ) as http,
            asyncio.TaskGroup() as tasks,
        ):
            while True:
                with _logged():
                    while await self._round(http, tasks):
                        pass
                if self._under_way:
                    under_way = list(self._under_way.values())
                    await asyncio.wait(under_way, timeout=LOOK_EVERY, return_when=asyncio.FIRST_COMPLETED)
                else:
                    await asyncio.sleep(LOOK_EVERY)

    async def _round(self, http: httpx.AsyncClient, tasks: asyncio.TaskGroup) -> bool:
        """Start what is due; whether there may be more."""
        fanned_out = await self._backends.ask(webhooks.fan_out)
        busy = tuple(self._under_way)
        leased = await self._backends.ask(
            lambda register: webhooks.lease(register, MOST_AT_ONCE - len(busy), busy)
        )
        for each in leased:
            delivering = tasks.create_task(self._deliver(http, each))
            self._under_way[each.subscription] = delivering
            delivering.add_done_callback(partial(self._ended, each.subscription))
        return bool(fanned_out or leased)

    def _ended(self, subscription: str, _: asyncio.Task[None]) -> None:
        del self._under_way[subscription]

    async def _deliver(self, http: httpx.AsyncClient, delivery: Delivery) -> None:
        with _logged():
            arrived, answer = await self._send(http, delivery)
            next_at = None if arrived else self._next_at(delivery.tries)
            if not arrived and next_at is None:
                log.error(
                    "webhook %s: notice %d is given up: %s", delivery.subscription, delivery.notice, answer
                )
            await self._backends.ask(
                lambda register: webhooks.settle(register, delivery, answer, arrived=arrived, next_at=next_at)
            )

    async def _send(self, http: httpx.AsyncClient, delivery: Delivery) -> tuple[bool, str]:
        """Whether it arrived, and what the receiver answered."""
        if not delivery.secrets:
            return False, "its secret cannot be read: renew it"
        body = body_of(delivery)
        try:
            check_url(delivery.url, self._rules)
            url = httpx.URL(delivery.url)
            host = url.raw_host.decode("ascii")
            async with asyncio.timeout(ANSWER_WITHIN):
                port = url.port or (443 if url.scheme == "https" else 80)
                address = await resolve(host, port, url.scheme, self._rules, self._names)
                request = http.build_request(
                    "POST",
                    url.copy_with(host=address),
                    content=body,
                    headers={"Host": url.netloc.decode("ascii"), **headers_of(delivery, body)},
                    extensions={"sni_hostname": host},
                )
                response = await http.send(request, stream=True)  # its body is not read
                await response.aclose()
        except NotAllowed as error:
            return False, f"the address {error}"
        except (httpx.HTTPError, httpx.InvalidURL, OSError, TimeoutError, ValueError) as error:
            return False, type(error).__name__
        return response.is_success, f"HTTP {response.status_code}"

    def _next_at(self, tries: int) -> datetime | None:
        if tries >= len(PAUSES):
            return None
        pause = self._first_pause * PAUSES[tries] * uniform(0.9, 1.1)
        return datetime.now(UTC) + timedelta(seconds=pause)


@contextmanager
def _logged() -> Iterator[None]:
    """A fault of ours ends neither the deliveries nor the others that are under way."""
    try:
        yield
    except Unavailable:
        pass  # looked for again in a moment
    except Exception as error:
        log.error("webhooks: %s", type(error).__name__)


def delivery_id(delivery: Delivery) -> str:
    """What a delivery is called: the same however often it is tried, and never that of another notice."""
    about = (delivery.event, str(delivery.body.get("reference")))
    return f"{delivery.subscription}.{id_of_row(delivery.notice, delivery.noticed_at, *about)}"


def body_of(delivery: Delivery) -> bytes:
    """What is sent; the same bytes however often it is tried."""
    notice = {"type": delivery.event, "timestamp": delivery.noticed_at.isoformat(), "data": delivery.body}
    return json.dumps(notice, separators=(",", ":")).encode()


def headers_of(delivery: Delivery, body: bytes) -> dict[str, str]:
    """The headers that show who sends, and when this try was made."""
    id, at = delivery_id(delivery), str(int(datetime.now(UTC).timestamp()))
    signed = [f"v1,{sign(secret, id, at, body)}" for secret in delivery.secrets]
    return {
        "Content-Type": "application/json",
        "User-Agent": "Redress-Webhooks/1",
        "webhook-id": id,
        "webhook-timestamp": at,
        "webhook-signature": " ".join(signed),
    }


def sign(secret: str, id: str, at: str, body: bytes) -> str:
    """HMAC-SHA-256 over `id.timestamp.body`, in Base64."""
    key = base64.b64decode(secret.removeprefix(SECRET))
    signed = f"{id}.{at}.".encode() + body
    return base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
