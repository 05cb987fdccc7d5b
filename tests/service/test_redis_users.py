"""The Redis of the stores: a user with the permissions of the documentation, and a cluster."""

from __future__ import annotations

import asyncio
import inspect
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis
from redis.exceptions import NoPermissionError

from tests.events.store.conftest import needs_redis
from tests.events.store.stores import FEED, ids_of, make_events, make_subscription, result_of
from tests.support import ROOT
from threecx_credentials import Token
from threecx_credentials.redis_store import RedisTokenStore
from threecx_node.errors import EventStoreError, JournalError
from threecx_node.events.store import redis_scripts
from threecx_node.events.store.event_store import Cursor
from threecx_node.events.store.redis_store import RedisEventStore
from threecx_node.events.store.secret_box import SecretBox
from threecx_node.execution.journal import BatchIdentity
from threecx_node.service.redis_batches import RedisBatchStore
from tools.lab.redis import RedisServer

pytestmark = [pytest.mark.slow, needs_redis]

BATCH = "2f0e5f8c-0000-4000-8000-000000000001"
IDENTITY = BatchIdentity("DeleteCallFlowApp", 1, "https://pbx.example.com:5001", "900", {})


def read_documented_user() -> list[str]:
    """Return name and rules of the user in the documentation."""
    page = (ROOT / "docs/production.md").read_text(encoding="utf-8")
    [line] = [each for each in page.splitlines() if each.startswith("user threecx ")]
    return line.split()[1:]


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    """The URL of a Redis, with the user of the documentation."""
    with RedisServer(tmp_path) as server, Redis(port=server.port) as client:
        client.execute_command("ACL", "SETUSER", *read_documented_user())
        yield f"redis://threecx:PASSWORD@127.0.0.1:{server.port}/0"


def open_events(url: str, folder: Path, notes: list[str]) -> RedisEventStore:
    return RedisEventStore(url, SecretBox(folder / "subscriptions.key"), report=notes.append)


async def use_events(store: RedisEventStore) -> None:
    """Call all that an executor uses."""
    subscription = make_subscription()
    await store.add_subscription(subscription)
    async with store.lease(FEED):
        await store.append(FEED, make_events(range(3)), cursor=Cursor("records", {"next": 3}))
    assert await store.load_cursor(FEED, "records") == {"next": 3}
    position = (await store.read(FEED, after=None, limit=1))[0].position
    assert await store.wait_for_events(FEED, position, 5)
    assert not await store.wait_for_events(FEED, await store.newest_position(FEED), 0.01)
    pending = await store.pending_deliveries(subscription.id, after=None, limit=10)
    assert ids_of(pending) == [0, 1, 2]
    await store.record_deliveries([result_of(pending[0]), result_of(pending[1], "retry", minutes=1)])
    assert len(await store.list_deliveries(subscription.id, 10)) == 2
    assert (await store.count_deliveries(subscription.id)).delivered == 1
    await store.set_state(subscription.id, "parked", "it is gone")
    await store.resume(subscription.id)
    await store.announce_wants(FEED, "process", frozenset({"call.missed"}), 30)
    assert await store.list_wants(FEED) == {"call.missed"}
    assert [each.state for each in await store.list_subscriptions()] == ["active"]
    await store._drop_old()
    assert await store.remove_subscription(subscription.id)


def test_the_documented_user_may_do_what_the_stores_need(url: str, tmp_path: Path) -> None:
    async def use_all() -> None:
        events = open_events(url, tmp_path, notes)
        await use_events(events)
        await events.aclose()

        batches = RedisBatchStore(url)
        journal = await batches.open(BATCH, IDENTITY, resume=False)
        await journal.close()
        described = await batches.describe(BATCH)
        assert described is not None
        assert described["status"] == "finished"
        await batches.aclose()

        tokens = RedisTokenStore(url, report=notes.append)
        async with tokens.lock("key"):
            await tokens.save("key", Token.from_response("token-1", 3600, time.time()))
        assert await tokens.load("key") is not None
        await tokens.aclose()

    notes: list[str] = []
    asyncio.run(use_all())
    # The warning about its settings needs INFO.
    assert ["append-only" in each for each in notes] == [True]


def test_the_documented_user_may_do_nothing_else(url: str) -> None:
    with Redis.from_url(url) as client:
        for words in (
            ["GET", "other"],
            ["KEYS", "*"],
            ["CONFIG", "GET", "*"],
            ["FLUSHALL"],
            ["DEL", "other"],
        ):
            with pytest.raises(NoPermissionError):
                client.execute_command(*words)
        client.set("threecx:token:x", "1")


def test_a_cluster_is_refused_in_one_line(tmp_path: Path) -> None:
    async def fail_all(url: str) -> list[str]:
        events = open_events(url, tmp_path, [])
        with pytest.raises(EventStoreError) as no_events:
            await events.subscriptions_version()
        await events.aclose()
        batches = RedisBatchStore(url)
        with pytest.raises(JournalError) as no_journal:
            await batches.open(BATCH, IDENTITY, resume=False)
        await batches.aclose()
        notes: list[str] = []
        tokens = RedisTokenStore(url, report=notes.append)
        assert await tokens.load("key") is None
        await tokens.aclose()
        return [no_events.value.one_line(), no_journal.value.one_line(), *notes]

    with RedisServer(tmp_path, is_cluster=True) as server:
        lines = asyncio.run(fail_all(f"redis://127.0.0.1:{server.port}/0"))
    assert len(lines) == 3
    for line in lines:
        assert (
            "it is a Redis Cluster, which is not supported: use a Redis that is not part of a cluster" in line
        )


def test_the_documented_user_may_run_all_commands_of_the_scripts() -> None:
    rules = {each.removeprefix("+").partition("|")[0] for each in read_documented_user()}
    called = set(re.findall(r"redis\.call\('(\w+)'", inspect.getsource(redis_scripts)))
    assert len(called) > 20
    assert called <= rules
