"""Store entities in memory: tables by key, changed in transactions.

A store that survives the process inherits `MemoryStore`, overrides `_persist` (which gets the changes of a
transaction before the response is sent) and puts the stored entities when it is opened.

Entities are plain dictionaries of JSON values. A stored entity is never changed in place: a change puts a new
one. So a transaction is undone by putting the old entity back, and entities can share their default parts.
"""

from __future__ import annotations

import threading
from contextlib import contextmanager
from itertools import islice
from typing import TYPE_CHECKING

from ..odata.records import Entity as Entity
from ..odata.records import Key as Key
from ..odata.records import Record as Record
from .lazy_table import LazyTable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, MutableMapping

    from .lazy_table import ComputeRow

# A change: table, key, the record before, the record now (None: no record).
Change = tuple[str, Key, Record | None, Record | None]
# Marks in the journal that everything was removed at once.
CLEARED: Change = ("", "", None, None)


class MemoryStore:
    """Tables in memory; every request and every access from outside takes `lock`."""

    def __init__(self, number_tables: frozenset[str] = frozenset()) -> None:
        self.lock = threading.RLock()
        self.version = 0
        self._tables: dict[str, MutableMapping[Key, Record]] = {}
        self._last_ids: dict[str, int] = {}
        self._journal: list[Change] = []
        # The state before each CLEARED of the journal: tables, ids, numbers.
        self._cleared: list[
            tuple[dict[str, MutableMapping[Key, Record]], dict[str, int], dict[str, tuple[str, Key]]]
        ] = []
        self._depth = 0
        # Tables whose entities own a number of the dial plan, and the owner of each number.
        self._number_tables = number_tables
        self._numbers: dict[str, tuple[str, Key]] = {}

    @property
    def table_names(self) -> tuple[str, ...]:
        """The names of all tables that ever contained a record."""
        return tuple(self._tables)

    def table(self, name: str) -> Mapping[Key, Record]:
        """Return all records of a table in the order of their creation; an unknown table is empty."""
        return self._tables.get(name, {})

    def list_latest(self, name: str, limit: int) -> list[Record]:
        """Return the newest records of a table, newest first, at most `limit`."""
        table = self._tables.get(name, {})
        return [table[key] for key in islice(reversed(list(table)), limit)]

    def list_between(self, name: str, field: str, first: str, last: str) -> list[Record]:
        """Return the records of a table whose field is between two texts, in any order."""
        table = self._tables.get(name, {})
        if isinstance(table, LazyTable) and table.ordered_by == field:
            return table.list_between(first, last)
        return [each for each in table.values() if first <= each.value[field] <= last]

    def get(self, name: str, key: Key) -> Record | None:
        """Return the record of a key, None if there is none."""
        table = self._tables.get(name)
        return table.get(key) if table is not None else None

    def put(self, name: str, key: Key, value: Entity) -> Record:
        """Store a new entity or a new version of one; return its record."""
        self.version += 1
        record = Record(value, self.version)
        self._set(name, key, record)
        return record

    def delete(self, name: str, key: Key) -> bool:
        """Remove an entity; return whether it existed."""
        if self.get(name, key) is None:
            return False
        self._set(name, key, None)
        return True

    def clear(self) -> None:
        """Remove everything and start ids from 1 again. It can be undone inside a transaction only."""
        if self._depth:
            self._cleared.append((self._tables, self._last_ids, self._numbers))
            self._journal.append(CLEARED)
        self._tables, self._last_ids, self._numbers = {}, {}, {}
        self.version += 1

    def put_lazy_rows(self, name: str, count: int, compute: ComputeRow, ordered_by: str) -> None:
        """Fill an empty table with rows that are computed when they are read; ids continue after them.

        Rows with higher IDs have later values of `ordered_by`.
        """
        self._tables[name] = LazyTable(count, compute, ordered_by)
        self.skip_ids(name, count)
        self.version += 1

    def next_id(self, sequence: str) -> int:
        """Return a number that this sequence never returned before, not even in a transaction that was undone."""
        number = self._last_ids.get(sequence, 0) + 1
        self._last_ids[sequence] = number
        return number

    def skip_ids(self, sequence: str, last: int) -> None:
        """Make the sequence continue after `last`."""
        self._last_ids[sequence] = max(last, self._last_ids.get(sequence, 0))

    def find_owner(self, number: str) -> tuple[str, Key] | None:
        """Return table and key of the entity that owns a number, None if the number is free."""
        return self._numbers.get(number)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Apply all changes inside, or none: an exception undoes them."""
        with self.lock:
            start = len(self._journal)
            self._depth += 1
            try:
                yield
                if self._depth == 1 and self._journal:
                    self._persist(self._journal)
            except BaseException:
                self._undo(start)
                raise
            finally:
                self._depth -= 1
                if self._depth == 0:
                    self._journal.clear()
                    self._cleared.clear()

    def _undo(self, start: int) -> None:
        undone = self._journal[start:]
        del self._journal[start:]
        for change in reversed(undone):
            if change is CLEARED:
                self._tables, self._last_ids, self._numbers = self._cleared.pop()
            else:
                self._write(*change[:3])
        for name in {change[0] for change in undone if change[3] is None and change is not CLEARED}:
            # Undoing a delete appends the record at the end; sorting by id restores the order of creation.
            table = self._tables.get(name, {})
            if not isinstance(table, LazyTable) and all(isinstance(key, int) for key in table):
                self._tables[name] = dict(sorted(table.items()))
        self.version += 1

    def load(self) -> None:
        """Load the stored entities; for stores that survive the process."""

    def _persist(self, changes: list[Change]) -> None:
        """Make the changes durable before returning; for stores that survive the process."""

    def _set(self, name: str, key: Key, record: Record | None) -> None:
        before = self.get(name, key)
        self._write(name, key, record)
        self.version += 1
        if self._depth:
            self._journal.append((name, key, before, record))

    def _write(self, name: str, key: Key, record: Record | None) -> None:
        table = self._tables.setdefault(name, {})
        if name in self._number_tables:
            self._move_number(name, key, table.get(key), record)
        if record is None:
            table.pop(key, None)
        else:
            table[key] = record

    def _move_number(self, name: str, key: Key, before: Record | None, after: Record | None) -> None:
        if before is not None and self._numbers.get(before.value["Number"]) == (name, key):
            del self._numbers[before.value["Number"]]
        if after is not None:
            self._numbers[after.value["Number"]] = (name, key)
