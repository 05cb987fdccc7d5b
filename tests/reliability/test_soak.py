"""A service under load and faults: its memory stays flat, and it leaks no task, socket, file or process.

One minute by default; `make soak` runs ten (THREECX_SOAK_SECONDS).
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

import httpx
import pytest

from tests.reliability.soak import Load, soak_pbx
from tests.reliability.watched import wait_until, watched_service

SECONDS = float(os.environ.get("THREECX_SOAK_SECONDS", "60"))
# Caches and pools fill first.
WARM_UP = 60.0 if SECONDS >= 300 else SECONDS / 3
MOST_GROWTH = 1.05

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="processes are watched by /proc"),
]


def test_memory_stays_flat_and_nothing_leaks_under_load(tmp_path: Path) -> None:
    with soak_pbx() as (pbx, close_connections), watched_service(tmp_path) as (watch, url):
        assert httpx.get(f"{url}/health").status_code == 200
        files, tasks = watch.open_files(), watch.tasks()
        load = Load(url, pbx)
        asyncio.run(load.run(SECONDS, watch.sample))

        def has_no_more_files() -> bool:
            # Callers that have left may have opened a connection after the last look.
            close_connections()
            return len(watch.open_files()) <= len(files)

        growth = watch.growth(WARM_UP)
        report = f"{dict(load.said)}, {pbx.requests} requests, memory {growth:.3f} times"
        print(report)  # noqa: T201 (the figures of make soak)
        assert growth < MOST_GROWTH, report
        assert watch.children() == []
        assert wait_until(has_no_more_files), watch.open_files()
        assert wait_until(lambda: len(watch.tasks()) <= len(tasks)), watch.tasks()
        watch.process.send_signal(signal.SIGTERM)
        assert watch.process.wait(20) in (0, -signal.SIGTERM)
        assert "Traceback" not in (tmp_path / "log").read_text()
        assert load.lies == []
