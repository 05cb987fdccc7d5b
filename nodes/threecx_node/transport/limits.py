"""The bounds of what one batch may take."""

from __future__ import annotations

from dataclasses import dataclass

from ..request.build import DEFAULT_MAX_BODY_BYTES

PAGE_SIZE = 100
"""Most entity sets refuse a `$top` over 100."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Connections and requests at once, seconds, bytes.

    `timeout` bounds the wait for each answer (and each chunk of it), `connect_timeout` the way to the PBX.
    """

    concurrency: int = 8
    timeout: float = 60.0
    connect_timeout: float = 10.0
    max_body_bytes: int = DEFAULT_MAX_BODY_BYTES
    page_size: int = PAGE_SIZE
