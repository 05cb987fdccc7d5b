"""People who answer each call after some seconds, and hang up after some more: for programs that make calls."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .models import EXTENSION, EXTERNAL, CallError

if TYPE_CHECKING:
    from .engine import CallEngine
    from .models import Change, Leg


class People:
    """Answer at every extension and outside; the route points of programs are left to the programs."""

    def __init__(
        self, calls: CallEngine, answer_after: float | None = None, hang_up_after: float | None = None
    ) -> None:
        self._calls = calls
        self._answer_after = answer_after
        self._hang_up_after = hang_up_after
        # The participants for which a deed is planned already, as upserts repeat.
        self._planned: set[tuple[int, str]] = set()
        self._stop = calls.add_listener(self._react)

    def stop(self) -> None:
        """End the reactions of people."""
        self._stop()

    def _react(self, change: Change) -> None:
        if change.kind == "remove":
            self._planned -= {(change.participant_id, "Ringing"), (change.participant_id, "Connected")}
        elif change.kind == "upsert" and change.data.dn_type in (EXTENSION, EXTERNAL):
            self._plan(change.data)

    def _plan(self, leg: Leg) -> None:
        # The one who was called acts, and not the caller.
        seconds = {"Ringing": self._answer_after, "Connected": self._hang_up_after}.get(leg.status)
        key = (leg.id, leg.status)
        if seconds is None or key in self._planned or leg.segment is None:
            return
        self._planned.add(key)
        self._calls.clock.call_later(seconds, lambda: self._do(leg, key[1]))

    def _do(self, leg: Leg, status: str) -> None:
        if leg.removed or leg.status != status:
            return
        try:
            if status == "Ringing":
                self._calls.pick_up(leg.dn, leg.id)
            else:
                self._calls.act(leg.dn, leg.id, "drop")
        except CallError:
            # Someone else was faster.
            return
