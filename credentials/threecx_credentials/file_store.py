"""Share tokens between the processes of one user, by files in the user's state folder.

Each token has a file, which is replaced as a whole, and a lock file, whose lock ends with its process. Where the folder
cannot be used, is slow or does not answer, this process uses its own tokens; `report` is then called, once.
"""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import stat
import time
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .daemon_thread import Value, run_in_daemon_thread
from .shared_store import SharedStore, parse_record
from .state_folder import PRIVATE_FILE, find_state_folder, open_private_folder

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from filelock import BaseFileLock

    from .token_store import Report

_LARGEST_FILE = 256 * 1024
# Files of tokens that were not used for so long are removed.
_OLD = 7 * 86_400.0
_FIRST_POLL = 0.01
_LONGEST_POLL = 0.1
_NO_FOLLOW = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)
# Opening a pipe must not wait for its other end.
_NO_WAIT = getattr(os, "O_NONBLOCK", 0)


class FileTokenStore(SharedStore):
    """Tokens of all processes of one user.

    `folder` is by default `threecx/tokens` in the user's state folder. `timeout` bounds each access to it, and
    `lock_timeout` the wait for a process that requests a token, both in seconds.
    """

    def __init__(
        self,
        folder: Path | None = None,
        *,
        report: Report | None = None,
        timeout: float = 2.0,
        lock_timeout: float = 20.0,
    ) -> None:
        super().__init__(report, timeout)
        self._folder = folder
        self._is_default = folder is None
        self._lock_timeout = lock_timeout

    @property
    def name(self) -> str:
        """The name of the store in messages."""
        return f"the folder {self._path}"

    @property
    def _path(self) -> Path:
        if self._folder is None:
            self._folder = find_state_folder() / "tokens"
        return self._folder

    async def _read(self, key: str) -> dict[str, Any] | None:
        content, version = await self._run(lambda: self._read_file(self._path / f"{key}.json"))
        self._note_seen(key, version)
        return None if content is None else parse_record(content, f"{key}.json")

    async def _write(self, key: str, record: dict[str, Any], seconds: float) -> None:
        del seconds
        await self._run(lambda: self._write_file(f"{key}.json", json.dumps(record).encode()))

    @asynccontextmanager
    async def _lock(self, key: str) -> AsyncIterator[None]:
        """Wait for the other processes, but not for one that has stopped, and not where a token has come meanwhile."""
        until = time.monotonic() + self._lock_timeout
        # Imported in the thread too: it takes tens of milliseconds.
        lock = await self._run(lambda: self._create_lock(key))
        path, pause = self._path / f"{key}.json", _FIRST_POLL
        has_lock = False
        try:
            while True:
                has_lock = await self._run(lambda: _try(lock), discard=lambda taken: _release(lock, taken))
                if has_lock or await self._run(lambda: _find(path)) != self._seen.get(key):
                    break
                if time.monotonic() > until:
                    self._complain(f"its lock was not free for {self._lock_timeout:g} seconds")
                    break
                await asyncio.sleep(pause)
                pause = min(_LONGEST_POLL, 2 * pause)
        except (OSError, TimeoutError):
            _release(lock, has_lock)
            raise
        try:
            yield
        finally:
            _release(lock, has_lock)

    async def _run(
        self, function: Callable[[], Value], discard: Callable[[Value], None] | None = None
    ) -> Value:
        return await run_in_daemon_thread(function, self._timeout, discard=discard)

    def _read_file(self, path: Path) -> tuple[bytes | None, object]:
        self._open_folder()
        try:
            descriptor = os.open(path, os.O_RDONLY | _NO_FOLLOW | _NO_WAIT)
        except FileNotFoundError:
            return None, None
        with os.fdopen(descriptor, "rb") as file:
            found = os.fstat(descriptor)
            _check_file(found, path)
            return file.read(_LARGEST_FILE), _identify(found)

    def _write_file(self, name: str, content: bytes) -> None:
        self._open_folder()
        path = self._path / f"{name}.{secrets.token_hex(8)}.tmp"
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _NO_FOLLOW, PRIVATE_FILE)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
            path.replace(self._path / name)
        except BaseException:
            with suppress(OSError):
                path.unlink()
            raise
        _remove_old(self._path)

    def _create_lock(self, key: str) -> BaseFileLock:
        from filelock import FileLock

        self._open_folder()
        # A lock of its own each time, so that threads and event loops of one process exclude each other too. A soft
        # lock would stay where its process was killed.
        return FileLock(
            self._path / f"{key}.lock", mode=PRIVATE_FILE, thread_local=False, fallback_to_soft=False
        )

    def _open_folder(self) -> None:
        if self._is_default:
            open_private_folder(self._path.parent)
        open_private_folder(self._path)


def _check_file(found: os.stat_result, path: Path) -> None:
    if not stat.S_ISREG(found.st_mode):
        raise OSError(f"{path.name} is not a regular file")
    if hasattr(os, "geteuid"):
        if found.st_uid != os.geteuid():
            raise OSError(f"{path.name} belongs to another user")
        if stat.S_IMODE(found.st_mode) & 0o077:
            raise OSError(f"{path.name} can be read or changed by other users")


def _try(lock: BaseFileLock) -> bool:
    from filelock import Timeout

    try:
        lock.acquire(blocking=False)
    except Timeout:
        return False
    return True


def _release(lock: BaseFileLock, has_lock: bool) -> None:
    if has_lock:
        with suppress(OSError):
            lock.release(force=True)


def _find(path: Path) -> object:
    """Return what changes when a file is replaced, None where there is none."""
    try:
        return _identify(path.lstat())
    except FileNotFoundError:
        return None


def _identify(found: os.stat_result) -> object:
    return found.st_ino, found.st_mtime_ns


def _remove_old(folder: Path) -> None:
    """Remove files that are not used any more, such as those of processes that were killed."""
    before = time.time() - _OLD
    with suppress(OSError), os.scandir(folder) as entries:
        for each in entries:
            with suppress(OSError):
                if each.stat(follow_symlinks=False).st_mtime < before:
                    Path(each.path).unlink()
