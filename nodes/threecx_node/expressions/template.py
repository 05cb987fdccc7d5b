"""Evaluates the parameters that all items of a batch share, with expressions at any depth.

The parameters are walked once: literals are shared by every item, each expression is evaluated for the whole batch
in one call, and the parameters of an item are put together from both. A value between the quotes of an OData text is
written as such a text.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..errors import ExpressionError
from .quoting import FindQuoting, QuotedCode, find_quoted
from .syntax import split

Fill = Callable[[int], Any]


class Template:
    """Evaluates one set of parameters for every item of a batch.

    `time_zone` is the IANA name of that of `$now`. `find_quoting` returns where the text of a parameter goes, by the
    names that lead to it; None where it is not a text with quotes.
    """

    def __init__(
        self,
        parameters: Mapping[str, Any],
        items: Sequence[Mapping[str, Any]],
        *,
        time_zone: str = "UTC",
        find_quoting: FindQuoting = lambda _: None,
    ) -> None:
        self._items = items
        self._find_quoting = find_quoting
        self._time_zone = time_zone
        self._columns: dict[str, list[Any]] = {}
        self._static: dict[str, Any] = {}
        self._dynamic: dict[str, Fill] = {}
        for name, value in parameters.items():
            fill = self._compile(value, name, (name,))
            if fill is None:
                self._static[name] = value
            else:
                self._dynamic[name] = fill

    def parameters(self, index: int) -> dict[str, Any]:
        """Return the parameters of item `index`. Raises ExpressionError that names the field."""
        return {**self._static, **{name: fill(index) for name, fill in self._dynamic.items()}}

    def _compile(self, value: Any, path: str, names: tuple[str, ...]) -> Fill | None:
        """Return a function that gives an item's value, None where the value contains no expression."""
        if isinstance(value, str):
            return self._expression(value, path, names) if value.startswith("=") else None
        if isinstance(value, Mapping):
            fills = {
                key: self._compile(inner, f"{path}.{key}", (*names, str(key))) for key, inner in value.items()
            }
            if not any(fills.values()):
                return None
            return lambda index: {
                key: inner if (fill := fills[key]) is None else fill(index) for key, inner in value.items()
            }
        if isinstance(value, list):
            entries = [
                (inner, self._compile(inner, f"{path}[{place}]", (*names, "")))
                for place, inner in enumerate(value)
            ]
            if not any(fill for _, fill in entries):
                return None
            return lambda index: [inner if fill is None else fill(index) for inner, fill in entries]
        return None

    def _expression(self, expression: str, path: str, names: tuple[str, ...]) -> Fill:
        parts = self._find_quoted_parts(expression, names)

        def fill(index: int) -> Any:
            if parts is None:
                return self._evaluate(expression, index, path)
            return "".join(
                part
                if isinstance(part, str)
                else part.write(self._evaluate(part.expression, index, path)[1:])
                for part in parts
            )

        return fill

    def _find_quoted_parts(self, expression: str, names: tuple[str, ...]) -> list[str | QuotedCode] | None:
        quoting = self._find_quoting(names)
        if quoting is None:
            return None
        try:
            return find_quoted(split(expression[1:]), quoting)
        except ExpressionError:
            # The evaluation reports it for each item.
            return None

    def _evaluate(self, expression: str, index: int, path: str) -> Any:
        value = self._column(expression)[index]
        if isinstance(value, ExpressionError):
            raise ExpressionError(
                f"{path}: {value.message}", description=value.description, code=value.code, field=path
            )
        return value

    def _column(self, expression: str) -> list[Any]:
        """Return the expression's value for every item; it is evaluated when the first item asks."""
        if expression not in self._columns:
            from .evaluate import evaluate_batch

            self._columns[expression] = evaluate_batch(expression, self._items, time_zone=self._time_zone)
        return self._columns[expression]
