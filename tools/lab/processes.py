"""Start and end the programs of the lab, all in one way: by an executor of mirakuru, with a log file."""

from __future__ import annotations

import socket
from typing import IO, TYPE_CHECKING, Any, Self

from mirakuru.exceptions import ExecutorError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from mirakuru import Executor


class LabError(Exception):
    """A program did not start or did not do what was asked; the message contains the end of its log."""


def find_free_port() -> int:
    """Return a port of loopback on which nothing listens at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class LabProcess:
    """One program; a context manager that ends what it started.

    `build` gets the opened log file and returns the executor: its command, and how to see that it is ready.
    """

    def __init__(self, name: str, log: Path, build: Callable[[IO[Any]], Executor]) -> None:
        self.name = name
        self.log = log
        self._build = build
        self._executor: Executor | None = None

    @property
    def pid(self) -> int:
        """The id of the running process."""
        process = self._executor.process if self._executor else None
        if process is None:
            raise LabError(f"{self.name} is not running")
        return process.pid

    def start(self) -> Self:
        """Start the program and wait until it is ready. Raise LabError if it is not."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as output:
            executor = self._build(output)
            try:
                executor.start()
            except (ExecutorError, OSError) as error:
                raise LabError(f"{self.name} did not start: {error}\n{self.read_log_end()}") from error
        self._executor = executor
        return self

    def stop(self) -> None:
        """Ask the program and all that it started to end; after the executor's timeout, kill them."""
        executor, self._executor = self._executor, None
        if executor is not None:
            executor.stop()

    def kill(self) -> None:
        """End the program as a crash would."""
        executor, self._executor = self._executor, None
        if executor is not None:
            executor.kill()

    def read_log_end(self, characters: int = 3000) -> str:
        """Return the end of the log."""
        return self.log.read_text(errors="replace")[-characters:] if self.log.exists() else ""

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *exc_info: object) -> None:
        self.stop()
