"""Run the fault matrix and print its bad cells: `python -m tests.reliability [FAULT...]`."""

from __future__ import annotations

import asyncio
import sys
import time
from collections import Counter

from tests.reliability.cells import cells, run_cells


def main(names: list[str]) -> int:
    begin = time.perf_counter()
    chosen = cells(names)
    verdicts = asyncio.run(run_cells(chosen))
    bad = [each for each in verdicts if each.bad]
    for each in bad:
        print(each)  # noqa: T201 (a command)
    counts = Counter(kind for each in bad for kind in each.bad)
    seconds = time.perf_counter() - begin
    print(f"{len(chosen)} cells in {seconds:.1f} s, {len(bad)} bad: {dict(counts)}")  # noqa: T201
    return 1 if bad else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
