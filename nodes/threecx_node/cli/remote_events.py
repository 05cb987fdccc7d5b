"""Events from a running executor, as one sequence: a lost connection is made again, and nothing is left out."""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx

from ..errors import ThreeCxError
from ..events.model.event_types import find_typed
from ..values.json import dumps, loads
from .executor_address import make_ssl_context

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence

    from .executor_address import ExecutorAddress

# The events of live calls, which this command shows where none are chosen.
LIVE_EVENTS = (
    "call.started",
    "call.ringing",
    "call.answered",
    "call.transferred",
    "call.missed",
    "call.ended",
)
OLDEST = "oldest"
# Seconds: an executor writes a line at least every few seconds.
_CONNECT_TIMEOUT = 20.0
_SILENCE = 45.0
_FIRST_WAIT = 0.5
_LONGEST_WAIT = 15.0
# No event is longer.
_LONGEST_LINE = 4 * 1024 * 1024
_GONE = "position_gone"
# Statuses that pass: the executor restarts, its store is locked for a moment, it has too many readers.
_PASSING = frozenset({408, 429, 502, 503, 504})


def choose_events(typed: Sequence[str]) -> list[str]:
    """Return the names of events, where `missed` is `call.missed`. Raise ConfigurationError for unknown ones."""
    return [find_typed(name).name for name in typed] or list(LIVE_EVENTS)


class LostConnectionError(Exception):
    """The connection has ended, or the executor cannot be reached; the message says why."""


@dataclass(slots=True)
class Subscriber:
    """Reads the events of one PBX from an executor. `after` is the position of the last event, and moves on."""

    address: ExecutorAddress
    pbx: Mapping[str, Any]
    events: Sequence[str]
    extensions: Sequence[str] = ()
    after: str | None = None
    transport: httpx.AsyncBaseTransport | None = None

    async def read(self, on_note: Callable[[str], None]) -> AsyncGenerator[dict[str, Any] | None]:
        """Yield None when connected for the first time, then events as JSON; connect again for as long as it takes.

        `on_note` gets a line for each lost connection, each return, and for what the client may not see. Raise
        ThreeCxError where the executor cannot be reached at first, and where it refuses.
        """
        was_connected = False
        failures = 0
        async with self._make_client() as client:
            while True:
                reason = "the executor has ended the stream"
                try:
                    async for line in self._stream(client):
                        if line is None:
                            on_note(self._describe_connection(was_connected=was_connected))
                            if not was_connected:
                                yield None
                            was_connected, failures = True, 0
                        elif "type" in line:
                            yield line
                        elif "problem" in line:
                            on_note(f"note: {_describe_problem(line['problem'])}")
                except (LostConnectionError, ThreeCxError) as error:
                    reason = self._explain(error, was_connected=was_connected)
                if failures == 0:
                    on_note(f"connection to the executor lost: {reason}; trying again")
                await asyncio.sleep(_choose_wait(failures))
                failures += 1

    def _describe_connection(self, *, was_connected: bool) -> str:
        if was_connected:
            return "connected again"
        return f"listening for events through the executor at {self.address.url}"

    def _explain(self, error: LostConnectionError | ThreeCxError, *, was_connected: bool) -> str:
        """Return why the connection has ended, if it can be made again; raise the error otherwise."""
        if isinstance(error, LostConnectionError):
            if not was_connected:
                raise self.address.make_unreachable(httpx.HTTPError(str(error))) from error
            return str(error)
        if was_connected and error.code == _GONE:
            # All that is left is better than nothing.
            self.after = OLDEST
            return f"{error.message.rstrip('.')}; some events are lost"
        if was_connected and error.http_code in _PASSING:
            return error.message
        raise error

    async def _stream(self, client: httpx.AsyncClient) -> AsyncIterator[dict[str, Any] | None]:
        """Yield None when connected, and then each line; `after` moves on with them."""
        body: dict[str, Any] = {"pbx": self.pbx, "events": list(self.events)}
        if self.extensions:
            body["filter"] = {"extensions": list(self.extensions)}
        if self.after is not None:
            body["after"] = self.after
        headers = {"Accept": "application/x-ndjson", "Content-Type": "application/json"}
        try:
            async with client.stream("POST", "/v1/events", content=dumps(body), headers=headers) as response:
                if not response.is_success:
                    await response.aread()
                self.address.check(response)
                yield None
                async for line in _split_lines(response):
                    document = _parse(line)
                    if "error" in document:
                        raise _make_error(document["error"])
                    yield document
                    # After the line was taken: what was not shown is sent again.
                    if isinstance(position := document.get("position"), str):
                        self.after = position
        except httpx.TimeoutException as error:
            raise LostConnectionError("it did not answer in time") from error
        except httpx.HTTPError as error:
            raise LostConnectionError(str(error).strip() or type(error).__name__) from error

    def _make_client(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(
            base_url=self.address.url,
            headers=self.address.headers,
            timeout=httpx.Timeout(_CONNECT_TIMEOUT, read=_SILENCE),
            trust_env=False,
            transport=self.transport,
            verify=make_ssl_context(self.address.url),
        )


async def _split_lines(response: httpx.Response) -> AsyncIterator[bytes]:
    """Yield the complete lines of a response. Not `aiter_lines`, which also splits at characters inside of JSON."""
    rest = b""
    async for chunk in response.aiter_bytes():
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            if line.strip():
                yield line
        if len(rest) > _LONGEST_LINE:
            raise LostConnectionError("it sent a line that is too long")


def _parse(line: bytes) -> dict[str, Any]:
    try:
        document = loads(line)
    except ValueError as error:
        raise LostConnectionError("it sent a line that is not JSON") from error
    if not isinstance(document, dict):
        raise LostConnectionError("it sent a line that is not an object")
    return document


def _make_error(problem: Any) -> ThreeCxError:
    given = problem if isinstance(problem, dict) else {}
    status = given.get("status")
    return ThreeCxError(
        str(given.get("detail") or "the executor has ended the stream with an error"),
        description=str(given.get("description") or ""),
        code=str(given.get("code") or ""),
        http_code=status if isinstance(status, int) else None,
    )


def _describe_problem(problem: Any) -> str:
    given = problem if isinstance(problem, dict) else {}
    events = ", ".join(str(each) for each in given.get("events", ()))
    text = f"{events}: {given.get('message', '')}".rstrip(".")
    return f"{text}. {given['advice']}" if given.get("advice") else text


def _choose_wait(failures: int) -> float:
    """Return the seconds to wait; random, so that many readers do not come back at the same time."""
    longest = min(_LONGEST_WAIT, _FIRST_WAIT * 2 ** min(failures, 10))
    return random.uniform(longest / 2, longest)  # noqa: S311 (a wait, no secret)
