"""Hostile and broken clients: the server survives, and other clients are not affected."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator

import httpx
import pytest

from threecx_node.server.limits import RequestLimits
from threecx_node.simulator import Simulator
from threecx_node.simulator.http import server_config

MAX_HEAD = RequestLimits().max_head_bytes


def connect(pbx: Simulator) -> socket.socket:
    return socket.create_connection(("127.0.0.1", pbx.ports[0]), timeout=10)


def received(connection: socket.socket) -> bytes:
    """Return everything until the server closes the connection."""
    got = b""
    try:
        while chunk := connection.recv(65536):
            got += chunk
    except ConnectionResetError:
        pass
    return got


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> Iterator[Simulator]:
    """A server with timeouts of one second for a head and a body, so that tests are short."""
    monkeypatch.setattr(server_config, "LIMITS", RequestLimits(head_timeout=1.0, body_timeout=1.0))
    with Simulator() as pbx:
        yield pbx


def request(pbx: Simulator, line: bytes, body: bytes = b"", more: bytes = b"") -> bytes:
    return (
        line + b" HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + pbx.token().encode() + b"\r\n" + more
        + b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body) + body
    )  # fmt: skip


def test_a_slow_head_is_closed(impatient: Simulator) -> None:
    begin = time.monotonic()
    with connect(impatient) as connection:
        stop = threading.Event()

        def drip() -> None:
            try:
                for byte in b"GET /xapi/v1/Users HTTP/1.1\r\nHost: x\r\n" + b"X: y\r\n" * 1000:
                    connection.sendall(bytes([byte]))
                    if stop.wait(0.02):
                        return
            except OSError:
                pass

        dripping = threading.Thread(target=drip)
        dripping.start()
        headers = {"authorization": f"Bearer {impatient.token()}"}
        for _ in range(5):
            asked = time.monotonic()
            assert httpx.get(f"{impatient.base_url}/xapi/v1/Defs", headers=headers).status_code == 200
            assert time.monotonic() - asked < 0.8
        answer = received(connection)
        stop.set()
        dripping.join()
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b'{"error":{"code":"","message":"The request was not received in time."}}' in answer
    assert time.monotonic() - begin < 6


def test_an_endless_body_is_closed(impatient: Simulator) -> None:
    whole = request(impatient, b"POST /xapi/v1/Contacts", b'{"FirstName": "Ada"}')
    with connect(impatient) as connection:
        begin = time.monotonic()
        connection.sendall(whole[:-5])
        assert received(connection).startswith(b"HTTP/1.1 408 ")
        assert time.monotonic() - begin < 5
    assert impatient.state.count("Contacts") == 6


def test_a_silent_client_is_closed(impatient: Simulator) -> None:
    with connect(impatient) as connection:
        begin = time.monotonic()
        assert received(connection) == b""
        assert time.monotonic() - begin < 5


def test_an_idle_connection_stays_open(impatient: Simulator) -> None:
    headers = {"authorization": f"Bearer {impatient.token()}"}
    with httpx.Client(base_url=f"{impatient.base_url}/xapi/v1/", headers=headers) as api:
        first = api.get("Defs?$select=Id").extensions["network_stream"].get_extra_info("client_addr")
        time.sleep(1.5)
        second = api.get("Defs?$select=Id").extensions["network_stream"].get_extra_info("client_addr")
    assert first == second


def test_a_slow_answer_is_not_a_slow_request(impatient: Simulator) -> None:
    impatient.faults.set("slow:100%:1500")
    headers = {"authorization": f"Bearer {impatient.token()}"}
    answer = httpx.get(f"{impatient.base_url}/xapi/v1/Defs?$select=Id", headers=headers)
    assert answer.status_code == 200


@pytest.mark.parametrize(
    "head",
    [
        b"GET /xapi/v1/Users HTTP/1.1\r\nHost: x\r\nX: " + b"y" * MAX_HEAD + b"\r\n\r\n",
        b"GET /xapi/v1/Users HTTP/1.1\r\nHost: x\r\nX: " + b"y" * 2 * MAX_HEAD,
        b"GET /xapi/v1/Users?" + b"y" * MAX_HEAD + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /xapi/v1/Users HTTP/1.1\r\nHost: x\r\n" + b"X: y\r\n" * 300 + b"\r\n",
        b"GET /xapi/v1/Users HTTP/1.1\r\nHost: x\r\n" + b"X: y\r\n" * 200_000,
    ],
)
def test_header_bombs(pbx: Simulator, api: httpx.Client, head: bytes) -> None:
    with connect(pbx) as connection:
        with contextlib.suppress(OSError):  # the server may close the connection before the end
            connection.sendall(head)
        answer = received(connection)
    # A reset may discard the response of a server that does not read any more.
    assert answer == b"" or answer.startswith(b"HTTP/1.1 431 ")
    assert pbx.requests == []
    assert api.get("Defs?$select=Id").status_code == 200


def test_heads_within_the_limit(api: httpx.Client) -> None:
    assert api.get("Defs?$select=Id", headers={"x": "y" * (MAX_HEAD - 2_000)}).status_code == 200


def test_pipelined_requests_are_answered_in_order(pbx: Simulator) -> None:
    token = pbx.token()
    one = b"GET /xapi/v1/Users(%d)?$select=Id HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + token.encode()
    ids = [user["Id"] for user in pbx.state.entities("Users")]
    with connect(pbx) as connection:
        for key in ids[:-1]:
            connection.sendall(one % key + b"\r\n\r\n")
        connection.sendall(one % ids[-1] + b"\r\nConnection: close\r\n\r\n")
        answer = received(connection)
    parts = answer.split(b"HTTP/1.1 200 OK\r\n")[1:]
    assert [part.rpartition(b'"Id":')[2].rstrip(b"}") for part in parts] == [b"%d" % key for key in ids]


def test_pipelined_garbage_ends_only_its_connection(pbx: Simulator, api: httpx.Client) -> None:
    with connect(pbx) as connection:
        connection.sendall(b"GET /xapi/v1/Users HTTP/1.1\r\nHost: x\r\n\r\n\x00\x01 garbage\r\n\r\n")
        answer = received(connection)
    assert b" 200 " not in answer.split(b"\r\n")[0]
    assert api.get("Defs?$select=Id").status_code == 200


def test_thousands_of_connections(pbx: Simulator) -> None:
    line = request(pbx, b"GET /xapi/v1/Defs?$select=Id", more=b"Connection: close\r\n")
    for _ in range(3_000):
        with connect(pbx) as connection:
            connection.sendall(line)
            assert connection.recv(65536).startswith(b"HTTP/1.1 200 OK")
    assert pbx._recorder.total >= 3_000


def test_hundreds_of_idle_connections_at_once(pbx: Simulator, api: httpx.Client) -> None:
    idle = [connect(pbx) for _ in range(400)]
    try:
        begin = time.monotonic()
        assert api.get("Users").status_code == 200
        assert time.monotonic() - begin < 2
    finally:
        for connection in idle:
            connection.close()


@pytest.mark.parametrize(
    "target",
    [
        b"/xapi/v1/Users(%)", b"/xapi/v1/Users(%zz)", b"/xapi/v1/%C0%AFetc", b"/xapi/v1/TenantProperties('%ED%A0%80')",
        b"/xapi/v1/../../etc/passwd", b"/xapi/v1/..%5c..%5cwindows", b"//xapi/v1/Users",
        b"/_simulator/../xapi/v1/Users",
        b"/xapi/v1/Users?$filter=%ff", b"/xapi/v1/Users?%", b"/%00", b"/connect/../connect/token", b"*",
    ],
)  # fmt: skip
def test_invalid_targets(pbx: Simulator, target: bytes) -> None:
    before = pbx.state.entities("Users")
    with connect(pbx) as connection:
        connection.sendall(request(pbx, b"GET " + target, more=b"Connection: close\r\n"))
        answer = received(connection)
    assert answer.startswith((b"HTTP/1.1 4", b"HTTP/1.1 200")), answer[:100]
    assert b"root:" not in answer
    assert b" 500 " not in answer.split(b"\r\n")[0]
    assert pbx.state.entities("Users") == before


def test_ambiguous_lengths_are_refused(pbx: Simulator) -> None:
    """A request that two servers would split differently can smuggle a second one."""
    for head in (
        b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
        b"Content-Length: 5\r\nContent-Length: 6\r\n",
        b"Content-Length: +5\r\n",
    ):
        with connect(pbx) as connection:
            connection.sendall(
                b"POST /connect/token HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" + head + b"\r\n0\r\n\r\nx"
            )
            connection.shutdown(socket.SHUT_WR)
            answer = received(connection)
        assert answer == b"" or answer.startswith(b"HTTP/1.1 4"), (head, answer[:80])


def test_a_client_that_never_reads(pbx: Simulator, api: httpx.Client) -> None:
    line = request(pbx, b"GET /xapi/v1/Users")
    with connect(pbx) as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.settimeout(1)
        try:
            for _ in range(500):
                connection.sendall(line)
        except TimeoutError:
            pass  # the server stops reading from a client that does not read
        begin = time.monotonic()
        assert api.get("Defs?$select=Id").status_code in (200, 401)
        assert time.monotonic() - begin < 1
