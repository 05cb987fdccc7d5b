"""Coerces values, as they come from JSON, a command line or an expression, to the Python value of an EDM type.

    Boolean → bool       Byte … Int64 → int      Single, Double, Decimal → int or float
    String → str         DateTimeOffset → datetime in UTC
    Guid, Date, TimeOfDay, Duration, Binary → str

A text is accepted where it is exactly a value of the type, wherever the value came from: `"FALSE"`, `"42"`, the JSON
text of a list or an object. Nothing is formatted here: `request/odata.py` writes Python values as literals.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import TYPE_CHECKING, Any

from ..advice import VALUE_ADVICE
from .clock import SECONDS_A_DAY, TIME_DESCRIPTION, format_duration, format_time_of_day, parse_time
from .edm import EDM_TYPES, NUMBER_TEXTS, EdmType
from .json import loads, why_not_json
from .undefined import UNDEFINED

if TYPE_CHECKING:
    from collections.abc import Callable

_INTEGER = re.compile(r"[+-]?[0-9]{1,40}")
_INTEGERS = re.compile(rf"\s*{_INTEGER.pattern}\s*(,\s*{_INTEGER.pattern}\s*)*")
_NUMBER = re.compile(r"[+-]?([0-9]{1,40}([.][0-9]{0,40})?|[.][0-9]{1,40})([eE][+-]?[0-9]{1,4})?")
# Not every version of Python reads it.
_END_OF_DAY = re.compile(r"^([0-9]{4}-[0-9]{2}-[0-9]{2})[T ]24:00(?::00(?:[.]0+)?)?")
_CALENDAR = "a date-time between the years 1 and 9999"
# An error shows this many characters of a value.
_LONGEST_SHOWN = 60


class CoercionError(ValueError):
    """A value that cannot become its type.

    The message says what was expected and what came; `advice` is what to do about it, where the value itself shows
    that.
    """

    def __init__(self, expected: str, value: Any) -> None:
        super().__init__(f"expected {expected}, got {describe(value)}")
        self.advice = advise_on(value)


class JsonTextError(CoercionError):
    """A text that begins like a list or an object but is not JSON; `reason` says where and why."""

    def __init__(self, expected: str, value: str, error: ValueError) -> None:
        super().__init__(expected, value)
        self.reason = why_not_json(error)


def coerce(type_name: str, value: Any, time_zone: tzinfo = UTC) -> Any:
    """Return `value` as the Python value of the EDM type `type_name`; a type without a rule gives a text.

    Date-times without an offset are of `time_zone`. Raises CoercionError.
    """
    edm = EDM_TYPES.get(type_name)
    if edm is None:
        return coerce_string(value)
    if edm.kind == "date_time":
        return coerce_date_time(value, time_zone)
    return _BY_NAME.get(edm.name, _BY_KIND[edm.kind])(edm, value)


def coerce_integer(value: Any, type_name: str = "Int32") -> int:
    """Return `42` for `42`, `"42"`, `" 42 "` and `42.0`; a boolean is refused. Raises CoercionError."""
    edm = EDM_TYPES[type_name]
    number = value
    if isinstance(value, str) and _INTEGER.fullmatch(value.strip()):
        number = int(value.strip())
    elif isinstance(value, float) and value.is_integer():
        number = int(value)
    if isinstance(number, bool) or not isinstance(number, int):
        raise CoercionError("a whole number", value)
    if not edm.minimum <= number <= edm.maximum:
        raise CoercionError(edm.description, value)
    return number


def coerce_number(value: Any) -> int | float | str:
    """Return a number for a number or its text, and `INF`, `-INF` and `NaN` as they are. Raises CoercionError."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return value
    text = value.strip() if isinstance(value, str) else ""
    if text in NUMBER_TEXTS:
        return text
    if not _NUMBER.fullmatch(text):
        raise CoercionError("a number", value)
    number = float(text)
    if not math.isfinite(number):
        raise CoercionError("a number", value)
    return int(text) if _INTEGER.fullmatch(text) else number


def coerce_boolean(value: Any) -> bool:
    """Return the boolean for `true`, `false` and their texts in any case. Raises CoercionError."""
    if isinstance(value, bool):
        return value
    text = value.strip().lower() if isinstance(value, str) else ""
    if text not in ("true", "false"):
        raise CoercionError("true or false", value)
    return text == "true"


