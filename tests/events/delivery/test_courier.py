"""The deliveries to one receiver, in virtual time: order, repeats, rest, and the end of a receiver that is gone."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Coroutine
from datetime import timedelta
from itertools import pairwise
from typing import Any

from tests.events.delivery.virtual_time import MemoryStore, VirtualClock, make_event
from tests.events.hubs import subscribe
from threecx_credentials import Credential
from threecx_node.events.delivery.courier import PARALLEL, WINDOW, Courier
from threecx_node.events.delivery.delivery_ends import DeliveryEnd
from threecx_node.events.delivery.result_log import ResultLog
from threecx_node.events.model.event import Event
from threecx_node.events.model.hub_observer import DeliveryEnd as EndName
from threecx_node.events.model.hub_observer import NoObserver
from threecx_node.events.model.subscription import Subscription
from threecx_node.events.store.event_store import SubscriptionRecord

OK = DeliveryEnd(is_delivered=True, status_code=200)
DOWN = DeliveryEnd(False, None, "n8n.example.com refused the connection", "Check that the receiver runs.")
BROKEN = DeliveryEnd(False, 500, "n8n.example.com answered 500", "See its log.")


class FakeSender:
    """Answers by `answer`, and records what was delivered and when."""

    def __init__(self, clock: VirtualClock) -> None:
        self.tried: list[tuple[float, str]] = []
        self.delivered: list[Event] = []
        self.answer: Callable[[Event], DeliveryEnd] = lambda _: OK
        self.delay: Callable[[Event], Awaitable[None]] | None = None
        self.at_once: Counter[str] = Counter()
        self.most_at_once = 0
        self._clock = clock
        self._began = clock.now()

    def check(self, subscription: Subscription) -> DeliveryEnd | None:
        del subscription
        return None

    async def send_event(self, subscription: Subscription, event: Event) -> DeliveryEnd:
        del subscription
        self.tried.append(((self._clock.now() - self._began).total_seconds(), event.id))
        self.at_once[event.order_key] += 1
        assert self.at_once[event.order_key] == 1, "two events of one call at a time"
        self.most_at_once = max(self.most_at_once, self.at_once.total())
        try:
            await (self.delay(event) if self.delay is not None else asyncio.sleep(0))
            end = self.answer(event)
        finally:
            self.at_once[event.order_key] -= 1
        if end.is_delivered:
            self.delivered.append(event)
        return end


class Observer(NoObserver):
    """Counts."""

    def __init__(self) -> None:
        self.ends: Counter[str] = Counter()
        self.parked: list[str] = []
        self.receiver: list[str] = []

    def note_delivery(self, result: EndName, seconds: float) -> None:
        del seconds
        self.ends[result] += 1

    def note_parked(self, subscription_id: str, reason: str) -> None:
        del subscription_id
        self.parked.append(reason)

    def note_receiver(self, subscription_id: str, problem: str) -> None:
        del subscription_id
        self.receiver.append(problem)


class Bench:
    """A courier with all that it needs; `restart` makes another one, as another process does."""

    def __init__(self) -> None:
        credential = Credential.of("https://pbx.example.com", "client", "key")
        self.clock = VirtualClock()
        self.store = MemoryStore(self.clock)
        self.sender = FakeSender(self.clock)
        self.observer = Observer()
        self.record = SubscriptionRecord(
            subscribe(credential, "https://n8n.example.com/webhook/1", "call.missed")
        )
        self._tasks: list[asyncio.Task[None]] = []
        self.start()

    def start(self) -> None:
        self.results = ResultLog(self.store, self.clock)  # type: ignore[arg-type]  # a part of a store
        self.courier = Courier(
            self.record,
            self.store,  # type: ignore[arg-type]  # a part of a store
            self.sender,  # type: ignore[arg-type]  # it has the methods of a sender
            self.results,
            self.clock,
            self.observer,
            lambda: 1.0,
        )
        self._tasks = [asyncio.create_task(each) for each in (self.courier.run(), self.results.run())]

    async def kill(self) -> None:
        await self.courier.aclose()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def push(self, *events: Event) -> None:
        self.courier.push(self.store.append(self.record, events))

    async def deliver_all(self) -> None:
        await self.clock.until(lambda: not self.store.pending)


def run(test: Callable[[Bench], Coroutine[Any, Any, None]]) -> None:
    async def with_bench() -> None:
        bench = Bench()
        try:
            await test(bench)
        finally:
            await bench.kill()

    asyncio.run(with_bench())


def ids(events: list[Event]) -> list[str]:
    return [each.id.split("/")[1] for each in events]


def test_calls_go_in_parallel_and_their_events_in_order() -> None:
    async def test(bench: Bench) -> None:
        bench.push(*(make_event(each, f"call/{each % 20}") for each in range(200)))
        await bench.deliver_all()
        by_key: defaultdict[str, list[int]] = defaultdict(list)
        for event in bench.sender.delivered:
            by_key[event.order_key].append(int(event.id.split("/")[1]))
        assert len(bench.sender.delivered) == 200
        assert all(numbers == sorted(numbers) for numbers in by_key.values())
        assert bench.sender.most_at_once == PARALLEL

    run(test)


def test_an_event_is_repeated_before_the_next_of_its_call() -> None:
    async def test(bench: Bench) -> None:
        bench.sender.answer = lambda _: BROKEN if len(bench.sender.tried) <= 3 else OK
        bench.push(make_event(1, "call/1"), make_event(2, "call/1"))
        await bench.deliver_all()
        assert [each for _, each in bench.sender.tried] == ["pbx/1/call/missed"] * 4 + ["pbx/2/call/missed"]
        waits = [after - before for (before, _), (after, _) in pairwise(bench.sender.tried[:4])]
        assert waits == sorted(waits)
        assert waits[0] >= 1
        assert [each.state for each in bench.store.results] == ["retry"] * 3 + ["delivered"] * 2
        assert bench.store.results[0].status_code == 500
        assert bench.store.results[0].problem == "n8n.example.com answered 500. See its log."

    run(test)


def test_retry_after_is_respected() -> None:
    async def test(bench: Bench) -> None:
        busy = DeliveryEnd(False, 429, "n8n.example.com answered 429", "Wait.", retry_after=120.0)
        bench.sender.answer = lambda _: busy if len(bench.sender.tried) == 1 else OK
        bench.push(make_event(1))
        await bench.clock.settle()
        bench.push(make_event(2))
        await bench.deliver_all()
        assert min(when for when, _ in bench.sender.tried[1:]) == 120.0

    run(test)


def test_resuming_sends_at_once_what_waits() -> None:
    async def test(bench: Bench) -> None:
        busy = DeliveryEnd(False, 503, "n8n.example.com answered 503", "Wait.", retry_after=3600.0)
        bench.sender.answer = lambda _: busy
        bench.push(make_event(1, "call/1"), make_event(2, "call/1"), make_event(3))
        await bench.clock.settle()
        bench.sender.answer = lambda _: OK
        await bench.store.resume("")
        before = bench.clock.now()
        bench.courier.retry_now()
        await bench.clock.settle()
        assert sorted(ids(bench.sender.delivered)) == ["1", "2", "3"]
        assert bench.clock.now() == before

    run(test)


def test_a_receiver_that_fails_again_and_again_is_reported_once() -> None:
    async def test(bench: Bench) -> None:
        bench.sender.answer = lambda _: BROKEN if len(bench.sender.tried) <= 6 else OK
        bench.push(make_event(1))
        await bench.deliver_all()
        assert bench.observer.receiver == ["n8n.example.com answered 500. See its log.", ""]
        bench.sender.answer = lambda _: BROKEN if len(bench.sender.tried) <= 8 else OK
        bench.push(make_event(2))
        await bench.deliver_all()
        assert len(bench.observer.receiver) == 2

    run(test)


def test_a_receiver_that_fails_for_a_day_is_parked() -> None:
    async def test(bench: Bench) -> None:
        bench.sender.answer = lambda _: DOWN
        bench.push(*(make_event(each, f"call/{each % 7}") for each in range(50)))
        await bench.clock.until(lambda: bench.courier.is_parked)
        assert timedelta(hours=24) <= bench.clock.now() - bench.store.results[0].time <= timedelta(hours=25)
        assert bench.store.state == "parked"
        assert bench.store.reason == (
            "no delivery succeeded for 24 hours: n8n.example.com refused the connection. "
            "Check that the receiver runs."
        )
        assert bench.observer.parked == [bench.store.reason]
        # One event at a time, and less and less often.
        assert len(bench.sender.tried) < 150
        assert len(bench.store.pending) == 50
        bench.sender.answer = lambda _: OK
        await bench.kill()
        await bench.store.resume("")
        bench.start()
        await bench.deliver_all()
        assert sorted(map(int, ids(bench.sender.delivered))) == list(range(50))

    run(test)


def test_an_event_that_is_refused_for_a_day_is_given_up() -> None:
    async def test(bench: Bench) -> None:
        bench.sender.answer = lambda event: BROKEN if event.id.startswith("pbx/13/") else OK
        for each in range(30):
            bench.push(make_event(each, f"call/{each % 3}"))
            await bench.clock.settle()
        await bench.clock.until(lambda: len(bench.sender.delivered) >= 20)
        for hour in range(27):
            # Others are delivered now and then.
            await bench.clock.advance(timedelta(hours=1))
            bench.push(make_event(1000 + hour))
        await bench.deliver_all()
        assert bench.store.state == "active"
        assert [each.event_id for each in bench.store.results if each.state == "dead"] == [
            "pbx/13/call/missed"
        ]
        # Those of the same call followed.
        assert {"16", "28"} <= set(ids(bench.sender.delivered))
        assert bench.observer.ends["failed"] == 1

    run(test)


def test_a_receiver_that_says_gone_is_parked_at_once() -> None:
    async def test(bench: Bench) -> None:
        gone = DeliveryEnd(False, 410, "n8n.example.com answered 410", "Remove the subscription.")
        bench.sender.answer = lambda _: gone
        bench.push(make_event(1))
        await bench.clock.until(lambda: bench.courier.is_parked)
        assert len(bench.sender.tried) == 1
        assert bench.store.reason == "n8n.example.com answered 410. Remove the subscription."
        assert len(bench.store.pending) == 1

    run(test)


def test_ten_thousand_events_wait_for_a_receiver_that_is_down() -> None:
    async def test(bench: Bench) -> None:
        bench.sender.answer = lambda _: DOWN
        for start in range(0, 10_000, 500):
            bench.push(*(make_event(start + each, f"call/{each % 100}") for each in range(500)))
            await bench.clock.settle()
        await bench.clock.advance(timedelta(hours=1))
        assert len(bench.sender.tried) < 100
        assert bench.store.largest_page <= WINDOW
        bench.sender.answer = lambda _: OK
        await bench.deliver_all()
        delivered = bench.sender.delivered
        assert len(delivered) == len({each.id for each in delivered}) == 10_000
        by_key: defaultdict[str, list[int]] = defaultdict(list)
        for event in delivered:
            by_key[event.order_key].append(int(event.id.split("/")[1]))
        assert all(numbers == sorted(numbers) for numbers in by_key.values())

    run(test)


def test_the_order_of_a_call_survives_a_restart() -> None:
    async def test(bench: Bench) -> None:
        bench.sender.answer = lambda event: BROKEN if event.id.startswith("pbx/1/") else OK
        bench.push(make_event(1, "call/1"), make_event(2, "call/1"), make_event(3, "call/3"))
        await bench.clock.until(lambda: len(bench.store.results) >= 3)
        await bench.kill()
        bench.start()
        bench.push(make_event(4, "call/1"))
        await bench.clock.settle()
        assert ids(bench.sender.delivered) == ["3"]
        bench.sender.answer = lambda _: OK
        await bench.deliver_all()
        assert ids(bench.sender.delivered) == ["3", "1", "2", "4"]

    run(test)


def test_a_clock_that_jumps_neither_stops_nor_ends_deliveries() -> None:
    async def test(bench: Bench) -> None:
        bench.sender.answer = lambda _: BROKEN
        bench.push(make_event(1))
        await bench.clock.until(lambda: len(bench.sender.tried) >= 3)
        # Forward: the event is old, but was hardly tried.
        bench.clock.time += timedelta(days=3)
        await bench.clock.until(lambda: len(bench.sender.tried) >= 5)
        assert not bench.courier.is_parked
        # Back: the next attempt is not a year away.
        bench.clock.time -= timedelta(days=365)
        bench.sender.answer = lambda _: OK
        await bench.kill()
        bench.start()
        await bench.clock.until(lambda: not bench.store.pending, most=timedelta(hours=1))

    run(test)


def test_a_store_that_fails_for_a_while_loses_nothing() -> None:
    async def test(bench: Bench) -> None:
        bench.store.is_broken = True
        bench.push(*(make_event(each) for each in range(5)))
        await bench.clock.settle()
        # The courier asks the store first what is pending, so it does not deliver yet.
        await bench.clock.advance(timedelta(minutes=1))
        bench.store.is_broken = False
        await bench.deliver_all()
        assert sorted(ids(bench.sender.delivered)) == ["0", "1", "2", "3", "4"]
        bench.store.is_broken = True
        bench.push(make_event(5))
        await bench.clock.until(lambda: len(bench.sender.delivered) == 6)
        bench.store.is_broken = False
        await bench.deliver_all()
        assert len(bench.sender.delivered) == 6

    run(test)


def test_an_event_that_cannot_be_sent_does_not_end_the_courier() -> None:
    async def test(bench: Bench) -> None:
        async def fail(event: Event) -> None:
            if event.id.startswith("pbx/1/") and len(bench.sender.tried) < 3:
                raise RuntimeError("a bug")

        bench.sender.delay = fail
        bench.push(make_event(1), make_event(2))
        await bench.deliver_all()
        assert sorted(ids(bench.sender.delivered)) == ["1", "2"]

    run(test)
