"""The calls of a PBX as programs see them: calls, participants, devices, actions, and listeners."""

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
    NO_DESTINATIONS,
    NO_TYPE,
    NOT_REGISTERED,
    SPECIAL_MENU,
    CallError,
    Outcome,
    Party,
)
from .routing import Router
from .services import install_services

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .directory import Directory, DnEntry
    from .models import Call, Change, Device, Leg

# Who calls when the PBX itself does, and the keys of a phone.
PBX = Party("PBX", "PBX", "PBX", SPECIAL_MENU)
KEYS = frozenset("0123456789*#ABCD")


class CallCore:
    """The calls of one PBX, without scenarios; safe for threads. `lock` is that of the PBX's store."""

    def __init__(self, directory: Directory, *, lock: Any = None, clock: Clock | None = None) -> None:
        self.lock = threading.RLock() if lock is None else lock
        self.clock = Clock() if clock is None else clock
        self.clock.lock = self.lock
        self.directory = directory
        self._devices = DeviceRegistry(directory)
        self._board = Board(directory, self._devices, self.clock)
        self.router = Router(self._board)
        install_services(self.router)
        # Called when all calls were cleared, and with them everything that was planned.
        self.after_clear: list[Callable[[], None]] = []

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
            entry = self.directory.find(dn)
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

    def skip_ids(self, last_call: int) -> None:
        """Give calls and participants no ID that an earlier run of the same PBX gave, up to the call `last_call`."""
        with self.lock:
            self._board.skip_ids(last_call)

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
            self.router.check_destination(destination)
            if device is None:
                return Outcome("failed", NOT_REGISTERED, f"{dn} has no registered device.")
            is_internal = self.directory.find(destination) is not None
            call = self._board.create_call(
                "internal" if is_internal else "outbound",
                entry.party,
                destination,
                attached_data=attached_data,
            )
            leg = self._place(call, entry.party, destination, device)
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
            leg = self._require_leg(dn, participant_id)
            return perform(
                self.router,
                leg,
                action,
                reason=reason,
                destination=destination,
                timeout=timeout,
                attached_data=attached_data,
                own_dn=own_dn,
            )

    def receive_call(self, number: str, *, did: str = "", to: str = "") -> Call:
        """Let a number outside call a DID, or a DN directly; return the call, which may have ended already.

        Raises CallError (424) if no trunk has the DID, or nothing says where its calls go.
        """
        with self.lock:
            found = self.directory.find_inbound_trunk(did)
            if found is None:
                raise CallError(424, f"No trunk has the DID {did[:50]!r}.", NO_DESTINATIONS)
            trunk, routed = found
            destination = to or routed
            if not destination:
                raise CallError(
                    424, f"No inbound rule leads the calls to {did[:50]!r} anywhere; give a destination."
                )
            self.router.check_destination(destination)
            caller = self._board.describe_external(trunk.party, number, did)
            call = self._board.create_call(
                "inbound", caller, did or destination, did=did, external_number=number
            )
            self._place(call, caller, destination)
            self._route(call, destination, None)
            return call

    def system_call(self, number: str) -> Call:
        """Let the PBX itself call an extension, to record or play something; raise CallError (424)."""
        with self.lock:
            self.router.check_destination(number)
            call = self._board.create_call("internal", PBX, number)
            self._place(call, PBX, number)
            self._route(call, number, None)
            return call

    def press(self, leg: Leg, digits: str) -> None:
        """Let the party of a connected leg hear keys that were pressed there; raise CallError (422)."""
        with self.lock:
            other = next((side for side in leg.call.sides if side is not None and side is not leg), None)
            if leg.status != "Connected" or other is None:
                raise CallError(422, f"The participant {leg.id} is not connected; its keys reach no party.")
            if not digits or not set(digits) <= KEYS:
                raise CallError(422, f"{digits[:50]!r} are not keys of a phone.")
            self._board.report("dtmf", other.dn, other.id, digits)
            if other.service is not None:
                other.service.press(digits)

    def touch(self, dn: str, participant_id: int) -> bool:
        """Report a participant again although nothing changed; return whether it exists."""
        with self.lock:
            leg = self._board.find_leg(dn, participant_id)
            if leg is not None:
                self._board.touch(leg)
            return leg is not None

    def refuse_calls(self, dn: str, *, refuse: bool = True) -> None:
        """Let an extension be busy for every call, or end this."""
        with self.lock:
            if refuse:
                self._board.refusing.add(dn)
            else:
                self._board.refusing.discard(dn)

    def pick_up(self, dn: str, participant_id: int) -> Outcome:
        """Answer a ringing participant as a person does, at any phone; raise CallError (403, 404, 422)."""
        with self.lock:
            leg = self._require_leg(dn, participant_id)
            if leg.status != "Ringing":
                raise CallError(
                    422, f"The participant {leg.id} is {leg.status}; only a ringing one can be answered."
                )
            self.router.answer(leg)
            return Outcome("success", leg=leg)

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
            for callback in list(self.after_clear):
                callback()

    def _route(self, call: Call, destination: str, timeout: float | None) -> None:
        self.router.offer(
            call, 1, destination, lambda reason: self._board.end_call(call, reason), timeout=timeout
        )

    def _place(self, call: Call, caller: Party, destination: str, device: Device | None = None) -> Leg:
        """Add the leg of the caller."""
        leg = self._board.add_leg(
            call,
            caller,
            "Dialing",
            party=self._describe(destination),
            device_id=device.device_id if device is not None else "",
            direct_control=device is not None and device.direct_control,
        )
        call.sides[0] = leg
        return leg

    def _require_leg(self, dn: str, participant_id: int) -> Leg:
        leg = self._board.find_leg(dn, participant_id)
        if leg is not None:
            return leg
        self._require_dn(dn)
        if self._board.find_leg_anywhere(participant_id) is not None:
            raise CallError(403, f"The participant {participant_id} does not belong to {dn}.")
        raise CallError(404, f"{dn} has no participant {participant_id}; it is gone.")

    def _require_dn(self, dn: str) -> DnEntry:
        entry = self.directory.find(dn)
        if entry is None:
            raise CallError(404, f"The DN {dn[:100]!r} does not exist.")
        return entry

    def _describe(self, destination: str) -> Party:
        entry = self.directory.find(destination)
        if entry is not None:
            return entry.party
        trunk = self.directory.find_outbound_trunk(destination)
        return self._board.describe_external(trunk.party, destination) if trunk else Party(number=destination)
