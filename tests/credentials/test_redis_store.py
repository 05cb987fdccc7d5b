"""Tokens in a real Redis: shared by machines whose clocks differ, and never a reason for a request to fail."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from threecx_credentials import LoginRefusedError, RedisTokenStore, Secret, Token, TokenStoreError
from tools.lab.redis import RedisServer

KEY = "1" * 64
NAME = f"threecx:token:{KEY}"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("redis-server") is None, reason="make programs installs redis-server"),
]


@pytest.fixture(scope="module")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    with RedisServer(tmp_path_factory.mktemp("redis")) as server:
        yield server


def url(server: RedisServer) -> str:
    return f"redis://127.0.0.1:{server.port}/0"


def make_token(text: str, seconds: float = 3600) -> Token:
    return Token(Secret(text), time.time() + seconds)


async def read(store: RedisTokenStore) -> str | None:
    token = await store.load(KEY)
    return token.access_token.reveal() if token else None


def test_machines_share_a_token_although_their_clocks_differ(
    redis: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def run() -> None:
        first, second = RedisTokenStore(url(redis)), RedisTokenStore(url(redis))
        now = time.time()
        await first.save(KEY, Token(Secret("token-1"), now + 1000))
        for skew in (-600.0, 600.0):
            monkeypatch.setattr("time.time", lambda moment=now + skew: moment)
            token = await second.load(KEY)
            assert token is not None
            assert token.access_token.reveal() == "token-1"
            # By the clock of the second machine it is valid for as long.
            assert token.renew_at == pytest.approx(now + skew + 1000, abs=30)
        monkeypatch.undo()
        assert await first._client.pttl(NAME) <= 1_000_000
        for store in (first, second):
            await store.aclose()

    asyncio.run(run())


def test_only_one_machine_at_a_time_requests_a_token(redis: RedisServer) -> None:
    inside = most = 0

    async def use(store: RedisTokenStore) -> None:
        nonlocal inside, most
        async with store.lock("2" * 64):
            inside += 1
            most = max(most, inside)
            await asyncio.sleep(0)
            inside -= 1

    async def run() -> None:
        stores = [RedisTokenStore(url(redis)) for _ in range(4)]
        await asyncio.gather(*(use(each) for each in stores))
        for store in stores:
            await store.aclose()

    asyncio.run(run())
    assert most == 1


def test_the_lock_of_a_killed_process_ends_by_itself(redis: RedisServer) -> None:
    async def run() -> None:
        notes: list[str] = []
        store = RedisTokenStore(url(redis), report=notes.append, lock_timeout=60)
        # As a holder leaves it that was killed when the lock had a moment to live.
        await store._client.set("threecx:token:" + "3" * 64 + ":lock", "dead", px=200)
        async with store.lock("3" * 64):
            pass
        # One that lives but has stopped is not waited for beyond the limit.
        await store._client.set("threecx:token:" + "4" * 64 + ":lock", "stopped", px=60_000)
        store._lock_timeout = 0.1
        async with store.lock("4" * 64):
            pass
        assert len(notes) == 1
        assert "its lock was not free for 0.1 seconds" in notes[0]
        await store.aclose()

    asyncio.run(run())


def test_refusals_are_shared_for_a_moment(redis: RedisServer) -> None:
    async def run() -> None:
        first, second = RedisTokenStore(url(redis)), RedisTokenStore(url(redis))
        await first.save_refusal(KEY, LoginRefusedError(401, "unauthorized", "unknown client"), 10)
        shared = await second.load_refusal(KEY)
        assert shared is not None
        assert shared.description == "unknown client"
        assert 0 < await first._client.pttl(f"{NAME}-refusal") <= 10_000
        for store in (first, second):
            await store.aclose()

    asyncio.run(run())


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"\xff", b"[" * 100_000, json.dumps({"access_token": 5, "renew_at": 1}).encode()],
)
def test_a_corrupt_entry_costs_sharing(redis: RedisServer, content: bytes) -> None:
    async def run() -> None:
        notes: list[str] = []
        store = RedisTokenStore(url(redis), report=notes.append)
        await store._client.set(NAME, content)
        assert await read(store) is None
        await store.save(KEY, make_token("token-2"))
        assert await read(store) == "token-2"
        assert len(notes) == 1
        await store.aclose()

    asyncio.run(run())


async def use_all(store: RedisTokenStore) -> None:
    assert await read(store) is None
    async with store.lock(KEY):
        await store.save(KEY, make_token("token-1"))
    assert await store.load_refusal(KEY) is None
    assert await read(store) == "token-1"
    await store.aclose()


def test_a_redis_that_is_down_costs_sharing() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        notes: list[str] = []
        asyncio.run(use_all(RedisTokenStore(f"redis://:s3cr3t@127.0.0.1:{port}/0", report=notes.append)))
    [note] = notes
    assert f"Redis at 127.0.0.1:{port}" in note
    assert "s3cr3t" not in note


def test_a_redis_that_hangs_costs_one_time_limit(tmp_path: Path) -> None:
    with RedisServer(tmp_path) as server:
        notes: list[str] = []
        store = RedisTokenStore(url(server), report=notes.append, timeout=0.2)
        os.kill(server.pid, signal.SIGSTOP)
        try:
            started = time.monotonic()
            asyncio.run(use_all(store))
            # One access waits; then Redis is left alone.
            assert time.monotonic() - started < 10
        finally:
            os.kill(server.pid, signal.SIGCONT)
    [note] = notes
    assert "did not answer within 0.2 seconds" in note


def test_a_password_that_redis_refuses_is_named(redis: RedisServer) -> None:
    notes: list[str] = []
    store = RedisTokenStore(f"redis://user:s3cr3t@127.0.0.1:{redis.port}/0", report=notes.append)
    asyncio.run(use_all(store))
    assert "it refused the user or the password" in notes[0]
    assert "s3cr3t" not in notes[0]


def test_the_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "redis.asyncio", None)
    with pytest.raises(TokenStoreError) as caught:
        RedisTokenStore("redis://127.0.0.1")
    assert "threecx-node[redis]" in caught.value.remedy
