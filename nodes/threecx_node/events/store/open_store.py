"""Open the store of events that `THREECX_EVENT_STORE` names: `folder` (the default), or the URL of a Redis."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from threecx_credentials.redis_client import is_redis_url
from threecx_credentials.state_folder import find_state_folder

from ...errors import ConfigurationError, EventStoreError
from .sqlite_store import KEY_NAME, SqliteEventStore

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from .event_store import EventStore

VARIABLE = "THREECX_EVENT_STORE"


def open_event_store(state_folder: Path | None, report: Callable[[str], None]) -> EventStore:
    """Return the store. A fault is reported in one line; each use of the store fails until it is repaired.

    Raise ConfigurationError for a value that names no store, and for a key that is not one.
    """
    value = os.environ.get(VARIABLE, "").strip()
    folder = state_folder or find_state_folder()
    if is_redis_url(value):
        from .redis_store import RedisEventStore
        from .secret_box import SecretBox

        return RedisEventStore(value, SecretBox(folder / KEY_NAME), report=report)
    if value.lower() not in ("", "folder"):
        # The value is not repeated: it may contain a password.
        raise ConfigurationError(
            f"the environment variable {VARIABLE} is not a store of events",
            description="Set it to folder or a URL such as redis://HOST:6379/0, or remove it.",
        )
    store = SqliteEventStore(folder)
    try:
        store.check()
    except EventStoreError as error:
        report(f"threecx: note: events and subscriptions cannot be used: {error.one_line()}")
    return store
