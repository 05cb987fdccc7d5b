"""Build changes of legs, and play them to a tracker of calls."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from threecx_node.callcontrol.call_events import CallEvent
from threecx_node.callcontrol.calls import CallTracker
from threecx_node.callcontrol.changes import LegChange
from threecx_node.callcontrol.entities import Participant

PBX = "pbx.example.com:5001"
START = datetime(2026, 3, 1, 8, tzinfo=UTC)
OUTSIDE = "+49301234567"
TRUNK: dict[str, Any] = {"party_dn": "10000", "party_dn_type": "Wexternalline", "party_caller_id": OUTSIDE}
TYPES = {"800": "Wqueue", "801": "Wringgroup", "802": "Wivr", "900": "Wroutepoint", "10000": "Wexternalline"}


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def leg(dn: str, number: int, status: str, call_id: int = 1, **fields: Any) -> Participant:
    return Participant(id=number, dn=dn, status=status, call_id=call_id, **fields)


def internal(dn: str) -> dict[str, Any]:
    """The fields of a leg whose other side is an extension."""
    return {"party_dn": dn, "party_dn_type": "Wextension", "party_caller_id": dn}


def update(
    participant: Participant, seconds: float = 0, *, inferred: bool = False, losses: int = 0
) -> LegChange:
    return LegChange(
        kind="updated",
        dn=participant.dn,
        participant_id=participant.id,
        participant=participant,
        previous=None,
        at=at(seconds),
        inferred=inferred,
        dn_type=TYPES.get(participant.dn, "Wextension"),
        losses=losses,
    )


def remove(dn: str, number: int, seconds: float = 0, *, inferred: bool = False, losses: int = 0) -> LegChange:
    return LegChange(
        kind="removed",
        dn=dn,
        participant_id=number,
        participant=None,
        previous=None,
        at=at(seconds),
        inferred=inferred,
        losses=losses,
    )


class Listener:
    """A tracker with the events that it has reported."""

    def __init__(self, *, grace: float = 2.0) -> None:
        self.tracker = CallTracker(PBX, grace=grace)
        self.events: list[CallEvent] = []

    def play(self, *changes: LegChange) -> Sequence[str]:
        """Feed changes, and return the types of the events that followed, with the extension."""
        return self._note([event for change in changes for event in self.tracker.feed(change)])

    def wait(self, seconds: float) -> Sequence[str]:
        """Let the time be `seconds` after the start, and return the types of the events that followed."""
        return self._note(self.tracker.advance(at(seconds)))

    def _note(self, events: list[CallEvent]) -> Sequence[str]:
        self.events += events
        return [f"{event.type.removeprefix('call.')} {event.extension}".strip() for event in events]
