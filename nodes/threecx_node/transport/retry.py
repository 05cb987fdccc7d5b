"""Whether a request is sent again, and when: the one place that decides.

Nothing is repeated that the PBX may have carried out. A read can be; a write only where the answer itself says
that it was turned away before (429).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

ATTEMPTS = 3
LONGEST_WAIT = 30.0
_FIRST_WAIT = 0.5
_BUSY = frozenset({502, 503, 504})
# A gateway's word for an answer that did not come; 503 means that it took nothing.
_NO_ANSWER = frozenset({502, 504})

Sleep = Callable[[float], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """`attempts` counts the first one; `sleep` is replaced in tests that must not wait."""

    attempts: int = ATTEMPTS
    sleep: Sleep = asyncio.sleep

    def wait(self, method: str, status: int, headers: Mapping[str, str], attempt: int) -> float | None:
        """Seconds to wait before attempt `attempt + 1`, None where the answer stands."""
        if attempt >= self.attempts:
            return None
        if status == 429 or (method == "GET" and status in _BUSY):
            asked = retry_after(headers.get("retry-after", ""))
            wait = _backoff(attempt) if asked is None else asked
            return wait if wait <= LONGEST_WAIT else None
        return None

    def wait_after_failure(self, method: str, code: str, attempt: int) -> float | None:
        """The same for a request that got no answer: only a read whose connection broke is sent again."""
        if attempt >= self.attempts or method != "GET" or code != "connection_lost":
            return None
        return _backoff(attempt)


def outcome_is_unknown(method: str, *, code: str = "", status: int | None = None) -> bool:
    """Whether a request that failed so may have been carried out all the same; a read changes nothing.

    `code` is a word of `failures.py` about a request that had gone out, `status` that of an answer.
    """
    return method != "GET" and (code in ("timeout", "connection_lost") or status in _NO_ANSWER)


def _backoff(attempt: int) -> float:
    return _FIRST_WAIT * float(2 ** (attempt - 1))


def retry_after(value: str) -> float | None:
    """Seconds of a `Retry-After` header: a number or a date; None where it says nothing."""
    text = value.strip()
    if text.isascii() and text.isdigit():
        return float(text)
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())
