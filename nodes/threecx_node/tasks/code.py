"""The parts of a task's code: what checks its values, what orders its items, and what carries it out."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .context import TaskContext
from .outcome import Outcome
from .values import Values

if TYPE_CHECKING:
    from ..catalog.tasks import Task

Run = Callable[[TaskContext, Values], Awaitable[Outcome]]
Stream = Callable[[TaskContext, Values], AsyncGenerator[Sequence[Mapping[str, Any]]]]
Check = Callable[[Values], None]
OrderKey = Callable[[Values], str]


def keep_no_order(values: Values) -> str:
    """Return nothing: the items wait for no other."""
    del values
    return ""


@dataclass(frozen=True, slots=True)
class TaskCode:
    """The code of one task: `run`, or `stream` for one that returns a long list, some of its items at a time.

    `check` raises ParameterError for values that do not fit together, and puts a number into the form that is dialled;
    it needs no PBX. Items for which `order_by` returns the same text are carried out one after the other; by default
    that is the value of the first parameter.
    """

    run: Run | None = None
    check: Check | None = None
    order_by: OrderKey | None = None
    stream: Stream | None = None

    def order_key(self, task: Task, values: Values) -> str:
        """Return the text that orders the items of a batch, empty for an item that waits for no other."""
        if self.order_by is not None:
            return self.order_by(values)
        first = next((each.name for each in task.parameters if each.type != "fields"), None)
        value = values.get(first) if first else None
        return "" if value in (None, ()) else str(value).casefold()
