"""The data file of a simulator: a SQLite database that one process opens at a time.

The file records its release and its seed, and refuses a run with other ones.

SQLite's write-ahead log is synchronised at checkpoints only: nothing is lost when the process is killed, but a power
failure may lose the last changes.
"""

from __future__ import annotations

import sqlite3
import stat
from contextlib import suppress
from pathlib import Path

from ...errors import ConfigurationError

FORMAT = 1
_APPLICATION = 0x33435853  # "3CXS", which identifies a data file of the simulator

# The key's column has no type, so that the number 5 and the text "5" are two keys.
_SCHEMA = f"""
    PRAGMA application_id = {_APPLICATION};
    PRAGMA user_version = {FORMAT};
    CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
    CREATE TABLE entity (place INTEGER PRIMARY KEY, tab TEXT NOT NULL, key NOT NULL, version INTEGER NOT NULL,
                         value BLOB, UNIQUE (tab, key));
    CREATE TABLE sequence (name TEXT PRIMARY KEY, last INTEGER NOT NULL) WITHOUT ROWID;
"""
OTHER_FILE = "Give another --data file, or delete this one to start from the seed."
# The data in the file is not concerned.
_MAKE_ROOM = "Make room on its disk, or give a --data file on another one. The data in the file is unchanged."
_PERMIT = "Give a --data file that you can write, in a folder in which you can create files."


class DataFile:
    """The file, open for one process. `made_for` has its release, its seed and the seed file's content.

    Raises ConfigurationError for a file that cannot be used.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self._connection: sqlite3.Connection | None = None
        self.made_for: dict[str, str] = {}
        self._refuse_other_kinds()
        self._is_created = not self.path.exists()
        self.open()

    @property
    def is_open(self) -> bool:
        """Return whether changes can be written."""
        return self._connection is not None

    @property
    def is_new(self) -> bool:
        """Return whether nothing was ever committed to it."""
        return "version" not in self.made_for

    def expect(self, release: str, seed: str, seed_text: str) -> None:
        """Record release and seed in a new file; raise ConfigurationError if an existing file has other ones."""
        wanted = {"release": release, "seed": seed, "seed_text": seed_text}
        if self.is_new:
            self.made_for = wanted
            return
        if self.made_for["release"] != release:
            raise self._describe_mismatch("release", self.made_for["release"], release)
        # The content identifies a seed file; its path may change.
        if not (seed_text and self.made_for["seed_text"]) and self.made_for["seed"] != seed:
            raise self._describe_mismatch("seed", self.made_for["seed"], seed)
        if self.made_for["seed_text"] != seed_text:
            raise ConfigurationError(
                f"{self.path} was created from another content of the seed {seed}", description=OTHER_FILE
            )

    def _describe_mismatch(self, what: str, made_for: str, wanted: str) -> ConfigurationError:
        return ConfigurationError(
            f"{self.path} was created for {what} {made_for}, not {wanted}",
            description=f"Omit --{what} to continue with this file, or give another --data file.",
        )

    @property
    def connection(self) -> sqlite3.Connection:
        """The open connection; raises ConfigurationError after the file was closed."""
        if self._connection is None:
            raise ConfigurationError(f"the data file {self.path} is closed: the simulator was stopped")
        return self._connection

    def discard(self) -> None:
        """Close the file because it cannot be filled, and remove it if it was created for that."""
        is_filled = not self.is_new
        self.close()
        if self._is_created and not is_filled:
            for suffix in ("", "-wal", "-shm", "-journal"):
                with suppress(OSError):
                    self.path.with_name(f"{self.path.name}{suffix}").unlink()

    def open(self) -> None:
        """Open or create the file; raise ConfigurationError if it cannot be used."""
        try:
            self._open()
        except sqlite3.Error as error:
            self.discard()
            raise self.explain(error) from error

    def _open(self) -> None:
        try:
            connection = sqlite3.connect(
                self.path, isolation_level=None, check_same_thread=False, timeout=1.0
            )
        except ValueError as error:
            raise ConfigurationError(
                f"the data file {str(self.path)!r} is not a path", description=OTHER_FILE
            ) from error
        try:
            # One process only: a second one would not see the entities in this one's memory.
            connection.execute("PRAGMA locking_mode = EXCLUSIVE")
            connection.execute("BEGIN EXCLUSIVE")
            self._check(connection)
            connection.execute("COMMIT")
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")
            self.made_for = dict(connection.execute("SELECT name, value FROM meta"))
        except (sqlite3.Error, ConfigurationError):
            connection.close()
            raise
        self._connection = connection

    def close(self) -> None:
        """Close the file; do nothing if it is closed."""
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
                f"{self.path} is a database, but not a data file of the simulator", description=OTHER_FILE
            )
        elif version != FORMAT:
            raise ConfigurationError(
                f"{self.path} has format {version}, but this simulator reads {FORMAT}", description=OTHER_FILE
            )

    def _refuse_other_kinds(self) -> None:
        """Raise ConfigurationError for what is not a file, and for a file in a folder that does not exist."""
        try:
            mode = self.path.stat().st_mode
        except (OSError, ValueError):
            folder = self.path.parent
            if not folder.is_dir():
                raise ConfigurationError(
                    f"the data file {self.path} cannot be created: {folder} is not a folder",
                    description="Create the folder first, or give another --data file.",
                ) from None
            return
        if not stat.S_ISREG(mode):
            what = "a folder" if stat.S_ISDIR(mode) else "a device or a pipe"
            raise ConfigurationError(
                f"the data file {self.path} cannot be used: unable to open {what}",
                description="Give the name of a file for --data.",
            )

    def explain(self, error: sqlite3.Error) -> ConfigurationError:
        """Return the error of a file that cannot be read or written, with what helps."""
        # The low byte of an extended code is the kind of error.
        kind = (getattr(error, "sqlite_errorcode", None) or 0) & 0xFF
        if kind == sqlite3.SQLITE_BUSY:
            return ConfigurationError(
                f"the data file {self.path} is in use by another simulator", description=OTHER_FILE
            )
        if kind in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR):
            advice = _MAKE_ROOM
        elif kind in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM):
            advice = _PERMIT
        else:
            advice = OTHER_FILE
        return ConfigurationError(f"the data file {self.path} cannot be used: {error}", description=advice)
