"""Recognise a call that both sources report: live calls, and the call log.

Where the IDs of the call log are those of live calls, they decide. It is not documented that they are, so that this is
learned from calls; until then, and on releases whose call log has no such IDs, the parties and the times decide.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ..model.event import Event

_MOST = 500
# The times of live calls are those of this machine, at which a change was noticed, and the others are the PBX's.
_SLACK = timedelta(seconds=15)
# With the same ID, more may be wrong with the times; a PBX that was restarted counts from 1 again.
_SLACK_OF_ID = timedelta(minutes=10)
# National and international forms of a number end in the same digits.
_DIGITS = 8
_TYPE = "call.missed"
_RECORDS = "records"


@dataclass(frozen=True, slots=True)
class Sighting:
    """A call as one source saw it: its ID (0: not known), the digits of its outer party, its extension, its times."""

    source: str
    call_id: int
    party: str
    extension: str
    began: datetime
    ended: datetime

    @classmethod
    def of(cls, event: Event) -> Sighting:
        """Return the call of an event."""
        return cls.read(event.data, event.time)

    @classmethod
    def read(cls, data: Mapping[str, Any], time: datetime) -> Sighting:
        """Return the call of the data of an event, which ended at `time` if the data do not say when."""
        ended = _read_time(data.get("endedAt")) or time
        number = str(data.get("externalNumber") or data.get("callerNumber") or "")
        handle = data.get("callLog") or data.get("call") or {}
        call_id = handle.get("callId")
        return cls(
            str(data.get("source", "")),
            call_id if isinstance(call_id, int) else 0,
            "".join(each for each in number if each.isdigit())[-_DIGITS:],
            str(data.get("extension", "")),
            min(_read_time(data.get("startedAt")) or ended, ended),
            ended,
        )

    def is_twin_of(self, other: Sighting, *, ids_agree: bool, ahead: timedelta) -> bool:
        """Return whether another source saw the same call. `ahead` is how far the clock of the PBX is ahead."""
        if self.source == other.source:
            return False
        if self.call_id and self.call_id == other.call_id:
            is_other = self.party and other.party and self.party != other.party
            return not is_other and self._overlaps(other, ahead, _SLACK_OF_ID)
        if self.call_id and other.call_id and ids_agree:
            return False
        if self.party != other.party or (not self.party and self.extension != other.extension):
            return False
        return self._overlaps(other, ahead, _SLACK)

    def _overlaps(self, other: Sighting, ahead: timedelta, slack: timedelta) -> bool:
        mine, others = self._shift(ahead), other._shift(ahead)
        return mine[0] - slack <= others[1] and others[0] - slack <= mine[1]

    def _shift(self, ahead: timedelta) -> tuple[datetime, datetime]:
        """Return the times by the clock of this machine."""
        by = ahead if self.source == _RECORDS else timedelta()
        return self.began - by, self.ended - by


@dataclass(slots=True)
class MissedCalls:
    """The missed calls that were journaled last.

    `ids_agree` says that the call log has the IDs of live calls. `ahead` is how far the clock of the PBX is ahead of
    that of this machine.
    """

    ids_agree: bool = False
    ahead: timedelta = timedelta()
    _calls: deque[Sighting] = field(default_factory=lambda: deque(maxlen=_MOST))

    def apply(self, event: Event) -> None:
        """Take note of an event that was journaled."""
        if event.type == _TYPE:
            self._calls.append(Sighting.of(event))

    def has_twin(self, event: Event) -> bool:
        """Return whether an event is a missed call that the other source has reported."""
        if event.type != _TYPE:
            return False
        missed = Sighting.of(event)
        return any(self.are_twins(missed, each) for each in self._calls)

    def are_twins(self, one: Sighting, other: Sighting) -> bool:
        """Return whether two sources saw one call."""
        return one.is_twin_of(other, ids_agree=self.ids_agree, ahead=self.ahead)

    def to_json(self) -> list[list[Any]]:
        """Return the calls as JSON."""
        return [
            [
                *(each.source, each.party, each.extension, each.began.isoformat(), each.ended.isoformat()),
                each.call_id,
            ]
            for each in self._calls
        ]

    @classmethod
    def from_json(cls, document: Iterable[Any], *, ids_agree: bool = False) -> MissedCalls:
        """Return the calls of a document that `to_json` has made."""
        found = cls(ids_agree)
        for source, party, extension, began, ended, *rest in document:
            times = datetime.fromisoformat(began), datetime.fromisoformat(ended)
            found._calls.append(Sighting(source, rest[0] if rest else 0, party, extension, *times))
        return found


def _read_time(text: object) -> datetime | None:
    return datetime.fromisoformat(text) if isinstance(text, str) and text else None
