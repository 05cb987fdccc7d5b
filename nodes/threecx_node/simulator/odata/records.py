"""Entities and the records that store them."""

from __future__ import annotations

from typing import Any

Entity = dict[str, Any]
Key = int | str


class Record:
    """An entity with its version (for the ETag) and, once it was requested, its rendering as JSON."""

    __slots__ = ("rendered", "value", "version")

    def __init__(self, value: Entity, version: int) -> None:
        self.value = value
        self.version = version
        self.rendered: bytes | None = None
