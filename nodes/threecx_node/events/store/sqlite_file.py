"""Open the SQLite file of events: its schema, who may read it, and what its faults are called."""

from __future__ import annotations

import os
import shlex
import sqlite3
import stat
from contextlib import suppress
from typing import TYPE_CHECKING

from threecx_credentials.state_folder import PRIVATE_FILE, open_private_folder

from ...errors import EventStoreError
from .positions import make_journal_name

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

SCHEMA = 1
# "3cxe" in ASCII: what distinguishes the file from other SQLite files.
_APPLICATION = 0x33637865
_BUSY_SECONDS = 5.0
# A larger file is not checked as a whole when it is opened.
_CHECKED_BYTES = 64 * 1024 * 1024
_OTHER_FOLDER = "Give another folder with --state-dir."

# Numbers of events rise and are not used again. `gone` is the highest number of a feed that was dropped.
_TABLES = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE feeds (no INTEGER PRIMARY KEY, feed TEXT NOT NULL UNIQUE, gone INTEGER NOT NULL DEFAULT 0);
CREATE TABLE events (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, feed INTEGER NOT NULL, at REAL NOT NULL, document BLOB NOT NULL
);
CREATE INDEX events_of_feed ON events (feed, seq);
CREATE TABLE days (day INTEGER PRIMARY KEY, first_seq INTEGER NOT NULL);
CREATE TABLE seen (week INTEGER, feed INTEGER, digest BLOB, PRIMARY KEY (week, feed, digest)) WITHOUT ROWID;
CREATE TABLE cursors (feed INTEGER, source TEXT, value BLOB, PRIMARY KEY (feed, source)) WITHOUT ROWID;
CREATE TABLE subscriptions (
    no INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, feed INTEGER NOT NULL, public BLOB NOT NULL,
    sealed BLOB NOT NULL, state TEXT NOT NULL, reason TEXT NOT NULL, delivered INTEGER NOT NULL DEFAULT 0,
    failed INTEGER NOT NULL DEFAULT 0, dropped INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE pending (
    subscription INTEGER, seq INTEGER, attempts INTEGER NOT NULL DEFAULT 0, first_due REAL, next_at REAL,
    PRIMARY KEY (subscription, seq)
) WITHOUT ROWID;
CREATE TABLE attempts (no INTEGER PRIMARY KEY, subscription INTEGER, attempt INTEGER, result BLOB);
CREATE INDEX attempts_of_subscription ON attempts (subscription, no);
CREATE TABLE announced (feed INTEGER, process TEXT, types BLOB, until REAL, PRIMARY KEY (feed, process)) WITHOUT ROWID;
"""


def open_file(path: Path, now: float, *, read_only: bool) -> sqlite3.Connection:
    """Return a connection to the file, which is created with its folder. Raise EventStoreError."""
    _prepare(path)
    try:
        connection = sqlite3.connect(path, timeout=_BUSY_SECONDS, isolation_level=None)
    except sqlite3.Error as error:
        raise translate(error, path) from error
    try:
        _set_up(connection, path, now)
        if read_only:
            connection.execute("PRAGMA query_only = on")
    except sqlite3.Error as error:
        connection.close()
        raise translate(error, path) from error
    except BaseException:
        connection.close()
        raise
    return connection


def _prepare(path: Path) -> None:
    """Create folder and file, or check that no other user can read or replace them."""
    try:
        open_private_folder(path.parent)
        with suppress(FileExistsError):
            # Created here, since SQLite lets the umask choose the mode. Its other files get the mode of this one.
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, PRIVATE_FILE))
        found = path.lstat()
    except OSError as error:
        raise EventStoreError(
            f"the file {path} of the events cannot be used: {error.strerror or error}",
            description=_OTHER_FOLDER,
        ) from error
    quoted = shlex.quote(str(path))
    if not stat.S_ISREG(found.st_mode):
        raise EventStoreError(f"{path} is not a regular file", description=f"Move it away. {_OTHER_FOLDER}")
    if not hasattr(os, "geteuid"):
        return
    if found.st_uid != os.geteuid():
        raise EventStoreError(
            f"the file {path} of the events belongs to another user (uid {found.st_uid})",
            description=f"Run: sudo chown {os.geteuid()} {quoted}",
        )
    if stat.S_IMODE(found.st_mode) & 0o077:
        raise EventStoreError(
            f"the file {path} of the events can be read or changed by others",
            description=f"Run: chmod 600 {quoted}",
        )


def _set_up(connection: sqlite3.Connection, path: Path, now: float) -> None:
    connection.execute("PRAGMA journal_mode = wal")
    connection.execute("PRAGMA temp_store = memory")
    if connection.execute("PRAGMA user_version").fetchone()[0] == 0:
        _create(connection, path, now)
    [application], [schema] = (
        connection.execute(f"PRAGMA {name}").fetchone() for name in ("application_id", "user_version")
    )
    if application != _APPLICATION:
        raise EventStoreError(
            f"{path} is an SQLite file of another program", description=f"Move it away. {_OTHER_FOLDER}"
        )
    if schema > SCHEMA:
        raise EventStoreError(
            f"the file {path} of the events was written by a newer version of threecx-node (schema {schema})",
            description="Install that version again, or give another folder with --state-dir.",
        )
    if path.stat().st_size <= _CHECKED_BYTES:
        [found] = connection.execute("PRAGMA quick_check(1)").fetchone()
        if found != "ok":
            raise name_damage(path)


def _create(connection: sqlite3.Connection, path: Path, now: float) -> None:
    connection.execute("BEGIN IMMEDIATE")
    try:
        # Another process may have been faster.
        if connection.execute("PRAGMA user_version").fetchone()[0] == 0:
            if connection.execute("SELECT 1 FROM sqlite_master").fetchone():
                raise EventStoreError(
                    f"{path} is an SQLite file of another program",
                    description=f"Move it away. {_OTHER_FOLDER}",
                )
            for statement in _TABLES.split(";"):
                connection.execute(statement)
            values: Mapping[str, str | float] = {
                "journal": make_journal_name(),
                "version": 1,
                "day": 0,
                "day_began": now,
                "week": 0,
                "week_began": now,
            }
            connection.executemany("INSERT INTO meta VALUES (?, ?)", values.items())
            connection.execute("INSERT INTO days VALUES (0, 0)")
            connection.execute(f"PRAGMA application_id = {_APPLICATION}")
            connection.execute(f"PRAGMA user_version = {SCHEMA}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def name_damage(path: Path) -> EventStoreError:
    """Return the error for a file that is damaged."""
    return EventStoreError(
        f"the file {path} of the events is damaged",
        description="Stop `threecx serve`, then restore the file from a backup, or move it and its -wal and -shm files "
        "away and add the subscriptions again.",
        code="event_store_damaged",
    )


def is_damage(error: sqlite3.Error) -> bool:
    """Return whether SQLite found that a file is damaged."""
    return _code(error) in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def translate(error: sqlite3.Error, path: Path) -> EventStoreError:
    """Return the error of SQLite as one of this package."""
    if is_damage(error):
        return name_damage(path)
    what, advice = _FAULTS.get(_code(error), (str(error), _CHECK))
    return EventStoreError(f"the file {path} of the events {what}", description=advice)


def _code(error: sqlite3.Error) -> int:
    # The lowest byte is the kind, the others are details.
    return getattr(error, "sqlite_errorcode", 0) & 0xFF


_CHECK = "Check the file, its folder and the disk."
_LOCKED = (
    "is locked by another program",
    "End the program that has it open, such as a backup or a database browser.",
)
_READ_ONLY = ("cannot be written", "Check the file, its folder, and whether the disk is mounted read-only.")
_FAULTS = {
    sqlite3.SQLITE_FULL: (
        "cannot be written: the disk is full",
        "Free space. Everything stored before is kept, and the rest is tried again.",
    ),
    sqlite3.SQLITE_BUSY: _LOCKED,
    sqlite3.SQLITE_LOCKED: _LOCKED,
    sqlite3.SQLITE_READONLY: _READ_ONLY,
    sqlite3.SQLITE_PERM: _READ_ONLY,
    sqlite3.SQLITE_CANTOPEN: ("cannot be opened", _CHECK),
    sqlite3.SQLITE_IOERR: ("cannot be read or written: the disk reports an error", _CHECK),
}
