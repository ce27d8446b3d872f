"""How many generated examples a test has, and whether they are the same ones each time.

`make test` draws the same examples in every run, so that a run which fails fails again. `make explore`
draws other ones each time, and many: `REDRESS_EXAMPLES` says how many.
"""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

EXPLORED = int(os.environ.get("REDRESS_EXAMPLES", "0"))


def examples(usual: int) -> settings:
    """So many examples, without a limit of time for each."""
    return settings(
        deadline=None,
        max_examples=EXPLORED or usual,
        derandomize=not EXPLORED,
        print_blob=True,
        suppress_health_check=[HealthCheck.too_slow],
    )


steady = examples(40)
"""Few enough for every run: four procedures share them."""

thorough = examples(120)
