"""The calls and legs that exist, and what listeners hear of them: the state that routing and actions change."""

from __future__ import annotations

import logging
from collections import deque
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from .models import EXTENSION, EXTERNAL, UNKNOWN, Call, Change, Leg, Party, Segment

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .clock import Clock
    from .devices import DeviceRegistry
    from .directory import Directory
    from .models import ChangeKind, Direction, Offer, Status

# The ended calls that are remembered.
MAX_FINISHED = 5000
# Participants get other numbers than calls, so that a program which takes one for the other is noticed.
_FIRST_LEG = 1000
# More than a call has on average, for IDs that go on after a restart.
_LEGS_PER_CALL = 20
_log = logging.getLogger(__name__)


class Board:
    """All calls of a PBX. Every method expects the lock of the engine to be taken."""

    def __init__(self, directory: Directory, devices: DeviceRegistry, clock: Clock) -> None:
        self.directory = directory
        self.devices = devices
        self.clock = clock
        self.calls: dict[int, Call] = {}
        self.finished: deque[Call] = deque(maxlen=MAX_FINISHED)
        # Extensions that refuse calls, as a phone does on which "do not disturb" is set.
        self.refusing: set[str] = set()
        self._legs: dict[str, dict[int, Leg]] = {}
        self._last_call = 0
        self._last_leg = _FIRST_LEG
        self._listeners: list[Callable[[Change], None]] = []
        self._changes: deque[Change] = deque()
        self._is_sending = False

    def skip_ids(self, last_call: int) -> None:
        """Let the IDs of calls and participants go on after those of an earlier run of the same PBX."""
        self._last_call = max(self._last_call, last_call)
        self._last_leg = max(self._last_leg, _FIRST_LEG + last_call * _LEGS_PER_CALL)

    def add_listener(self, callback: Callable[[Change], None]) -> Callable[[], None]:
        """Call `callback` with each change from now on; return the function that ends this."""
        self._listeners.append(callback)

        def remove() -> None:
            if callback in self._listeners:
                self._listeners.remove(callback)

        return remove

    def list_legs(self, dn: str) -> list[Leg]:
        """Return the legs of a DN, oldest first."""
        return list(self._legs.get(dn, {}).values())

    def list_dns(self) -> list[str]:
        """Return the DNs that have a leg now."""
        return list(self._legs)

    def find_leg(self, dn: str, leg_id: int) -> Leg | None:
        """Return a leg of a DN, None if it is gone."""
        return self._legs.get(dn, {}).get(leg_id)

    def find_leg_anywhere(self, leg_id: int) -> Leg | None:
        """Return a leg of any DN."""
        return next((legs[leg_id] for legs in self._legs.values() if leg_id in legs), None)

    def is_free(self, dn: str) -> bool:
        """Return whether a member of a group rings for its calls: registered, in no other call, not refusing."""
        in_other_call = bool(self._legs.get(dn)) and self.is_busy(dn)
        return bool(self.devices.list_devices(dn)) and dn not in self.refusing and not in_other_call

    def is_busy(self, dn: str) -> bool:
        """Return whether a DN refuses calls, or is in a call and takes no second one."""
        if dn in self.refusing:
            return True
        entry = self.directory.find(dn)
        if entry is not None and entry.accepts_more_calls:
            return False
        return any(leg.status != "Ringing" for leg in self._legs.get(dn, {}).values())

    def create_call(
        self,
        direction: Direction,
        caller: Party,
        dialled: str,
        *,
        did: str = "",
        external_number: str = "",
        attached_data: Mapping[str, Any] | None = None,
    ) -> Call:
        """Create a call without legs."""
        self._last_call += 1
        now = self.clock.now()
        call = Call(
            self._last_call,
            direction,
            caller,
            dialled,
            now,
            did=did,
            external_number=external_number,
            attached_data=dict(attached_data or {}),
            status_since=now,
        )
        self.calls[call.id] = call
        return call

    def add_leg(
        self,
        call: Call,
        own: Party,
        status: Status,
        *,
        party: Party = UNKNOWN,
        device_id: str = "",
        direct_control: bool = False,
        offer: Offer | None = None,
        segment: Segment | None = None,
    ) -> Leg:
        """Add a leg to a call; it belongs to an offer and its segment unless it is the caller's."""
        self._last_leg += 1
        call.last_leg_id += 1
        leg = Leg(
            self._last_leg,
            call.last_leg_id,
            call,
            own,
            status,
            party=party,
            device_id=device_id,
            direct_control=direct_control,
            offer=offer,
            segment=segment,
            originated_by=call.caller,
        )
        if offer is not None:
            offer.legs.append(leg)
            leg.referred_by, leg.on_behalf_of = offer.referred_by, offer.on_behalf_of
        if segment is not None:
            segment.open_legs += 1
            if status == "Connected":
                segment.answered = segment.started
        call.legs[leg.id] = leg
        self._legs.setdefault(own.dn, {})[leg.id] = leg
        self.report("upsert", leg.dn, leg.id, leg)
        return leg

    def change_leg(self, leg: Leg, *, status: Status | None = None, party: Party | None = None) -> None:
        """Change a leg; nothing is reported if it is the same afterwards."""
        changed = False
        if status is not None and status != leg.status:
            leg.status, changed = status, True
            leg.call.status_since = self.clock.now()
            if status == "Connected":
                self._note_answer(leg)
        if party is not None and party != leg.party:
            leg.party, changed = party, True
        if changed:
            self.touch(leg)

    def touch(self, leg: Leg) -> None:
        """Report a leg again, as a PBX repeats upserts."""
        if not leg.removed:
            self.report("upsert", leg.dn, leg.id, leg)

    def remove_leg(self, leg: Leg, reason: str) -> None:
        """Remove a leg; do nothing if it is removed already. The call ends with its last leg by `end_call`."""
        if leg.removed:
            return
        leg.removed = True
        call, legs = leg.call, self._legs[leg.dn]
        del call.legs[leg.id], legs[leg.id]
        if not legs:
            del self._legs[leg.dn]
        if leg.service is not None:
            leg.service.close()
        if (segment := leg.segment) is not None:
            segment.open_legs -= 1
            if segment.open_legs == 0:
                self._end_segment(segment, reason)
        self.report("remove", leg.dn, leg.id, leg)

    def begin_segment(self, offer: Offer, destination: Party) -> Segment:
        """Start the segment of a DN that an offer rings."""
        call = offer.call
        other = call.sides[1 - offer.side]
        source = other.own if other is not None else call.caller
        segment = Segment(source, destination, self.clock.now(), via=offer.via)
        call.segments.append(segment)
        return segment

    def note_failure(self, offer: Offer, destination: Party, reason: str) -> None:
        """Record a destination that could not even ring."""
        self._end_segment(self.begin_segment(offer, destination), reason)

    def end_call(self, call: Call, reason: str) -> None:
        """End a call: remove what is left of it, and report the end; do nothing if it has ended."""
        if call.ended is not None:
            return
        call.ended, call.reason = self.clock.now(), reason
        call.status_since = call.ended
        for offer in call.offers:
            if offer.timer is not None:
                offer.timer.cancel()
        for handover in call.handovers:
            handover.cancel()
        call.offers.clear()
        for leg in list(call.legs.values()):
            self.remove_leg(leg, reason)
        call.sides[:] = [None, None]
        del self.calls[call.id]
        self.finished.append(call)
        self.report("call_ended", "", 0, call)

    def report(self, kind: ChangeKind, dn: str, participant_id: int, data: Any = None) -> None:
        """Report a change to the listeners; what a listener changes is reported after it."""
        if not self._listeners:
            return
        self._changes.append(Change(kind, dn, participant_id, data))
        if self._is_sending:
            return
        self._is_sending = True
        try:
            while self._changes:
                change = self._changes.popleft()
                for listener in tuple(self._listeners):
                    _notify(listener, change)
        finally:
            self._is_sending = False

    def describe_external(self, trunk: Party, number: str, did: str = "") -> Party:
        """Return an external party: its trunk, with the number and the name of the phone book."""
        name = self.directory.find_name(number)
        return replace(trunk, number=number, name=name, did=did)

    def _note_answer(self, leg: Leg) -> None:
        now = self.clock.now()
        if leg.segment is not None and leg.segment.answered is None:
            leg.segment.answered = now
        # Menus and queues do not answer a call; people do.
        if leg.call.answered is None and leg.segment is not None and leg.dn_type in (EXTENSION, EXTERNAL):
            leg.call.answered = now

    def _end_segment(self, segment: Segment, reason: str) -> None:
        segment.ended, segment.reason = self.clock.now(), reason


def _notify(listener: Callable[[Change], None], change: Change) -> None:
    """Call a listener; an error in it must not leave a call half changed."""
    try:
        listener(change)
    except Exception:  # noqa: BLE001 - whatever it is, the call goes on
        _log.exception("a listener failed on the change %s of %s", change.kind, change.dn or "a call")
