"""Wait until a call that a route point sent on has been delivered, or not.

3CX's example programs drop their participant as soon as `routeto` has succeeded. So the response comes when the
destination has answered; until then, dropping the participant would cancel the routing.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..calls.models import NO_ANSWER

if TYPE_CHECKING:
    from ..calls.engine import CallEngine
    from ..calls.models import Change, Leg


@dataclass(frozen=True, slots=True)
class Delivery:
    """A participant whose call is on its way to a destination."""

    leg: Leg
    destination: str

    async def wait(self, calls: CallEngine) -> str | None:
        """Return None when the destination has answered, the reason when it will not."""
        loop = asyncio.get_running_loop()
        changed = asyncio.Event()

        def note(_change: Change) -> None:
            with suppress(RuntimeError):  # the server has ended
                loop.call_soon_threadsafe(changed.set)

        remove = calls.add_listener(note)
        try:
            while True:
                changed.clear()
                with calls.lock:
                    if self._is_answered():
                        return None
                    if not self._is_under_way(calls):
                        return self._find_reason()
                await changed.wait()
        finally:
            remove()

    def _is_answered(self) -> bool:
        segments = self.leg.call.segments
        return any(each.answered and each.destination.dn == self.destination for each in segments) or (
            self.leg.removed and self.leg.call.ended is None
        )

    def _is_under_way(self, calls: CallEngine) -> bool:
        is_there = calls.participant(self.leg.dn, self.leg.id) is self.leg
        return is_there and any(each.parent is self.leg for each in self.leg.call.offers)

    def _find_reason(self) -> str:
        segments = [each for each in self.leg.call.segments if each.destination.dn == self.destination]
        return (segments[-1].reason if segments else self.leg.call.reason) or NO_ANSWER
