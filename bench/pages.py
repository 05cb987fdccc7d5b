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
_COMMAND = ("-m", "threecx_node.cli", "execute", "ListUser", "-p", "returnAll=true", "-o", "ndjson")
# A new process counts the memory that its parent has at that moment as its own peak, so the parent is a small process.
# The output is discarded by the system; the command writes all of it.
_LAUNCHER = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""
_PROGRAM = (
    "-c",
    """
import asyncio, os
from threecx_credentials import Credential
from threecx_node import Executor

async def main():
    credential = Credential.of(os.environ["THREECX_BASE_URL"], "bench", "key")
    async with Executor(credential) as executor:
        async for result in executor.stream("ListUser", [{}], {"returnAll": True}):
            if result.error:
                raise result.error

asyncio.run(main())
""",
)


@bench("pages")
def pages() -> list[Row]:
    """Measure a list of 50,000 entities at 20 ms per page, 100 entities per page."""
    with fast_pbx.running(LATENCY, ENTITIES) as url:
        one_by_one = asyncio.run(_read_page_by_page(url))
        together = asyncio.run(_return_all(url))
    speedup = one_by_one / together
    return [
        Row(f"{ENTITIES:,} entities, one page after the other", f"{one_by_one:.1f} s"),
        Row(f"{ENTITIES:,} entities, Return All", f"{together:.1f} s"),
        Row("times as fast", f"{speedup:.1f}", f"at least {LEAST_SPEEDUP:.0f}", speedup >= LEAST_SPEEDUP),
        _measure_growth("--output ndjson", _COMMAND),
        _measure_growth("Executor.stream", _PROGRAM),
    ]


def _measure_growth(name: str, arguments: tuple[str, ...]) -> Row:
    few, many = (_peak_memory(arguments, entities) for entities in (FEW_ENTITIES, ENTITIES))
    return Row(
        f"peak memory of {name}, {FEW_ENTITIES:,} and {ENTITIES:,} entities",
        f"{few / 1e6:.0f} and {many / 1e6:.0f} MB, {many / few:.2f} times",
        f"at most {MOST_GROWTH} times",
        many / few <= MOST_GROWTH,
    )


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


def _peak_memory(arguments: tuple[str, ...], entities: int) -> int:
    """Return the peak memory in bytes of a Python process that reads a list of `entities` entities."""
    with fast_pbx.running(entities=entities) as url:
        environment = {**os.environ, "THREECX_BASE_URL": url}
        environment |= {"THREECX_CLIENT_ID": "bench", "THREECX_CLIENT_SECRET": "key"}
        command = (sys.executable, "-c", _LAUNCHER, sys.executable, *arguments)
        done = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    # In bytes on macOS, in KiB elsewhere.
    return int(done.stdout) * (1 if sys.platform == "darwin" else 1024)
