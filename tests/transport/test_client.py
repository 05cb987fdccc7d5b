"""The client against real servers: URLs byte for byte, bounded connections, timeouts, and peers that behave badly."""

from __future__ import annotations

import asyncio
import gzip
import threading
from collections.abc import Callable

import httpx
import pytest

from tests.transport.clients import DELETE, GET, KEY, at, failure, failure_with, send
from tests.transport.servers import TOKEN, free_port, response, running
from threecx_credentials import Credential
from threecx_node.errors import LoginError, ThreeCxError, TransportError
from threecx_node.messages import HttpRequest, HttpResponse
from threecx_node.transport.client import PbxClient


def test_a_url_arrives_as_it_was_built() -> None:
    target = "/TenantProperties('O''Brien%20%26%20S%C3%B6hne%2F1%28%29%2C')"
    with running(lambda _: response()) as server:
        send(at(server), HttpRequest("GET", target, "$filter=Name%20eq%20'A%26B%2B'&$select=Id,N"))
        assert server.heads == [f"GET /xapi/v1{target}?$filter=Name%20eq%20'A%26B%2B'&$select=Id,N HTTP/1.1"]


def test_one_pool_serves_many_requests() -> None:
    with running(lambda _: response()) as server:
        send(at(server), *[GET] * 20)
        assert server.connections == 1


def test_no_more_connections_than_the_limit() -> None:
    with running(lambda _: response()) as server:

        async def run() -> None:
            credential = Credential.of(at(server), "workflow", KEY)
            async with PbxClient(credential, connections=3) as client:
                await asyncio.gather(*(client.send(GET) for _ in range(60)))

        asyncio.run(run())
        assert len(server.heads) == 60
        assert server.connections <= 3


def test_any_transport_is_bounded() -> None:
    under_way, most = 0, 0

    class Slow(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            nonlocal under_way, most
            if request.url.path == "/connect/token":
                return httpx.Response(200, content=TOKEN)
            under_way += 1
            most = max(most, under_way)
            for _ in range(3):
                await asyncio.sleep(0)
            under_way -= 1
            return httpx.Response(204)

    async def run() -> None:
        credential = Credential.of("pbx.example", "workflow", KEY)
        async with PbxClient(credential, connections=3, transport=Slow()) as client:
            await asyncio.gather(*(client.send(DELETE) for _ in range(20)))

    asyncio.run(run())
    assert most == 3


def test_waiting_for_a_free_connection_is_not_connecting() -> None:
    release = threading.Event()

    def answer(_: str) -> bytes:
        release.wait(5)
        return response()

    async def run() -> list[HttpResponse]:
        credential = Credential.of(at(server), "workflow", KEY)
        async with PbxClient(credential, connections=1, connect_timeout=0.2) as client:
            waiting = [asyncio.create_task(client.send(GET)) for _ in range(3)]
            await asyncio.sleep(0.4)  # longer than connecting may take
            release.set()
            return await asyncio.gather(*waiting)

    with running(answer) as server:
        assert [each.status for each in asyncio.run(run())] == [200] * 3
        assert server.connections == 1


def test_connecting_has_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    async def connect_forever(*_: object, **__: object) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr("aiohttp.connector.aiohappyeyeballs.start_connection", connect_forever)

    async def run() -> None:
        credential = Credential.of("http://127.0.0.1:1", "workflow", KEY)
        async with PbxClient(credential, connect_timeout=0.1) as client:
            await client.send(GET)

    with pytest.raises(TransportError) as caught:
        asyncio.run(run())
    assert caught.value.code == "connect_timeout"
    assert "0.1 seconds" in caught.value.message


def test_a_request_outlives_a_token_of_another_client() -> None:
    """The 401 of a token that another client ended is repeated once with a new token, and not more often."""
    answers = iter([response(401), response(body=b'{"Id": 5}'), response(401), response(401)])
    with running(lambda _: next(answers)) as server:
        assert [each.status for each in send(at(server), GET, GET)] == [200, 401]
        assert len(server.heads) == 4


def test_compressed_answers_are_read() -> None:
    body = gzip.compress(b'{"Id": 5}')
    with running(lambda _: response(body=body, extra="Content-Encoding: gzip\r\n")) as server:
        assert send(at(server), GET)[0].content == b'{"Id": 5}'


def test_connection_refused() -> None:
    error = failure(f"http://127.0.0.1:{free_port()}")
    assert isinstance(error, TransportError)
    assert error.code == "connection_refused"
    assert error.exit_code == 3


def test_a_name_that_is_not_there() -> None:
    assert failure("http://no-such-host.invalid").code == "dns"


def test_a_timeout() -> None:
    with running(lambda _: None) as server:
        error = failure(at(server), timeout=0.3)
        assert error.code == "timeout"
        assert "0.3 seconds" in error.message
        assert not error.outcome_unknown


@pytest.mark.parametrize("data", [None, b""], ids=["says nothing", "hangs up"])
def test_a_write_without_an_answer_may_have_been_done(data: bytes | None) -> None:
    with running(lambda _: data) as server:
        error = failure(at(server), DELETE, timeout=2)
        assert error.outcome_unknown
        assert error.description.startswith("Check in 3CX whether the request was carried out")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{",
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"a" * 200_000 + b"\r\n\r\n",
    ],
    ids=["closes", "cuts the body", "cuts the head", "speaks TLS", "speaks SSH", "sends an endless header"],
)
@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_a_server_other_than_3cx(data: bytes, method: str) -> None:
    def answer(_: str) -> bytes:
        return data

    with running(_once(answer)) as server:
        error = failure(at(server), HttpRequest(method, "/Users(5)"), timeout=1)
        assert isinstance(error, TransportError)
        if method == "DELETE":
            assert len(server.heads) == 1, "what may have been carried out is not sent again"


