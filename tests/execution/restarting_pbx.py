"""A small PBX as a process of its own, which can be killed and started again on the same port.

It writes each deleted ID to a file before it answers, so that its effects outlive it. Arguments: port and file.
"""

from __future__ import annotations

import asyncio
import re
import sys
from pathlib import Path

_TOKEN = b'{"access_token": "t", "expires_in": 3600}'
# So that several requests are under way at any time.
_LATENCY = 0.01


def _answer(first_line: str, effects: Path) -> tuple[int, bytes]:
    if "/connect/token" in first_line:
        return 200, _TOKEN
    found = re.search(r"\((\d+)\)", first_line)
    if found is None:
        return 200, b'{"value": []}'
    number = found[1]
    deleted = effects.read_text().split()
    if first_line.startswith("DELETE"):
        if number in deleted:
            return 404, b'{"error": {"code": "", "message": "not found"}}'
        with effects.open("a") as file:
            file.write(f"{number}\n")
        return 204, b""
    if number in deleted:
        return 404, b'{"error": {"code": "", "message": "not found"}}'
    return 200, f'{{"Id": {number}}}'.encode()


async def _main(port: int, effects: Path) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                length = re.search(r"(?i)content-length: (\d+)", head)
                await reader.readexactly(int(length[1]) if length else 0)
                status, body = _answer(head.split("\r\n", 1)[0], effects)
                await asyncio.sleep(_LATENCY)
                kind = b"Content-Type: application/json\r\n" if body else b""
                writer.write(f"HTTP/1.1 {status} X\r\nContent-Length: {len(body)}\r\n".encode() + kind)
                writer.write(b"\r\n" + body)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        finally:
            writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", port) as server:
        sys.stdout.write("listening\n")
        sys.stdout.flush()
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_main(int(sys.argv[1]), Path(sys.argv[2])))
