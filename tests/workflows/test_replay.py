"""Golden histories: today's code replays them, and ends in the same state.

Replay alone compares commands, not durations: the state and the timers' instants are asserted too.
Record a new path (or all of them after a change that is meant) with
`python -m pytest tests/workflows/test_replay.py --record`; a history that was released is never recorded
anew.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from temporalio import workflow
from temporalio.client import WorkflowHistory
from temporalio.worker import (
    ExecuteWorkflowInput,
    Interceptor,
    Replayer,
    UnsandboxedWorkflowRunner,
    WorkflowInboundInterceptor,
    WorkflowInterceptorClassInput,
)
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

from redress.temporal.converter import DATA_CONVERTER
from tests.conftest import Life
from tests.workflows.paths import PATHS
from workflows.complaint import Complaint

WATCHED = SandboxRestrictions.default.with_passthrough_modules(
    # Libraries, and what of ours only connects the rules with them:
    "pydantic",
    "pydantic_core",
    "annotated_types",
    "sqlalchemy",
    "cryptography",
    "redress.security",
    "redress.temporal",
    "redress.store",
    "redress.contract",
    "redress.domain.london",  # reads the rules of London's time, once
)
"""Everything else, the rules and the workflow, is imported anew for each replay and watched."""
ROOT = Path(__file__).parent.parent.parent
HISTORIES = Path(__file__).parent / "histories"


class _Watch(Interceptor):
    """Keeps hold of the workflow that a replay makes."""

    seen: Complaint

    def workflow_interceptor_class(
        self, input: WorkflowInterceptorClassInput
    ) -> type[WorkflowInboundInterceptor]:
        watch = self

        class Inbound(WorkflowInboundInterceptor):
            async def execute_workflow(self, input: ExecuteWorkflowInput) -> Any:
                instance = workflow.instance()
                assert isinstance(instance, Complaint)
                watch.seen = instance
                return await super().execute_workflow(input)

        return Inbound


def _state(complaint: Complaint, as_of: str) -> dict[str, Any]:
    timers = {name: at.isoformat() for name, (at, _) in sorted(complaint._timers.items())}
    status = complaint._known.status(date.fromisoformat(as_of))
    settled = dict(sorted(complaint._known.settled.items()))
    return {"as_of": as_of, "status": status, "timers": timers, "settled": settled}


def _as_kept(today: Any, kept: Any) -> Any:
    """Today's status without the fields that nobody knew when the history was kept."""
    if isinstance(today, dict) and isinstance(kept, dict):
        return {name: _as_kept(value, kept[name]) for name, value in today.items() if name in kept}
    if isinstance(today, list) and isinstance(kept, list) and len(today) == len(kept):
        return [_as_kept(*pair) for pair in zip(today, kept, strict=True)]
    return today


async def _replayed(history: WorkflowHistory) -> Complaint:
    watch = _Watch()
    replayer = Replayer(
        workflows=[Complaint],
        data_converter=DATA_CONVERTER,
        interceptors=[watch],
        workflow_runner=UnsandboxedWorkflowRunner(),
    )
    await replayer.replay_workflow(history)
    return watch.seen


def _without_traces(history: str) -> Any:
    """A history in JSON; where faults stood in the code would name folders of the machine that kept it."""

    def bare(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: bare(said) for name, said in value.items() if name != "stackTrace"}
        return [bare(each) for each in value] if isinstance(value, list) else value

    return bare(json.loads(history))


def test_no_history_names_the_machine_that_kept_it() -> None:
    for path in HISTORIES.glob("*.json"):
        assert "stackTrace" not in path.read_text(encoding="utf-8"), path.name


@pytest.mark.parametrize("name", sorted(PATHS))
async def test_history_replays_to_the_same_state(name: str) -> None:
    kept = json.loads((HISTORIES / f"{name}.json").read_text(encoding="utf-8"))
    history = WorkflowHistory.from_json(kept["workflow_id"], kept["history"])
    complaint = await _replayed(history)
    today = json.loads(json.dumps(_state(complaint, kept["state"]["as_of"])))
    today["status"] = _as_kept(today["status"], kept["state"]["status"])
    assert today == kept["state"]


@pytest.mark.parametrize("name", sorted(PATHS))
async def test_history_replays_in_the_strict_sandbox(name: str) -> None:
    """The rules imported anew and watched for clocks and chance, as the worker does not for speed."""
    kept = json.loads((HISTORIES / f"{name}.json").read_text(encoding="utf-8"))
    replayer = Replayer(
        workflows=[Complaint],
        data_converter=DATA_CONVERTER,
        workflow_runner=SandboxedWorkflowRunner(restrictions=WATCHED),
    )
    await replayer.replay_workflow(WorkflowHistory.from_json(kept["workflow_id"], kept["history"]))


def test_every_history_belongs_to_a_path() -> None:
    assert {path.stem for path in HISTORIES.glob("*.json")} == set(PATHS)


@pytest.mark.parametrize("name", sorted(PATHS))
async def test_todays_code_takes_the_path(name: str, life: Life, request: pytest.FixtureRequest) -> None:
    """The path on the real server today; with --record its history is kept."""
    await PATHS[name](life)
    await life.settled(lambda: bool(life.letters()))
    history = await life.handle.fetch_history()
    complaint = await _replayed(history)
    state = _state(complaint, life.today.isoformat())
    assert state["status"]["reference"] == life.reference
    if request.config.getoption("--record"):
        said = {"workflow_id": life.handle.id, "state": state, "history": _without_traces(history.to_json())}
        (HISTORIES / f"{name}.json").write_text(json.dumps(said, indent=1), encoding="utf-8")


def test_what_a_workflow_uses_reads_no_files_and_no_package_of_holidays() -> None:
    """A complaint's rules and days stand in its terms: what could read others is not even there."""
    asked = "import sys, workflows.complaint; print(*sys.modules)"
    words = [sys.executable, "-c", asked]
    loaded = set(subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split())
    assert "redress.domain.case" in loaded
    for each in (
        "redress.procedures.loader",
        "redress.procedures.files",
        "redress.procedures.bank_holidays",
        "holidays",
        "tomllib",
    ):
        assert each not in loaded


@pytest.mark.parametrize("planted", ["__import__('time').time()", "open('/etc/hosts')"])
def test_a_clock_or_a_file_in_the_rules_would_be_noticed(planted: str, tmp_path: Path) -> None:
    """The replay in the strict sandbox can fail: with something planted in a copy of the rules it does."""
    copy = tmp_path / "copy"
    shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns(".*", "docs"))
    deadlines = copy / "redress" / "domain" / "deadlines.py"
    begins = "        self.position = position\n"
    code = deadlines.read_text(encoding="utf-8")
    assert begins in code
    deadlines.write_text(code.replace(begins, f"{begins}        {planted}\n"), encoding="utf-8")
    words = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-n0",
        "-p",
        "no:cacheprovider",
        "tests/workflows/test_replay.py",
    ]
    done = subprocess.run(
        [*words, "-k", "strict_sandbox and turns"],
        cwd=copy,
        env=os.environ | {"PYTHONPATH": str(copy)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 1, done.stdout
    assert "RestrictedWorkflowAccessError" in done.stdout
