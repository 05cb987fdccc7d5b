"""The options of a batch, and the limits of what it may take."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field, replace
from datetime import UTC, tzinfo
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from .errors import ConfigurationError

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping

DEFAULT_CONNECTIONS = 8
DEFAULT_CONNECT_TIMEOUT = 10.0
DEFAULT_CONCURRENCY = 8
MAX_CONCURRENCY = 100
DEFAULT_TIMEOUT = 60.0
MIN_TIMEOUT = 0.01
MAX_TIMEOUT = 600.0
"""A request that takes longer occupies a connection to the PBX that others need."""
DEFAULT_WAIT = 60.0
"""The seconds that a call is waited for."""
MIN_WAIT = 0.1
MAX_WAIT = 86_400.0
WAIT_GOALS = ("nothing", "ringing", "answered", "ended")
"""The events that a new call can be waited for."""
DEFAULT_RETRY_TIME = 30.0
MAX_RETRY_TIME = 3600.0
INTERACTIVE_RETRY_TIME = 5.0
"""The time for repeats where a person waits for the result."""
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
DEFAULT_MAX_ITEMS = 1_000_000
PAGE_SIZE = 100
"""Most entity sets refuse a `$top` over 100."""
_LONGEST_VALUE = 40
_LONGEST_INTEGER = 53


@dataclass(frozen=True, slots=True)
class Bounds:
    """The smallest and the largest value of an option, and what a message calls the option."""

    title: str
    minimum: float
    maximum: float
    unit: str = ""
    is_whole: bool = True

    def __str__(self) -> str:
        kind = "a whole number" if self.is_whole else "a number"
        return f"{kind} from {self.minimum:,g} to {self.maximum:,.0f}{self.unit}"


# One entry for each option that is a number; command line, service and library have no bounds of their own.
BOUNDS: Mapping[str, Bounds] = {
    "concurrency": Bounds("the concurrency", 1, MAX_CONCURRENCY),
    "connections": Bounds("the number of connections", 1, MAX_CONCURRENCY),
    "timeout": Bounds("the timeout", MIN_TIMEOUT, MAX_TIMEOUT, " seconds", is_whole=False),
    "connect_timeout": Bounds(
        "the timeout of a connection", MIN_TIMEOUT, MAX_TIMEOUT, " seconds", is_whole=False
    ),
    "retry_time": Bounds("the time for repeats", 0, MAX_RETRY_TIME, " seconds", is_whole=False),
    "max_body_bytes": Bounds("the size limit of a request body", 1, 2**40, " bytes"),
    "max_response_bytes": Bounds("the size limit of a response", 1, 2**40, " bytes"),
    "max_items": Bounds("the limit of the entities of a list", 1, 10**9),
    "max_deletes": Bounds("the limit of deletions", 0, 10**9),
    "page_size": Bounds("the page size", 1, 10**6),
}


def check_bounds(name: str, value: Any) -> None:
    """Raise ConfigurationError where `value` is outside the bounds of the option `name`."""
    bounds = BOUNDS[name]
    is_number = isinstance(value, int) or (isinstance(value, float) and not bounds.is_whole)
    # A comparison with NaN is false.
    if is_number and not isinstance(value, bool) and bounds.minimum <= value <= bounds.maximum:
        return
    first, *rest = name.split("_")
    raise ConfigurationError(
        f"{bounds.title} must be {bounds}, not {_show(value)}",
        description="Set it to a value in this range; nothing was sent.",
        field=first + "".join(each.title() for each in rest),
    )


def _show(value: Any) -> str:
    # Python refuses to write very large integers as text.
    if isinstance(value, int) and value.bit_length() > _LONGEST_INTEGER:
        return "a number of more than 16 digits"
    shown = f"{value:,g}" if isinstance(value, (int, float)) and not isinstance(value, bool) else repr(value)
    return shown if len(shown) <= _LONGEST_VALUE else f"{shown[:_LONGEST_VALUE]}…"


# Version ff is not valid, nor are IDs of zeros alone; a later version may have more at the end.
_TRACEPARENT = re.compile(
    r"(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(?:-[ -,.-~]{1,100})?"
)


def read_traceparent(value: str) -> str:
    """Return a header of W3C Trace Context as it came, empty where it is not valid: then it is not passed on."""
    return value if _TRACEPARENT.fullmatch(value) else ""


@dataclass(frozen=True, slots=True)
class BatchOptions:
    """The options that a copied node sets for a whole batch; None where the node does not set one."""

    dry_run: bool | None = None
    concurrency: int | None = None
    timeout: float | None = None
    retry_time: float | None = None
    max_deletes: int | None = None


@dataclass(frozen=True, slots=True)
class Options:
    """How one batch is run.

    With `verify`, a dry run looks each entity up by GET requests and returns it as it is before and after the change.
    `prepare_only` checks every item and sends nothing: the result of an item that is correct is then empty.
    `release` is used until the PBX has reported its version. `time_zone` is the IANA name of the time zone of
    expressions and of times without an offset. `concurrency` bounds the requests of the batch at once, within the
    connections of the Executor. `timeout` is the seconds that each attempt to get a response may take.
    `retry_time` is the seconds that may be spent on sending a request again; 0 turns that off. The whole batch may
    spend no more while nothing succeeds. `max_response_bytes` bounds each response (None: 64 MB, files 256 MB).
    `max_deletes` is how many entities the batch may delete: one that would delete more is refused before anything is
    sent. `max_items` bounds the entities of each list that is read without a limit. Files are saved at `download_to`, a
    folder, or the path of the one file; None returns them in the results. `page_size` is the `$top` of a page.
    With `allow_incomplete_lists`, updates are sent without comparing the lists in their bodies with those that the PBX
    has stored. `interactive` is for short requests that a person waits for: they do not wait behind batches.
    `traceparent` is a header of W3C Trace Context, which is passed on to the PBX. `notes` are sentences for the user
    about these options. Raises ConfigurationError for a number outside `BOUNDS`.
    """

    dry_run: bool = False
    verify: bool = False
    prepare_only: bool = False
    continue_on_fail: bool = False
    release: str | None = None
    time_zone: str = "UTC"
    concurrency: int = DEFAULT_CONCURRENCY
    timeout: float = DEFAULT_TIMEOUT
    retry_time: float = DEFAULT_RETRY_TIME
    max_body_bytes: int = DEFAULT_MAX_BODY_BYTES
    max_response_bytes: int | None = None
    max_items: int = DEFAULT_MAX_ITEMS
    download_to: str | os.PathLike[str] | None = None
    max_deletes: int | None = None
    page_size: int = PAGE_SIZE
    allow_incomplete_lists: bool = False
    interactive: bool = False
    traceparent: str = ""
    notes: tuple[str, ...] = field(default=(), compare=False)

    def __post_init__(self) -> None:
        if self.traceparent != read_traceparent(self.traceparent):
            raise ConfigurationError(
                f"traceparent is not a header of W3C Trace Context: {self.traceparent[:60]!a}",
                description="Pass on the header of the caller, such as 00-<32 digits>-<16 digits>-01, or none.",
                field="traceparent",
            )
        for name in _BOUNDED:
            value = getattr(self, name)
            if value is not None or name not in _OPTIONAL:
                check_bounds(name, value)

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
        """Return these options with those that a node sets; a dry run stays one.

        A canvas has no upper bounds for them, so a stored workflow may have a larger value: the bound is used instead,
        with a note.
        """
        concurrency, timeout = given.concurrency, given.timeout
        notes = []
        if concurrency is not None and concurrency > MAX_CONCURRENCY:
            notes.append(_describe_bound("Concurrency", concurrency, MAX_CONCURRENCY))
            concurrency = MAX_CONCURRENCY
        if timeout is not None and not MIN_TIMEOUT <= timeout <= MAX_TIMEOUT and math.isfinite(timeout):
            bound = MAX_TIMEOUT if timeout > MAX_TIMEOUT else MIN_TIMEOUT
            notes.append(_describe_bound("Timeout", timeout, bound, " seconds"))
            timeout = bound
        retry_time = given.retry_time
        if retry_time is not None and MAX_RETRY_TIME < retry_time < math.inf:
            notes.append(_describe_bound("Retry Time", retry_time, MAX_RETRY_TIME, " seconds"))
            retry_time = MAX_RETRY_TIME
        return replace(
            self,
            dry_run=self.dry_run or bool(given.dry_run),
            concurrency=self.concurrency if concurrency is None else concurrency,
            timeout=self.timeout if timeout is None else timeout,
            retry_time=self.retry_time if retry_time is None else retry_time,
            max_deletes=_smaller(self.max_deletes, given.max_deletes),
            notes=(*self.notes, *notes),
        )


_OPTIONAL = frozenset({"max_response_bytes", "max_deletes"})
_BOUNDED = tuple(name for name in BOUNDS if name in Options.__dataclass_fields__)


def _smaller(one: int | None, other: int | None) -> int | None:
    """Return the smaller of two limits, of which each may be missing."""
    return min((each for each in (one, other) if each is not None), default=None)


def _describe_bound(title: str, value: float, bound: float, unit: str = "") -> str:
    return f"{title} is {_show(value)}{unit}; {_show(bound)}{unit}, the limit, was used instead"


def format_bytes(size: int) -> str:
    """Return a number of bytes in the largest unit that gives a whole number: `64 MB`."""
    for unit, name in ((2**30, "GB"), (2**20, "MB"), (2**10, "KB")):
        if size >= unit and size % unit == 0:
            return f"{size // unit} {name}"
    return f"{size} bytes"
