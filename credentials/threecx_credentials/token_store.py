"""Where tokens live between requests, and the one place that decides who may buy the next.

The store of this module serves one process. A store for many processes or machines needs no more than these
three calls: its lock then spans them.
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
        """The token kept under `key`, None where there is none."""

    async def save(self, key: str, token: Token) -> None:
        """Keeps `token` under `key` in place of any older."""

    def lock(self, key: str) -> AbstractAsyncContextManager[None]:
        """Held by the one that buys a token for `key`."""


class MemoryTokenStore:
    """Tokens of one process, in one event loop."""

    def __init__(self) -> None:
        self._tokens: dict[str, Token] = {}
        self._locks: dict[str, asyncio.Lock] = {}

    async def load(self, key: str) -> Token | None:
        """The token kept under `key`."""
        return self._tokens.get(key)

    async def save(self, key: str, token: Token) -> None:
        """Keeps `token` under `key`."""
        self._tokens[key] = token

    def lock(self, key: str) -> AbstractAsyncContextManager[None]:
        """The process's lock for `key`."""
        return self._locks.setdefault(key, asyncio.Lock())
