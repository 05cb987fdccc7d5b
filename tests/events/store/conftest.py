"""The stores of events under test: SQLite in a folder of its own, and a real Redis."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from redis import Redis

from tests.events.store.stores import open_redis_store, open_sqlite
from threecx_node.events.store.event_store import EventStore, Retention
from tools.lab.redis import RedisServer

needs_redis = pytest.mark.skipif(
    shutil.which("redis-server") is None, reason="make programs installs redis-server"
)


@pytest.fixture(scope="package")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    with RedisServer(tmp_path_factory.mktemp("redis")) as server:
        yield server


@pytest.fixture
def redis(redis_server: RedisServer) -> Iterator[Redis]:
    """A client of an empty Redis."""
    with Redis(port=redis_server.port) as client:
        client.flushall()
        yield client


@pytest.fixture(params=["sqlite", pytest.param("redis", marks=[pytest.mark.slow, needs_redis])])
def backing(request: pytest.FixtureRequest, tmp_path: Path) -> Path | Redis:
    """The folder or the Redis of a store."""
    if request.param == "sqlite":
        return tmp_path
    client: Redis = request.getfixturevalue("redis")
    return client


@pytest.fixture
def open_store(backing: Path | Redis, tmp_path: Path) -> Callable[..., EventStore]:
    """Open a store; each call is as another process with the same file or Redis."""

    def open_one(**kept: int) -> EventStore:
        if isinstance(backing, Path):
            return open_sqlite(backing, retention=Retention(**kept))
        return open_redis_store(backing, tmp_path, retention=Retention(**kept))

    return open_one


@pytest.fixture
def dump(backing: Path | Redis) -> Callable[[], bytes]:
    """Return all that is stored, without the key."""

    def read() -> bytes:
        if isinstance(backing, Path):
            return b"".join(each.read_bytes() for each in (backing / "state").glob("events.sqlite3*"))
        keys: Any = backing.keys()
        return b"".join(read_key(backing, key) for key in keys)

    return read


def read_key(client: Any, key: bytes) -> bytes:
    """Return a key with its value in whatever form."""
    kinds = {
        b"string": lambda: client.get(key),
        b"hash": lambda: client.hgetall(key),
        b"zset": lambda: client.zrange(key, 0, -1),
        b"set": lambda: client.smembers(key),
        b"list": lambda: client.lrange(key, 0, -1),
        b"stream": lambda: client.xrange(key),
    }
    return key + repr(kinds[client.type(key)]()).encode()
