"""The engine's process ends with its parent, whatever V8 is doing at that moment."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="the processes are read from /proc"),
]

# The engine's process is in no other list than that of the children; "started" comes when V8 is in its loop.
ENDLESS = """
import os, sys, threading, time
from pathlib import Path
from threecx_node.expressions.evaluate import EngineLimits, evaluate, evaluate_batch
from threecx_node.expressions.engine.process import _state

evaluate("={{ 1 + 1 }}", [{}], 0)
child = _state.process_for(128)._child
FORK
def loop():
    evaluate_batch("={{ CODE }}", [{}], limits=EngineLimits(item_timeout=600, batch_timeout=600))
threading.Thread(target=loop, daemon=True).start()
def cpu():
    return sum(map(int, Path(f"/proc/{child.pid}/stat").read_text().rpartition(")")[2].split()[11:13]))
before = cpu()
while cpu() < before + 10:
    time.sleep(0.01)
print(child.pid, flush=True)
time.sleep(600)
"""
# A child of the parent's that has inherited the pipes.
FORKED = "if os.fork() == 0:\n    sys.stdout.close(); os.close(1); time.sleep(600); os._exit(0)"


@pytest.mark.parametrize("code", ["(() => { while (true) {} })()", "Array(2 ** 31).indexOf(1)"])
@pytest.mark.parametrize("fork", ["", FORKED], ids=["alone", "forked"])
def test_the_engine_ends_with_a_parent_that_is_killed(code: str, fork: str) -> None:
    script = ENDLESS.replace("CODE", code).replace("FORK", fork)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", script],
        stdout=subprocess.PIPE,
        env=environment,
        start_new_session=True,
    ) as parent:
        assert parent.stdout is not None
        engine = int(parent.stdout.readline())
        assert is_running(engine)
        descriptor = os.pidfd_open(engine)
        try:
            os.kill(parent.pid, signal.SIGKILL)
            parent.wait()
            wait_for_end(descriptor)
            assert not is_running(engine)
        finally:
            with suppress(ProcessLookupError):
                os.kill(engine, signal.SIGKILL)
            with suppress(ProcessLookupError):
                os.killpg(parent.pid, signal.SIGKILL)
            os.close(descriptor)


def wait_for_end(descriptor: int) -> None:
    """Wait for the end of a process, at most 20 seconds."""
    import select

    waiting = select.poll()
    waiting.register(descriptor, select.POLLIN)
    assert waiting.poll(20_000), "the engine's process is still running"


def is_running(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2]
    except FileNotFoundError:
        return False
    return state.split()[0] not in ("Z", "X")
