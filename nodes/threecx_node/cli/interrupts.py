"""Signals that end a command: the first one lets the requests under way end, the second one does not wait for them."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING, Any, Self

from .streams import say_at_once

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable
    from types import FrameType

_NAMES = ("SIGINT", "SIGTERM", "SIGHUP")


def end_at_once() -> None:
    """Let the first signal end this process from now on, with one line and 128 and the signal's number."""

    def end(number: int, frame: FrameType | None) -> None:
        del frame
        say_at_once("threecx: interrupted")
        os._exit(128 + number)

    _catch_signals(end)


def stop_on_signal(loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
    """Let the first signal set `stop` in `loop`, and the second end this process at once. For the main thread."""

    def handle(number: int, frame: FrameType | None) -> None:
        del number, frame
        end_at_once()
        loop.call_soon_threadsafe(stop.set)

    _catch_signals(handle)


def _catch_signals(handle: Callable[[int, FrameType | None], None]) -> None:
    for name in _NAMES:
        number = getattr(signal, name, None)
        # nohup: a command that is to outlive its terminal goes on.
        if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, handle)


class InterruptedWriteError(BaseException):
    """A write to standard output that a signal has ended."""


class Interruption:
    """Handles the signals while a batch runs and its results are written. A context manager of the main thread.

    `exit_code` is None until a second signal has ended the batch at once; then it is 128 and the signal's number.
    """

    def __init__(self) -> None:
        self.exit_code: int | None = None
        self.is_stopped = False
        self._events: tuple[asyncio.AbstractEventLoop, asyncio.Event, asyncio.Event] | None = None
        self._is_writing = False
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Self:
        for name in _NAMES:
            number = getattr(signal, name, None)
            # nohup: a command that is to outlive its terminal goes on.
            if number is None or (name == "SIGHUP" and signal.getsignal(number) is signal.SIG_IGN):
                continue
            self._before[number] = signal.signal(number, self._handle)
        return self

    def __exit__(self, *exc_info: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def attach(self, loop: asyncio.AbstractEventLoop, stop: asyncio.Event, abort: asyncio.Event) -> None:
        """Set `stop` on the first signal and `abort` on the second, in `loop`."""
        self._events = (loop, stop, abort)
        if self.is_stopped:
            stop.set()
        if self.exit_code is not None:
            abort.set()

    def detach(self) -> None:
        """Forget the events, because the batch has ended."""
        self._events = None

    def writing(self) -> _Writing:
        """Return a context in which a signal ends a write that blocks."""
        return _Writing(self)

    def _handle(self, number: int, frame: FrameType | None) -> None:
        del frame
        if self.is_stopped:
            self.exit_code = 128 + number
        is_first, self.is_stopped = not self.is_stopped, True
        if self._events is None:
            # Nothing is under way: only a write can be waited for.
            self.exit_code = self.exit_code or 128 + number
        else:
            loop, stop, abort = self._events
            loop.call_soon_threadsafe(stop.set if is_first else abort.set)
            if is_first:
                say_at_once(
                    "threecx: stopping after the requests under way; press Ctrl-C again to stop at once"
                )
        if self._is_writing and not (is_first and self._events is not None):
            raise InterruptedWriteError


class _Writing:
    def __init__(self, interruption: Interruption) -> None:
        self._interruption = interruption

    def __enter__(self) -> None:
        self._interruption._is_writing = True

    def __exit__(self, *exc_info: object) -> None:
        self._interruption._is_writing = False
