"""Open a client of Redis by its URL. Redis is an extra: its package is imported where a URL asks for it."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from redis.asyncio import Redis

_SCHEMES = ("redis://", "rediss://", "unix://")
EXAMPLE = "redis://:PASSWORD@HOST:6379/0"
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
