"""Open the sockets that a server listens on, and explain why that is not possible."""

from __future__ import annotations

import errno
import socket
from contextlib import ExitStack
from typing import TYPE_CHECKING

from ..errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Sequence

# How many connections may wait to be accepted.
_BACKLOG = 1024


def open_sockets(host: str, ports: Sequence[int]) -> list[socket.socket]:
    """Return one listening socket per port; port 0 picks a free one.

    Raise ConfigurationError if a port cannot be used; then no socket is left open.
    """
    with ExitStack() as to_close:
        sockets = [to_close.enter_context(_open_socket(host, port)) for port in ports]
        to_close.pop_all()
    return sockets


def build_url(host: str, port: int, *, scheme: str = "http") -> str:
    """Return the URL of a server at `host`, which may be an IPv6 address, and `port`."""
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"


def _open_socket(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio turns off Nagle's algorithm only if the protocol is named; it costs 40 ms per response.
    opened = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        opened.bind((host, port))
        opened.listen(_BACKLOG)
    except (OSError, OverflowError, UnicodeError, TypeError) as error:
        opened.close()
        raise ConfigurationError(
            f"cannot listen on {host} port {port}: {_reason(error)}", description=_advice(error)
        ) from error
    return opened


def _reason(error: Exception) -> str:
    if isinstance(error, OverflowError):
        return "a port is a number from 0 to 65535"
    return str(error.strerror) if isinstance(error, OSError) else "the host is not a valid address"


def _advice(error: Exception) -> str:
    """Return how to fix it: by the port if it is taken or not allowed, else by the host."""
    # The resolver's errors have numbers of their own.
    number = error.errno if isinstance(error, OSError) and not isinstance(error, socket.gaierror) else None
    if number == errno.EADDRINUSE or isinstance(error, OverflowError):
        return "Choose another port, or 0 for a free one."
    if number in (errno.EACCES, errno.EPERM):
        return "Choose a port from 1024 upwards, or 0 for a free one."
    return "Set the host to an address of this machine: 127.0.0.1, or 0.0.0.0 for all of its addresses."
