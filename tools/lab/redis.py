"""Run a Redis for tests: Debian's `redis-server` on loopback, which keeps nothing on disk by default."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

from mirakuru import TCPExecutor

from tools.lab.processes import LabError, LabProcess, find_free_port

if TYPE_CHECKING:
    from pathlib import Path

_TIMEOUT = 30


class RedisServer(LabProcess):
    """One Redis; a context manager. With `keeps`, one at the same `port` continues with the same folder's content.

    With `is_cluster`, it is the only node of a cluster, without slots.
    """

    def __init__(self, folder: Path, *, port: int = 0, keeps: bool = False, is_cluster: bool = False) -> None:
        program = shutil.which("redis-server")
        if program is None:
            raise LabError("redis-server is missing: run tools/install_programs.sh")
        self.port = port or find_free_port()
        options = {
            "port": str(self.port),
            "bind": "127.0.0.1",
            "save": "",
            "appendonly": "yes" if keeps else "no",
        }
        if is_cluster:
            # Without a port of its own, the nodes talk on the port plus 10,000, which may be above the highest one.
            options |= {"cluster-enabled": "yes", "cluster-port": str(find_free_port())}
        words = [word for name, value in options.items() for word in (f"--{name}", value)]
        super().__init__(
            "Redis",
            folder / "redis.log",
            lambda log: TCPExecutor(
                [program, *words],
                "127.0.0.1",
                self.port,
                cwd=str(folder),
                timeout=_TIMEOUT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            ),
        )
