"""Turn the parameters of a task, as people and programs write them, into typed values."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from ..catalog.call_control import RESOURCE as CALL_CONTROL
from ..catalog.nearest import nearest_hint
from ..errors import ParameterError
from ..parameters.call_handle import check_pbx, read_handle
from ..parameters.table import fold_name
from ..request.required import missing_value
from ..values.clock import SECONDS_A_DAY, TIME_DESCRIPTION, parse_clock
from ..values.coerce import (
    CoercionError,
    coerce_boolean,
    coerce_integer,
    coerce_list,
    coerce_local_time,
    coerce_number,
    coerce_string,
)
from ..values.phone_numbers import clean_number
from ..values.undefined import is_missing

if TYPE_CHECKING:
    from datetime import tzinfo

    from ..catalog.tasks import Task, TaskParameter

_SEPARATORS = re.compile(r"\s*[,;\n]\s*")
_ID_MODES = ("list", "id")
_NAMED_BY: Mapping[str, str] = {
    "Users": "an extension number or an e-mail address",
    "Groups": "the name or the number of a department",
}


@dataclass(frozen=True, slots=True)
class Locator:
    """A resource locator that a person wrote in a canvas: the mode (`list`, `id` or `number`) and its value."""

    mode: str
    value: Any


@dataclass(frozen=True, slots=True)
class Reference:
    """An entity of `entity_set` as parameter `field` names it: by its `id`, or by `text`, its number or its name.

    `written` is the text with the wide characters and the blanks around it that a name may have.
    """

    field: str
    entity_set: str
    text: str = ""
    id: int | None = None
    written: str = ""

    def __str__(self) -> str:
        return self.text or f"ID {self.id}"


class Values(Mapping[str, Any]):
    """The typed values of one item by the names of the parameters, also as attributes; None where one is not set.

    A reference is a Reference, a choice its value, a moment a datetime with a time zone, the handle of a call the
    object that an item of a call has. `body` are the fields of the task that maps fields.
    """

    def __init__(self, values: Mapping[str, Any], body: Any = None) -> None:
        self._values = dict(values)
        self.body = body

    def put(self, name: str, value: Any) -> None:
        """Replace the value of a parameter by what a check has made of it."""
        self._values[name] = value

    def __getattr__(self, name: str) -> Any:
        try:
            return self._values[name]
        except KeyError:
            raise AttributeError(name) from None

    def __getitem__(self, name: str) -> Any:
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)


def read_values(task: Task, given: Mapping[str, Any], body: Any, time_zone: tzinfo, pbx: str) -> Values:
    """Return the values of a task's parameters.

    `given` has them as they came, without expressions; `body` are the mapped fields. `pbx` is the host name and port of
    the PBX, which the handle of a call must name. Raises ParameterError, which names the parameter.
    """
    reader = _Reader(time_zone, pbx)
    parameters = [each for each in task.parameters if each.type != "fields"]
    values = {each.name: reader.read(each, given.get(each.name)) for each in parameters}
    for each in parameters:
        if each.required and values[each.name] in (None, ()) and _applies(each, values):
            raise missing_value(each.name, given)
    return Values(values, body)


def _applies(parameter: TaskParameter, values: Mapping[str, Any]) -> bool:
    """Return whether a parameter means something with the values of the others."""
    return all(values.get(name) in allowed for name, allowed in parameter.shown_for.items())


class _Reader:
    def __init__(self, time_zone: tzinfo, pbx: str) -> None:
        self._time_zone = time_zone
        self._pbx = pbx

    def read(self, parameter: TaskParameter, value: Any) -> Any:
        """Return the value of a parameter; where it is not set and has no default, None, of a list an empty one."""
        is_list = parameter.multiple or parameter.type == "multiOptions"
        if is_missing(value) or (isinstance(value, Locator) and is_missing(value.value)):
            if parameter.default is None:
                return () if is_list else None
            value = parameter.default
        try:
            if is_list:
                return tuple(dict.fromkeys(self._read_one(parameter, each) for each in _split(value)))
            return self._read_one(parameter, value)
        except CoercionError as error:
            raise ParameterError(
                f"{parameter.name}: {error}", field=parameter.name, description=error.advice
            ) from error

    def _read_one(self, parameter: TaskParameter, value: Any) -> Any:
        match parameter.type:
            case "reference":
                return _read_reference(parameter, value)
            case "string":
                return _read_text(value)
            case "number":
                return _read_number(parameter, value)
            case "boolean":
                return coerce_boolean(value)
            case "dateTime":
                return self._read_moment(parameter, value)
            case "date":
                return self._read_date(value)
            case "time":
                return _read_time(value)
            case "options" | "multiOptions":
                return _read_choice(parameter, value)
            case "handle":
                return self._read_handle(value)
            case "fields":
                raise AssertionError("the plan encodes the fields of a body")

    def _read_handle(self, value: Any) -> Any:
        handle = read_handle(value)
        if handle is None:
            return None
        check_pbx(handle, self._pbx)
        return {
            "pbx": handle.pbx,
            "dn": handle.dn,
            "participantId": handle.participant_id,
            "callId": handle.call_id,
        }

    def _read_moment(self, parameter: TaskParameter, value: Any) -> datetime:
        """Return a moment in the time zone of the batch; a date alone is its beginning or its end."""
        if parameter.ends_day:
            day = _find_day(value)
            if day is not None and day < date.max:
                value = day + timedelta(days=1)
        return coerce_local_time(value, self._time_zone)

    def _read_date(self, value: Any) -> date:
        """Return the day of a date, or of a moment as it is in the time zone of the batch."""
        if isinstance(value, str):
            try:
                return date.fromisoformat(value.strip())
            except ValueError:
                pass
        if isinstance(value, date) and not isinstance(value, datetime):
            return value
        try:
            return coerce_local_time(value, self._time_zone).date()
        except CoercionError:
            raise CoercionError("a date like 2026-12-24", value) from None


def _find_day(value: Any) -> date | None:
    """Return the day of a date without a time, None for anything else."""
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    try:
        return date.fromisoformat(value.strip()) if isinstance(value, str) else None
    except ValueError:
        return None


def _split(value: Any) -> list[Any]:
    """Return the values of a list, of its JSON text, or of a text with commas; anything else is one value."""
    if isinstance(value, str):
        is_json = value.lstrip().startswith("[")
        value = coerce_list(value) if is_json else _SEPARATORS.split(value.strip())
    elif isinstance(value, Mapping):
        raise CoercionError("a list", value)
    return [each for each in value if not is_missing(each)] if isinstance(value, (list, tuple)) else [value]


def _read_text(value: Any) -> str:
    """Return a text without blanks around it; a whole number, as a spreadsheet gives it, as its digits."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return coerce_string(value).strip()


