"""docs/api.md is true: settings, roles, the verification code, and the requests as they are written."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from redress.api.problems import PROBLEMS
from redress.api.settings import ApiSettings
from redress.domain.messages import ANYONE, MANAGER, MESSAGES, Sender
from redress.security.access import ROLES
from redress.settings import Settings
from tests.api.api_process import ROOT, ApiProcess, access
from tests.api.receiver import receiving

PAGE = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")


def rows(of: str) -> dict[str, str]:
    return dict(re.findall(rf"^\| `({of})` \| (.+)$", PAGE, re.MULTILINE))


def test_every_setting_of_the_api_is_explained() -> None:
    own = ApiSettings.model_fields.keys() - Settings.model_fields.keys()
    assert rows("REDRESS_[A-Z_]+").keys() == {f"REDRESS_{name.upper()}" for name in own}


def sent_by(senders: frozenset[Sender]) -> set[str]:
    return {action for action, kind in MESSAGES.items() if kind.sent_by == senders}


def test_the_roles_are_those_of_the_table() -> None:
    shown = rows("[a-z_]+")
    assert tuple(name for name in shown if name in ROLES) == ROLES
    assert set(re.findall(r"`(\w+)`", shown["intake"])) == sent_by(ANYONE)
    assert set(re.findall(r"`(\w+)`", shown["complaints_manager"])) == sent_by(MANAGER) | {"staff"}
    assert access()["make_webhook"] == frozenset({"complaints_manager"})


def test_every_problem_is_named() -> None:
    for status, _ in PROBLEMS.values():
        assert re.search(rf"\b{status}\b", PAGE), status


async def test_the_verification_code_verifies(api: ApiProcess, manager: dict[str, str]) -> None:
    (code,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    names: dict[str, Any] = {}
    exec(code, names)  # as a receiver would paste it
    with receiving() as receiver:
        made = await api.http.post("/v1/webhooks", json={"url": receiver.url}, headers=manager)
        await api.open(manager)

        async def came() -> bool:
            return bool(receiver.came)

        await api.until(came)
        headers, body = receiver.came[0]
        secret = made.json()["secret"]
        assert names["is_ours"](secret, headers, body)
        assert not names["is_ours"](secret, headers, body.replace(b"complaint", b"compliant"))
        old = headers | {"webhook-timestamp": str(int(time.time()) - 3600)}
        assert not names["is_ours"](secret, old, body)
        await api.http.delete(f"/v1/webhooks/{made.json()['id']}", headers=manager)


async def test_the_first_request_works_as_written(api: ApiProcess, tmp_path: Path) -> None:
    section = PAGE.partition("## The first request")[2].partition("\n## ")[0]
    first, shown, further = re.findall(r"```\n(.*?)```", section, re.DOTALL)
    script = "set -e\n" + first + "\necho\n" + further
    script = script.replace("http://127.0.0.1:8400", api.url).replace(".venv/bin/python", "python")
    assert "CYP-2026-000001" in shown
    opened = await api.open(api.headers("intake"))
    script = script.replace("CYP-2026-000001", opened).replace('"form-0001"', f'"{tmp_path.name}"')
    python = str(Path(sys.executable).parent)
    done = await asyncio.to_thread(
        subprocess.run,
        ["bash", "-c", script],
        cwd=ROOT,
        env=os.environ | {"REDRESS_STATE": str(api.state), "PATH": f"{python}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert '"created":true' in done.stdout
    assert '"applied":true' in done.stdout, done.stdout
    assert '"due_on":"2027-01-06"' in done.stdout
    assert "urn:redress:problem" not in done.stdout
