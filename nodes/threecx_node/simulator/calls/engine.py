"""The engine of the calls: what programs, phones and people do, and listeners to all that happens."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from .actions import perform
from .board import Board
from .clock import Clock
from .devices import DeviceRegistry
from .models import (
    BUSY,
    HUNG_UP,
    NO_TYPE,
    NOT_REGISTERED,
    CallError,
    Outcome,
    Party,
)
from .routing import Router

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .directory import Directory, DnEntry
    from .models import Call, Change, Device, Leg


class CallEngine:
    """The calls of one PBX; safe for threads. `lock` is that of the PBX's store."""

    def __init__(self, directory: Directory, *, lock: Any = None, clock: Clock | None = None) -> None:
        self.lock = threading.RLock() if lock is None else lock
        self.clock = Clock() if clock is None else clock
        self.clock.lock = self.lock
        self._directory = directory
        self._devices = DeviceRegistry(directory)
        self._board = Board(directory, self._devices, self.clock)
        self._router = Router(self._board)

    def calls(self) -> list[Call]:
        """Return the calls that have not ended, oldest first."""
        with self.lock:
            return list(self._board.calls.values())

    def list_finished(self) -> list[Call]:
        """Return the latest ended calls, in the order in which they ended."""
        with self.lock:
            return list(self._board.finished)

    def call(self, call_id: int) -> Call | None:
        """Return a call that has not ended, None if there is none of this ID."""
        with self.lock:
            return self._board.calls.get(call_id)

    def participants(self, dn: str) -> list[Leg]:
        """Return the participants of a DN, oldest first."""
        with self.lock:
            return self._board.list_legs(dn)

    def participant(self, dn: str, participant_id: int) -> Leg | None:
        """Return a participant of a DN, None if it is gone."""
        with self.lock:
            return self._board.find_leg(dn, participant_id)

    def dn_type(self, dn: str) -> str:
        """Return the type of a DN as the Call Control API writes it, "None" for an unknown one."""
        with self.lock:
            entry = self._directory.find(dn)
            return entry.type if entry is not None else NO_TYPE

    def devices(self, dn: str) -> list[Device]:
        """Return the registered devices of a DN."""
        with self.lock:
            return list(self._devices.list_devices(dn))

    def register(self, dn: str, user_agent: str = "3CX Softphone") -> Device:
        """Register one more device of a DN; raise CallError (404) for an unknown DN."""
        with self.lock:
            return self._devices.register(dn, user_agent)

    def reregister(self, device_id: str) -> Device:
        """Let a device register again, with a new ID; raise CallError (404) for an unknown device."""
        with self.lock:
            return self._devices.reregister(device_id)

    def unregister(self, device_id: str) -> None:
        """Remove a device; raise CallError (404) for an unknown one."""
        with self.lock:
            self._devices.unregister(device_id)

    def add_listener(self, callback: Callable[[Change], None]) -> Callable[[], None]:
        """Call `callback` with every change, in order and under the lock; return the function that ends this."""
        with self.lock:
            return self._board.add_listener(callback)

    def make_call(
        self,
        dn: str,
        destination: str,
        *,
        device_id: str | None = None,
        timeout: float | None = None,
        attached_data: Mapping[str, Any] | None = None,
    ) -> Outcome:
        """Call a destination from a DN; `timeout` limits the seconds of ringing.

        A destination that is busy or not registered is an outcome; raises CallError for an unknown DN or device
        (404), and for a device that is gone or an unknown destination (424).
        """
        with self.lock:
            entry = self._require_dn(dn)
            devices = self._devices.list_devices(dn)
            device = self._devices.find(dn, device_id) if device_id else devices[0] if devices else None
            self._router.check_destination(destination)
            if device is None:
                return Outcome("failed", NOT_REGISTERED, f"{dn} has no registered device.")
            is_internal = self._directory.find(destination) is not None
            call = self._board.create_call(
                "internal" if is_internal else "outbound",
                entry.party,
                destination,
                attached_data=attached_data,
            )
            leg = self._board.add_leg(
                call,
                entry.party,
                "Dialing",
                party=self._describe(destination),
                device_id=device.device_id,
                direct_control=device.direct_control,
            )
            leg.originated_by = entry.party
            call.sides[0] = leg
            self._route(call, destination, timeout)
            if call.ended is None:
                return Outcome("success", leg=leg)
            status: Any = "rejected" if call.reason == BUSY else "failed"
            return Outcome(status, call.reason, f"{destination} was not reached: {call.reason}.", leg)

    def act(
        self,
        dn: str,
        participant_id: int,
        action: str,
        *,
        reason: str = "",
        destination: str = "",
        timeout: float | None = None,
        attached_data: Mapping[str, Any] | None = None,
        own_dn: str | None = None,
    ) -> Outcome:
        """Perform an action on a participant; `own_dn` is the route point of the program that asks.

        Raises CallError: 403 for the participant of another DN, 404 for one that is gone, 422 in a wrong state, 424
        for a destination that does not exist.
        """
        with self.lock:
            leg = self._board.find_leg(dn, participant_id)
            if leg is None:
                self._require_dn(dn)
                if self._board.find_leg_anywhere(participant_id) is not None:
                    raise CallError(403, f"The participant {participant_id} does not belong to {dn}.")
                raise CallError(404, f"{dn} has no participant {participant_id}; it is gone.")
            return perform(
                self._router,
                leg,
                action,
                reason=reason,
                destination=destination,
                timeout=timeout,
                attached_data=attached_data,
                own_dn=own_dn,
            )

    def end(self, call_id: int, reason: str = HUNG_UP) -> bool:
        """End a whole call; return whether it existed."""
        with self.lock:
            call = self._board.calls.get(call_id)
            if call is None:
                return False
            self._board.end_call(call, reason)
            return True

    def clear(self) -> None:
        """End all calls, and read the devices again."""
        with self.lock:
            for call in list(self._board.calls.values()):
                self._board.end_call(call, HUNG_UP)
            self.clock.clear()
            self._devices.clear()
            self._board.refusing.clear()

    def _route(self, call: Call, destination: str, timeout: float | None) -> None:
        self._router.offer(
            call, 1, destination, lambda reason: self._board.end_call(call, reason), timeout=timeout
        )

    def _require_dn(self, dn: str) -> DnEntry:
        entry = self._directory.find(dn)
        if entry is None:
            raise CallError(404, f"The DN {dn[:100]!r} does not exist.")
        return entry

    def _describe(self, destination: str) -> Party:
        entry = self._directory.find(destination)
        if entry is not None:
            return entry.party
        trunk = self._directory.find_outbound_trunk(destination)
        return self._board.describe_external(trunk.party, destination) if trunk else Party(number=destination)
