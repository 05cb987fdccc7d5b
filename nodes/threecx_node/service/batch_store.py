"""Keep the journals of the service's batches, and report what became of a batch."""

from __future__ import annotations

import asyncio
import errno
import os
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from threecx_credentials.state_folder import open_private_folder

from ..errors import JournalError
from ..execution.journal import Status, parse_record, parse_result
from ..execution.journal_file import FileJournal, is_locked, read_history

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from ..execution.journal import BatchIdentity, History, Journal

DAYS = 7
"""How long a batch can be asked for after it began."""
_MAX_BYTES = 256 * 1024 * 1024
_MAX_FILES = 10_000
_CLEAN_EVERY = 200
_SUFFIX = ".ndjson"
_INTERRUPTED = "the executor ended before the PBX responded; it is unknown whether the item was carried out"


class BatchExistsError(Exception):
    """A batch with this ID exists already: `is_running`, or it has ended."""

    def __init__(self, *, is_running: bool) -> None:
        super().__init__("the batch exists")
        self.is_running = is_running


class OpenJournal(Protocol):
    """The journal of a batch that is running."""

    @property
    def journal(self) -> Journal:
        """The journal itself."""

    async def close(self) -> None:
        """Release it: the batch has ended."""


class BatchStore(Protocol):
    """Keeps the journals of batches by their IDs."""

    async def open(self, batch_id: str, identity: BatchIdentity, *, resume: bool) -> OpenJournal:
        """Start a batch, or with `resume` continue one. Raise BatchExistsError or JournalError."""

    async def describe(self, batch_id: str) -> dict[str, Any] | None:
        """Return what became of a batch, None if it is not known. Raise JournalError."""

    async def aclose(self) -> None:
        """Close connections."""


@dataclass(frozen=True, slots=True)
class _OpenFile:
    journal: FileJournal

    async def close(self) -> None:
        # A batch that was refused or cancelled has not recorded its end.
        with suppress(JournalError):
            await self.journal.end()
        self.journal.close()


class FolderStore:
    """Journals in a folder, one file for each batch; old ones are removed. Only this user can read them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._opened = 0
        # One thread, since each thread keeps the memory that its longest list needed.
        self._cleaner = ThreadPoolExecutor(1, thread_name_prefix="threecx-clean")

    def prepare(self) -> None:
        """Create the folder, and remove what is old. Raise JournalError if nothing can be written there."""
        try:
            open_private_folder(self._folder.parent)
            open_private_folder(self._folder)
            if not os.access(self._folder, os.W_OK | os.X_OK):
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        except OSError as error:
            raise JournalError(
                f"the folder {self._folder} of the journals cannot be used: {error.strerror or error}",
                description="Give another folder with --state-dir, or --no-journal.",
            ) from error
        self._remove_old()

    async def open(self, batch_id: str, identity: BatchIdentity, *, resume: bool) -> _OpenFile:
        """Start a batch, or with `resume` continue one. Raise BatchExistsError or JournalError."""
        if self._opened % _CLEAN_EVERY == _CLEAN_EVERY - 1:
            await asyncio.get_running_loop().run_in_executor(self._cleaner, self._remove_old)
        self._opened += 1
        path = self._path(batch_id)
        if path.exists():
            running = is_locked(path)
            if running or not resume:
                raise BatchExistsError(is_running=running)
            return _OpenFile(FileJournal.resume(path, identity, keep_results=False))
        return _OpenFile(FileJournal.create(path, identity, keep_results=False))

    async def describe(self, batch_id: str) -> dict[str, Any] | None:
        """Return what became of a batch, None if it is not known. Raise JournalError."""
        return await asyncio.to_thread(self._describe, batch_id)

    async def aclose(self) -> None:
        """End the thread that removes old journals; each journal is closed with its batch."""
        self._cleaner.shutdown(wait=False)

    def _describe(self, batch_id: str) -> dict[str, Any] | None:
        path = self._path(batch_id)
        try:
            running = is_locked(path)
            with path.open("rb") as file:
                found, _ = read_history(file, path)

                def read(place: Any) -> bytes:
                    file.seek(place[0])
                    return file.read(place[1])

                return describe_batch(batch_id, found, read, running=running) if found else None
        except FileNotFoundError:
            return None
        except OSError as error:
            raise JournalError(f"the journal of the batch cannot be read: {error.strerror}") from error

    def _path(self, batch_id: str) -> Path:
        return self._folder / f"{batch_id}{_SUFFIX}"

    def _remove_old(self) -> None:
        """Remove journals that are older than DAYS, and the oldest ones where there are too many."""
        found: list[tuple[float, int, str]] = []
        with os.scandir(self._folder) as entries:
            for each in entries:
                # Tuples of names, since a service that is much used has thousands of them.
                with suppress(OSError):
                    if each.name.endswith(_SUFFIX):
                        status = each.stat()
                        found.append((status.st_mtime, status.st_size, each.name))
        found.sort(reverse=True)
        limit = time.time() - DAYS * 86_400
        total = 0
        for number, (changed, size, name) in enumerate(found):
            total += size
            if changed < limit or total > _MAX_BYTES or number >= _MAX_FILES:
                path = self._folder / name
                with suppress(OSError):
                    if not is_locked(path):
                        path.unlink()


def describe_batch(
    batch_id: str, found: tuple[BatchIdentity, History], read: Callable[[Any], bytes], *, running: bool
) -> dict[str, Any]:
    """Return what became of a batch: its status, and the outcome of each item. `read` returns the line at a place."""
    identity, history = found
    status = "running" if running else "finished" if history.is_ended else "interrupted"
    results = [_describe_item(history, index, read, is_running=running) for index in range(identity.count)]
    return {
        "batchId": batch_id,
        "status": status,
        "operation": identity.operation,
        "results": results,
    }


def _describe_item(
    history: History, index: int, read: Callable[[Any], bytes], *, is_running: bool
) -> dict[str, Any]:
    record = history.records.get(index)
    if record is None:
        return {"outcome": "pending" if is_running else "not_tried"}
    if is_running and (record.status is Status.SENT or record.is_waiting):
        return {"outcome": "pending"}
    if record.status is Status.SENT:
        error = {"message": _INTERRUPTED, "code": "interrupted", "itemIndex": index, "outcome": "unknown"}
        return {"outcome": "unknown", "error": error}
    shape: dict[str, Any] = {"outcome": record.status.value}
    parts = [parse_result(parse_record(read(place))) for place in record.places]
    if any(each.items is not None for each in parts):
        shape["items"] = [item for each in parts for item in each.items or ()]
    error_of = next((each.error for each in parts if each.error is not None), None)
    return shape if error_of is None else {**shape, "error": error_of.to_json()}
