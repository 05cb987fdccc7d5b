"""Open the store of tokens that `THREECX_TOKEN_STORE` names: `file` (the default), `memory`, or the URL of a Redis."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from .errors import TokenStoreError
from .redis_client import is_redis_url
from .token_store import MemoryTokenStore

if TYPE_CHECKING:
    from .token_store import Report, TokenStore

VARIABLE = "THREECX_TOKEN_STORE"


def open_token_store(report: Report | None = None) -> TokenStore:
    """Return the store; `report` takes a sentence if it cannot be used later. Raises TokenStoreError."""
    value = os.environ.get(VARIABLE, "").strip()
    if value.lower() in ("", "file"):
        from .file_store import FileTokenStore

        return FileTokenStore(report=report)
    if value.lower() == "memory":
        return MemoryTokenStore()
    if is_redis_url(value):
        from .redis_store import RedisTokenStore

        return RedisTokenStore(value, report=report)
    # The value is not repeated: it may contain a password.
    raise TokenStoreError(
        f"the environment variable {VARIABLE} is not a store of tokens",
        remedy="Set it to file, memory or a URL such as redis://HOST:6379/0, or remove it.",
    )


async def close_token_store(store: TokenStore) -> None:
    """Close the connections of a store, if it has any."""
    close = getattr(store, "aclose", None)
    if close is not None:
        await close()
