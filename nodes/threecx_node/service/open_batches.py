"""Open the store of batches that `THREECX_BATCH_STORE` names: `folder` (the default), or the URL of a Redis."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from threecx_credentials.redis_client import is_redis_url
from threecx_credentials.state_folder import find_state_folder

from ..errors import ConfigurationError, JournalError
from .batch_store import FolderStore

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from .batch_store import BatchStore

VARIABLE = "THREECX_BATCH_STORE"


def open_batch_store(state_folder: Path | None, report: Callable[[str], None]) -> BatchStore | None:
    """Return the store. `report` takes a line where the default folder cannot be used; then none is kept.

    Raise ConfigurationError for a value that names no store, and JournalError where `state_folder` cannot be used.
    """
    value = os.environ.get(VARIABLE, "").strip()
    if is_redis_url(value):
        from .redis_batches import RedisBatchStore

        return RedisBatchStore(value)
    if value.lower() not in ("", "folder"):
        # The value is not repeated: it may contain a password.
        raise ConfigurationError(
            f"the environment variable {VARIABLE} is not a store of batches",
            description="Set it to folder or a URL such as redis://HOST:6379/0, or remove it.",
        )
    folder = state_folder or find_state_folder()
    store = FolderStore(folder / "batches")
    try:
        store.prepare()
    except JournalError as error:
        if state_folder is not None:
            raise
        report(f"threecx: note: batches are not recorded: {error.one_line()}")
        return None
    return store
