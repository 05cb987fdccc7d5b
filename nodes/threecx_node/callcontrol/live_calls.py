"""Watch the calls of a PBX: the changes of legs that a client reports, as events of calls."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol

from .calls import DEFAULT_GRACE, CallTracker

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Sequence

    from .call_events import CallEvent
    from .changes import LegChange

# Seconds between two looks at a client that cannot say yet whether a call is over.
_POLL = 0.1


class LegSource(Protocol):
    """A client that reports changes of legs."""

    @property
    def pbx(self) -> str:
        """Return the name of the PBX in handles of calls."""

    @property
    def settled_until(self) -> datetime:
        """Return a time in UTC: `events` has yielded all that was reported before it."""

    def events(self, *, on_note: Callable[[str], None] | None = None) -> AsyncGenerator[LegChange]:
        """Yield the changes of legs."""


async def live_calls(
    client: LegSource, *, grace: float = DEFAULT_GRACE, on_note: Callable[[str], None] | None = None
) -> AsyncGenerator[CallEvent]:
    """Yield the events of all calls that `client` may watch, first those of the calls in progress.

    `grace` is the time in seconds after which a call without a leg is over, and `on_note` gets a line for each lost
    connection and each return. Raises the errors of `CallControlClient.events`. Close the generator at the end.
    """
    tracker = CallTracker(client.pbx, grace=grace)
    changes = client.events(on_note=on_note)
    waiting: asyncio.Future[LegChange] | None = None
    try:
        while True:
            if waiting is None:
                waiting = asyncio.ensure_future(anext(changes))
            await asyncio.wait({waiting}, timeout=_find_wait(tracker))
            events: Sequence[CallEvent] = ()
            if waiting.done():
                try:
                    change = waiting.result()
                except StopAsyncIteration:
                    return
                waiting = None
                events = tracker.feed(change)
            for event in events:
                yield event
            # A call is not over while its next leg may be there without being known.
            if tracker.next_deadline is not None:
                for event in tracker.advance(client.settled_until):
                    yield event
    finally:
        if waiting is not None:
            waiting.cancel()
            await asyncio.gather(waiting, return_exceptions=True)
        await changes.aclose()


def _find_wait(tracker: CallTracker) -> float | None:
    """Return for how many seconds only a change can lead to an event, None for as long as it takes."""
    deadline = tracker.next_deadline
    return None if deadline is None else max(_POLL, (deadline - datetime.now(UTC)).total_seconds())
