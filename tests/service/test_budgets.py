"""Callers that send or read slowly, or request too much: bounded in time and memory, and others are served."""

from __future__ import annotations

import asyncio
import json
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import httpx
import pytest
from starlette.requests import Request

from tests.service.conftest import NDJSON, batch, serving
from threecx_node.execution.results import Result
from threecx_node.service import ndjson
from threecx_node.service.answer import Answer
from threecx_node.service.bodies import BodyReader
from threecx_node.service.ndjson import ResultEncoder
from threecx_node.service.problems import ProblemError

HEAD = "POST /v1/execute HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {}\r\n\r\n"
ROW = {"Id": 1, "Name": "x" * 20_000}


@contextmanager
def large_pbx(rows: int) -> Iterator[dict[str, Any]]:
    """A PBX with a list of `rows` rows of 20 KB, 100 on a page."""

    class Large(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.answer({"access_token": "t", "expires_in": 60})

        def do_GET(self) -> None:
            skip = int(self.path.partition("$skip=")[2].partition("&")[0] or 0)
            top = int(self.path.partition("$top=")[2].partition("&")[0] or 100)
            page = range(skip, min(rows, skip + top))
            self.answer({"value": [{**ROW, "Id": each} for each in page], "@odata.count": rows})

        def answer(self, content: dict[str, Any]) -> None:
            data = json.dumps(content).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Large) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield {
            "baseUrl": f"http://127.0.0.1:{server.server_port}",
            "clientId": "900",
            "clientSecret": "x",
        }
        server.shutdown()
        thread.join(10)


def connect(service: httpx.Client) -> socket.socket:
    return socket.create_connection((service.base_url.host, service.base_url.port or 0), timeout=20)


def test_a_body_that_drips_is_refused() -> None:
    with serving(body_grace=0.5) as service, connect(service) as peer:
        peer.sendall(HEAD.format(1000).encode())
        peer.settimeout(0.05)
        answer = b""
        began = time.monotonic()
        while b"\r\n\r\n" not in answer and time.monotonic() - began < 20:
            with suppress(TimeoutError):
                peer.sendall(b" ")
                answer += peer.recv(65_536)
        assert answer.startswith(b"HTTP/1.1 408")
        assert b"connection: close" in answer.lower()
        assert service.get("/health").status_code == 200


def test_a_large_body_over_a_slow_line_is_accepted() -> None:
    """Longer than the time for a small one, but never too slow."""
    body = json.dumps({"operation": "UpdateUser"}).encode() + b" " * 200_000
    with serving(body_grace=0.2) as service, connect(service) as peer:
        head = HEAD.replace("execute", "fields").format(len(body))
        peer.sendall(head.encode())
        for start in range(0, len(body), 20_000):
            peer.sendall(body[start : start + 20_000])
            time.sleep(0.05)
        assert peer.recv(65_536).startswith(b"HTTP/1.1 200")


def test_bodies_under_way_share_a_budget() -> None:
    reader = BodyReader(1_000)

    def request(size: int) -> Request:
        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": b"x" * size, "more_body": False}

        return Request({"type": "http", "headers": []}, receive)

    async def read() -> None:
        requests = [request(1_000) for _ in range(8)]
        for each in requests:
            assert len(await reader.read(each)) == 1_000
        with pytest.raises(ProblemError, match="busy with other large requests") as caught:
            await reader.read(request(1))
        assert (caught.value.status, caught.value.code) == (503, "busy")
        reader.release(requests[0].scope)
        assert len(await reader.read(request(1_000))) == 1_000

    asyncio.run(read())


def test_a_request_that_has_ended_leaves_the_budget() -> None:
    with serving(max_body_bytes=1_000) as service:
        for _ in range(20):
            assert service.post("/v1/fields", content=b" " * 1_000).status_code == 400


def test_an_announced_body_that_is_too_large_is_not_read() -> None:
    with serving(max_body_bytes=1000) as service, connect(service) as peer:
        peer.sendall(HEAD.format(10**15).encode())
        assert peer.recv(65_536).startswith(b"HTTP/1.1 413")


def test_a_json_answer_has_a_budget_and_ndjson_has_none() -> None:
    with large_pbx(150) as pbx, serving(max_answer_bytes=2**20) as service:
        body = batch("ListUser", [{"limit": 5}, {"returnAll": True}, {"limit": 5}], pbx, concurrency=1)
        results = service.post("/v1/execute", json=body).json()["results"]
        assert len(results[0]["items"]) == 5
        error = results[1]["error"]
        assert (error["code"], error["itemIndex"]) == ("too_large", 1)
        assert "larger than 1 MB" in error["message"]
        assert "NDJSON" in error["description"]
        # Nothing more is read from the PBX.
        assert results[2]["error"]["code"] == "not_attempted"
        lines = service.post("/v1/execute", json=body, headers=NDJSON).text.splitlines()
        lists = [json.loads(line) for line in lines if line][:-1]
        assert [len(each["items"]) for each in sorted(lists, key=lambda each: each["index"])] == [5, 150, 5]


def test_results_of_changes_stay_done_without_room() -> None:
    answer = Answer(max_bytes=1_000, only_reads=False, on_full=pytest.fail)

    async def add() -> None:
        for index in (2, 0, 1):
            await answer.add(Result(index, items=[{"Id": index, "Name": "x" * 600}]))

    asyncio.run(add())
    document = json.loads(b"".join(answer.read({"notes": answer.notes})))
    answer.close()
    assert [len(each["items"]) for each in document["results"]] == [0, 0, 1]
    assert "error" not in str(document["results"])
    assert "results 0, 1 are left out" in document["notes"][0]


class FullDisk:
    """A temporary file on a disk without room."""

    def write(self, _: bytes) -> int:
        raise OSError(28, "No space left on device")

    def close(self) -> None:
        pass


def test_a_full_disk_is_an_error_of_the_list(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ndjson, "SpooledTemporaryFile", FullDisk)
    encoder = ResultEncoder(in_pages=False)
    assert list(encoder.encode(Result(3, items=[{"Id": 1}], more=True))) == []
    assert list(encoder.encode(Result(3, items=[{"Id": 2}], more=True))) == []
    [line] = encoder.encode(Result(3, items=[]))
    encoder.close()
    error = json.loads(line)["error"]
    assert (error["code"], error["itemIndex"]) == ("no_space", 3)
    assert "TMPDIR" in error["description"]


def test_a_real_full_disk(tmp_path: Path) -> None:
    """The system's own device of a full disk, where there is one."""
    device = Path("/dev/full")
    if not device.exists():
        device = tmp_path / "file"
        device.touch()
    spooled = ndjson.SpooledList()
    spooled.close()
    with device.open("r+b", buffering=0) as full:
        spooled._file = full  # type: ignore[assignment]  # a file without a buffer
        if device.parent == tmp_path:
            spooled.add([{"Id": 1}])
            return
        with pytest.raises(OSError, match="No space"):
            spooled.add([{"Id": 1}])
