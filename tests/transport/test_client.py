"""The client against real servers: URLs byte for byte, TLS, and peers that behave badly."""

from __future__ import annotations

import asyncio
import gzip
import ssl
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.transport.servers import RawServer, free_port, response, running
from threecx_credentials import Credential
from threecx_node.errors import ConfigurationError, LoginError, ThreeCxError, TransportError
from threecx_node.messages import HttpRequest, HttpResponse
from threecx_node.transport.client import PbxClient
from threecx_node.transport.retry import RetryPolicy

KEY = "s3cr3t-key"
GET = HttpRequest("GET", "/Users(5)")
DELETE = HttpRequest("DELETE", "/Users(5)")


async def _no_wait(seconds: float) -> None:
    del seconds


def send(
    base_url: str,
    *requests: HttpRequest,
    timeout: float = 5,
    verify: bool = True,
    ca: str | None = None,
) -> list[HttpResponse]:
    async def run() -> list[HttpResponse]:
        credential = Credential.of(base_url, "workflow", KEY, verify_tls=verify, ca_file=ca)
        policy = RetryPolicy(sleep=_no_wait)
        async with PbxClient(credential, retry=policy) as client:
            return [await client.send(request, timeout=timeout) for request in requests]

    return asyncio.run(run())


def failure(base_url: str, request: HttpRequest = GET, **options: object) -> ThreeCxError:
    with pytest.raises(ThreeCxError) as caught:
        send(base_url, request, **options)  # type: ignore[arg-type]  # options of send
    error = caught.value
    assert KEY not in str(error.to_json())
    assert error.description, "every failure says what to do"
    assert "\n" not in error.one_line()
    return error


def at(server: RawServer, scheme: str = "http") -> str:
    return f"{scheme}://localhost:{server.port}"


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


def test_a_time_out() -> None:
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
def test_a_peer_that_is_no_3cx(data: bytes, method: str) -> None:
    def answer(_: str) -> bytes:
        # What is not closed is left hanging otherwise, which is a time-out and has a test of its own.
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


def test_a_delete_on_a_connection_that_the_peer_closed_is_not_repeated_blindly() -> None:
    """A kept connection that turns out to be closed: aiohttp alone would send the DELETE a second time."""
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


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def tls(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    return context


def test_tls_is_verified_by_default(tls: ssl.SSLContext) -> None:
    with running(lambda _: response(), tls) as server:
        error = failure(at(server, "https"))
        assert error.code in ("tls", "tls_self_signed")
        assert "certificate" in error.message
        assert "--ca-file" in error.description
        assert server.heads == []


def test_a_named_authority_is_trusted(tls: ssl.SSLContext, authority: trustme.CA, tmp_path: Path) -> None:
    pem = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(pem))
    with running(lambda _: response(), tls) as server:
        assert send(at(server, "https"), GET, ca=str(pem))[0].status == 200
        # The certificate is for localhost; the same server under its address is somebody else.
        assert failure(f"https://127.0.0.1:{server.port}", ca=str(pem)).code == "tls"


def test_verification_can_be_switched_off(tls: ssl.SSLContext) -> None:
    with running(lambda _: response(), tls) as server:
        assert send(at(server, "https"), GET, verify=False)[0].status == 200


def test_a_self_signed_certificate_says_how_to_allow_it(tmp_path: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*self_signed(tmp_path))
    with running(lambda _: response(), context) as server:
        error = failure(at(server, "https"))
        assert error.code == "tls_self_signed", error.message
        assert "--no-verify-tls" in error.description


def self_signed(folder: Path) -> tuple[Path, Path]:
    """A certificate that signs itself, as a PBX in a cellar has it, and its key."""
    private = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(private.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(private, hashes.SHA256())
    )
    pem, key = folder / "certificate.pem", folder / "key.pem"
    pem.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    key.write_bytes(
        private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return pem, key


def test_https_to_a_plain_port() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()
        writer.close()

    error = failure_with(serve, "https")
    assert error.code == "tls_handshake"
    assert "5004" in error.description


def test_a_ca_file_that_is_none(tmp_path: Path) -> None:
    broken = tmp_path / "ca.pem"
    broken.write_text("no certificate")
    with pytest.raises(ConfigurationError, match="CA file"):
        send("https://localhost:1", GET, ca=str(broken))


@pytest.mark.parametrize(
    ("token_answer", "kind"),
    [
        (response(401, b'{"error": "unauthorized", "error_description": "bad client"}'), LoginError),
        (response(200, b"<html>", "text/html"), TransportError),
        (response(500, b"oops", "text/plain"), TransportError),
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


def failure_with(
    serve: Callable[[asyncio.StreamReader, asyncio.StreamWriter], object], scheme: str = "http"
) -> ThreeCxError:
    async def run() -> ThreeCxError:
        listener = await asyncio.start_server(serve, "127.0.0.1", 0)  # type: ignore[arg-type]  # a coroutine
        port = listener.sockets[0].getsockname()[1]
        async with listener:
            credential = Credential.of(f"{scheme}://127.0.0.1:{port}", "workflow", KEY)
            async with PbxClient(credential) as client:
                with pytest.raises(ThreeCxError) as caught:
                    await client.send(GET)
        return caught.value

    return asyncio.run(run())
