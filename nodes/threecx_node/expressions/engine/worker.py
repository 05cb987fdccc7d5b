"""The child process in which V8 runs: a script, never imported by the package.

    python -P worker.py ENGINE_JS PACKAGES_DIRECTORY MEMORY_MB PARENT_PID

V8 ends the whole process when it runs out of memory, and some of its own loops cannot be interrupted.
Here neither harms the caller: `process.py` starts another one. The process ends with its parent, whatever V8 is doing.

It reads jobs from stdin: a line `{"header", "from", "to", "lines", "slice_ms", "item_timeout"}`, then `lines` lines
with one item's JSON each. It writes lines to stdout: `{"ready": true}` once; then for a job `{"refused": result}`, or
`{"results": [...]}` until all items are done; or `{"stopped": "time" | "memory", "index"}`, and then it ends.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any, BinaryIO

if TYPE_CHECKING:
    from collections.abc import Callable

# The memory of interpreter and V8 before the first expression; below it V8 does not start.
_BASE_MB = 768
_MB = 1024 * 1024
# Seconds between two looks at the parent.
_PARENT_CHECK = 0.5
# Values of Windows: the right to wait for a process, and a wait without a limit.
_SYNCHRONIZE = 0x00100000
_INFINITE = 0xFFFFFFFF


def main() -> None:
    """Serve jobs until stdin ends."""
    engine_path, packages, memory_mb, parent = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    # First of all: a parent that is killed cannot stop this process.
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
    answers = _take_stdout()
    _limit_process(memory_mb)
    if packages not in sys.path:
        sys.path.append(packages)
    engine = _Engine(engine_path, memory_mb)
    _send(answers, {"ready": True})
    for line in sys.stdin.buffer:
        job = json.loads(line)
        lines = b"".join(sys.stdin.buffer.readline() for _ in range(job["lines"]))
        engine.serve(job, lines.decode().removesuffix("\n"), answers)
    # Without waiting for V8.
    os._exit(0)


def _end_with(parent: int) -> None:
    """End this process when its parent has ended or has closed the pipe of the jobs.

    A process that the parent forked keeps the pipe open, so the parent itself is watched too.
    """
    if sys.platform == "win32":
        _wait_for_process(parent)
        os._exit(0)
    import select

    pipe = select.poll() if hasattr(select, "poll") else None
    if pipe is not None:
        # No event is asked for: a closed pipe is always reported.
        pipe.register(0, 0)
    while os.getppid() == parent:
        if pipe is None:
            time.sleep(_PARENT_CHECK)
        elif pipe.poll(_PARENT_CHECK * 1000):
            break
    os._exit(0)


def _wait_for_process(pid: int) -> None:
    """Wait on Windows until the process `pid` has ended; a process that does not exist has ended."""
    import ctypes

    kernel: Any = ctypes.windll.kernel32  # type: ignore[attr-defined,unused-ignore]  # exists on Windows
    kernel.OpenProcess.restype = ctypes.c_void_p
    if handle := kernel.OpenProcess(_SYNCHRONIZE, False, pid):
        kernel.WaitForSingleObject(ctypes.c_void_p(handle), _INFINITE)


def _take_stdout() -> BinaryIO:
    """Return stdout for the results alone: V8 prints its last message there."""
    answers = os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.close(nowhere)
    return answers


def _limit_process(memory_mb: int) -> None:
    """Limit memory that V8's own limit does not see; not every system supports it."""
    with suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        most = (_BASE_MB + 2 * memory_mb) * _MB
        resource.setrlimit(resource.RLIMIT_DATA, (most, most))


def _send(answers: BinaryIO, message: dict[str, Any]) -> None:
    answers.write(json.dumps(message).encode() + b"\n")
    answers.flush()


class _Engine:
    def __init__(self, path: str, memory_mb: int) -> None:
        from py_mini_racer import MiniRacer

        self._v8 = MiniRacer()
        self._v8.set_hard_memory_limit(memory_mb * _MB)
        with open(path, encoding="utf-8") as source:  # noqa: PTH123 - no pathlib: this process starts fast
            self._v8.eval(source.read())
        self._begin: Any = self._v8.eval("threecxEngine.begin")
        self._run: Any = self._v8.eval("threecxEngine.run")
        self._progress: Any = self._v8.eval("threecxEngine.progress")

    def serve(self, job: dict[str, Any], lines: str, answers: BinaryIO) -> None:
        # run() leaves at the first item that ends after its slice, so what still runs when slice and
        # limit are both over has had the whole limit for itself.
        timeout = job["item_timeout"] + job["slice_ms"] / 1000
        position, end = job["from"], job["to"]
        self._progress[:] = position.to_bytes(4, sys.byteorder)
        with _Watchdog(answers, timeout, self._index) as watchdog:
            refusal = self._call(watchdog, self._begin, json.dumps(job["header"]), lines)
            if refusal:
                _send(answers, {"refused": json.loads(refusal)})
                return
            while position < end:
                results = self._call(watchdog, self._run, position, end, job["slice_ms"])
                answers.write(b'{"results":%s}\n' % results.encode())
                answers.flush()
                position = self._index() + 1

    def _index(self) -> int:
        """Return the index of the current item, also while V8 hangs."""
        return int.from_bytes(bytes(self._progress), sys.byteorder)

    def _call(self, watchdog: _Watchdog, function: Any, *arguments: Any) -> str:
        from py_mini_racer import JSEvalException

        watchdog.start_over()
        try:
            return str(function(*arguments))
        except JSEvalException:
            # begin() and run() catch what expressions throw; what is left is V8 giving up.
            watchdog.stop("memory")
            raise


class _Watchdog:
    """End the process when a call takes too long, also where V8 cannot be interrupted."""

    def __init__(self, answers: BinaryIO, timeout: float, index: Callable[[], int]) -> None:
        self._answers = answers
        self._timeout = timeout
        self._index = index
        self._deadline = time.monotonic() + timeout
        self._done = threading.Event()

    def __enter__(self) -> _Watchdog:
        threading.Thread(target=self._watch, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()

    def start_over(self) -> None:
        self._deadline = time.monotonic() + self._timeout

    def stop(self, reason: str) -> None:
        try:
            _send(self._answers, {"stopped": reason, "index": self._index()})
        finally:
            # At once, also where the reader has gone: V8 may still be running, and a regular end would wait for it.
            os._exit(0)

    def _watch(self) -> None:
        while not self._done.wait(max(0.0, self._deadline - time.monotonic())):
            if time.monotonic() >= self._deadline:
                self.stop("time")


if __name__ == "__main__":
    main()
