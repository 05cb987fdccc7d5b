"""The lease of a feed as a key in Redis with the token of its holder, which renews it until it ends."""

from __future__ import annotations

import asyncio
import secrets
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from ...errors import EventStoreError
from .redis_connection import PREFIX
from .redis_scripts import RELEASE, RENEW

if TYPE_CHECKING:
    from types import TracebackType

    from .redis_connection import RedisConnection

LEASE_SECONDS = 5.0
_RENEW_EVERY = 1.0
# The holder stops so long before another process can take over.
_MARGIN = 1.0


class RedisLease:
    """Waits for the key, and renews it. `tokens` has the token of each feed that this process runs or ran."""

    def __init__(self, connection: RedisConnection, feed: str, tokens: dict[str, str]) -> None:
        self._connection = connection
        self._feed = feed
        self._key = f"{PREFIX}feed:{feed}:lease"
        self._tokens = tokens
        self._token = secrets.token_hex(8)
        self._until = 0.0
        self._renewing: asyncio.Task[None] | None = None
        self.lost = asyncio.Event()

    @property
    def held(self) -> bool:
        """Return whether this process runs the feed."""
        return self._renewing is not None and not self.lost.is_set() and time.monotonic() < self._until

    async def __aenter__(self) -> RedisLease:
        """Wait until no other process has the lease, and take it; also while Redis cannot be reached."""
        try:
            while not await self._take():  # noqa: ASYNC110 (the other holder is in another process)
                await asyncio.sleep(_RENEW_EVERY / 2)
        except asyncio.CancelledError:
            # Redis may have granted it after this process stopped waiting.
            await asyncio.shield(self._release())
            raise
        self._tokens[self._feed] = self._token
        self._renewing = asyncio.create_task(self._renew(), name="threecx-feed-lease")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Give the lease back."""
        if self._renewing is not None:
            self._renewing.cancel()
            self._renewing = None
        if not self.lost.is_set() and self._tokens.get(self._feed) == self._token:
            del self._tokens[self._feed]
        await self._release()

    async def _take(self) -> bool:
        asked = time.monotonic()
        try:
            milliseconds = int(LEASE_SECONDS * 1000)
            answer = await self._connection.ask(
                self._connection.client.set(self._key, self._token, nx=True, px=milliseconds)
            )
        except EventStoreError:
            return False
        self._until = asked + LEASE_SECONDS
        return bool(answer)

    async def _renew(self) -> None:
        while not self.lost.is_set():
            await asyncio.sleep(_RENEW_EVERY)
            asked = time.monotonic()
            left = self._until - _MARGIN - asked
            try:
                milliseconds = int(LEASE_SECONDS * 1000)
                renewed = left > 0 and await asyncio.wait_for(
                    self._connection.run(RENEW, self._token, milliseconds, keys=(self._key,)), left
                )
            except EventStoreError:
                # The next time may succeed, as long as there is one.
                continue
            except TimeoutError:
                renewed = False
            if renewed:
                self._until = asked + LEASE_SECONDS
            else:
                self.lost.set()

    async def _release(self) -> None:
        # A lease that is not given back ends by itself.
        with suppress(EventStoreError):
            await self._connection.run(RELEASE, self._token, keys=(self._key,))
