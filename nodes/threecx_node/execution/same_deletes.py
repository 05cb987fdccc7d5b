"""Send the deletion of one entity once, where several items of a batch ask for it, and report it for each of them."""

from __future__ import annotations

import asyncio
import copy
from dataclasses import replace
from typing import TYPE_CHECKING

from .results import Result, format_ranges

if TYPE_CHECKING:
    from ..messages import HttpRequest

_MOST_NAMED = 5


class SameDeletes:
    """The deletions of one batch by their request."""

    def __init__(self) -> None:
        # The first item of each deletion.
        self._firsts: dict[tuple[object, ...], int] = {}
        # By the first item: the items that repeat it, its result if it is there, and what waits for it.
        self._repeats: dict[int, list[int]] = {}
        self._results: dict[int, Result] = {}
        self._waiting: dict[int, asyncio.Future[Result]] = {}

    def find_first(self, index: int, request: HttpRequest | None) -> int | None:
        """Return the item that deletes the same entity, None for the first of them."""
        if request is None or request.method != "DELETE":
            return None
        headers = tuple(request.headers.items()) if request.headers else ()
        key = (request.base_path, request.path, request.query, headers)
        first = self._firsts.setdefault(key, index)
        if first == index:
            return None
        self._repeats.setdefault(first, []).append(index)
        return first

    async def wait_for(self, first: int, index: int) -> Result:
        """Return the result of item `first` as that of item `index`, as soon as it is there."""
        result = self._results.get(first)
        if result is None:
            future = self._waiting.get(first)
            if future is None:
                future = self._waiting[first] = asyncio.get_running_loop().create_future()
            result = await asyncio.shield(future)
        return _copy_result(result, index)

    def settle(self, result: Result) -> None:
        """Hand the result of an item to those that delete the same entity."""
        if not self._firsts:
            return
        self._results[result.index] = result
        if self._waiting and (future := self._waiting.pop(result.index, None)) is not None:
            future.set_result(result)

    @property
    def notes(self) -> list[str]:
        """Sentences that name the items with the same deletion."""
        same = [[first, *others] for first, others in sorted(self._repeats.items())]
        named = [f"{format_ranges(each)} delete the same entity: its deletion was sent once" for each in same]
        more = len(named) - _MOST_NAMED
        return named[:_MOST_NAMED] + (
            [f"{more} more entities are deleted by several items"] if more > 0 else []
        )


def _copy_result(result: Result, index: int) -> Result:
    """Return a result as that of another item."""
    error = result.error
    if error is not None:
        error = copy.copy(error)
        error.item_index = index
    items = result.items
    if items is not None:
        items = [{**each, "pairedItem": {"item": index}} if "pairedItem" in each else each for each in items]
    return replace(result, index=index, items=items, error=error)
