"""Parameters as a node holds them, shared by all items of a batch, with expressions at any depth.

A template is walked once: what is literal is shared by every item, what is an expression is evaluated for the
whole batch in one call, and an item's parameters are put together from both.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..errors import ExpressionError

Fill = Callable[[int], Any]


class Template:
    """Evaluates one set of parameters for every item of a batch."""

    def __init__(self, parameters: Mapping[str, Any], items: Sequence[Mapping[str, Any]]) -> None:
        self._items = items
        self._columns: dict[str, list[Any]] = {}
        self._static: dict[str, Any] = {}
        self._dynamic: dict[str, Fill] = {}
        for name, value in parameters.items():
            fill = self._compile(value, name)
            if fill is None:
                self._static[name] = value
            else:
                self._dynamic[name] = fill

    @property
    def static(self) -> Mapping[str, Any]:
        """The parameters that are the same for every item."""
        return self._static

    def parameters(self, index: int) -> dict[str, Any]:
        """Item `index`'s parameters; raises ExpressionError that names the field."""
        return {**self._static, **{name: fill(index) for name, fill in self._dynamic.items()}}

    def _compile(self, value: Any, path: str) -> Fill | None:
        """A function that gives an item's value, None where the value holds no expression."""
        if isinstance(value, str):
            return self._expression(value, path) if value.startswith("=") else None
        if isinstance(value, Mapping):
            fills = {key: self._compile(inner, f"{path}.{key}") for key, inner in value.items()}
            if not any(fills.values()):
                return None
            return lambda index: {
                key: inner if (fill := fills[key]) is None else fill(index) for key, inner in value.items()
            }
        if isinstance(value, list):
            entries = [(inner, self._compile(inner, f"{path}[{place}]")) for place, inner in enumerate(value)]
            if not any(fill for _, fill in entries):
                return None
            return lambda index: [inner if fill is None else fill(index) for inner, fill in entries]
        return None

    def _expression(self, expression: str, path: str) -> Fill:
        def fill(index: int) -> Any:
            value = self._column(expression)[index]
            if isinstance(value, ExpressionError):
                raise ExpressionError(
                    f"{path}: {value.message}", description=value.description, code=value.code, field=path
                )
            return value

        return fill

    def _column(self, expression: str) -> list[Any]:
        """The expression's value for every item, evaluated when the first item asks."""
        if expression not in self._columns:
            from .evaluate import evaluate_batch

            self._columns[expression] = evaluate_batch(expression, self._items)
        return self._columns[expression]