def _read_number(parameter: TaskParameter, value: Any) -> float:
    number = coerce_number(value)
    low, high = parameter.minimum or 0, parameter.maximum or math.inf
    bounds = f"from {low:g}{'' if high == math.inf else f' to {high:,g}'}"
    if isinstance(number, str) or not math.isfinite(number) or not low <= number <= high:
        raise CoercionError(f"a number {bounds}", value)
    if not parameter.is_whole:
        return number
    if number != int(number):
        raise CoercionError(f"a whole number {bounds}", value)
    return int(number)


def _read_time(value: Any) -> time:
    """Return a time of day; the end of a day, 24:00, is 23:59:59."""
    seconds = parse_clock(value.strip()) if isinstance(value, str) else None
    if seconds is None:
        raise CoercionError(TIME_DESCRIPTION.partition(" or ")[0], value)
    hours, rest = divmod(min(int(seconds), SECONDS_A_DAY - 1), 3600)
    return time(hours, rest // 60, rest % 60)


def _read_choice(parameter: TaskParameter, value: Any) -> str:
    """Return the choice whose value or title is given, in any case and with or without spaces."""
    by_name = {fold_name(name): chosen for chosen, title in parameter.choices for name in (chosen, title)}
    found = by_name.get(fold_name(str(value))) if isinstance(value, (str, int, bool)) else None
    if found is not None:
        return found
    titles = tuple(title for _, title in parameter.choices)
    error = CoercionError(f"one of {', '.join(titles)}", value)
    error.advice = error.advice or (nearest_hint(value, titles) if isinstance(value, str) else "")
    raise error


def _read_reference(parameter: TaskParameter, value: Any) -> Reference:
    entity_set, name = parameter.reference, parameter.name
    if isinstance(value, Locator):
        if value.mode in _ID_MODES and not entity_set.startswith(CALL_CONTROL):
            return Reference(name, entity_set, id=coerce_integer(value.value))
        value = value.value
    text = "" if isinstance(value, (Mapping, list, tuple, bool)) else clean_number(_read_text(value))
    if not text:
        raise CoercionError(_NAMED_BY.get(entity_set, "a number"), value)
    return Reference(name, entity_set, text, written=value if isinstance(value, str) else text)
