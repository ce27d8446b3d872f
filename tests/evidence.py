"""Whether every test that docs/seeds.md names for a rule ran and passed: asked at the end of a whole run."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

NAMED = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")
"""How documents name a test."""


def named_tests(document: str) -> list[tuple[str, str]]:
    """The tests that a document names: file and function, each once, in order."""
    return list(dict.fromkeys(NAMED.findall(document)))


def files_of_tests(folder: Path) -> set[str]:
    """Every file of tests, as node ids name it."""
    return {path.relative_to(folder.parent).as_posix() for path in folder.rglob("test_*.py")}


def unproven(named: Iterable[tuple[str, str]], outcomes: Mapping[str, str]) -> list[str]:
    """What is wrong with the tests named, a line each; `outcomes` says how each node id that ran ended.

    A test with parameters counts as passed where all of its cases passed.
    """
    ended: dict[tuple[str, str], set[str]] = {}
    for node, outcome in outcomes.items():
        file, _, rest = node.partition("::")
        ended.setdefault((file, rest.partition("[")[0].rpartition("::")[2]), set()).add(outcome)
    wrong = []
    for file, name in named:
        found = ended.get((file, name), set())
        if found != {"passed"}:
            wrong.append(f"{file}::{name}: {', '.join(sorted(found)) or 'did not run'}")
    return wrong


class Evidence:
    """Listens to a run, and fails it at its end where a rule's test did not pass.

    Says nothing of a run of some tests only: a file left out, tests deselected, or stopped early.
    """

    def __init__(self, root: Path = ROOT) -> None:
        self.root = root
        self.outcomes: dict[str, str] = {}
        self.files: set[str] = set()
        self.partial = False
        self.wrong: list[str] = []

    def pytest_deselected(self, items: Sequence[pytest.Item]) -> None:
        self.partial = self.partial or bool(items)

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        self.files = {item.nodeid.partition("::")[0] for item in session.items}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "call" or not report.passed:
            self.outcomes[report.nodeid] = report.outcome

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        stopped = session.shouldstop or session.shouldfail or session.config.option.collectonly
        if hasattr(session.config, "workerinput"):
            return  # one of several processes of a run: the one that hears of all tests asks
        ran = self.files or {node.partition("::")[0] for node in self.outcomes}
        if self.partial or stopped or not files_of_tests(self.root / "tests") <= ran:
            return
        seeds = (self.root / "docs" / "seeds.md").read_text(encoding="utf-8")
        self.wrong = unproven(named_tests(seeds), self.outcomes)
        if self.wrong and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if self.wrong:
            terminalreporter.section("docs/seeds.md names tests that did not pass", red=True)
            for line in self.wrong:
                terminalreporter.line(line)
