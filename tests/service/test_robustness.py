"""Independence of requests: one must not end another's batch, lose results, or show secrets."""

from __future__ import annotations

import asyncio
import json
import random
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import pytest

from tests.service.conftest import NDJSON, batch
from threecx_credentials import Credential
from threecx_node.execution.executor import Executor
from threecx_node.service import executor_pool as pools
from threecx_node.service.executor_pool import ExecutorPool
from threecx_node.simulator import Simulator


def logins(simulator: Simulator) -> int:
    return sum(each.path == "/connect/token" for each in simulator.requests)


def test_other_requests_do_not_end_a_batch(
    service: httpx.Client, pbx: dict[str, Any], simulator: Simulator
) -> None:
    body = batch("ListUser", [{"limit": 1}] * 60, pbx)
    other = batch("ListUser", [{"limit": 1}] * 60, {**pbx, "verifyTls": False})
    with ThreadPoolExecutor(4) as threads:
        running = [threads.submit(service.post, "/v1/execute", json=each) for each in (body, other)]
        for _ in range(10):
            assert service.post("/v1/check", json={"pbx": pbx}).json()["ok"] is True
        results = [each for call in running for each in call.result().json()["results"]]
    assert not [each["error"] for each in results if "error" in each]
    assert logins(simulator) == 1
    # A wrong key gets nothing of it.
    told = service.post("/v1/check", json={"pbx": {**pbx, "clientSecret": "wrong"}}).json()
    assert told["ok"] is False


def test_pool_closes_unused_executors(monkeypatch: pytest.MonkeyPatch) -> None:
    closed: list[Executor] = []

    async def close(executor: Executor, *_: object) -> None:
        # As closing does: others have their turn meanwhile.
        await asyncio.sleep(0.002)
        closed.append(executor)

    monkeypatch.setattr(Executor, "aclose", close)

    async def run() -> None:
        pool, chance = ExecutorPool(), random.Random(1)  # noqa: S311 (moments, not secrets)
        credentials = [Credential.of(f"https://pbx{number}.example", "900", "x") for number in range(20)]

        async def use(number: int) -> None:
            await asyncio.sleep(0.05 * chance.random())
            async with pool.executor(credentials[number % 20]) as executor:
                await asyncio.sleep(0.004 * chance.random())
                assert executor not in closed

        # All are idle at once; then some are used again while the others are closed.
        await asyncio.gather(*(use(number) for number in range(20)))
        assert not closed
        monkeypatch.setattr(pools, "_IDLE_TIMEOUT", 0.0)
        await asyncio.gather(*(use(number) for number in range(200)))
        await pool.aclose()

    asyncio.run(run())
    assert len(closed) == len(set(map(id, closed))) >= 4


def test_failed_item_does_not_affect_others(service: httpx.Client, pbx: dict[str, Any]) -> None:
    items: list[dict[str, Any]] = [{"$filter": f"FirstName eq '{'x' * 70_000}'"}, *[{"limit": 1}] * 11]
    answer = service.post("/v1/execute", json=batch("ListUser", items, pbx, continueOnFail=True))
    assert answer.status_code == 200
    first, *others = answer.json()["results"]
    assert "cannot be sent" in first["error"]["message"]
    assert all("items" in each for each in others)


def test_numbers_are_validated_first(
    service: httpx.Client, pbx: dict[str, Any], simulator: Simulator
) -> None:
    def by(number: Any) -> dict[str, Any]:
        return {"Id": {"__rl": True, "mode": "number", "value": number}}

    answer = service.post("/v1/execute", json=batch("DeleteUser", [by("107"), by(None)], pbx)).json()
    assert answer["results"][1]["error"]["field"].lower() in ("id", "number")
    assert not [each for each in simulator.requests if each.method == "DELETE"]


def test_failed_version_request_is_the_first_items_error(service: httpx.Client, pbx: dict[str, Any]) -> None:
    wrong = {**pbx, "clientSecret": "wrong"}
    body = batch("GetUserByNumber", [{"Number": "100"}, {"Number": "101"}], wrong)
    lines = [
        json.loads(line)
        for line in service.post("/v1/execute", json=body, headers=NDJSON).text.splitlines()
        if line
    ]
    assert lines[0]["error"]["code"] == "login"
    assert lines[1]["error"]["code"] == "not_attempted"
    assert lines[-1]["done"] is True


@pytest.fixture
def mirror() -> Iterator[str]:
    """A server that shows in its errors what it was sent."""

    class Mirror(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            form = self.rfile.read(int(self.headers["Content-Length"])).decode()
            if "right" in form:
                self.answer(200, {"access_token": "t0ken-of-the-mirror", "expires_in": 60})
            else:
                self.answer(400, {"error": "invalid_client", "error_description": f"got {form}"})

        def do_GET(self) -> None:
            self.answer(400, {"error": {"code": "", "message": f"bad {self.headers['Authorization']}"}})

        def answer(self, status: int, content: dict[str, Any]) -> None:
            data = json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Mirror) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join(10)


@pytest.mark.parametrize("secret", ["geh eim+ü&x", "right geh+eim"])
def test_secrets_in_responses_are_masked(service: httpx.Client, mirror: str, secret: str) -> None:
    pbx = {"baseUrl": mirror, "clientId": "900", "clientSecret": secret}
    text = service.post("/v1/execute", json=batch("ListUser", [{}], pbx)).text
    assert "********" in text
    for part in (secret, "geh+eim", "geh%20eim", "t0ken-of-the-mirror"):
        assert part not in text


@pytest.mark.parametrize(
    "change",
    [
        {"baseUrl": "http://a..b"},
        {"baseUrl": f"http://{'x' * 70}.example"},
        {"baseUrl": "http://\u2603"},
        {"baseUrl": "http://[v1.x]"},
        {"clientId": "\ud800"},
        {"clientSecret": "\ud800"},
    ],
)
def test_odd_credentials_are_refused(
    service: httpx.Client, pbx: dict[str, Any], change: dict[str, str]
) -> None:
    body = json.dumps({"pbx": {**pbx, **change}}).encode()
    answer = service.post("/v1/check", content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 200, answer.text
    assert answer.json()["ok"] is False


def test_deeply_nested_value(service: httpx.Client, pbx: dict[str, Any]) -> None:
    nested = '{"a":' * 900 + "1" + "}" * 900
    body = json.dumps(batch("DeleteUser", [{"Id": "@"}], pbx)).replace('"@"', nested)
    answer = service.post("/v1/execute", content=body)
    assert answer.status_code in (200, 400), answer.text
    assert "Id" in answer.text or "nested" in answer.text
