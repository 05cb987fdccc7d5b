"""The limit of a response's size: of its decoded bytes, whatever the headers say of them."""

from __future__ import annotations

import asyncio
import gzip
import itertools
import zlib
from collections.abc import Callable, Iterable
from dataclasses import replace
from io import BytesIO

import httpx
import pytest

from tests.transport.clients import DELETE, GET, KEY
from tests.transport.hostile import head, hostile
from tests.transport.servers import response
from threecx_credentials import Credential
from threecx_node.errors import TransportError
from threecx_node.messages import HttpRequest, HttpResponse, Reception
from threecx_node.transport.client import PbxClient
from threecx_node.transport.retry import RetryPolicy

LIMIT = 1_000_000
ZEROS = bytes(LIMIT * 50)


def chunked(body: bytes) -> Iterable[bytes]:
    step = 64 * 1024
    for start in range(0, len(body), step):
        piece = body[start : start + step]
        yield b"%x\r\n%s\r\n" % (len(piece), piece)
    yield b"0\r\n\r\n"


def raw_deflate(body: bytes) -> bytes:
    compressor = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return compressor.compress(body) + compressor.flush()


def encoded(encoding: bytes, body: bytes) -> Callable[[str], Iterable[bytes]]:
    header = b"Content-Encoding: %s\r\nContent-Length: %d\r\n" % (encoding, len(body))
    return lambda _: [head(header), body]


def packed_zeros(encoding: bytes, pack: Callable[[bytes], bytes]) -> Callable[[str], Iterable[bytes]]:
    """A response of ZEROS, which are packed when it is sent and not when the tests are collected."""

    def answer(request: str) -> Iterable[bytes]:
        return encoded(encoding, pack(ZEROS))(request)

    return answer


TOO_LARGE: dict[str, Callable[[str], Iterable[bytes]]] = {
    "announced": lambda _: itertools.chain([head(b"Content-Length: 300000000\r\n")], itertools.repeat(b" ")),
    "chunked": lambda _: [head(b"Transfer-Encoding: chunked\r\n"), *chunked(ZEROS)],
    "chunked without an end": lambda _: itertools.chain(
        [head(b"Transfer-Encoding: chunked\r\n")], itertools.repeat(b"10000\r\n" + bytes(0x10000) + b"\r\n")
    ),
    "without a length": lambda _: itertools.chain([head()], itertools.repeat(bytes(0x10000))),
    "gzip": packed_zeros(b"gzip", gzip.compress),
    "deflate": packed_zeros(b"deflate", zlib.compress),
    "deflate without a header": packed_zeros(b"deflate", raw_deflate),
    "gzip twice": packed_zeros(b"gzip, gzip", lambda body: gzip.compress(gzip.compress(body))),
    "gzip in chunks": lambda _: [
        head(b"Content-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n"), *chunked(gzip.compress(ZEROS))
    ],
    "an error page": lambda _: itertools.chain(
        [head(media_type=b"text/html").replace(b"200 OK", b"500 X")], itertools.repeat(bytes(0x10000))
    ),
    "a file": lambda _: itertools.chain([head(media_type=b"audio/wav")], itertools.repeat(bytes(0x10000))),
}  # fmt: skip


ENDLESS = {"announced", "chunked without an end", "without a length", "an error page", "a file"}


def exchange(
    answer: Callable[[str], Iterable[bytes]], request: HttpRequest, *, is_endless: bool = False
) -> HttpResponse:
    async def run() -> HttpResponse:
        async with (
            hostile(answer, is_flood=True) as peer,
            PbxClient(Credential.of(peer.url, "a", KEY), retry=RetryPolicy(retry_time=0)) as client,
        ):
            try:
                return await client.send(request, timeout=60)
            except TransportError:
                if is_endless:
                    await peer.left.wait()
                raise

    return asyncio.run(run())


