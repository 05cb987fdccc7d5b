"""Ask a Redis for the store of events, and say what is wrong where it does not answer."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from threecx_credentials.redis_client import (
    CLUSTER,
    EXAMPLE,
    INSTALL,
    describe_redis_error,
    name_redis,
    open_redis,
)

from ...errors import ConfigurationError, EventStoreError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from redis.asyncio import Redis

PREFIX = "threecx:events:"
TIMEOUT = 5.0
_CHECK = "Check that Redis is running and reachable. Events are read from 3CX again as soon as it is."


class RedisConnection:
    """The connections to the Redis at `url`. Raise ConfigurationError if the URL or the package cannot be used.

    `seconds` is how long an access may take. `report` takes a line where the settings of the Redis do not fit, once.
    """

    def __init__(self, url: str, report: Callable[[str], None] | None = None) -> None:
        try:
            self.client: Redis = open_redis(url, TIMEOUT)
        except ImportError as error:
            raise ConfigurationError(
                "events cannot be stored in Redis: the package redis is not installed", description=INSTALL
            ) from error
        except ValueError as error:
            raise ConfigurationError(
                "the URL of Redis in THREECX_EVENT_STORE cannot be used",
                description=f"It looks like {EXAMPLE}.",
            ) from error
        self.host = name_redis(url)
        self.seconds = TIMEOUT
        self._report = report or _report_nothing
        self._checking = asyncio.Lock()
        self._is_checked = False

    async def run(self, script: str, *arguments: str | bytes | float, keys: tuple[str, ...] = ()) -> Any:
        """Return what a script returns. Raise EventStoreError."""
        return await self.ask(self.client.register_script(script)(keys=keys, args=arguments))

    async def ask(self, answer: Awaitable[Any], seconds: float = 0) -> Any:
        """Return an answer of Redis, which may take `seconds`, or as long as each access may. Raise EventStoreError."""
        try:
            await self._check_once()
        except BaseException:
            if asyncio.iscoroutine(answer):
                answer.close()
            raise
        return await self._wait(answer, seconds)

    async def aclose(self) -> None:
        """Close the connections."""
        with suppress(Exception):
            await self.client.aclose()

    async def _wait(self, answer: Awaitable[Any], seconds: float = 0) -> Any:
        from redis.exceptions import RedisError

        try:
            return await asyncio.wait_for(answer, seconds or self.seconds)
        except (RedisError, OSError, TimeoutError) as error:
            raise self._describe(describe_redis_error(error, f"{PREFIX}*")) from error

    def _describe(self, reason: str) -> EventStoreError:
        return EventStoreError(
            f"the events in Redis at {self.host} cannot be written or read: {reason}", description=_CHECK
        )

    async def _check_once(self) -> None:
        """Check the kind and the settings of the Redis before its first use. Raise EventStoreError."""
        from redis.exceptions import ResponseError

        async with self._checking:
            if self._is_checked:
                return
            try:
                info = await self._wait(self.client.info())
            except EventStoreError as error:
                # Some Redis of a cloud refuses INFO; then nothing is known.
                if not isinstance(error.__cause__, ResponseError):
                    raise
                info = {}
            if str(info.get("cluster_enabled", "0")) == "1":
                raise self._describe(CLUSTER)
            self._is_checked = True
        self._report_settings(info)

    def _report_settings(self, info: Mapping[str, Any]) -> None:
        """Report settings with which Redis loses subscriptions and events."""
        if str(info.get("maxmemory_policy", "")).startswith("allkeys"):
            self._report(
                f"threecx: note: Redis at {self.host} removes keys when its memory is full "
                f"({info['maxmemory_policy']}): subscriptions and events may be lost. Set maxmemory-policy to "
                "noeviction or a volatile policy."
            )
        if str(info.get("aof_enabled", "1")) == "0":
            self._report(
                f"threecx: note: Redis at {self.host} keeps no append-only file: its restart may lose "
                "subscriptions and events. Set appendonly to yes."
            )


def _report_nothing(_line: str) -> None:
    pass
