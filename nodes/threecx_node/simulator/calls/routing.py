"""Routing: deliver a side of a call to a destination, and what follows when a leg answers or leaves.

A call has two sides. An offer rings one or more legs for one side; the first that answers takes the side.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .models import (
    ANSWERED_ELSEWHERE,
    BUSY,
    CANCELLED,
    EXTENSION,
    EXTERNAL,
    HUNG_UP,
    NO_ANSWER,
    NO_DESTINATIONS,
    NOT_REGISTERED,
    ROUTED,
    UNKNOWN,
    CallError,
    Offer,
    Party,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from .board import Board
    from .directory import DnEntry
    from .models import Call, Leg

# The forwards that one call may follow, so that two extensions that forward to each other end.
MAX_FORWARDS = 10


class Router:
    """Moves calls. Every method expects the lock of the engine to be taken."""

    def __init__(self, board: Board) -> None:
        self.board = board

    def check_destination(self, number: str) -> None:
        """Raise CallError (424) if no call can be made to a number."""
        entry = self.board.directory.find(number)
        if entry is not None and entry.type != "None":
            return
        if entry is not None or self.board.directory.find_outbound_trunk(number) is None:
            raise CallError(424, f"The destination {number[:100]!r} does not exist.", NO_DESTINATIONS)

    def offer(
        self,
        call: Call,
        side: int,
        destination: str,
        failed: Callable[[str], None],
        *,
        referred_by: Party = UNKNOWN,
        timeout: float | None = None,
        parent: Leg | None = None,
    ) -> Offer:
        """Deliver a side of a call to a destination; `failed` gets the reason, perhaps before this returns."""
        offer = Offer(
            call, side, destination, failed, referred_by=referred_by, timeout=timeout, parent=parent
        )
        call.offers.append(offer)
        self._deliver(offer, destination)
        return offer

    def answer(self, leg: Leg) -> None:
        """Connect a ringing leg: it takes its side of the call, and the others that ring for it stop."""
        offer, call, board = leg.offer, leg.call, self.board
        if offer is None:
            return
        side = offer.side
        previous, other = call.sides[side], call.sides[1 - side]
        call.sides[side], leg.offer = leg, None
        board.change_leg(leg, status="Connected", party=other.own if other is not None else None)
        for rival in [each for each in call.offers if each.side == side]:
            self.withdraw(rival, ANSWERED_ELSEWHERE, keep=leg)
        if previous is not None:
            board.remove_leg(previous, ROUTED)
        if other is not None:
            board.change_leg(other, status="Connected", party=leg.own)
        for each in call.offers:
            for ringing in each.legs:
                board.change_leg(ringing, party=leg.own)

    def leave(self, leg: Leg, reason: str = HUNG_UP) -> None:
        """Take a leg out of its call, as its hanging up does; the call ends unless others still ring."""
        call, board, offer = leg.call, self.board, leg.offer
        if leg.removed:
            return
        if offer is None:
            board.end_call(call, reason)
            return
        for alternative in [each for each in call.offers if each.parent is leg]:
            self.withdraw(alternative, CANCELLED)
        offer.legs.remove(leg)
        board.remove_leg(leg, reason)
        if not offer.legs:
            self.fail(offer, reason)

    def withdraw(self, offer: Offer, reason: str, *, keep: Leg | None = None) -> None:
        """Stop an offer: its legs stop ringing, and nothing follows."""
        if offer in offer.call.offers:
            offer.call.offers.remove(offer)
        if offer.timer is not None:
            offer.timer.cancel()
        legs, offer.legs = offer.legs, []
        for leg in legs:
            if leg is not keep:
                self.board.remove_leg(leg, reason)

    def fail(self, offer: Offer, reason: str) -> None:
        """End an offer that none answered: the call follows the forward of the extension, or `failed` decides."""
        call = offer.call
        if call.ended is not None or offer not in call.offers:
            return
        self.withdraw(offer, reason)
        forward = self._find_forward(offer, reason)
        if forward and offer.forwards < MAX_FORWARDS:
            offer.forwards += 1
            call.offers.append(offer)
            self._deliver(offer, forward)
        else:
            offer.failed(reason)

    def limit_ringing(self, offer: Offer) -> None:
        """Let an offer fail after its ringing time, from now on."""
        if offer.timer is not None:
            offer.timer.cancel()
        offer.timer = self.board.clock.call_later(offer.ring_time, lambda: self.fail(offer, NO_ANSWER))

    def _find_forward(self, offer: Offer, reason: str) -> str:
        # Members of a queue or a ring group do not forward its calls.
        if offer.on_behalf_of is not UNKNOWN or offer.parent is not None:
            return ""
        other = offer.call.sides[1 - offer.side]
        is_external = other is not None and other.dn_type == EXTERNAL
        return self.board.directory.find_forward(offer.destination, reason, external=is_external)

    def _deliver(self, offer: Offer, destination: str) -> None:
        offer.destination = destination
        entry = self.board.directory.find(destination)
        if entry is None:
            self._ring_external(offer, destination)
        elif entry.type == EXTENSION:
            self._ring_extension(offer, entry)
        else:
            self.fail(offer, NO_DESTINATIONS)

    def _ring_extension(self, offer: Offer, entry: DnEntry) -> None:
        board = self.board
        devices = board.devices.list_devices(entry.dn)
        if not devices or board.is_busy(entry.dn):
            reason = BUSY if devices else NOT_REGISTERED
            board.note_failure(offer, entry.party, reason)
            self.fail(offer, reason)
            return
        segment = board.begin_segment(offer, entry.party)
        for device in devices:
            board.add_leg(
                offer.call,
                entry.party,
                "Ringing",
                party=self._find_party(offer),
                device_id=device.device_id,
                direct_control=device.direct_control,
                offer=offer,
                segment=segment,
            )
        self._set_ring_time(offer, entry.ring_time)

    def _ring_external(self, offer: Offer, number: str) -> None:
        board = self.board
        trunk = board.directory.find_outbound_trunk(number)
        if trunk is None:
            self.fail(offer, NO_DESTINATIONS)
            return
        offer.call.external_number = offer.call.external_number or number
        own = board.describe_external(trunk.party, number)
        segment = board.begin_segment(offer, own)
        board.add_leg(offer.call, own, "Ringing", party=self._find_party(offer), offer=offer, segment=segment)
        self._set_ring_time(offer, trunk.ring_time)

    def _set_ring_time(self, offer: Offer, seconds: float) -> None:
        offer.ring_time = seconds if offer.timeout is None else offer.timeout
        self.limit_ringing(offer)

    def _find_party(self, offer: Offer) -> Party:
        other = offer.call.sides[1 - offer.side]
        return other.own if other is not None else offer.call.caller
