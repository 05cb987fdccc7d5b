"""The options of a batch and the limits of what it may take."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, tzinfo
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from .errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping

DEFAULT_MAX_BODY_BYTES = 10 * 1024 * 1024
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


@dataclass(frozen=True, slots=True)
class Options:
    """How a batch is run. `release` counts until the PBX has told its version.

    `prepare_only` checks every item and sends nothing: a good item's result is then empty. `time_zone` is that of
    times without an offset, by its IANA name.
    """

    dry_run: bool = False
    prepare_only: bool = False
    continue_on_fail: bool = False
    release: str | None = None
    time_zone: str = "UTC"
    limits: Limits = field(default_factory=Limits)

    @property
    def zone(self) -> tzinfo:
        """The time zone itself; raises ConfigurationError where there is none of that name."""
        if self.time_zone == "UTC":
            return UTC
        try:
            return ZoneInfo(self.time_zone)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise ConfigurationError(
                f"there is no time zone {self.time_zone[:50]!r}",
                description="Give a name like Europe/Berlin; on a system without time zones: pip install tzdata.",
                field="timeZone",
            ) from error

    def with_batch_parameters(self, given: Mapping[str, Any]) -> Options:
        """These options with what a node's own options say (`dryRun`, `concurrency`, `timeout`), already read."""
        limits = replace(
            self.limits,
            concurrency=given.get("concurrency", self.limits.concurrency),
            timeout=given.get("timeout", self.limits.timeout),
        )
        return replace(self, limits=limits, dry_run=self.dry_run or given.get("dryRun", False))
