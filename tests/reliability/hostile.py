"""A server on loopback that gives a fault to the requests of one cell of the matrix."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from tests.reliability.faults import Fault, Wire
from tests.reliability.pbx import Pbx, Request, response

_LOGIN = "/connect/token"


@dataclass
class HostilePbx:
    """Serves `pbx`; from the request before `target` on, `fault` occurs once or always.

    A request is the target's if its target and body contain the text `target`. Use `serving` to make one.
    """

    pbx: Pbx
    fault: Fault
    before: str
    target: str
    always: bool
    port: int = 0
    requests: list[Request] = field(default_factory=list)
    faults: int = 0
    _is_armed: bool = False
    _open: set[asyncio.Task[None]] = field(default_factory=set)
    _server: asyncio.Server | None = None

    async def listen(self) -> None:
        """Begin to listen, on the port of before."""
        if self._server is None:
            self._server = await asyncio.start_server(self._accept, sock=_bound(self.port), backlog=16)

    def count(self, text: str) -> int:
        """Return how many requests of the API contain a text in target or body."""
        return sum(text in f"{each.target} {each.body.decode()}" for each in self.requests)

    def refuse(self) -> None:
        """Refuse new connections, as a PBX that is being restarted."""
        if self._server is not None:
            self._server.close()
            self._server = None

    async def on_wait(self) -> None:
        """Let the PBX come back from a restart, while the client waits before the next attempt."""
        if self._server is None and not self.always:
            await self.listen()

    async def is_left(self, within: float) -> bool:
        """Return whether the client has closed all its connections `within` seconds."""
        if self._open:
            await asyncio.wait(self._open, timeout=within)
        return not self._open

    async def end(self) -> None:
        """Close everything."""
        self.refuse()
        for task in list(self._open):
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(self._serve(Wire(reader, writer)))
        self._open.add(task)
        task.add_done_callback(self._open.discard)

    async def _serve(self, wire: Wire) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            try:
                if self.fault.where == "connect" and self._takes_fault():
                    await self.fault.send(wire, b"")
                    return
                while await self._answer(wire):
                    pass
            finally:
                wire.writer.close()

    async def _answer(self, wire: Wire) -> bool:
        """Answer one request, and return whether the connection stays open."""
        request = await read_request(wire.reader)
        if request.path == _LOGIN:
            if self.fault.where == "login" and (self.always or not self.faults):
                self.faults += 1
                await self.fault.send(wire, self.pbx.log_in())
                return False
            await wire.send(self.pbx.log_in())
            return True
        self.requests.append(request)
        text = f"{request.method} {request.target} {request.body.decode()}"
        is_met = self.fault.where == "request" and (self.always or self.target in text)
        if is_met and self._takes_fault():
            honest = self.pbx.carry_out(request) if self.fault.does_work else response(204)
            await self.fault.send(wire, honest)
            return False
        honest = self.pbx.carry_out(request)
        if self.before in text and not self._is_armed and not self.faults:
            self._is_armed = True
            if self.fault.where == "connect":
                # The next request needs a new connection, on which the fault occurs.
                if self.fault.name == "connection refused":
                    self.refuse()
                    self._takes_fault()
                await wire.send(honest.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n", 1))
                return False
        await wire.send(honest)
        # A server that does not keep connections, and does not say so.
        return not (self.fault.where == "response" and self._takes_fault())

    def _takes_fault(self) -> bool:
        if not self._is_armed:
            return False
        self.faults += 1
        self._is_armed = self.always
        return True


@asynccontextmanager
async def serving(fault: Fault, before: str, target: str, *, always: bool) -> AsyncIterator[HostilePbx]:
    """Yield a hostile PBX that listens on a port of its own, which no other cell gets."""
    with _bound(0) as reserved:
        hostile = HostilePbx(Pbx(), fault, before, target, always, reserved.getsockname()[1])
        await hostile.listen()
        try:
            yield hostile
        finally:
            await hostile.end()


def _bound(port: int) -> socket.socket:
    bound = socket.socket()
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    bound.bind(("127.0.0.1", port))
    return bound


async def read_request(reader: asyncio.StreamReader) -> Request:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.split("\r\n")
    method, target, _ = first.split(" ", 2)
    pairs = (line.partition(":") for line in lines if line)
    headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Request(method, target, headers, body)
