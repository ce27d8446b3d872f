"""The worker: `python worker.py`. Where the package is installed, the command is `redress-worker`."""

from __future__ import annotations

from redress.worker import main

if __name__ == "__main__":
    main()
