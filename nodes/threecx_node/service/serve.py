"""Run the service on a socket until the process ends; batches under way are completed first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..server.config import ServerConfig
from ..server.h11_protocol import LimitedH11Protocol
from ..server.listener import build_url, open_sockets
from ..server.process import ProcessServer
from .app import ServiceApp, create_app
from .batches import FINISH_TIMEOUT

if TYPE_CHECKING:
    from collections.abc import Callable

    from .config import ServiceConfig


def serve(host: str, port: int, config: ServiceConfig, *, on_ready: Callable[[str], None]) -> None:
    """Serve until SIGINT or SIGTERM; `on_ready` gets the URL.

    Raise ConfigurationError if `host` and `port` cannot be listened on.
    """
    app = create_app(config)
    (listening,) = open_sockets(host, [port])
    with listening:
        on_ready(build_url(host, listening.getsockname()[1]))
        server = ProcessServer(
            make_server_config(app, config), grace=config.grace, on_grace_end=app.stop_batches
        )
        server.run(sockets=[listening])


def make_server_config(app: ServiceApp, config: ServiceConfig) -> ServerConfig:
    """Return the server configuration for `app`. It is parsed by h11, because httptools sets no limit for a head."""
    return ServerConfig(
        app,
        LimitedH11Protocol,
        limits=config.request_limits,
        grace=config.grace + FINISH_TIMEOUT,
        lifespan=True,
    )
