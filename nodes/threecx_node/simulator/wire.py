"""The pieces of HTTP that the server and the token endpoint share: bodies in, answers out."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import orjson

from .refusals import Refusal

if TYPE_CHECKING:
    from .faults import Fault
    from .files import FileAnswer

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

MAX_BODY = 10 * 1024 * 1024
# A body that is too large is read and thrown away up to here, so that the client gets to read the 413.
_MAX_DRAIN = 64 * 1024 * 1024

JSON_TYPE = b"application/json; odata.metadata=minimal; odata.streaming=true; charset=utf-8"
_HOST = re.compile(rb"[A-Za-z0-9.\-_\[\]:]{1,255}")


class Disconnected(Exception):  # noqa: N818 - nothing failed, the client has gone
    """The client went away while its body was read."""


@dataclass(slots=True)
class Answer:
    """Status, body, and the headers besides length and version."""

    status: int
    body: bytes = b""
    headers: tuple[tuple[bytes, bytes], ...] = ()
    media_type: bytes = JSON_TYPE


def refusal_answer(refusal: Refusal) -> Answer:
    """A refusal as it goes out."""
    headers = tuple((name.encode(), value.encode()) for name, value in refusal.headers.items())
    return Answer(refusal.status, orjson.dumps(refusal.body()), headers)


def fault_answer(fault: Fault) -> Answer:
    """The error that a fault is, as a proxy before the PBX might give it."""
    headers = {"retry-after": str(fault.value)} if fault.status in (429, 503) else {}
    return refusal_answer(Refusal(fault.status, "A fault that the simulator was asked for.", headers=headers))


async def hang_up(connection: Any, receive: Receive) -> None:
    """Closes a connection without an answer; `connection` is None where another server runs the application."""
    if connection is None:
        raise ConnectionAbortedError("a fault that the simulator was asked for: no answer")
    connection.abort()
    while (await receive())["type"] != "http.disconnect":
        pass


def file_answer(file: FileAnswer) -> Answer:
    """A file as a download."""
    # Header bytes are ASCII; the real name follows in the extended form where it needs more.
    plain = re.sub(r'[^\x20-\x7e]|["\\]', "_", file.name)
    disposition = f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(file.name, safe='')}"
    headers = ((b"content-disposition", disposition.encode("ascii")),)
    return Answer(200, file.content, headers, file.media_type.encode())


async def read_body(receive: Receive, headers: Mapping[bytes, bytes]) -> bytes:
    """The request's body; refuses with 413 over 10 MB; raises Disconnected."""
    length = headers.get(b"content-length", b"0")
    announced = int(length) if length.isdigit() else 0
    too_large = announced > MAX_BODY
    parts: list[bytes] = []
    total = 0
    more = announced <= _MAX_DRAIN
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Disconnected
        chunk = message.get("body", b"")
        total += len(chunk)
        if total > MAX_BODY:
            too_large = True
            parts.clear()
        if not too_large:
            parts.append(chunk)
        more = message.get("more_body", False) and total <= _MAX_DRAIN
    if too_large:
        raise Refusal(413, f"The body is larger than {MAX_BODY} bytes.", headers={"connection": "close"})
    return b"".join(parts)


async def send_answer(send: Send, answer: Answer, version: bytes) -> None:
    """Writes an answer."""
    headers = [(b"x-3cx-version", version), (b"odata-version", b"4.0"), *answer.headers]
    if answer.status != 204:
        headers.append((b"content-type", answer.media_type))
        headers.append((b"content-length", str(len(answer.body)).encode()))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body})


@lru_cache(maxsize=64)
def base_url(scheme: str, host: bytes) -> str:
    """The service's address as the client wrote it."""
    name = host.decode() if _HOST.fullmatch(host) else "localhost"
    return f"{scheme}://{name}/xapi/v1"


def key_literal(key: int | str) -> str:
    """A key as it stands in a URL."""
    if isinstance(key, int):
        return str(key)
    return "'" + quote(key.replace("'", "''"), safe="'") + "'"
