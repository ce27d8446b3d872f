"""`make screenshots`: what the documents show of the Temporal UI, taken from the real one.

An embedded server with its UI and a worker run for as long as it takes, in a folder that is thrown away;
nothing is encrypted, and every name is invented. The pictures differ from run to run only in their dates.
What an operator does at the UI is told once, for this and for its tests: in `tests.ui.browser`.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, Locator
from temporalio.client import Client

from redress.bootstrap import activities_for, running_workers
from redress.exit import leave
from redress.procedures.bank_holidays import calendar_today
from redress.procedures.loader import authority_names
from redress.services import sending
from redress.services.clock import today
from redress.services.intake import open_complaint
from redress.services.links import list_url, ready_lists
from redress.services.migrating import migrate_stores
from redress.settings import TRIAL, Settings
from redress.store.register import Register
from redress.temporal.client import quiet_runtime
from redress.temporal.embedded import NoServer, embedded_server, free_port
from redress.temporal.namespace import prepare
from tests.ui.browser import NoBrowser, Operator, a_browser, at_the_ui

PICTURES = Path(__file__).resolve().parent.parent / "docs" / "pictures"

COLUMNS = ("Workflow ID", "Stage", "WaitingFor", "NextDue")
"""What the list shows: docs/operators.md tells how to choose it."""


def ago(days: int) -> str:
    """The date so many working days before today."""
    return calendar_today().before(today(), days).isoformat()


def message(action: str, days_ago: int, **fields: object) -> dict[str, Any]:
    """A message of some working days ago."""
    return {"action": action, "on": ago(days_ago), **fields}


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


def openings() -> list[dict[str, Any]]:
    """One that has just come, and others that are late at different stages."""
    answered = (
        message("acknowledge", 58),
        message("respond", 50, outcome="not_upheld"),
        message("escalate", 45),
    )
    investigated = (
        message("appoint", 40, role="investigating_officer", person={"id": "io-17"}, connection="employee"),
        message("appoint", 38, role="independent_person", person={"id": "ip-04"}, connection="none"),
        message("agree_statement", 30, points=["Nobody rang back.", "The plan was changed."]),
        message("extend", 25, reason="A witness was abroad.", until=ago(1)),
    )
    return [
        opening(1, 2),
        opening(2, 4, authority="north-somerset"),
        opening(3, 12, message("acknowledge", 10)),
        opening(4, 60, *answered, *investigated),
        opening(5, 70, *answered, authority="young-people"),
    ]


async def picture(operator: Operator, name: str, of: Locator | None = None) -> None:
    """Take a picture of the window, or of a part of it."""
    await operator.page.mouse.move(0, 0)
    await asyncio.sleep(1)  # what moves comes to rest
    await (of or operator.page).screenshot(path=PICTURES / f"{name}.png", animations="disabled", caret="hide")


async def take_all(browser: Browser, ui: str, client: Client, register: Register) -> None:
    """Open the complaints, do what an operator does, and take the pictures on the way."""
    opened = [await open_complaint(client, register, document) for document in openings()]
    new, _, acknowledged, late, _ = (each.reference for each in opened)
    for action, fields in (("acknowledge", {}), ("extend", {"reason": "Two teams are concerned."})):
        await sending.send(client, register, new, *sending.complete(action, fields), 60)
    async with at_the_ui(browser, ui, 520) as operator:
        await take_the_list(operator)
    async with at_the_ui(browser, ui, 860) as operator:
        await operator.opens(late)
        await operator.reads("current-details")
        await picture(operator, "details")
    async with at_the_ui(browser, ui, 1060) as operator:
        await operator.opens(new)
        await operator.timeline()
        await picture(operator, "complaint")
        await take_the_dialogs(operator, acknowledged)


async def take_the_list(operator: Operator) -> None:
    """What is overdue, as one of the ready lists shows it."""
    columns = json.dumps({"default": [{"label": name} for name in COLUMNS]})
    await operator.page.add_init_script(
        f"localStorage.setItem('namespace-workflow-table-columns', {json.dumps(columns)})"
    )
    overdue = list_url(operator.ui, "default", ready_lists(today(), authority_names())[0].query)
    while len(await operator.follows(overdue)) < 4:
        await asyncio.sleep(0.5)
    await picture(operator, "overdue")


async def take_the_dialogs(operator: Operator, reference: str) -> None:
    """The updates that are offered, one that is refused, and the settings of the codec."""
    dialog = operator.page.locator("dialog[open]")
    await operator.opens(reference)
    await operator.offered()
    await picture(operator, "update", dialog)
    await operator.opens(reference)
    form = {"on": today().isoformat(), "reason": "The file is long.", "until": f"{today().year + 1}-12-04"}
    await operator.sends("extend", form, stay=True)
    await picture(operator, "refused", dialog)
    await operator.codec_settings("http://127.0.0.1:8400")
    await picture(operator, "codec", dialog)


async def main() -> int:
    """Take every picture; gives the exit status."""
    quiet_runtime()
    os.environ["REDRESS_TRIAL"] = TRIAL
    ui_port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(state=Path(folder), register_url="", key_store_url="", keys=None, outbox=None)
        migrate_stores(settings)
        activities = activities_for(settings)
        try:
            async with a_browser() as browser, embedded_server(ui_port=ui_port) as (_, client):
                await prepare(client)
                async with running_workers(client, activities, settings):
                    await take_all(browser, f"http://127.0.0.1:{ui_port}", client, activities.register)
        except (NoBrowser, NoServer) as error:
            sys.stderr.write(f"{error}\n")
            return 1
    return 0


if __name__ == "__main__":
    status = asyncio.run(main())
    leave(status)
