"""Signals end the service and the simulator: in bounded time, with results, and without a traceback."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import Any

import httpx
import pytest

from tests.cli.conftest import COMMAND, environment
from tests.service.conftest import NDJSON, Started, batch, pbx_of, read_url, start, wait_for_requests
from threecx_node.server.process import OVERTIME
from threecx_node.simulator import Simulator

pytestmark = pytest.mark.skipif(os.name != "posix", reason="Windows has no SIGTERM and no SIGHUP")

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
TOKEN = json.dumps({"access_token": "t", "expires_in": 60}).encode()


class DrippingPbx:
    """Gives tokens, and sends the responses to all other requests a byte at a time, without end."""

    def __init__(self, listening: socket.socket) -> None:
        self.address = f"http://127.0.0.1:{listening.getsockname()[1]}"
        self.asked = threading.Semaphore(0)
        self.ended = threading.Event()
        self._listening = listening

    def serve(self) -> None:
        while not self.ended.is_set():
            with suppress(OSError):
                peer, _ = self._listening.accept()
                threading.Thread(target=self._answer, args=[peer], daemon=True).start()

    def _answer(self, peer: socket.socket) -> None:
        with suppress(OSError), peer:
            while request := peer.recv(65_536):
                if request.startswith(b"POST /connect/token"):
                    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(TOKEN)}\r\n\r\n"
                    peer.sendall(head.encode() + TOKEN)
                    continue
                self.asked.release()
                peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nX: ")
                while not self.ended.wait(0.05):
                    peer.sendall(b"x")


@contextmanager
def dripping_pbx() -> Iterator[DrippingPbx]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        pbx = DrippingPbx(listening)
        thread = threading.Thread(target=pbx.serve, daemon=True)
        thread.start()
        try:
            yield pbx
        finally:
            pbx.ended.set()
            with suppress(OSError):
                socket.create_connection(listening.getsockname()).close()
            thread.join(10)


def deletes(address: str, count: int) -> dict[str, Any]:
    pbx = {"baseUrl": address, "clientId": "900", "clientSecret": "x"}
    return batch("DeleteCallFlowApp", [{"Id": each} for each in range(count)], pbx, concurrency=1)


def post(url: str, body: dict[str, Any], headers: dict[str, str] | None = None) -> httpx.Response:
    return httpx.post(f"{url}/v1/execute", json=body, headers=headers, timeout=60)


def results_of(answer: httpx.Response) -> list[dict[str, Any]]:
    if "ndjson" not in answer.headers["content-type"]:
        results: list[dict[str, Any]] = answer.json()["results"]
        return results
    lines = [json.loads(line) for line in answer.text.splitlines() if line]
    assert lines[-1]["done"] is True
    return lines[:-1]


@pytest.mark.parametrize("headers", [{}, NDJSON])
def test_grace_is_kept_though_the_pbx_drips(headers: dict[str, str]) -> None:
    with dripping_pbx() as pbx, start("--without-key", "--port", "0", "--grace", "1") as process:
        url = read_url(process)
        with ThreadPoolExecutor(1) as thread:
            call = thread.submit(post, url, deletes(pbx.address, 3), headers)
            assert pbx.asked.acquire(timeout=20)
            began = time.monotonic()
            process.send_signal(signal.SIGTERM)
            _, said = process.communicate(timeout=60)
            took = time.monotonic() - began
            first, *others = results_of(call.result())
    assert took < 1 + OVERTIME + 1
    assert process.returncode == 0
    assert "Traceback" not in said
    # The PBX may have deleted the first one.
    assert first["error"]["outcome"] == "unknown"
    assert [each["error"]["code"] for each in others] == ["not_attempted"] * 2


@pytest.mark.parametrize(
    ("first", "second"),
    [(signal.SIGINT, signal.SIGINT), (signal.SIGTERM, signal.SIGTERM), (signal.SIGHUP, signal.SIGINT)],
)
def test_second_signal_ends_at_once(first: signal.Signals, second: signal.Signals) -> None:
    with dripping_pbx() as pbx, start("--without-key", "--port", "0", "--grace", "600") as process:
        url = read_url(process)
        assert process.stderr is not None
        with ThreadPoolExecutor(1) as thread:
            call = thread.submit(post, url, deletes(pbx.address, 3))
            assert pbx.asked.acquire(timeout=20)
            process.send_signal(first)
            host = pbx.address.removeprefix("http://")
            under_way = f"1 batch (DeleteCallFlowApp on {host}: 3 items)"
            assert process.stderr.readline() == (
                f"threecx: stopping: {under_way} under way, with 600 seconds to end; a second signal stops at once\n"
            )
            began = time.monotonic()
            process.send_signal(second)
            _, said = process.communicate(timeout=60)
            assert time.monotonic() - began < OVERTIME + 1
            assert results_of(call.result())[0]["error"]["outcome"] == "unknown"
    assert process.returncode == 128 + second
    line, logged = said.splitlines()
    assert line == f"threecx: stopped at once by {second.name}; under way: {under_way}"
    assert logged.endswith("1 unknown, 2 not tried, " + logged.rpartition("not tried, ")[2])
    assert logged.endswith(" s, stopped")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP])
def test_signal_lets_a_batch_end(number: signal.Signals) -> None:
    with Simulator(latency_ms=300) as slow, start("--without-key", "--port", "0") as process:
        url = read_url(process)
        with ThreadPoolExecutor(1) as thread:
            call = thread.submit(
                post, url, batch("ListUser", [{"limit": 1}] * 4, pbx_of(slow), concurrency=1)
            )
            wait_for_requests(slow, 2)
            process.send_signal(number)
            assert all("items" in each for each in results_of(call.result()))
        _, said = process.communicate(timeout=30)
    assert process.returncode == 0
    assert "Traceback" not in said


def test_many_signals_at_once_give_no_traceback() -> None:
    with start("--without-key", "--port", "0") as process:
        read_url(process)
        for number in (*SIGNALS, *SIGNALS):
            with suppress(ProcessLookupError):
                process.send_signal(number)
        _, said = process.communicate(timeout=30)
    assert process.returncode in (0, *(128 + each for each in SIGNALS))
    assert "Traceback" not in said


def test_sighup_is_ignored_under_nohup() -> None:
    command = ["nohup", *COMMAND, "serve", "--without-key", "--port", "0"]
    with Started(
        command,
        env=environment(),
        text=True,
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        url = read_url(process)
        process.send_signal(signal.SIGHUP)
        assert httpx.get(f"{url}/health").status_code == 200
        process.terminate()
        process.communicate(timeout=20)
    assert process.returncode == 0


@pytest.mark.parametrize(("number", "count"), [(signal.SIGHUP, 1), (signal.SIGINT, 2), (signal.SIGTERM, 2)])
def test_signals_of_the_simulator(number: signal.Signals, count: int) -> None:
    command = [*COMMAND, "simulator", "--port", "0", "--faults", "slow:100%:60000"]
    with Started(
        command, env=environment(), text=True, stderr=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stderr is not None
        url = process.stderr.readline().split(" listens on ")[1].split(";")[0]
        while "execute" not in process.stderr.readline():
            pass
        address = httpx.URL(url)
        assert address.port is not None
        with socket.create_connection((address.host, address.port)) as peer:
            peer.sendall(b"GET /xapi/v1/Users HTTP/1.1\r\nHost: x\r\n\r\n")
            began = time.monotonic()
            time.sleep(0.2)  # until the request is under way
            for _ in range(count):
                process.send_signal(number)
                time.sleep(0.2)
            _, said = process.communicate(timeout=30)
    assert time.monotonic() - began < 6
    assert "Traceback" not in said
    if count == 1:
        assert (process.returncode, said) == (0, "")
    else:
        assert process.returncode == 128 + number
        assert said == f"threecx: stopped at once by {number.name}; under way: 1 request\n"


def test_signals_of_the_demo() -> None:
    with Started(
        [*COMMAND, "demo"], env=environment(), text=True, stderr=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("A simulated 3CX listens on ")
        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=30)
    # It may have been at its end.
    assert (process.returncode, said) in ((130, "threecx: interrupted\n"), (0, ""), (-2, ""))
