"""Somebody who is told: a real HTTP server that checks signatures and can misbehave."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.serving import Handler, serving


def verified(secret: str, headers: dict[str, str], body: bytes) -> bool:
    """As the Standard Webhooks specification has it, and docs/api.md."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    said = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    right = "v1," + base64.b64encode(hmac.new(key, said, hashlib.sha256).digest()).decode()
    return any(hmac.compare_digest(right, each) for each in headers["webhook-signature"].split())


class Receiver:
    """What came, by delivery; `answers` are given first, one a request, then 204."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}/told?from=redress"
        self.tries: Counter[str] = Counter()
        self.came: list[tuple[dict[str, str], bytes]] = []
        self.answers: list[int] = []

    def told(self) -> dict[str, dict[str, Any]]:
        """The notices that were taken, by their delivery's id."""
        return {headers["webhook-id"]: json.loads(body) for headers, body in self.came}

    def take(self, headers: dict[str, str], body: bytes) -> int:
        self.tries[headers["webhook-id"]] += 1
        status = self.answers.pop(0) if self.answers else 204
        if status < 300:
            self.came.append((headers, body))
        return status


@contextmanager
def receiving(port: int = 0) -> Iterator[Receiver]:
    receiver: Receiver

    class Takes(Handler):
        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            body = self.rfile.read(length)
            if len(body) < length:  # who sent it was killed in the middle
                self.close_connection = True
                return
            headers = {name.lower(): value for name, value in self.headers.items()}
            status = receiver.take(headers, body)
            self.send_response(status)
            if status == 302:
                self.send_header("Location", receiver.url)
            self.send_header("Content-Length", "0")
            self.end_headers()

    with serving(Takes, port) as at:
        receiver = Receiver(at)
        yield receiver
