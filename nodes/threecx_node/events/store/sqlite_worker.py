"""Run the accesses to an SQLite file in a thread of their own; writes that wait are committed together."""

from __future__ import annotations

import asyncio
import os
import queue
import sqlite3
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeVar

from ...errors import EventStoreError
from .sqlite_file import is_damage, open_file, translate

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

T = TypeVar("T")

_MOST_JOBS = 256
_IDLE_SECONDS = 60.0
# The disk gets what was committed at the latest after so many seconds.
_SYNC_SECONDS = 1.0


class _Job:
    """A function that a task waits for."""

    __slots__ = ("durable", "future", "loop", "run")

    def __init__(self, run: Callable[[sqlite3.Connection], Any], *, durable: bool) -> None:
        self.run = run
        self.durable = durable
        self.loop = asyncio.get_running_loop()
        self.future: asyncio.Future[Any] = self.loop.create_future()


class SqliteWorker:
    """One thread with one connection to the file at `path`, opened when it is first used and again after a fault.

    `upkeep` is called in a transaction of its own, about once a minute; it returns whether it is to be called again
    soon. A worker with `writes=False` only reads.
    """

    def __init__(
        self,
        path: Path,
        clock: Callable[[], float],
        *,
        writes: bool,
        upkeep: Callable[[sqlite3.Connection], bool] | None = None,
    ) -> None:
        self._path = path
        self._clock = clock
        self._writes = writes
        self._upkeep = upkeep
        self._upkeep_at = time.monotonic()
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._connection: sqlite3.Connection | None = None
        self._inode = (0, 0)
        # When the disk must get what was committed; None if it has all.
        self._sync_at: float | None = None

    async def run(self, function: Callable[[sqlite3.Connection], T], *, durable: bool = True) -> T:
        """Return what the function returns, after its transaction was committed. Raise EventStoreError.

        With `durable`, the disk has it on return; otherwise within a second: until then, only a failure of the
        machine's power undoes it, and not the end of the process.
        """
        if self._thread is None:
            name = "threecx-events-write" if self._writes else "threecx-events-read"
            self._thread = threading.Thread(target=self._work, name=name, daemon=True)
            self._thread.start()
        job = _Job(function, durable=durable)
        self._jobs.put(job)
        result: T = await job.future
        return result

    async def aclose(self) -> None:
        """Finish all jobs, close the file, and end the thread."""
        if self._thread is not None:
            thread, self._thread = self._thread, None
            self._jobs.put(None)
            await asyncio.to_thread(thread.join)

    def run_now(self, function: Callable[[sqlite3.Connection], object]) -> None:
        """Run a function that only reads in the calling thread, with a connection of its own. Raise EventStoreError."""
        connection = open_file(self._path, self._clock(), read_only=True)
        try:
            function(connection)
        except sqlite3.Error as error:
            raise translate(error, self._path) from error
        finally:
            connection.close()

    def _work(self) -> None:
        while True:
            jobs, is_end = self._take()
            if jobs:
                outcomes = self._run(jobs)
                _answer(jobs, outcomes)
            if self._sync_at is not None and (is_end or time.monotonic() >= self._sync_at):
                self._sync()
            self._keep_up()
            if is_end:
                self._close()
                return

    def _take(self) -> tuple[list[_Job], bool]:
        """Return the jobs that wait, at least one unless none comes for a while, and whether the worker is to end."""
        jobs: list[_Job] = []
        with suppress(queue.Empty):
            job = self._jobs.get(timeout=self._find_wait())
            while job is not None:
                jobs.append(job)
                if len(jobs) == _MOST_JOBS:
                    return jobs, False
                job = self._jobs.get_nowait()
            return jobs, True
        return jobs, False

    def _run(self, jobs: list[_Job]) -> list[Any]:
        """Run jobs in one transaction. Return what each returned, or the exception that it raised."""
        try:
            connection = self._open()
            durable = False
            if self._writes:
                durable = any(job.durable for job in jobs)
                connection.execute(f"PRAGMA synchronous = {'full' if durable else 'normal'}")
            connection.execute("BEGIN IMMEDIATE" if self._writes else "BEGIN")
            outcomes = [_try(job, connection) for job in jobs]
            connection.execute("COMMIT")
        except Exception as error:  # noqa: BLE001 (those who wait get it)
            found = self._fail(error)
            return [found] * len(jobs)
        if self._writes:
            if durable:
                self._sync_at = None
            elif self._sync_at is None:
                self._sync_at = time.monotonic() + _SYNC_SECONDS
        return outcomes

    def _find_wait(self) -> float | None:
        """Return the seconds until there is something to do besides jobs."""
        times = [self._sync_at, self._upkeep_at if self._upkeep is not None else None]
        found = [each for each in times if each is not None]
        return max(0.001, min(found) - time.monotonic()) if found else None

    def _sync(self) -> None:
        """Let the disk have what was committed: SQLite has written it to the file beside the database."""
        self._sync_at = None
        # Without that file, everything is in the database already.
        with suppress(OSError):
            descriptor = os.open(f"{self._path}-wal", os.O_RDWR)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)

    def _keep_up(self) -> None:
        if self._upkeep is None or time.monotonic() < self._upkeep_at:
            return
        if self._connection is None or not self._is_in_place():
            # The next job opens the file, or reports that it is gone.
            self._upkeep_at = time.monotonic() + _IDLE_SECONDS
            return
        again = False
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            again = self._upkeep(self._connection)
            self._connection.execute("COMMIT")
        except Exception as error:  # noqa: BLE001 (the next job reports it)
            self._fail(error)
        self._upkeep_at = time.monotonic() + (0.05 if again else _IDLE_SECONDS)

    def _open(self) -> sqlite3.Connection:
        if self._connection is not None and not self._is_in_place():
            self._close()
            raise EventStoreError(
                f"the file {self._path} of the events was moved or removed while it was in use",
                description="Stop `threecx serve` and restore it, or add the subscriptions again.",
            )
        if self._connection is None:
            self._connection = open_file(self._path, self._clock(), read_only=not self._writes)
            found = self._path.stat()
            self._inode = (found.st_dev, found.st_ino)
        return self._connection

    def _is_in_place(self) -> bool:
        try:
            found = self._path.stat()
        except OSError:
            return False
        return (found.st_dev, found.st_ino) == self._inode

    def _fail(self, error: Exception) -> Exception:
        """Undo the transaction, and return the error for those who wait."""
        if self._connection is not None:
            with suppress(sqlite3.Error):
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
        if not isinstance(error, sqlite3.Error):
            return error
        if is_damage(error):
            self._close()
        return translate(error, self._path)

    def _close(self) -> None:
        if self._connection is not None:
            with suppress(sqlite3.Error):
                self._connection.close()
            self._connection = None


def _try(job: _Job, connection: sqlite3.Connection) -> Any:
    """Return what a job returns, or its exception, after undoing what it did. Raise what ended the transaction."""
    connection.execute("SAVEPOINT job")
    try:
        outcome = job.run(connection)
    except sqlite3.Error:
        raise
    except Exception as error:  # noqa: BLE001 (the task that waits gets it)
        connection.execute("ROLLBACK TO job")
        outcome = error
    connection.execute("RELEASE job")
    return outcome


def _answer(jobs: list[_Job], outcomes: list[Any]) -> None:
    """Give all jobs of one loop their outcomes at once."""
    by_loop: dict[asyncio.AbstractEventLoop, list[tuple[asyncio.Future[Any], Any]]] = {}
    for job, outcome in zip(jobs, outcomes, strict=True):
        by_loop.setdefault(job.loop, []).append((job.future, outcome))
    for loop, pairs in by_loop.items():
        # A loop that was closed meanwhile has no tasks that wait.
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(_settle, pairs)


def _settle(pairs: list[tuple[asyncio.Future[Any], Any]]) -> None:
    for future, outcome in pairs:
        if future.done():
            continue
        if isinstance(outcome, Exception):
            future.set_exception(outcome)
        else:
            future.set_result(outcome)
