"""The interface at which the requests of a client are counted, for metrics and statistics.

It is on the ground floor: the transport calls it, and programs implement it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from .messages import HttpRequest


class Observer(Protocol):
    """Sees what a client sends. Its methods are called for each attempt, so they must be fast and raise nothing."""

    def note_attempt(self, request: HttpRequest, status: int, seconds: float) -> None:
        """Take note of an attempt and how long it took; `status` is 0 where there was no response."""

    def note_retry(self, request: HttpRequest) -> None:
        """Take note that a request is sent again."""

    def note_token_request(self, status: int, seconds: float) -> None:
        """Take note of a token request and how long it took; `status` is 0 where there was no response."""
