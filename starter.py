"""The door for people and scripts: `python starter.py --help`.

Exit status: 0 done (or waiting for a person's decision); 2 malformed, one line a problem on standard
error; 3 no answer; 4 recorded as refused, with the reason; 5 no such complaint.
"""

from __future__ import annotations

import sys
from importlib import import_module

import typer

from redress.cli.console import main

app = typer.Typer(
    help="Open complaints, send them messages, see where they stand.\n\n"
    "Where Temporal is comes from its own settings: TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE, temporal.toml.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

HOME = {
    "redress.cli.complaints": ("open", "send", "show", "list"),
    "redress.cli.dates": ("due",),
    "redress.cli.procedures": ("procedure", "rehearse"),
    "redress.cli.upkeep": ("letters", "recount", "reconcile"),
    "redress.cli.privacy": ("export", "erase", "keys"),
    "redress.cli.tokens": ("token",),
    "redress.cli.versions": ("versions",),
}
"""Where each command lives."""


@app.callback()
def door() -> None:
    """Keep commands' names, also where only one group was loaded."""


def load(command: str = "") -> None:
    """Load the group of a command, or all of them: a process need not wait for what it does not use."""
    wanted = [home for home, names in HOME.items() if command in names]
    for home in wanted or HOME:
        group = import_module(home).app
        if home in ("redress.cli.tokens", "redress.cli.versions"):
            app.add_typer(group, name=HOME[home][0])
            continue
        app.registered_commands += group.registered_commands
        app.registered_groups += group.registered_groups


if __name__ == "__main__":
    load(sys.argv[1] if len(sys.argv) > 1 else "")
    main(app)
else:
    load()
