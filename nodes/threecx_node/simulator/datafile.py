"""State in a file: a store whose every acknowledged change is still there after `kill -9`.

A request's changes are committed to SQLite before its answer is sent. The file holds everything that the store
holds, but not the rows that the seed works out when they are read: of those it holds what was changed or
deleted. What it was made for (release, seed) stands in the file, and a run that wants another is refused.

SQLite's write-ahead log is synchronised at checkpoints only: the death of the process loses nothing, a power
cut may lose the last moments.
"""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING

import orjson

from ..errors import ConfigurationError
from .lazyrows import LazyRecord, LazyTable
from .refusals import Refusal
from .state import CLEARED, Change, MemoryStore, Record

if TYPE_CHECKING:
    from .state import Key

FORMAT = 1
_APPLICATION = 0x33435853  # "3CXS": tells `file` and us that this is a simulator's

# The key's column has no type, so that the number 5 and the text "5" stay two keys.
_SCHEMA = f"""
    PRAGMA application_id = {_APPLICATION};
    PRAGMA user_version = {FORMAT};
    CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
    CREATE TABLE entity (place INTEGER PRIMARY KEY, tab TEXT NOT NULL, key NOT NULL, version INTEGER NOT NULL,
                         value BLOB, UNIQUE (tab, key));
    CREATE TABLE sequence (name TEXT PRIMARY KEY, last INTEGER NOT NULL) WITHOUT ROWID;
"""
# An entity that changes keeps its place, as it does in memory.
_PUT = (
    "INSERT INTO entity (tab, key, version, value) VALUES (?, ?, ?, ?) "
    "ON CONFLICT (tab, key) DO UPDATE SET version = excluded.version, value = excluded.value"
)
_OTHER_FILE = "Give another --data file, or delete this one to begin anew."


