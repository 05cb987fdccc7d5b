"""Run the JavaScript engine in a child process, and enforce its limits.

One child serves all threads of this process, one batch after the other. It starts with the first expression that
needs it, and again after an expression had to be stopped.
"""

from __future__ import annotations

import atexit
import importlib.util
import os
import subprocess
import sys
import threading
import time
from collections import deque
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from ...values import json as json_codec

if TYPE_CHECKING:
    from collections.abc import Sequence

ENGINE_JS = Path(__file__).with_name("engine.js")
_WORKER = Path(__file__).with_name("worker.py")
_SLICE_MS = 50

Result = list[Any]


class EngineUnavailableError(Exception):
    """The engine cannot start; `remedy` says what to do."""

    def __init__(self, message: str, remedy: str) -> None:
        super().__init__(message)
        self.remedy = remedy


@dataclass(frozen=True, slots=True)
class EngineLimits:
    """The limits of expressions: seconds for one item and for a batch, megabytes of JavaScript's heap."""

    item_timeout: float = 1.0
    batch_timeout: float = 10.0
    memory_mb: int = 128

    def __post_init__(self) -> None:
        if self.item_timeout <= 0 or self.batch_timeout <= 0 or self.memory_mb < 32:
            raise ValueError("limits are above zero, and memory_mb is at least 32")


@dataclass(frozen=True, slots=True)
class Job:
    """An expression for the items `start` up to `stop`; `lines` are the JSON of the items from `first` on."""

    parts: list[dict[str, str]]
    time_zone: str
    lines: Sequence[bytes]
    first: int
    start: int
    stop: int


def run(job: Job, limits: EngineLimits) -> list[Result]:
    """Return one tagged result (see engine/src/encode.js) per item of the job. Raises EngineUnavailableError."""
    with _state.lock:
        return _JobRun(job, limits).run()


class _JobRun:
    """One job, with the stops and restarts that it needs."""

    def __init__(self, job: Job, limits: EngineLimits) -> None:
        self._job = job
        self._limits = limits
        self._results: dict[int, Result] = {}
        self._waiting = deque([(job.start, job.stop)])
        self._deadline = time.monotonic() + limits.batch_timeout
        # After a crash, which names no item, one item goes at a time: the next crash is then its own.
        self._slice_ms = _SLICE_MS

    def run(self) -> list[Result]:
        while self._waiting:
            start, stop = self._waiting.popleft()
            left = self._deadline - time.monotonic()
            if left <= 0:
                self._fail(start, stop, self._overdue())
            elif start < stop:
                self._run_range(start, stop, min(left, self._limits.item_timeout))
        return [self._results[index] for index in range(self._job.start, self._job.stop)]

    def _run_range(self, start: int, stop: int, item_timeout: float) -> None:
        process = _state.process_for(self._limits.memory_mb)
        try:
            self._send(process, start, stop, item_timeout)
            position = start
            while position < stop:
                message = process.receive()
                if message is None or "stopped" in message:
                    _state.discard()
                    self._stopped(position, stop, message)
                    return
                if "refused" in message:
                    self._fail(position, stop, message["refused"])
                    return
                for result in message["results"]:
                    self._results[position] = result
                    position += 1
                if position < stop and time.monotonic() > self._deadline:
                    _state.discard()
                    self._fail(position, stop, self._overdue())
                    return
        except BaseException:
            # Half an answer may still be in the pipe.
            _state.discard()
            raise

    def _send(self, process: _Process, start: int, stop: int, item_timeout: float) -> None:
        job = self._job
        header = {"parts": job.parts, "timeZone": job.time_zone, "start": job.first}
        order = {
            "header": header,
            "from": start,
            "to": stop,
            "lines": len(job.lines),
            "slice_ms": self._slice_ms,
            "item_timeout": item_timeout,
        }
        process.send([json_codec.dumps(order), *job.lines])

    def _stopped(self, position: int, stop: int, message: dict[str, Any] | None) -> None:
        if message is None:
            if self._slice_ms:
                self._slice_ms = 0
                self._waiting.appendleft((position, stop))
                return
            index, error = (
                position,
                _failure("the expression made the JavaScript engine crash", self._memory()),
            )
        else:
            index = min(max(message["index"], position), stop - 1)
            error = self._time_error() if message["stopped"] == "time" else self._memory_error()
        self._results[index] = error
        self._waiting.extendleft([(index + 1, stop), (position, index)])

    def _fail(self, start: int, stop: int, error: Result) -> None:
        self._results.update(dict.fromkeys(range(start, stop), error))

    def _time_error(self) -> Result:
        return _failure(
            f"the expression took longer than its time limit of {self._limits.item_timeout:g} s",
            "Look for a loop that never ends.",
        )

    def _memory(self) -> str:
        return f"It has {self._limits.memory_mb} MB of memory."

    def _memory_error(self) -> Result:
        return _failure("the expression took more memory than its limit allows", self._memory())

    def _overdue(self) -> Result:
        return _failure(
            f"the items' expressions together took longer than {self._limits.batch_timeout:g} s",
            "Simplify the expression or send fewer items at once.",
        )


