"""Log lines of the service: one per batch, one for a refused key, and a traceback for a bug.

No line contains a secret or an item's data. As `log_to_stderr` configures it, no line contains the message of an
exception either, because that may contain both. `threecx serve` calls `log_to_stderr`; a program that embeds the
service configures logging itself.
"""

from __future__ import annotations

import asyncio
import logging
import time
import traceback
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..errors import NotAttemptedError, ThreeCxError
from ..values.safe_text import escape_control
from .problems import make_internal_error

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from threecx_credentials import Credential

    from ..execution.results import Batch, Result
    from .models import ExecuteRequest

log = logging.getLogger("threecx.service")

# Refused keys of an address within this time after a line are counted only, so that a caller without a key cannot fill
# a disk; and there are at most so many lines for all addresses together within this time.
QUIET_TIME = 60.0
_MOST_LINES = 100
# Callers choose names and addresses: a line contains this much of one.
_MAX_LENGTH = 200


def log_to_stderr() -> None:
    """Write the service's log lines, and the warnings of the libraries that it uses, to stderr."""
    handler = logging.StreamHandler()
    handler.setFormatter(
        _FormatterWithoutMessages("%(asctime)s %(levelname)s %(message)s", "%Y-%m-%dT%H:%M:%S%z")
    )
    logging.getLogger().addHandler(handler)
    log.setLevel(logging.INFO)


async def log_batch(
    running: Awaitable[Batch], request: ExecuteRequest, credential: Credential, stop: asyncio.Event
) -> Batch:
    """Return the batch of `running`, and log one line when it has ended; if `stop` is set by then, it was stopped.

    Raise the errors of `running`. Any other exception is a bug: log its traceback, and raise ProblemError.
    """
    what = describe_request(request, credential)
    began = time.monotonic()
    try:
        batch = await running
    except ThreeCxError as error:
        log.info("%s, refused (%s), %.2f s", what, error.code, time.monotonic() - began)
        raise
    except asyncio.CancelledError:
        log.warning("%s, cancelled, %.2f s", what, time.monotonic() - began)
        raise
    except Exception as error:
        log.exception("%s, internal error in the executor, %.2f s", what, time.monotonic() - began)
        raise make_internal_error() from error
    if log.isEnabledFor(logging.INFO):
        _log_results(what, batch, request, time.monotonic() - began, stopped=stop.is_set())
    return batch


def describe_request(request: ExecuteRequest, credential: Credential) -> str:
    """Return operation, PBX and number of items of a batch."""
    items = "1 item" if len(request.items) == 1 else f"{len(request.items)} items"
    return f"{_make_printable(request.operation)} on {_name_pbx(request, credential)}: {items}"


class RefusalLog:
    """Logs refused keys, but not the keys: one line per address and QUIET_TIME, with the number of those before it."""

    def __init__(self) -> None:
        # When the last line about an address was written, and how many refusals have not been logged since.
        self._logged: OrderedDict[str, tuple[float, int]] = OrderedDict()

    def add(self, peer: str, reason: str) -> None:
        """Log or count a request from the address `peer` that was refused."""
        now = time.monotonic()
        last, not_logged = self._logged.get(peer, (None, 0))
        if last is not None and now - last < QUIET_TIME:
            self._logged[peer] = last, not_logged + 1
            return
        if len(self._logged) >= _MOST_LINES and last is None and not self._forget_oldest(now):
            return
        more = f" ({not_logged} more since the previous line)" if not_logged else ""
        log.warning("refused a request from %s: %s%s", _make_printable(peer), reason, more)
        self._logged[peer] = now, 0
        self._logged.move_to_end(peer)

    def _forget_oldest(self, now: float) -> bool:
        """Make room for another address; return False if all lines are newer than QUIET_TIME."""
        oldest, (last, _) = next(iter(self._logged.items()))
        if now - last < QUIET_TIME:
            return False
        del self._logged[oldest]
        return True


@dataclass(slots=True)
class _Counts:
    """How many results of a batch are of each kind, and the first bug among them."""

    done: int = 0
    failed: int = 0
    unknown: int = 0
    not_tried: int = 0
    dry_run: int = 0
    bug: Result | None = None

    def add(self, result: Result) -> None:
        """Count one result."""
        error = result.error
        if error is None:
            self.done += 1
            self.dry_run += result.request is not None
        elif isinstance(error, NotAttemptedError):
            self.not_tried += 1
        elif error.outcome_unknown:
            self.unknown += 1
        else:
            self.failed += 1
            if self.bug is None and error.code == "bug":
                self.bug = result


def _log_results(what: str, batch: Batch, request: ExecuteRequest, seconds: float, *, stopped: bool) -> None:
    """Log the numbers of a batch that has ended; the first bug gets a line of its own."""
    counts = _Counts()
    for each in batch.results:
        counts.add(each)
    if counts.bug is not None and counts.bug.error is not None:
        # Its message contains only the class of the exception and the place.
        log.error("%s, item %d: %s", what, counts.bug.index, counts.bug.error.message)
    # The options of an item may ask for a dry run too.
    dry_run = ", dry run" if counts.dry_run or request.options.dry_run else ""
    kind = ", check only" if request.options.prepare_only else dry_run
    unknown = f", {counts.unknown} unknown" if counts.unknown else ""
    log.info(
        "%s%s, %d done, %d failed%s, %d not tried, %.2f s%s",
        what,
        kind,
        counts.done,
        counts.failed,
        unknown,
        counts.not_tried,
        seconds,
        ", stopped" if stopped else "",
    )


def _name_pbx(request: ExecuteRequest, credential: Credential) -> str:
    """Return `profile office`, or host and port."""
    if request.pbx.profile is not None:
        return f"profile {_make_printable(request.pbx.profile)}"
    return _make_printable(credential.base_url.partition("://")[2].partition("/")[0])


def _make_printable(text: str) -> str:
    """Return `text` without characters that could begin a line of their own or control a terminal."""
    return escape_control(text[:_MAX_LENGTH])


class _FormatterWithoutMessages(logging.Formatter):
    """Formats the class of an exception and its traceback, but not its message; a message cannot begin another line."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 (the base class's name)
        """Return the line of a record, with control characters as escapes."""
        return escape_control(super().formatMessage(record))

    def formatException(self, ei: Any) -> str:  # noqa: N802 (the base class's name)
        """Return the tracebacks of an exception and of those that caused it."""
        return "\n".join(_format_traceback(ei[1])) if ei[1] is not None else ""


def _format_traceback(error: BaseException) -> list[str]:
    """Return the tracebacks with the outermost exception last, as Python prints them."""
    inner = [*error.exceptions] if isinstance(error, BaseExceptionGroup) else []
    before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if before is not None:
        inner.append(before)
    lines = [line for each in inner for line in _format_traceback(each)]
    frames = "".join(traceback.format_tb(error.__traceback__))
    return [*lines, f"Traceback (most recent call last):\n{frames}{type(error).__qualname__}"]
