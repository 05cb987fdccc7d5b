"""The table of failures: exceptions of any httpx transport become errors with a code, a text and advice."""

from __future__ import annotations

import asyncio
import socket
import ssl

import httpx
import pytest

from tests.support import credential
from threecx_node.errors import ThreeCxError, TransportError
from threecx_node.messages import HttpRequest
from threecx_node.transport.client import PbxClient
from threecx_node.transport.failures import translate_failure
from threecx_node.transport.retry import RetryPolicy


def verification_error(reason: str) -> ssl.SSLCertVerificationError:
    error = ssl.SSLCertVerificationError(1, "certificate verify failed")
    error.verify_message = reason
    return error


def caused_by(error: Exception, cause: Exception) -> Exception:
    error.__cause__ = cause
    return error


def handshake_error() -> ssl.SSLError:
    error = ssl.SSLError(1, "wrong")
    error.reason = "WRONG_VERSION_NUMBER"
    return error


CASES = [
    (httpx.ConnectTimeout(""), "connect_timeout", "no connection to pbx:443 within 3 seconds"),
    (httpx.PoolTimeout(""), "connect_timeout", "no connection to pbx:443 within 3 seconds"),
    (httpx.ReadTimeout(""), "timeout", "no complete response from pbx:443 within 7 seconds"),
    (httpx.WriteTimeout(""), "timeout", "no complete response from pbx:443 within 7 seconds"),
    (TimeoutError(), "timeout", "no complete response from pbx:443 within 7 seconds"),
    (
        caused_by(httpx.ConnectError(""), socket.gaierror(-2, "x")),
        "dns",
        "the host name of pbx:443 cannot be resolved",
    ),
    (
        caused_by(httpx.ConnectError(""), ConnectionRefusedError()),
        "connection_refused",
        "pbx:443 refused the connection",
    ),
    (
        caused_by(httpx.ConnectError(""), OSError(113, "No route to host")),
        "unreachable",
        "cannot connect to pbx:443: no route to host",
    ),
    (httpx.ConnectError(""), "unreachable", "cannot connect to pbx:443: the reason is not known"),
    (
        caused_by(httpx.ConnectError(""), verification_error("certificate has expired")),
        "tls",
        "the certificate of pbx:443 is not trusted: certificate has expired",
    ),
    (
        caused_by(httpx.ConnectError(""), verification_error("self-signed certificate")),
        "tls_self_signed",
        "the certificate of pbx:443 is not trusted: self-signed certificate",
    ),
    (
        caused_by(httpx.ConnectError(""), handshake_error()),
        "tls_handshake",
        "the TLS handshake with pbx:443 failed: wrong version number",
    ),
    (
        httpx.UnsupportedProtocol("no such\nprotocol"),
        "unsendable",
        "the request to pbx:443 cannot be sent: no such protocol",
    ),
    (httpx.InvalidURL("long"), "unsendable", "the request to pbx:443 cannot be sent: long"),
    (
        httpx.LocalProtocolError("bad header"),
        "unsendable",
        "the request to pbx:443 cannot be sent: bad header",
    ),
    (ValueError("bad"), "unsendable", "the request to pbx:443 cannot be sent: bad"),
    (
        httpx.ReadError(""),
        "connection_lost",
        "the connection to pbx:443 was closed before the response was complete",
    ),
    (caused_by(httpx.ReadError(""), handshake_error()), "connection_lost", ""),
    (caused_by(httpx.WriteError(""), handshake_error()), "connection_lost", ""),
    (caused_by(httpx.ReadError(""), ConnectionRefusedError()), "connection_lost", ""),
    (caused_by(httpx.ReadTimeout(""), handshake_error()), "timeout", ""),
    (httpx.RemoteProtocolError(""), "connection_lost", ""),
    (httpx.DecodingError(""), "connection_lost", ""),
    (httpx.StreamClosed(), "connection_lost", ""),
    (ConnectionResetError(), "connection_lost", ""),
]


@pytest.mark.parametrize(
    ("error", "code", "message"), CASES, ids=[f"{type(each[0]).__name__} {each[1]}" for each in CASES]
)
def test_an_exception_becomes_an_error(error: Exception, code: str, message: str) -> None:
    found = translate_failure(error, "pbx:443", timeout=7, connect_timeout=3)
    assert isinstance(found, TransportError)
    assert found.code == code
    assert found.message.startswith(message)
    assert found.description


@pytest.mark.parametrize(
    "error", [each[0] for each in CASES], ids=[f"{type(each[0]).__name__} {each[1]}" for each in CASES]
)
def test_the_transport_of_a_user_may_raise_any_of_them(error: Exception) -> None:
    def answer(_: httpx.Request) -> httpx.Response:
        raise error

    async def run() -> None:
        policy = RetryPolicy(retry_time=0)
        async with PbxClient(credential(), transport=httpx.MockTransport(answer), retry=policy) as client:
            await client.send(HttpRequest("GET", "/Users"))

    with pytest.raises(TransportError) as caught:
        asyncio.run(run())
    assert caught.value.__cause__ is error


def test_an_error_of_the_tree_passes_through() -> None:
    def refuse(_: httpx.Request) -> httpx.Response:
        raise ThreeCxError("not allowed", code="mine")

    async def run() -> None:
        async with PbxClient(credential(), transport=httpx.MockTransport(refuse)) as client:
            await client.send(HttpRequest("GET", "/Users"))

    with pytest.raises(ThreeCxError, match="not allowed"):
        asyncio.run(run())


@pytest.mark.parametrize(
    "target", [f"/Users('{'x' * 70_000}')", "/Users('a b')", "/Users('ö')", "/Users('a\r\nX-Evil: 1')"]
)
def test_a_target_that_is_not_encoded_is_not_sent(target: str) -> None:
    sent: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        sent.append(request.url.path)
        return httpx.Response(200, json={"access_token": "t", "expires_in": 60})

    async def run() -> None:
        async with PbxClient(credential(), transport=httpx.MockTransport(answer)) as client:
            await client.send(HttpRequest("GET", target))

    with pytest.raises(TransportError) as caught:
        asyncio.run(run())
    assert caught.value.code == "unsendable"
    assert not caught.value.outcome_unknown
    assert sent == ["/connect/token"]
