"""A service under load and faults: its memory stays flat, and it leaks no task, socket, file or process.

One minute by default; `make soak` runs ten (THREECX_SOAK_SECONDS).
"""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import mean

import httpx
import pytest

from tests.cli.conftest import environment
from tests.reliability.soak import Load, soak_pbx
from tests.support import ROOT

SECONDS = float(os.environ.get("THREECX_SOAK_SECONDS", "60"))
# Caches and pools fill first.
WARM_UP = 60.0 if SECONDS >= 300 else SECONDS / 3
MOST_GROWTH = 1.05
_SAMPLES = 10

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="processes are watched by /proc"),
]


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
        _wait_until(self.tasks_file.exists)
        return self.tasks_file.read_text("utf-8").splitlines()

    def growth(self) -> float:
        """Memory at the end as a multiple of the memory after the warm-up, each the mean of several samples."""
        after = [size for at, size in self.memory if at >= WARM_UP]
        return mean(after[-_SAMPLES:]) / mean(after[:_SAMPLES])


def _wait_until(is_so: Callable[[], bool], seconds: float = 20) -> bool:
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
            assert _wait_until(lambda: "listens on" in (folder / "log").read_text())
            url = (folder / "log").read_text().split("listens on ")[1].split(";")[0]
            yield Watch(process, tasks), url
        finally:
            process.kill()
            process.wait()


def test_memory_stays_flat_and_nothing_leaks_under_load(tmp_path: Path) -> None:
    with soak_pbx() as (pbx, close_connections), watched_service(tmp_path) as (watch, url):
        assert httpx.get(f"{url}/health").status_code == 200
        files, tasks = watch.open_files(), watch.tasks()
        load = Load(url, pbx)
        asyncio.run(load.run(SECONDS, watch.sample))
        close_connections()
        growth = watch.growth()
        report = f"{dict(load.said)}, {pbx.requests} requests, memory {growth:.3f} times"
        print(report)  # noqa: T201 (the figures of make soak)
        assert growth < MOST_GROWTH, report
        assert watch.children() == []
        assert _wait_until(lambda: len(watch.open_files()) <= len(files)), watch.open_files()
        assert _wait_until(lambda: len(watch.tasks()) <= len(tasks)), watch.tasks()
        watch.process.send_signal(signal.SIGTERM)
        assert watch.process.wait(20) in (0, -signal.SIGTERM)
        assert "Traceback" not in (tmp_path / "log").read_text()
        assert load.lies == []
