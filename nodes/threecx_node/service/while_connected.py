"""Work for a caller only as long as it is connected."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, TypeVar

from .problems import ProblemError

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from starlette.requests import Request

_Value = TypeVar("_Value")


async def while_connected(request: Request, work: Coroutine[Any, Any, _Value]) -> _Value:
    """Return the result of `work`; cancel it and raise ProblemError when the caller closes its connection."""
    task = asyncio.ensure_future(work)
    left = asyncio.ensure_future(request.receive())
    try:
        await asyncio.wait({task, left}, return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            return task.result()
        raise ProblemError(400, "the client closed the connection", "Send the request again.")
    finally:
        task.cancel()
        left.cancel()
