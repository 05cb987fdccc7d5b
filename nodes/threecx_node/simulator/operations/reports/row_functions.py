"""Register the functions that compute the rows of reports, and find the one of a report."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ...odata.records import Entity
    from ...pbx.pbx import Pbx
    from .arguments import ReportArguments

ComputeRows = Callable[["Pbx", "ReportArguments"], list["Entity"]]

_FUNCTIONS: dict[str, ComputeRows] = {}


def computes_rows(*names: str) -> Callable[[ComputeRows], ComputeRows]:
    """Register a function by the schema of its rows or, if several reports share a schema, by path and schema."""

    def register(function: ComputeRows) -> ComputeRows:
        for name in names:
            _FUNCTIONS[name] = function
        return function

    return register


def find_row_function(schema: str, head: str) -> ComputeRows | None:
    """Return the function for a report: by its path and schema, else by its schema."""
    return _FUNCTIONS.get(f"{head}:{schema}") or _FUNCTIONS.get(schema)
