"""A server whose end takes a bounded time, and whose connections are limited."""

from __future__ import annotations

import asyncio
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Protocol

import uvicorn
from uvicorn.config import STARTUP_FAILURE

from .acceptor import Acceptor
from .refusal import render_refusal

if TYPE_CHECKING:
    import socket

    from .config import ServerConfig
    from .connections import Place

# Seconds at the end of the grace period in which nothing new is begun, so that what is under way can end in time. If
# the grace period is short, it is half of it.
FINISH_TIME = 10.0
# Seconds after the grace period: for the results of what was cut off, and then for the application's own end.
RESULTS_TIME = 1.0
LIFESPAN_TIME = 0.5
# Seconds between two calls of `on_tick`, which counts on ten a second.
_TICK = 0.1
_FIRST_PAUSE = 0.001
_LONGEST_PAUSE = 0.05


class Work(Protocol):
    """The work of an application besides answering requests."""

    @property
    def is_running(self) -> bool:
        """Return whether there is work under way."""

    def describe(self) -> str:
        """Return what is under way in a few words, empty if nothing is."""

    def begin_end(self) -> None:
        """Prepare for the end, at the beginning of the grace period."""

    def stop(self) -> None:
        """Begin nothing new; what is under way may end."""

    def abort(self) -> None:
        """End what is under way at once."""


class BoundedServer(uvicorn.Server):
    """A server that ends in bounded time.

    First no connection is accepted any more, and idle ones are closed. Requests and `work` under way get the
    configuration's `grace`; towards its end, work begins nothing new. Then work is aborted, so that its callers get
    what is known, and the connections that are left are closed. `end_at_once` skips the grace period.
    """

    config: ServerConfig

    def __init__(self, config: ServerConfig, work: Work | None = None) -> None:
        super().__init__(config)
        self._work = work
        self._acceptors: list[Acceptor] = []
        self._ending = asyncio.Event()
        self._hurry = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None

    def end(self) -> None:
        """End with the grace period; may be called from any thread and from a signal handler."""
        self.should_exit = True
        self._set(self._ending)

    def end_at_once(self) -> None:
        """End without a grace period; may be called from any thread and from a signal handler."""
        self.end()
        self._set(self._hurry)

    def describe(self) -> str:
        """Return what is under way in a few words."""
        if self._work is not None and (words := self._work.describe()):
            return words
        count = sum(1 for each in self.server_state.connections if _is_answering(each))
        return f"{count} request{'' if count == 1 else 's'}"

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start the application and accept connections on `sockets`."""
        self._loop = asyncio.get_running_loop()
        await self.lifespan.startup()
        if self.lifespan.should_exit:
            sys.exit(STARTUP_FAILURE)
        config = self.config
        self._acceptors = [
            Acceptor(
                each,
                config.connections,
                self._make_protocol,
                lambda: render_refusal(config, 503, "The server has too many connections."),
                tls=config.ssl,
                handshake_timeout=config.limits.head_timeout,
            )
            for each in sockets or ()
        ]
        self.started = True

    async def main_loop(self) -> None:
        """Serve until the end, which `end` begins at once."""
        ticks = 0
        while not await self.on_tick(ticks):
            ticks += 1
            with suppress(TimeoutError):
                await asyncio.wait_for(self._ending.wait(), _TICK)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Shut down, in at most the grace period and RESULTS_TIME and LIFESPAN_TIME."""
        for each in self._acceptors:
            await each.close()
        for listening in sockets or ():
            listening.close()
        for connection in [*self.server_state.connections]:
            connection.shutdown()
        if self._work is not None:
            self._work.begin_end()
        loop = asyncio.get_running_loop()
        end = loop.time() + self.config.grace
        await self._wait_until_idle(end - min(FINISH_TIME, self.config.grace / 2))
        if self._work is not None:
            self._work.stop()
            await self._wait_until_idle(end)
            self._work.abort()
        else:
            await self._wait_until_idle(end)
        await self._wait_until_idle(loop.time() + RESULTS_TIME, hurried=self._work is None)
        await self._cut_off()
        with suppress(TimeoutError):
            await asyncio.wait_for(self.lifespan.shutdown(), LIFESPAN_TIME)

    def _set(self, event: asyncio.Event) -> None:
        loop = self._loop
        if loop is not None:
            with suppress(RuntimeError):  # the loop is closed: the server has ended already
                loop.call_soon_threadsafe(event.set)

    def _make_protocol(self, place: Place) -> asyncio.Protocol:
        config = self.config
        return config.http_protocol_class(  # type: ignore[call-arg]  # the limited protocols take a place
            config=config, server_state=self.server_state, app_state=self.lifespan.state, place=place
        )

    async def _wait_until_idle(self, until: float, *, hurried: bool = True) -> None:
        """Wait until nothing is under way, `until`, or, if `hurried`, until there is no grace period any more."""
        loop = asyncio.get_running_loop()
        pause = _FIRST_PAUSE
        while self._is_busy() and (left := until - loop.time()) > 0:
            if not hurried:
                await asyncio.sleep(min(pause, left))
            elif self._hurry.is_set():
                return
            else:
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._hurry.wait(), min(pause, left))
            pause = min(2 * pause, _LONGEST_PAUSE)

    def _is_busy(self) -> bool:
        state = self.server_state
        is_working = self._work is not None and self._work.is_running
        return bool(state.connections or state.tasks or is_working)

    async def _cut_off(self) -> None:
        """Close the connections that are left, and cancel their tasks."""
        for connection in [*self.server_state.connections]:
            if (transport := connection.transport) is not None:
                transport.abort()
        # The tasks learn that the connections are closed, before they are cancelled: then they send no response.
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        tasks = [*self.server_state.tasks]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=LIFESPAN_TIME)


def _is_answering(connection: object) -> bool:
    cycle = getattr(connection, "cycle", None)
    return cycle is not None and not cycle.response_complete
