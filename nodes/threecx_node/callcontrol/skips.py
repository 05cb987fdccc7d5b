"""Log what is skipped, each reason once a minute at most: a PBX may repeat it thousands of times a second."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

log = logging.getLogger("threecx_node.callcontrol")

_PERIOD = 60.0
# Reasons are a few texts of this package.
_MOST_REASONS = 100


class SkipLog:
    """Counts and logs skips by their reasons. `clock` returns seconds."""

    def __init__(self, host: str, clock: Callable[[], float] = time.monotonic) -> None:
        self.count = 0
        self._host = host
        self._clock = clock
        # Reason → when it was logged, and how many were skipped since.
        self._reasons: dict[str, tuple[float, int]] = {}

    def note(self, reason: str) -> None:
        """Take note of a skip, and log it unless the same reason was logged a moment ago."""
        self.count += 1
        now = self._clock()
        logged_at, more = self._reasons.get(reason, (None, 0))
        if logged_at is not None and now - logged_at < _PERIOD:
            self._reasons[reason] = (logged_at, more + 1)
            return
        if logged_at is None and len(self._reasons) >= _MOST_REASONS:
            return
        self._reasons[reason] = (now, 0)
        since = f", and {more} more since the last line" if more else ""
        log.warning("%s: skipped %s%s", self._host, reason, since)
