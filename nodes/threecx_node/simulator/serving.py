"""Sockets and the thread that serves them: plain HTTP and TLS side by side, in one event loop."""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
from typing import TYPE_CHECKING, Any

import uvicorn

from ..errors import ConfigurationError
from .protocol import Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .certificates import Certificate

_START_TIMEOUT = 10.0
# Longer than any client keeps a connection for later: a server that closes first loses requests.
_KEEP_ALIVE = 120


def listen(host: str, ports: Sequence[int]) -> list[socket.socket]:
    """Listening sockets, 0 for a free port; raises ConfigurationError, and then none is left open."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    opened: list[socket.socket] = []
    for port in ports:
        # Only with the protocol named does asyncio turn Nagle's algorithm off; it costs 40 ms an answer.
        one = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        opened.append(one)
        try:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            one.bind((host, port))
            one.listen(1024)
        except (OSError, OverflowError) as error:
            for other in opened:
                other.close()
            reason = error.strerror if isinstance(error, OSError) else "a port is a number from 0 to 65535"
            raise ConfigurationError(
                f"cannot listen on {host} port {port}: {reason}",
                description="Give another port, or 0 for a free one.",
            ) from error
    return opened


class Serving:
    """An application on sockets, in a thread of its own, from construction until `stop`.

    `sockets` come in two groups: those with TLS and those without.
    """

    def __init__(
        self,
        app: Any,
        plain: Sequence[socket.socket],
        secure: Sequence[socket.socket],
        certificate: Certificate | None,
    ) -> None:
        self._sockets = [*plain, *secure]
        self._groups: list[tuple[uvicorn.Server, list[socket.socket]]] = []
        if plain:
            self._groups.append((uvicorn.Server(config_of(app)), list(plain)))
        if secure and certificate is not None:
            self._groups.append((uvicorn.Server(config_of(app, certificate)), list(secure)))
        self._thread = threading.Thread(target=self._serve, name="threecx-simulator", daemon=True)
        self._thread.start()
        self._await_start()

    def stop(self) -> None:
        """Ends the servers and closes the sockets."""
        for server, _ in self._groups:
            server.should_exit = True
        self._thread.join()
        for one in self._sockets:
            one.close()

    def _serve(self) -> None:
        async def serve_all() -> None:
            await asyncio.gather(*(server.serve(sockets) for server, sockets in self._groups))

        loop_factory = self._groups[0][0].config.get_loop_factory()
        with asyncio.Runner(loop_factory=loop_factory) as runner:
            runner.run(serve_all())

    def _await_start(self) -> None:
        pause = threading.Event()
        waited = 0.0
        while not all(server.started for server, _ in self._groups):
            if not self._thread.is_alive() or waited > _START_TIMEOUT:
                self.stop()
                raise ConfigurationError("the simulator's server did not start")
            pause.wait(0.002)
            waited += 0.002


def config_of(app: Any, certificate: Certificate | None = None) -> uvicorn.Config:
    """How an application is served; benchmarks serve theirs alike."""
    return uvicorn.Config(
        app,
        http=Protocol,
        lifespan="off",
        log_config=None,
        log_level="error",
        access_log=False,
        server_header=False,
        ws="none",
        timeout_keep_alive=_KEEP_ALIVE,
        timeout_graceful_shutdown=1,
        ssl_certfile=certificate.cert_file if certificate else None,
        ssl_keyfile=certificate.key_file if certificate else None,
        ssl_version=ssl.PROTOCOL_TLS_SERVER,
    )
