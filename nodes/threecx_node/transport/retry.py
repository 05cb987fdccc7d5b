"""Decide whether a request is sent again, when, and how it ended. No other module does so.

`decide` is a pure function of what a request does, what came back, how often it was sent and the time left. A read is
sent again after anything that may pass. A change is sent again only where it is certain that nothing was done: the
response itself says so (429, or 503 with Retry-After), or the PBX took no byte of the request, for example because it
refused the connection. After any other response that is not 3CX's own, its outcome is unknown. A login is repeated as
a read is; but never where it was refused, because 3CX blocks addresses after repeated failures.

tenacity and stamina were considered. Both repeat a function by its exception or its result, with the time and the
back-off of a policy. The back-off and the limit are a few lines here; all the rest (the kind of request, Retry-After,
time that a batch shares, an outcome that is unknown) would have to be written for either of them as well.
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Literal

from ..errors import TransportError
from ..options import DEFAULT_RETRY_TIME
from ..values.error_body import is_odata_error, is_web_page

if TYPE_CHECKING:
    from ..messages import HttpResponse

_log = logging.getLogger("threecx_node.transport")

Effect = Literal["read", "change", "login"]
Outcome = Literal["done", "failed", "unknown"]
Sleep = Callable[[float], Awaitable[None]]

# No request is sent more often, however much time is left.
MOST_ATTEMPTS = 12
# A server that answers, but wrongly, is likely to do it again.
_MOST_BROKEN = 3
_FIRST_WAIT = 0.5
_LONGEST_WAIT = 8.0

# The codes of failures before the first byte of a request was sent. "not_taken": the peer had closed the connection.
NOT_TAKEN = "not_taken"
NOT_SENT = frozenset(
    {
        NOT_TAKEN,
        "connect_timeout",
        "connection_refused",
        "forbidden_address",
        "unreachable",
        "unsendable",
        "dns",
        "tls",
        "tls_self_signed",
        "tls_handshake",
    }
)
# Of these, the failures of a PBX that may come back, for example because it restarts. A failed TLS handshake is more
# often a wrong port.
_ABSENT = frozenset({"connect_timeout", "connection_refused", "unreachable", "dns"})
_HANDSHAKE = "tls_handshake"
_INTERRUPTED = frozenset({"timeout", "connection_lost"})
# Another attempt would get the same.
_TOO_LARGE = "response_too_large"
_GATEWAY = frozenset({502, 504})
_REQUEST_TIMEOUT, _TOO_MANY, _UNAVAILABLE = 408, 429, 503
# A filter for web traffic answers these with a page, and may do it when the PBX has responded.
_FILTERED = frozenset({403, 406})


@dataclass(frozen=True, slots=True)
class Verdict:
    """The decision after one attempt: `wait` is the seconds until the next one, None where there is none.

    `outcome` says how the request ended, or would end if it were not sent again: "failed" is certainly not done.
    """

    outcome: Outcome
    wait: float | None = None


Kind = Literal["answered", "rejected", "not_sent", "busy", "broken"]


def classify(answer: HttpResponse | TransportError) -> Kind:
    """Return what an attempt was: answered by the PBX, or one of four that may pass.

    rejected: nothing was done, and the PBX says so · not_sent: nothing was sent · busy: no response of the PBX ·
    broken: a response that 3CX does not send, or an internal error.
    """
    if isinstance(answer, TransportError):
        if answer.code == NOT_TAKEN:
            return "rejected"
        if answer.code in NOT_SENT:
            return "not_sent"
        return "busy" if answer.code in _INTERRUPTED else "broken"
    status = answer.status
    if status == _TOO_MANY or (status == _UNAVAILABLE and _read_hint(answer) is not None):
        return "rejected"
    if status in _GATEWAY or status == _UNAVAILABLE:
        return "busy"
    # 3CX sends no redirections.
    if status >= 500 or status == _REQUEST_TIMEOUT or 300 <= status < 400:
        return "broken"
    return "broken" if status in _FILTERED and is_web_page(answer.content) else "answered"


def decide(
    effect: Effect,
    answer: HttpResponse | TransportError,
    attempt: int,
    time_left: float,
    *,
    jitter: float = 1.0,
) -> Verdict:
    """Return whether a request is sent again, and how it ended.

    `answer` is the response to attempt number `attempt`; an error where none came, or where a response with status 2xx
    cannot be used. The next attempt begins within `time_left` seconds or not at all. `jitter` from 0 to 1
    shortens the back-off, by half at most, so that requests that failed together do not come again together.
    """
    kind = classify(answer)
    outcome = _conclude(effect, kind, answer)
    is_repeatable = kind == "rejected" or _was_absent(answer, attempt)
    if effect != "change":
        is_repeatable = is_repeatable or _may_pass(effect, kind, answer, attempt)
    if not is_repeatable or attempt >= MOST_ATTEMPTS:
        return Verdict(outcome)
    wait = _choose_wait(answer, attempt, jitter)
    return Verdict(outcome, wait if wait <= time_left and time_left > 0 else None)


def _was_absent(answer: HttpResponse | TransportError, attempt: int) -> bool:
    """Return whether nothing was sent, because there was no PBX to connect to."""
    if not isinstance(answer, TransportError):
        return False
    return answer.code in _ABSENT or (answer.code == _HANDSHAKE and attempt < _MOST_BROKEN)


def _conclude(effect: Effect, kind: Kind, answer: HttpResponse | TransportError) -> Outcome:
    if kind == "answered":
        assert not isinstance(answer, TransportError)  # noqa: S101 (narrows the type)
        return "done" if 200 <= answer.status < 300 else "failed"
    if effect != "change" or kind in ("rejected", "not_sent"):
        return "failed"
    # 3CX refuses with a status of its own choice, 500 too. A gateway may write in 3CX's form, but has no code of 3CX.
    is_refusal = not isinstance(answer, TransportError) and is_odata_error(
        answer.content, with_code_of_3cx=answer.status in _GATEWAY
    )
    return "failed" if is_refusal else "unknown"


def _may_pass(effect: Effect, kind: Kind, answer: HttpResponse | TransportError, attempt: int) -> bool:
    if isinstance(answer, TransportError) and answer.code == _TOO_LARGE:
        return False
    if kind == "broken":
        is_refused_login = (
            effect == "login"
            and not isinstance(answer, TransportError)
            and (answer.status < 500 and answer.status != _REQUEST_TIMEOUT)
        )
        return attempt < _MOST_BROKEN and not is_refused_login
    return kind == "busy"


def _choose_wait(answer: HttpResponse | TransportError, attempt: int, jitter: float) -> float:
    if isinstance(answer, TransportError):
        # The next attempt goes over a new connection.
        return 0.0 if answer.code == NOT_TAKEN else back_off(attempt, jitter)
    return _read_hint(answer) or back_off(attempt, jitter)


def back_off(attempt: int, jitter: float = 1.0) -> float:
    """Return the seconds to wait after attempt number `attempt`, between half and all of an exponential time."""
    wait = min(_LONGEST_WAIT, _FIRST_WAIT * float(2 ** (min(attempt, MOST_ATTEMPTS) - 1)))
    return wait * (1 + jitter) / 2


def _read_hint(answer: HttpResponse) -> float | None:
    return parse_retry_after(answer.headers.get("retry-after", ""))


def parse_retry_after(value: str) -> float | None:
    """Return the seconds of a `Retry-After` header, a number or a date; None if it is neither."""
    text = value.strip()
    if text.isascii() and text.isdigit():
        return float(text) if len(text) < 10 else float("inf")
    try:
        moment = parsedate_to_datetime(text)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        return max(0.0, (moment - datetime.now(UTC)).total_seconds())
    except (ValueError, OverflowError):
        return None


class RetryBudget:
    """The time that the requests of one batch may spend on being repeated.

    Each request may spend `retry_time` seconds; 0 turns repeating off. While nothing at all succeeds, the whole batch
    may spend no more than that. Once `stop` is set nothing is repeated.
    """

    def __init__(
        self,
        retry_time: float = DEFAULT_RETRY_TIME,
        *,
        stop: asyncio.Event | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.retry_time = retry_time
        self.stop = stop
        self.clock = clock
        self._failing_since: float | None = None

    def open(self) -> Attempts:
        """Return the attempts of a new request."""
        return Attempts(self)

    def report(self, *, works: bool) -> None:
        """Take note that the PBX answered a request as it should, or not."""
        if works:
            self._failing_since = None
        elif self._failing_since is None:
            self._failing_since = self.clock()

    @property
    def time_left(self) -> float:
        """The seconds that the batch has left, if nothing succeeds meanwhile."""
        if self.stop is not None and self.stop.is_set():
            return 0.0
        since = self._failing_since
        return self.retry_time if since is None else self.retry_time - (self.clock() - since)


class Attempts:
    """The attempts of one request, and of the looks at what became of it: their number, and the time left for more.

    The first attempt costs no time of the budget, however long it lasts.
    """

    count = 0
    # The attempts of the request under way, where several are counted together.
    tries = 0
    _spent = _started = 0.0

    def __init__(self, budget: RetryBudget) -> None:
        self.budget = budget

    @property
    def time_left(self) -> float:
        """The seconds within which the next attempt must begin."""
        return min(self.budget.time_left, self.budget.retry_time - self._spent)

    def restart(self) -> None:
        """Take note that another request begins, which is counted together with the one before."""
        self.tries = 0

    def begin(self) -> None:
        """Count an attempt that begins."""
        self.count += 1
        self.tries += 1
        if self.count > 1:
            self._started = self.budget.clock()

    def end(self, *, works: bool) -> None:
        """Take note of the end of an attempt, and whether the PBX answered it as it should."""
        if self.count > 1:
            self._spent += self.budget.clock() - self._started
        self.budget.report(works=works)

    def spend(self, seconds: float) -> None:
        """Take note of a wait."""
        self._spent += seconds


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How a client waits: tests that must not wait replace `sleep`, those that compare waits replace `jitter`.

    `retry_time` is the budget of requests that have none of a batch.
    """

    retry_time: float = DEFAULT_RETRY_TIME
    sleep: Sleep = asyncio.sleep
    jitter: Callable[[], float] = random.random

    def open(self) -> Attempts:
        """Return the attempts of a request that belongs to no batch."""
        return RetryBudget(self.retry_time).open()

    def decide(self, effect: Effect, answer: HttpResponse | TransportError, attempts: Attempts) -> Verdict:
        """Take note of the end of an attempt and return what follows from it, as `decide` of this module does."""
        attempts.end(works=classify(answer) == "answered")
        return decide(effect, answer, attempts.tries, attempts.time_left, jitter=self.jitter())

    async def wait(self, seconds: float, attempts: Attempts) -> bool:
        """Wait, and return whether the next attempt may begin: not where the batch was stopped meanwhile."""
        attempts.spend(seconds)
        stop = attempts.budget.stop
        if stop is None:
            await self.sleep(seconds)
            return True
        sleeping = asyncio.ensure_future(self.sleep(seconds))
        stopping = asyncio.ensure_future(stop.wait())
        try:
            await asyncio.wait({sleeping, stopping}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            sleeping.cancel()
            stopping.cancel()
        return not stop.is_set()


def log_retry(
    method: str, path: str, attempt: int, answer: HttpResponse | TransportError, wait: float
) -> None:
    """Log that a request is sent again after `wait` seconds, by its path alone: the query may contain personal data."""
    reason = answer.code if isinstance(answer, TransportError) else answer.status
    _log.debug("%s %s: attempt %d failed (%s), next attempt in %g s", method, path, attempt, reason, wait)
