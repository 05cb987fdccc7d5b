"""Build the response of a server itself, for a request that does not reach the application."""

from __future__ import annotations

import http
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .config import ServerConfig


def render_refusal(config: ServerConfig, status: int, message: str) -> bytes:
    """Return a whole response in the form of the application's errors, after which the connection is closed."""
    body = config.render_error(status, message)
    head = (
        f"HTTP/1.1 {status} {http.HTTPStatus(status).phrase}\r\ncontent-type: {config.error_type}\r\n"
        f"content-length: {len(body)}\r\nconnection: close\r\n\r\n"
    )
    return head.encode("ascii") + body
