"""Reads the conditions of a filter as people and canvases write them; the request turns them into OData.

    {"combine": "and", "conditions": [{"field": "LastName", "operator": "startsWith", "value": "O'B"}]}

A list of conditions alone, and the JSON text of either, mean the same. An operator that is missing is `equals`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..catalog import nearest_hint
from ..errors import ParameterError
from ..messages import FILTERS, Condition, Conditions
from ..values.coerce import describe
from ..values.json import loads, why_not_json
from ..values.undefined import UNDEFINED, is_missing

COMBINE = "combineFilters"
_COMBINE = "combine"
_CONDITIONS = "conditions"
_KEYS = ("field", "operator", "value")
_EXAMPLE = '[{"field": "LastName", "operator": "startsWith", "value": "O"}]'


def read_conditions(filters: Any, combine: Any = None) -> Conditions | None:
    """Return the conditions of the parameter `filters`, None where there are none.

    `combine` is how they are combined, where `filters` does not say it. Raises ParameterError.
    """
    if is_missing(filters):
        return None
    if isinstance(filters, str):
        filters = _parse_text(filters)
    if isinstance(filters, Mapping):
        group = _read_keys(filters, (_COMBINE, _CONDITIONS), FILTERS, "Write conditions in a list")
        filters = group.get(_CONDITIONS)
        combine = group.get(_COMBINE, combine)
        if isinstance(filters, str):
            filters = _parse_text(filters)
        if isinstance(filters, Mapping):
            filters = [filters]
    if not isinstance(filters, (list, tuple)) and not is_missing(filters):
        raise ParameterError(
            f"{FILTERS}: expected a list of conditions, got {describe(filters)}",
            field=FILTERS,
            description=f"Write conditions like {_EXAMPLE}.",
        )
    conditions = tuple(_read_condition(place, each) for place, each in enumerate(filters or (), start=1))
    return Conditions(_read_combine(combine), conditions) if conditions else None


def _parse_text(text: str) -> Any:
    if is_missing(text):
        return None
    try:
        return loads(text)
    except ValueError as error:
        raise ParameterError(
            f"{FILTERS} is not valid JSON{why_not_json(error)}",
            field=FILTERS,
            description=f"Write conditions like {_EXAMPLE}.",
        ) from error


def _read_combine(value: Any) -> Any:
    if is_missing(value):
        return "and"
    found = value.strip().casefold() if isinstance(value, str) else value
    if found not in ("and", "or"):
        raise ParameterError(
            f"{FILTERS}: {_COMBINE} is {describe(value)}",
            field=FILTERS,
            description="Use and where all conditions must be met, or where one is enough.",
        )
    return found


def _read_condition(place: int, given: Any) -> Condition:
    name = f"{FILTERS}: condition {place}"
    if not isinstance(given, Mapping):
        raise ParameterError(
            f"{name}: expected an object with field, operator and value, got {describe(given)}",
            field=FILTERS,
            description=f"Write conditions like {_EXAMPLE}.",
        )
    found = _read_keys(given, _KEYS, name, "A condition has field, operator and value")
    field, operator = found.get("field"), found.get("operator", "equals")
    for key, value in (("field", field), ("operator", operator)):
        if is_missing(value):
            raise ParameterError(
                f"{name} has no {key}",
                field=FILTERS,
                description=f"Choose the {key}, or remove the condition.",
            )
        if not isinstance(value, str):
            raise ParameterError(
                f"{name}: expected the name of {'a field' if key == 'field' else 'an operator'}, got "
                f"{describe(value)}",
                field=FILTERS,
                description=f"Set the {key} to a text.",
            )
    # A canvas stores the kind of a field behind its name, to show a fitting input for its value.
    return Condition(
        str(field).partition("|")[0].strip(), str(operator).strip(), found.get("value", UNDEFINED)
    )


def _read_keys(given: Mapping[Any, Any], known: tuple[str, ...], name: str, advice: str) -> dict[str, Any]:
    """Return the values of an object by the names of its keys, which may be in any case."""
    found: dict[str, Any] = {}
    for key, value in given.items():
        folded = str(key).strip().casefold()
        if folded not in known:
            raise ParameterError(
                f"{name} has no {key!r}"[:200],
                field=FILTERS,
                description=nearest_hint(str(key), known) or f"{advice}: {_EXAMPLE}.",
            )
        found[folded] = value
    return found
