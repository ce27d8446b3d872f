"""Each part of the benchmark runs, smaller than it is, and gives its figures. No figure is asserted."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from scripts.bench import history, lists, load, rules
from scripts.bench.harness import Figure
from scripts.devserver import ROOT


def values(figures: list[Figure]) -> dict[str, float]:
    return {figure.key: figure.value for figure in figures}


async def test_the_rules_alone_give_their_figures(tmp_path: Path) -> None:
    found = values(await rules.speed(tmp_path, seconds=0.05))
    assert found.keys() == {"folded", "additions"}
    assert all(value > 0 for value in found.values())


async def test_a_whole_life_is_measured_both_ways(tmp_path: Path) -> None:
    found = values(await history.sizes(tmp_path))
    assert found.keys() == {"late_events", "late_kb", "lived_events", "lived_kb"}
    assert found["lived_events"] > found["late_events"] > 22
    assert found["lived_kb"] > found["late_kb"] > 22


async def test_redress_and_the_bare_workflow_do_the_same_number_of_activities(tmp_path: Path) -> None:
    found = values(await load.throughput(tmp_path, rounds=1, each=3))
    assert found["activities"] == found["bare_activities"] >= 2
    assert found["ratio"] == found["a_second"] / found["bare_a_second"]


async def test_memory_is_that_of_the_worker(tmp_path: Path) -> None:
    found = values(await load.memory(tmp_path, few=2, many=4, step=2))
    assert found["ratio"] == found["many_mb"] / found["few_mb"]
    assert found["few_mb"] > 20


async def test_pages_are_asked_for_over_http(tmp_path: Path) -> None:
    found = values(await lists.pages(tmp_path, complaints=120, real=2, requests=2))
    assert found["list_ms"] > 0 < found["due_ms"]


def test_a_figure_says_whether_its_promise_is_kept() -> None:
    fast = Figure("a", "fast enough", 10, at_least=5)
    large = Figure("b", "too large", 10_000, "KB", at_most=5)
    by_the_way = Figure("c", "by the way", 10)
    assert [figure.is_kept for figure in (fast, large, by_the_way)] == [True, False, True]
    assert str(fast).endswith("10.00     at least 5")
    assert str(large).endswith("10,000.00 KB  NOT KEPT: at most 5")
    assert str(by_the_way).endswith("10.00")


def test_parts_are_chosen_by_name() -> None:
    def bench(*words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "scripts.bench", *words]
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    unknown = bench("rule")
    assert (unknown.returncode, "unknown part: rule" in unknown.stderr) == (2, True)
    done = bench("rules")
    assert done.stdout.startswith("rules\n  messages a second, folded")
    assert done.returncode == (1 if "NOT KEPT" in done.stdout else 0)
