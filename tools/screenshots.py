"""`make screenshots`: what the documents show of the Temporal UI, taken from the real one.

An embedded server with its UI and a worker run for as long as it takes, in a folder that is thrown away;
nothing is encrypted, and every name is invented. The pictures differ from run to run only in their dates.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import tempfile
from datetime import date
from pathlib import Path
from typing import Any

from playwright.async_api import Browser
from temporalio.client import Client

from redress.bootstrap import activities_for, running_workers
from redress.procedures.bank_holidays import calendar_today
from redress.procedures.loader import authority_names
from redress.services import sending
from redress.services.clock import today
from redress.services.intake import open_complaint
from redress.services.links import list_url, ready_lists
from redress.settings import TRIAL, Settings
from redress.store.register import Register
from redress.temporal.client import quiet_runtime
from redress.temporal.embedded import NoServer, embedded_server, free_port
from redress.temporal.namespace import prepare
from tools.browser import NoBrowser, Operator, a_browser, at_the_ui

PICTURES = Path(__file__).resolve().parent.parent / "docs" / "pictures"

GATEWAY = "http://127.0.0.1:8400"

COLUMNS = ("Workflow ID", "Stage", "WaitingFor", "NextDue")
"""What the list shows: docs/operators.md tells how to choose it."""


def ago(days: int) -> str:
    """The date so many working days before today."""
    return calendar_today().before(today(), days).isoformat()


def opening(number: int, received: int, *messages: dict[str, Any], **more: object) -> dict[str, Any]:
    """A complaint that was received some working days ago, with what has happened since."""
    return {
        "authority": "family-rights",
        "kind": "complaint",
        "source": "pictures",
        "source_id": str(number),
        "channel": "email",
        "received_on": ago(received),
        "points": ["Nobody rang back after four messages.", "The plan was changed without us."],
        "complainant": {"name": "Robin Fabricated", "role": "parent", "email": "robin@fabricated.example"},
        "messages": list(messages),
    } | more


def said(action: str, days_ago: int, **fields: object) -> dict[str, Any]:
    """A message of some working days ago."""
    return {"action": action, "on": ago(days_ago), **fields}


def openings() -> list[dict[str, Any]]:
    """One that has just come, and others that are late at different stages."""
    answered = (said("acknowledge", 58), said("respond", 50, outcome="not_upheld"), said("escalate", 45))
    investigated = (
        said("appoint", 40, role="investigating_officer", person={"id": "io-17"}, connection="employee"),
        said("appoint", 38, role="independent_person", person={"id": "ip-04"}, connection="none"),
        said("agree_statement", 30, points=["Nobody rang back.", "The plan was changed."]),
    )
    return [
        opening(1, 2),
        opening(2, 4, authority="north-somerset"),
        opening(3, 12, said("acknowledge", 10)),
        opening(
            4, 60, *answered, *investigated, said("extend", 25, reason="A witness was abroad.", until=ago(1))
        ),
        opening(5, 70, *answered, authority="young-people"),
    ]


async def take_all(browser: Browser, ui: str, client: Client, register: Register) -> None:
    """Open the complaints, do what an operator does, and take the pictures on the way."""
    opened = [await open_complaint(client, register, each) for each in openings()]
    new, _, acknowledged, late, _ = (each.reference for each in opened)
    await _acknowledged(client, register, new)
    async with at_the_ui(browser, ui, 520) as operator:
        await _the_list(operator, today())
    async with at_the_ui(browser, ui, 860) as operator:
        await operator.opens(late)
        await operator.reads("current-details")
        await operator.picture(PICTURES / "details.png")
    async with at_the_ui(browser, ui, 1060) as operator:
        await operator.opens(new)
        await operator.timeline()
        await operator.picture(PICTURES / "complaint.png")
        await _the_dialogs(operator, acknowledged)


async def _acknowledged(client: Client, register: Register, reference: str) -> None:
    for action, fields in (("acknowledge", {}), ("extend", {"reason": "Two teams are concerned."})):
        name, body = sending.complete(action, fields)
        await sending.send(client, register, reference, name, body, 60)


async def _the_list(operator: Operator, on: date) -> None:
    columns = json.dumps({"default": [{"label": name} for name in COLUMNS]})
    kept = f"localStorage.setItem('namespace-workflow-table-columns', {json.dumps(columns)})"
    await operator.page.add_init_script(kept)
    overdue = ready_lists(on, authority_names())[0]
    link = list_url(operator.ui, "default", overdue.query)
    while len(await operator.follows(link)) < 4:
        await asyncio.sleep(0.5)
    await operator.picture(PICTURES / "overdue.png")


async def _the_dialogs(operator: Operator, reference: str) -> None:
    dialog = operator.page.locator("dialog[open]")
    await operator.opens(reference)
    await operator.offered()
    await operator.picture(PICTURES / "update.png", dialog)
    await operator.opens(reference)
    form = {"on": today().isoformat(), "reason": "The file is long.", "until": f"{today().year + 1}-12-04"}
    await operator.sends("extend", form, stay=True)
    await operator.picture(PICTURES / "refused.png", dialog)
    await operator.codec_settings(GATEWAY)
    await operator.picture(PICTURES / "codec.png", dialog)


async def main() -> int:
    """Take every picture; gives the exit status."""
    quiet_runtime()
    os.environ["REDRESS_TRIAL"] = TRIAL
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(
            state=Path(folder), register_url="", key_store_url="", keys=None, outbox=None, trial=TRIAL
        )
        errands = activities_for(settings)
        ui_port = free_port()
        try:
            async with a_browser() as browser, embedded_server(ui_port=ui_port) as (_, client):
                await prepare(client)
                async with running_workers(client, errands, settings):
                    await take_all(browser, f"http://127.0.0.1:{ui_port}", client, errands.register)
        except (NoBrowser, NoServer) as error:
            sys.stderr.write(f"{error}\n")
            return 1
    sys.stdout.writelines(f"{path.relative_to(Path.cwd())}\n" for path in sorted(PICTURES.glob("*.png")))
    return 0


if __name__ == "__main__":
    status = asyncio.run(main())
    sys.stdout.flush()
    os._exit(status)  # the SDK's native threads can crash a Python that is taking itself down
