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
        self._firsts: dict[tuple[str, ...], asyncio.Future[Result]] = {}
        self._by_index: dict[int, asyncio.Future[Result]] = {}
        self._repeats: dict[tuple[str, ...], list[int]] = {}

    async def find(self, index: int, request: HttpRequest) -> Result | None:
        """Return the result of an item that has the result of an earlier one, None for the first of them."""
        first = self.join(index, request)
        return None if first is None else _copy_result(await first, index)

    def join(self, index: int, request: HttpRequest | None) -> asyncio.Future[Result] | None:
        """Return the future result of an item that deletes the same entity, None for the first of them."""
        if request is None or request.method != "DELETE":
            return None
        key = (
            request.base_path,
            request.target,
            *(f"{name}: {value}" for name, value in request.headers.items()),
        )
        first = self._firsts.get(key)
        if first is None:
            self._firsts[key] = self._by_index[index] = asyncio.get_running_loop().create_future()
            self._repeats[key] = [index]
            return None
        self._repeats[key].append(index)
        return first

    def settle(self, result: Result) -> None:
        """Hand the result of an item to those that delete the same entity."""
        first = self._by_index.pop(result.index, None)
        if first is not None and not first.done():
            first.set_result(result)

    @property
    def notes(self) -> list[str]:
        """Sentences that name the items with the same deletion."""
        same = [indexes for indexes in self._repeats.values() if len(indexes) > 1]
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