class DataFile:
    """The file: opened for one process alone, with what it was made for in `made_for`."""

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self._connection: sqlite3.Connection | None = None
        self.made_for: dict[str, str] = {}
        self.open()

    @property
    def is_open(self) -> bool:
        """Whether changes can be written."""
        return self._connection is not None

    @property
    def is_new(self) -> bool:
        """Whether nothing was ever committed to it."""
        return "version" not in self.made_for

    def expect(self, release: str, seed: str, seed_text: str) -> None:
        """Notes in a new file what it is for; refuses one that was made for something else."""
        wanted = {"release": release, "seed": seed, "seed_text": seed_text}
        if self.is_new:
            self.made_for = wanted
            return
        if self.made_for["release"] != release:
            raise self._made_for_another("release", self.made_for["release"], release)
        # A seed file is known by its content, wherever it lies now.
        if not (seed_text and self.made_for["seed_text"]) and self.made_for["seed"] != seed:
            raise self._made_for_another("seed", self.made_for["seed"], seed)
        if self.made_for["seed_text"] != seed_text:
            raise ConfigurationError(
                f"{self.path} was made from another content of the seed {seed}", description=_OTHER_FILE
            )

    def _made_for_another(self, what: str, made_for: str, wanted: str) -> ConfigurationError:
        return ConfigurationError(
            f"{self.path} was made for {what} {made_for}, not {wanted}",
            description=f"Leave out --{what} to go on with it, or give another --data file.",
        )

    @property
    def connection(self) -> sqlite3.Connection:
        """The open connection; refuses a change after the file was closed."""
        if self._connection is None:
            raise ConfigurationError(f"the data file {self.path} is closed: the simulator was stopped")
        return self._connection

    def open(self) -> None:
        """Opens or makes the file; raises ConfigurationError that says what is wrong with it."""
        try:
            connection = sqlite3.connect(
                self.path, isolation_level=None, check_same_thread=False, timeout=1.0
            )
        except sqlite3.Error as error:
            raise self._refused(error) from error
        try:
            # One process alone: a second one would not see what this one holds in memory.
            connection.execute("PRAGMA locking_mode = EXCLUSIVE")
            connection.execute("BEGIN EXCLUSIVE")
            self._check(connection)
            connection.execute("COMMIT")
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")
            self.made_for = dict(connection.execute("SELECT name, value FROM meta"))
        except sqlite3.Error as error:
            connection.close()
            raise self._refused(error) from error
        except ConfigurationError:
            connection.close()
            raise
        self._connection = connection

    def close(self) -> None:
        """Closes the file; harmless when it is closed."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _check(self, connection: sqlite3.Connection) -> None:
        (application,) = connection.execute("PRAGMA application_id").fetchone()
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        if not tables:
            for statement in _SCHEMA.split(";"):
                connection.execute(statement)
        elif application != _APPLICATION:
            raise ConfigurationError(
                f"{self.path} is a database, but no simulator's data file", description=_OTHER_FILE
            )
        elif version != FORMAT:
            raise ConfigurationError(
                f"{self.path} has format {version}, this simulator reads {FORMAT}", description=_OTHER_FILE
            )

    def _refused(self, error: sqlite3.Error) -> ConfigurationError:
        if "locked" in str(error):
            return ConfigurationError(
                f"the data file {self.path} is in use by another simulator", description=_OTHER_FILE
            )
        return ConfigurationError(
            f"the data file {self.path} cannot be used: {error}", description=_OTHER_FILE
        )


class SqliteStore(MemoryStore):
    """Tables in memory, and every change of them in a file as well."""

    def __init__(self, file: DataFile, number_tables: frozenset[str] = frozenset()) -> None:
        super().__init__(number_tables)
        self.file = file
        self._changed_sequences: set[str] = set()

    def next_id(self, sequence: str) -> int:
        """As in memory; the file learns of it with the next change."""
        self._changed_sequences.add(sequence)
        return super().next_id(sequence)

    def skip_ids(self, sequence: str, last: int) -> None:
        """As in memory; the file learns of it with the next change."""
        self._changed_sequences.add(sequence)
        super().skip_ids(sequence, last)

    def load(self) -> None:
        """Takes what the file holds, over the rows that the seed works out and has put already."""
        connection = self.file.connection
        try:
            rows = connection.execute("SELECT tab, key, version, value FROM entity ORDER BY place")
            for table, key, version, value in rows:
                self._write(table, key, None if value is None else Record(orjson.loads(value), version))
            self._last_ids.update(connection.execute("SELECT name, last FROM sequence").fetchall())
            # Never back: what was derived from an older state is known by its version.
            self.version = max(self.version, int(self.file.made_for["version"])) + 1
        except (sqlite3.Error, ValueError, KeyError, TypeError) as error:
            raise ConfigurationError(
                f"the data file {self.file.path} is damaged: {error}", description=_OTHER_FILE
            ) from error
        self._changed_sequences.clear()

    def _persist(self, changes: list[Change]) -> None:
        connection = self.file.connection
        try:
            connection.execute("BEGIN IMMEDIATE")
            self._write_changes(connection, changes)
            connection.execute("COMMIT")
        except sqlite3.Error as error:
            _roll_back(connection)
            raise Refusal(507, f"The data file {self.file.path.name} cannot be written: {error}.") from error
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
        # Only what an entity came to counts, not the steps that led there; but where it was deleted on the
        # way, it has a new place.
        last: dict[tuple[str, Key], Record | None] = {}
        for name, key, _, record in changes:
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
        worked_out = isinstance(table, LazyTable) and isinstance(key, int) and 0 < key <= table.count
        if isinstance(record, LazyRecord) or (record is None and not worked_out):
            connection.execute("DELETE FROM entity WHERE tab = ? AND key = ?", (name, key))
        else:
            # A row that the seed works out is remembered as deleted, or it would be back.
            value = None if record is None else orjson.dumps(record.value)
            version = 0 if record is None else record.version
            connection.execute(_PUT, (name, key, version, value))


def _roll_back(connection: sqlite3.Connection) -> None:
    with contextlib.suppress(sqlite3.Error):
        connection.execute("ROLLBACK")
