"""Look at a TCP connection without reading from it: whether its peer has closed it, and what its peer has taken.

Where the operating system does not say (TCP_INFO is Linux's), nothing is claimed.
"""

from __future__ import annotations

import os
import select
import socket
import struct
from typing import Protocol

# The counter `tcpi_bytes_acked` of Linux's `struct tcp_info`: 8 fields of a byte, 24 of four bytes, 2 of eight bytes
# are in front of it.
_ACKNOWLEDGED = struct.Struct("=120xQ")
_TCP_INFO: int | None = getattr(socket, "TCP_INFO", None)
_HAS_POLL = hasattr(select, "poll")


class SocketView(Protocol):
    """The parts of asyncio's `TransportSocket` that are used."""

    def fileno(self) -> int:
        """Return the file descriptor, -1 where the socket is closed."""

    def getsockopt(self, level: int, option: int, size: int, /) -> bytes:
        """Return an option."""


def has_input(view: SocketView) -> bool:
    """Return whether something can be read: on a connection without a request, that is its end, or a stray response."""
    descriptor = view.fileno()
    if descriptor < 0:
        return True
    try:
        if _HAS_POLL:
            poll = select.poll()
            poll.register(descriptor, select.POLLIN)
            return bool(poll.poll(0))
        return bool(select.select([descriptor], [], [], 0)[0])
    except (OSError, ValueError):
        return True


class Acknowledgements:
    """Watches what the peer's operating system acknowledges of the bytes sent from now on. Must be closed.

    It keeps the connection's socket open, so that it can be asked after a failure too.
    """

    def __init__(self, view: SocketView) -> None:
        self._descriptor = -1
        self._before = _read_acknowledged(view)
        if self._before is not None:
            try:
                self._descriptor = os.dup(view.fileno())
            except OSError:
                self._before = None

    def is_nothing_taken(self) -> bool:
        """Return whether not one byte was acknowledged; False where that is not known.

        That a peer which has ended its side of the connection took no byte is certain only then: the end of its side
        acknowledges all that it has received before.
        """
        if self._before is None or self._descriptor < 0:
            return False
        descriptor, self._descriptor = self._descriptor, -1
        with socket.socket(fileno=descriptor) as same:
            return _read_acknowledged(same) == self._before

    def close(self) -> None:
        """Close the socket of the watch."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


def _read_acknowledged(view: SocketView) -> int | None:
    """Return how many bytes the peer has acknowledged, None where that is not known."""
    if _TCP_INFO is None:
        return None
    try:
        info = view.getsockopt(socket.IPPROTO_TCP, _TCP_INFO, _ACKNOWLEDGED.size)
    except OSError:
        return None
    # An older kernel gives fewer fields.
    return int(_ACKNOWLEDGED.unpack(info)[0]) if len(info) == _ACKNOWLEDGED.size else None
