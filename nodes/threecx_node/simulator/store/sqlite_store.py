"""Store entities in memory and in a data file: every change of an answered request survives `kill -9`.

The changes of a request are committed to SQLite before its response is sent. The file contains everything that the
store contains, with two exceptions. Of the rows that the seed computes when they are read, it contains the changed
and the deleted ones. It does not contain active calls, because they end when the process ends.
"""

from __future__ import annotations

import contextlib
import sqlite3
from typing import TYPE_CHECKING

import orjson

from ...errors import ConfigurationError
from ..odata.errors import ODataError
from ..odata.records import Record
from .data_file import OTHER_FILE
from .lazy_table import LazyRecord, LazyTable
from .memory import CLEARED, Change, MemoryStore

if TYPE_CHECKING:
    from ..odata.records import Key
    from .data_file import DataFile

# A changed entity keeps its place, as it does in memory.
_PUT = (
    "INSERT INTO entity (tab, key, version, value) VALUES (?, ?, ?, ?) "
    "ON CONFLICT (tab, key) DO UPDATE SET version = excluded.version, value = excluded.value"
)
# Tables that exist in memory only. An older simulator stored active calls, and their parties.
_VOLATILE = frozenset({"ActiveCalls", "(calls)"})


class SqliteStore(MemoryStore):
    """Tables in memory, with every change also in a file."""

    def __init__(self, file: DataFile, number_tables: frozenset[str] = frozenset()) -> None:
        super().__init__(number_tables)
        self.file = file
        self._changed_sequences: set[str] = set()

    def next_id(self, sequence: str) -> int:
        """Return the next number, as in memory; the file stores it with the next change."""
        self._changed_sequences.add(sequence)
        return super().next_id(sequence)

    def skip_ids(self, sequence: str, last: int) -> None:
        """Make the sequence continue after `last`, as in memory; the file stores it with the next change."""
        self._changed_sequences.add(sequence)
        super().skip_ids(sequence, last)

    def load(self) -> None:
        """Load the entities of the file, over the rows that the seed computes and has put already."""
        connection = self.file.connection
        try:
            rows = connection.execute("SELECT tab, key, version, value FROM entity ORDER BY place")
            for table, key, version, value in rows:
                if table in _VOLATILE:
                    continue
                self._write(table, key, None if value is None else Record(orjson.loads(value), version))
            self._last_ids.update(connection.execute("SELECT name, last FROM sequence").fetchall())
            # Never decrease the version: it identifies everything derived from an older state.
            self.version = max(self.version, int(self.file.made_for["version"])) + 1
        except (sqlite3.Error, ValueError, KeyError, TypeError, AttributeError) as error:
            raise ConfigurationError(
                f"the data file {self.file.path} is damaged: {error}", description=OTHER_FILE
            ) from error
        self._changed_sequences.clear()

    def _persist(self, changes: list[Change]) -> None:
        if all(change[0] in _VOLATILE for change in changes):
            return
        connection = self.file.connection
        try:
            connection.execute("BEGIN IMMEDIATE")
            self._write_changes(connection, changes)
            connection.execute("COMMIT")
        except sqlite3.Error as error:
            _roll_back(connection)
            raise ODataError(
                507, f"The data file {self.file.path.name} cannot be written: {error}."
            ) from error
        except BaseException:
            _roll_back(connection)
            raise
        self.file.made_for["version"] = str(self.version)
        self._changed_sequences.clear()

    def _write_changes(self, connection: sqlite3.Connection, changes: list[Change]) -> None:
        if CLEARED in changes:
            connection.execute("DELETE FROM entity")
            connection.execute("DELETE FROM sequence")
            changes = changes[len(changes) - changes[::-1].index(CLEARED) :]
            self._changed_sequences.update(self._last_ids)
        # Only the last state of an entity is written. An entity that was deleted in between gets a new place.
        last: dict[tuple[str, Key], Record | None] = {}
        for name, key, _, record in changes:
            if name in _VOLATILE:
                continue
            if record is None:
                last.pop((name, key), None)
                self._write_row(connection, name, key, None)
            last[name, key] = record
        for (name, key), record in last.items():
            if record is not None:
                self._write_row(connection, name, key, record)
        connection.executemany(
            "INSERT OR REPLACE INTO sequence VALUES (?, ?)",
            [(name, self._last_ids[name]) for name in self._changed_sequences if name in self._last_ids],
        )
        noted = {**self.file.made_for, "version": str(self.version)}
        connection.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", noted.items())

    def _write_row(self, connection: sqlite3.Connection, name: str, key: Key, record: Record | None) -> None:
        table = self._tables.get(name)
        is_computed = isinstance(table, LazyTable) and isinstance(key, int) and 0 < key <= table.count
        if isinstance(record, LazyRecord) or (record is None and not is_computed):
            connection.execute("DELETE FROM entity WHERE tab = ? AND key = ?", (name, key))
        else:
            # A computed row is stored as deleted; otherwise it would reappear.
            value = None if record is None else orjson.dumps(record.value)
            version = 0 if record is None else record.version
            connection.execute(_PUT, (name, key, version, value))


def _roll_back(connection: sqlite3.Connection) -> None:
    with contextlib.suppress(sqlite3.Error):
        connection.execute("ROLLBACK")
