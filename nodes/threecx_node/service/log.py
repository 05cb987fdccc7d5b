"""Log lines of the service: one per batch, one for a refused key, and a traceback for a bug.

No line contains a secret or an item's data. As `log_to_stderr` configures it, no line contains the message of an
exception either, because that may contain both. `threecx serve` calls `log_to_stderr`; a program that embeds the
service configures logging itself.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..errors import NotAttemptedError, ThreeCxError
from ..log_lines import make_formatter
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


def log_to_stderr(*, is_json: bool = False) -> None:
    """Write the service's log lines, and the warnings of the libraries that it uses, to stderr."""
    handler = logging.StreamHandler()
    handler.setFormatter(make_formatter(is_json=is_json))
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
        seconds = time.monotonic() - began
        fields = _make_fields(request, credential, seconds, outcome="refused", code=error.code)
        log.info("%s, refused (%s), %.2f s", what, error.code, seconds, extra=fields)
        raise
    except asyncio.CancelledError:
        seconds = time.monotonic() - began
        fields = _make_fields(request, credential, seconds, outcome="cancelled")
        log.warning("%s, cancelled, %.2f s", what, seconds, extra=fields)
        raise
    except Exception as error:
        seconds = time.monotonic() - began
        fields = _make_fields(request, credential, seconds, outcome="internal error")
        log.exception("%s, internal error in the executor, %.2f s", what, seconds, extra=fields)
        raise make_internal_error() from error
    if log.isEnabledFor(logging.INFO):
        _log_results(batch, request, credential, time.monotonic() - began, stopped=stop.is_set())
    return batch


def describe_request(request: ExecuteRequest, credential: Credential) -> str:
    """Return operation, PBX and number of items of a batch."""
    items = "1 item" if len(request.items) == 1 else f"{len(request.items)} items"
    return f"{_make_printable(request.operation)} on {_name_pbx(request, credential)}: {items}"


def _make_fields(
    request: ExecuteRequest, credential: Credential, seconds: float, **more: Any
) -> dict[str, Any]:
    """Return the content of a line about a batch as fields, for log lines in JSON."""
    fields = {
        "operation": _make_printable(request.operation),
        "pbx": _name_pbx(request, credential),
        "items": len(request.items),
        "seconds": round(seconds, 3),
        **more,
    }
    return {"fields": fields}


class RefusalLog:
    """Logs refused keys, but not the keys: one line per address and QUIET_TIME, with the number of those before it."""

    def __init__(self) -> None:
        # When the last line about an address was written, and how many refusals have not been logged since.
        self._logged: OrderedDict[str, tuple[float, int]] = OrderedDict()

    def add(self, peer: str, reason: str, *, forwarded_for: str = "") -> None:
        """Log or count a request from the address `peer`, which may be a proxy's, that was refused."""
        now = time.monotonic()
        last, not_logged = self._logged.get(peer, (None, 0))
        if last is not None and now - last < QUIET_TIME:
            self._logged[peer] = last, not_logged + 1
            return
        if len(self._logged) >= _MOST_LINES and last is None and not self._forget_oldest(now):
            return
        more = f" ({not_logged} more since the previous line)" if not_logged else ""
        shown = _make_printable(f"{peer} for {forwarded_for}" if forwarded_for else peer)
        fields = {"peer": shown, "reason": reason, "notLogged": not_logged}
        log.warning("refused a request from %s: %s%s", shown, reason, more, extra={"fields": fields})
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
        if self.bug is None and error is not None and error.code == "bug":
            self.bug = result


def _log_results(
    batch: Batch, request: ExecuteRequest, credential: Credential, seconds: float, *, stopped: bool
) -> None:
    """Log the numbers of a batch that has ended; the first bug gets a line of its own."""
    what = describe_request(request, credential)
    counts = _Counts()
    for each in batch.results:
        counts.add(each)
    if counts.bug is not None and counts.bug.error is not None:
        # Its message contains only the class of the exception and the place.
        bug = counts.bug
        fields = _make_fields(request, credential, seconds, outcome="internal error", item=bug.index)
        log.error("%s, item %d: %s", what, bug.index, counts.bug.error.message, extra=fields)
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
        extra=_make_fields(
            request,
            credential,
            seconds,
            outcome="stopped" if stopped else "ended",
            kind=kind.removeprefix(", ") or None,
            done=counts.done,
            failed=counts.failed,
            unknown=counts.unknown,
            notTried=counts.not_tried,
        ),
    )


def _name_pbx(request: ExecuteRequest, credential: Credential) -> str:
    """Return `profile office`, or host and port."""
    if request.pbx.profile is not None:
        return f"profile {_make_printable(request.pbx.profile)}"
    return _make_printable(credential.base_url.partition("://")[2].partition("/")[0])


def _make_printable(text: str) -> str:
    """Return `text` without characters that could begin a line of their own or control a terminal."""
    return escape_control(text[:_MAX_LENGTH])
