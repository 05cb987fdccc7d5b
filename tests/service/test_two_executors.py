"""Two real executors with one Redis: kill -9 of the one that runs the feed loses no event."""

from __future__ import annotations

import json
import re
import signal
import time
from collections import defaultdict
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest
from redis import Redis

from tests.events.store.conftest import needs_redis, read_key
from tests.service.conftest import pbx_of, read_url, start
from tests.service.event_callers import OUTSIDE, Receiver, receiving
from threecx_node.events.delivery.signature import make_secret
from threecx_node.simulator import Simulator
from tools.lab.redis import RedisServer

# 32 bytes in base64.
KEY = "cGxhbnRlZC1rZXktb2YtdGhlLWV2ZW50cy1zdG9yZSE="
TYPES = ["call.ringing", "call.missed"]

pytestmark = [
    pytest.mark.slow,
    needs_redis,
    pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="Windows has no kill -9"),
]


class Seen:
    """The events that a receiver got: the IDs of the deliveries by call and type."""

    def __init__(self, receiver: Receiver) -> None:
        self._receiver = receiver
        self.ids: dict[tuple[int, str], set[str]] = defaultdict(set)

    def wait_for(self, call_id: int, name: str) -> None:
        """Take deliveries until the event has come; those that the receiver refused do not count."""
        while (call_id, name) not in self.ids:
            headers, body = self._receiver.got.get(timeout=60)
            event = json.loads(body)
            if self._receiver.status < 300:
                self.ids[event["call"]["callId"], event["type"]].add(headers["webhook-id"])


def test_another_executor_takes_over(tmp_path: Path) -> None:
    secret = make_secret()
    with ExitStack() as stack:
        redis = stack.enter_context(RedisServer(tmp_path))
        pbx = stack.enter_context(Simulator(monitored=["100", "101"]))
        receiver = stack.enter_context(receiving())
        seen = Seen(receiver)
        address = f"redis://127.0.0.1:{redis.port}/0"
        env = {
            "THREECX_EVENT_STORE": address,
            "THREECX_TOKEN_STORE": address,
            "THREECX_BATCH_STORE": address,
            "THREECX_EVENT_KEY": KEY,
        }

        processes = [
            stack.enter_context(
                start("--without-key", "--port", "0", "--state-dir", str(tmp_path / name), env=env)
            )
            for name in ("a", "b")
        ]
        urls = [read_url(each) for each in processes]
        body = {"pbx": pbx_of(pbx), "events": TYPES, "url": receiver.url, "secret": secret}
        answer = httpx.post(f"{urls[0]}/v1/subscriptions", json=body, timeout=30)
        assert answer.status_code == 201, answer.text
        path = answer.headers["location"]
        holder = find_holder(urls)
        other = 1 - holder
        assert httpx.get(f"{urls[other]}{path}", timeout=30).json()["url"] == receiver.url

        calls = [pbx.calls.inbound(OUTSIDE, to="100") for _ in range(2)]
        for call in calls:
            seen.wait_for(call.id, "call.ringing")
        # A delivery that still waits when its executor is killed.
        receiver.status = 503
        waiting = pbx.calls.inbound(OUTSIDE, to="101")
        receiver.got.get(timeout=30)
        processes[holder].kill()
        processes[holder].wait(60)
        receiver.status = 204
        # A call that ends while no executor listens, and one that ends later.
        calls[0].hang_up()
        seen.wait_for(calls[0].id, "call.missed")
        calls[1].hang_up()
        waiting.hang_up()
        seen.wait_for(calls[1].id, "call.missed")
        seen.wait_for(waiting.id, "call.ringing")
        seen.wait_for(waiting.id, "call.missed")

        last = pbx.calls.inbound(OUTSIDE, to="100")
        seen.wait_for(last.id, "call.ringing")
        assert {len(ids) for ids in seen.ids.values()} == {1}, seen.ids
        wait_until_delivered(f"{urls[other]}{path}", 7)
        check_secrets(redis.port, [secret, pbx.client_secret, receiver.url, KEY])
        processes[other].terminate()
        processes[other].wait(60)


def find_holder(urls: list[str]) -> int:
    """Return which executor is connected to the PBX, as soon as one is."""
    deadline = time.monotonic() + 30
    while True:
        texts = [httpx.get(f"{url}/metrics", timeout=30).text for url in urls]
        found = [
            number
            for number, text in enumerate(texts)
            if re.search(r"^threecx_feed_connected\{.*\} 1\.0$", text, re.MULTILINE)
        ]
        if found:
            return found[0]
        assert time.monotonic() < deadline, texts
        time.sleep(0.05)


def wait_until_delivered(url: str, count: int) -> None:
    deadline = time.monotonic() + 30
    while True:
        found: dict[str, Any] = httpx.get(url, timeout=30).json()["deliveries"]
        if found["pending"] == 0 and found["delivered"] == count:
            return
        assert time.monotonic() < deadline, found
        time.sleep(0.05)


def check_secrets(port: int, secrets: list[str]) -> None:
    with Redis(port=port) as client:
        keys: Any = client.keys("threecx:events:*")
        stored = b"".join(read_key(client, key) for key in keys)
    assert b"call.missed" in stored
    assert not [each for each in secrets if each.encode() in stored]
