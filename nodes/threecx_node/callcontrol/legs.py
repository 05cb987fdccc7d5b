"""Keep the state of all participants that are known, and say what has changed. Nothing here does I/O.

A message of the socket names a participant without its state, so each is a lane of its own:

    (idle) ── upsert ──► waiting ── take_fetch ──► fetching ── finish ──► (idle)
                                                      │  ▲
                                     upsert: again ───┘  └─── and then waiting once more

While a participant is waiting, further upserts of it are the same fetch. While its state is being fetched, an upsert
means another fetch, and a removal is kept until the state is there: what was the last before the end (answered or not)
would else be lost. A snapshot says nothing about a participant that messages or fetches have been about since the
snapshot was requested: what they say may be newer, and it is complete.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from .changes import LegChange

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from .changes import ChangeKind
    from .entities import Participant
    from .snapshot import Snapshot
    from .wire import Key, SocketEvent

# More participants than this with something to fetch are not a PBX. They are forgotten, and a snapshot is due.
MOST_LANES = 20_000
# So many participants that were removed last are not taken from a snapshot again, where the PBX is slow to forget them.
_REMEMBERED = 2_000


class Outcome(Enum):
    """The end of a fetch without a participant: it is gone, may not be read, or is not known now."""

    GONE = "gone"
    FORBIDDEN = "forbidden"
    FAILED = "failed"


@dataclass(slots=True)
class _Lane:
    """A participant whose state is fetched, because of a message at `since`.

    It is fetched once more where there was another message since, at `again`. `is_removed` is set after a message that
    it is gone.
    """

    since: datetime
    again: datetime | None = None
    is_removed: bool = False


class Legs:
    """All participants that are known. `clock` returns the time in UTC.

    `is_snapshot_due` is set where something is missing that only a snapshot can say.
    """

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self.is_snapshot_due = False
        self._has_gap = False
        self._losses = 0
        self._clock = clock
        self._known: dict[Key, Participant] = {}
        self._dn_types: dict[str, str] = {}
        # Participants that wait for a fetch, and when the first message about each came.
        self._waiting: OrderedDict[Key, datetime] = OrderedDict()
        self._fetching: dict[Key, _Lane] = {}
        # The participants of messages and fetches since a snapshot was requested, None where none is under way.
        self._touched: set[Key] | None = None
        self._removed: OrderedDict[Key, None] = OrderedDict()
        # When something was missed that a snapshot must show.
        self._missed_at: datetime | None = None

    @property
    def pending(self) -> int:
        """The number of participants whose state is being fetched or waits for it."""
        return len(self._waiting) + len(self._fetching)

    @property
    def known(self) -> int:
        """The number of participants."""
        return len(self._known)

    def apply(self, event: SocketEvent) -> list[LegChange]:
        """Take a message of the socket; return the changes that it reports by itself."""
        key = event.key
        if event.kind in ("dtmf", "prompt_finished"):
            known = self._known.get(key)
            return [self._change(event.kind, key, known, known, digits=event.digits)]
        if self._touched is not None:
            self._touched.add(key)
        if event.kind == "upsert":
            self._upsert(key)
            return []
        lane = self._fetching.get(key)
        if lane is not None:
            lane.is_removed, lane.again = True, None
            return []
        self._waiting.pop(key, None)
        return self._remove(key)

    def take_fetch(self) -> Key | None:
        """Return the participant that has waited longest for a fetch, None where none waits."""
        if not self._waiting:
            return None
        key, since = self._waiting.popitem(last=False)
        self._fetching[key] = _Lane(since)
        return key

    def finish(self, key: Key, outcome: Participant | Outcome) -> list[LegChange]:
        """Take the end of a fetch, and return what has changed."""
        lane = self._fetching.pop(key)
        if self._touched is not None:
            self._touched.add(key)
        changes: list[LegChange] = []
        if outcome is Outcome.GONE:
            # Where no message has said so, it may be a mistake.
            changes += self._remove(key, inferred=not lane.is_removed)
            self._remember_removed(key)
        elif outcome is Outcome.FAILED:
            self._miss(lane.since)
        elif not isinstance(outcome, Outcome):
            changes += self._update(key, outcome)
        if lane.is_removed:
            changes += self._remove(key)
        if lane.again is not None:
            self._waiting[key] = lane.again
        return changes

    def begin_snapshot(self, *, after_loss: bool = False) -> None:
        """Take note that a snapshot is requested now; `after_loss` says that messages may be lost before it."""
        after_loss = after_loss or self._has_gap
        self.is_snapshot_due = self._has_gap = False
        self._touched = {*self._waiting, *self._fetching}
        if after_loss:
            # The PBX may have restarted, and may use the IDs again.
            self._losses += 1
            self._removed.clear()
            # Their state may be from before the loss, and a message about a change since may be lost.
            now = self._clock()
            for lane in self._fetching.values():
                lane.again = None if lane.is_removed else lane.again or now

    def cancel_snapshot(self) -> None:
        """Take note that no snapshot came."""
        self._touched = None
        self.is_snapshot_due = self.is_snapshot_due or self._missed_at is not None

    def end_snapshot(self, snapshot: Snapshot) -> list[LegChange]:
        """Compare a snapshot with what is known, and return what has changed meanwhile."""
        touched, self._touched = self._touched or set(), None
        self._dn_types = snapshot.dn_types
        changes: list[LegChange] = []
        for key in [each for each in self._known if not snapshot.may_have(each) and each not in touched]:
            changes += self._remove(key, inferred=True)
        for key, participant in snapshot.participants.items():
            if key not in touched and key not in self._removed:
                changes += self._update(key, participant, inferred=True)
        self._removed.clear()
        if not self.is_snapshot_due:
            self._missed_at = None
        return changes

    def note_gap(self) -> None:
        """Take note that a message is missing."""
        self._has_gap = True
        self._miss(self._clock())

    def get_settled_until(self) -> datetime:
        """Return the time of the first message whose changes are not known yet, the time now where there is none."""
        open_since = [*self._waiting.values(), *(lane.since for lane in self._fetching.values())]
        if self._missed_at is not None:
            open_since.append(self._missed_at)
        return min(open_since, default=self._clock())

    def _upsert(self, key: Key) -> None:
        now = self._clock()
        lane = self._fetching.get(key)
        if lane is not None:
            lane.again = lane.again or now
        elif len(self._waiting) < MOST_LANES:
            self._waiting.setdefault(key, now)
        else:
            since = min(self._waiting.values())
            self._waiting.clear()
            self._miss(since)

    def _miss(self, since: datetime) -> None:
        self.is_snapshot_due = True
        self._missed_at = min(since, self._missed_at or since)

    def _update(self, key: Key, participant: Participant, *, inferred: bool = False) -> list[LegChange]:
        previous = self._known.get(key)
        if previous == participant:
            return []
        self._known[key] = participant
        if not inferred:
            self._removed.pop(key, None)
        return [self._change("updated", key, participant, previous, inferred=inferred)]

    def _remove(self, key: Key, *, inferred: bool = False) -> list[LegChange]:
        if not inferred:
            self._remember_removed(key)
        known = self._known.pop(key, None)
        return [] if known is None else [self._change("removed", key, known, known, inferred=inferred)]

    def _remember_removed(self, key: Key) -> None:
        self._removed[key] = None
        if len(self._removed) > _REMEMBERED:
            self._removed.popitem(last=False)

    def _change(
        self,
        kind: ChangeKind,
        key: Key,
        participant: Participant | None,
        previous: Participant | None,
        *,
        inferred: bool = False,
        digits: str = "",
    ) -> LegChange:
        return LegChange(
            kind=kind,
            dn=key[0],
            participant_id=key[1],
            participant=participant,
            previous=previous,
            at=self._clock(),
            inferred=inferred,
            digits=digits,
            dn_type=self._dn_types.get(key[0], ""),
            losses=self._losses,
        )
