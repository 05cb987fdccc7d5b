"""A table whose first rows are worked out when somebody reads them: 200,000 calls that cost no memory.

Rows have the keys 1 to `count` in order; a row is its number put into a function. What was changed or deleted
among them, and what came later, is kept as in any other table.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, MutableMapping, Sequence, ValuesView
from typing import Any, overload

from .records import Entity, Key, Record

Make = Callable[[int], Entity]


class LazyRecord(Record):
    """A record that knows how to make its value, and makes it whenever it is read."""

    __slots__ = ("_make", "key")

    def __init__(self, key: int, make: Make) -> None:
        self.key = key
        self._make = make
        self.version = 0
        self.rendered = None

    @property
    def value(self) -> Entity:  # type: ignore[override] # what is stored in a record is worked out here
        """The row."""
        return self._make(self.key)


class LazyTable(MutableMapping[Key, Record]):
    """The table; its `values()` is a sequence, so that a page of it costs no more than a page."""

    def __init__(self, count: int, make: Make) -> None:
        self.count = count
        self.make = make
        self._gone: set[int] = set()
        # Changed rows and added ones; a changed one stays at its place.
        self._own: dict[Key, Record] = {}
        self._keys: Sequence[Key] | None = None

    def __getitem__(self, key: Key) -> Record:
        own = self._own.get(key)
        if own is not None:
            return own
        if not isinstance(key, int) or not self._is_lazy(key):
            raise KeyError(key)
        return LazyRecord(key, self.make)

    def __setitem__(self, key: Key, record: Record) -> None:
        self._keys = None
        if isinstance(key, int) and 0 < key <= self.count:
            self._gone.discard(key)
            if isinstance(record, LazyRecord):
                # An undone change brings the row back that never was anything but its number.
                self._own.pop(key, None)
                return
        self._own[key] = record

    def __delitem__(self, key: Key) -> None:
        if key not in self:
            raise KeyError(key)
        self._keys = None
        self._own.pop(key, None)
        if isinstance(key, int) and 0 < key <= self.count:
            self._gone.add(key)

    def __contains__(self, key: object) -> bool:
        return key in self._own or (isinstance(key, int) and self._is_lazy(key))

    def __iter__(self) -> Iterator[Key]:
        return iter(self.keys_in_order())

    def __len__(self) -> int:
        return len(self.keys_in_order())

    def values(self) -> LazyValues:
        """The records, as a sequence."""
        return LazyValues(self)

    def keys_in_order(self) -> Sequence[Key]:
        """All keys: a range as long as nothing was deleted or added."""
        if self._keys is None:
            added = [key for key in self._own if not (isinstance(key, int) and 0 < key <= self.count)]
            if not self._gone and not added:
                self._keys = range(1, self.count + 1)
            else:
                self._keys = [key for key in range(1, self.count + 1) if key not in self._gone] + added
        return self._keys

    def _is_lazy(self, key: int) -> bool:
        return 0 < key <= self.count and key not in self._gone


class LazyValues(ValuesView[Record], Sequence[Record]):
    """The records of a lazy table in order; a slice makes only its own."""

    def __init__(self, table: LazyTable) -> None:
        self._table = table
        self._order = table.keys_in_order()

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
