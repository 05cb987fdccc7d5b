"""Remember which calls the journal has begun and not ended, so that another process can end them.

A process that takes a feed over knows no call: those that ended while no process listened would never end for the
receivers. The memory is saved as a checkpoint from time to time; what was journaled since is read again.

3CX may count calls from 1 again after a restart. A call whose ID names an earlier call gets a name of its own in the
IDs of its events, so that they are not taken for repeats.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from ...callcontrol.call_events import format_time
from ..model.event import Event
from .coverage import Coverage
from .twins import MissedCalls, Sighting

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

# No PBX has nearly as many; beyond, the oldest ones are forgotten.
_MOST_CALLS = 20_000
_MOST_ENDED = 2_000
_MOST_SAVED = 200
# A call that comes again within this time after its end is the same one, where its facts do not contradict.
_SAME_CALL = timedelta(minutes=10)
# Facts that distinguish two calls with one ID.
_FACTS = ("direction", "externalNumber", "callerNumber", "did")
_RUNG = 2
_NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass(slots=True)
class OpenCall:
    """A call: its name in the IDs of events, the data of its last event, and the extensions that have rung.

    `logged` is what the call log says of its answer, None as long as it does not have the call.
    """

    name: str
    order_key: str
    data: Mapping[str, Any]
    rung: tuple[str, ...] = ()
    ended_at: datetime | None = None
    logged: dict[str, Any] | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the call as JSON."""
        return {
            "name": self.name,
            "orderKey": self.order_key,
            "data": dict(self.data),
            "rung": list(self.rung),
            **({"endedAt": self.ended_at.isoformat()} if self.ended_at else {}),
            **({"logged": self.logged} if self.logged is not None else {}),
        }

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> OpenCall:
        """Return the call of a document that `to_json` has made."""
        ended_at = document.get("endedAt")
        return cls(
            str(document["name"]),
            str(document["orderKey"]),
            dict(document["data"]),
            tuple(document.get("rung", ())),
            datetime.fromisoformat(ended_at) if ended_at else None,
            document.get("logged"),
        )


@dataclass(slots=True)
class CallMemory:
    """The calls of one feed, those that were missed a short while ago, and when calls were watched.

    `position` is that of the last event that was taken over.
    """

    position: str | None = None
    calls: OrderedDict[int, OpenCall] = field(default_factory=OrderedDict)
    ended: OrderedDict[int, OpenCall] = field(default_factory=OrderedDict)
    missed: MissedCalls = field(default_factory=MissedCalls)
    coverage: Coverage = field(default_factory=Coverage)

    def apply(self, event: Event) -> None:
        """Take an event over that was journaled."""
        self.missed.apply(event)
        call_id = find_call_id(event)
        if call_id is None:
            return
        known = self.calls.get(call_id) or self.ended.get(call_id)
        name = _read_name(event)
        if known is None or known.name != name:
            known = OpenCall(name, event.order_key, event.data)
        known.data = {**known.data, **event.data}
        extension = str(event.data.get("extension", ""))
        if event.type == "call.ringing" and extension not in known.rung:
            known.rung = (*known.rung, extension)[:_RUNG]
        if event.type == "call.ended":
            self.calls.pop(call_id, None)
            known.ended_at = event.time
            self._put(self.ended, call_id, known, _MOST_ENDED)
        elif known.ended_at is None:
            self._put(self.calls, call_id, known, _MOST_CALLS)

    def rename(self, event: Event) -> Event:
        """Return an event of a live call with the name that its call has in the journal."""
        call_id = find_call_id(event)
        if call_id is None:
            return event
        known = self.calls.get(call_id)
        if event.type == "call.started" and known is not None and not _is_same(known, event):
            return self.give_new_name(event)
        known = known or self.ended.get(call_id)
        return event if known is None else _set_name(event, known.name)

    def is_another_call(self, event: Event) -> bool:
        """Return whether a `call.started` that the journal knows already begins another call with the same ID."""
        call_id = find_call_id(event)
        if call_id is None or event.type != "call.started" or call_id in self.calls:
            return False
        known = self.ended.get(call_id)
        if known is None or known.ended_at is None:
            # The memory of ended calls goes back further than that of a call that is still there.
            return True
        if event.data.get("inferred") and event.time - known.ended_at < _SAME_CALL:
            return not _is_same(known, event)
        return True

    def give_new_name(self, event: Event) -> Event:
        """Return a `call.started` under a new name, which the later events of its call get too."""
        call_id = find_call_id(event)
        if call_id is None:
            return event
        stamp = event.time.astimezone(UTC).strftime("%Y%m%dT%H%M%S%f")[:-3]
        renamed = _set_name(event, f"{call_id}@{stamp}")
        self._put(
            self.calls, call_id, OpenCall(_read_name(renamed), renamed.order_key, renamed.data), _MOST_CALLS
        )
        return renamed

    def end_others(self, seen: Iterable[int], now: datetime) -> list[Event]:
        """Return the last events of the open calls that are not among `seen`, as their legs would have made them."""
        known = frozenset(seen)
        return [
            event for call_id, call in self.calls.items() if call_id not in known for event in _end(call, now)
        ]

    def find_open(self, seen: Sighting) -> int | None:
        """Return the ID of the open call that the call log reports."""
        call = self.calls.get(seen.call_id)
        if call is not None and self._is_call(seen, seen.call_id, call):
            return seen.call_id
        if (seen.call_id and self.missed.ids_agree) or self.has_ended(seen):
            return None
        matches = (call_id for call_id, each in self.calls.items() if self._is_call(seen, call_id, each))
        return next(matches, None)

    def has_ended(self, seen: Sighting) -> bool:
        """Return whether the live call with the ID in the call log has ended."""
        call = self.ended.get(seen.call_id)
        return call is not None and self._is_call(seen, seen.call_id, call)

    def _is_call(self, seen: Sighting, call_id: int, call: OpenCall) -> bool:
        began = format_time(seen.began)
        data = {"startedAt": began, **call.data, "source": "live", "call": {"callId": call_id}}
        return self.missed.are_twins(seen, Sighting.read(data, call.ended_at or _NEVER))

    def to_json(self) -> dict[str, Any]:
        """Return the memory as JSON."""
        return {
            "position": self.position,
            "calls": {str(call_id): call.to_json() for call_id, call in self.calls.items()},
            "ended": {
                str(call_id): replace(call, data=_pick_facts(call.data)).to_json()
                for call_id, call in list(self.ended.items())[-_MOST_SAVED:]
            },
            "missed": self.missed.to_json(),
            "idsAgree": self.missed.ids_agree,
            "coverage": self.coverage.to_json(),
        }

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> CallMemory:
        """Return the memory of a document that `to_json` has made."""
        return cls(
            document.get("position"),
            _read_calls(document.get("calls", {})),
            _read_calls(document.get("ended", {})),
            MissedCalls.from_json(
                document.get("missed", ()), ids_agree=bool(document.get("idsAgree", False))
            ),
            Coverage.from_json(document.get("coverage", {})),
        )

    @staticmethod
    def _put(calls: OrderedDict[int, OpenCall], call_id: int, call: OpenCall, most: int) -> None:
        calls[call_id] = call
        calls.move_to_end(call_id)
        while len(calls) > most:
            calls.popitem(last=False)


