"""The end of the service by SIGTERM."""

from __future__ import annotations

import json
import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from tests.service.conftest import NDJSON, batch, pbx_of, read_url, start, wait_for_requests
from threecx_node.simulator import Simulator


@pytest.mark.skipif(os.name != "posix", reason="Windows has no SIGTERM")
def test_sigterm_lets_a_batch_end() -> None:
    with Simulator(latency_ms=600) as slow, start("--without-key", "--port", "0") as process:
        url = read_url(process)
        pbx = {"baseUrl": slow.base_url, "clientId": slow.client_id, "clientSecret": slow.client_secret}
        body = {"operation": "ListUser", "items": [{"parameters": {"limit": 1}}], "pbx": pbx}
        with httpx.stream("POST", f"{url}/v1/execute", json=body, headers=NDJSON, timeout=20) as answer:
            process.send_signal(signal.SIGTERM)
            text = answer.read().decode()
        process.wait(20)
    assert '"done":true' in text


@pytest.mark.skipif(os.name != "posix", reason="Windows has no SIGTERM")
@pytest.mark.parametrize("accept", ["application/json", "application/x-ndjson"])
def test_grace_ends_a_long_batch(accept: str) -> None:
    with Simulator(latency_ms=200) as slow, start("--without-key", "--port", "0", "--grace", "1") as process:
        url = read_url(process)
        pbx = {"baseUrl": slow.base_url, "clientId": slow.client_id, "clientSecret": slow.client_secret}
        body = {
            "operation": "ListUser",
            "items": [{"parameters": {"limit": 1}}] * 200,
            "options": {"concurrency": 1},
            "pbx": pbx,
        }
        with ThreadPoolExecutor(1) as thread:
            call = thread.submit(
                httpx.post, f"{url}/v1/execute", json=body, headers={"accept": accept}, timeout=30
            )
            wait_for_requests(slow, 3)
            process.send_signal(signal.SIGTERM)
            process.wait(10)
            sent = len(slow.requests)
            assert call.exception() is not None or call.result().status_code in (200, 500)
        time.sleep(0.5)
        assert 3 <= len(slow.requests) == sent < 50


@pytest.mark.parametrize("headers", [{}, NDJSON])
@pytest.mark.skipif(os.name != "posix", reason="Windows has no SIGTERM")
def test_results_are_sent_when_the_grace_ends(headers: dict[str, str]) -> None:
    with Simulator(latency_ms=300) as slow, start("--without-key", "--port", "0", "--grace", "1") as process:
        url = read_url(process)
        body = batch("ListUser", [{"limit": 1}] * 60, pbx_of(slow), concurrency=2)
        with ThreadPoolExecutor(1) as thread:
            call = thread.submit(httpx.post, f"{url}/v1/execute", json=body, headers=headers, timeout=30)
            wait_for_requests(slow, 3)
            process.send_signal(signal.SIGTERM)
            answer = call.result()
        process.wait(20)
    assert answer.status_code == 200
    if headers:
        assert '"done":true' in answer.text
        results = [json.loads(line) for line in answer.text.splitlines() if line][:-1]
    else:
        results = answer.json()["results"]
    assert len(results) == 60
    done = [each for each in results if "items" in each]
    assert 3 <= len(done) < 60
    assert all(each["error"]["code"] == "not_attempted" for each in results if "items" not in each)
