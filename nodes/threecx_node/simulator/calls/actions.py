"""The actions on a participant, each with the states in which it is allowed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .models import (
    CANCELLED,
    DIVERTED,
    HUNG_UP,
    ROUTE_POINT,
    TRANSFERRED,
    CallError,
    Outcome,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .models import Call, Leg
    from .routing import Router

# The reasons that a program may give for divert, routeto and transferto.
REASONS = frozenset(
    {
        "None", "NoAnswer", "PhoneBusy", "PhoneNotRegistered", "ForwardAll", "BasedOnCallerID", "BasedOnDID",
        "OutOfOfficeHours", "BreakTime", "Holiday", "OfficeHours", "NoDestinations", "Polling",
        "CallbackRequested", "Callback",
    }
)  # fmt: skip
# The seconds between the end of a leg and the next one when a call is handed over.
HANDOVER = 0.2

_WITH_DESTINATION = {
    "divert": ("Ringing",),
    "routeto": ("Ringing", "Connected"),
    "transferto": ("Connected",),
}
_ATTACHING = ("attach_participant_data", "attach_party_data")
ACTIONS = ("drop", "answer", *_WITH_DESTINATION, *_ATTACHING)


def perform(
    router: Router,
    leg: Leg,
    action: str,
    *,
    reason: str = "",
    destination: str = "",
    timeout: float | None = None,
    attached_data: Mapping[str, Any] | None = None,
    own_dn: str | None = None,
) -> Outcome:
    """Perform one action; raise CallError (404 unknown action, 422 wrong state, 424 unknown destination)."""
    if action not in ACTIONS:
        raise CallError(404, f"The action {action[:50]!r} does not exist.")
    if action == "drop":
        router.leave(leg, HUNG_UP)
    elif action == "answer":
        _answer(router, leg, own_dn)
    elif action in _ATTACHING:
        _attach(router, leg, action, attached_data)
    else:
        _check_move(router, leg, action, reason, destination)
        _MOVES[action](router, leg, destination, timeout)
    return Outcome("success", reason=reason or "None", leg=leg)


def _answer(router: Router, leg: Leg, own_dn: str | None) -> None:
    if leg.status != "Ringing":
        raise CallError(422, f"The participant {leg.id} is {leg.status}; only a ringing one can be answered.")
    if leg.dn_type == ROUTE_POINT and own_dn not in (None, leg.dn):
        raise CallError(
            403, f"The participant {leg.id} belongs to the route point {leg.dn}, which alone answers it."
        )
    if not leg.direct_control:
        raise CallError(422, f"The device of participant {leg.id} does not allow direct control.")
    router.answer(leg)


def _attach(router: Router, leg: Leg, action: str, data: Mapping[str, Any] | None) -> None:
    if data is None:
        raise CallError(422, f"{action} needs attached data.")
    if action == "attach_participant_data":
        leg.data = {**leg.data, **data}
    else:
        leg.party_data = {**leg.party_data, **data}
    leg.call.attached_data = {**leg.call.attached_data, **data}
    router.board.touch(leg)


def _check_move(router: Router, leg: Leg, action: str, reason: str, destination: str) -> None:
    states = _WITH_DESTINATION[action]
    if leg.status not in states:
        allowed = " or ".join(states)
        raise CallError(422, f"{action} needs a participant that is {allowed}; {leg.id} is {leg.status}.")
    if not destination:
        raise CallError(422, f"{action} needs a destination.")
    if reason and reason not in REASONS:
        raise CallError(422, f"The reason {reason[:50]!r} does not exist.")
    if destination == leg.dn:
        raise CallError(422, f"{action} needs another destination than {leg.dn} itself.")
    router.check_destination(destination)


def _divert(router: Router, leg: Leg, destination: str, timeout: float | None) -> None:
    """Send a ringing call on: all that rings with it stops, and the destination rings."""
    offer, call = leg.offer, leg.call
    if offer is None:
        raise CallError(422, f"The participant {leg.id} does not ring for a call.")
    failed, side = offer.failed, offer.side
    for rival in [each for each in call.offers if each.side == side]:
        router.withdraw(rival, DIVERTED)

    def deliver() -> None:
        router.offer(call, side, destination, failed, referred_by=leg.own, timeout=timeout)

    _hand_over(router, call, deliver)


def _route(router: Router, leg: Leg, destination: str, timeout: float | None) -> None:
    """Ring an alternative; the participant stays until it is answered."""
    call, own_offer = leg.call, leg.offer
    for earlier in [each for each in call.offers if each.parent is leg]:
        router.withdraw(earlier, CANCELLED)
    side = own_offer.side if own_offer is not None else call.sides.index(leg)
    if own_offer is not None and own_offer.timer is not None:
        own_offer.timer.cancel()

    def resume(_reason: str) -> None:
        if own_offer is not None and own_offer in call.offers:
            router.limit_ringing(own_offer)

    router.offer(call, side, destination, resume, referred_by=leg.own, timeout=timeout, parent=leg)


def _transfer(router: Router, leg: Leg, destination: str, timeout: float | None) -> None:
    """Hand a connected call to a destination; it comes back to the DN that transferred it when it fails."""
    call, side = leg.call, leg.call.sides.index(leg)
    if call.sides[1 - side] is None:
        raise CallError(422, f"The other side of participant {leg.id} is being transferred itself.")
    for earlier in [each for each in call.offers if each.side == side]:
        router.withdraw(earlier, CANCELLED)
    call.sides[side] = None
    router.board.remove_leg(leg, TRANSFERRED)

    def end(reason: str) -> None:
        router.board.end_call(call, reason)

    def come_back(_reason: str) -> None:
        router.offer(call, side, leg.dn, end, referred_by=leg.own)

    def deliver() -> None:
        router.offer(call, side, destination, come_back, referred_by=leg.own, timeout=timeout)

    _hand_over(router, call, deliver)


def join_calls(router: Router, leg: Leg, other: Call) -> Leg:
    """Complete an attended transfer: the party of another call takes the place of a leg; return its new leg.

    `other` is the call that the same extension made to that party, which has answered.
    """
    call, side, target, board = leg.call, leg.call.sides.index(leg), other.sides[1], router.board
    if target is None or target.status != "Connected":
        raise CallError(422, f"The call {other.id} is not answered yet.")
    call.sides[side] = None
    board.remove_leg(leg, TRANSFERRED)
    board.end_call(other, TRANSFERRED)
    return router.take(
        router.create_offer(call, side, target.dn, referred_by=leg.own),
        target.own,
        device_id=target.device_id,
    )


def settle(call: Call) -> None:
    """Do the planned hand-overs of a call now."""
    while call.handovers:
        call.handovers.pop(0).run()


def _hand_over(router: Router, call: Call, deliver: Callable[[], None]) -> None:
    def run() -> None:
        if timer in call.handovers:
            call.handovers.remove(timer)
        if call.ended is None:
            deliver()

    timer = router.board.clock.call_later(HANDOVER, run)
    call.handovers.append(timer)


_MOVES: Mapping[str, Callable[[Router, Leg, str, float | None], None]] = {
    "divert": _divert,
    "routeto": _route,
    "transferto": _transfer,
}