def _end(call: OpenCall, now: datetime) -> list[Event]:
    data = dict(call.data)
    is_answered = "answeredAt" in data
    is_incoming = data.get("direction") == "inbound" or (
        data.get("direction") != "outbound" and bool(call.rung)
    )
    data |= {"inferred": True, "endedAt": format_time(now)}
    data.pop("transferredFrom", None)
    if not is_answered and call.rung:
        data["extension"] = call.rung[0] if len(call.rung) == 1 else ""
        if not data["extension"]:
            del data["extension"]
    pbx = str(data["call"]["pbx"])
    types = ("call.missed", "call.ended") if is_incoming and not is_answered else ("call.ended",)
    return [
        Event(
            id=f"{pbx}/{call.name}/call/{each.removeprefix('call.')}",
            type=each,
            time=now,
            pbx=pbx,
            order_key=call.order_key,
            data=data,
        )
        for each in types
    ]


def _is_same(call: OpenCall, event: Event) -> bool:
    """Return whether the facts of two calls with one ID do not contradict."""
    return all(
        not (call.data.get(name) and event.data.get(name)) or call.data[name] == event.data[name]
        for name in _FACTS
        if "unknown" not in (call.data.get(name), event.data.get(name))
    )


def _pick_facts(data: Mapping[str, Any]) -> dict[str, Any]:
    return {name: data[name] for name in (*_FACTS, "extension", "startedAt") if name in data}


def find_call_id(event: Event) -> int | None:
    """Return the ID of the call of a live event, None for other events."""
    if event.data.get("source") != "live":
        return None
    call_id = event.data["call"]["callId"]
    return call_id if isinstance(call_id, int) else None


def _read_name(event: Event) -> str:
    """Return the name of the call in the ID of an event: PBX/NAME/leg/transition."""
    return event.id.split("/")[1]


def _set_name(event: Event, name: str) -> Event:
    pbx, old, rest = event.id.split("/", 2)
    if old == name:
        return event
    return replace(event, id=f"{pbx}/{name}/{rest}", order_key=f"call/{name}")


def _read_calls(document: Mapping[str, Any]) -> OrderedDict[int, OpenCall]:
    return OrderedDict((int(call_id), OpenCall.from_json(each)) for call_id, each in document.items())
