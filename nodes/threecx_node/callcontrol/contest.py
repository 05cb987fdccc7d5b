"""Notice that another program ends the access tokens of this one: 3CX allows one token per client."""

from __future__ import annotations

import time
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

MOST_LOSSES = 8
"""So many tokens may be lost within `PERIOD` seconds; an administrator who ends a token does it less often."""
PERIOD = 120.0


class ContestWatch:
    """Counts the tokens that ended before their time while a socket was open. `clock` returns seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._losses: deque[float] = deque(maxlen=MOST_LOSSES)

    def note_loss(self) -> bool:
        """Take note of a lost token; return whether so many were lost that another program must be the reason."""
        now = self._clock()
        is_contested = len(self._losses) == MOST_LOSSES and now - self._losses[0] < PERIOD
        self._losses.append(now)
        return is_contested
