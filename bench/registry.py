"""The benchmarks by name. A benchmark is a function without arguments that returns the rows of its table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a benchmark's table: subject, figure and bound as text, and whether the figure meets the bound."""

    what: str
    figure: str
    wanted: str = ""
    good: bool = True


Bench = Callable[[], list[Row]]

BENCHES: dict[str, Bench] = {}


def bench(name: str) -> Callable[[Bench], Bench]:
    """Return a decorator that registers a function as the benchmark `name`."""

    def register(function: Bench) -> Bench:
        if name in BENCHES:
            raise ValueError(f"two benchmarks have the name {name}")
        BENCHES[name] = function
        return function

    return register
