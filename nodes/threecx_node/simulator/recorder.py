"""What the server saw: the last requests, as tests and people may look at them."""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson

if TYPE_CHECKING:
    from collections.abc import Mapping

# Enough for any test; bounded, because a simulator may run for weeks.
KEPT_REQUESTS = 2_000
KEPT_BODY = 64 * 1024

_SECRET_HEADERS = frozenset({"authorization", "cookie", "proxy-authorization"})
_SECRET_FIELD = re.compile(
    r"((?:^|&)(?:client_secret|password)=)[^&]*|(name=\"client_secret\"(?:\r\n[^\r\n]+)*\r\n\r\n)[^\r\n]*"
)


@dataclass(frozen=True, slots=True)
class SeenRequest:
    """A request and the status it got. `path` and `query` are as they came, percent-encoded."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes
    status: int

    def json(self) -> Any:
        """The body read as JSON; None where there is none."""
        return orjson.loads(self.body) if self.body else None


class Recorder:
    """Keeps requests raw and makes them presentable only when somebody looks."""

    def __init__(self) -> None:
        self._kept: deque[tuple[Mapping[str, Any], bytes, int]] = deque(maxlen=KEPT_REQUESTS)

    def add(self, scope: Mapping[str, Any], body: bytes, status: int) -> None:
        """Notes a request that was answered; bodies are cut to their first 64 KB."""
        self._kept.append((scope, body[:KEPT_BODY], status))

    def clear(self) -> None:
        """Forgets all."""
        self._kept.clear()

    def requests(self) -> list[SeenRequest]:
        """The requests, oldest first, without secrets."""
        return [_presentable(*entry) for entry in list(self._kept)]


def _presentable(scope: Mapping[str, Any], body: bytes, status: int) -> SeenRequest:
    headers = {}
    for raw_name, raw_value in scope["headers"]:
        name = raw_name.decode("latin-1")
        headers[name] = "***" if name in _SECRET_HEADERS else raw_value.decode("latin-1")
    path = scope["raw_path"].decode("latin-1")
    if path == "/connect/token":
        masked = _SECRET_FIELD.sub(lambda m: f"{m[1] or m[2]}***", body.decode("utf-8", "replace"))
        body = masked.encode()
    return SeenRequest(scope["method"], path, scope["query_string"].decode("latin-1"), headers, body, status)
