"""Run benchmarks: `python -m bench [NAME...]`, by default all. The exit code is 1 if a bound is missed."""

from __future__ import annotations

import importlib
import pkgutil
import sys

import bench
from bench.registry import BENCHES, Row


def main(names: list[str]) -> int:
    """Run the named benchmarks, print their tables, and return the exit code."""
    for module in pkgutil.iter_modules(bench.__path__):
        # Importing a module registers its benchmark.
        if not module.name.startswith("__"):
            importlib.import_module(f"bench.{module.name}")
    unknown = [name for name in names if name not in BENCHES]
    if unknown:
        print(
            f"there is no benchmark {unknown[0]!r}; choose from {', '.join(sorted(BENCHES))}", file=sys.stderr
        )
        return 2
    good = True
    for name in names or sorted(BENCHES):
        rows = BENCHES[name]()
        print_table(name, rows)
        good = good and all(row.good for row in rows)
    return 0 if good else 1


def print_table(name: str, rows: list[Row]) -> None:
    """Print the rows of a benchmark in aligned columns."""
    print(f"{name}:")
    widths = [max(len(getattr(row, part)) for row in rows) for part in ("what", "figure", "wanted")]
    for row in rows:
        mark = "" if row.good else "  MISSED"
        line = f"  {row.what:<{widths[0]}}  {row.figure:>{widths[1]}}  {row.wanted:<{widths[2]}}"
        print(line.rstrip() + mark, flush=True)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
