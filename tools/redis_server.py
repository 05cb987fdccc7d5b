"""A Redis of its own for n8n's queue mode: Debian's `redis-server` on loopback, nothing kept on disk."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from typing import TYPE_CHECKING, Self

from tools.n8n_instance import N8nError, free_port
from tools.processes import end

if TYPE_CHECKING:
    from pathlib import Path

_READY_SECONDS = 10
_STOP_SECONDS = 10


class RedisServer:
    """One Redis process; a context manager that ends what it started."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        program = shutil.which("redis-server")
        if program is None:
            raise N8nError("redis-server is missing: run tools/install_programs.sh")
        self._folder.mkdir(parents=True, exist_ok=True)
        options = {
            "port": self.port,
            "bind": "127.0.0.1",
            "save": "",
            "appendonly": "no",
            "dir": self._folder,
        }
        command = [program, *(word for name, value in options.items() for word in (f"--{name}", str(value)))]
        log = self._folder / "redis.log"
        with log.open("ab") as output:
            self._process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
        deadline = time.monotonic() + _READY_SECONDS
        while time.monotonic() < deadline and self._process.poll() is None:
            if self._answers():
                return self
            time.sleep(0.05)
        self.__exit__()
        raise N8nError(f"Redis did not start:\n{log.read_text(errors='replace')[-2000:]}")

    def __exit__(self, *exc_info: object) -> None:
        process, self._process = self._process, None
        if process is not None:
            end(process, _STOP_SECONDS)

    def _answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1) as probe:
                probe.sendall(b"PING\r\n")
                return probe.recv(16).startswith(b"+PONG")
        except OSError:
            return False
