"""Reads the options of a whole batch that parameters carry: `dryRun`, `concurrency`, `timeout` and others.

They are one decision for all items. An expression, or a value that differs between items, would let one item decide
for the others whether anything is sent, so both are refused.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from ..errors import InputError, UnknownNameError
from ..options import BatchOptions, check_bounds
from ..values.coerce import CoercionError, coerce_boolean, coerce_integer, coerce_number
from ..values.undefined import is_missing

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from .table import ParameterTable, Target

T = TypeVar("T")


def check_shared_options(table: ParameterTable, parameters: Mapping[str, Any]) -> None:
    """Check the options of the batch among parameters that all items share.

    Raises InputError for an expression, and ConfigurationError for a number outside its bounds: these options were set
    for this run, not stored in a canvas.
    """
    options: dict[str, Any] = {}
    _take_batch_options(table, parameters, options)
    numbers = (
        ("concurrency", _read_concurrency),
        ("timeout", _read_timeout),
        ("retryTime", _read_retry_time),
        ("maxDeletes", _read_max_deletes),
    )
    for name, read in numbers:
        try:
            value = _read(options, name, read)
        except InputError:
            # Reported with the item.
            continue
        if value is not None:
            check_bounds(_NAMES[name], value)


def split_batch_options(
    table: ParameterTable, parameters: Mapping[str, Any]
) -> tuple[dict[str, Any], BatchOptions]:
    """Return the parameters without the options of the batch, and these options.

    Raises InputError for an option that is an expression or cannot be read.
    """
    options: dict[str, Any] = {}
    rest = _take_batch_options(table, parameters, options)
    return rest, read_batch_options(options)


def _take_batch_options(
    table: ParameterTable, parameters: Mapping[str, Any], options: dict[str, Any], inside: str = ""
) -> dict[str, Any]:
    """Put the options of the batch into `options` and return the other parameters."""
    rest: dict[str, Any] = {}
    for name, value in parameters.items():
        target = _find_target(table, name, is_option=bool(inside))
        if target is not None and target.kind == "batch":
            if isinstance(value, str) and value.startswith("="):
                raise InputError(
                    f"{inside}{name} cannot be an expression: it applies to all items of the batch",
                    description="Set it to a fixed value; nothing was sent.",
                    field=f"{inside}{name}",
                )
            options[target.name] = value
        elif target is not None and target.kind == "options" and isinstance(value, Mapping):
            if others := _take_batch_options(table, value, options, f"{inside}{name}."):
                rest[name] = others
        else:
            rest[name] = value
    return rest


def _find_target(table: ParameterTable, name: str, *, is_option: bool) -> Target | None:
    try:
        return table.target(name, is_option=is_option)
    except UnknownNameError:
        # Another release may have the parameter; the run reports it otherwise.
        return None


def settle_batch_options(given: Sequence[tuple[int, Mapping[str, Any]]]) -> BatchOptions:
    """Return the options that all items agree on; `given` has each item's index and options as they came.

    Raises InputError, which names item and option, for a value that cannot be read and where two items differ.
    """
    first: Mapping[str, Any] | None = None
    settled = BatchOptions()
    for index, options in given:
        if first is None:
            first, settled = options, read_batch_options(options, index)
        elif options != first and (other := read_batch_options(options, index)) != settled:
            name = next(
                each for each in _NAMES if getattr(other, _NAMES[each]) != getattr(settled, _NAMES[each])
            )
            raise InputError(
                f"{name} differs between items {given[0][0]} and {index}: it applies to all items of the batch",
                description="Set it to the same value for every item; nothing was sent.",
                field=name,
                item_index=index,
            )
    return settled


_NAMES = {
    "dryRun": "dry_run",
    "concurrency": "concurrency",
    "timeout": "timeout",
    "retryTime": "retry_time",
    "maxDeletes": "max_deletes",
}


def read_batch_options(given: Mapping[str, Any], index: int | None = None) -> BatchOptions:
    """Return the options of a batch in their types. Raises InputError: a value is never replaced by a default.

    Otherwise a dry run in words that cannot be read would send.
    """
    try:
        return BatchOptions(
            dry_run=_read_dry_run(given),
            concurrency=_read(given, "concurrency", _read_concurrency),
            timeout=_read(given, "timeout", _read_timeout),
            retry_time=_read(given, "retryTime", _read_retry_time),
            max_deletes=_read(given, "maxDeletes", _read_max_deletes),
        )
    except InputError as error:
        error.item_index = index
        raise


def _read_dry_run(given: Mapping[str, Any]) -> bool | None:
    if "dryRun" in given and is_missing(given["dryRun"]):
        raise InputError(
            "dryRun is set but empty",
            field="dryRun",
            description="Set it to true or false; nothing was sent.",
        )
    return _read(given, "dryRun", coerce_boolean)


def _read(given: Mapping[str, Any], name: str, read: Callable[[Any], T]) -> T | None:
    if is_missing(given.get(name)):
        return None
    try:
        return read(given[name])
    except CoercionError as error:
        raise InputError(f"{name}: {error}", field=name, description=error.advice) from error


def _read_concurrency(value: Any) -> int:
    number = coerce_integer(value)
    if number < 1:
        raise CoercionError("a number of 1 or more", value)
    return number


def _read_timeout(value: Any) -> float:
    timeout = coerce_number(value)
    if isinstance(timeout, str) or not 0 < timeout < math.inf:
        raise CoercionError("a number of seconds", value)
    return float(timeout)


def _read_retry_time(value: Any) -> float:
    seconds = coerce_number(value)
    if isinstance(seconds, str) or not 0 <= seconds < math.inf:
        raise CoercionError("a number of seconds, or 0", value)
    return float(seconds)


def _read_max_deletes(value: Any) -> int:
    number = coerce_integer(value)
    if number < 0:
        raise CoercionError("a number of 0 or more", value)
    return number
