"""Each part of the benchmark runs, smaller than it is, and gives its figures. No figure is asserted."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from scripts.bench import history, lists, load, rules
from scripts.bench.figures import Figure, as_json, as_table
from scripts.devserver import ROOT


def values(figures: list[Figure]) -> dict[str, float]:
    return {figure.key: figure.value for figure in figures}


def test_the_rules_alone_give_their_figures() -> None:
    found = values(rules.speed(seconds=0.05))
    assert found.keys() == {"folded", "received", "received_late", "additions"}
    assert all(value > 0 for value in found.values())


async def test_a_whole_life_is_measured_both_ways(tmp_path: Path) -> None:
    found = values(await history.sizes(tmp_path))
    assert found.keys() >= {"late_events", "late_kb", "lived_events", "lived_kb", "clock_events"}
    totals = {"lived_events", "lived_kb"}
    by_type = [value for key, value in found.items() if key.startswith("lived_") and key not in totals]
    assert found["lived_workflow_execution_update_accepted"] == 22
    assert sum(by_type) == found["lived_events"] > found["late_events"] > 22
    assert found["clock_events"] > 0


async def test_redress_and_the_bare_workflow_do_the_same_number_of_activities(tmp_path: Path) -> None:
    found = values(await load.throughput(tmp_path, rounds=1, each=3))
    assert found["activities"] == found["bare_activities"] >= 2
    assert found["ratio"] == found["a_second"] / found["bare_a_second"]
    assert found["worker_ms"] > 0 < found["bare_worker_ms"]


async def test_memory_is_that_of_the_worker(tmp_path: Path) -> None:
    found = values(await load.memory(tmp_path, few=2, many=4, step=2))
    assert found["ratio"] == found["many_mb"] / found["few_mb"]
    assert found["few_mb"] > 20


async def test_pages_are_asked_for_over_http(tmp_path: Path) -> None:
    found = values(await lists.pages(tmp_path, complaints=120, real=2, requests=2))
    assert 0 < found["list_ms"] <= found["list_worst_ms"]
    assert 0 < found["due_ms"] <= found["due_worst_ms"]


def test_a_figure_says_whether_its_promise_is_kept() -> None:
    figures = [
        Figure("a", "fast enough", 10, at_least=5),
        Figure("b", "too large", 10, "KB", at_most=5),
        Figure("c", "by the way", 10),
    ]
    part, *lines = as_table({"part": figures}).splitlines()
    assert part == "part"
    assert lines[0].endswith(" kept")
    assert lines[1].endswith(" NOT KEPT")
    assert lines[2].endswith("10")
    written = json.loads(as_json({"part": figures}))["part"]
    assert [written[key]["holds"] for key in "abc"] == [True, False, True]


def test_parts_are_chosen_by_name_and_written_as_json(tmp_path: Path) -> None:
    def bench(*words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "scripts.bench", *words, "--result", str(tmp_path / "bench.json")]
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert bench("rule").returncode == 2
    assert "unknown part: rule" in bench("rule").stderr
    done = bench("rules")
    (figures,) = json.loads((tmp_path / "bench.json").read_text()).values()
    assert done.returncode == (0 if all(figure["holds"] for figure in figures.values()) else 1)
    assert done.stdout.startswith("rules\n  messages a second, folded")
