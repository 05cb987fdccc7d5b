"""Wrong keys in a row are slowed down by address; the right key, and the service itself, are not."""

from __future__ import annotations

import asyncio
import time
import tracemalloc
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from tests.service.conftest import serving
from threecx_node.service import slow_down
from threecx_node.service.log import RefusalLog
from threecx_node.service.slow_down import LONGEST_DELAY, SlowDown, compute_delay

KEY = "the-right-key-of-this-test"
WRONG = {"authorization": "Bearer wrong"}
RIGHT = {"authorization": f"Bearer {KEY}"}


def fields(client: httpx.Client, headers: dict[str, str]) -> int:
    return client.post("/v1/fields", json={"operation": "UpdateUser"}, headers=headers).status_code


def test_wrong_keys_wait_and_the_right_key_does_not() -> None:
    with serving(key=KEY) as service, ThreadPoolExecutor(1) as thread:
        assert [fields(service, WRONG) for _ in range(6)] == [401] * 6
        began = time.monotonic()
        delayed = thread.submit(fields, service, WRONG)
        # Of the same address, while a wrong key waits there.
        assert fields(service, RIGHT) == 200
        right = time.monotonic() - began
        assert delayed.result() == 401
        assert time.monotonic() - began > compute_delay(2) > right


def test_many_wrong_keys_at_once_do_not_fill_the_service(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slow_down, "LONGEST_DELAY", 1.0)
    with serving(key=KEY) as service, ThreadPoolExecutor(60) as threads:
        for _ in range(4):
            fields(service, WRONG)
        answers = [threads.submit(fields, service, WRONG) for _ in range(60)]
        assert fields(service, RIGHT) == 200
        statuses = [each.result() for each in answers]
    # Those for whom there is no room must wait.
    assert set(statuses) <= {401, 429}
    assert 429 in statuses


def delays_of(waits: Coroutine[Any, Any, None], monkeypatch: pytest.MonkeyPatch) -> list[float]:
    delays: list[float] = []

    async def wait_for(waiting: Coroutine[Any, Any, bool], seconds: float) -> None:
        waiting.close()
        delays.append(seconds)
        raise TimeoutError

    monkeypatch.setattr("threecx_node.service.slow_down.asyncio.wait_for", wait_for)
    asyncio.run(waits)
    return delays


def test_delays_grow_up_to_a_bound_by_address(monkeypatch: pytest.MonkeyPatch) -> None:
    slow = SlowDown()

    async def refuse() -> None:
        for _ in range(20):
            assert await slow.wait("192.0.2.1")
        # Others are answered at once.
        for _ in range(3):
            await slow.wait("192.0.2.2")
        # All addresses of an IPv6 network are one caller's, and IPv4 has two forms.
        for number in range(4):
            await slow.wait(f"2001:db8::{number:x}")
        await slow.wait("::ffff:192.0.2.1")

    delays = delays_of(refuse(), monkeypatch)
    assert delays[:7] == [0.25, 0.5, 1, 2, 4, 8, LONGEST_DELAY]
    assert delays[-2:] == [0.25, LONGEST_DELAY]
    assert len(delays) == 17 + 1 + 1


def test_memory_for_addresses_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slow_down, "_MOST_ADDRESSES", 100)
    slow, refusals = SlowDown(), RefusalLog()

    async def refuse() -> None:
        for number in range(20_000):
            address = f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}"
            await slow.wait(address)
            refusals.add(address, "the executor key is wrong")

    tracemalloc.start()
    asyncio.run(refuse())
    used, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert used < 1_000_000


def test_one_line_a_minute_by_address(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 1000.0
    monkeypatch.setattr("threecx_node.service.log.time.monotonic", lambda: now)
    refusals = RefusalLog()
    with caplog.at_level("WARNING", "threecx.service"):
        for _ in range(300):
            refusals.add("192.0.2.1", "the executor key is wrong")
        refusals.add("192.0.2.2", "the executor key is missing")
        now += 59
        refusals.add("192.0.2.1", "the executor key is wrong")
        assert len(caplog.records) == 2
        now += 2
        refusals.add("192.0.2.1", "the executor key is wrong")
        assert caplog.records[-1].getMessage().endswith("is wrong (300 more since the previous line)")
        for number in range(1_000):
            refusals.add(f"198.51.100.{number}", "the executor key is wrong")
    assert len(caplog.records) <= 3 + 100


def test_an_invented_address_of_a_proxy_does_not_help(caplog: pytest.LogCaptureFixture) -> None:
    with serving(key=KEY) as service, caplog.at_level("WARNING", "threecx.service"):
        began = time.monotonic()
        for number in range(6):
            assert fields(service, {**WRONG, "x-forwarded-for": f"203.0.113.{number}"}) == 401
        assert time.monotonic() - began > compute_delay(0) + compute_delay(1)
        for number in range(6):
            assert fields(service, {**RIGHT, "x-forwarded-for": f"203.0.113.{number}"}) == 200
    lines = [each.getMessage() for each in caplog.records if "refused a request" in each.getMessage()]
    assert lines == ["refused a request from 127.0.0.1 for 203.0.113.0: the executor key is wrong"]
