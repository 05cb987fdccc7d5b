"""Read the bodies of requests: within a size, a time, and a budget of memory for all of them together."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from starlette.requests import ClientDisconnect

from .problems import ProblemError

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.types import Scope

# A body may take this many seconds, and one more for each 16 KB of it.
_GRACE = 30.0
_SLOWEST = 16 * 1024
# All bodies together may have this many times the size of the largest one.
_SHARES = 8
# The member of a request's scope with the bytes that it takes of the budget.
_TAKEN = "threecx.body_bytes"


class BodyReader:
    """Reads bodies; `max_bytes` is the size of the largest one. `release` must be called when a request has ended."""

    def __init__(self, max_bytes: int, *, grace: float = _GRACE) -> None:
        self._max_bytes = max_bytes
        self._grace = grace
        self._left = _SHARES * max_bytes

    async def read(self, request: Request) -> bytes:
        """Return the body of a request. Raise ProblemError if it is too large, too slow or incomplete."""
        announced = request.headers.get("content-length", "")
        if announced.isascii() and announced.isdigit() and int(announced[:20]) > self._max_bytes:
            raise self._too_large()
        began = asyncio.get_running_loop().time()
        raw = bytearray()
        try:
            async with asyncio.timeout(self._grace) as limit:
                async for chunk in request.stream():
                    self._take(request.scope, len(chunk))
                    raw += chunk
                    if len(raw) > self._max_bytes:
                        raise self._too_large()
                    limit.reschedule(began + self._grace + len(raw) / _SLOWEST)
        except TimeoutError as error:
            raise ProblemError(
                408,
                "the request body was not received in time",
                f"Send it within {self._grace:g} seconds and one more for each {_SLOWEST // 1024} KB.",
                "timeout",
                closes=True,
            ) from error
        except ClientDisconnect as error:
            raise ProblemError(
                400, "the request body is incomplete: the client closed the connection"
            ) from error
        return bytes(raw)

    def release(self, scope: Scope) -> None:
        """Give back what a request took of the budget."""
        self._left += scope.pop(_TAKEN, 0)

    def _take(self, scope: Scope, size: int) -> None:
        if size > self._left:
            raise ProblemError(
                503,
                "the executor is busy with other large requests",
                "Nothing was sent. Send the request again in a minute, with fewer items.",
                "busy",
                closes=True,
            )
        self._left -= size
        scope[_TAKEN] = scope.get(_TAKEN, 0) + size

    def _too_large(self) -> ProblemError:
        return ProblemError(
            413,
            f"the request is larger than {self._max_bytes // 2**20} MB",
            "Send fewer items at once, or start the executor with a larger --max-body.",
            "too_large",
        )
