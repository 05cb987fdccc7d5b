"""Serve calls at DNs without a phone: ring groups, queues, receptionists, mailboxes, apps, parking places."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .directory import VOICEMAIL
from .models import (
    EXTERNAL,
    FAX,
    NO_ANSWER,
    NO_DESTINATIONS,
    PARKING,
    QUEUE,
    RECEPTIONIST,
    RING_GROUP,
    ROUTE_POINT,
    SPECIAL_MENU,
    Party,
    Service,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from .clock import Timer
    from .directory import DnEntry
    from .models import Leg, Offer
    from .routing import Router

# The longest message in a mailbox, and the longest parking, in seconds.
MAX_MESSAGE = 120.0
MAX_PARKING = 600.0
MAILBOX = Party(VOICEMAIL, VOICEMAIL, "Voicemail", SPECIAL_MENU)


def install_services(router: Router) -> None:
    """Let a router deliver calls to all of them."""
    router.deliveries |= {
        RING_GROUP: _ring_group,
        QUEUE: _enter_queue,
        RECEPTIONIST: _enter_menu,
        PARKING: _park,
        FAX: _answer_at_once,
        ROUTE_POINT: _ring_route_point,
        EXTERNAL: _refuse,
    }
    router.deliver_to_mailbox = _record_message


class QueueService(Service):
    """Rings the agents of a queue in waves until one answers, or the longest waiting time is over."""

    def __init__(self, router: Router, leg: Leg, queue: DnEntry, failed: Callable[[str], None]) -> None:
        self._router = router
        self._leg = leg
        self._queue = queue
        self._failed = failed
        self._next_agent = 0
        clock = router.board.clock
        self._end = clock.call_later(queue.max_wait, self._give_up)
        self._next_wave: Timer | None = None

    def ring(self) -> None:
        """Ring the next wave: all free agents, or the next one."""
        self._next_wave = None
        if self._leg.removed:
            return
        board, queue, call = self._router.board, self._queue, self._leg.call
        agents = [
            each for each in queue.members if board.directory.is_logged_in(each) and board.is_free(each)
        ]
        if not agents:
            self._plan_wave("")
            return
        if not queue.rings_all:
            agents = [agents[self._next_agent % len(agents)]]
            self._next_agent += 1
        self._router.offer_members(call, call.sides.index(self._leg), queue, agents, self._plan_wave)

    def close(self) -> None:
        """Ring no more agents."""
        self._end.cancel()
        if self._next_wave is not None:
            self._next_wave.cancel()

    def time_out(self) -> bool:
        """Ring the next wave now."""
        if self._next_wave is None:
            return False
        self._next_wave.run()
        return True

    def _plan_wave(self, _reason: str) -> None:
        if not self._leg.removed:
            self._next_wave = self._router.board.clock.call_later(self._queue.pause, self.ring)

    def _give_up(self) -> None:
        if not self._leg.removed:
            self._router.go_on(self._leg, self._queue.fallback, self._failed, NO_ANSWER)


class MenuService(Service):
    """Waits for the keys of a caller, and sends the call where they lead."""

    def __init__(self, router: Router, leg: Leg, menu: DnEntry, failed: Callable[[str], None]) -> None:
        self._router = router
        self._leg = leg
        self._menu = menu
        self._failed = failed
        self._keys = ""
        self._timer = router.board.clock.call_later(menu.ring_time, self._end_waiting)

    def press(self, digits: str) -> None:
        """Take keys; the first that the menu has decides, others are said to be wrong."""
        menu = self._menu
        for digit in digits:
            self._keys += digit
            if self._keys in menu.menu:
                self._router.go_on(self._leg, menu.menu[self._keys], self._failed)
                return
            if not any(key.startswith(self._keys) for key in menu.menu):
                self._keys = ""
                if menu.invalid_key:
                    self._router.go_on(self._leg, menu.invalid_key, self._failed)
                    return
        self._timer.cancel()
        self._timer = self._router.board.clock.call_later(menu.ring_time, self._end_waiting)

    def close(self) -> None:
        """Wait no more."""
        self._timer.cancel()

    def time_out(self) -> bool:
        """End the waiting now."""
        self._timer.run()
        return True

    def _end_waiting(self) -> None:
        if not self._leg.removed:
            self._router.go_on(self._leg, self._menu.fallback, self._failed, NO_ANSWER)


class TimedService(Service):
    """Ends the call after the longest time that a message or a parking may take."""

    def __init__(self, router: Router, leg: Leg, seconds: float) -> None:
        self._timer = router.board.clock.call_later(seconds, lambda: router.leave(leg))

    def close(self) -> None:
        """Let the call go on."""
        self._timer.cancel()

    def time_out(self) -> bool:
        """End the call now."""
        self._timer.run()
        return True


def _ring_group(router: Router, offer: Offer, group: DnEntry) -> None:
    router.ring_members(offer, group, list(group.members), at_once=group.rings_all)


def _enter_queue(router: Router, offer: Offer, queue: DnEntry) -> None:
    leg = router.take(offer, queue.party)
    leg.service = service = QueueService(router, leg, queue, offer.failed)
    service.ring()


def _enter_menu(router: Router, offer: Offer, menu: DnEntry) -> None:
    leg = router.take(offer, menu.party)
    leg.service = MenuService(router, leg, menu, offer.failed)


def _park(router: Router, offer: Offer, place: DnEntry) -> None:
    leg = router.take(offer, place.party)
    leg.service = TimedService(router, leg, MAX_PARKING)


def _record_message(router: Router, offer: Offer, owner: DnEntry) -> None:
    offer.on_behalf_of, offer.via = owner.party, owner.dn
    leg = router.take(offer, MAILBOX)
    leg.service = TimedService(router, leg, MAX_MESSAGE)


def _ring_route_point(router: Router, offer: Offer, point: DnEntry) -> None:
    if point.answers_itself:
        router.take(offer, point.party)
    else:
        router.ring_dn(offer, point)


def _answer_at_once(router: Router, offer: Offer, fax: DnEntry) -> None:
    router.take(offer, fax.party)


def _refuse(router: Router, offer: Offer, _trunk: DnEntry) -> None:
    router.fail(offer, NO_DESTINATIONS)
