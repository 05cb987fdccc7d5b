"""The signals that end a server whose main thread only waits for them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading

from threecx_node.server.signals import EndingSignals

# The signal arrives while the main thread is at each of the first lines of a wait, those of the library included.
WAITS = """
import signal, sys
from threecx_node.server import signals as module

module._LOOK_AGAIN = 0.0005
for place in range(1, 100):
    lines = 0
    def trace(frame, event, arg):
        global lines
        lines += 1
        if lines == place:
            signal.raise_signal(signal.SIGTERM)
        return trace
    with module.EndingSignals(print) as signals:
        sys.settrace(trace)
        signals.wait()
        sys.settrace(None)
    assert lines >= place
print("ended")
"""


def test_signal_at_any_place_of_a_wait() -> None:
    done = subprocess.run(
        [sys.executable, "-c", WAITS], capture_output=True, text=True, timeout=30, check=False
    )
    assert (done.stdout, done.stderr, done.returncode) == ("ended\n", "", 0)


def test_second_signal() -> None:
    before = signal.getsignal(signal.SIGTERM)
    seconds: list[signal.Signals] = []
    with EndingSignals(seconds.append) as signals:
        os.kill(os.getpid(), signal.SIGTERM)
        signals.wait()
        assert (seconds, signals.exit_code) == ([], 0)
        for number in (signal.SIGINT, signal.SIGTERM):
            os.kill(os.getpid(), number)
            threading.Event().wait(0.01)
        assert (seconds, signals.exit_code) == ([signal.SIGINT], 130)
    assert signal.getsignal(signal.SIGTERM) is before
