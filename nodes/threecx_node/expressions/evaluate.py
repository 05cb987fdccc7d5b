"""Evaluates expressions, the values that begin with "=", as n8n does.

Plain property paths (`={{ $json.Id }}`, `=/Users({{ $json.Id }})`) are read in Python. Everything else goes to V8 in
`engine/`, one call per batch, with limits on time and memory. docs/expressions.md lists the supported expressions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeGuard

from ..errors import ExpressionError
from ..values import json as json
from ..values.undefined import UNDEFINED, Undefined
from . import javascript
from .engine import process as engine_process
from .engine.process import EngineLimits
from .property_path import NEEDS_ENGINE, PathReader, compile_path
from .syntax import Code, Part, Text, split

__all__ = ["UNDEFINED", "EngineLimits", "Undefined", "evaluate", "evaluate_batch", "is_expression"]

Items = Sequence[Mapping[str, Any]]

_DEFAULT_LIMITS = EngineLimits()


def is_expression(value: object) -> TypeGuard[str]:
    """Return whether the value of a parameter is an expression: a text that begins with "="."""
    return isinstance(value, str) and value.startswith("=")


def evaluate(
    expression: str,
    items: Items,
    index: int,
    *,
    time_zone: str = "UTC",
    limits: EngineLimits = _DEFAULT_LIMITS,
) -> Any:
    """Return the value of the expression for the item at `index`; a text without a leading "=" is returned as it is.

    `items` are the json objects of the node's input, `time_zone` is the IANA name of that of `$now` and `$today`. The
    value is a JSON value, `UNDEFINED`, or a float nan or inf; dates are ISO texts. Raises ExpressionError.
    """
    try:
        compiled = _compile(expression)
    except ExpressionError as error:
        raise _for_item(error, index) from None
    if compiled.read is not None:
        value = compiled.read(items[index], index)
        if value is not NEEDS_ENGINE:
            return value
    [result] = _Request(compiled, items, time_zone, limits).run(index, index + 1)
    if isinstance(result, ExpressionError):
        raise result
    return result


def evaluate_batch(
    expression: str, items: Items, *, time_zone: str = "UTC", limits: EngineLimits = _DEFAULT_LIMITS
) -> list[Any]:
    """Return the value of the expression for each item, or an ExpressionError in its place; see `evaluate`."""
    try:
        compiled = _compile(expression)
    except ExpressionError as error:
        return [_for_item(error, index) for index in range(len(items))]
    if compiled.read is None:
        return _Request(compiled, items, time_zone, limits).run(0, len(items))
    read = compiled.read
    values = [read(item, index) for index, item in enumerate(items)]
    left = [index for index, value in enumerate(values) if value is NEEDS_ENGINE]
    if left:
        # As one range: items in between are cheaper evaluated twice than sent one by one.
        request = _Request(compiled, items, time_zone, limits)
        results = request.run(left[0], left[-1] + 1)
        for index in left:
            values[index] = results[index - left[0]]
    return values


@dataclass(frozen=True, slots=True)
class _Compiled:
    """A parsed expression; `read` is set where Python can evaluate it without the engine."""

    expression: str
    parts: tuple[Part, ...]
    read: PathReader | None

    def sees_all_items(self) -> bool:
        """Return whether it may read other items; JavaScript's escapes can hide a name."""
        return any(word in self.expression for word in ("$input", "$items", "\\u"))


@lru_cache(maxsize=2048)
def _compile(expression: str) -> _Compiled:
    if not expression.startswith("="):
        return _Compiled(expression, (), lambda _item, _index: expression)
    parts = split(expression[1:])
    return _Compiled(expression, tuple(parts), _compile_reader(parts))


def _compile_reader(parts: list[Part]) -> PathReader | None:
    if len(parts) == 1 and isinstance(parts[0], Code):
        return compile_path(parts[0].code)
    readers: list[str | PathReader] = []
    for part in parts:
        reader = part.text if isinstance(part, Text) else compile_path(part.code)
        if reader is None:
            return None
        readers.append(reader)
    return _join(readers)


def _join(readers: list[str | PathReader]) -> PathReader:
    def read(item: Mapping[str, Any], index: int) -> Any:
        texts = []
        for reader in readers:
            if isinstance(reader, str):
                texts.append(reader)
                continue
            value = reader(item, index)
            text = None if value is NEEDS_ENGINE else javascript.text(value)
            if text is None:
                return NEEDS_ENGINE
            texts.append(text)
        return "".join(texts)

    return read


@dataclass(frozen=True, slots=True)
class _Request:
    """An expression and its items, for the engine."""

    compiled: _Compiled
    items: Items
    time_zone: str
    limits: EngineLimits

    def run(self, start: int, stop: int) -> list[Any]:
        if not 0 <= start < stop <= len(self.items):
            if start == stop:
                return []
            raise IndexError(f"no item {start} among {len(self.items)}")
        try:
            results = engine_process.run(self._job(start, stop), self.limits)
        except engine_process.EngineUnavailableError as error:
            failure = ExpressionError(
                f"cannot evaluate {self.compiled.expression}: {error}", description=error.remedy
            )
            return [_for_item(failure, index) for index in range(start, stop)]
        except ExpressionError as failure:
            return [_for_item(failure, index) for index in range(start, stop)]
        return [_decode(result, index) for index, result in enumerate(results, start)]

    def _job(self, start: int, stop: int) -> engine_process.Job:
        first, last = (0, len(self.items)) if self.compiled.sees_all_items() else (start, stop)
        return engine_process.Job(
            parts=[
                {"text": part.text} if isinstance(part, Text) else {"code": part.code}
                for part in self.compiled.parts
            ],
            time_zone=self.time_zone,
            lines=[_line(self.items[index], index) for index in range(first, last)],
            first=first,
            start=start,
            stop=stop,
        )


def _line(item: Mapping[str, Any], index: int) -> bytes:
    try:
        return json.dumps(dict(item))
    except (TypeError, ValueError) as error:
        raise ExpressionError(f"item {index} cannot be written as JSON: {error}") from error


def _decode(result: list[Any], index: int) -> Any:
    match result:
        case ["v", value]:
            return javascript.number(value) if type(value) is float else value
        case ["u"]:
            return UNDEFINED
        case ["n", name]:
            return float(name)
        case ["i", digits]:
            return int(digits)
        case ["e", message, description]:
            return ExpressionError(message, description=description, item_index=index)
    raise AssertionError(f"the engine returned {result!r}")


def _for_item(error: ExpressionError, index: int) -> ExpressionError:
    return ExpressionError(error.message, description=error.description, item_index=index)
