"""What the service tells of its work: a line per batch, a line for a refused key, a traceback for a fault of ours.

No line holds a secret, an item's data or, as `to_stderr` sets it up, an exception's words, which may hold either.
`threecx serve` calls `to_stderr`; a program that holds the service within itself sets logging up as it likes.
"""

from __future__ import annotations

import asyncio
import logging
import time
import traceback
from typing import TYPE_CHECKING, Any

from ..errors import NotAttemptedError, ThreeCxError
from .problems import fault_of_ours

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from threecx_credentials import Credential

    from ..execution.results import Batch
    from .models import ExecuteRequest

log = logging.getLogger("threecx.service")

# Refused keys within this time are counted and not told, so that nobody without a key fills a disk.
QUIET_SECONDS = 1.0
# Whoever calls chooses names and addresses: a line keeps this much of one.
_LONGEST = 200


def to_stderr() -> None:
    """Shows the service's lines, and what the libraries below it warn of, on stderr."""
    handler = logging.StreamHandler()
    handler.setFormatter(_Wordless("%(asctime)s %(levelname)s %(message)s", "%Y-%m-%dT%H:%M:%S%z"))
    logging.getLogger().addHandler(handler)
    log.setLevel(logging.INFO)


async def told(
    running: Awaitable[Batch], asked: ExecuteRequest, credential: Credential, stop: asyncio.Event
) -> Batch:
    """The batch that `running` gives, with its line once it has ended; it was stopped where `stop` is set by then.

    Raises what `running` raises, and ProblemError for a fault of ours, whose traceback is told here.
    """
    items = "1 item" if len(asked.items) == 1 else f"{len(asked.items)} items"
    what = f"{_plain(asked.operation)} on {_pbx(asked, credential)}: {items}"
    began = time.monotonic()
    try:
        batch = await running
    except ThreeCxError as error:
        log.info("%s, refused (%s), %.2f s", what, error.code, time.monotonic() - began)
        raise
    except asyncio.CancelledError:
        log.warning("%s, cut off, %.2f s", what, time.monotonic() - began)
        raise
    except Exception as error:
        log.exception("%s, the executor failed inside, %.2f s", what, time.monotonic() - began)
        raise fault_of_ours() from error
    if log.isEnabledFor(logging.INFO):
        seconds = time.monotonic() - began
        log.info("%s, %.2f s%s", _counted(what, batch, asked), seconds, ", stopped" if stop.is_set() else "")
    return batch


class Refusals:
    """Tells of refused keys, never the keys: at most one line per QUIET_SECONDS, which counts those before it."""

    def __init__(self) -> None:
        self._quiet_until = 0.0
        self._untold = 0

    def add(self, peer: str, what: str) -> None:
        """One call from `peer` (an address) that was refused, and why."""
        now = time.monotonic()
        if now < self._quiet_until:
            self._untold += 1
            return
        more = f" ({self._untold} more since the line before)" if self._untold else ""
        log.warning("refused a call from %s: %s%s", _plain(peer), what, more)
        self._quiet_until, self._untold = now + QUIET_SECONDS, 0


def _counted(what: str, batch: Batch, asked: ExecuteRequest) -> str:
    """`what` with the numbers of a batch that has ended; the first fault of ours gets a line of its own."""
    failed = unknown = not_tried = shown = 0
    fault = None
    for each in batch.results:
        if each.request is not None:
            shown += 1
        elif isinstance(each.error, NotAttemptedError):
            not_tried += 1
        elif each.error is not None and each.error.outcome_unknown:
            unknown += 1
        elif each.error is not None:
            failed += 1
            if fault is None and each.error.code == "bug":
                fault = each
    if fault is not None and fault.error is not None:
        # Its message names the kind of exception and the place alone.
        log.error("%s, item %d: %s", what, fault.index, fault.error.message)
    done = len(batch.results) - failed - unknown - not_tried
    # An item's own options may ask for a dry run too.
    dry = ", dry run" if shown or asked.options.dry_run else ""
    kind = ", check only" if asked.options.prepare_only else dry
    nobody_knows = f", {unknown} unknown" if unknown else ""
    return f"{what}{kind}, {done} done, {failed} failed{nobody_knows}, {not_tried} not tried"


def _pbx(asked: ExecuteRequest, credential: Credential) -> str:
    """`profile office`, or host and port."""
    if asked.pbx.profile is not None:
        return f"profile {_plain(asked.pbx.profile)}"
    return _plain(credential.base_url.partition("://")[2].partition("/")[0])


def _plain(text: str) -> str:
    """`text` without a letter that could begin a line of its own or steer a terminal."""
    return (text if text.isprintable() else ascii(text)[1:-1])[:_LONGEST]


class _Wordless(logging.Formatter):
    """Shows of an exception its kind and where it came from."""

    def formatException(self, ei: Any) -> str:  # noqa: N802 (the base's name)
        """Traceback of an exception and of those behind it, without their words."""
        return "\n".join(_traceback(ei[1])) if ei[1] is not None else ""


def _traceback(error: BaseException) -> list[str]:
    """Outermost last, as Python shows them."""
    inner = [*error.exceptions] if isinstance(error, BaseExceptionGroup) else []
    before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if before is not None:
        inner.append(before)
    lines = [line for each in inner for line in _traceback(each)]
    frames = "".join(traceback.format_tb(error.__traceback__))
    return [*lines, f"Traceback (most recent call last):\n{frames}{type(error).__qualname__}"]
