"""Suggest the known name that is nearest to an unknown one."""

from __future__ import annotations

import difflib


def nearest_hint(name: str, known: tuple[str, ...]) -> str:
    """Return a sentence that suggests the nearest known name, or an empty text."""
    folded = {candidate.casefold(): candidate for candidate in known}
    close = difflib.get_close_matches(name.replace(" ", "").casefold(), folded, n=1, cutoff=0.5)
    return f"Did you mean {folded[close[0]]!r}?" if close else ""
