"""Configure the HTTP server: parsed by httptools, with errors in the form of a 3CX."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...server.config import ServerConfig
from ...server.httptools_protocol import LimitedHttpToolsProtocol
from ...server.limits import RequestLimits
from ...server.websocket_protocol import LimitedWebSocketProtocol
from ...values.json import dumps
from ..odata.errors import ODataError

if TYPE_CHECKING:
    from ...server.connections import ConnectionLimit
    from .certificates import Certificate

LIMITS = RequestLimits()


def make_config(
    app: Any, certificate: Certificate | None = None, connections: ConnectionLimit | None = None
) -> ServerConfig:
    """Return the server configuration for `app`; with a certificate, it is served over TLS.

    `connections` is the limit that several servers share.
    """
    return ServerConfig(
        app,
        LimitedHttpToolsProtocol,
        limits=LIMITS,
        connections=connections,
        grace=1,
        cert_file=certificate.cert_file if certificate else None,
        key_file=certificate.key_file if certificate else None,
        render_error=lambda status, message: dumps(ODataError(status, message).to_json()),
        websocket=LimitedWebSocketProtocol,
    )
