"""Give a PBX up after several failures in a row, and find out by one request at a time whether it works again.

    closed ── FAILURES failures in a row ──► open ── its pause has passed ──► half open: one request is the probe
      ▲                                       ▲                                   │
      │                                       └──── the probe fails: longer pause ┤
      └──────────────────────────── any request gets a response of the PBX ◄──────┘

The state machine does no I/O and has no clock but the one it is given. It is written here, because the libraries for
it do not fit: purgatory lets every request through while it is half open and counts a cancelled request as a failure,
pybreaker knows no asyncio, and aiobreaker has had no release since 2021.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from enum import StrEnum

FAILURES = 5
"""After this many failures in a row a PBX is given up."""
FIRST_PAUSE = 0.5
"""Seconds until the first probe; each failed probe doubles them."""
LONGEST_PAUSE = 30.0
"""Seconds between two probes at most."""
PROBE_TIME = 10.0
"""Seconds after which another probe may be sent while the first has no response yet."""

Clock = Callable[[], float]


class BreakerState(StrEnum):
    """The state of a circuit breaker."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


class CircuitBreaker:
    """The state of one PBX. `clock` returns seconds.

    Call `admit` before a request, and for each request that was admitted one of `succeed`, `fail` and `forget`.

    `failures` is how many requests in a row had no response of the PBX, the first at `failing_since`, and `reason` why
    the last one had none. Where the breaker is not closed, a probe may be sent from `probe_at` on.
    """

    def __init__(self, clock: Clock = time.monotonic) -> None:
        self._clock = clock
        self._pause = FIRST_PAUSE
        self.is_closed = True
        self.is_probing = False
        self.probe_at = 0.0
        self.failures = 0
        self.failing_since = 0.0
        self.reason = ""

    @property
    def state(self) -> BreakerState:
        """The state now."""
        if self.is_closed:
            return BreakerState.CLOSED
        return BreakerState.HALF_OPEN if self.is_probing else BreakerState.OPEN

    def admit(self, *, at_once: bool = False) -> bool:
        """Return whether a request may be sent now. While the breaker is not closed, it is then the probe.

        With `at_once` the pause is not waited for.
        """
        if self.is_closed:
            return True
        now = self._clock()
        if now < self.probe_at and (self.is_probing or not at_once):
            return False
        self.is_probing = True
        # A probe without a response for so long does not keep others from trying.
        self.probe_at = now + PROBE_TIME
        return True

    def succeed(self) -> None:
        """Note a response of the PBX, to any request: it works."""
        self.is_closed = True
        self.is_probing = False
        self.failures = 0
        self._pause = FIRST_PAUSE

    def fail(self, reason: str, *, is_probe: bool) -> None:
        """Note a request without a response of the PBX; `reason` says in a few words what happened."""
        now = self._clock()
        if self.failures == 0:
            self.failing_since = now
        self.failures += 1
        self.reason = reason
        if self.is_closed:
            if self.failures >= FAILURES:
                self.is_closed = False
                self.probe_at = now + self._pause
        elif is_probe:
            # Requests that were under way when the PBX was given up say nothing new.
            self.is_probing = False
            self._pause = min(2 * self._pause, LONGEST_PAUSE)
            self.probe_at = now + self._pause

    def forget(self, *, is_probe: bool) -> None:
        """Note a request that was cancelled, or that says nothing about the PBX: the next one may be the probe."""
        if is_probe and not self.is_closed:
            self.is_probing = False
            self.probe_at = self._clock()