def _failure(message: str, description: str) -> Result:
    return ["e", message, description]


class _Process:
    def __init__(self, memory_mb: int) -> None:
        self.memory_mb = memory_mb
        self._child = subprocess.Popen(  # noqa: S603 - our own script, no shell
            [
                *(sys.executable, "-P", str(_WORKER), str(ENGINE_JS), _packages_directory()),
                *(str(memory_mb), str(os.getpid())),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=_environment(),
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
            # Ctrl-C is the parent's business; the child ends with its parent.
            start_new_session=True,
        )
        ready = self.receive()
        if ready is None:
            self.kill()
            raise EngineUnavailableError(
                "the JavaScript engine does not start",
                'Try: pip install --force-reinstall "mini-racer>=0.14.1,<0.15"',
            )

    def send(self, lines: list[bytes]) -> None:
        try:
            self._stdin.write(b"\n".join(lines) + b"\n")
            self._stdin.flush()
        except OSError:
            # It died; receive() will say so.
            return

    def receive(self) -> dict[str, Any] | None:
        """Return the next message, or None when the child has died."""
        line = self._stdout.readline()
        if not line.endswith(b"\n"):
            return None
        message: dict[str, Any] = json_codec.loads(line)
        return message

    def kill(self) -> None:
        self._child.kill()
        self._child.wait()
        for pipe in (self._child.stdin, self._child.stdout):
            if pipe is not None:
                _close_quietly(pipe)

    @property
    def _stdin(self) -> IO[bytes]:
        assert self._child.stdin is not None  # noqa: S101 - a pipe was asked for
        return self._child.stdin

    @property
    def _stdout(self) -> IO[bytes]:
        assert self._child.stdout is not None  # noqa: S101 - a pipe was asked for
        return self._child.stdout


def _close_quietly(pipe: IO[bytes]) -> None:
    try:
        pipe.close()
    except OSError:
        # The data that was still to be written has no reader any more.
        return


class _EngineState:
    """The child of this process, and the lock that lends it to one batch at a time."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self._process: _Process | None = None
        self._of_parents: list[_Process] = []

    def process_for(self, memory_mb: int) -> _Process:
        if self._process is not None and self._process.memory_mb != memory_mb:
            self.discard()
        if self._process is None:
            self._process = _Process(memory_mb)
        return self._process

    def discard(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.kill()

    def after_fork(self) -> None:
        """Start another child in a forked process, and leave the child of its parent alone."""
        self.lock = threading.Lock()
        if self._process is not None:
            self._of_parents.append(self._process)
            self._process = None


_state = _EngineState()
atexit.register(_state.discard)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_state.after_fork)


def _packages_directory() -> str:
    found = importlib.util.find_spec("py_mini_racer")
    if found is None or found.origin is None:
        raise EngineUnavailableError(
            "it needs the JavaScript engine, which is not installed",
            'pip install "threecx-node[expressions]"',
        )
    if not ENGINE_JS.is_file():
        raise EngineUnavailableError(
            "it needs the JavaScript engine, whose engine.js has not been built",
            "python tools/build_engine.py",
        )
    return str(Path(found.origin).parent.parent)


def _environment() -> dict[str, str]:
    """Return the child's environment: JavaScript's local time is UTC, and no secret is passed on."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("THREECX_")}
    return {**kept, "TZ": "UTC"}
