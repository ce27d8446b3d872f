"""docs/contributing.md shows how five things are added: each patch applies as printed, and works."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest
from temporalio.client import Client, WorkflowHandle

from redress.contract import workflow_id
from redress.services.clock import today
from redress.settings import TRIAL
from redress.temporal.embedded import free_port
from tests.waiting import until

ROOT = Path(__file__).resolve().parent.parent
PAGE = (ROOT / "docs" / "contributing.md").read_text(encoding="utf-8")

PATCHES: dict[str, str] = dict(
    re.findall(r"^## ([^\n]+)\n(?:(?!^## ).)*?^```diff\n(.*?)^```$", PAGE, re.M | re.S)
)

MOST_FILES = {
    "An action": 2,
    "A limit": 1,
    "A letter": 2,
    "An endpoint": 2,
    "A way to send letters": 2,
}
"""How many files of the product a newcomer has to write or change by hand, at most."""

OPENING = {
    "authority": "family-rights",
    "kind": "complaint",
    "statutory": False,
    "source": "test",
    "source_id": "contributing",
    "channel": "post",
    "points": ["An invented point."],
    "complainant": {
        "name": "Testa Inventata",
        "format": "post",
        "address": "1 Nowhere Lane\nExampletown\nEX1 1AA",
    },
}

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="git applies the patches")


def files_of(patch: str) -> tuple[list[str], list[str]]:
    """The files that a patch touches: of the product, and of its tests."""
    files = re.findall(r"^\+\+\+ b/(\S+)$", patch, re.MULTILINE)
    of_tests = [file for file in files if file.startswith("tests/")]
    return [file for file in files if file not in of_tests], of_tests


def copied(folder: Path) -> Path:
    """The tree, without what is no part of it, but with what Python has compiled of it."""
    ignored = shutil.ignore_patterns(".*", "*.png", "histories")
    return Path(shutil.copytree(ROOT, folder, ignore=ignored))


def git_apply(tree: Path, patch: str, *options: str) -> str:
    """Apply a patch as it is printed; gives what git has to say against it."""
    env = os.environ | {"GIT_CEILING_DIRECTORIES": str(tree.parent)}
    command = ["git", "apply", *options, "-"]
    return subprocess.run(
        command, cwd=tree, env=env, input=patch, capture_output=True, text=True, check=False
    ).stderr


def run(tree: Path, *words: str, given: str = "", **settings: str) -> str:
    """The output of a Python program of the tree, with these settings and no others of Redress."""
    env = {name: value for name, value in os.environ.items() if not name.startswith(("REDRESS_", "PYTHON"))}
    done = subprocess.run(
        [sys.executable, *words],
        cwd=tree,
        env=env | settings,
        input=given,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copied(tmp_path_factory.mktemp("pristine") / "tree")


@pytest.fixture(scope="module")
def grown(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tree with all five patches, and with what is generated."""
    tree = copied(tmp_path_factory.mktemp("grown") / "tree")
    for patch in PATCHES.values():
        assert git_apply(tree, patch) == ""
    run(tree, "-m", "scripts.generate")
    return tree


def test_each_kind_is_shown() -> None:
    assert PATCHES.keys() == MOST_FILES.keys()


@pytest.mark.parametrize("name", MOST_FILES)
def test_few_files_are_written_by_hand(name: str) -> None:
    of_product, of_tests = files_of(PATCHES[name])
    assert 1 <= len(of_product) <= MOST_FILES[name]
    assert of_tests


@pytest.mark.parametrize("name", MOST_FILES)
def test_a_patch_applies_as_printed(pristine: Path, name: str) -> None:
    assert git_apply(pristine, PATCHES[name], "--check") == ""


OF_EVERYTHING = (
    "tests/api/test_reach.py::test_every_path_is_classified",
    "tests/domain/test_corporate.py",
    "tests/domain/test_generated.py::test_the_stories_really_reach_what_people_do",
    "tests/letters/test_previews.py",
)
"""Tests that look at every action, limit, letter or path: of what is added too."""


