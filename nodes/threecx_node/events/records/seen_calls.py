"""Remembers which calls have been reported, in little space: digests of their IDs, by the hour of the call."""

from __future__ import annotations

import hashlib
from base64 import b85encode
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

# Characters of a digest: 40 bits and more, so that two of 40,000 calls are hardly ever alike.
_WIDTH = 10
_DIGEST_BYTES = 8
MOST_CALLS = 40_000
"""The calls that are remembered; the earliest are given up first."""


class SeenCalls:
    """The calls that have been reported."""

    def __init__(self, stored: Mapping[str, str] | None = None) -> None:
        self._hours: dict[str, set[str]] = {
            hour: {text[at : at + _WIDTH] for at in range(0, len(text), _WIDTH)}
            for hour, text in (stored or {}).items()
        }
        self._all = {digest for digests in self._hours.values() for digest in digests}

    def __contains__(self, call: str) -> bool:
        return _digest(call) in self._all

    def __len__(self) -> int:
        return len(self._all)

    def add(self, call: str, time: datetime) -> None:
        """Remember a call for as long as its time is wanted."""
        digest = _digest(call)
        if digest in self._all:
            return
        self._all.add(digest)
        self._hours.setdefault(_name_hour(time), set()).add(digest)
        while len(self._all) > MOST_CALLS:
            self._drop(min(self._hours))

    def forget_before(self, time: datetime) -> None:
        """Forget the calls of the hours before a time."""
        first = _name_hour(time)
        for hour in [each for each in self._hours if each < first]:
            self._drop(hour)

    def to_json(self) -> dict[str, str]:
        """Return the calls as JSON."""
        return {hour: "".join(sorted(digests)) for hour, digests in sorted(self._hours.items())}

    def _drop(self, hour: str) -> None:
        self._all -= self._hours.pop(hour)


def _digest(call: str) -> str:
    return b85encode(hashlib.blake2b(call.encode(), digest_size=_DIGEST_BYTES).digest()).decode("ascii")


def _name_hour(time: datetime) -> str:
    return f"{time.astimezone(UTC):%Y%m%d%H}"
