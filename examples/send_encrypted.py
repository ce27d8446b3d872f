"""Send a complaint an update and a signal, encrypted by the API. Needs `temporalio`, `httpx`, no Redress.

    TOKEN=... python send_encrypted.py CYP-2026-000001

The token has the role `codec`: `starter.py token new our-system --role codec`. Where the API is: `CODEC`;
where Temporal is: `TEMPORAL_ADDRESS`. Without the codec an update is turned away, and a signal is applied and
stays readable in Temporal's history for good.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Sequence

import httpx
from google.protobuf import json_format
from temporalio.api.common.v1 import Payload, Payloads
from temporalio.client import Client
from temporalio.converter import DataConverter, PayloadCodec

CODEC = os.environ.get("CODEC", "http://127.0.0.1:8400/codec")


class ApiCodec(PayloadCodec):
    """Has the API encrypt what is sent, and decrypt what comes back."""

    async def encode(self, payloads: Sequence[Payload]) -> list[Payload]:
        return await self._ask("encode", payloads)

    async def decode(self, payloads: Sequence[Payload]) -> list[Payload]:
        return await self._ask("decode", payloads)

    async def _ask(self, what: str, payloads: Sequence[Payload]) -> list[Payload]:
        headers = {"Authorization": f"Bearer {os.environ['TOKEN']}", "Content-Type": "application/json"}
        body = json_format.MessageToJson(Payloads(payloads=payloads))
        async with httpx.AsyncClient() as api:
            answer = await api.post(f"{CODEC}/{what}", content=body, headers=headers)
        answer.raise_for_status()
        return list(json_format.Parse(answer.text, Payloads()).payloads)


async def main(reference: str) -> None:
    address = os.environ.get("TEMPORAL_ADDRESS", "localhost:7233")
    converter = DataConverter(payload_codec=ApiCodec())
    client = await Client.connect(address, data_converter=converter)
    complaint = client.get_workflow_handle(f"complaint-{reference}")

    # An update is answered; its id is the message's: sent again, it counts once.
    note = {"note": "The family prefers to be rung in the evening.", "by": "our system"}
    answer = await complaint.execute_update("add_note", note, id="our-system-4711")
    print("add_note:", answer["applied"], answer["reason"])

    # A signal is answered by nobody: it waits in Temporal while no worker runs.
    await complaint.signal("escalate", {"reason": "Not content.", "message_id": "our-system-4712"})
    print("escalate: sent")


asyncio.run(main(sys.argv[1]))
