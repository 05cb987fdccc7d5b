"""The options of a batch, and the limits of what it may take."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from .errors import ConfigurationError

DEFAULT_CONNECTIONS = 8
DEFAULT_CONNECT_TIMEOUT = 10.0
DEFAULT_CONCURRENCY = 8
DEFAULT_TIMEOUT = 60.0
DEFAULT_RETRY_TIME = 30.0
MAX_RETRY_TIME = 3600.0
DEFAULT_MAX_BODY_BYTES = 10 * 1024 * 1024
DEFAULT_MAX_RESPONSE_BYTES = 64 * 1024 * 1024
DEFAULT_MAX_FILE_BYTES = 256 * 1024 * 1024
"""The limit of a file in a result, as n8n for example takes it: as text in memory."""
DEFAULT_MAX_SAVED_BYTES = 16 * 1024 * 1024 * 1024
"""The limit of a file that is saved."""
MINIMUM_RATE = 8 * 1024
"""The bytes per second below which the transfer of a file is given up; 64 kbit/s, a slow line of a telephone."""
RESPONSE_FORMATS = ("items", "body", "full")
"""How a response is returned: an item per entity, its body as it came, or its body, headers and status."""
PAGE_SIZE = 100
"""Most entity sets refuse a `$top` over 100."""


@dataclass(frozen=True, slots=True)
class BatchOptions:
    """The options that a copied node sets for a whole batch; None where the node does not set one."""

    dry_run: bool | None = None
    concurrency: int | None = None
    timeout: float | None = None


@dataclass(frozen=True, slots=True)
class Options:
    """How one batch is run.

    `prepare_only` checks every item and sends nothing: the result of an item that is correct is then empty.
    `release` is used until the PBX has reported its version. `time_zone` is the IANA name of the time zone of
    expressions and of times without an offset. `concurrency` bounds the requests of the batch at once, within the
    connections of the Executor. `timeout` is the seconds to wait for each response, and for each chunk of it.
    `retry_time` is the seconds that may be spent on sending a request again; 0 turns that off. The whole batch may
    spend no more while nothing succeeds. `page_size` is the `$top` of a page. With `allow_incomplete_lists`, updates
    are sent without comparing the lists in their bodies with those that the PBX has stored.
    """

    dry_run: bool = False
    prepare_only: bool = False
    continue_on_fail: bool = False
    release: str | None = None
    time_zone: str = "UTC"
    concurrency: int = DEFAULT_CONCURRENCY
    timeout: float = DEFAULT_TIMEOUT
    retry_time: float = DEFAULT_RETRY_TIME
    max_body_bytes: int = DEFAULT_MAX_BODY_BYTES
    page_size: int = PAGE_SIZE
    allow_incomplete_lists: bool = False

    @property
    def tzinfo(self) -> tzinfo:
        """The time zone as an object. Raises ConfigurationError for an unknown name."""
        if self.time_zone == "UTC":
            return UTC
        try:
            return ZoneInfo(self.time_zone)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise ConfigurationError(
                f"the time zone {self.time_zone[:50]!r} is unknown",
                description="Use a name such as Europe/Berlin; on a system without time zones: pip install tzdata.",
                field="timeZone",
            ) from error

    def with_batch_options(self, given: BatchOptions) -> Options:
        """Return these options with those that a node sets; a dry run stays one."""
        return replace(
            self,
            dry_run=self.dry_run or bool(given.dry_run),
            concurrency=self.concurrency if given.concurrency is None else given.concurrency,
            timeout=self.timeout if given.timeout is None else given.timeout,
        )


def format_bytes(size: int) -> str:
    """Return a number of bytes in the largest unit that gives a whole number: `64 MB`."""
    for unit, name in ((2**30, "GB"), (2**20, "MB"), (2**10, "KB")):
        if size >= unit and size % unit == 0:
            return f"{size // unit} {name}"
    return f"{size} bytes"
