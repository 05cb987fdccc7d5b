"""Writes the conditions of a filter as OData: names, operators, and values by the types of their fields.

A value is always one literal, so it cannot change the filter, whatever characters it has.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import UTC, tzinfo
from typing import TYPE_CHECKING, Any

from ..catalog import nearest_hint
from ..catalog.filter_fields import (
    OPERATORS,
    WITHOUT_VALUE,
    FilterField,
    filter_fields,
    find_filter_field,
)
from ..catalog.labels import title_of
from ..errors import ParameterError
from ..messages import FILTERS
from ..values.clock import format_duration, parse_clock, parse_duration
from ..values.coerce import CoercionError, coerce, describe
from ..values.json import loads
from ..values.undefined import UNDEFINED, is_missing
from .filter_check import FILTER
from .odata import encode, format_literal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..catalog import Catalog
    from ..messages import Condition, Conditions

_COMPARISONS: Mapping[str, str] = {
    "equals": "eq",
    "notEquals": "ne",
    "greater": "gt",
    "greaterOrEqual": "ge",
    "less": "lt",
    "lessOrEqual": "le",
}
_FUNCTIONS: Mapping[str, str] = {"contains": "contains", "startsWith": "startswith", "endsWith": "endswith"}
# Operators by their names without case, spaces, hyphens and underscores, and by those of OData.
_OPERATORS: Mapping[str, str] = {
    **{odata: name for name, odata in _COMPARISONS.items()},
    **{name.casefold(): name for name in OPERATORS},
}
# Servers read the texts of a list after `in` in their own ways, but these alike.
_PLAIN_TEXT = re.compile(r"[A-Za-z0-9]+([ .@+_-][A-Za-z0-9]+)*")


class ConditionWriter:
    """Writes the conditions of filters over entities of `schema`; times without an offset are of `time_zone`."""

    def __init__(self, catalog: Catalog, schema: str, release: str | None, time_zone: tzinfo = UTC) -> None:
        self._catalog = catalog
        self._schema = schema
        self._release = release
        self._time_zone = time_zone

    def write(self, conditions: Conditions, filter_text: Any = None) -> str:
        """Return the OData of the conditions, which entities must meet in addition to the filter `filter_text`.

        Raises ParameterError, which names the condition.
        """
        written = [self._write(place, each) for place, each in enumerate(conditions.each, start=1)]
        text = f" {conditions.combine} ".join(written)
        if is_missing(filter_text):
            return text
        if not isinstance(filter_text, str) or not _is_whole(filter_text):
            raise ParameterError(
                f"{FILTER}: a quote or a bracket in it is not closed, so it cannot be combined with {FILTERS}",
                field=FILTER,
                description="Close it, or write all conditions in one of the two.",
            )
        return f"({filter_text.strip()}) and ({text})"

    def _write(self, place: int, condition: Condition) -> str:
        name = f"{FILTERS}: condition {place}"
        field = self._find_field(name, condition.field)
        name = f"{name} ({field.path} {condition.operator})"[:200]
        operator = _find_operator(name, field, condition.operator)
        value = condition.value
        if operator in WITHOUT_VALUE:
            if not is_missing(value):
                raise _refuse(name, f"{operator} takes no value, got {describe(value)}", "Remove the value.")
            return _write_state(field, operator)
        # An empty text is a value, but every text contains it.
        if value is UNDEFINED or (is_missing(value) and not _may_be_empty(field, operator, value)):
            raise _refuse(
                name,
                f"the value is {'missing' if value == '' else describe(value)}",
                "Set the value, or use the operator isEmpty to find entities that have none.",
            )
        try:
            if operator == "in":
                return self._write_list(field, value)
            return _write_comparison(field, operator, self._write_value(field, value))
        except CoercionError as error:
            raise _refuse(name, str(error), error.advice or _advise(field, value)) from error

    def _find_field(self, name: str, path: str) -> FilterField:
        found = find_filter_field(self._catalog, self._schema, self._release, path)
        if isinstance(found, FilterField):
            return found
        if found is not None:
            kind = "a list" if found.type.collection else "an object"
            raise _refuse(
                name,
                f"{found.name} is {kind}, which has several values",
                f"Write the condition in {FILTER}"
                + (f", such as {found.name}/any(each: …)." if found.type.collection else "."),
            )
        known = tuple(filter_fields(self._catalog, self._schema, self._release))
        raise _refuse(
            name,
            f"there is no field {path!r}"[:200],
            nearest_hint(path, known)
            or f"Fields are {', '.join(known[:8])}{', …' if len(known) > 8 else ''}.",
        )

    def _write_value(self, field: FilterField, value: Any) -> str:
        """Return the literal of one value. Raises CoercionError."""
        if value is None:
            return "null"
        return format_literal(field.type, self._coerce(field, value))

    def _coerce(self, field: FilterField, value: Any) -> Any:
        if isinstance(value, (Mapping, list, tuple)):
            raise CoercionError("one value", value)
        if field.kind == "enum":
            return self._find_member(field, value)
        if field.kind == "duration":
            return _read_duration(value)
        coerced = coerce(field.type, value, self._time_zone)
        if field.kind == "number" and (isinstance(coerced, str) or not math.isfinite(coerced)):
            raise CoercionError("a number", value)
        if field.kind == "text":
            encode(coerced, "")
        return coerced

    def _find_member(self, field: FilterField, value: Any) -> str:
        members = self._catalog.enums[field.type].members_in(self._release)
        if value in members:
            return str(value)
        # A list of choices shows their titles: "Logged Out".
        folded = _fold(str(value))
        fitting = [each for each in members if folded in (_fold(each), _fold(title_of(each)))]
        if len(fitting) == 1:
            return fitting[0]
        shown = ", ".join(members[:12]) + (", …" if len(members) > 12 else "")
        raise CoercionError(f"one of {shown}", value)

    def _write_list(self, field: FilterField, value: Any) -> str:
        """Return a condition that one of several values meets. Raises CoercionError."""
        values = _split_list(value)
        if not values:
            raise CoercionError("at least one value", value)
        if None in values or not all(_is_plain(field, self._coerce(field, each)) for each in values):
            parts = [f"{field.path} eq {self._write_value(field, each)}" for each in values]
            return parts[0] if len(parts) == 1 else f"({' or '.join(parts)})"
        return f"{field.path} in ({','.join(self._write_value(field, each) for each in values)})"


def _find_operator(name: str, field: FilterField, given: str) -> str:
    folded = re.sub(r"[ _-]", "", given).casefold()
    operator = _OPERATORS.get(folded)
    fitting = tuple(field.operators)
    if operator is None:
        raise _refuse(
            name,
            f"there is no operator {given!r}"[:100],
            nearest_hint(given, fitting) or f"Use one of {', '.join(fitting)}.",
        )
    if operator not in fitting:
        raise _refuse(
            name, f"{operator} does not fit {_describe_kind(field)}", f"Use one of {', '.join(fitting)}."
        )
    return operator


def _write_state(field: FilterField, operator: str) -> str:
    path = field.path
    if operator in ("isTrue", "isFalse"):
        return f"{path} eq {'true' if operator == 'isTrue' else 'false'}"
    if operator == "isEmpty":
        return f"({path} eq null or {path} eq '')" if field.kind == "text" else f"{path} eq null"
    return f"({path} ne null and {path} ne '')" if field.kind == "text" else f"{path} ne null"


def _write_comparison(field: FilterField, operator: str, literal: str) -> str:
    if function := _FUNCTIONS.get(operator):
        return f"{function}({field.path},{literal})"
    return f"{field.path} {_COMPARISONS[operator]} {literal}"


def _may_be_empty(field: FilterField, operator: str, value: Any) -> bool:
    """Return whether null or an empty text is a value: null equals null, and a text can be empty."""
    if operator not in ("equals", "notEquals"):
        # Blanks are a text.
        return field.kind == "text" and isinstance(value, str) and value != ""
    return value is None or field.kind == "text"


def _split_list(value: Any) -> Sequence[Any]:
    """Return the values of a list, of its JSON text, or of a text with commas."""
    if isinstance(value, (list, tuple)):
        return value
    if not isinstance(value, str):
        return [value]
    if value.lstrip().startswith("["):
        try:
            found = loads(value)
        except ValueError:
            raise CoercionError("a list or a text with commas", value) from None
        if isinstance(found, list):
            return found
    return [text for each in value.split(",") if (text := each.strip())]


def _is_plain(field: FilterField, coerced: Any) -> bool:
    """Return whether every server reads a value in a list after `in` alike."""
    if field.kind == "text":
        return _PLAIN_TEXT.fullmatch(coerced) is not None
    return field.kind == "number" and isinstance(coerced, int)


def _read_duration(value: Any) -> str:
    text = value.strip() if isinstance(value, str) else ""
    if parse_duration(text) is not None:
        return text
    if (seconds := parse_clock(text)) is not None:
        return format_duration(seconds)
    raise CoercionError("a duration like PT3M or 0:03:00", value)


def _is_whole(text: str) -> bool:
    """Return whether all quotes and brackets of a filter are closed in it, so that it can be put in brackets."""
    depth = 0
    # Every other part is between quotes.
    parts = text.split("'")
    for part in parts[::2]:
        for letter in part:
            depth += (letter == "(") - (letter == ")")
            if depth < 0:
                return False
    return depth == 0 and len(parts) % 2 == 1


def _describe_kind(field: FilterField) -> str:
    names = {"text": "texts", "boolean": "true or false", "guid": "GUIDs", "enum": "choices"}
    names |= {
        "number": "numbers",
        "moment": "dates and times",
        "duration": "durations",
        "time": "times of day",
    }
    return names.get(field.kind, "dates")


def _fold(text: str) -> str:
    return "".join(letter for letter in text if letter not in " _-").casefold()


def _advise(field: FilterField, value: Any) -> str:
    if isinstance(value, (list, tuple)) and not value:
        return "Set at least one value, or remove the condition."
    if isinstance(value, (list, tuple)):
        return "Use the operator in to compare with several values." if "in" in field.operators else ""
    if isinstance(value, Mapping):
        return "Set one of its properties, with an expression such as {{ $json.owner.Id }}."
    return "Set a value of the field's type."


def _refuse(name: str, problem: str, advice: str) -> ParameterError:
    return ParameterError(f"{name}: {problem}", field=FILTERS, description=advice)
