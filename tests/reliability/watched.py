"""A service in a process of its own that is watched from outside: memory, files, children and tasks."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import mean

from tests.cli.conftest import environment
from tests.support import ROOT

_SAMPLES = 10


@dataclass
class Watch:
    """Watches a process by /proc: its resident memory in bytes over time, its files and its children."""

    process: subprocess.Popen[str]
    tasks_file: Path
    memory: list[tuple[float, int]] = field(default_factory=list)

    async def sample(self) -> None:
        begin = time.monotonic()
        while True:
            self.memory.append((time.monotonic() - begin, self.resident()))
            await asyncio.sleep(0.5)

    @property
    def _proc(self) -> Path:
        return Path("/proc") / str(self.process.pid)

    def resident(self) -> int:
        status = (self._proc / "status").read_text()
        return int(status.split("VmRSS:")[1].split()[0]) * 1024

    def open_files(self) -> list[str]:
        """Return what each file descriptor is; sockets without their numbers."""
        names = []
        for each in (self._proc / "fd").iterdir():
            try:
                names.append(str(each.readlink()).partition(":[")[0])
            except FileNotFoundError:
                continue
        return sorted(names)

    def children(self) -> list[str]:
        return [pid for each in (self._proc / "task").glob("*/children") for pid in each.read_text().split()]

    def tasks(self) -> list[str]:
        self.tasks_file.unlink(missing_ok=True)
        self.process.send_signal(signal.SIGUSR1)
        wait_until(self.tasks_file.exists)
        return self.tasks_file.read_text("utf-8").splitlines()

    def growth(self, warm_up: float) -> float:
        """Return the memory at the end as a multiple of that after `warm_up` seconds."""
        after = [size for at, size in self.memory if at >= warm_up]
        return mean(after[-_SAMPLES:]) / mean(after[:_SAMPLES])


def wait_until(is_so: Callable[[], bool], seconds: float = 20) -> bool:
    deadline = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


@contextmanager
def watched_service(folder: Path) -> Iterator[tuple[Watch, str]]:
    """A service in a process of its own, and its URL; its output goes to a file."""
    tasks = folder / "tasks"
    command = [sys.executable, str(ROOT / "tests/reliability/watched_serve.py"), "serve"]
    env = environment({"THREECX_TASKS": str(tasks)})
    with (folder / "log").open("w+") as log:
        process = subprocess.Popen(
            [*command, "--without-key", "--port", "0", "--grace", "5"],
            env=env, stderr=log, stdout=subprocess.DEVNULL, text=True,
        )  # fmt: skip
        try:
            assert wait_until(lambda: "listens on" in (folder / "log").read_text())
            url = (folder / "log").read_text().split("listens on ")[1].split(";")[0]
            yield Watch(process, tasks), url
        finally:
            process.kill()
            process.wait()
