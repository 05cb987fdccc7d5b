"""Give a benchmark's server and client different cores, if the machine has them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def separate_cores() -> Iterator[int | None]:
    """Bind this process to all cores but one, and give that one; None if there is only one or no way to bind."""
    cores = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set()
    if len(cores) < 2:
        yield None
        return
    last = max(cores)
    os.sched_setaffinity(0, cores - {last})
    try:
        yield last
    finally:
        os.sched_setaffinity(0, cores)
