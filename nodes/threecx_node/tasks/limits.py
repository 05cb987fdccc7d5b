"""End a list after the number of items that is wanted."""

from __future__ import annotations

from contextlib import aclosing
from functools import wraps
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

    from .context import TaskContext
    from .values import Values

    Lists = Callable[[TaskContext, Values], AsyncGenerator[list[dict[str, Any]]]]


def limited(list_items: Lists) -> Lists:
    """Make a task's list end after as many items as the values `returnAll` and `limit` allow; the rest is not read."""

    @wraps(list_items)
    async def list_some(context: TaskContext, values: Values) -> AsyncGenerator[list[dict[str, Any]]]:
        left = None if values.returnAll else values.limit
        async with aclosing(list_items(context, values)) as parts:
            async for part in parts:
                yield part[:left]
                if left is not None:
                    left -= len(part)
                    if left <= 0:
                        return

    return list_some
