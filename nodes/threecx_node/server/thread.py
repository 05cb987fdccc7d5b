"""Serve an application in a thread, on several sockets with and without TLS."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING

from ..errors import ConfigurationError
from .bounded import BoundedServer

if TYPE_CHECKING:
    import socket
    from collections.abc import Sequence

    from .config import ServerConfig

_START_TIMEOUT = 10.0
_POLL_INTERVAL = 0.002


class ServerThread:
    """Servers in one thread and one event loop, from construction until `stop`.

    `groups` are pairs of a configuration and the listening sockets that it serves; `stop` closes the sockets.
    """

    def __init__(self, groups: Sequence[tuple[ServerConfig, Sequence[socket.socket]]], *, name: str) -> None:
        self._servers = [(BoundedServer(config), list(sockets)) for config, sockets in groups if sockets]
        self._name = name
        self._thread = threading.Thread(target=self._serve, name=name, daemon=True)
        self._thread.start()
        self._wait_until_started()

    def stop(self) -> None:
        """End the servers and close the sockets."""
        for server, _ in self._servers:
            server.end()
        self._thread.join()
        for _, sockets in self._servers:
            for each in sockets:
                each.close()

    def end_at_once(self) -> str:
        """Let `stop` close all connections without a grace period; return what is under way in a few words."""
        under_way = " and ".join(server.describe() for server, _ in self._servers)
        for server, _ in self._servers:
            server.end_at_once()
        return under_way

    def _serve(self) -> None:
        async def serve_all() -> None:
            await asyncio.gather(*(server.serve(sockets) for server, sockets in self._servers))

        loop_factory = self._servers[0][0].config.get_loop_factory()
        with asyncio.Runner(loop_factory=loop_factory) as runner:
            runner.run(serve_all())

    def _wait_until_started(self) -> None:
        pause = threading.Event()
        waited = 0.0
        while not all(server.started for server, _ in self._servers):
            if not self._thread.is_alive() or waited > _START_TIMEOUT:
                self.stop()
                raise ConfigurationError(f"the server of {self._name} did not start")
            pause.wait(_POLL_INTERVAL)
            waited += _POLL_INTERVAL
