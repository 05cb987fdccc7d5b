"""What the PBX holds: tables of entities by key, changed in transactions.

`MemoryStore` keeps all in dictionaries. A store that also survives the process inherits it, overrides
`_persist` (which gets the changes of a transaction before the request is answered) and puts what it kept when
it is opened.

Entities are plain dictionaries of JSON values. A stored one is never changed in place: a change puts a new
one. That makes undoing a matter of putting the old one back, and lets entities share their default parts.
"""

from __future__ import annotations

import copy
import threading
from contextlib import contextmanager
from itertools import islice
from typing import TYPE_CHECKING

from .lazyrows import LazyTable
from .records import Entity as Entity
from .records import Key as Key
from .records import Record as Record

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, MutableMapping

    from .lazyrows import Make

# A change: table, key, what was there before, what is there now (None: nothing).
Change = tuple[str, Key, Record | None, Record | None]
# Stands in the journal where everything was removed at once.
CLEARED: Change = ("", "", None, None)


class MemoryStore:
    """Tables in memory; `lock` is held for every request and for every look from outside."""

    def __init__(self, number_tables: frozenset[str] = frozenset()) -> None:
        self.lock = threading.RLock()
        self.version = 0
        self._tables: dict[str, MutableMapping[Key, Record]] = {}
        self._last_ids: dict[str, int] = {}
        self._journal: list[Change] = []
        # What was there before each CLEARED of the journal: tables, ids, numbers.
        self._cleared: list[
            tuple[dict[str, MutableMapping[Key, Record]], dict[str, int], dict[str, tuple[str, Key]]]
        ] = []
        self._depth = 0
        # Tables whose entities own a number of the one dial plan, and who owns which number.
        self._number_tables = number_tables
        self._numbers: dict[str, tuple[str, Key]] = {}

    @property
    def table_names(self) -> tuple[str, ...]:
        """The tables that ever held something."""
        return tuple(self._tables)

    def table(self, name: str) -> Mapping[Key, Record]:
        """All records of a table in the order they came; empty where nothing was ever put."""
        return self._tables.get(name, {})

    def last(self, name: str, most: int) -> list[Record]:
        """The newest records of a table, newest first, at most so many."""
        table = self._tables.get(name, {})
        return [table[key] for key in islice(reversed(list(table)), most)]

    def get(self, name: str, key: Key) -> Record | None:
        """The record, or None."""
        table = self._tables.get(name)
        return table.get(key) if table is not None else None

    def put(self, name: str, key: Key, value: Entity) -> Record:
        """Stores a new entity or a new version of one."""
        self.version += 1
        record = Record(value, self.version)
        self._set(name, key, record)
        return record

    def delete(self, name: str, key: Key) -> bool:
        """Removes an entity; whether there was one."""
        if self.get(name, key) is None:
            return False
        self._set(name, key, None)
        return True

    def clear(self) -> None:
        """Removes everything; ids start anew. Inside a transaction, or there is no way back."""
        if self._depth:
            self._cleared.append((self._tables, self._last_ids, self._numbers))
            self._journal.append(CLEARED)
        self._tables, self._last_ids, self._numbers = {}, {}, {}
        self.version += 1

    def put_rows(self, name: str, count: int, make: Make) -> None:
        """Gives an empty table rows that are worked out when they are read; ids go on after them."""
        self._tables[name] = LazyTable(count, make)
        self.skip_ids(name, count)
        self.version += 1

    def next_id(self, sequence: str) -> int:
        """A number that this sequence never gave before, not even to a transaction that was undone."""
        number = self._last_ids.get(sequence, 0) + 1
        self._last_ids[sequence] = number
        return number

    def skip_ids(self, sequence: str, last: int) -> None:
        """Makes the sequence go on after `last`."""
        self._last_ids[sequence] = max(last, self._last_ids.get(sequence, 0))

    def owner_of(self, number: str) -> tuple[str, Key] | None:
        """Table and key of the entity that owns a number."""
        return self._numbers.get(number)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All changes inside happen, or none: an exception puts everything back."""
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
            # What was deleted came back at the end; ids grow, so their order is the order of arrival.
            table = self._tables.get(name, {})
            if not isinstance(table, LazyTable) and all(isinstance(key, int) for key in table):
                self._tables[name] = dict(sorted(table.items()))
        self.version += 1

    def load(self) -> None:
        """For stores that outlive the process: takes what was kept."""

    def _persist(self, changes: list[Change]) -> None:
        """For stores that outlive the process: must be durable when it returns."""

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


class State:
    """The store as a test looks at it: copies out, never the PBX's own objects."""

    def __init__(self, store: MemoryStore, reset: Callable[[], None]) -> None:
        self._store = store
        self._reset = reset

    def entities(self, set_name: str) -> list[Entity]:
        """All stored entities of a set, with their navigation properties."""
        with self._store.lock:
            return [copy.deepcopy(record.value) for record in self._store.table(set_name).values()]

    def get(self, set_name: str, key: Key) -> Entity | None:
        """One stored entity by its key, or None."""
        with self._store.lock:
            record = self._store.get(set_name, key)
            return None if record is None else copy.deepcopy(record.value)

    def count(self, set_name: str) -> int:
        """How many entities a set holds."""
        with self._store.lock:
            return len(self._store.table(set_name))

    def reset(self) -> None:
        """Puts the seed back: everything is as it was when the simulator started."""
        with self._store.lock:
            self._reset()
