"""Run the service on a socket until the process ends; batches under way are completed first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..server.config import ServerConfig
from ..server.h11_protocol import LimitedH11Protocol
from ..server.listener import build_url, open_sockets
from ..server.process import ProcessServer
from .app import ServiceApp, create_app
from .problems import make_problem

if TYPE_CHECKING:
    from collections.abc import Callable

    from .config import ServiceConfig


def serve(
    host: str,
    port: int,
    config: ServiceConfig,
    *,
    on_ready: Callable[[str], None],
    on_signal: Callable[[str], None],
) -> int:
    """Serve until SIGINT, SIGTERM or SIGHUP; return the exit code. A second signal ends the service at once.

    `on_ready` gets the URL, `on_signal` a line about what is under way. Raise ConfigurationError if `host` and `port`
    cannot be listened on.
    """
    app = create_app(config)
    (listening,) = open_sockets(host, [port])
    with listening:
        server = ProcessServer(make_server_config(app, config), app, on_signal=on_signal)
        server.handle_signals()
        on_ready(build_url(host, listening.getsockname()[1]))
        server.run(sockets=[listening])
        server.release()
    return server.exit_code


def make_server_config(app: ServiceApp, config: ServiceConfig) -> ServerConfig:
    """Return the server configuration for `app`. It is parsed by h11, because httptools sets no limit for a head."""
    return ServerConfig(
        app,
        LimitedH11Protocol,
        limits=config.request_limits,
        grace=config.grace,
        lifespan=True,
        # Any caller on this machine could write them, and so have a new address for each wrong key.
        proxy_headers=False,
        render_error=lambda status, message: bytes(make_problem(status, message, code="server").body),
        error_type="application/problem+json",
    )
