"""Read what `make n8n` prints."""

from __future__ import annotations

from typing import IO

_LAST = "Ctrl-C ends all, and nothing is kept: export your workflows first.\n"


def read_until_last(output: IO[str]) -> str:
    """Return what is printed once the stage is there. Raises AssertionError if the process ends before."""
    lines = []
    for line in output:
        lines.append(line)
        if line == _LAST:
            return "".join(lines)
    raise AssertionError(f"it ended after: {''.join(lines)}")
