"""What goes wrong on purpose: for now an answer that takes its time."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from ..errors import ConfigurationError


@dataclass(slots=True)
class Faults:
    """`latency_ms` is waited before every answer; it may be changed while the server runs."""

    latency_ms: float = 0

    def __post_init__(self) -> None:
        if not 0 <= self.latency_ms <= 600_000:
            raise ConfigurationError(f"a latency of {self.latency_ms} ms is not between 0 and 600,000")

    async def before_answer(self) -> None:
        """Waits."""
        if self.latency_ms:
            await asyncio.sleep(self.latency_ms / 1000)
