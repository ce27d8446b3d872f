"""How much longer something takes with more of it: by ratio in one run, whatever else the machine does."""

from __future__ import annotations

from collections.abc import Callable
from time import process_time

FAR_FROM_SQUARE = 30
"""Of eight times as much: what grows as the size takes 8 times as long, what grows as its square 64 times."""


def growth(do: Callable[[int], object], few: int, many: int) -> float:
    """Many times the processor's time of a few, each the best of three."""
    short = _best(do, few)
    return _best(do, many) / short


def _best(do: Callable[[int], object], size: int) -> float:
    times = []
    for _ in range(3):
        began = process_time()
        do(size)
        times.append(process_time() - began)
    return min(times)
