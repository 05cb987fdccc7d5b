"""Which function computes the rows of which report."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ...pbx import Pbx
    from ...state import Entity
    from .arguments import Arguments

Rows = Callable[["Pbx", "Arguments"], list["Entity"]]

_ROWS: dict[str, Rows] = {}


def rows_of(*names: str) -> Callable[[Rows], Rows]:
    """Registers the rows of a schema or, where several reports share one, of a report's path."""

    def register(rows: Rows) -> Rows:
        for name in names:
            _ROWS[name] = rows
        return rows

    return register


def find_rows(schema: str, head: str) -> Rows | None:
    """The rows of a report by its path, else by its schema."""
    return _ROWS.get(f"{head}:{schema}") or _ROWS.get(schema)
