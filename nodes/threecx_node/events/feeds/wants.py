"""The types of events that readers want: those of this process, and those that other processes announce."""

from __future__ import annotations

import time
import uuid
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from threecx_credentials import Credential

    from ..store.event_store import EventStore

# Seconds between two announcements, and how long each is valid.
_EVERY, _VALID = 3.0, 10.0


@dataclass(slots=True, eq=False)
class _Reader:
    feed: str
    credential: Credential
    types: frozenset[str]
    # When it is forgotten, None while it reads.
    until: float | None = None


class Wants:
    """The readers of this process. One that has left counts for `linger` seconds more."""

    def __init__(self, store: EventStore, linger: float) -> None:
        self._store = store
        self._linger = linger
        self._process = uuid.uuid4().hex
        self._readers: list[_Reader] = []
        self._announced_at = -_EVERY
        self._known: dict[str, frozenset[str]] = {}

    @contextmanager
    def reading(self, feed: str, credential: Credential, types: frozenset[str]) -> Iterator[None]:
        """Count a reader until the context ends."""
        reader = _Reader(feed, credential, types)
        self._readers.append(reader)
        try:
            yield
        finally:
            reader.until = time.monotonic() + self._linger

    @property
    def is_changed(self) -> bool:
        """Return whether a reader has come or gone since `list_local` was called last."""
        return self._known != self._count()

    def list_local(self) -> dict[str, frozenset[str]]:
        """Return the types that readers of this process want, by feed."""
        self._known = self._count()
        return dict(self._known)

    def find_credential(self, feed: str) -> Credential | None:
        """Return the credential of a reader of a feed."""
        return next((each.credential for each in reversed(self._readers) if each.feed == feed), None)

    async def announce(self) -> None:
        """Let other processes know from time to time. Raises EventStoreError."""
        now = time.monotonic()
        if now - self._announced_at < _EVERY:
            return
        self._announced_at = now
        for feed, types in self._count().items():
            await self._store.announce_wants(feed, self._process, types, _VALID)

    def _count(self) -> dict[str, frozenset[str]]:
        now = time.monotonic()
        self._readers = [each for each in self._readers if each.until is None or each.until > now]
        found: dict[str, frozenset[str]] = {}
        for each in self._readers:
            found[each.feed] = found.get(each.feed, frozenset()) | each.types
        return found
