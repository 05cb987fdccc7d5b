"""Adapt the number of requests that one PBX gets at a time to what it can take.

The limit begins at its ceiling. Responses raise it by one per round of requests (additive increase). It is halved
(multiplicative decrease) where the PBX answers 429 or 503, does not answer in time, or begins to answer much later
than it did; requests that were under way together count as one such signal.

How long a response usually takes is known per operation: a report takes longer than a deletion. The time for which
this process itself was late does not count.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .own_delay import OwnDelay

Clock = Callable[[], float]

_DECREASE = 0.5
# Responses are late if they take this many times as long as usual, and longer by at least so many seconds.
_LATE_FACTOR = 3.0
_LATE_SECONDS = 0.25
# The weight of the newest response in the two averages, and the responses after which they can be compared.
_RECENT_WEIGHT = 1 / 8
_USUAL_WEIGHT = 1 / 128
_FEWEST = 16
_SETTLED = 128
# Operations whose latency is known at a time.
_MOST_OPERATIONS = 128


class _Latency:
    """The latency of one operation, in seconds: two moving averages."""

    __slots__ = ("count", "recent", "usual")

    def __init__(self) -> None:
        self.count = 0
        self.recent = 0.0
        self.usual = 0.0

    def add(self, seconds: float) -> bool:
        """Take a latency, and return whether responses are now late."""
        recent, usual = self.recent, self.usual
        if self.count > _SETTLED:
            recent += (seconds - recent) * _RECENT_WEIGHT
            usual += (seconds - usual) * _USUAL_WEIGHT
        else:
            # The first ones count alike.
            self.count += 1
            share = 1 / self.count
            recent += (seconds - recent) * max(_RECENT_WEIGHT, share)
            usual += (seconds - usual) * max(_USUAL_WEIGHT, share)
        self.recent, self.usual = recent, usual
        return recent - usual > _LATE_SECONDS and recent > _LATE_FACTOR * usual and self.count >= _FEWEST

    def accept(self) -> None:
        """Take the recent latency for the usual one: only a further rise is a signal, not a high latency."""
        self.usual = self.recent


class AdaptiveLimit:
    """The number of requests at a time, between 1 and `ceiling`. `clock` returns seconds."""

    def __init__(self, ceiling: int, clock: Clock = time.monotonic) -> None:
        self._clock = clock
        self._ceiling = ceiling
        self._value = float(ceiling)
        self._decreased_at = float("-inf")
        self._latencies: OrderedDict[str, _Latency] = OrderedDict()
        self.limit = ceiling

    @property
    def ceiling(self) -> int:
        """The highest limit."""
        return self._ceiling

    @ceiling.setter
    def ceiling(self, value: int) -> None:
        # A limit that nothing has lowered follows its ceiling.
        is_at_ceiling = self._value >= self._ceiling
        self._ceiling = value
        self._set(float(value) if is_at_ceiling else self._value)

    @property
    def known_operations(self) -> int:
        """Return the number of operations whose latency is known."""
        return len(self._latencies)

    def note_response(self, operation: str, began: float, own_delay: OwnDelay | None = None) -> None:
        """Note a response to a request that began at `began`, by the clock; `own_delay` is not that of the PBX."""
        now = self._clock()
        latency = self._latencies.get(operation)
        if latency is None:
            latency = self._remember(operation)
        seconds = now - began
        if seconds > _LATE_SECONDS and own_delay is not None:
            # Less is never late.
            seconds -= own_delay.between(began, now)
        if latency.add(seconds):
            latency.accept()
            self._decrease(began, now)
        elif self._value < self._ceiling:
            self._set(self._value + 1 / self._value)

    def note_busy(self, began: float) -> None:
        """Note that the PBX could not take a request that began at `began`: 429, 503 or no response in time."""
        self._decrease(began, self._clock())

    def _remember(self, operation: str) -> _Latency:
        latency = self._latencies[operation] = _Latency()
        if len(self._latencies) > _MOST_OPERATIONS:
            self._latencies.popitem(last=False)
        return latency

    def _decrease(self, began: float, now: float) -> None:
        # A request that was sent before the last decrease says nothing about the new limit.
        if began >= self._decreased_at:
            self._decreased_at = now
            self._set(self._value * _DECREASE)

    def _set(self, value: float) -> None:
        self._value = min(max(value, 1.0), float(self._ceiling))
        # A limit that additions have brought to its ceiling may miss it by a rounding error.
        self.limit = int(self._value + 1e-9)