def _once(answer: Callable[[str], bytes]) -> Callable[[str], bytes]:
    """Answers, then closes with the next request."""
    state = {"said": False}

    def reply(head: str) -> bytes:
        if state["said"]:
            return b""
        state["said"] = True
        return answer(head)

    return reply


def test_a_delete_on_a_closed_connection_is_not_repeated() -> None:
    """On a kept connection that the peer has closed, aiohttp alone would send the DELETE a second time."""
    answers = iter([response(), b""])
    with running(lambda _: next(answers, response(204, b""))) as server:
        with pytest.raises(TransportError):
            send(at(server), GET, HttpRequest("DELETE", "/Users(5)"))
        assert [head.split()[0] for head in server.heads] == ["GET", "DELETE"]


def test_a_read_whose_connection_broke_is_sent_again() -> None:
    answers = iter([b"", response(body=b'{"Id": 5}')])
    with running(lambda _: next(answers)) as server:
        assert send(at(server), GET)[0].content == b'{"Id": 5}'
        assert len(server.heads) == 2


@pytest.mark.parametrize(
    ("token_answer", "kind"),
    [
        (response(401, b'{"error": "unauthorized", "error_description": "bad client"}'), LoginError),
        (response(200, b"<html>", "text/html"), TransportError),
        (response(401, b""), LoginError),
        (response(403, b"<html>", "text/html"), LoginError),
    ],
)
def test_a_refused_login(token_answer: bytes, kind: type[ThreeCxError]) -> None:
    asked: list[int] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        asked.append(1)
        writer.write(token_answer)
        await writer.drain()
        writer.close()

    error = failure_with(serve)
    assert isinstance(error, kind)
    assert error.exit_code == 3
    assert len(asked) == 1


def test_a_busy_pbx_is_not_a_wrong_key() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(response(503, b'{"error": "busy"}'))
        await writer.drain()
        writer.close()

    error = failure_with(serve)
    assert "answered 503 to the login" in error.message
    assert "API key" not in error.description
    assert "Try again" in error.description
