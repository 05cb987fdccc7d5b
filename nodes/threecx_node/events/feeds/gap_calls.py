"""Complete the events of live calls from the call log: missed calls that were not watched, and how others ended.

The end of a call that was there before a gap and not after it is concluded: whether it was answered meanwhile only the
call log knows. Such an end waits a while until the call log has the call.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from .call_memory import find_call_id
from .twins import Sighting

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

    from ..model.event import Event
    from .call_memory import CallMemory, OpenCall

MISSED, LOGGED = "call.missed", "call.logged"
_ANSWERED, _ENDED = "call.answered", "call.ended"
# For so long the call log is waited for; it usually has a call 5 to 10 seconds after its end.
_PATIENCE = timedelta(seconds=30)
# A call without any live event is reported outside of gaps if it ended so long ago at most: a call can be so short that
# its legs are over before they are read. Older ones may have been forgotten.
_RECENT = timedelta(minutes=10)
# The fields of the call log that an answer adds to a live event.
_FACTS_OF_ANSWER = ("answeredAt", "extension")


@dataclass(slots=True)
class _Waiting:
    since: datetime
    events: list[Event]

    @property
    def is_ended(self) -> bool:
        return self.events[-1].type == _ENDED


@dataclass(slots=True)
class GapCalls:
    """Decides which events of live calls wait, and which events of records are journaled.

    `on_hold` is called when an event begins to wait: the call log is needed soon. `can_ask` says that the call log is
    read. `monitored` are the numbers whose live calls the client sees, None where that is not known or the client sees
    none.
    """

    on_hold: Callable[[], None] = lambda: None
    can_ask: bool = False
    monitored: frozenset[str] | None = None
    _waiting: dict[int, _Waiting] = field(default_factory=dict)

    @property
    def is_waiting(self) -> bool:
        """Return whether an event waits for the call log."""
        return bool(self._waiting)

    def take_live(self, event: Event, memory: CallMemory, now: datetime) -> list[Event]:
        """Return the events to journal for one of a live call: none as long as it waits."""
        call_id = find_call_id(event)
        if call_id is None:
            return [event]
        waiting = self._waiting.get(call_id)
        if waiting is not None:
            if event.type == _ENDED and not waiting.is_ended:
                waiting.events.append(event)
                return []
            if event.type in (MISSED, _ENDED):
                # Another look has concluded the same.
                return []
            del self._waiting[call_id]
            return [*waiting.events, event]
        call = memory.calls.get(call_id)
        if event.type != MISSED or not event.data.get("inferred") or call is None:
            return [event]
        if call.logged is not None:
            return [_correct(event, call.logged)]
        if not self.can_ask:
            return [event]
        self._waiting[call_id] = _Waiting(now, [event])
        self.on_hold()
        return []

    def release(self, now: datetime) -> list[Event]:
        """Return the events that have waited long enough, although the call log does not have their calls."""
        found = [
            call_id
            for call_id, each in self._waiting.items()
            if each.is_ended and (not self.can_ask or abs(now - each.since) >= _PATIENCE)
        ]
        return [event for call_id in found for event in self._waiting.pop(call_id).events]

    def settle(self, events: Iterable[Event], memory: CallMemory) -> tuple[list[Event], bool]:
        """Take over what the call log says of open calls.

        Returns the events that have waited for it, and whether the memory was changed.
        """
        released: list[Event] = []
        is_changed = False
        for event in events:
            if event.type != LOGGED:
                continue
            seen = Sighting.of(event)
            call_id = memory.find_open(seen)
            if seen.call_id and not memory.missed.ids_agree:
                is_changed = call_id == seen.call_id or memory.has_ended(seen)
                memory.missed.ids_agree = is_changed
            if call_id is None:
                continue
            is_changed = True
            call = memory.calls[call_id]
            call.logged = _read_answer(event)
            if (waiting := self._waiting.pop(call_id, None)) is not None:
                released += [_correct(each, call.logged) for each in waiting.events]
        return released, is_changed

    def choose(
        self, events: Iterable[Event], memory: CallMemory, now: datetime, wanted: Collection[str] | None
    ) -> list[Event]:
        """Return the events of records that are to be journaled: those of missed calls only where live calls lack."""
        found: list[Event] = []
        for event in events:
            if wanted is not None and event.type not in wanted:
                continue
            if event.type != MISSED:
                found.append(event)
            elif (chosen := self._choose_missed(event, memory, now)) is not None:
                found.append(chosen)
        return found

    def _choose_missed(self, event: Event, memory: CallMemory, now: datetime) -> Event | None:
        seen = Sighting.of(event)
        if memory.missed.has_twin(event):
            return None
        open_id = memory.find_open(seen)
        if open_id is not None:
            # Its live events go on, unless no call can be watched now.
            call: OpenCall = memory.calls[open_id]
            return None if memory.coverage.is_live else replace(event, order_key=call.order_key)
        if memory.has_ended(seen):
            return None
        ahead = memory.missed.ahead
        if memory.coverage.has_gap(seen.began - ahead, seen.ended - ahead):
            return event if self._may_be_monitored(event) else None
        is_recent = abs(now + ahead - seen.ended) <= _RECENT
        is_unseen = memory.missed.ids_agree and seen.call_id > 0 and is_recent
        return event if is_unseen and self._is_monitored(event) else None

    def _is_monitored(self, event: Event) -> bool:
        """Return whether live calls show a call."""
        data = event.data
        numbers = (*data.get("extensions", ()), data.get("queue", ""), data.get("ringGroup", ""))
        return self.monitored is None or not self.monitored.isdisjoint(numbers)

    def _may_be_monitored(self, event: Event) -> bool:
        """Return whether live calls may show a call; the agents of a queue are not in the call log."""
        data = event.data
        is_shared = data.get("queue") or data.get("ringGroup")
        return not data.get("extensions") or bool(is_shared) or self._is_monitored(event)


def _read_answer(event: Event) -> dict[str, Any]:
    """Return what the call log says of the answer of a call, empty where there was none."""
    if not event.data["callLog"]["answered"]:
        return {}
    return {name: event.data[name] for name in _FACTS_OF_ANSWER if event.data.get(name)}


def _correct(event: Event, answer: dict[str, Any]) -> Event:
    """Return a concluded event as the call log has it: a call that was answered was not missed."""
    if not answer:
        return event
    data = {**event.data, **answer}
    if event.type != MISSED:
        return replace(event, data=data)
    del data["endedAt"]
    place = event.id.removesuffix(MISSED.partition(".")[2])
    return replace(event, id=f"{place}{_ANSWERED.partition('.')[2]}", type=_ANSWERED, data=data)
