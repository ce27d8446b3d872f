"""The commands: `redress --help`, or `python starter.py --help` in the repository.

Exit status: 0 done (or waiting for a person's decision); 2 malformed, one line a problem on standard
error; 3 no answer; 4 recorded as refused, with the reason; 5 no such complaint.
"""

from __future__ import annotations

import gc
import logging
import os
import sys
from importlib import import_module
from typing import NoReturn

import typer
from typer.exceptions import TyperException

from redress.cli.console import DONE, MALFORMED, fail
from redress.exit import leave

GROUPS = {
    "redress.cli.complaints": ("open", "send", "show", "list"),
    "redress.cli.differing": ("differing",),
    "redress.cli.documents": ("attach", "documents"),
    "redress.cli.dates": ("due",),
    "redress.cli.procedures": ("procedure", "rehearse"),
    "redress.cli.letters": ("letters",),
    "redress.cli.upkeep": ("migrate", "not-begun", "recount", "reconcile"),
    "redress.cli.privacy": ("export", "erase", "keys"),
    "redress.cli.audit": ("audit",),
    "redress.cli.proof": ("verify",),
    "redress.cli.tokens": ("token",),
    "redress.cli.people": ("people",),
    "redress.cli.contacts": ("contact",),
    "redress.cli.unmatched": ("unmatched",),
    "redress.cli.versions": ("versions",),
    "redress.cli.waiting": ("waiting",),
}
"""The module of each command."""

NAMED_GROUPS = (
    "redress.cli.people",
    "redress.cli.tokens",
    "redress.cli.unmatched",
    "redress.cli.versions",
)
"""Modules whose commands come after the name of their group."""

INTERRUPTED = 130


def commands(wanted: str = "") -> typer.Typer:
    """All commands, or one with its group: a process need not wait for modules that it does not use."""
    app = typer.Typer(
        help="Open complaints, send them messages, see where they stand.\n\n"
        "Where Temporal is comes from its own settings: TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE, temporal.toml.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
        callback=_keep_names,
    )
    modules = [module for module, names in GROUPS.items() if wanted in names]
    for module, group in _loaded(modules or list(GROUPS)).items():
        if module in NAMED_GROUPS:
            app.add_typer(group, name=GROUPS[module][0])
            continue
        app.registered_commands += group.registered_commands
        app.registered_groups += group.registered_groups
    return app


def _loaded(modules: list[str]) -> dict[str, typer.Typer]:
    """The commands of modules. What is loaded stays: looking for garbage in it takes a tenth of the time."""
    gc.disable()
    try:
        return {module: import_module(module).app for module in modules}
    finally:
        gc.freeze()
        gc.enable()


def _keep_names() -> None:
    """A callback keeps a command's name also where it is the only one."""


def main() -> NoReturn:
    """Run one command and leave with its status."""
    os.umask(0o077)  # what is written here names people
    logging.basicConfig(level="ERROR", stream=sys.stderr)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    try:
        leave(_run())
    except typer.Exit as ending:
        leave(ending.exit_code)
    except KeyboardInterrupt:
        leave(INTERRUPTED)


def _run() -> int:
    try:
        status: object = commands(sys.argv[1] if len(sys.argv) > 1 else "")(standalone_mode=False)
    except TyperException as error:
        fail(MALFORMED, [_usage(error)])
    except (typer.Exit, KeyboardInterrupt):
        raise
    except BrokenPipeError:
        return DONE
    except Exception as error:  # a fault of ours: said in a line, not in a traceback
        logging.getLogger("redress").debug("unexpected", exc_info=True)
        fail(1, [f"unexpected: {type(error).__name__}: {error}"])
    return status if isinstance(status, int) else DONE


def _usage(error: TyperException) -> str:
    """What is wrong with the command line: which word, and what would be right."""
    param = getattr(error, "param", None)
    field = getattr(param, "metavar", None) or getattr(param, "name", None)
    problem = getattr(error, "message", "") or error.format_message()
    return f"{field}: {problem}" if field else f"{problem} (see starter.py --help)"