@pytest.mark.parametrize("kind", TOO_LARGE)
def test_a_response_over_the_limit_closes_its_connection(kind: str) -> None:
    with pytest.raises(TransportError) as caught:
        exchange(TOO_LARGE[kind], replace(GET, reception=Reception(LIMIT)), is_endless=kind in ENDLESS)
    error = caught.value
    assert error.code == "response_too_large"
    assert "larger than the limit of 1000000 bytes" in error.message
    assert "--max-response" in error.description
    assert not error.outcome_unknown


def test_a_write_with_too_large_a_response_is_unknown() -> None:
    with pytest.raises(TransportError) as caught:
        exchange(
            lambda _: itertools.chain([head()], itertools.repeat(bytes(0x10000))),
            replace(DELETE, reception=Reception(LIMIT)),
        )
    assert caught.value.outcome_unknown


@pytest.mark.parametrize("size", [LIMIT, LIMIT - 1])
@pytest.mark.parametrize("encoding", [b"", b"gzip", b"deflate"])
def test_a_response_within_the_limit_is_taken(size: int, encoding: bytes) -> None:
    body = bytes(size)
    packed = {b"": body, b"gzip": gzip.compress(body), b"deflate": zlib.compress(body)}[encoding]
    found = exchange(encoded(encoding, packed), replace(GET, reception=Reception(LIMIT)))
    assert found.content == body


@pytest.mark.parametrize("step", [1, 2, 7])
@pytest.mark.parametrize("encode", [gzip.compress, zlib.compress, raw_deflate])
def test_a_compressed_body_in_small_pieces(step: int, encode: Callable[[bytes], bytes]) -> None:
    body = b'{"Id": 5}'
    packed = encode(body)
    pieces = [packed[start : start + step] for start in range(0, len(packed), step)]
    header = b"Content-Encoding: deflate\r\nTransfer-Encoding: chunked\r\n"
    parts = [b"%x\r\n%s\r\n" % (len(each), each) for each in pieces]
    assert exchange(lambda _: [head(header), *parts, b"0\r\n\r\n"], GET).content == body


def test_a_compressed_body_that_is_cut_is_an_error() -> None:
    packed = gzip.compress(bytes(range(256)))[:-9]
    with pytest.raises(TransportError):
        exchange(encoded(b"gzip", packed), GET)


def test_a_transport_of_the_user_has_the_same_limit() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/connect/token":
            return httpx.Response(200, json={"access_token": "t", "expires_in": 60})
        return httpx.Response(200, content=ZEROS)

    async def run() -> None:
        async with PbxClient(
            Credential.of("http://pbx.test", "a", KEY), transport=httpx.MockTransport(answer)
        ) as client:
            with pytest.raises(TransportError) as caught:
                await client.send(replace(GET, reception=Reception(LIMIT)))
            assert caught.value.code == "response_too_large"

    asyncio.run(run())


class Kept(BytesIO):
    """A file that notes whether it was closed, and that counts its bytes."""

    is_closed = False

    def close(self) -> None:
        self.is_closed = True


def test_a_file_is_written_where_the_request_says() -> None:
    kept = Kept()
    content = bytes(range(256)) * 1000
    found = exchange(
        lambda _: [response(body=content, media_type="audio/wav")],
        replace(GET, reception=Reception(open_file=lambda: kept)),
    )
    assert (found.file, found.content) == (kept, b"")
    assert kept.getvalue() == content
    assert not kept.is_closed


@pytest.mark.parametrize("status", [200, 404])
def test_what_is_not_a_file_is_not_written(status: int) -> None:
    found = exchange(
        lambda _: [response(status, b'{"a": 1}')],
        replace(GET, reception=Reception(open_file=lambda: pytest.fail("a file was opened"))),
    )
    assert (found.content, found.file) == (b'{"a": 1}', None)


def test_a_file_that_ends_early_is_closed() -> None:
    kept = Kept()
    with pytest.raises(TransportError):
        exchange(TOO_LARGE["a file"], replace(GET, reception=Reception(LIMIT, lambda: kept)), is_endless=True)
    assert kept.is_closed
