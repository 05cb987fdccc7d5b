"""A PBX that answers every delete at once and counts connections: `python -m bench.bare_pbx PORT`."""

from __future__ import annotations

import asyncio
import json
import sys

_TOKEN = json.dumps({"access_token": "x", "token_type": "Bearer", "expires_in": 3600}).encode()


class BarePbx(asyncio.Protocol):
    """One connection; `GET /most` returns the highest number of open connections since the previous `GET /most`."""

    open_now = 0
    most = 0

    def __init__(self) -> None:
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Count the connection."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 (a TCP server's are)
        self._transport = transport
        BarePbx.open_now += 1
        BarePbx.most = max(BarePbx.most, BarePbx.open_now)

    def connection_lost(self, exc: Exception | None) -> None:
        """Remove the connection from the count."""
        del exc
        BarePbx.open_now -= 1

    def data_received(self, data: bytes) -> None:
        """Answer each complete request in the buffer."""
        self._buffer += data
        while b"\r\n\r\n" in self._buffer:
            head, _, rest = self._buffer.partition(b"\r\n\r\n")
            length = next(
                (
                    int(line[15:])
                    for line in head.split(b"\r\n")
                    if line.lower().startswith(b"content-length:")
                ),
                0,
            )
            if len(rest) < length:
                return
            self._buffer = rest[length:]
            self._transport.write(_answer(head))


def _answer(head: bytes) -> bytes:
    if head.startswith(b"DELETE"):
        return b"HTTP/1.1 204 No Content\r\nX-3CX-Version: 20.0.10.1\r\n\r\n"
    body = _TOKEN
    if head.startswith(b"GET /most"):
        body = json.dumps(BarePbx.most).encode()
        BarePbx.most = BarePbx.open_now
    return b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (
        len(body),
        body,
    )


async def main(port: int) -> None:
    """Serve until the process ends."""
    server = await asyncio.get_running_loop().create_server(BarePbx, "127.0.0.1", port, backlog=2048)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
