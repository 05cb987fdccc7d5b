"""Read request bodies from ASGI and send responses to it."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import orjson

from ..odata.errors import ODataError

if TYPE_CHECKING:
    from .files import FileDownload

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

MAX_BODY = 10 * 1024 * 1024
# A body that is too large is read and discarded up to this size, so that the client can read the 413.
_MAX_DRAIN = 64 * 1024 * 1024

JSON_TYPE = b"application/json; odata.metadata=minimal; odata.streaming=true; charset=utf-8"
_HOST = re.compile(rb"[A-Za-z0-9.\-_\[\]:]{1,255}")


class ClientDisconnectedError(Exception):
    """The client closed the connection while its body was read."""


@dataclass(slots=True)
class ServerResponse:
    """A response: status, body, and all headers except the length and the version."""

    status: int
    body: bytes = b""
    headers: tuple[tuple[bytes, bytes], ...] = ()
    media_type: bytes = JSON_TYPE


def build_error_response(error: ODataError) -> ServerResponse:
    """Return the response for an error."""
    headers = tuple((name.encode(), value.encode()) for name, value in error.headers.items())
    return ServerResponse(error.status, orjson.dumps(error.to_json()), headers)


def build_file_response(file: FileDownload) -> ServerResponse:
    """Return the response that makes a client download a file."""
    # Header bytes are ASCII; the extended form carries a name that has other characters.
    plain = re.sub(r'[^\x20-\x7e]|["\\]', "_", file.name)
    disposition = f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(file.name, safe='')}"
    headers = ((b"content-disposition", disposition.encode("ascii")),)
    return ServerResponse(200, file.content, headers, file.media_type.encode())


async def read_body(receive: Receive, headers: Mapping[bytes, bytes]) -> bytes:
    """Return the request's body.

    Raises ODataError (413) for more than 10 MB, ClientDisconnectedError for a body that ends early.
    """
    length = headers.get(b"content-length", b"0")
    announced = int(length) if length.isdigit() else 0
    too_large = announced > MAX_BODY
    parts: list[bytes] = []
    total = 0
    more = announced <= _MAX_DRAIN
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnectedError
        chunk = message.get("body", b"")
        total += len(chunk)
        if total > MAX_BODY:
            too_large = True
            parts.clear()
        if not too_large:
            parts.append(chunk)
        more = message.get("more_body", False) and total <= _MAX_DRAIN
    if too_large:
        raise ODataError(413, f"The body is larger than {MAX_BODY} bytes.", headers={"connection": "close"})
    return b"".join(parts)


async def send_response(send: Send, response: ServerResponse, version: bytes) -> None:
    """Send a response; `version` is the PBX's version, for its header."""
    headers = [(b"x-3cx-version", version), (b"odata-version", b"4.0"), *response.headers]
    if response.status != 204:
        headers.append((b"content-type", response.media_type))
        headers.append((b"content-length", str(len(response.body)).encode()))
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    await send({"type": "http.response.body", "body": response.body})


async def abort_connection(connection: Any, receive: Receive) -> None:
    """Close a connection without a response; `connection` is None where another server runs the application."""
    if connection is None:
        raise ConnectionAbortedError("fault injection: this request gets no response")
    connection.abort()
    while (await receive())["type"] != "http.disconnect":
        pass


@lru_cache(maxsize=64)
def build_service_root(scheme: str, host: bytes) -> str:
    """Return the service's address as the client wrote it, without a final slash."""
    name = host.decode() if _HOST.fullmatch(host) else "localhost"
    return f"{scheme}://{name}/xapi/v1"
