"""The state that the items of one batch of a task share: what was read once, and the locks of what is being changed."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from .turns import Turns

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Hashable, Mapping, Sequence

    from .values import Values

T = TypeVar("T")


class SharedState:
    """The values and locks of one batch.

    `all_values` are those of its items. `planned` has the fields that a dry run would have set, by entity, and
    `created` the entities that it would have created, by operation.
    """

    def __init__(self, all_values: Sequence[Values] = ()) -> None:
        self.all_values = all_values
        self.planned: defaultdict[Hashable, dict[str, Any]] = defaultdict(dict)
        self.created: defaultdict[str, list[Mapping[str, Any]]] = defaultdict(list)
        self._values: dict[Hashable, Any] = {}
        self._locks: defaultdict[Hashable, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._turns = Turns()

    async def get(self, key: Hashable, make: Callable[[], Awaitable[T]]) -> T:
        """Return the value of `key`, which `make` gets where it is not there yet. A failure is not kept."""
        async with self._locks["value", key]:
            if key not in self._values:
                self._values[key] = await make()
        found: T = self._values[key]
        return found

    def lock(self, key: Hashable) -> asyncio.Lock:
        """Return the lock of what `key` names."""
        return self._locks["lock", key]

    @asynccontextmanager
    async def turn(self, key: str) -> AsyncIterator[None]:
        """Wait until the items before this one that have the same key have ended; an empty key waits for none."""
        with self._turns.take((key,) if key else ()) as wait:
            await wait()
            yield
