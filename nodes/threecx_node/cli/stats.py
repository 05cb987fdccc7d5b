"""Statistics of a run: how many requests were sent, how often again, and how long they took."""

from __future__ import annotations

import random
from array import array
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..messages import HttpRequest

_PERCENTILES = (50, 95, 99)
# Of more latencies than this, a random choice is kept: enough for the percentiles, in memory that does not grow.
_MOST_LATENCIES = 20_000


class Statistics:
    """Counts the requests of a client, as its observer."""

    def __init__(self) -> None:
        self.requests = 0
        self.without_response = 0
        self.retries = 0
        self.token_requests = 0
        # How many requests the PBX got at a time at the end, None where none was sent.
        self.limit: int | None = None
        self._latencies = array("d")
        self._longest = 0.0
        self._random = random.Random(0)  # noqa: S311 (a choice of latencies, no secret)

    def note_attempt(self, request: HttpRequest, status: int, seconds: float) -> None:
        """Count an attempt."""
        del request
        self.requests += 1
        self.without_response += status == 0
        self._longest = max(self._longest, seconds)
        if len(self._latencies) < _MOST_LATENCIES:
            self._latencies.append(seconds)
        elif (place := self._random.randrange(self.requests)) < _MOST_LATENCIES:
            self._latencies[place] = seconds

    def note_retry(self, request: HttpRequest) -> None:
        """Count a request that is sent again."""
        del request
        self.retries += 1

    def note_token_request(self, status: int, seconds: float) -> None:
        """Count a token request."""
        del status, seconds
        self.token_requests += 1

    @property
    def kept(self) -> int:
        """Return the number of latencies in memory."""
        return len(self._latencies)

    def to_json(self) -> dict[str, Any]:
        """Return the counts, and the latencies in milliseconds."""
        counts = {
            "requests": self.requests,
            "withoutResponse": self.without_response,
            "retries": self.retries,
            "tokenRequests": self.token_requests,
        }
        if self.limit is not None:
            counts["limit"] = self.limit
        if not self._latencies:
            return counts
        ordered = sorted(self._latencies)
        latency = {f"p{each}": _round(ordered[(len(ordered) - 1) * each // 100]) for each in _PERCENTILES}
        return {**counts, "latencyMs": {**latency, "max": _round(self._longest)}}


def describe(stats: dict[str, Any]) -> str:
    """Return statistics as one line."""
    parts = [
        _count(stats["requests"], "request"),
        f"{stats['withoutResponse']} without a response",
        _count(stats["retries"], "retry", "retries"),
        _count(stats["tokenRequests"], "token request"),
    ]
    if latency := stats.get("latencyMs"):
        texts = ", ".join(f"{name} {value:g} ms" for name, value in latency.items())
        parts.append(f"latency {texts}")
    if (limit := stats.get("limit")) is not None:
        parts.append(f"limit {limit}")
    return "; ".join(parts)


def _count(number: int, one: str, many: str = "") -> str:
    return f"{number} {one if number == 1 else many or f'{one}s'}"


def _round(seconds: float) -> float:
    return round(seconds * 1000, 1)
