"""Listen to the events of all DNs that a client may watch, and miss nothing that can be known.

The socket is opened first, and then a snapshot is read and compared with what was known: what happened in between is
reported by the socket, what happened before shows in the comparison. The same is done after each lost connection, and
from time to time, in case a message was lost. Before a token expires, a second socket is opened with the next one; the
first is closed after the comparison.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from threecx_credentials import TokenContestedError

from ..errors import LoginError, ThreeCxError, UsageError
from ..transport.failures import translate_refusal
from ..transport.retry import back_off
from ..transport.websocket import WebSocket, WebSocketClosedError
from ..values.safe_text import escape_control
from .backlog import Backlog
from .connection import Connection
from .contest import ContestWatch
from .failures import is_final, make_access_error
from .fetcher import Fetcher
from .legs import Legs
from .repeats import RepeatFilter
from .skips import SkipLog, log
from .wire import SOCKET_PATH

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ..transport.retry import RetryPolicy
    from ..transport.websocket import WebSockets
    from .changes import LegChange
    from .fetcher import Fetch
    from .snapshots import SnapshotReader
    from .wire import SocketEvent

_UNAUTHORIZED = 4401
# So many refusals in a row are final where the API was there before: a PBX that starts may refuse for a moment.
_MOST_REFUSALS = 6
# Seconds after which a connection counts as stable, so that the next loss of it begins with short waits.
_STABLE = 5.0
_MOST_SHORT_LIVED = 3


@dataclass(frozen=True, slots=True)
class ListenerTimes:
    """Times in seconds: `open` bounds an attempt to open the socket, besides the connection.

    `compare` is the time between two snapshots while nothing is wrong, `compare_again` the shortest time between two.
    `renew_again` is the time until the next attempt to open a socket with the next token.
    """

    open: float = 15.0
    compare: float = 60.0
    compare_again: float = 5.0
    renew_again: float = 5.0


class Listener:
    """Makes the changes of legs, from `start` to `aclose`.

    `on_note` gets a line for each lost connection, and one for each return.
    """

    def __init__(
        self,
        sockets: WebSockets,
        snapshots: SnapshotReader,
        fetch: Fetch,
        *,
        host: str,
        retry: RetryPolicy,
        concurrency: int,
        times: ListenerTimes,
        on_note: Callable[[str], None] | None,
    ) -> None:
        self.backlog = Backlog()
        self.skips = SkipLog(host)
        self.legs = Legs(lambda: datetime.now(UTC))
        self._sockets = sockets
        self._snapshots = snapshots
        self._host = host
        self._retry = retry
        self._times = times
        self._on_note = on_note
        self._fetcher = Fetcher(self.legs, self.backlog, fetch, self._emit, self.skips, limit=concurrency)
        self._repeats = RepeatFilter()
        self._contest = ContestWatch()
        self._connection: Connection | None = None
        # Where the backlog was when the last comparison was complete.
        self._compared_at: int | None = None
        self._next_compare = 0.0
        self._last_compare = 0.0
        self._wake = asyncio.Event()
        self._was_live = False
        self._settled_until = datetime.now(UTC)
        self._task: asyncio.Task[None] | None = None

    @property
    def is_live(self) -> bool:
        """Return whether the socket is open, and the consumer knows all that its snapshot has shown."""
        connection = self._connection
        if connection is None or not connection.is_open or self._compared_at is None:
            return False
        return self.backlog.was_taken(self._compared_at)

    @property
    def settled_until(self) -> datetime:
        """Return a time: the consumer knows all that the PBX has reported before it.

        It stays behind while the state of a participant is fetched, while the consumer has changes to take, and from
        the loss of the socket until a snapshot was compared.
        """
        if self.is_live and not len(self.backlog):
            self._settled_until = max(self._settled_until, self.legs.get_settled_until())
        return self._settled_until

    def start(self) -> None:
        """Open the socket and listen, in a task."""
        self._task = asyncio.create_task(self._run())

    async def take(self) -> LegChange | None:
        """Return the next change, None after `aclose`. Raises the error that ended the listening."""
        if self._task is None:
            raise RuntimeError("the listener was not started")
        while (change := self.backlog.take_now()) is None:
            if self._task.done():
                if self._task.cancelled():
                    return None
                self._task.result()
            waiting = asyncio.ensure_future(self.backlog.wait_for_some())
            try:
                await asyncio.wait({waiting, self._task}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                waiting.cancel()
        return change

    async def aclose(self) -> None:
        """End the listening and close the socket."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await self._fetcher.aclose()
        if self._connection is not None:
            await self._connection.close()

    async def _run(self) -> None:
        connection = await self._connect(None)
        short_lived = 0
        while True:
            opened_at = time.monotonic()
            self._set_live(connection)
            after = await self._watch(connection)
            if after is None:
                is_stable = time.monotonic() - opened_at >= _STABLE
                short_lived = 0 if is_stable else min(short_lived + 1, _MOST_SHORT_LIVED)
                after = await self._connect(connection, attempt=short_lived)
            connection = after

    def _set_live(self, connection: Connection) -> None:
        if not self._was_live:
            self._note("connected; listening for events")
        elif self._connection is None:
            self._note("connected again")
        self._was_live, self._connection = True, connection

    async def _watch(self, connection: Connection) -> Connection | None:
        """Keep a connection until it ends, or until another one has taken its place, which is returned."""
        renew_at = connection.token.renew_at
        while True:
            self._wake.clear()
            wait = max(0.0, min(renew_at - time.time(), self._next_compare - time.monotonic()))
            await self._wait_for(connection, wait)
            if not connection.is_open:
                await self._drop(connection)
                return None
            if time.time() >= renew_at:
                if (after := await self._hand_over(connection)) is not None:
                    return after
                renew_at = time.time() + self._times.renew_again
            elif self._is_compare_due():
                await self._try_to_compare(connection)

    async def _wait_for(self, connection: Connection, seconds: float) -> None:
        """Wait for the end of a connection, for a reason to compare, or for some seconds."""
        waking = asyncio.ensure_future(self._wake.wait())
        try:
            futures: tuple[asyncio.Future[Any], ...] = (connection.ended, waking)
            await asyncio.wait(futures, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            waking.cancel()

    def _is_compare_due(self) -> bool:
        now = time.monotonic()
        if self.legs.is_snapshot_due:
            self._next_compare = min(self._next_compare, self._last_compare + self._times.compare_again)
        return now >= self._next_compare

    async def _try_to_compare(self, connection: Connection) -> None:
        try:
            await self._compare(connection)
        except (WebSocketClosedError, ThreeCxError) as error:
            self._next_compare = time.monotonic() + self._times.compare_again
            log.debug("%s: no snapshot (%s)", self._host, getattr(error, "code", "the socket has ended"))

    async def _drop(self, connection: Connection) -> None:
        reason = connection.ended.result().reason
        if self._connection is connection:
            self._connection = None
            self._note(f"connection lost: {reason}; reconnecting")
        await connection.close()

    async def _connect(self, lost: Connection | None, attempt: int = 0) -> Connection:
        """Return a connection that was compared, however often it must be tried. Raises an error that is final."""
        refusals, is_noted = 0, False
        while True:
            if attempt:
                await self._sleep(attempt)
            attempt += 1
            connection: Connection | None = None
            try:
                connection = await self._open(lost)
                await self._compare(connection, after_loss=True)
                return connection
            except WebSocketClosedError as error:
                reason = error.reason
            except ThreeCxError as error:
                refusals = refusals + 1 if is_final(error, was_live=self._was_live) else 0
                if refusals and (not self._was_live or _is_refused(error) or refusals >= _MOST_REFUSALS):
                    raise
                reason = error.message
            if connection is not None:
                await connection.close()
                lost = connection
            log.info("%s: attempt %d to connect failed: %s", self._host, attempt, escape_control(reason))
            if not is_noted:
                self._note(f"cannot connect: {reason}; trying again")
                is_noted = True

    async def _hand_over(self, old: Connection) -> Connection | None:
        """Return a connection with the next token in place of `old`; None where that is not possible now."""
        new: Connection | None = None
        try:
            new = await self._open(None)
            await self._compare(new)
        except (WebSocketClosedError, ThreeCxError) as error:
            if new is not None:
                await new.close()
            if isinstance(error, ThreeCxError) and _is_refused(error) and is_final(error, was_live=True):
                raise
            log.info("%s: the socket cannot be renewed yet", self._host)
            return None
        self._connection = new
        await old.close()
        self._repeats.end()
        return new

    async def _open(self, lost: Connection | None) -> Connection:
        """Return a new connection, not compared yet; `lost` is the one before, where it was lost."""
        old = None if lost is None else lost.token
        is_refused = lost is not None and not lost.is_open and lost.ended.result().close_code == _UNAUTHORIZED
        answer = await self._sockets.open(
            SOCKET_PATH, timeout=self._times.open, refused=old if is_refused else None
        )
        if not isinstance(answer, WebSocket):
            raise make_access_error(answer, self._host)
        if old is not None and answer.token.access_token != old.access_token and time.time() < old.renew_at:
            log.warning("%s: the access token ended early; another program may use this client", self._host)
            if self._contest.note_loss():
                await answer.close()
                raise translate_refusal(TokenContestedError(), self._host)
        self._repeats.begin()
        return Connection(answer, self._on_event, self._on_gap, self.skips)

    async def _compare(self, connection: Connection, *, after_loss: bool = False) -> None:
        """Read a snapshot, and report what it shows. Raises WebSocketClosedError and ThreeCxError."""
        await self.backlog.wait_for_room()
        self.legs.begin_snapshot(after_loss=after_loss)
        try:
            snapshot = await self._snapshots.read(connection)
        except BaseException:
            self.legs.cancel_snapshot()
            raise
        self._emit(self.legs.end_snapshot(snapshot))
        self._compared_at = self.backlog.position
        self._last_compare = time.monotonic()
        self._next_compare = self._last_compare + self._times.compare

    async def _on_event(self, connection: Connection, event: SocketEvent) -> None:
        if self._repeats.is_repeat(connection, event):
            return
        if self.backlog.is_full:
            await self.backlog.wait_for_room()
        self._emit(self.legs.apply(event))

    def _on_gap(self) -> None:
        self.legs.note_gap()
        self._wake.set()

    def _emit(self, changes: Sequence[LegChange]) -> None:
        if changes:
            self.backlog.put(changes)
        self._fetcher.start()
        if self.legs.is_snapshot_due:
            self._wake.set()

    async def _sleep(self, attempt: int) -> None:
        await self._retry.sleep(back_off(attempt, self._retry.jitter()))

    def _note(self, line: str) -> None:
        line = escape_control(line)
        log.info("%s: %s", self._host, line)
        if self._on_note is not None:
            self._on_note(line)


def _is_refused(error: ThreeCxError) -> bool:
    """Return whether an error is about this client, so that another attempt could block this machine's address."""
    return isinstance(error, (LoginError, UsageError))
