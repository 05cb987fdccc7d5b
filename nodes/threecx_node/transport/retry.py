"""Decide whether a request is sent again, and when. No other module does so.

A request that the PBX may have carried out is not sent again. A read can be repeated; a write only if the response
itself says that it was rejected before it was carried out (429), or if the PBX took no byte of it. A login changes
nothing, so it is repeated as a read is, and also after a 500; but never where it was refused, because 3CX blocks
addresses after repeated failures.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from ..errors import TransportError

if TYPE_CHECKING:
    from ..messages import HttpResponse

ATTEMPTS = 3
LONGEST_WAIT = 30.0
_FIRST_WAIT = 0.5
_BUSY = frozenset({502, 503, 504})
# A gateway answers these if it got no response from the PBX; 503 means that nothing was carried out.
_NO_RESPONSE = frozenset({502, 504})
# The peer had closed a kept connection before it took a byte of the request.
_NOT_TAKEN = "not_taken"
_INTERRUPTED = frozenset({"timeout", "connection_lost"})

Sleep = Callable[[float], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often a request is sent at most. `attempts` includes the first; tests that must not wait replace `sleep`."""

    attempts: int = ATTEMPTS
    sleep: Sleep = asyncio.sleep

    def wait_before_retry(
        self, method: str, attempt: int, outcome: HttpResponse | TransportError, *, is_login: bool = False
    ) -> float | None:
        """Return the seconds to wait before attempt `attempt + 1`, or None if `outcome` is final."""
        is_read = method == "GET" or is_login
        if attempt >= self.attempts:
            return None
        if isinstance(outcome, TransportError):
            if outcome.code == _NOT_TAKEN:
                # The next one goes over a new connection.
                return 0.0
            is_repeatable = is_read and outcome.code == "connection_lost"
            return _backoff(attempt) if is_repeatable else None
        is_broken = is_login and outcome.status == 500
        if outcome.status == 429 or is_broken or (is_read and outcome.status in _BUSY):
            hint = parse_retry_after(outcome.headers.get("retry-after", ""))
            wait = _backoff(attempt) if hint is None else hint
            return wait if wait <= LONGEST_WAIT else None
        return None


def is_outcome_unknown(method: str, outcome: int | TransportError) -> bool:
    """Return whether a request that failed may have been carried out; a read changes nothing.

    `outcome` is the status of the response, or the error where there is none.
    """
    if method == "GET":
        return False
    return outcome.code in _INTERRUPTED if isinstance(outcome, TransportError) else outcome in _NO_RESPONSE


def parse_retry_after(value: str) -> float | None:
    """Return the seconds of a `Retry-After` header, a number or a date; None if it is neither."""
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


def _backoff(attempt: int) -> float:
    return _FIRST_WAIT * float(2 ** (attempt - 1))