def coerce_string(value: Any) -> str:
    """Return a text as it is and a whole number as its digits. Raises CoercionError."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if not isinstance(value, str):
        raise CoercionError("a text", value)
    return value


def coerce_list(value: Any) -> list[Any] | tuple[Any, ...]:
    """Return a list as it is, and the list for its JSON text. Raises CoercionError, or JsonTextError for bad JSON."""
    found = _parse_text(value, "a list") if isinstance(value, str) else value
    if not isinstance(found, (list, tuple)):
        raise CoercionError("a list", value)
    return found


def split_numbers(value: Any) -> Any:
    """Return the list that one whole number, or a text of whole numbers with commas, stands for; others as they are."""
    if isinstance(value, int) and not isinstance(value, bool):
        return [value]
    return value.split(",") if isinstance(value, str) and _INTEGERS.fullmatch(value) else value


def coerce_object(value: Any) -> Mapping[Any, Any] | None:
    """Return an object and null as they are, and the object or null for its JSON text.

    Raises CoercionError, or JsonTextError for bad JSON.
    """
    found = _parse_text(value, "an object") if isinstance(value, str) else value
    if found is not None and not isinstance(found, Mapping):
        raise CoercionError("an object", value)
    return found


def _parse_text(text: str, expected: str) -> Any:
    try:
        return loads(text)
    except ValueError as error:
        if text.lstrip()[:1] in ("[", "{"):
            raise JsonTextError(expected, text, error) from error
        raise CoercionError(expected, text) from error


def coerce_local_time(value: Any, time_zone: tzinfo) -> datetime:
    """Return the moment of a date, or of a date and time, in `time_zone`. Raises CoercionError."""
    try:
        return coerce_date_time(value, time_zone).astimezone(time_zone)
    except OverflowError:
        raise CoercionError(_CALENDAR, value) from None


def coerce_date_time(value: Any, time_zone: tzinfo = UTC) -> datetime:
    """Return the moment in UTC of a date, or of a date and time, with an offset or as of `time_zone`.

    Raises CoercionError.
    """
    description = EDM_TYPES["DateTimeOffset"].description
    moment = value
    if isinstance(value, str):
        try:
            moment = _parse_date_time(value.strip())
        except (ValueError, OverflowError):
            raise CoercionError(description, value) from None
    elif isinstance(value, date) and not isinstance(value, datetime):
        moment = datetime(value.year, value.month, value.day, tzinfo=time_zone)
    if not isinstance(moment, datetime):
        raise CoercionError(description, value)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=time_zone)
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise CoercionError(_CALENDAR, value) from None


def _parse_date_time(text: str) -> datetime:
    """Return the moment of a text; the end of a day may be 24:00. Raises ValueError or OverflowError."""
    started = _END_OF_DAY.sub(r"\1T00:00", text)
    moment = datetime.fromisoformat(started)
    return moment if started == text else moment + timedelta(days=1)


def coerce_time(value: Any) -> str:
    """Return a clock time or a duration of at most 24 hours as a duration: `PT8H` for `8:00`, `08:00:00` and `PT8H`.

    For the fields that are durations for 3CX and mean a time of day. Raises CoercionError.
    """
    text = value.strip() if isinstance(value, str) else ""
    seconds = parse_time(text)
    if seconds is None:
        raise CoercionError(TIME_DESCRIPTION, value)
    return text if text.startswith("P") else format_duration(seconds)


def advise_on(value: Any) -> str:
    """Return what to do about a value that does not fit, where the value itself shows that; else an empty text."""
    # An expression that does not begin with "=" is a text for n8n and for this package alike.
    return VALUE_ADVICE["expression"] if isinstance(value, str) and "{{" in value else ""


def describe(value: Any) -> str:
    """Return `value` as an error shows it, on one line and cut: `"text"`, `42`, `null`, `an object`, `a list`."""
    if value is None:
        return "null"
    if value is UNDEFINED:
        return "undefined"
    if isinstance(value, Mapping):
        return "an object"
    if isinstance(value, (list, tuple)):
        return "a list"
    text = f'"{value}"' if isinstance(value, str) else str(value)
    if isinstance(value, bool):
        text = text.lower()
    text = " ".join(text.split())
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…"


def _coerce_pattern(edm: EdmType, value: Any) -> str:
    text = value.strip() if isinstance(value, str) else None
    if text is None or edm.pattern is None or not edm.pattern.fullmatch(text):
        raise CoercionError(edm.description, value)
    return text


def _coerce_date(edm: EdmType, value: Any) -> str:
    text = _coerce_pattern(edm, value)
    try:
        # Python has no years of five digits, OData has.
        _ = date.fromisoformat(text) if len(text) == len("2026-01-31") else None
    except ValueError:
        raise CoercionError("a date that exists", value) from None
    return text


def _coerce_time_of_day(edm: EdmType, value: Any) -> str:
    text = value.strip() if isinstance(value, str) else ""
    if edm.pattern is not None and edm.pattern.fullmatch(text):
        return text
    seconds = parse_time(text)
    if seconds is None or seconds == SECONDS_A_DAY:
        raise CoercionError(edm.description, value)
    return format_time_of_day(seconds)


_BY_NAME: Mapping[str, Callable[[EdmType, Any], Any]] = {
    "Date": _coerce_date,
    "TimeOfDay": _coerce_time_of_day,
}


_BY_KIND: Mapping[str, Callable[[EdmType, Any], Any]] = {
    "boolean": lambda _, value: coerce_boolean(value),
    "integer": lambda edm, value: coerce_integer(value, edm.name),
    "number": lambda _, value: coerce_number(value),
    "text": lambda _, value: coerce_string(value),
    "guid": _coerce_pattern,
    "pattern": _coerce_pattern,
}
