"""Share tokens between machines, through Redis.

A token is stored for as long as it is valid, by the clock of Redis, so that the clocks of the machines need not agree.
The lock ends by itself soon after its holder was killed. Where Redis cannot be used, is slow or does not answer, this
process uses its own tokens; `report` is then called, once.
"""

from __future__ import annotations

import asyncio
import json
import time
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any

from .errors import TokenStoreError
from .redis_client import EXAMPLE, INSTALL, describe_redis_error, name_redis, open_redis
from .shared_store import SharedStore, parse_record

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable

    from redis.asyncio.lock import Lock

    from .token_store import Report

_PREFIX = "threecx:token:"
# The lock of a holder that was killed ends after so many seconds; one that lives extends it in time.
_LOCK_SECONDS = 10.0
_EXTEND_EVERY = 3.0
_POLL = 0.05


class RedisTokenStore(SharedStore):
    """Tokens of all processes that use one Redis, whose `url` begins with redis://, rediss:// or unix://.

    `timeout` bounds each access, and `lock_timeout` the wait for a process that requests a token, both in seconds.
    Raises TokenStoreError for a URL that cannot be used, or where the package `redis` is not installed.
    """

    def __init__(
        self, url: str, *, report: Report | None = None, timeout: float = 2.0, lock_timeout: float = 20.0
    ) -> None:
        super().__init__(report, timeout)
        try:
            self._client = open_redis(url, timeout)
        except ImportError as error:
            raise TokenStoreError(
                "tokens cannot be stored in Redis: the package redis is not installed", remedy=INSTALL
            ) from error
        except ValueError as error:
            raise TokenStoreError(str(error), remedy=f"It looks like {EXAMPLE}.") from error
        self._host = name_redis(url)
        self._lock_timeout = lock_timeout

    @property
    def name(self) -> str:
        """The name of the store in messages."""
        return f"Redis at {self._host}"

    async def aclose(self) -> None:
        """Close the connections to Redis."""
        with suppress(Exception):
            await asyncio.wait_for(self._client.aclose(), self._timeout)

    async def _read(self, key: str) -> dict[str, Any] | None:
        name = _PREFIX + key
        content, left = await self._ask(self._ask_for(name))
        self._note_seen(key, content)
        if content is None:
            return None
        record = parse_record(content, name)
        # By the clock of this machine, of which Redis and the other machines know nothing.
        for each in ("renew_at", "until"):
            if each in record and left > 0:
                record[each] = time.time() + left / 1000
        return record

    async def _ask_for(self, name: str) -> list[Any]:
        """Return an entry and the milliseconds until it ends."""
        async with self._client.pipeline() as pipeline:
            pipeline.get(name)
            pipeline.pttl(name)
            answers: list[Any] = await pipeline.execute()
            return answers

    async def _write(self, key: str, record: dict[str, Any], seconds: float) -> None:
        milliseconds = max(1, int(seconds * 1000))
        await self._ask(self._client.set(_PREFIX + key, json.dumps(record), px=milliseconds))

    @asynccontextmanager
    async def _lock(self, key: str) -> AsyncIterator[None]:
        """Wait for the other holders, but not for one that has stopped, and not where a token has come meanwhile."""
        name = _PREFIX + key
        lock = self._client.lock(f"{name}:lock", timeout=_LOCK_SECONDS, blocking=False, thread_local=False)
        until = time.monotonic() + self._lock_timeout
        has_lock = False
        while True:
            has_lock = bool(await self._ask(lock.acquire()))
            if has_lock or await self._ask(self._client.get(name)) != self._seen.get(key):
                break
            if time.monotonic() > until:
                self._complain(f"its lock was not free for {self._lock_timeout:g} seconds")
                break
            await asyncio.sleep(_POLL)
        extending = asyncio.create_task(_extend(lock)) if has_lock else None
        try:
            yield
        finally:
            if extending is not None:
                extending.cancel()
                # A lock that ended by itself, or a Redis that has gone, needs no release.
                with suppress(Exception):
                    await asyncio.wait_for(lock.release(), self._timeout)

    async def _ask(self, answer: Awaitable[Any]) -> Any:
        """Return an answer of Redis. Raises OSError, TimeoutError or ValueError."""
        from redis.exceptions import RedisError
        from redis.exceptions import TimeoutError as RedisTimeoutError

        try:
            return await asyncio.wait_for(answer, self._timeout)
        except RedisTimeoutError as error:
            raise TimeoutError from error
        except RedisError as error:
            raise OSError(describe_redis_error(error, f"{_PREFIX}*")) from error


async def _extend(lock: Lock) -> None:
    while True:
        await asyncio.sleep(_EXTEND_EVERY)
        # The next time may succeed; if it does not, the lock ends, and another process requests a token too.
        with suppress(Exception):
            await lock.reacquire()
