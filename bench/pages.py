"""Measure Return All: its speed beside one page after the other, and whether its memory grows with the pages.

The list and its server are those of `fast_pbx.py`. Both ways are measured in the same run over the same kind of client.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time

from bench import fast_pbx
from bench.registry import Row, bench
from threecx_credentials import Credential
from threecx_node.execution.executor import Executor
from threecx_node.messages import HttpRequest
from threecx_node.transport.client import PbxClient
from threecx_node.values.json import loads

ENTITIES = 50_000
FEW_ENTITIES = 5_000
LATENCY = 0.020
LEAST_SPEEDUP = 5.0
MOST_GROWTH = 1.1


@bench("pages")
def pages() -> list[Row]:
    """Measure a list of 50,000 entities at 20 ms per page, 100 entities per page."""
    with fast_pbx.running(LATENCY, ENTITIES) as url:
        one_by_one = asyncio.run(_read_page_by_page(url))
        together = asyncio.run(_return_all(url))
    few, many = _peak_memory(FEW_ENTITIES), _peak_memory(ENTITIES)
    speedup, growth = one_by_one / together, many / few
    return [
        Row(f"{ENTITIES:,} entities, one page after the other", f"{one_by_one:.1f} s"),
        Row(f"{ENTITIES:,} entities, Return All", f"{together:.1f} s"),
        Row("times as fast", f"{speedup:.1f}", f"at least {LEAST_SPEEDUP:.0f}", speedup >= LEAST_SPEEDUP),
        Row(f"peak memory of --output ndjson, {FEW_ENTITIES:,} entities", f"{few / 1e6:.0f} MB"),
        Row(
            f"peak memory of --output ndjson, {ENTITIES:,} entities",
            f"{many / 1e6:.0f} MB, {growth:.2f} times",
            f"at most {MOST_GROWTH} times",
            growth <= MOST_GROWTH,
        ),
    ]


async def _read_page_by_page(url: str) -> float:
    """Return the seconds for all pages, each requested after the one before it."""
    async with PbxClient(Credential.of(url, "bench", "key")) as client:
        begin = time.perf_counter()
        received = 0
        while received < ENTITIES:
            response = await client.send(HttpRequest("GET", "/Users", f"$top=100&$skip={received}"))
            received += len(loads(response.content)["value"])
        return time.perf_counter() - begin


async def _return_all(url: str) -> float:
    """Return the seconds for all pages by the executor."""
    async with Executor(Credential.of(url, "bench", "key")) as executor:
        begin = time.perf_counter()
        batch = await executor.run("ListUser", [{}], {"returnAll": True})
        seconds = time.perf_counter() - begin
    if batch.exit_code or len(batch.results[0].items or ()) != ENTITIES:
        raise RuntimeError(batch.summary())
    return seconds


def _peak_memory(entities: int) -> int:
    """Return the peak memory in bytes of a command that writes `entities` entities as NDJSON."""
    command = (
        sys.executable,
        "-m",
        "threecx_node.cli",
        "execute",
        "ListUser",
        "-p",
        "returnAll=true",
        "-o",
        "ndjson",
    )
    with fast_pbx.running(entities=entities) as url:
        environment = {**os.environ, "THREECX_BASE_URL": url}
        environment |= {"THREECX_CLIENT_ID": "bench", "THREECX_CLIENT_SECRET": "key"}
        # The output is thrown away by the system; the command writes all of it.
        with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL) as process:
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"the command failed with exit code {process.returncode}")
    # In bytes on macOS, in KiB elsewhere.
    return usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
