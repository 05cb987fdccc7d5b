"""Reads which fields of each result are wanted: those of Simplify, all, or some that are named."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..catalog import nearest_hint
from ..errors import ParameterError
from ..values.coerce import CoercionError, coerce_boolean, describe
from ..values.undefined import is_missing

if TYPE_CHECKING:
    from collections.abc import Mapping

_OUTPUTS = ("simplified", "raw", "selectedFields")


def read_output(values: Mapping[str, Any]) -> tuple[bool, tuple[str, ...]]:
    """Return whether results are simplified, and the fields that are wanted (empty: not chosen by name).

    `output` is one of simplified, raw and selectedFields, and takes precedence over `simplify`. Raises ParameterError.
    """
    output = values.get("output")
    if is_missing(output):
        return read_flag(values, "simplify"), ()
    folded = str(output).strip().casefold()
    found = next((each for each in _OUTPUTS if each.casefold() == folded), None)
    if found is None:
        raise ParameterError(
            f"output: expected one of {', '.join(_OUTPUTS)}, got {describe(output)}",
            field="output",
            description=nearest_hint(str(output), _OUTPUTS) or "Choose one of them.",
        )
    return found == "simplified", _read_fields(
        values.get("outputFieldNames")
    ) if found == "selectedFields" else ()


def _read_fields(value: Any) -> tuple[str, ...]:
    names = value.split(",") if isinstance(value, str) else value
    if not isinstance(names, (list, tuple)) or not all(isinstance(each, str) for each in names):
        names = []
    fields = tuple(name for each in names if (name := each.strip()))
    if not fields:
        raise ParameterError(
            f"outputFieldNames: expected names of fields, got {describe(value)}",
            field="outputFieldNames",
            description="Name the fields to return, separated by commas.",
        )
    return fields


def read_flag(values: Mapping[str, Any], name: str) -> bool:
    """Return a switch, off where it is not given. Raises ParameterError."""
    if is_missing(values.get(name)):
        return False
    try:
        return coerce_boolean(values[name])
    except CoercionError as error:
        raise ParameterError(f"{name}: {error}", field=name, description=error.advice) from error
