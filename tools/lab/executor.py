"""Run `threecx serve` as a process, on loopback and without a key."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

from mirakuru import HTTPExecutor

from tools.lab.processes import LabProcess, find_free_port

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_TIMEOUT = 30


class ExecutorProcess(LabProcess):
    """One executor; `options` are further options of the command."""

    def __init__(self, folder: Path, port: int | None = None, *, options: Sequence[str] = ()) -> None:
        self.port = port or find_free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        serve = ("serve", "--without-key", "--port", str(self.port), *options)
        super().__init__(
            "the executor",
            folder / f"executor-{self.port}.log",
            lambda log: HTTPExecutor(
                [sys.executable, "-m", "threecx_node.cli", *serve],
                f"{self.url}/health",
                method="GET",
                timeout=_TIMEOUT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            ),
        )
