"""The command line: `python starter.py --help`. Where the package is installed, the command is `redress`."""

from __future__ import annotations

from redress.cli.main import main

if __name__ == "__main__":
    main()
