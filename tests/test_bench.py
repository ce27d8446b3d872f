"""The benchmark's quick parts run and give their figures. No times are asserted: machines differ."""

from __future__ import annotations

import json
from pathlib import Path

from bench import history, rules
from bench.figures import Figure, Measured, as_json, table


def quiet(_progress: str) -> None:
    pass


def values(measured: Measured) -> dict[str, float]:
    return {figure.key: figure.value for figure in measured.figures}


def test_the_rules_alone_give_their_figures() -> None:
    found = values(rules.measure(quiet, seconds=0.05))
    assert set(found) == {
        "rules_messages_a_second",
        "parse_and_receive_a_second",
        "parse_and_receive_late_a_second",
        "additions_seconds",
    }
    assert all(value > 0 for value in found.values())


async def test_a_whole_life_fits_into_its_history(tmp_path: Path) -> None:
    found = values(await history.measure(tmp_path, quiet))
    assert set(found) == {
        "history_late_events",
        "history_late_kb",
        "history_lived_events",
        "history_lived_kb",
        "history_clock_events",
    }
    for way in ("late", "lived"):
        assert 100 < found[f"history_{way}_events"] <= 400
        assert 10 < found[f"history_{way}_kb"] <= 300


def test_a_figure_says_whether_its_target_holds() -> None:
    part = Measured(
        "Part",
        [
            Figure("a", "fast enough", 10, at_least=5),
            Figure("b", "too large", 10, "KB", at_most=5),
            Figure("c", "by the way", 10),
        ],
        ["a remark"],
    )
    lines = table([part]).splitlines()
    assert lines[1].endswith("holds")
    assert lines[2].endswith("DOES NOT HOLD")
    assert lines[3].endswith("10")
    assert "a remark" in lines[4]
    said = json.loads(as_json([part]))
    assert [said["figures"][key]["holds"] for key in "abc"] == [True, False, None]
    assert said["remarks"] == ["a remark"]
