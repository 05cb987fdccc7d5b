"""Serve an application as the whole of a process, until SIGINT or SIGTERM."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import uvicorn

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

    from .config import ServerConfig


class ProcessServer(uvicorn.Server):
    """A server that ends in two steps.

    New connections are refused at once. After `grace` seconds it calls `on_grace_end`, so that work that is still
    under way can end by itself; the configuration's own `grace` is the time until it is cut off.
    """

    def __init__(self, config: ServerConfig, *, grace: int, on_grace_end: Callable[[], None]) -> None:
        super().__init__(config)
        self._grace = grace
        self._on_grace_end = on_grace_end

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Shut down as the base class does, with `on_grace_end` in between."""
        timer = asyncio.get_running_loop().call_later(self._grace, self._on_grace_end)
        try:
            await super().shutdown(sockets)
        finally:
            timer.cancel()
