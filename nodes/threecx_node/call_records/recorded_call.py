"""One call that has ended, with all its legs: what events and lists of calls say about it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from ..callcontrol.call_events import format_time
from .call_rows import MAILBOX, OUTSIDE, QUEUE, RING_GROUP

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .call_rows import LegRow


@dataclass(frozen=True, slots=True)
class RecordedCall:
    """One call; `legs` are at least one, in the order in which they began."""

    legs: tuple[LegRow, ...]

    @classmethod
    def of(cls, legs: Iterable[LegRow]) -> RecordedCall:
        """Return the call of these legs, which may come in any order."""
        return cls(tuple(sorted(legs, key=lambda leg: (leg.started, leg.id))))

    @property
    def id(self) -> str:
        """Return the ID of the call in the log."""
        return self.legs[0].call

    @property
    def started(self) -> datetime:
        """Return when the call began."""
        return self.legs[0].started

    @property
    def ended(self) -> datetime:
        """Return when the last leg ended."""
        return max(leg.ended for leg in self.legs)

    @property
    def is_answered(self) -> bool:
        """Return whether a person answered; queues, menus and mailboxes do not count."""
        return any(leg.answered and leg.target.is_person for leg in self.legs)

    @property
    def is_missed(self) -> bool:
        """Return whether the call came in, to an extension or from outside, and no person answered."""
        return not self.is_answered and self._is_incoming

    @property
    def messages(self) -> list[LegRow]:
        """Return the legs in which the caller was connected to a mailbox."""
        return [leg for leg in self.legs if leg.answered and leg.target.kind == MAILBOX and leg.talk > 0]

    @property
    def _is_incoming(self) -> bool:
        direction = self.legs[0].direction
        rang = any(leg.target.extension for leg in self.legs)
        return direction == "inbound" or (direction != "outbound" and rang)

    def describe(self) -> dict[str, Any]:
        """Return the call as the log has it; what is not known is left out."""
        legs = self.legs
        people = [leg for leg in legs if leg.target.is_person]
        first = next((leg for leg in people if leg.answered), None)
        waited = (_find_answer(first) if first is not None else self.ended) - self.started
        recordings = dict.fromkeys(each for leg in legs for each in leg.recordings)
        record = {
            "id": self.id,
            "callId": next((leg.call_id for leg in legs if leg.call_id), None),
            "answered": self.is_answered,
            "durationSeconds": round((self.ended - self.started).total_seconds(), 6),
            "talkingSeconds": round(sum(leg.talk for leg in people), 6),
            "ringingSeconds": round(waited.total_seconds(), 6),
            "recordingIds": list(recordings) or None,
            "legs": [leg.to_json() for leg in legs],
        }
        return {name: value for name, value in record.items() if value is not None}

    def read_facts(self) -> dict[str, Any]:
        """Return the fields that events of live calls have too; what is not known is empty."""
        legs, first = self.legs, self.legs[0]
        direction = next((leg.direction for leg in legs if leg.direction != "unknown"), "unknown")
        answered = [leg for leg in legs if leg.answered and leg.target.is_person]
        rung = list(dict.fromkeys(leg.target.extension for leg in legs if leg.target.extension))
        if direction == "outbound":
            outside = next((leg.target.number for leg in legs if leg.target.kind == OUTSIDE), "")
            extension = first.source.extension
        else:
            outside = first.source.number if direction == "inbound" else ""
            extension = answered[-1].target.extension if answered else rung[0] if len(rung) == 1 else ""
        callers = [leg.source.extension for leg in legs if leg.source.extension]
        return {
            "direction": direction,
            "extension": extension,
            "extensions": list(dict.fromkeys([*callers, *rung])),
            "externalNumber": outside,
            "callerNumber": first.source.number or first.source.dn,
            "callerName": first.source.name,
            "calledNumber": first.target.number or first.target.dn,
            "queue": next((leg.target.dn for leg in legs if leg.target.kind == QUEUE), ""),
            "ringGroup": next((leg.target.dn for leg in legs if leg.target.kind == RING_GROUP), ""),
            "startedAt": format_time(first.started),
            "answeredAt": format_time(_find_answer(answered[0])) if answered else "",
            "endedAt": format_time(self.ended),
        }


def _find_answer(leg: LegRow) -> datetime:
    return leg.started + timedelta(seconds=leg.ring)
