"""Serve an application as the whole of a process, until a signal ends it."""

from __future__ import annotations

import os
import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from .bounded import LIFESPAN_TIME, RESULTS_TIME, BoundedServer
from .signals import find_ending_signals

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

    from .bounded import Work
    from .config import ServerConfig

# Seconds after the longest time that an orderly end takes, for a process that is stuck, such as in a name look-up.
_MARGIN = 0.5
OVERTIME = RESULTS_TIME + 2 * LIFESPAN_TIME + _MARGIN
"""Seconds after the grace period at which the process has ended at the latest."""


class ProcessServer(BoundedServer):
    """A server that a signal ends: the first one with the grace period, the second one at once.

    `on_signal` gets the text of a line for the user. `exit_code` is 0, or after a second signal 128 and the number of
    the signal. If the process does not end in time, it is ended with that code, or 1.
    """

    def __init__(self, config: ServerConfig, work: Work | None, *, on_signal: Callable[[str], None]) -> None:
        super().__init__(config, work)
        self.exit_code = 0
        self._on_signal = on_signal
        self._signals = 0
        self._guards: list[threading.Timer] = []

    def handle_signals(self) -> None:
        """Handle the signals from now to the end of the process, also before the server starts and after it ends."""
        for each in find_ending_signals():
            signal.signal(each, self.handle_exit)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals to `handle_signals`; the base class would raise them again at the end."""
        yield

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """End with the grace period at the first signal, at once at the second; further ones change nothing."""
        del frame
        self._signals += 1
        if self._signals == 1:
            self.end()
            grace = self.config.grace
            if grace and self._work is not None and self._work.is_running:
                self._on_signal(
                    f"stopping: {self.describe()} under way, with {grace} seconds to end; "
                    "a second signal stops at once"
                )
            self._end_process_after(grace + OVERTIME)
        elif self._signals == 2:
            self.exit_code = 128 + sig
            self._on_signal(f"stopped at once by {signal.Signals(sig).name}; under way: {self.describe()}")
            self.end_at_once()
            self._end_process_after(OVERTIME)

    def release(self) -> None:
        """Let the process go on, because the server has ended."""
        for each in self._guards:
            each.cancel()

    def _end_process_after(self, seconds: float) -> None:
        guard = threading.Timer(seconds, self._end_process)
        guard.daemon = True
        guard.start()
        self._guards.append(guard)

    def _end_process(self) -> None:
        # Without flushing: stderr may be what is stuck.
        os._exit(self.exit_code or 1)
