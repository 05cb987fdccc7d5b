"""The signals that end a server: the first one in an orderly way, the second one at once."""

from __future__ import annotations

import signal
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

_NAMES = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")
# Seconds after which a wait looks again: on some systems signals are not handled during an unlimited wait.
_LOOK_AGAIN = 0.5


def find_ending_signals() -> tuple[signal.Signals, ...]:
    """Return the signals that end a server. SIGHUP is left out if it is ignored, as `nohup` does it."""
    found = [signal.Signals[name] for name in _NAMES if name in signal.Signals.__members__]
    return tuple(
        each for each in found if each.name != "SIGHUP" or signal.getsignal(each) is not signal.SIG_IGN
    )


class EndingSignals:
    """Receives the signals while a server runs in other threads. A context manager of the main thread.

    `on_second` is called with the second signal, from its handler. `exit_code` is 0, or after a second signal 128 and
    its number; further signals change nothing.
    """

    def __init__(self, on_second: Callable[[signal.Signals], None]) -> None:
        self.exit_code = 0
        self._on_second = on_second
        self._count = 0
        # Not a threading.Event: a handler runs in the thread that waits, and could block for ever on the lock that this
        # thread itself has acquired at the beginning of its wait. A SimpleQueue is made for such calls.
        self._received: SimpleQueue[int] = SimpleQueue()
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Self:
        self._before = {each: signal.signal(each, self._handle) for each in find_ending_signals()}
        return self

    def __exit__(self, *exc_info: object) -> None:
        for each, handler in self._before.items():
            signal.signal(each, handler)

    def wait(self) -> None:
        """Return when the first signal has arrived."""
        while True:
            try:
                self._received.get(timeout=_LOOK_AGAIN)
            except Empty:
                continue
            return

    def _handle(self, number: int, frame: FrameType | None) -> None:
        del frame
        self._count += 1
        if self._count == 1:
            self._received.put(number)
        elif self._count == 2:
            self.exit_code = 128 + number
            self._on_second(signal.Signals(number))
