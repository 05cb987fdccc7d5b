"""Faults of the Redis of events: nothing is lost, errors are clear, and one executor at a time runs a feed."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from redis import Redis

from tests.events.store.conftest import needs_redis
from tests.events.store.stores import (
    FEED,
    ids_of,
    make_event,
    make_events,
    make_subscription,
    open_redis_store,
    result_of,
)
from threecx_node.errors import ConfigurationError, EventStoreError, PositionGoneError
from threecx_node.events.store import redis_connection, redis_lease
from threecx_node.events.store.event_store import Cursor, DeliveryCounts, Retention
from threecx_node.events.store.open_store import open_event_store
from threecx_node.events.store.redis_store import RedisEventStore
from threecx_node.events.store.secret_box import SecretBox
from tools.lab.redis import RedisServer

pytestmark = [pytest.mark.slow, needs_redis]

SUBSCRIPTION = make_subscription()
PREFIX = "threecx:events:"
OF_FEED = f"{PREFIX}feed:{FEED}"


@pytest.fixture
def store(redis: Redis, tmp_path: Path) -> RedisEventStore:
    return open_redis_store(redis, tmp_path)


def run(store: RedisEventStore, test: Callable[[], Awaitable[None]]) -> None:
    async def whole() -> None:
        try:
            await test()
        finally:
            await store.aclose()

    asyncio.run(whole())


async def fail(awaitable: Awaitable[object]) -> str:
    with pytest.raises(EventStoreError) as caught:
        await awaitable
    return caught.value.one_line()


def test_a_restart_of_redis_loses_nothing(tmp_path: Path) -> None:
    async def test() -> None:
        with RedisServer(tmp_path, keeps=True) as first:
            store = RedisEventStore(f"redis://127.0.0.1:{first.port}/0", SecretBox(tmp_path / "key"))
            await store.add_subscription(SUBSCRIPTION)
            await store.append(FEED, make_events(range(5)), cursor=Cursor("records", {"at": 5}))
            start = await store.newest_position(FEED)
            async with store.lease(FEED) as lease:
                # As kill -9 does, in the second that Redis has not written yet.
                await asyncio.to_thread(first.kill)
                line = await fail(store.append(FEED, make_events([5])))
                assert f"the events in Redis at 127.0.0.1:{first.port} cannot be written" in line
                assert "no connection" in line
                with RedisServer(tmp_path, port=first.port, keeps=True):
                    # Events that Redis has lost are appended again; those that it has kept come once.
                    await store.append(FEED, make_events([5]))
                    assert sorted(ids_of(await store.read(FEED, after=None, limit=10))) == [0, 1, 2, 3, 4, 5]
                    pending = await store.pending_deliveries(SUBSCRIPTION.id, after=None, limit=10)
                    assert sorted(ids_of(pending)) == [0, 1, 2, 3, 4, 5]
                    assert await store.wait_for_events(FEED, start, 60)
                    assert lease.held
                    await store.aclose()

    asyncio.run(test())


def test_what_a_restart_of_redis_lost_is_appended_again(redis: Redis, store: RedisEventStore) -> None:
    async def test() -> None:
        await store.add_subscription(SUBSCRIPTION)
        [before] = await store.append(FEED, [make_event(1)])
        saved = {key: redis.dump(key) or b"" for key in read_keys(redis)}
        await store.append(FEED, [make_event(2)])
        # Redis is restarted with what it had on disk.
        redis.flushall()
        for key, content in saved.items():
            redis.restore(key, 0, content)
        await store.append(FEED, [make_event(3)])
        assert ids_of(await store.read(FEED, after=None, limit=10)) == [1, 2, 3]
        pending = await store.pending_deliveries(SUBSCRIPTION.id, after=None, limit=10)
        assert ids_of(pending) == [1, 2, 3]
        assert ids_of(await store.read(FEED, after=before.position, limit=10)) == [2, 3]

    run(store, test)


def read_keys(client: Any) -> list[bytes]:
    found: list[bytes] = client.keys()
    return found


@pytest.fixture
def short_lease(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, seconds in (("LEASE_SECONDS", 1.0), ("_RENEW_EVERY", 0.2), ("_MARGIN", 0.3)):
        monkeypatch.setattr(redis_lease, name, seconds)
    monkeypatch.setattr(redis_connection, "TIMEOUT", 0.2)


@pytest.mark.usefixtures("short_lease")
def test_the_holder_stops_before_another_takes_over(tmp_path: Path) -> None:
    async def test(server: RedisServer) -> None:
        url = f"redis://127.0.0.1:{server.port}/0"
        first, second = (RedisEventStore(url, SecretBox(tmp_path / "key")) for _ in range(2))
        async with first.lease(FEED) as lease:
            os.kill(server.pid, signal.SIGSTOP)
            try:
                # Redis does not answer: the holder cannot know whether it still has the lease.
                await asyncio.wait_for(lease.lost.wait(), 30)
            finally:
                os.kill(server.pid, signal.SIGCONT)
            assert not lease.held
            async with asyncio.timeout(30), second.lease(FEED) as other:
                assert other.held
                # Late writes of the former holder are refused, and leave nothing.
                with pytest.raises(EventStoreError) as caught:
                    await first.append(FEED, [make_event(1)], cursor=Cursor("records", {"at": 1}))
                assert caught.value.code == "lease_lost"
                assert await first.load_cursor(FEED, "records") is None
                assert ids_of(await second.append(FEED, [make_event(1)])) == [1]
        async with asyncio.timeout(30), first.lease(FEED):
            assert ids_of(await first.append(FEED, [make_event(2)])) == [2]
        await asyncio.gather(first.aclose(), second.aclose())

    with RedisServer(tmp_path) as server:
        asyncio.run(test(server))


@pytest.mark.usefixtures("short_lease")
def test_a_lease_that_redis_lost_is_lost(redis: Redis, store: RedisEventStore) -> None:
    async def test() -> None:
        async with store.lease(FEED) as lease:
            redis.set(f"{OF_FEED}:lease", "another", px=400)
            await asyncio.wait_for(lease.lost.wait(), 30)
            # That of the other one is not removed.
        async with asyncio.timeout(30), store.lease(FEED) as lease:
            assert lease.held
            redis.flushall()
            await asyncio.wait_for(lease.lost.wait(), 30)

    run(store, test)


@pytest.mark.usefixtures("short_lease")
def test_waiting_for_a_lease_outlasts_redis(tmp_path: Path) -> None:
    async def test() -> None:
        with RedisServer(tmp_path) as server:
            port = server.port
        store = RedisEventStore(f"redis://127.0.0.1:{port}/0", SecretBox(tmp_path / "key"))
        waiting = asyncio.create_task(store.lease(FEED).__aenter__())
        assert "no connection" in await fail(store.list_subscriptions())
        assert not waiting.done()
        with RedisServer(tmp_path, port=port):
            lease = await asyncio.wait_for(waiting, 30)
            assert lease.held
            await lease.__aexit__(None, None, None)
            await store.aclose()

    asyncio.run(test())


def test_a_redis_that_hangs_costs_one_time_limit(tmp_path: Path) -> None:
    async def test(server: RedisServer) -> None:
        store = RedisEventStore(f"redis://127.0.0.1:{server.port}/0", SecretBox(tmp_path / "key"))
        store._redis.seconds = 0.2
        await store.append(FEED, [make_event(1)])
        os.kill(server.pid, signal.SIGSTOP)
        try:
            started = time.monotonic()
            assert "it does not answer in time" in await fail(store.append(FEED, [make_event(2)]))
            assert time.monotonic() - started < 10
        finally:
            os.kill(server.pid, signal.SIGCONT)
        # It may have arrived: it is appended once.
        await store.append(FEED, [make_event(2)])
        assert ids_of(await store.read(FEED, after=None, limit=10)) == [1, 2]
        await store.aclose()

    with RedisServer(tmp_path) as server:
        asyncio.run(test(server))


def test_a_full_memory_stores_nothing_half(redis: Redis, store: RedisEventStore) -> None:
    async def test() -> None:
        await store.add_subscription(SUBSCRIPTION)
        await store.append(FEED, [make_event(1)])
        redis.config_set("maxmemory", 1)
        try:
            line = await fail(store.append(FEED, [make_event(2)], cursor=Cursor("records", {"at": 2})))
        finally:
            redis.config_set("maxmemory", 0)
        assert "its memory is full" in line
        assert await store.load_cursor(FEED, "records") is None
        assert ids_of(await store.append(FEED, [make_event(2)])) == [2]
        pending = await store.pending_deliveries(SUBSCRIPTION.id, after=None, limit=10)
        assert ids_of(pending) == [1, 2]

    run(store, test)


def test_an_evicted_journal_is_begun_again(redis: Redis, store: RedisEventStore) -> None:
    async def test() -> None:
        await store.add_subscription(SUBSCRIPTION)
        [stored] = await store.append(FEED, [make_event(1)])
        redis.delete(f"{OF_FEED}:meta")
        # Readers get an error, and deliveries are made all the same.
        with pytest.raises(PositionGoneError):
            await store.read(FEED, after=stored.position, limit=10)
        await store.append(FEED, [make_event(2)])
        with pytest.raises(PositionGoneError):
            await store.read(FEED, after=stored.position, limit=10)
        pending = await store.pending_deliveries(SUBSCRIPTION.id, after=None, limit=10)
        assert ids_of(pending) == [1, 2]
        await store.record_deliveries([result_of(each) for each in pending])
        assert (await store.count_deliveries(SUBSCRIPTION.id)).delivered == 2

    run(store, test)


def test_evicted_events_are_counted_as_dropped(redis: Redis, store: RedisEventStore) -> None:
    async def test() -> None:
        await store.add_subscription(SUBSCRIPTION)
        await store.append(FEED, make_events(range(30)))
        redis.delete(f"{OF_FEED}:log")
        await store.append(FEED, [make_event(30)])
        pending = await store.pending_deliveries(SUBSCRIPTION.id, after=None, limit=10)
        assert ids_of(pending) == [30]
        assert await store.count_deliveries(SUBSCRIPTION.id) == DeliveryCounts(1, 0, 0, 30)
        # Neither the numbers nor the deliveries of a lost journal are mistaken for new ones.
        redis.delete(f"{OF_FEED}:log", f"{OF_FEED}:meta")
        await store.append(FEED, [make_event(31)])
        pending = await store.pending_deliveries(SUBSCRIPTION.id, after=None, limit=10)
        assert ids_of(pending) == [31]

    run(store, test)


def test_a_subscription_that_vanished_is_noticed(redis: Redis, store: RedisEventStore) -> None:
    async def test() -> None:
        await store.add_subscription(SUBSCRIPTION)
        version = await store.subscriptions_version()
        redis.flushall()
        assert await store.subscriptions_version() != version
        assert await store.list_subscriptions() == []
        assert ids_of(await store.append(FEED, [make_event(1)])) == [1]
        assert read_keys(redis)
        assert not [key for key in read_keys(redis) if b"subscription" in key]

    run(store, test)


def test_old_events_are_dropped_with_their_deliveries(redis: Redis, tmp_path: Path) -> None:
    store = open_redis_store(redis, tmp_path, retention=Retention(events=10, days=2, id_weeks=1))

    async def pass_day() -> None:
        redis.hincrbyfloat(f"{OF_FEED}:meta", "day_began", -86_400)
        await store.append(FEED, [])

    async def test() -> None:
        await store.add_subscription(SUBSCRIPTION)
        stored = await store.append(FEED, make_events(range(25)))
        assert ids_of(await store.read(FEED, after=None, limit=50)) == list(range(15, 25))
        assert await store.count_deliveries(SUBSCRIPTION.id) == DeliveryCounts(10, 0, 0, 15)
        with pytest.raises(PositionGoneError):
            await store.read(FEED, after=stored[13].position, limit=50)
        assert len(await store.read(FEED, after=stored[14].position, limit=50)) == 10
        for _ in range(3):
            assert len(await store.read(FEED, after=None, limit=50)) == 10
            await pass_day()
        assert await store.read(FEED, after=None, limit=50) == []
        assert await store.count_deliveries(SUBSCRIPTION.id) == DeliveryCounts(0, 0, 0, 25)
        # IDs are kept longer.
        assert await store.append(FEED, make_events(range(25))) == []
        for _ in range(3):
            redis.hincrbyfloat(f"{OF_FEED}:meta", "week_began", -7 * 86_400)
            await store.append(FEED, [])
        assert len(await store.append(FEED, [make_event(1)])) == 1

    run(store, test)


def test_old_events_of_a_feed_that_is_not_used_are_dropped(redis: Redis, store: RedisEventStore) -> None:
    async def test() -> None:
        await store.append(FEED, make_events(range(300)))
        for _ in range(9):
            redis.hincrbyfloat(f"{OF_FEED}:meta", "day_began", -86_400)
            # About once an hour, while a process looks for new subscriptions.
            store._tidy_at = 0
            await store.subscriptions_version()
        assert await store.read(FEED, after=None, limit=10) == []

    run(store, test)


def test_settings_with_which_redis_loses_keys_are_reported(redis: Redis, tmp_path: Path) -> None:
    notes: list[str] = []
    store = open_redis_store(redis, tmp_path, report=notes.append)

    async def test() -> None:
        for number in range(2):
            await store.append(FEED, [make_event(number)])

    redis.config_set("maxmemory-policy", "allkeys-lru")
    try:
        run(store, test)
    finally:
        redis.config_set("maxmemory-policy", "noeviction")
    first, second = notes
    assert "removes keys when its memory is full (allkeys-lru)" in first
    assert "Set appendonly to yes" in second


def test_two_executors_with_different_keys_are_noticed(
    redis: Redis, store: RedisEventStore, tmp_path: Path
) -> None:
    other = open_redis_store(redis, tmp_path / "other-machine")

    async def test() -> None:
        await store.add_subscription(SUBSCRIPTION)
        for use in (other.list_subscriptions(), other.add_subscription(make_subscription("2"))):
            line = await fail(use)
            assert "is missing. Restore it, or set THREECX_EVENT_KEY to the key" in line
        await other.aclose()

    run(store, test)


@pytest.mark.parametrize(
    "url", ["redis://:planted-pass@127.0.0.1:6379x/0", "redis://user:planted-pass@h:1:2"]
)
def test_a_url_that_cannot_be_used_is_not_shown(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, url: str
) -> None:
    monkeypatch.setenv("THREECX_EVENT_STORE", url)
    with pytest.raises(ConfigurationError) as caught:
        open_event_store(tmp_path, print)
    assert "THREECX_EVENT_STORE cannot be used" in caught.value.one_line()
    assert "planted" not in caught.value.one_line()


def test_a_password_that_redis_refuses_is_named(
    redis: Redis, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    port = redis.connection_pool.connection_kwargs["port"]
    monkeypatch.setenv("THREECX_EVENT_STORE", f"redis://user:planted-pass@127.0.0.1:{port}/0")
    store = open_event_store(tmp_path, print)
    line = asyncio.run(fail(store.list_subscriptions()))
    assert "it refused the user or the password" in line
    assert "planted" not in line + repr(store)


def test_the_missing_package_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "redis.asyncio", None)
    monkeypatch.setenv("THREECX_EVENT_STORE", "redis://127.0.0.1")
    with pytest.raises(ConfigurationError) as caught:
        open_event_store(tmp_path, print)
    assert "threecx-node[redis]" in caught.value.one_line()
