"""Remember when live calls were watched: a call in a gap has no events unless the records of the PBX give them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

# A lost connection is noticed late, and the last time that was saved may be as old as this.
_SLACK = timedelta(seconds=60)
_SAVE_AFTER = timedelta(seconds=30)
# No look at the connection for so long: the machine slept.
_LONGEST_LOOK = timedelta(seconds=20)
# Beyond, the earliest ones are joined. A gap that is too long does no harm: calls that were seen are known.
_MOST_GAPS = 100


@dataclass(slots=True)
class Coverage:
    """The gaps between the times at which live calls were watched, by the clock of this machine.

    `until` is the last of these times, None where there was none.
    """

    until: datetime | None = None
    gaps: list[tuple[datetime | None, datetime]] = field(default_factory=list)
    is_live: bool = False
    _saved: datetime | None = None

    def cover(self, now: datetime) -> None:
        """Note that calls are watched."""
        slept = self.until is not None and now - self.until > _LONGEST_LOOK
        if not self.is_live or slept:
            self.gaps.append((self.until, now))
            if len(self.gaps) > _MOST_GAPS:
                self.gaps[:2] = [(self.gaps[0][0], self.gaps[1][1])]
            self._saved = None
        self.is_live, self.until = True, now

    def lose(self) -> None:
        """Note that calls are not watched since the last `cover`."""
        self.is_live = False

    def has_gap(self, began: datetime, ended: datetime) -> bool:
        """Return whether a call may have begun and ended while no call was watched."""
        if not self.is_live and (self.until is None or self.until - _SLACK <= began):
            return True
        return any(
            (start is None or start - _SLACK <= began) and ended <= end + _SLACK for start, end in self.gaps
        )

    @property
    def is_due(self) -> bool:
        """Return whether it is to be saved: a time that is older than the slack would hide calls."""
        if self.until is None:
            return False
        return self._saved is None or abs(self.until - self._saved) >= _SAVE_AFTER

    def note_saved(self, until: datetime | None) -> None:
        """Note that the state was saved that it had then."""
        self._saved = until

    def to_json(self) -> dict[str, Any]:
        """Return the gaps as JSON."""
        return {
            "until": self.until.isoformat() if self.until else None,
            "gaps": [
                [start.isoformat() if start is not None else None, end.isoformat()]
                for start, end in self.gaps
            ],
        }

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Coverage:
        """Return the gaps of a document that `to_json` has made; nothing is watched yet."""
        until = document.get("until")
        gaps = [(_read(start), datetime.fromisoformat(end)) for start, end in document.get("gaps", ())]
        return cls(_read(until), gaps)


def _read(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
