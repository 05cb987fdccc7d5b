"""Let the items of a batch that are about the same entity take turns, in their order."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection, Hashable, Iterator


class Turns:
    """The turns of a batch by what its items are about."""

    def __init__(self) -> None:
        self._last: dict[Hashable, asyncio.Event] = {}

    @contextmanager
    def take(self, keys: Collection[Hashable]) -> Iterator[Callable[[], Awaitable[None]]]:
        """Enter a turn for all `keys`, and yield a function that waits until those before it have ended.

        Turns are in the order in which this is called, so that there is nothing that waits in a circle.
        """
        done = asyncio.Event()
        before = {id(each): each for key in keys if (each := self._last.get(key)) is not None}
        self._last.update(dict.fromkeys(keys, done))

        async def wait() -> None:
            for each in before.values():
                await each.wait()

        try:
            yield wait
        finally:
            done.set()
