"""Servers that close kept connections without saying so: nothing is lost, nothing is carried out twice or unknown."""

from __future__ import annotations

import asyncio
import socket
import ssl
import struct
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import pytest
import trustme

from tests.transport.servers import TOKEN, response
from threecx_credentials import Credential
from threecx_node.errors import ThreeCxError
from threecx_node.messages import HttpRequest
from threecx_node.transport import session as session_module
from threecx_node.transport.client import PbxClient
from threecx_node.transport.retry import RetryPolicy

# The actions of a server after the response to request `number` of a connection, or in place of it.
CLOSE, KEEP, RESET, NO_ANSWER = "close", "keep", "reset", "no answer"
Plan = Callable[[int], str]
LINGER_0 = struct.pack("ii", 1, 0)


class ClosingServer:
    """A server of one thread per connection; `plan` says what it does with each request of a connection."""

    def __init__(self, plan: Plan, tls: ssl.SSLContext | None = None) -> None:
        self.plan, self.tls = plan, tls
        self.requests: list[str] = []
        self.connections = 0
        self.closed = threading.Event()
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=100)
        self.port = self.listener.getsockname()[1]

    def accept(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self.listener.accept()
                self.connections += 1
                threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection: socket.socket) -> None:
        with suppress(OSError):
            if self.tls is not None:
                connection = self.tls.wrap_socket(connection, server_side=True)
            with connection:
                number = 0
                while head := read_request(connection):
                    number += 1
                    action = self.plan(number)
                    if not head.startswith("POST /connect/token"):
                        self.requests.append(head)
                    if action == RESET:
                        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_0)
                    if action in (RESET, NO_ANSWER):
                        break
                    token = head.startswith("POST /connect/token")
                    connection.sendall(response(body=TOKEN) if token else response(200, b"{}"))
                    if action == CLOSE:
                        break
        self.closed.set()


def read_request(connection: socket.socket) -> str:
    data = b""
    while b"\r\n\r\n" not in data:
        piece = connection.recv(4096)
        if not piece:
            return ""
        data += piece
    head, _, body = data.partition(b"\r\n\r\n")
    length = next(
        (int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")), 0
    )
    while len(body) < length:
        body += connection.recv(4096)
    return head.split(b"\r\n")[0].decode()


@contextmanager
def running(plan: Plan, tls: ssl.SSLContext | None = None) -> Iterator[ClosingServer]:
    server = ClosingServer(plan, tls)
    thread = threading.Thread(target=server.accept, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.listener.shutdown(socket.SHUT_RDWR)
        server.listener.close()
        thread.join(5)


@pytest.fixture(scope="module")
def certificate() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    return context


@pytest.fixture(params=["http", "https"])
def tls(request: pytest.FixtureRequest, certificate: ssl.SSLContext) -> ssl.SSLContext | None:
    return certificate if request.param == "https" else None


async def no_wait(_: float) -> None:
    return


def client_of(server: ClosingServer) -> PbxClient:
    scheme = "https" if server.tls else "http"
    credential = Credential.of(f"{scheme}://127.0.0.1:{server.port}", "900", "key", verify_tls=False)
    return PbxClient(credential, retry=RetryPolicy(sleep=no_wait))


def send_all(server: ClosingServer, method: str, count: int) -> list[int | ThreeCxError]:
    async def main() -> list[int | ThreeCxError]:
        async with client_of(server) as client:

            async def send(number: int) -> int | ThreeCxError:
                body = b"{}" if method in ("POST", "PATCH") else None
                try:
                    return (await client.send(HttpRequest(method, f"/Users({number})", body=body))).status
                except ThreeCxError as error:
                    return error

            return await asyncio.gather(*(send(number) for number in range(count)))

    return asyncio.run(main())


@pytest.mark.parametrize("method", ["DELETE", "PATCH", "POST", "GET"])
def test_a_server_that_closes_each_connection(method: str, tls: ssl.SSLContext | None) -> None:
    count = 300 if method == "DELETE" else 60
    with running(lambda _: CLOSE, tls) as server:
        results = send_all(server, method, count)
    assert results == [200] * count
    if method != "GET":
        assert set(Counter(server.requests).values()) == {1}
    assert len(set(server.requests)) == count


def test_a_server_that_closes_every_seventh(tls: ssl.SSLContext | None) -> None:
    with running(lambda number: CLOSE if number == 7 else KEEP, tls) as server:
        results = send_all(server, "DELETE", 300)
    unknown = [each for each in results if isinstance(each, ThreeCxError)]
    # An outcome that is not known is reported as unknown; nothing is sent twice.
    assert all(each.outcome_unknown for each in unknown)
    assert set(Counter(server.requests).values()) == {1}


def test_connections_that_stay_open_are_used_again(tls: ssl.SSLContext | None) -> None:
    with running(lambda _: KEEP, tls) as server:
        assert send_all(server, "DELETE", 300) == [200] * 300
    # With TLS, a session ticket that is still unread looks like the end of its connection, which is then not used.
    assert server.connections <= (16 if tls else 8)


async def delete_after_the_close(client: PbxClient, server: ClosingServer) -> int:
    """Send two requests; before the second, wait until the server has closed, without the client noticing it."""
    await client.send(HttpRequest("GET", "/Users"))
    # The event loop is blocked meanwhile, and so does not see the end of the connection.
    assert server.closed.wait(5)
    return (await client.send(HttpRequest("DELETE", "/Users(5)"))).status


def test_a_delete_that_nothing_was_taken_of_is_sent_again(
    tls: ssl.SSLContext | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The connection ends between the look at it and the request.
    monkeypatch.setattr(session_module, "has_input", lambda _: False)

    async def main() -> int:
        async with client_of(server) as client:
            return await delete_after_the_close(client, server)

    with running(lambda number: CLOSE if number == 2 else KEEP, tls) as server:
        assert asyncio.run(main()) == 200
    assert server.requests.count("DELETE /xapi/v1/Users(5) HTTP/1.1") == 1


@pytest.mark.parametrize("action", [RESET, NO_ANSWER])
def test_a_delete_that_was_taken_stays_unknown(action: str, tls: ssl.SSLContext | None) -> None:
    with running(lambda number: action if number == 3 else KEEP, tls) as server:

        async def main() -> None:
            async with client_of(server) as client:
                await client.send(HttpRequest("GET", "/Users"))
                await client.send(HttpRequest("DELETE", "/Users(5)"))

        with pytest.raises(ThreeCxError) as caught:
            asyncio.run(main())
    assert caught.value.outcome_unknown
    assert server.requests.count("DELETE /xapi/v1/Users(5) HTTP/1.1") == 1


def test_without_tcp_info_nothing_is_claimed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("threecx_node.transport.sockets._TCP_INFO", None)
    monkeypatch.setattr(session_module, "has_input", lambda _: False)

    async def main() -> None:
        async with client_of(server) as client:
            await delete_after_the_close(client, server)

    with (
        running(lambda number: CLOSE if number == 2 else KEEP) as server,
        pytest.raises(ThreeCxError) as caught,
    ):
        asyncio.run(main())
    assert caught.value.outcome_unknown
