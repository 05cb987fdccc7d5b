"""Robustness of a shared service: no client can end another's batch, lose results, see secrets or stop the service."""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from tests.service.conftest import pbx_of, serving, wait_for_requests
from tests.service.test_door import start
from threecx_credentials import Credential
from threecx_node.errors import ConfigurationError
from threecx_node.execution.executor import Executor
from threecx_node.service import executor_pool as pools
from threecx_node.service.executor_pool import ExecutorPool
from threecx_node.service.profiles import load_profiles, refuse_if_others_can_read
from threecx_node.simulator import Simulator

NDJSON = {"accept": "application/x-ndjson"}


def batch(operation: str, items: list[dict[str, Any]], pbx: dict[str, Any], **options: Any) -> dict[str, Any]:
    return {
        "operation": operation,
        "items": [{"parameters": each} for each in items],
        "options": options,
        "pbx": pbx,
    }


def logins(simulator: Simulator) -> int:
    return sum(each.path == "/connect/token" for each in simulator.requests)


def test_a_credential_test_keeps_a_batchs_token(
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


def test_the_pool_closes_only_unused_executors(monkeypatch: pytest.MonkeyPatch) -> None:
    closed: list[Executor] = []

    async def close(executor: Executor, *_: object) -> None:
        # As closing does: others have their turn meanwhile.
        await asyncio.sleep(0.002)
        closed.append(executor)

    monkeypatch.setattr(Executor, "__aexit__", close)

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


def test_an_item_that_cannot_be_sent_costs_no_other_its_result(
    service: httpx.Client, pbx: dict[str, Any]
) -> None:
    items: list[dict[str, Any]] = [{"$filter": f"FirstName eq '{'x' * 70_000}'"}, *[{"limit": 1}] * 11]
    answer = service.post("/v1/execute", json=batch("ListUser", items, pbx, continueOnFail=True))
    assert answer.status_code == 200
    first, *others = answer.json()["results"]
    assert "cannot be sent" in first["error"]["message"]
    assert all("items" in each for each in others)


def test_numbers_are_checked_before_anything_is_sent(
    service: httpx.Client, pbx: dict[str, Any], simulator: Simulator
) -> None:
    def by(number: Any) -> dict[str, Any]:
        return {"Id": {"__rl": True, "mode": "number", "value": number}}

    answer = service.post("/v1/execute", json=batch("DeleteUser", [by("107"), by(None)], pbx)).json()
    assert answer["results"][1]["error"]["field"].lower() in ("id", "number")
    assert not [each for each in simulator.requests if each.method == "DELETE"]


def test_a_probe_that_gets_no_answer_is_the_first_items_error(
    service: httpx.Client, pbx: dict[str, Any]
) -> None:
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


@pytest.mark.parametrize("headers", [{}, NDJSON])
@pytest.mark.skipif(os.name != "posix", reason="Windows has no SIGTERM")
def test_results_are_returned_when_the_grace_ends(headers: dict[str, str]) -> None:
    with Simulator(latency_ms=300) as slow, start("--without-key", "--port", "0", "--grace", "1") as process:
        assert process.stderr is not None
        url = process.stderr.readline().split(" ")[4].rstrip(";")
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


@pytest.fixture
def mirror() -> Iterator[str]:
    """A server whose errors contain the request."""

    class Mirror(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            form = self.rfile.read(int(self.headers["Content-Length"])).decode()
            if "right" in form:
                self.answer(200, {"access_token": "t0ken-of-the-mirror", "expires_in": 60})
            else:
                self.answer(400, {"error": "x", "error_description": f"got {form}"})

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
def test_secrets_that_a_server_shows_go_no_further(service: httpx.Client, mirror: str, secret: str) -> None:
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
def test_odd_addresses_and_letters_are_refused_and_no_fault(
    service: httpx.Client, pbx: dict[str, Any], change: dict[str, str]
) -> None:
    body = json.dumps({"pbx": {**pbx, **change}}).encode()
    answer = service.post("/v1/check", content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 200, answer.text
    assert answer.json()["ok"] is False


def test_a_value_nested_without_end_is_that_items_error(service: httpx.Client, pbx: dict[str, Any]) -> None:
    nested = '{"a":' * 900 + "1" + "}" * 900
    body = json.dumps(batch("DeleteUser", [{"Id": "@"}], pbx)).replace('"@"', nested)
    answer = service.post("/v1/execute", content=body)
    assert answer.status_code in (200, 400), answer.text
    assert "Id" in answer.text or "nested" in answer.text


def test_headers_without_end_are_cut_off() -> None:
    with start("--without-key", "--port", "0") as process:
        assert process.stderr is not None
        parts = urlsplit(process.stderr.readline().split(" ")[4].rstrip(";"))
        with socket.create_connection((parts.hostname, parts.port), timeout=10) as peer:
            peer.sendall(b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\n")
            sent = 0
            with suppress(ConnectionError):
                while sent < 20_000:
                    peer.sendall(f"X-{sent}: {'y' * 1_000}\r\n".encode())
                    sent += 1
                    time.sleep(0.001)
            assert sent < 20_000
        process.terminate()
        process.communicate(timeout=20)


def closed_after(peer: socket.socket, drip: bytes, limit: float) -> float:
    """Return the seconds until the server closes the connection of a client that sends a byte now and then."""
    started = time.monotonic()
    peer.settimeout(0.05)
    while time.monotonic() - started < limit:
        with suppress(TimeoutError):
            try:
                if drip:
                    peer.sendall(drip)
                if not peer.recv(4096):
                    break
            except ConnectionError:
                break
    return time.monotonic() - started


@pytest.mark.parametrize("first", [b"", b"G", b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\nX: "])
@pytest.mark.parametrize("drip", [b"", b"a"])
def test_a_client_without_a_complete_header_is_disconnected(first: bytes, drip: bytes) -> None:
    with (
        serving(head_timeout=0.5) as service,
        socket.create_connection((service.base_url.host, service.base_url.port)) as peer,
    ):
        peer.sendall(first)
        # h11 refuses a byte that cannot begin a request sooner.
        assert closed_after(peer, drip, 10) < 5
        # Other clients are still served.
        assert service.get("/health").status_code == 200


def test_a_refused_caller_cannot_go_on_with_its_body_for_ever() -> None:
    head = b"POST /v1/execute HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000\r\n\r\n"
    with (
        serving(key="k" * 20, head_timeout=0.5) as service,
        socket.create_connection((service.base_url.host, service.base_url.port), timeout=10) as peer,
    ):
        peer.sendall(head)
        assert peer.recv(4096).startswith(b"HTTP/1.1 401")
        assert closed_after(peer, b"a", 10) < 5


def test_idle_connections_and_slow_bodies_are_allowed(pbx: dict[str, Any]) -> None:
    body = json.dumps(batch("ListUser", [{"limit": 1}], pbx)).encode()
    head = f"POST /v1/execute HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    with (
        serving(head_timeout=1) as service,
        socket.create_connection((service.base_url.host, service.base_url.port)) as peer,
    ):
        peer.settimeout(10)
        for _ in range(2):
            peer.sendall(head + body[:10])
            time.sleep(1.5)
            peer.sendall(body[10:])
            answer = b""
            while b'"results"' not in answer:
                received = peer.recv(65_536)
                assert received, answer
                answer += received
            assert answer.startswith(b"HTTP/1.1 200")
            time.sleep(1.5)


def test_a_refusal_arrives_whatever_the_caller_was_about_to_send() -> None:
    """A server that closes at once would reset the connection of a client that is still sending."""
    with serving(key="k" * 20) as service:
        for _ in range(50):
            assert service.post("/v1/execute", content=b"x" * 3_000_000).status_code == 401


def test_files_that_systemd_hands_over_may_show_the_group(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = tmp_path / "key"
    key.write_text("x")
    key.chmod(0o440)
    with pytest.raises(ConfigurationError):
        refuse_if_others_can_read(key)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    refuse_if_others_can_read(key)
    key.chmod(0o444)
    with pytest.raises(ConfigurationError):
        refuse_if_others_can_read(key)


def test_a_profile_of_the_wrong_type_is_named(tmp_path: Path) -> None:
    path = tmp_path / "profiles.toml"
    path.write_text(
        '[office]\nbase_url = "https://pbx.example"\nclient_id = "900"\nclient_secret = "x"\nca_file = 5\n'
    )
    path.chmod(0o600)
    with pytest.raises(ConfigurationError, match="office: ca_file must be a string"):
        load_profiles(path)
