"""Batches of calls after `kill -9`: a call that was made is reported, one that may have been made is unknown."""

from __future__ import annotations

import json
import signal
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.service.conftest import batch, read_url, start
from tests.service.test_batches import end_lease
from tests.transport.servers import response, running
from tools.lab.redis import RedisServer

CALLS = [
    {"dn": dn, "deviceId": "sip:1", "destination": "115", "waitFor": "ended", "waitTimeout": 600}
    for dn in ("100", "101")
]


@dataclass
class Office:
    """A PBX on which 100 makes a call that goes on, and the request of 101 gets no answer."""

    made: list[str] = field(default_factory=list)
    is_waited_for: threading.Event = field(default_factory=threading.Event)
    is_asked: threading.Event = field(default_factory=threading.Event)
    port: int = 0

    @property
    def pbx(self) -> dict[str, Any]:
        return {
            "baseUrl": f"http://127.0.0.1:{self.port}",
            "clientId": "900",
            "clientSecret": "s3cr3t-key",
        }

    def answer(self, head: str) -> bytes | None:
        leg = {"id": 7, "dn": "100", "status": "Dialing", "callid": 5, "legid": 1}
        if head.startswith("POST /callcontrol/"):
            self.made.append(head)
            if "/101/" in head:
                self.is_asked.set()
                return None
            result = {"finalstatus": "Success", "reason": "None", "reasontext": "", "result": leg}
            return response(202, json.dumps(result).encode())
        if "/participants/7" in head:
            # The record of the call is written before the first look at it.
            self.is_waited_for.set()
            return response(200, json.dumps(leg).encode())
        return response(404, b'{"error": {"code": "", "message": "no"}}')


@contextmanager
def office() -> Iterator[Office]:
    found = Office()
    with running(found.answer) as server:
        found.port = server.port
        yield found


def describe(url: str, batch_id: str) -> dict[str, Any]:
    described: dict[str, Any] = httpx.get(f"{url}/v1/batches/{batch_id}", timeout=60).json()
    return described


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="Windows has no kill -9")
@pytest.mark.parametrize("store", ["folder", "redis"])
def test_calls_of_a_service_that_was_killed(tmp_path: Path, store: str) -> None:
    if store == "folder":
        check_killed(tmp_path, {}, None)
        return
    with RedisServer(tmp_path) as redis:
        check_killed(tmp_path, {"THREECX_BATCH_STORE": f"redis://127.0.0.1:{redis.port}/0"}, redis)


def check_killed(folder: Path, env: dict[str, str], redis: RedisServer | None) -> None:
    batch_id = str(uuid.uuid4())
    arguments = ("--without-key", "--port", "0", "--state-dir", str(folder))
    with office() as pbx:
        options = {"continueOnFail": True, "retryTime": 0}
        body = {**batch("PlaceCall", CALLS, pbx.pbx, **options), "batchId": batch_id, "resume": True}
        with start(*arguments, env=env) as process:
            url = read_url(process)
            running_batch = threading.Thread(target=post, args=(url, body))
            running_batch.start()
            assert pbx.is_waited_for.wait(60)
            assert pbx.is_asked.wait(60)
            described = describe(url, batch_id)
            # Neither has a result while the batch is running, though one of the calls is known.
            assert (described["status"], described["results"]) == ("running", [{"outcome": "pending"}] * 2)
            process.kill()
            process.wait(60)
            running_batch.join(60)
        if redis is not None:
            end_lease(redis, batch_id)
        with start(*arguments, env=env) as process:
            url = read_url(process)
            check_results(describe(url, batch_id), "interrupted")
            answer = httpx.post(f"{url}/v1/execute", json=body, timeout=60).json()
            made, unknown = answer["results"]
            assert made["items"][0]["json"]["callId"] == 5
            assert unknown["error"]["outcome"] == "unknown"
            check_results(describe(url, batch_id), "finished")
            process.terminate()
            process.wait(60)
        # Each call was asked for once.
        assert sorted(each.split("/")[2] for each in pbx.made) == ["100", "101"]


def check_results(described: dict[str, Any], status: str) -> None:
    assert described["status"] == status
    made, unknown = described["results"]
    assert (made["outcome"], unknown["outcome"], unknown["error"]["code"]) == (
        "done",
        "unknown",
        "interrupted",
    )
    [item] = made["items"]
    assert (item["json"]["reason"], item["json"]["status"]) == ("WaitStopped", "Dialing")
    assert (item["json"]["call"]["participantId"], item["json"]["call"]["callId"]) == (7, 5)


def post(url: str, body: dict[str, Any]) -> None:
    with pytest.raises(httpx.TransportError):
        httpx.post(f"{url}/v1/execute", json=body, timeout=60)
