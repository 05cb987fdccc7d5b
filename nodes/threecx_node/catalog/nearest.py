"""Suggest the known name that is nearest to an unknown one."""

from __future__ import annotations

import difflib

# The search takes time with the product of both lengths; no known name is longer.
_LONGEST_SEARCHED = 100


def find_nearest(name: str, known: tuple[str, ...]) -> str | None:
    """Return the known name that is nearest to `name`, None where none is near."""
    folded = {candidate.casefold(): candidate for candidate in known}
    wanted = name[:_LONGEST_SEARCHED].replace(" ", "").casefold()
    close = difflib.get_close_matches(wanted, folded, n=1, cutoff=0.5)
    return folded[close[0]] if close else None


def nearest_hint(name: str, known: tuple[str, ...]) -> str:
    """Return a sentence that suggests the nearest known name, or an empty text."""
    nearest = find_nearest(name, known)
    return f"Did you mean {nearest!r}?" if nearest else ""
