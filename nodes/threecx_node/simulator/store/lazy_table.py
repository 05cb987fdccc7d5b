"""A table whose first rows are computed when they are read, so that 200,000 calls need no memory.

Rows have the keys 1 to `count` in order; a function computes a row from its key. Changed, deleted and added rows
are stored as in any other table.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, MutableMapping, Sequence, ValuesView
from typing import Any, overload

from ..odata.records import Entity, Key, Record

ComputeRow = Callable[[int], Entity]


class LazyRecord(Record):
    """A record that computes its value whenever it is read."""

    __slots__ = ("_compute", "key")

    def __init__(self, key: int, compute: ComputeRow) -> None:
        self.key = key
        self._compute = compute
        self.version = 0
        self.rendered = None

    @property
    def value(self) -> Entity:  # type: ignore[override] # an attribute of the base, computed here
        """The row."""
        return self._compute(self.key)


class LazyTable(MutableMapping[Key, Record]):
    """The table. Its `values()` is a sequence: reading a page computes the rows of that page only.

    `ordered_by` is a field whose values grow with the keys of the computed rows.
    """

    def __init__(self, count: int, compute: ComputeRow, ordered_by: str) -> None:
        self.count = count
        self.compute = compute
        self.ordered_by = ordered_by
        self._deleted: set[int] = set()
        # Changed rows and added ones; a changed row keeps its place.
        self._stored: dict[Key, Record] = {}
        self._keys: Sequence[Key] | None = None

    def __getitem__(self, key: Key) -> Record:
        stored = self._stored.get(key)
        if stored is not None:
            return stored
        if not isinstance(key, int) or not self._is_lazy(key):
            raise KeyError(key)
        return LazyRecord(key, self.compute)

    def __setitem__(self, key: Key, record: Record) -> None:
        self._keys = None
        if isinstance(key, int) and 0 < key <= self.count:
            self._deleted.discard(key)
            if isinstance(record, LazyRecord):
                # Undoing a change brings the computed row back, which is not stored.
                self._stored.pop(key, None)
                return
        self._stored[key] = record

    def __delitem__(self, key: Key) -> None:
        if key not in self:
            raise KeyError(key)
        self._keys = None
        self._stored.pop(key, None)
        if isinstance(key, int) and 0 < key <= self.count:
            self._deleted.add(key)

    def __contains__(self, key: object) -> bool:
        return key in self._stored or (isinstance(key, int) and self._is_lazy(key))

    def __iter__(self) -> Iterator[Key]:
        return iter(self.list_keys())

    def __len__(self) -> int:
        return len(self.list_keys())

    def values(self) -> LazyValues:
        """Return the records as a sequence."""
        return LazyValues(self)

    def list_keys(self) -> Sequence[Key]:
        """Return all keys: a range until a row is deleted or added."""
        if self._keys is None:
            added = [key for key in self._stored if not (isinstance(key, int) and 0 < key <= self.count)]
            if not self._deleted and not added:
                self._keys = range(1, self.count + 1)
            else:
                self._keys = [key for key in range(1, self.count + 1) if key not in self._deleted] + added
        return self._keys

    def list_between(self, first: str, last: str) -> list[Record]:
        """Return the records whose `ordered_by` is between two values; few of the other rows are computed."""
        keys = range(1, self.count + 1)
        start = bisect_left(keys, first, key=self._compute_order)
        end = bisect_right(keys, last, lo=start, key=self._compute_order)
        found = [self[key] for key in keys[start:end] if self._is_lazy(key) and key not in self._stored]
        return found + [
            each for each in self._stored.values() if first <= each.value[self.ordered_by] <= last
        ]

    def _compute_order(self, key: int) -> str:
        return str(self.compute(key)[self.ordered_by])

    def _is_lazy(self, key: int) -> bool:
        return 0 < key <= self.count and key not in self._deleted


class LazyValues(ValuesView[Record], Sequence[Record]):
    """The records of a lazy table in order; a slice computes its own rows only."""

    def __init__(self, table: LazyTable) -> None:
        self._table = table
        self._order = table.list_keys()

    @overload
    def __getitem__(self, index: int) -> Record: ...
    @overload
    def __getitem__(self, index: slice) -> list[Record]: ...
    def __getitem__(self, index: int | slice) -> Any:
        if isinstance(index, slice):
            return [self._table[key] for key in self._order[index]]
        return self._table[self._order[index]]

    def __len__(self) -> int:
        return len(self._order)

    def __iter__(self) -> Iterator[Record]:
        table = self._table
        return (table[key] for key in self._order)

    def __contains__(self, value: object) -> bool:
        return any(value is record for record in self)
