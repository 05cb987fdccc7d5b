"""Record the last requests and the last messages of WebSockets, for tests and for the page."""

from __future__ import annotations

import re
import time
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import orjson

if TYPE_CHECKING:
    from collections.abc import Mapping

# Enough for any test; limited, because a simulator may run for weeks.
MAX_REQUESTS = 2_000
MAX_BODY_BYTES = 64 * 1024
# Responses are stored for people to look at, and a list of entities is long.
MAX_ANSWER_BYTES = 16 * 1024
MAX_MESSAGES = 10_000
MAX_MESSAGE_CHARACTERS = 4 * 1024
# The recorded status of a request that got no response because of a fault.
NO_RESPONSE = 0

_SECRET_HEADERS = frozenset({"authorization", "cookie", "proxy-authorization"})
_SECRET_FIELD = re.compile(
    r"((?:^|&)(?:client_secret|password)=)[^&]*|(name=\"client_secret\"(?:\r\n[^\r\n]+)*\r\n\r\n)[^\r\n]*"
)
_SECRET_IN_QUERY = re.compile(r"((?:^|&)[^=&]*(?:token|secret|password)[^=&]*=)[^&]*", re.IGNORECASE)
_TOKEN_FIELD = re.compile(rb'("(?:access|refresh)_token"\s*:\s*")[^"]*')


@dataclass(frozen=True, slots=True)
class RecordedRequest:
    """A request and its response. `path` and `query` are percent-encoded, as the client sent them.

    `answer` is the beginning of the response's body, `at` the time of the request in seconds since the epoch;
    `number` counts all requests since the start, from 1.
    """

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes
    status: int
    answer: bytes = b""
    answer_type: str = ""
    answer_size: int = 0
    at: float = 0.0
    milliseconds: float = 0.0
    number: int = 0

    def json(self) -> Any:
        """Return the body parsed as JSON, None if it is empty."""
        return orjson.loads(self.body) if self.body else None


@dataclass(frozen=True, slots=True)
class RecordedMessage:
    """The beginning of a message of the WebSocket number `connection`, which the PBX "sent" or "received"."""

    connection: int
    client_id: str
    direction: Literal["sent", "received"]
    text: str
    at: float

    def json(self) -> Any:
        """Return the message parsed as JSON."""
        return orjson.loads(self.text)


class Recorder:
    """Stores raw requests, and removes secrets from them when they are read; stores messages of WebSockets."""

    def __init__(self) -> None:
        self._raw: deque[_RawRequest] = deque(maxlen=MAX_REQUESTS)
        self._messages: deque[RecordedMessage] = deque(maxlen=MAX_MESSAGES)
        self.total = 0

    def record_message(
        self, connection: int, client_id: str, direction: Literal["sent", "received"], text: str
    ) -> None:
        """Record the beginning of a message of a WebSocket."""
        self._messages.append(
            RecordedMessage(connection, client_id, direction, text[:MAX_MESSAGE_CHARACTERS], time.time())
        )

    def list_messages(self) -> list[RecordedMessage]:
        """Return the messages of WebSockets, oldest first."""
        return list(self._messages)

    def record(
        self,
        scope: Mapping[str, Any],
        body: bytes,
        status: int,
        answer: bytes = b"",
        answer_type: bytes = b"",
        began: float | None = None,
    ) -> None:
        """Record a request with the beginning of its bodies; `began` is its time by `perf_counter`."""
        self.total += 1
        took = time.perf_counter() - began if began is not None else 0.0
        self._raw.append(
            _RawRequest(
                self.total,
                time.time() - took,
                took,
                scope,
                body[:MAX_BODY_BYTES],
                status,
                answer[:MAX_ANSWER_BYTES],
                answer_type,
                len(answer),
            )
        )

    @property
    def revision(self) -> str:
        """A text that changes whenever the list of requests changes."""
        return f"{self.total}.{len(self._raw)}"

    def clear(self) -> None:
        """Remove all requests and messages; the numbers go on."""
        self._raw.clear()
        self._messages.clear()

    def list_requests(self) -> list[RecordedRequest]:
        """Return the requests, oldest first, without secrets."""
        return [_hide_secrets(entry) for entry in list(self._raw)]

    def list_latest(self, limit: int) -> list[RecordedRequest]:
        """Return the newest requests, newest first, at most `limit`, without secrets."""
        return [_hide_secrets(entry) for entry in list(self._raw)[: -limit - 1 : -1]]

    def find(self, number: int) -> RecordedRequest | None:
        """Return a request by its number, None if it is not stored any more."""
        return next((_hide_secrets(entry) for entry in list(self._raw) if entry.number == number), None)


class _RawRequest(NamedTuple):
    """A request as it was recorded."""

    number: int
    at: float
    took: float
    scope: Mapping[str, Any]
    body: bytes
    status: int
    answer: bytes
    answer_type: bytes
    answer_size: int


def _hide_secrets(entry: _RawRequest) -> RecordedRequest:
    scope, body, answer = entry.scope, entry.body, entry.answer
    headers = {}
    for raw_name, raw_value in scope["headers"]:
        name = raw_name.decode("latin-1")
        headers[name] = "***" if name in _SECRET_HEADERS else raw_value.decode("latin-1")
    path = scope["raw_path"].decode("latin-1")
    if path == "/connect/token":
        masked = _SECRET_FIELD.sub(lambda m: f"{m[1] or m[2]}***", body.decode("utf-8", "replace"))
        body = masked.encode()
        answer = _TOKEN_FIELD.sub(rb"\1***", answer)
    return RecordedRequest(
        scope["method"],
        path,
        _SECRET_IN_QUERY.sub(r"\1***", scope["query_string"].decode("latin-1")),
        headers,
        body,
        entry.status,
        answer,
        entry.answer_type.decode("latin-1"),
        entry.answer_size,
        entry.at,
        entry.took * 1000,
        entry.number,
    )
