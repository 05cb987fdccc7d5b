"""Keep tokens between requests, and let only one caller request the next.

The store of this module serves one process. A store for several processes or machines needs the same three
methods; its lock then spans them.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager

    from .token import Token


class TokenStore(Protocol):
    """Tokens by key (PBX and client)."""

    async def load(self, key: str) -> Token | None:
        """Return the token stored under `key`, or None."""

    async def save(self, key: str, token: Token) -> None:
        """Store `token` under `key`, in place of an older one."""

    def lock(self, key: str) -> AbstractAsyncContextManager[None]:
        """Return the lock that a caller holds open while it requests a token for `key`."""


class MemoryTokenStore:
    """Tokens of one process, in one event loop."""

    def __init__(self) -> None:
        self._tokens: dict[str, Token] = {}
        self._locks: dict[str, asyncio.Lock] = {}

    async def load(self, key: str) -> Token | None:
        """Return the token stored under `key`, or None."""
        return self._tokens.get(key)

    async def save(self, key: str, token: Token) -> None:
        """Store `token` under `key`."""
        self._tokens[key] = token

    def lock(self, key: str) -> AbstractAsyncContextManager[None]:
        """Return the lock of this process for `key`."""
        return self._locks.setdefault(key, asyncio.Lock())
