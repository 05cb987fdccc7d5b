"""The lease of a feed as a lock on a file, which the system ends with its holder."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from threecx_credentials.state_folder import PRIVATE_FILE, open_private_folder

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

_ASK_EVERY = 0.5


class FileLease:
    """Waits for the lock on a file beside the journal, and keeps it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        # Not shared between objects: two feeds of one process must not both believe that they have it.
        self._lock = FileLock(path, mode=PRIVATE_FILE, thread_local=False)
        self.lost = asyncio.Event()

    @property
    def held(self) -> bool:
        """Return whether this process runs the feed."""
        return self._lock.is_locked and not self.lost.is_set()

    async def __aenter__(self) -> FileLease:
        """Wait until no other process has the lease, and take it."""
        while not self._take():  # noqa: ASYNC110 (the other holder may be in another process)
            await asyncio.sleep(_ASK_EVERY)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Give the lease back."""
        self._lock.release()

    def _take(self) -> bool:
        try:
            open_private_folder(self._path.parent)
            self._lock.acquire(timeout=0)
        except (Timeout, OSError):
            # A folder that cannot be used now may be usable later; the journal in it reports why.
            return False
        return True
