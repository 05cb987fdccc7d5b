"""Recognise a missed call that both sources report: live calls, and the call log.

Live calls are used where they can be had, else the call log. Where one takes the other's place, both may report one
call. Their IDs have nothing in common, so the call is recognised by its parties and its time.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..model.event import Event

_MOST = 200
# The times of live calls are those of this machine, at which a change was noticed, and the others are the PBX's.
_SLACK = timedelta(seconds=15)
# National and international forms of a number end in the same digits.
_DIGITS = 8
_TYPE = "call.missed"


@dataclass(frozen=True, slots=True)
class _Missed:
    source: str
    party: str
    extension: str
    began: datetime
    ended: datetime

    @classmethod
    def of(cls, event: Event) -> _Missed:
        data = event.data
        ended = _read_time(data.get("endedAt")) or event.time
        number = str(data.get("externalNumber") or data.get("callerNumber") or "")
        return cls(
            str(data.get("source", "")),
            "".join(each for each in number if each.isdigit())[-_DIGITS:],
            str(data.get("extension", "")),
            min(_read_time(data.get("startedAt")) or ended, ended),
            ended,
        )

    def is_twin_of(self, other: _Missed) -> bool:
        if self.source == other.source or self.party != other.party:
            return False
        if not self.party and self.extension != other.extension:
            return False
        return self.began - _SLACK <= other.ended and other.began - _SLACK <= self.ended


@dataclass(slots=True)
class MissedCalls:
    """The missed calls that were journaled last."""

    _calls: deque[_Missed] = field(default_factory=lambda: deque(maxlen=_MOST))

    def apply(self, event: Event) -> None:
        """Take note of an event that was journaled."""
        if event.type == _TYPE:
            self._calls.append(_Missed.of(event))

    def has_twin(self, event: Event) -> bool:
        """Return whether an event is a missed call that the other source has reported."""
        if event.type != _TYPE:
            return False
        missed = _Missed.of(event)
        return any(missed.is_twin_of(each) for each in self._calls)

    def to_json(self) -> list[list[str]]:
        """Return the calls as JSON."""
        return [
            [each.source, each.party, each.extension, each.began.isoformat(), each.ended.isoformat()]
            for each in self._calls
        ]

    @classmethod
    def from_json(cls, document: Iterable[Any]) -> MissedCalls:
        """Return the calls of a document that `to_json` has made."""
        found = cls()
        found._calls.extend(
            _Missed(source, party, extension, datetime.fromisoformat(began), datetime.fromisoformat(ended))
            for source, party, extension, began, ended in document
        )
        return found


def _read_time(text: object) -> datetime | None:
    return datetime.fromisoformat(text) if isinstance(text, str) and text else None
