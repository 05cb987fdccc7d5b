"""What the server saw: the last requests, as tests and people may look at them."""

from __future__ import annotations

import re
import time
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

if TYPE_CHECKING:
    from collections.abc import Mapping

# Enough for any test; bounded, because a simulator may run for weeks.
KEPT_REQUESTS = 2_000
KEPT_BODY = 64 * 1024
# Answers are kept for people to look at, and a list of entities is long.
KEPT_ANSWER = 16 * 1024

_SECRET_HEADERS = frozenset({"authorization", "cookie", "proxy-authorization"})
_SECRET_FIELD = re.compile(
    r"((?:^|&)(?:client_secret|password)=)[^&]*|(name=\"client_secret\"(?:\r\n[^\r\n]+)*\r\n\r\n)[^\r\n]*"
)
_TOKEN_FIELD = re.compile(rb'("(?:access|refresh)_token"\s*:\s*")[^"]*')


@dataclass(frozen=True, slots=True)
class SeenRequest:
    """A request and what it got. `path` and `query` are as they came, percent-encoded.

    `answer` is the beginning of the answer's body, `at` the time of arrival in seconds since the epoch;
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
        """The body read as JSON; None where there is none."""
        return orjson.loads(self.body) if self.body else None


class Recorder:
    """Keeps requests raw and makes them presentable only when somebody looks."""

    def __init__(self) -> None:
        self._kept: deque[_Kept] = deque(maxlen=KEPT_REQUESTS)
        self.total = 0

    def add(
        self,
        scope: Mapping[str, Any],
        body: bytes,
        status: int,
        answer: bytes = b"",
        answer_type: bytes = b"",
        began: float | None = None,
    ) -> None:
        """Notes a request that was answered; of long bodies the beginning. `began` is `perf_counter`'s time."""
        self.total += 1
        took = time.perf_counter() - began if began is not None else 0.0
        self._kept.append(
            _Kept(
                self.total,
                time.time() - took,
                took,
                scope,
                body[:KEPT_BODY],
                status,
                answer[:KEPT_ANSWER],
                answer_type,
                len(answer),
            )
        )

    @property
    def revision(self) -> str:
        """Another one whenever the requests are others."""
        return f"{self.total}.{len(self._kept)}"

    def clear(self) -> None:
        """Forgets all; the count goes on."""
        self._kept.clear()

    def requests(self) -> list[SeenRequest]:
        """The requests, oldest first, without secrets."""
        return [_presentable(entry) for entry in list(self._kept)]

    def latest(self, most: int) -> list[SeenRequest]:
        """The newest requests, newest first, without secrets."""
        return [_presentable(entry) for entry in list(self._kept)[: -most - 1 : -1]]

    def numbered(self, number: int) -> SeenRequest | None:
        """One request by its number; None where it is not kept any more."""
        return next((_presentable(entry) for entry in list(self._kept) if entry.number == number), None)


class _Kept(NamedTuple):
    number: int
    at: float
    took: float
    scope: Mapping[str, Any]
    body: bytes
    status: int
    answer: bytes
    answer_type: bytes
    answer_size: int


def _presentable(entry: _Kept) -> SeenRequest:
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
    return SeenRequest(
        scope["method"],
        path,
        scope["query_string"].decode("latin-1"),
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
