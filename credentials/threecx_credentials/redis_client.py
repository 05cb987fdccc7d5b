"""Open a client of Redis by its URL. Redis is an extra: its package is imported where a URL asks for it."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from redis.asyncio import Redis

_SCHEMES = ("redis://", "rediss://", "unix://")
EXAMPLE = "redis://:PASSWORD@HOST:6379/0"
CLUSTER = "it is a Redis Cluster, which is not supported: use a Redis that is not part of a cluster"
INSTALL = "Install it: pip install 'threecx-node[redis]'."


def is_redis_url(value: str) -> bool:
    """Return whether a value is the URL of a Redis."""
    return value.lower().startswith(_SCHEMES)


def open_redis(url: str, timeout: float) -> Redis:
    """Return a client that connects when it is first used; `timeout` is in seconds, for each access.

    Raises ImportError where the package `redis` is not installed, and ValueError for a URL that cannot be used. The
    text of the error does not repeat the URL, which may contain a password.
    """
    from redis.asyncio import Redis

    try:
        client: Redis = Redis.from_url(
            url, socket_timeout=timeout, socket_connect_timeout=timeout, decode_responses=False
        )
        name_redis(url)
    except (ValueError, TypeError, AttributeError):
        raise ValueError("the URL of Redis cannot be used") from None
    return client


def name_redis(url: str) -> str:
    """Return host and port of a URL, or the path of its socket, for messages. Raises ValueError."""
    parts = urlsplit(url)
    return parts.netloc.rpartition("@")[2] or parts.path


def describe_redis_error(error: BaseException, keys: str) -> str:
    """Return what is wrong with a Redis in words; `keys` is the pattern of the keys that are used."""
    from redis.exceptions import (
        AskError,
        AuthenticationError,
        ClusterCrossSlotError,
        ClusterDownError,
        NoPermissionError,
        OutOfMemoryError,
        ReadOnlyError,
    )
    from redis.exceptions import ConnectionError as RedisConnectionError
    from redis.exceptions import TimeoutError as RedisTimeoutError

    for kind, words in (
        (AuthenticationError, "it refused the user or the password"),
        (NoPermissionError, f"the user has no permission for the keys {keys}, or for a command"),
        # A MovedError is an AskError.
        ((AskError, ClusterDownError, ClusterCrossSlotError), CLUSTER),
        (ReadOnlyError, "it is a replica, which cannot be written to"),
        (OutOfMemoryError, "its memory is full"),
        ((RedisTimeoutError, TimeoutError), "it does not answer in time"),
        (RedisConnectionError, "no connection, or it was closed"),
    ):
        if isinstance(error, kind):
            return words
    return " ".join(str(error).split())
