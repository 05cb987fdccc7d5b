"""Run the service on a socket until the process is told to end; batches under way are completed first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..options import Limits
from ..server.config import ServerConfig
from ..server.h11_protocol import LimitedH11Protocol
from ..server.limits import RequestLimits
from ..server.listener import build_url, open_sockets
from ..server.process import ProcessServer
from .app import DEFAULT_MAX_BODY_BYTES, LAST_SECONDS, ServiceApp, make_app

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from threecx_credentials import Credential

# How many seconds a batch may go on when the service is told to end.
GRACE_SECONDS = 30
# A body has no time limit of its own: it is read only after the key has been checked.
LIMITS = RequestLimits(head_timeout=20.0, body_timeout=None)


def serve(
    host: str,
    port: int,
    *,
    key: str | None,
    profiles: Mapping[str, Credential],
    max_body_bytes: int = DEFAULT_MAX_BODY_BYTES,
    grace_seconds: int = GRACE_SECONDS,
    concurrency: int | None = None,
    on_ready: Callable[[str], None],
) -> None:
    """Serve until SIGINT or SIGTERM; `on_ready` gets the URL. Raise ConfigurationError if that is not possible."""
    limits = Limits(concurrency=concurrency) if concurrency else Limits()
    app = make_app(key=key, profiles=profiles, max_body_bytes=max_body_bytes, limits=limits)
    (listening,) = open_sockets(host, [port])
    with listening:
        on_ready(build_url(host, listening.getsockname()[1]))
        config = make_config(app, grace_seconds=grace_seconds)
        server = ProcessServer(config, grace=grace_seconds, on_grace_end=app.stop_batches)
        server.run(sockets=[listening])


def make_config(
    app: ServiceApp, *, grace_seconds: int, request_limits: RequestLimits = LIMITS
) -> ServerConfig:
    """Return the server configuration for `app`. It is parsed by h11, because httptools sets no limit for a head."""
    return ServerConfig(
        app, LimitedH11Protocol, limits=request_limits, grace=grace_seconds + LAST_SECONDS, lifespan=True
    )
