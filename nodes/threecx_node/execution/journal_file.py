"""A journal in a file: one record per line, on the disk before what it announces is sent.

Records are written at once and put on the disk together: while one fsync runs, the records of other items gather, and
the next fsync takes them all.
"""

from __future__ import annotations

import asyncio
import errno
import os
import stat
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Self

from ..errors import JournalError, OtherBatchError
from ..values.json import dumps
from .journal import (
    FORMAT_KEY,
    BatchIdentity,
    History,
    encode_after,
    encode_before,
    is_recorded,
    parse_record,
    parse_result,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Mapping
    from pathlib import Path
    from typing import BinaryIO

    from ..messages import HttpRequest
    from .journal import ItemRecord
    from .results import Result

_MODE = 0o600
_CREATE = os.O_RDWR | os.O_CREAT | os.O_EXCL
# A FIFO in place of a file must not block; on Windows, lines end as they are written.
_COMMON = getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


class FileJournal:
    """The journal of one batch in one file, which is locked until `close`. Use it as a context manager.

    `keep_results` records what the PBX returned for each item, so that a resumed run outputs it; without it, only of
    requests that change something. After a record that could not be written none is written, and `failure` says why.
    """

    def __init__(
        self, path: Path, descriptor: int, identity: BatchIdentity, *, keep_results: bool = True
    ) -> None:
        self.path = path
        self.identity = identity
        self.history = History(identity.count)
        self.failure: JournalError | None = None
        self._descriptor = descriptor
        self._keep_results = keep_results
        self._written = 0
        self._synced = 0
        # Whether the name of the file is on the disk too.
        self._is_named = False
        self._is_discarded = False
        self._syncing: asyncio.Task[None] | None = None
        self._disk = ThreadPoolExecutor(1, thread_name_prefix="threecx-journal")

    @classmethod
    def create(cls, path: Path, identity: BatchIdentity, *, keep_results: bool = True) -> Self:
        """Start the journal of a new batch. Raise JournalError if the file exists or cannot be written."""
        try:
            descriptor = os.open(path, _CREATE | _COMMON, _MODE)
        except FileExistsError as error:
            raise JournalError(
                f"the journal {path} exists already",
                description="Continue its batch with --resume, or give another file.",
            ) from error
        except OSError as error:
            raise _cannot(path, "created", error) from error
        journal = cls(path, descriptor, identity, keep_results=keep_results)
        with journal._closing_on_error():
            journal._lock()
            journal._start()
        return journal

    @classmethod
    def resume(cls, path: Path, identity: BatchIdentity, *, keep_results: bool = True) -> Self:
        """Open the journal of an earlier run of the same batch. Raise JournalError if it is not one, or is in use."""
        journal = cls(path, _open_existing(path), identity, keep_results=keep_results)
        with journal._closing_on_error():
            journal._lock()
            journal._load()
        return journal

    @property
    def records(self) -> Mapping[int, ItemRecord]:
        """The records by the index of the item."""
        return self.history.records

    @property
    def is_complete(self) -> bool:
        """Return whether nothing remains to be sent or settled."""
        return self.history.is_complete

    @property
    def has_changes(self) -> bool:
        """Return whether this run or an earlier one has recorded a change."""
        return self._synced > 0

    def discard(self) -> None:
        """Remove the file as soon as it is closed: it has nothing that a later run needs."""
        self._is_discarded = True

    async def before(self, index: int, request: HttpRequest) -> None:
        """Record that `request` is about to be sent; it is on the disk on return. Raise JournalError."""
        self._write(encode_before(index, request))
        await self._sync()

    async def after(self, result: Result, *, is_effect: bool, is_waiting: bool = False) -> None:
        """Record a result, or a part of one; that of an effect is on the disk on return. Raise JournalError."""
        keeps = self._keep_results or is_effect
        if not is_recorded(result) or (result.more and not keeps):
            return
        self._write(encode_after(result, with_items=keeps, is_waiting=is_waiting))
        if is_effect:
            await self._sync()

    async def end(self) -> None:
        """Record that the run has ended. Raise JournalError."""
        if self.history.is_ended:
            return
        self.history.is_ended = True
        self._write(dumps({"end": _now()}))
        if self._synced:
            await self._sync()

    async def restore(self, index: int) -> AsyncIterator[Result]:
        """Yield the results that an earlier run recorded for an item."""
        for start, length in self.history.records[index].places:
            yield parse_result(parse_record(_read_at(self._descriptor, start, length)))

    def close(self) -> None:
        """Close the file; another process can then use it."""
        self._disk.shutdown()
        with suppress(OSError):
            os.close(self._descriptor)
        if self._is_discarded:
            self.path.unlink(missing_ok=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def _closing_on_error(self) -> _ClosingOnError:
        return _ClosingOnError(self)

    def _lock(self) -> None:
        try:
            _lock(self._descriptor)
        except OSError as error:
            raise JournalError(
                f"the journal {self.path} is in use by another process",
                description="Wait until that process has ended.",
            ) from error

    def _start(self) -> None:
        """Write the first record. It and the file itself are durable with the first request that changes something."""
        self._write(dumps({**self.identity.to_json(), "started": _now()}))

    def _load(self) -> None:
        """Read the records, and remove what a crash left of a last line."""
        with os.fdopen(os.dup(self._descriptor), "rb") as file:
            earlier, end = read_history(file, self.path)
        if earlier is None:
            # The earlier run ended before it had written its first line: it has sent nothing.
            os.ftruncate(self._descriptor, 0)
            os.lseek(self._descriptor, 0, os.SEEK_SET)
            self._start()
            return
        identity, self.history = earlier
        if difference := self.identity.find_difference(identity):
            raise OtherBatchError(
                f"the journal {self.path} is that of another batch: {difference}",
                description="Give the arguments and items of the earlier run, or start with --journal and a new file.",
            )
        try:
            os.ftruncate(self._descriptor, end)
        except OSError as error:
            raise _cannot(self.path, "written", error) from error
        os.lseek(self._descriptor, end, os.SEEK_SET)
        self._written = self._synced = end
        if not self.history.is_complete:
            self.history.is_ended = False
            self._write(dumps({"resumed": _now()}))

    def _write(self, record: bytes) -> None:
        """Write a line, whole or not at all. Raise JournalError."""
        if self.failure is not None:
            raise self.failure
        line = memoryview(record + b"\n")
        try:
            while line:
                line = line[os.write(self._descriptor, line) :]
        except OSError as error:
            # The written part of the line would spoil the file.
            with suppress(OSError):
                os.ftruncate(self._descriptor, self._written)
                os.lseek(self._descriptor, self._written, os.SEEK_SET)
            self._fail(error)
        self._written += len(record) + 1

    async def _sync(self) -> None:
        """Return when all that is written so far is on the disk. Raise JournalError."""
        wanted = self._written
        while self._synced < wanted:
            if self.failure is not None:
                raise self.failure
            if self._syncing is None:
                self._syncing = asyncio.create_task(self._sync_now(), name="threecx-journal")
            # An item that is cancelled must not cancel the fsync of the others.
            await asyncio.shield(self._syncing)

    async def _sync_now(self) -> None:
        written = self._written
        try:
            await asyncio.get_running_loop().run_in_executor(self._disk, self._put_on_disk)
            self._synced = written
        except OSError as error:
            self.failure = _cannot(self.path, "written", error)
        finally:
            self._syncing = None

    def _put_on_disk(self) -> None:
        os.fsync(self._descriptor)
        if not self._is_named:
            _sync_folder(self.path)
            self._is_named = True

    def _fail(self, error: OSError) -> None:
        self.failure = _cannot(self.path, "written", error)
        raise self.failure from error


class _ClosingOnError:
    """Closes a journal if the block raises, and only then."""

    def __init__(self, journal: FileJournal) -> None:
        self._journal = journal

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None:
            self._journal.close()


def is_locked(path: Path) -> bool:
    """Return whether a process is recording a batch in this file. Raise OSError if it cannot be opened."""
    descriptor = os.open(path, os.O_RDWR | _COMMON)
    try:
        _lock(descriptor)
    except OSError:
        return True
    finally:
        os.close(descriptor)
    return False


def read_history(file: BinaryIO, path: Path) -> tuple[tuple[BatchIdentity, History] | None, int]:
    """Return the batch and its records in a journal, and where its last whole line ends.

    The places of the records are pairs of start and length. The batch is None where a crash left less than the first
    line. Raise JournalError for a file that is not a journal, or is corrupt.
    """
    lines = _read_lines(file)
    number, start = 1, 0
    first = next(lines, None)
    if first is None:
        return None, 0
    try:
        identity = BatchIdentity.from_json(parse_record(first) if first.endswith(b"\n") else None)
    except (ValueError, RecursionError) as error:
        if _is_torn_header(first):
            return None, 0
        raise JournalError(
            f"{path} is not a journal of threecx execute",
            description="Give the file that --journal wrote.",
        ) from error
    history = History(identity.count)
    start = len(first)
    for line in lines:
        number += 1
        # A crash in the middle of a write leaves a line without its end; it was not on the disk as a whole, so what it
        # announces was not sent.
        if not line.endswith(b"\n"):
            break
        try:
            history.add(parse_record(line), (start, len(line)))
        except (ValueError, RecursionError) as error:
            raise JournalError(
                f"line {number} of the journal {path} is corrupt",
                description="The file was changed or the disk is damaged: check in 3CX what was carried out.",
            ) from error
        start += len(line)
    return (identity, history), start


def _read_lines(file: BinaryIO) -> Iterator[bytes]:
    file.seek(0)
    yield from file


def _is_torn_header(line: bytes) -> bool:
    begin = b'{"%s":' % FORMAT_KEY.encode()
    has_no_end = not line.endswith(b"\n")
    return has_no_end and (begin.startswith(line[: len(begin)]) or not line.strip(b"\0"))


def _open_existing(path: Path) -> int:
    try:
        descriptor = os.open(path, os.O_RDWR | _COMMON)
    except FileNotFoundError as error:
        raise JournalError(
            f"the journal {path} does not exist",
            description="Start with --journal; --resume continues a batch that was started with it.",
        ) from error
    except OSError as error:
        raise _cannot(path, "opened", error) from error
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise JournalError(f"{path} is not a regular file", description="Give the file that --journal wrote.")
    return descriptor


def _read_at(descriptor: int, start: int, length: int) -> bytes:
    if sys.platform == "win32":
        place = os.lseek(descriptor, 0, os.SEEK_CUR)
        os.lseek(descriptor, start, os.SEEK_SET)
        content = os.read(descriptor, length)
        os.lseek(descriptor, place, os.SEEK_SET)
        return content
    return os.pread(descriptor, length, start)


def _lock(descriptor: int) -> None:
    """Lock a file for this process. Raise OSError if another one has it."""
    if sys.platform == "win32":
        import msvcrt

        os.lseek(descriptor, 2**40, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        os.lseek(descriptor, 0, os.SEEK_SET)
    else:
        import fcntl

        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _sync_folder(path: Path) -> None:
    if sys.platform == "win32":
        return
    descriptor = os.open(path.absolute().parent, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        # Some file systems of a network have no fsync for folders.
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise
    finally:
        os.close(descriptor)


def _cannot(path: Path, what: str, error: OSError) -> JournalError:
    return JournalError(
        f"the journal {path} cannot be {what}: {error.strerror or error}",
        description="Nothing is sent without its line in the journal. Free space there, or give another file.",
    )


def _now() -> Any:
    return datetime.now(UTC).isoformat(timespec="seconds")
