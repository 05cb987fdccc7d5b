"""Follow a call that was made: what each look at it means, until what is waited for has happened. Sends nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..callcontrol.entities import ActionResult, Participant

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from ..parameters.wait import WaitGoal

ENDED = "Ended"
"""The status in a result of a participant that is gone: 3CX has no status for it."""
# While a phone rings, 3CX shows the leg that calls as Dialing and the one that is called as Ringing.
_RINGING = frozenset({"dialing", "ringing", "connected"})
_ANSWERED = "connected"
_NO_REASON = frozenset({"", "none"})

NO_ANSWER, WAIT_TIMEOUT, WAIT_STOPPED, WATCH_FAILED = "NoAnswer", "WaitTimeout", "WaitStopped", "WatchFailed"
"""The reasons that a result may have besides those of 3CX."""


class CallWatch:
    """A call that the PBX has made, and what was seen of it since.

    `document` is the PBX's answer to the request that made it. `participant` is the leg of the DN that calls, as it was
    seen last, None where it is not known yet. `call_id` is 0 where the answer does not name the call.
    """

    def __init__(self, document: Mapping[str, Any]) -> None:
        leg = document.get("result")
        is_named = isinstance(leg, dict) and leg.get("id") not in (None, "", 0)
        self._document = dict(document)
        self._made = ActionResult.from_json({**document, "result": leg if is_named else None})
        self.participant = self._made.participant
        self.call_id = self.participant.call_id if self.participant is not None else _read_call_id(leg)
        self.is_gone = False
        self._was_answered = self._is(_ANSWERED)

    @property
    def is_made(self) -> bool:
        """Return whether there may be a call: the PBX did not answer that it failed."""
        return self._made.final_status in ("success", "unknown")

    @property
    def was_answered(self) -> bool:
        """Return whether the call was seen connected."""
        return self._was_answered

    def has_reached(self, goal: WaitGoal) -> bool:
        """Return whether the wait is over: what is waited for has happened, or can no longer happen."""
        if self.is_gone or not self.is_made:
            return True
        match goal:
            case "nothing":
                return True
            case "ringing":
                return self._was_answered or self._is(*_RINGING)
            case "answered":
                return self._was_answered
            case "ended":
                return False

    def see(self, participant: Participant) -> None:
        """Take note of the leg as a look has found it."""
        self.participant = participant
        self.call_id = participant.call_id or self.call_id
        self._was_answered = self._was_answered or self._is(_ANSWERED)

    def see_gone(self) -> None:
        """Take note that the leg is gone: the call has ended."""
        self.is_gone = True

    def find(
        self, legs: Iterable[Participant], destination: str, claimed: Collection[int]
    ) -> Participant | None:
        """Return the leg of this call among those of the DN, None where none is certain to be it.

        Where the PBX did not name the call, it is the newest leg to `destination`, else the only one that dials; other
        calls of the same batch have `claimed` theirs.
        """
        found = sorted(legs, key=lambda each: each.id, reverse=True)
        if self.call_id:
            return next((each for each in found if each.call_id == self.call_id), None)
        free = [each for each in found if each.id not in claimed]
        for each in free:
            if destination and destination in (each.party_dn, each.party_caller_id):
                return each
        dialing = [each for each in free if each.status.casefold() == "dialing"]
        return dialing[0] if len(dialing) == 1 else None

    def describe(self) -> dict[str, Any]:
        """Return the PBX's answer with what was seen since, in the form of the answer."""
        if not self.is_made or not self.is_gone:
            return self._describe()
        if self._was_answered or not self._has_no_reason:
            return self._describe()
        text = "the call ended before it was answered: busy, declined or not picked up"
        return self._describe(NO_ANSWER, text)

    def describe_unfinished(self, reason: str, text: str) -> dict[str, Any]:
        """Return the PBX's answer with the reason why the wait ended before what is waited for."""
        return self._describe(reason, f"{text}; the call was made, and is not made again")

    def _describe(self, reason: str = "", text: str = "") -> dict[str, Any]:
        document = dict(self._document)
        leg = self.participant
        document["result"] = None
        if leg is not None:
            # The PBX may name the leg of a call that failed as it was before.
            is_over = self.is_gone or not self.is_made
            document["result"] = {**leg.to_json(), **({"status": ENDED} if is_over else {})}
        if reason:
            document |= {"reason": reason, "reasontext": text}
        return document

    @property
    def _has_no_reason(self) -> bool:
        return self._made.reason.casefold() in _NO_REASON

    def _is(self, *statuses: str) -> bool:
        return self.participant is not None and self.participant.status.casefold() in statuses


def _read_call_id(leg: Any) -> int:
    """Return the ID of the call in a result that does not name the participant, 0 where it has none."""
    value = leg.get("callid") if isinstance(leg, dict) else None
    return value if isinstance(value, int) and not isinstance(value, bool) else 0
