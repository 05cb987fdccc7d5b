"""The live calls of one feed: from the socket of the PBX to the journal, for as long as they are wanted."""

from __future__ import annotations

import asyncio
import logging
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

from ...callcontrol.client import CallControlClient
from ...callcontrol.live_calls import live_calls
from ...errors import ThreeCxError
from ..model.event import from_call_event
from ..model.status import FeedProblem
from .problems import CALL_CONTROL, EITHER_TYPES, LIVE_TYPES, describe_error, is_refused_login

if TYPE_CHECKING:
    from collections.abc import Callable

    from threecx_credentials import Credential, TokenStore

    from ..model.clock import Clock
    from ..model.event import Event
    from .feed_journal import FeedJournal
    from .problems import Problems

log = logging.getLogger("threecx_node.events")

PART = "live"
# Seconds until the next attempt after an error. 3CX blocks addresses after failed logins.
_AFTER_REFUSAL = 300.0
_AFTER_FAULT = 15.0
# Seconds between two looks at the state of the connection, and without one after which that is a problem.
_LOOK = 0.25
_QUIET_LOOK = 2.0
_PATIENCE = 10.0
# Seconds after the first snapshot until calls that it did not show are over, as in the tracker of calls.
_GRACE = 2.0
# Seconds between two looks at the numbers that the client monitors.
_BETWEEN_NUMBERS = 300.0
# Events that wait for the journal; beyond, the socket is not read.
_MOST_WAITING = 1_000


class LiveSource:
    """Journals the events of live calls of one PBX. `run` never ends by itself.

    `on_state` is called when the connection is made or lost. `is_refused` says that the PBX does not let the client use
    its Call Control API, so that records must take its place; None as long as that is not known. `monitored` are the
    numbers whose calls the client sees, None as long as they are not known.
    """

    def __init__(
        self,
        credential: Credential,
        journal: FeedJournal,
        problems: Problems,
        clock: Clock,
        *,
        token_store: TokenStore | None,
        on_state: Callable[[], None],
    ) -> None:
        self.is_refused: bool | None = None
        self.is_connected = False
        self.monitored: frozenset[str] | None = None
        self._credential = credential
        self._journal = journal
        self._problems = problems
        self._clock = clock
        self._token_store = token_store
        self._on_state = on_state
        self._never = asyncio.Event()
        self._last_note = ""

    async def run(self) -> None:
        """Listen, and begin again after each error, until the task is cancelled."""
        try:
            while True:
                wait = _AFTER_FAULT
                try:
                    await self._listen()
                except ThreeCxError as error:
                    wait = self._note_error(error)
                except Exception:
                    log.exception("live calls of %s: internal error", self._credential.base_url)
                self._lose()
                await self._clock.wait(self._never, wait)
        finally:
            self._lose()
            self._problems.put(PART, ())

    def _note_error(self, error: ThreeCxError) -> float:
        """Report an error that ended the listening; return the seconds until the next attempt."""
        log.warning("live calls: %s", error.one_line())
        is_refused = error.code in CALL_CONTROL
        # Records take the place of live calls where the PBX has none for this client.
        types = LIVE_TYPES - EITHER_TYPES if is_refused else LIVE_TYPES
        self._problems.put(PART, [describe_error(error, types)])
        if is_refused != self.is_refused and (is_refused or not is_refused_login(error)):
            self.is_refused = is_refused
            self._on_state()
        return _AFTER_REFUSAL if is_refused or is_refused_login(error) else _AFTER_FAULT

    async def _listen(self) -> None:
        events: asyncio.Queue[Event | None] = asyncio.Queue(_MOST_WAITING)
        async with CallControlClient(self._credential, token_store=self._token_store) as client:
            seen: set[int] = set()
            tasks = [
                asyncio.create_task(self._read(client, events)),
                asyncio.create_task(self._write(events, seen)),
                asyncio.create_task(self._watch(client, seen)),
                asyncio.create_task(self._follow_numbers(client)),
            ]
            try:
                done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    task.result()
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)

    async def _read(self, client: CallControlClient, events: asyncio.Queue[Event | None]) -> None:
        async with aclosing(live_calls(client, on_note=self._note)) as calls:
            async for event in calls:
                await events.put(from_call_event(event))

    async def _write(self, events: asyncio.Queue[Event | None], seen: set[int]) -> None:
        while True:
            batch = [await events.get()]
            while not events.empty():
                batch.append(events.get_nowait())
            found = [each for each in batch if each is not None]
            for each in found:
                _note_call(seen, each)
            await self._journal.append_live(found)

    async def _watch(self, client: CallControlClient, seen: set[int]) -> None:
        """Report whether there is a connection, and end the calls that ended before this process listened."""
        loop = asyncio.get_running_loop()
        live_since: float | None = None
        lost_at = loop.time()
        is_complete = False
        while True:
            is_live = client.is_live
            self._journal.cover(is_live=is_live)
            now = loop.time()
            if is_live:
                lost_at = now
                live_since = now if live_since is None else live_since
                self._set_connected(connected=True)
            else:
                live_since = None
                if now - lost_at >= _PATIENCE:
                    self._set_connected(connected=False)
                    self._problems.put(PART, [self._describe_loss()])
            if not is_complete and live_since is not None and now - live_since >= _GRACE:
                is_complete = True
                await self._journal.append_live(self._journal.memory.end_others(seen, self._clock.now()))
            await asyncio.sleep(_QUIET_LOOK if is_complete and is_live else _LOOK)
            await self._journal.release()
            await self._journal.checkpoint()

    async def _follow_numbers(self, client: CallControlClient) -> None:
        """Learn which numbers the client monitors, and again from time to time: an administrator may choose others."""
        while True:
            try:
                found = frozenset(each.dn for each in await client.list_dns())
            except ThreeCxError as error:
                log.debug("monitored numbers: %s", error.one_line())
            else:
                if found != self.monitored:
                    self.monitored = found
                    self._on_state()
            await self._clock.wait(self._never, _BETWEEN_NUMBERS)

    def _lose(self) -> None:
        self._journal.cover(is_live=False)
        self._set_connected(connected=False)

    def _set_connected(self, *, connected: bool) -> None:
        if connected:
            self._problems.put(PART, ())
        if connected != self.is_connected:
            self.is_connected = connected
            if connected:
                self.is_refused = False
            self._on_state()

    def _note(self, line: str) -> None:
        self._last_note = line
        # It may be there again before the next look.
        self._journal.cover(is_live=False)

    def _describe_loss(self) -> FeedProblem:
        return FeedProblem(
            events=tuple(sorted(LIVE_TYPES)),
            code="pbx_disconnected",
            message=self._last_note or "the PBX does not answer",
            advice="Check that 3CX is running and that this machine can reach it; the executor keeps trying.",
        )


def _note_call(seen: set[int], event: Event) -> None:
    call: dict[str, Any] = event.data["call"]
    seen.add(call["callId"])
