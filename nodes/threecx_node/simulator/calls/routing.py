"""Routing: deliver a side of a call to a destination, and what follows when a leg answers or leaves.

A call has two sides. An offer rings one or more legs for one side; the first that answers takes the side.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from .directory import VOICEMAIL
from .models import (
    ABANDONED,
    ANSWERED_ELSEWHERE,
    BUSY,
    CANCELLED,
    EXTENSION,
    EXTERNAL,
    HUNG_UP,
    NO_ANSWER,
    NO_DESTINATIONS,
    NOT_REGISTERED,
    QUEUE,
    RING_GROUP,
    ROUTED,
    UNKNOWN,
    CallError,
    Offer,
    Party,
)

if TYPE_CHECKING:
    from .board import Board
    from .directory import DnEntry
    from .models import Call, Leg

# The forwards that one call may follow, so that two extensions that forward to each other end.
MAX_FORWARDS = 10


# Delivers an offer to a DN of one type.
Delivery = Callable[["Router", "Offer", "DnEntry"], None]


class Router:
    """Moves calls. Every method expects the lock of the engine to be taken."""

    def __init__(self, board: Board) -> None:
        self.board = board
        # How DNs besides extensions are reached, by type; and mailboxes.
        self.deliveries: dict[str, Delivery] = {}
        self.deliver_to_mailbox: Delivery | None = None

    def check_destination(self, number: str) -> None:
        """Raise CallError (424) if no call can be made to a number."""
        entry = self.board.directory.find(number)
        if entry is not None and (entry.type == EXTENSION or entry.type in self.deliveries):
            return
        if entry is None and self._find_mailbox(number) is not None:
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
        via: str = "",
    ) -> Offer:
        """Deliver a side of a call to a destination; `failed` gets the reason, perhaps before this returns."""
        offer = Offer(
            call, side, destination, failed, referred_by=referred_by, timeout=timeout, parent=parent, via=via
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
            in_queue = any(side is not None and side.dn_type == QUEUE for side in call.sides)
            board.end_call(call, ABANDONED if in_queue and reason == HUNG_UP else reason)
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
        if offer.waiting:
            call.offers.append(offer)
            self._ring_waiting(offer)
            return
        forward = self._find_forward(offer, reason)
        if not forward or offer.forwards >= MAX_FORWARDS:
            offer.failed(reason)
            return
        entry = self.board.directory.find(offer.destination)
        offer.referred_by = entry.party if entry is not None else UNKNOWN
        offer.on_behalf_of, offer.via = UNKNOWN, ""
        offer.forwards += 1
        call.offers.append(offer)
        self._deliver(offer, forward)

    def create_offer(self, call: Call, side: int, destination: str, *, referred_by: Party) -> Offer:
        """Return an offer that rings no leg: `take` connects it."""
        offer = Offer(
            call, side, destination, lambda reason: self.board.end_call(call, reason), referred_by=referred_by
        )
        call.offers.append(offer)
        return offer

    def take(self, offer: Offer, own: Party, *, device_id: str = "") -> Leg:
        """Connect an offer to a party that answers at once, such as a menu; return its leg."""
        board = self.board
        devices = board.devices.list_devices(own.dn)
        device = next((each for each in devices if each.device_id == device_id or not device_id), None)
        leg = board.add_leg(
            offer.call,
            own,
            "Connected",
            party=self._find_party(offer),
            device_id=device.device_id if device is not None else "",
            direct_control=device.direct_control if device is not None else False,
            offer=offer,
            segment=board.begin_segment(offer, own),
        )
        self.answer(leg)
        return leg

    def go_on(self, leg: Leg, destination: str, failed: Callable[[str], None], reason: str = ROUTED) -> None:
        """Deliver the side of a leg that the PBX itself answered to a destination; end the call without one."""
        call, side = leg.call, leg.call.sides.index(leg)
        for offer in [each for each in call.offers if each.side == side]:
            self.withdraw(offer, reason)
        if not destination:
            self.board.end_call(call, reason)
            return
        call.sides[side] = None
        self.board.remove_leg(leg, reason)
        self.offer(call, side, destination, failed, via=leg.dn)

    def offer_members(
        self, call: Call, side: int, queue: DnEntry, agents: list[str], failed: Callable[[str], None]
    ) -> None:
        """Ring agents of a queue for a side of a call, which stays in the queue meanwhile."""
        offer = Offer(call, side, queue.dn, failed)
        call.offers.append(offer)
        self.ring_members(offer, queue, agents, at_once=True)

    def ring_members(self, offer: Offer, group: DnEntry, members: list[str], *, at_once: bool) -> None:
        """Ring members of a queue or ring group for an offer, all at once or one after the other."""
        offer.on_behalf_of, offer.via = group.party, group.dn
        offer.ring_time = group.ring_time
        free = [number for number in members if self.board.is_free(number)]
        if not free:
            self.fail(offer, NO_DESTINATIONS)
            return
        offer.waiting = [] if at_once else free[1:]
        for number in free if at_once else free[:1]:
            self._ring_devices(offer, number)
        self.limit_ringing(offer)

    def _ring_waiting(self, offer: Offer) -> None:
        while offer.waiting:
            number = offer.waiting.pop(0)
            if self.board.is_free(number):
                self._ring_devices(offer, number)
                self.limit_ringing(offer)
                return
        self.fail(offer, NO_ANSWER)

    def limit_ringing(self, offer: Offer) -> None:
        """Let an offer fail after its ringing time, from now on."""
        if offer.timer is not None:
            offer.timer.cancel()
        offer.timer = self.board.clock.call_later(offer.ring_time, lambda: self.fail(offer, NO_ANSWER))

    def _find_forward(self, offer: Offer, reason: str) -> str:
        if offer.parent is not None:
            return ""
        entry = self.board.directory.find(offer.destination)
        if entry is None:
            return ""
        if entry.type == RING_GROUP:
            return entry.fallback
        if entry.type != EXTENSION:
            return ""
        return self.board.directory.find_forward(entry.dn, reason, external=self._is_external(offer))

    def _is_external(self, offer: Offer) -> bool:
        return self._find_party(offer).type == EXTERNAL

    def _find_mailbox(self, number: str) -> DnEntry | None:
        owner = (
            self.board.directory.find(number.removeprefix(VOICEMAIL))
            if number.startswith(VOICEMAIL)
            else None
        )
        return owner if owner is not None and owner.type == EXTENSION else None

    def _deliver(self, offer: Offer, destination: str) -> None:
        offer.destination = destination
        directory = self.board.directory
        entry = directory.find(destination)
        mailbox = self._find_mailbox(destination) if entry is None else None
        if mailbox is not None and self.deliver_to_mailbox is not None:
            self.deliver_to_mailbox(self, offer, mailbox)
        elif entry is None:
            self._ring_external(offer, destination)
        elif entry.type in self.deliveries:
            self.deliveries[entry.type](self, offer, entry)
        elif entry.type != EXTENSION:
            self.fail(offer, NO_DESTINATIONS)
        elif forward := directory.find_forward(entry.dn, "", external=self._is_external(offer)):
            self._follow(offer, entry, forward)
        else:
            self.ring_dn(offer, entry)

    def _follow(self, offer: Offer, entry: DnEntry, forward: str) -> None:
        """Follow the forward of an extension that takes no calls at present."""
        if offer.forwards >= MAX_FORWARDS:
            self.fail(offer, NO_DESTINATIONS)
            return
        offer.forwards += 1
        offer.referred_by = entry.party
        self._deliver(offer, forward)

    def ring_dn(self, offer: Offer, entry: DnEntry) -> None:
        """Ring all devices of a DN; the offer fails if it is busy or has none."""
        board = self.board
        is_registered = bool(board.devices.list_devices(entry.dn))
        if not is_registered or board.is_busy(entry.dn):
            reason = BUSY if is_registered else NOT_REGISTERED
            board.note_failure(offer, entry.party, reason)
            self.fail(offer, reason)
            return
        self._ring_devices(offer, entry.dn)
        self._set_ring_time(offer, entry.ring_time)

    def _ring_devices(self, offer: Offer, number: str) -> None:
        """Let every device of an extension ring, each with a leg of its own."""
        entry = self.board.directory.find(number)
        if entry is None:
            return
        segment = self.board.begin_segment(offer, entry.party)
        for device in self.board.devices.list_devices(number):
            self.board.add_leg(
                offer.call,
                entry.party,
                "Ringing",
                party=self._find_party(offer),
                device_id=device.device_id,
                direct_control=device.direct_control,
                offer=offer,
                segment=segment,
            )

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
        offer.ring_time = offer.timeout or seconds
        self.limit_ringing(offer)

    def _find_party(self, offer: Offer) -> Party:
        other = offer.call.sides[1 - offer.side]
        return other.own if other is not None else offer.call.caller
