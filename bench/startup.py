"""Measure the start of a command: whole processes, compared with an interpreter that does nothing."""

from __future__ import annotations

import subprocess
import sys
import time
from statistics import median

from bench.registry import Row, bench

ROUNDS = 11
MOST_FOR_HELP = 150.0
MOST_FOR_CATALOG = 15.0


@bench("startup")
def startup() -> list[Row]:
    """Compare `threecx --help` with `python -c pass`, and measure the loading of the catalog."""
    nothing: list[float] = []
    help_: list[float] = []
    for _ in range(ROUNDS):
        # Alternating, so that other load on the machine affects both.
        nothing.append(_milliseconds(sys.executable, "-c", "pass"))
        help_.append(_milliseconds(sys.executable, "-m", "threecx_node.cli", "--help"))
    more = median(help_) - median(nothing)
    loading = _catalog_milliseconds()
    return [
        Row(
            "threecx --help, more than python -c pass", f"{more:.0f} ms", "under 150 ms", more < MOST_FOR_HELP
        ),
        Row("loading the catalog", f"{loading:.1f} ms", "under 15 ms", loading < MOST_FOR_CATALOG),
    ]


def _milliseconds(*command: str) -> float:
    begin = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return (time.perf_counter() - begin) * 1000


def _catalog_milliseconds() -> float:
    code = (
        "import orjson, time; from threecx_node.catalog import load_catalog; begin = time.perf_counter();"
        "load_catalog(); print((time.perf_counter() - begin) * 1000)"
    )
    times = []
    for _ in range(ROUNDS):
        done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
        times.append(float(done.stdout))
    return median(times)
