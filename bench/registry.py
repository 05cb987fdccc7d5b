"""The benches by name. A bench is a function without arguments that returns its rows; raise for a missed bound."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """A line of a bench's table: what was measured, the figure as text, and whether it is as it should be."""

    what: str
    figure: str
    wanted: str = ""
    good: bool = True


Bench = Callable[[], list[Row]]

BENCHES: dict[str, Bench] = {}


def bench(name: str) -> Callable[[Bench], Bench]:
    """Registers a function as the bench `name`."""

    def register(function: Bench) -> Bench:
        if name in BENCHES:
            raise ValueError(f"two benches are named {name}")
        BENCHES[name] = function
        return function

    return register
