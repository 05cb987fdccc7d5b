"""Run the fault matrix and print its bad cells: `python -m tests.reliability [--write] [FAULT...]`.

With `--write` the table in docs/reliability.md is replaced.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections import Counter

from tests.reliability.cells import cells, run_cells
from tests.reliability.table import PAGE, replace_table, write_table


def main(arguments: list[str]) -> int:
    """Run the cells of the named faults, or all, and return 1 if some are bad."""
    begin = time.perf_counter()
    chosen = cells([each for each in arguments if each != "--write"])
    verdicts = asyncio.run(run_cells(chosen))
    bad = [each for each in verdicts if each.bad]
    for each in bad:
        print(each)  # noqa: T201 (a command)
    counts = Counter(kind for each in bad for kind in each.bad)
    seconds = time.perf_counter() - begin
    print(f"{len(chosen)} cells in {seconds:.1f} s, {len(bad)} bad: {dict(counts)}")  # noqa: T201 (a command)
    if "--write" in arguments:
        PAGE.write_text(replace_table(PAGE.read_text("utf-8"), write_table(verdicts)), "utf-8")
    return 1 if bad else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
