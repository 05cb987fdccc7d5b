"""The clock of the calls: everything that happens later is planned on it.

The clock follows real time, or stops and is turned by a test. Whatever is due runs under the lock of the engine, in
order; with real time a thread waits for it, which exists only while something is planned.
"""

from __future__ import annotations

import heapq
import itertools
import logging
import threading
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

# The most that one turn of the clock may be: a day.
MAX_SECONDS = 86400.0


_log = logging.getLogger(__name__)


class Timer:
    """Something planned; it runs once, unless it is cancelled before."""

    __slots__ = ("_function", "_order", "due")

    def __init__(self, due: float, order: int, function: Callable[[], None]) -> None:
        self.due = due
        self._order = order
        self._function: Callable[[], None] | None = function

    def __lt__(self, other: Timer) -> bool:
        return (self.due, self._order) < (other.due, other._order)

    @property
    def is_planned(self) -> bool:
        """Return whether it has neither run nor been cancelled."""
        return self._function is not None

    def cancel(self) -> None:
        """Let it not run."""
        self._function = None

    def run(self) -> None:
        """Run it now, if it is still planned."""
        function, self._function = self._function, None
        if function is not None:
            function()


class Clock:
    """Gives the time and runs what is planned; `manual` stops it until `advance`.

    The lock is taken while planned functions run; the engine replaces it by its own.
    """

    def __init__(self, *, manual: bool = False, start: datetime | None = None) -> None:
        self.lock: Any = threading.RLock()
        self._start = (start or datetime.now(UTC)).astimezone(UTC)
        # Seconds since `_start`: those that have passed, and for real time the moment from which more pass.
        self._passed = 0.0
        self._running_since: float | None = None if manual else time.monotonic()
        self._timers: list[Timer] = []
        self._orders = itertools.count()
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None

    @property
    def manual(self) -> bool:
        """Return whether the clock moves only by `advance`."""
        return self._running_since is None

    @manual.setter
    def manual(self, manual: bool) -> None:
        with self.lock, self._changed:
            if manual != self.manual:
                self._passed = self.seconds()
                self._running_since = None if manual else time.monotonic()
                self._wake()

    def seconds(self) -> float:
        """Return the seconds since the clock was made."""
        since = self._running_since
        return self._passed if since is None else self._passed + time.monotonic() - since

    def now(self) -> datetime:
        """Return the time, in UTC."""
        return self._start + timedelta(seconds=self.seconds())

    @property
    def next_due(self) -> float | None:
        """The seconds until the next planned function, None if nothing is planned."""
        with self._changed:
            self._forget_cancelled()
            return max(0.0, self._timers[0].due - self.seconds()) if self._timers else None

    def call_later(self, seconds: float, function: Callable[[], None]) -> Timer:
        """Plan a function; return its timer."""
        timer = Timer(self.seconds() + max(0.0, seconds), next(self._orders), function)
        with self._changed:
            heapq.heappush(self._timers, timer)
            if self._timers[0] is timer:
                self._wake()
        return timer

    def advance(self, seconds: float) -> None:
        """Turn a manual clock forward, and run what becomes due, each at its time; raise ValueError otherwise."""
        if not 0 <= seconds <= MAX_SECONDS:
            raise ValueError(f"the clock can be turned by 0 to {MAX_SECONDS:.0f} seconds")
        with self.lock:
            if not self.manual:
                raise ValueError("the clock follows real time; set it to manual before it is turned")
            end = self._passed + seconds
            while (timer := self._take_due(end)) is not None:
                self._passed = max(self._passed, timer.due)
                timer.run()
            self._passed = end

    def clear(self) -> None:
        """Cancel everything that is planned."""
        with self._changed:
            for timer in self._timers:
                timer.cancel()
            self._timers.clear()
            self._changed.notify_all()

    def _take_due(self, until: float) -> Timer | None:
        with self._changed:
            self._forget_cancelled()
            if self._timers and self._timers[0].due <= until:
                return heapq.heappop(self._timers)
            return None

    def _forget_cancelled(self) -> None:
        while self._timers and not self._timers[0].is_planned:
            heapq.heappop(self._timers)

    def _wake(self) -> None:
        """Make the thread look at the timers again; start it if it is needed."""
        if self._thread is not None:
            self._changed.notify_all()
        elif self._running_since is not None and self._timers:
            self._thread = threading.Thread(target=self._run_due, name="threecx-calls", daemon=True)
            self._thread.start()

    def _run_due(self) -> None:
        while self._wait_for_due():
            # Taken after the wait: the order of locks is the engine's first, then the clock's.
            with self.lock:
                timer = self._take_due(self.seconds()) if not self.manual else None
                if timer is not None:
                    _run_safely(timer)

    def _wait_for_due(self) -> bool:
        """Wait until a timer is due; return False when the thread has nothing to wait for."""
        with self._changed:
            while True:
                self._forget_cancelled()
                if not self._timers or self.manual:
                    self._thread = None
                    return False
                seconds = self._timers[0].due - self.seconds()
                if seconds <= 0:
                    return True
                self._changed.wait(seconds)


def _run_safely(timer: Timer) -> None:
    """Run a timer; an error in it must not stop the thread, and with it all other calls."""
    try:
        timer.run()
    except Exception:  # noqa: BLE001 - whatever it is, the thread goes on
        _log.exception("an error in something that was planned for a call")
