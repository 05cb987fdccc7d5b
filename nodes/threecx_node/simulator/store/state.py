"""Access to a store for tests: copies of its entities."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..odata.records import Entity, Key
    from .memory import MemoryStore


class State:
    """The entities of the PBX as copies: changing a copy does not change the PBX."""

    def __init__(self, store: MemoryStore, reset: Callable[[], None]) -> None:
        self._store = store
        self._reset = reset

    def entities(self, set_name: str) -> list[Entity]:
        """Return all stored entities of a set, with their navigation properties."""
        with self._store.lock:
            return [copy.deepcopy(record.value) for record in self._store.table(set_name).values()]

    def get(self, set_name: str, key: Key) -> Entity | None:
        """Return the stored entity of a key, None if there is none."""
        with self._store.lock:
            record = self._store.get(set_name, key)
            return None if record is None else copy.deepcopy(record.value)

    def count(self, set_name: str) -> int:
        """Return the number of entities in a set."""
        with self._store.lock:
            return len(self._store.table(set_name))

    def reset(self) -> None:
        """Put the seed back: everything is as it was when the simulator started."""
        with self._store.lock:
            self._reset()