def test_their_own_tests_pass_and_those_of_everything(grown: Path) -> None:
    changed = [file for patch in PATCHES.values() for file in files_of(patch)[1]]
    tests = [*(file for file in changed if not (ROOT / file).exists()), *OF_EVERYTHING]
    ran = run(grown, "-m", "pytest", "-p", "no:cacheprovider", "-p", "no:xdist", "-rA", *tests)
    assert {test for test in tests if f"PASSED {test}" in ran} == {*tests}


def test_what_is_generated_is_all_that_they_leave_to_do(grown: Path) -> None:
    run(grown, "-m", "scripts.generate", "--check")
    assert "| `offer_mediation` | **`accepted`** |" in (grown / "docs" / "messages.md").read_text("utf-8")
    assert "async def offer_mediation(" in (grown / "workflows" / "handlers.py").read_text("utf-8")


async def test_what_they_add_works(grown: Path, tmp_path: Path) -> None:
    """By command, HTTP and Temporal, with the processes that `make up` starts."""
    settings = {"REDRESS_STATE": str(tmp_path), "REDRESS_TRIAL": TRIAL, "REDRESS_SEND_POST": "print_folder"}

    def starter(*words: str, given: str = "") -> Any:
        return json.loads(run(grown, "starter.py", *words, "--json", given=given, **settings))

    try:
        for others in (2, 1, 0):
            server, ui, api = (free_port() for _ in range(3))
            settings |= {"TEMPORAL_ADDRESS": f"127.0.0.1:{server}", "REDRESS_UI": f"http://127.0.0.1:{ui}"}
            settings["REDRESS_API_PORT"] = str(api)
            try:
                run(grown, "-m", "scripts.devserver", "up", **settings)
                break
            except AssertionError:  # another test took a port that was free a moment ago
                run(grown, "-m", "scripts.devserver", "down", **settings)
                if not others:
                    raise
        opening = OPENING | {"received_on": today().isoformat()}
        reference = starter("open", "-", given=json.dumps(opening))["reference"]
        token = run(grown, "starter.py", "token", "new", "test", "--role", "staff", **settings).strip()
        client = await Client.connect(settings["TEMPORAL_ADDRESS"])
        complaint: WorkflowHandle[Any, Any] = client.get_workflow_handle(workflow_id(reference))
        headers = {"Authorization": f"Bearer {token}"}
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{api}", headers=headers, timeout=60) as http:
            by_command = starter("send", reference, "offer-mediation", "accepted=true")
            path = f"/v1/complaints/{reference}/offer-mediation"
            by_http = (await http.post(path, json={"accepted": False})).json()
            by_temporal = await complaint.execute_update("offer_mediation", {"accepted": True})
            assert [by_command["applied"], by_http["applied"], by_temporal["applied"]] == [True] * 3

            assert starter("send", reference, "respond", "outcome=not_upheld", "letter=sent")["applied"]
            assert starter("send", reference, "escalate")["applied"]
            assert starter("send", reference, "record_meeting")["applied"]
            shown = [
                starter("show", reference),
                (await http.get(f"/v1/complaints/{reference}")).json(),
                await complaint.query("status"),
            ]
            for status in shown:
                assert _named(status["deadlines"], "name", "stage_2_meeting")["state"] == "met"
                assert _named(status["letters"], "letter", "meeting_confirmation")
            printed: dict[str, str] = {}

            def is_printed() -> bool:
                printed.update(
                    (file.name, file.read_text("utf-8")) for file in (tmp_path / "print").glob("*.txt")
                )
                return any("You were offered or had a meeting" in text for text in printed.values())

            await until(is_printed)
            row = _named(starter("letters", reference), "letter", "meeting_confirmation")
            assert (row["state"], row["by"]) == ("done", "print_folder")
            assert printed[row["place"]].startswith("1 Nowhere Lane\nExampletown\nEX1 1AA\n\n")
            assert "You were offered or had a meeting" in printed[row["place"]]

            answer = await http.get("/v1/calendar/working-day", params={"on": "2026-12-25"})
            assert answer.json() == {"is_working_day": False, "why_not": "Christmas Day"}
            assert "/v1/calendar/working-day" in (await http.get("/openapi.json")).json()["paths"]
    finally:
        run(grown, "-m", "scripts.devserver", "down", **settings)


def _named(rows: list[dict[str, Any]], key: str, name: str) -> dict[str, Any]:
    """The one row of that name."""
    (row,) = (row for row in rows if row[key] == name)
    return row
