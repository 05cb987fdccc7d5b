"""Decide when a request to a PBX may be sent: shares of callers, the adaptive limit and the circuit breaker.

A PBX has one gate in a process (and event loop): all batches, requests and credentials share it. It lets as many
requests through at a time as the limit says. When a place becomes free, the caller with the fewest requests under way
comes first.

Requests that do not end must not block other callers:
- Where no place becomes free for PATIENCE seconds, callers that have nothing under way get one of SPARE more places.
- Short requests, such as those of the test of a credential, have SHORT places of their own.

While a PBX is given up, requests wait for the probe, but only until the PBX has been failing for as long as they are
allowed to wait. Then they fail at once with GivenUpError.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections import deque
from dataclasses import dataclass, field
from enum import IntEnum

from ..advice import advice_for
from ..errors import GivenUpError
from .breaker import CircuitBreaker, Clock
from .health import Sign
from .limits import AdaptiveLimit
from .own_delay import OwnDelay

SPARE = 4
"""Places beyond the limit for callers that have nothing under way and would wait behind others."""
SHORT = 4
"""Places of short requests, beyond the limit."""
PATIENCE = 0.5
"""Seconds without a free place after which a caller that has nothing under way gets a spare one."""


class Place(IntEnum):
    """The kinds of places of requests under way."""

    NORMAL = 0
    SPARE = 1
    SHORT = 2


# A look-up in an enum takes as long as the rest of a line here, and these are for every request.
_NORMAL, _WORKS = Place.NORMAL, Sign.WORKS


@dataclass(eq=False, slots=True)
class Member:
    """A client of the PBX, with at most `most` requests under way at a time, short ones and spare places aside."""

    gate: Gate
    most: int
    under_way: int = 0


@dataclass(eq=False, slots=True)
class Caller:
    """One batch, or one request of the service: it has a share of the PBX.

    `is_short` is set for requests that end soon and that a person waits for. With `is_check` a PBX that is given up is
    asked nevertheless, unless that is being done. `traceparent` is a header that is sent with its requests.
    """

    member: Member
    is_short: bool = False
    is_check: bool = False
    traceparent: str = ""
    under_way: int = 0
    waiting: deque[asyncio.Future[Place]] = field(default_factory=deque)
    timer: asyncio.TimerHandle | None = None
    # Whether it has waited in vain for a normal place: until it gets one, it takes a spare place at once.
    is_crowded_out: bool = False


@dataclass(eq=False, slots=True)
class Pass:
    """The right to send one request, which began at `began`. It must be given back by `Gate.leave`."""

    caller: Caller
    place: Place
    began: float
    is_probe: bool = False


class Gate:
    """The gate of one PBX, which messages call `host`. `clock` returns seconds; use it within one event loop."""

    def __init__(self, host: str, clock: Clock = time.monotonic) -> None:
        self.host = host
        self.breaker = CircuitBreaker(clock)
        self.limit = AdaptiveLimit(1, clock)
        self.clock = clock
        self._own_delay = OwnDelay(lambda: any(self._under_way))
        self._members: set[Member] = set()
        # By place.
        self._under_way = [0, 0, 0]
        # How often a place has become free.
        self._releases = 0
        # Callers with waiting requests, the one that was served last at the end.
        self._queue: dict[Caller, None] = {}
        self._change = asyncio.Event()

    @property
    def waiting(self) -> int:
        """Return how many requests wait for a place."""
        return sum(len(each.waiting) for each in self._queue)

    @property
    def under_way(self) -> int:
        """Return how many requests are under way."""
        return sum(self._under_way)

    def join(self, connections: int) -> Member:
        """Return a client that sends at most `connections` requests at a time; the limit is at most the largest."""
        member = Member(self, connections)
        self._members.add(member)
        self.limit.ceiling = max(each.most for each in self._members)
        return member

    def part(self, member: Member) -> None:
        """Remove a client."""
        self._members.discard(member)
        if self._members:
            self.limit.ceiling = max(each.most for each in self._members)

    def try_enter(self, caller: Caller) -> Pass | None:
        """Return a pass where a request can be sent at once, as it almost always can."""
        if not self.breaker.is_closed:
            return None
        place = self._find_place(caller)
        if place is None:
            return None
        self._take(caller, place)
        # The time is set when the request is sent.
        return Pass(caller, place, 0.0)

    async def enter(
        self,
        caller: Caller,
        time_left: float,
        *,
        patience: float = math.inf,
        stop: asyncio.Event | None = None,
    ) -> Pass:
        """Return a pass as soon as a request may be sent.

        Raises GivenUpError while the PBX is given up, if it will not be tried again within `time_left` seconds, or has
        been failing for `patience` seconds, or `stop` is set.
        """
        ends_at = self.clock() + time_left
        while True:
            is_probe = await self._wait_for_breaker(caller, ends_at, patience, stop)
            place = self._find_place(caller)
            if place is not None or is_probe:
                # A probe does not wait for requests that get no response.
                return self._let_in(caller, Place.SPARE if place is None else place, is_probe=is_probe)
            place = await self._wait_for_place(caller)
            if self.breaker.is_closed:
                return Pass(caller, place, self.clock())
            # The PBX was given up in the meantime.
            self._release(caller, place)
            self._serve()

    def leave(self, taken: Pass, sign: Sign = Sign.NOTHING, *, operation: str = "", reason: str = "") -> None:
        """Give a pass back, and take its request as a sign of how the PBX is.

        `operation` is that of a response; `reason` says in a few words how a request failed.
        """
        self._release(taken.caller, taken.place)
        if sign is _WORKS:
            self.limit.note_response(operation, taken.began, self._own_delay)
            if self.breaker.failures:
                self._note_end(taken, sign, reason)
        else:
            self._note_end(taken, sign, reason)
        if self._queue:
            self._serve()

    def _note_end(self, taken: Pass, sign: Sign, reason: str) -> None:
        was_closed = self.breaker.is_closed
        if sign is Sign.BUSY or sign is Sign.LATE:
            self.limit.note_busy(taken.began)
        if sign is _WORKS or sign is Sign.BUSY:
            self.breaker.succeed()
        elif sign is Sign.NOTHING:
            self.breaker.forget(is_probe=taken.is_probe)
        else:
            self.breaker.fail(reason, is_probe=taken.is_probe)
        if not (was_closed and self.breaker.is_closed):
            self._wake()

    async def _wait_for_breaker(
        self, caller: Caller, ends_at: float, patience: float, stop: asyncio.Event | None
    ) -> bool:
        """Return, as soon as the PBX may be asked, whether this request is the probe. Raises GivenUpError."""
        breaker = self.breaker
        while not breaker.is_closed:
            if breaker.admit(at_once=caller.is_check):
                return True
            now = self.clock()
            ends_at = min(ends_at, breaker.failing_since + patience)
            is_too_late = breaker.probe_at >= ends_at and not breaker.is_probing
            if now >= ends_at or is_too_late or (stop is not None and stop.is_set()):
                raise self._given_up(now)
            await _wait_for_any(min(breaker.probe_at, ends_at) - now, self._change, stop)
        return False

    def _given_up(self, now: float) -> GivenUpError:
        breaker = self.breaker
        seconds = max(1, math.ceil(breaker.probe_at - now))
        again = "being tried again now" if breaker.is_probing else f"tried again after {seconds} s"
        return GivenUpError(
            f"{self.host} is given up after {breaker.failures} failures in a row, the last one: {breaker.reason}",
            description=f"It is {again}. {advice_for(None, GivenUpError.default_code)}",
        )

    def _wake(self) -> None:
        """Wake the requests that wait for the breaker."""
        self._change.set()
        self._change = asyncio.Event()

    def _find_place(self, caller: Caller) -> Place | None:
        """Return the place that a request of a caller can take now, None where it must wait."""
        under_way = self._under_way
        if caller.is_short and under_way[Place.SHORT] < SHORT:
            return Place.SHORT
        if under_way[_NORMAL] < self.limit.limit and caller.member.under_way < caller.member.most:
            return _NORMAL
        is_spare = caller.is_crowded_out and caller.under_way == 0 and under_way[Place.SPARE] < SPARE
        return Place.SPARE if is_spare else None

    async def _wait_for_place(self, caller: Caller) -> Place:
        """Wait in the queue, and return the place, which is then taken."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Place] = loop.create_future()
        caller.waiting.append(future)
        if caller not in self._queue:
            self._queue[caller] = None
            caller.timer = loop.call_later(PATIENCE, self._crowd_out, caller, self._releases)
        try:
            return await future
        except asyncio.CancelledError:
            if future.done() and not future.cancelled():
                self._release(caller, future.result())
            elif future in caller.waiting:
                caller.waiting.remove(future)
                if not caller.waiting:
                    self._dequeue(caller)
            self._serve()
            raise

    def _crowd_out(self, caller: Caller, releases: int) -> None:
        """Let a waiting caller take a spare place, unless places have become free since there were `releases`."""
        if releases != self._releases:
            loop = asyncio.get_running_loop()
            caller.timer = loop.call_later(PATIENCE, self._crowd_out, caller, self._releases)
            return
        caller.is_crowded_out = True
        self._serve()

    def _dequeue(self, caller: Caller) -> None:
        self._queue.pop(caller, None)
        if caller.timer is not None:
            caller.timer.cancel()
            caller.timer = None

    def _serve(self) -> None:
        """Give the free places to the callers that wait: first to those with the fewest requests under way."""
        while self._queue:
            found: tuple[Caller, Place] | None = None
            for caller in self._queue:
                if found is None or caller.under_way < found[0].under_way:
                    place = self._find_place(caller)
                    if place is not None:
                        found = caller, place
            if found is None:
                return
            self._grant(*found)

    def _grant(self, caller: Caller, place: Place) -> None:
        future = caller.waiting.popleft()
        if not future.done():
            self._take(caller, place)
            future.set_result(place)
        if caller.waiting:
            # To the end of the queue.
            self._queue[caller] = self._queue.pop(caller)
        else:
            self._dequeue(caller)

    def _let_in(self, caller: Caller, place: Place, *, is_probe: bool = False) -> Pass:
        self._take(caller, place)
        return Pass(caller, place, self.clock(), is_probe)

    def _take(self, caller: Caller, place: Place) -> None:
        if not self._own_delay.is_watching:
            self._own_delay.watch()
        self._under_way[place] += 1
        caller.under_way += 1
        if place is _NORMAL:
            caller.member.under_way += 1
            caller.is_crowded_out = False

    def _release(self, caller: Caller, place: Place) -> None:
        self._under_way[place] -= 1
        caller.under_way -= 1
        if place is _NORMAL:
            caller.member.under_way -= 1
            self._releases += 1


async def _wait_for_any(seconds: float, *events: asyncio.Event | None) -> None:
    """Wait until one of the events is set, but no longer than so many seconds."""
    waiting = [asyncio.ensure_future(each.wait()) for each in events if each is not None]
    try:
        await asyncio.wait(waiting, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for each in waiting:
            each.cancel()
