"""A living office: calls of all kinds begin at random moments and go their way by the clock."""

from __future__ import annotations

import random
import re
from functools import partial
from typing import TYPE_CHECKING

from ...errors import ConfigurationError
from .models import EXTENSION, QUEUE, RECEPTIONIST, RING_GROUP, CallError

if TYPE_CHECKING:
    from .clock import Timer
    from .engine import CallEngine
    from .handle import CallHandle

_RATE = re.compile(r"\s*(\d{1,6}(?:\.\d{1,6})?)\s*/\s*(s|min|h)\s*", re.ASCII)
_SECONDS = {"s": 1.0, "min": 60.0, "h": 3600.0}
# Calls a second, and calls at the same time: more begin only when others have ended.
MAX_RATE = 50.0
MAX_CALLS = 50
# The extensions that are looked at to find a free one.
_MAX_TRIES = 100

# The kinds of calls, and how many of a hundred are of each.
_KINDS: dict[str, int] = {
    "internal": 20,
    "outbound": 18,
    "inbound": 14,
    "queue": 12,
    "ring_group": 8,
    "abandoned": 5,
    "receptionist": 4,
    "voicemail": 4,
    "transfer": 4,
    "attended_transfer": 3,
    "divert": 2,
    "busy": 3,
    "no_answer": 3,
}
# A person needs between a third and three times of the seconds that a step has.
_FASTEST, _SLOWEST = 0.33, 3.0


def parse_rate(text: str) -> float:
    """Return the calls a second of a rate such as "6/min", "30/h" or "0.5/s"; raise ConfigurationError."""
    match = _RATE.fullmatch(text)
    rate = float(match[1]) / _SECONDS[match[2]] if match else 0.0
    if not 0 < rate <= MAX_RATE:
        raise ConfigurationError(
            f"the traffic {text[:50]!r} is not a rate of calls",
            description=f"Give a number and s, min or h, such as 6/min; at most {MAX_RATE:.0f}/s.",
        )
    return rate


class Traffic:
    """Begins calls at a rate, until it is stopped; the same seed gives the same calls in the same office."""

    def __init__(self, calls: CallEngine, rate: float, seed: int | None = None) -> None:
        self._calls = calls
        self._rate = rate
        self._seed = seed
        self._random = random.Random(seed)  # noqa: S311 - calls, not secrets
        self._kinds, self._weights = list(_KINDS), list(_KINDS.values())
        self._next: Timer | None = None
        self._first: list[Timer] = []
        self.begun = 0

    def start(self, *, each_kind_after: float | None = None) -> None:
        """Begin with the first call of the seed, after a random pause.

        With `each_kind_after`, one call of each kind begins besides, that number of seconds after each other.
        """
        self._random.seed(self._seed)
        if each_kind_after is not None:
            self._first = [
                self._calls.clock.call_later(place * each_kind_after, partial(self._begin_one, kind))
                for place, kind in enumerate(self._kinds)
            ]
        if self._restart not in self._calls.after_clear:
            self._calls.after_clear.append(self._restart)
        self._plan_next()

    def stop(self) -> None:
        """Begin no more calls; those that have begun go on."""
        if self._restart in self._calls.after_clear:
            self._calls.after_clear.remove(self._restart)
        for each in (*self._first, self._next):
            if each is not None:
                each.cancel()

    def _restart(self) -> None:
        # A reset of the PBX cancelled everything that was planned.
        self.start()

    def _plan_next(self) -> None:
        self._next = self._calls.clock.call_later(self._random.expovariate(self._rate), self._begin_next)

    def _begin_next(self) -> None:
        self._plan_next()
        if len(self._calls.calls()) >= MAX_CALLS:
            return
        self._begin_one(self._random.choices(self._kinds, self._weights)[0])

    def _begin_one(self, kind: str) -> None:
        try:
            handle = self._begin(kind)
        except CallError:
            # This office lacks what the call needs, or all of them are in calls: the next call is another one.
            return
        self.begun += 1
        handle.vary_pace(lambda: self._random.uniform(_FASTEST, _SLOWEST))
        handle.play()

    def _begin(self, kind: str) -> CallHandle:
        calls = self._calls
        if kind in ("internal", "busy", "no_answer"):
            caller, callee = self._pick_free(2)
            return calls.begin(kind, {"caller": caller, "callee": callee})
        if kind == "outbound":
            return calls.outbound(self._pick_free(1)[0], self._pick_number())
        number = self._pick_number()
        if kind == "inbound":
            return calls.inbound(number)
        if kind in ("queue", "abandoned"):
            waves = {"waves": self._random.choice((1, 1, 1, 2))} if kind == "queue" else {}
            return calls.begin(kind, {"number": number, "queue": self._pick(QUEUE), **waves})
        if kind == "ring_group":
            return calls.ring_group(number, self._pick(RING_GROUP))
        if kind == "receptionist":
            return calls.receptionist(number, self._pick(RECEPTIONIST))
        to, target = self._pick_free(2)
        arguments = {"number": number, "to": to}
        return calls.begin(kind, arguments if kind == "voicemail" else {**arguments, "target": target})

    def _pick(self, dn_type: str) -> str:
        numbers = self._calls.directory.list_numbers(dn_type)
        if not numbers:
            raise CallError(424, f"There is no {dn_type}.")
        return self._random.choice(numbers)

    def _pick_free(self, count: int) -> list[str]:
        """Return extensions that are registered and in no call."""
        numbers = self._calls.directory.list_numbers(EXTENSION)
        free = []
        for number in self._random.sample(numbers, min(len(numbers), _MAX_TRIES)):
            if self._calls.devices(number) and not self._calls.participants(number):
                free.append(number)
                if len(free) == count:
                    return free
        raise CallError(424, "All extensions are in calls.")

    def _pick_number(self) -> str:
        known = self._calls.directory.list_contacts()
        # Every second caller is in the phone book.
        if known and self._random.random() < 0.5:
            return self._random.choice(known)
        return f"+4930{self._random.randrange(10**6, 10**7)}"
