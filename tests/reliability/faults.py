"""The faults of the matrix: what a PBX, or a machine between, does to a request.

A fault says whether the work is done (`does_work`), and how the response reaches the client, if it does. The flags say
what a truthful and able client makes of it.
"""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Literal

from tests.reliability.pbx import odata_error, response

Send = Callable[["Wire", bytes], Awaitable[None]]
Where = Literal["connect", "request", "response", "login"]

PAGE = b"<!doctype html><html><head><title>Welcome</title></head><body>Please wait</body></html>"
HUGE = 8 * 1024 * 1024
MAX_RESPONSE = 1024 * 1024


@dataclass
class Wire:
    """The connection on which a fault occurs."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def wait_for_end(self) -> None:
        """Wait until the client has closed the connection."""
        while await self.reader.read(65536):
            pass

    def reset(self) -> None:
        """End the connection by a reset in place of an end."""
        self.writer.transport.abort()


@dataclass(frozen=True)
class Fault:
    """One fault.

    `is_final`: a definite refusal, which is reported and not repeated. `is_visible`: the client can see that nothing
    was done, so it repeats a change. `is_timed`: the client has to give up waiting. `may_fail`: a read that meets it
    once may fail. `where`: as the connection opens, at a request, after a response, or at the login. `not_for`: kinds
    of operations in which no client could notice it, because a file has any length, and may be JSON.
    `replaces_token`: the token of the client ends.
    """

    name: str
    send: Send
    does_work: bool = False
    is_final: bool = False
    is_visible: bool = False
    is_timed: bool = False
    may_fail: bool = False
    where: Where = "request"
    not_for: tuple[str, ...] = ()
    replaces_token: bool = False


def answers(data: bytes) -> Send:
    """Return a fault that answers `data` in place of the response."""

    async def send(wire: Wire, honest: bytes) -> None:
        del honest
        await wire.send(data)

    return send


async def close(wire: Wire, honest: bytes) -> None:
    """Close the connection without a response."""
    del wire, honest


async def reset(wire: Wire, honest: bytes) -> None:
    del honest
    wire.reset()


async def say_nothing(wire: Wire, honest: bytes) -> None:
    del honest
    await wire.wait_for_end()


async def cut_status_line(wire: Wire, honest: bytes) -> None:
    await wire.send(honest[:7])


async def cut_headers(wire: Wire, honest: bytes) -> None:
    await wire.send(honest[: honest.index(b"\r\n\r\n") - 3])


async def cut_body(wire: Wire, honest: bytes) -> None:
    head, _, body = with_body(honest)
    await wire.send(head + body[: len(body) // 2])


async def long_content_length(wire: Wire, honest: bytes) -> None:
    head, length, body = with_body(honest)
    await wire.send(head.replace(b": %d\r\n" % length, b": %d\r\n" % (length + 100)) + body)


async def short_content_length(wire: Wire, honest: bytes) -> None:
    head, length, body = with_body(honest)
    await wire.send(head.replace(b": %d\r\n" % length, b": %d\r\n" % (length - 7)) + body)


async def two_content_lengths(wire: Wire, honest: bytes) -> None:
    head, length, body = with_body(honest)
    await wire.send(head.replace(b"\r\n\r\n", b"\r\nContent-Length: %d\r\n\r\n" % (length + 1)) + body)


async def broken_chunk(wire: Wire, honest: bytes) -> None:
    head, _, body = with_body(honest, is_chunked=True)
    await wire.send(head + b"%x\r\n%s\r\nZZ\r\n" % (len(body), body))


async def chunks_without_end(wire: Wire, honest: bytes) -> None:
    head, _, body = with_body(honest, is_chunked=True)
    await wire.send(head + b"%x\r\n%s\r\n" % (len(body), body))


async def cut_json(wire: Wire, honest: bytes) -> None:
    """Send a part of the body as if it were whole."""
    head, length, body = with_body(honest)
    half = body[: length // 2]
    await wire.send(head.replace(b": %d\r\n" % length, b": %d\r\n" % len(half)) + half)


async def drip_headers(wire: Wire, honest: bytes) -> None:
    del honest
    await wire.send(b"HTTP/1.1 200 OK\r\n")
    await _drip(wire, b"X-Wait: yes\r\n")


async def drip_body(wire: Wire, honest: bytes) -> None:
    del honest
    await wire.send(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1000000\r\n\r\n{")
    await _drip(wire, b" ")


async def endless_1xx(wire: Wire, honest: bytes) -> None:
    del honest
    await _drip(wire, b"HTTP/1.1 102 Processing\r\n\r\n")


async def huge_answer(wire: Wire, honest: bytes) -> None:
    del honest
    await wire.send(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % HUGE)
    piece = b'{"value": [' + b" " * 65525
    for _ in range(HUGE // 65536):
        await wire.send(piece)
        piece = b" " * 65536


async def slow(wire: Wire, honest: bytes) -> None:
    """Send the response in small parts, within the time limit."""
    for start in range(0, len(honest), 400):
        await wire.send(honest[start : start + 400])
        await asyncio.sleep(0)


async def _drip(wire: Wire, data: bytes) -> None:
    """Send `data` again and again, until the client closes the connection."""
    ended = asyncio.create_task(wire.wait_for_end())
    try:
        while not ended.done() and not wire.writer.transport.is_closing():
            await wire.send(data)
            await asyncio.wait({ended}, timeout=0.05)
    finally:
        ended.cancel()


def with_body(honest: bytes, *, is_chunked: bool = False) -> tuple[bytes, int, bytes]:
    """Return head, length and body of a response; one without content gets some, so that it can be spoiled."""
    head, _, body = honest.partition(b"\r\n\r\n")
    if not body:
        body = json.dumps({"value": "x" * 40}).encode()
        head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d" % len(body)
    length = b"Content-Length: %d" % len(body)
    if is_chunked:
        head = head.replace(length, b"Transfer-Encoding: chunked")
    return head + b"\r\n\r\n", len(body), body


def _gzip_broken() -> bytes:
    body = gzip.compress(b'{"value": []}' * 50)[:-12]
    return response(200, body, headers={"Content-Encoding": "gzip"})


_UTF16 = response(200, '{"value": []}'.encode("utf-16"))
_REFUSALS = {
    400: "The input was not valid.",
    403: "Forbidden",
    404: "NotFound",
    409: "Conflict",
    412: "PreconditionFailed",
    413: "RequestEntityTooLarge",
}
_FILES = ("download",)
_WAIT = {"Retry-After": "1"}
_ELSEWHERE = {"Location": "https://other.example/"}

FAULTS: tuple[Fault, ...] = (
    Fault("connection refused", close, is_visible=True, where="connect"),
    Fault("closed before the request is read", close, where="connect"),
    Fault("reset before the request is read", reset, where="connect"),
    Fault("closed after the response", close, is_visible=True, where="response"),
    Fault("closed, not done", close),
    Fault("closed, done", close, does_work=True),
    Fault("reset, not done", reset),
    Fault("reset, done", reset, does_work=True),
    Fault("no answer, not done", say_nothing, is_timed=True),
    Fault("no answer, done", say_nothing, does_work=True, is_timed=True),
    Fault("status line cut, done", cut_status_line, does_work=True),
    Fault("headers cut, done", cut_headers, does_work=True),
    Fault("body cut, done", cut_body, does_work=True),
    Fault("Content-Length too long, done", long_content_length, does_work=True),
    Fault("Content-Length too short, done", short_content_length, does_work=True, not_for=_FILES),
    Fault("two Content-Length, done", two_content_lengths, does_work=True),
    Fault("broken chunk, done", broken_chunk, does_work=True),
    Fault("chunks without an end, done", chunks_without_end, does_work=True),
    Fault("no HTTP, not done", answers(b"\x15\x03\x01\x00\x02\x02\x50" * 3 + b"\r\n\r\n")),
    Fault("no HTTP, done", answers(b"220 mail.example ESMTP\r\n\r\n"), does_work=True),
    Fault("headers drip, done", drip_headers, does_work=True, is_timed=True),
    Fault("body drips, done", drip_body, does_work=True, is_timed=True),
    Fault("endless 1xx, done", endless_1xx, does_work=True, is_timed=True),
    *(
        Fault(f"{status} of 3CX", answers(odata_error(status, text)), is_final=True)
        for status, text in _REFUSALS.items()
    ),
    Fault("401: the token was replaced", answers(response(401)), is_visible=True, replaces_token=True),
    Fault("408, not done", answers(response(408))),
    Fault("429", answers(response(429)), is_visible=True),
    Fault("429 with Retry-After", answers(response(429, headers=_WAIT)), is_visible=True),
    Fault("500, not done", answers(response(500))),
    Fault("500, done", answers(response(500)), does_work=True),
    Fault("500 of 3CX", answers(odata_error(500, "An error has occurred.")), is_final=True),
    Fault("500 with a page, done", answers(response(500, PAGE, "text/html")), does_work=True),
    Fault("502, not done", answers(response(502))),
    Fault("502, done", answers(response(502, PAGE, "text/html")), does_work=True),
    Fault("503, not done", answers(response(503))),
    Fault("503, done", answers(response(503)), does_work=True),
    Fault("503 with Retry-After", answers(response(503, headers=_WAIT)), is_visible=True),
    Fault("504, not done", answers(response(504))),
    Fault("504, done", answers(response(504)), does_work=True),
    Fault("520, not done", answers(response(520))),
    Fault("520, done", answers(response(520)), does_work=True),
    Fault("200 with a page, not done", answers(response(200, PAGE, "text/html"))),
    Fault("200 with a page, done", answers(response(200, PAGE, "text/html")), does_work=True),
    Fault("200 and empty, done", answers(response(200)), does_work=True),
    Fault("202, not done", answers(response(202))),
    Fault("202, done", answers(response(202)), does_work=True),
    Fault("JSON cut, done", cut_json, does_work=True, not_for=_FILES),
    Fault(
        "JSON of another shape, done",
        answers(response(200, b'{"status": "ok"}')),
        does_work=True,
        not_for=_FILES,
    ),
    Fault("JSON text, done", answers(response(200, b'"ok"')), does_work=True, not_for=_FILES),
    Fault("200 with an error of 3CX", answers(odata_error(200, "An error has occurred.")), may_fail=True),
    Fault("UTF-16, done", answers(_UTF16), does_work=True, not_for=_FILES),
    Fault("gzip cut, done", answers(_gzip_broken()), does_work=True),
    Fault("redirect", answers(response(302, headers=_ELSEWHERE)), may_fail=True),
    Fault("huge answer, done", huge_answer, does_work=True, may_fail=True),
    Fault("slow, done", slow, does_work=True),
)

_NO_TOKEN = response(200, b'{"token_type": "Bearer", "expires_in": 3600}')
_REFUSED = b'{"error": "unauthorized", "error_description": "wrong key"}'

LOGIN_FAULTS: tuple[Fault, ...] = tuple(
    Fault(
        f"login: {name}",
        send,
        where="login",
        is_visible=True,
        is_timed=flag == "timed",
        is_final=flag == "final",
        may_fail=flag == "may fail",
    )
    for name, send, flag in (
        ("closed", close, ""),
        ("reset", reset, ""),
        ("no answer", say_nothing, "timed"),
        ("headers cut", cut_headers, ""),
        ("body cut", cut_body, ""),
        ("broken chunk", broken_chunk, ""),
        ("no HTTP", answers(b"220 mail.example ESMTP\r\n\r\n"), ""),
        ("headers drip", drip_headers, "timed"),
        ("body drips", drip_body, "timed"),
        ("endless 1xx", endless_1xx, "timed"),
        ("400", answers(response(400, b'{"error": "invalid_request"}')), "final"),
        ("401", answers(response(401, _REFUSED)), "final"),
        ("403", answers(response(403)), "final"),
        ("408", answers(response(408)), ""),
        ("429", answers(response(429)), ""),
        ("429 with Retry-After", answers(response(429, headers=_WAIT)), ""),
        ("500", answers(response(500)), ""),
        ("502", answers(response(502, PAGE, "text/html")), ""),
        ("503", answers(response(503)), ""),
        ("503 with Retry-After", answers(response(503, headers=_WAIT)), ""),
        ("504", answers(response(504)), ""),
        ("520", answers(response(520)), ""),
        ("200 with a page", answers(response(200, PAGE, "text/html")), "may fail"),
        ("200 and empty", answers(response(200)), "may fail"),
        ("200 without a token", answers(_NO_TOKEN), "may fail"),
        ("JSON cut", cut_json, "may fail"),
        ("redirect", answers(response(302, headers=_ELSEWHERE)), "may fail"),
        ("huge answer", huge_answer, "may fail"),
    )
)
