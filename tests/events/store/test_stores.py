"""Contract tests of the stores of events: the same ones for SQLite and for a real Redis."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest

from tests.events.store.stores import (
    API_KEY,
    FEED,
    NOON,
    URL,
    WEBHOOK_SECRET,
    ids_of,
    make_event,
    make_events,
    make_subscription,
    result_of,
)
from threecx_node.errors import EventStoreError, InputError, PositionGoneError
from threecx_node.events.store.event_store import Cursor, DeliveryCounts, EventStore

OpenStore = Callable[..., EventStore]


def run(open_store: OpenStore, test: Callable[[EventStore], Awaitable[None]], **kept: int) -> None:
    async def whole() -> None:
        store = open_store(**kept)
        try:
            await test(store)
        finally:
            await store.aclose()

    asyncio.run(whole())


def test_each_event_is_journaled_once(open_store: OpenStore) -> None:
    async def test(store: EventStore) -> None:
        first = await store.append(FEED, [make_event(1), make_event(2), make_event(1)])
        assert ids_of(first) == [1, 2]
        assert ids_of(await store.append(FEED, make_events([2, 3]))) == [3]
        # Another feed is another PBX or another client.
        assert ids_of(await store.append("feed-2", make_events([2]))) == [2]
        assert await store.append(FEED, []) == []
        stored = await store.read(FEED, after=None, limit=10)
        assert [each.event for each in stored] == make_events([1, 2, 3])
        assert [each.position for each in stored] == sorted({each.position for each in stored})

    run(open_store, test)


def test_an_event_keeps_every_text(open_store: OpenStore) -> None:
    event = make_event(1, key="call/✓", callerName="Ada\0\n\u2028😀", legs=[{"n": 1.5, "none": None}])

    async def test(store: EventStore) -> None:
        await store.append(FEED, [event])
        [stored] = await store.read(FEED, after=None, limit=10)
        assert stored.event == event

    run(open_store, test)


def test_readers_continue_after_a_position(open_store: OpenStore) -> None:
    async def test(store: EventStore) -> None:
        start = await store.newest_position(FEED)
        assert await store.read(FEED, after=start, limit=10) == []
        stored = await store.append(FEED, make_events(range(5)))
        assert ids_of(await store.read(FEED, after=start, limit=2)) == [0, 1]
        assert ids_of(await store.read(FEED, after=stored[1].position, limit=10)) == [2, 3, 4]
        assert await store.newest_position(FEED) == stored[-1].position
        assert await store.read(FEED, after=stored[-1].position, limit=10) == []

    run(open_store, test)


def test_positions_that_are_not_kept_are_refused(open_store: OpenStore) -> None:
    async def test(store: EventStore) -> None:
        [stored] = await store.append(FEED, [make_event(1)])
        other_journal = "00000000" + stored.position[8:]
        ahead = stored.position[:-3] + "999"
        for position in (other_journal, ahead):
            with pytest.raises(PositionGoneError):
                await store.read(FEED, after=position, limit=1)
        for text in ("", "7", "x" * 100_000, stored.position + "\n", "ffffffff-" + "9" * 30):
            with pytest.raises(InputError) as caught:
                await store.read(FEED, after=text, limit=1)
            assert caught.value.code == "bad_position"
            assert len(caught.value.one_line()) < 300

    run(open_store, test)


def test_waiting_ends_with_the_next_event(open_store: OpenStore) -> None:
    async def test(store: EventStore) -> None:
        start = await store.newest_position(FEED)
        assert not await store.wait_for_events(FEED, start, 0.01)
        waiting = asyncio.create_task(store.wait_for_events(FEED, start, 60))
        await asyncio.sleep(0)
        await store.append("feed-2", [make_event(1)])
        await store.append(FEED, [make_event(1)])
        assert await waiting
        assert await store.wait_for_events(FEED, start, 60)

    run(open_store, test)


def test_another_process_wakes_a_reader(open_store: OpenStore) -> None:
    async def test(store: EventStore) -> None:
        start = await store.newest_position(FEED)
        other = open_store()
        waiting = asyncio.create_task(store.wait_for_events(FEED, start, 60))
        await other.append(FEED, [make_event(1)])
        assert await waiting
        await other.aclose()

    run(open_store, test)


def test_the_cursor_is_saved_with_the_events(open_store: OpenStore) -> None:
    async def test(store: EventStore) -> None:
        assert await store.load_cursor(FEED, "records") is None
        await store.append(FEED, make_events([1]), cursor=Cursor("records", {"calls": 7}))
        await store.append(FEED, [], cursor=Cursor("live", {"at": "ä"}))
        assert await store.load_cursor(FEED, "records") == {"calls": 7}
        assert await store.load_cursor(FEED, "live") == {"at": "ä"}
        assert await store.load_cursor("feed-2", "live") is None
        # A cursor that cannot be saved: nothing of the call is.
        with pytest.raises((TypeError, ValueError)):
            await store.append(FEED, [make_event(2)], cursor=Cursor("live", {"at": float("nan"), "b": {1}}))
        assert ids_of(await store.append(FEED, [make_event(2)])) == [2]

    run(open_store, test)


@pytest.mark.parametrize("with_credential", [True, False])
def test_subscriptions_are_kept_whole(open_store: OpenStore, with_credential: bool) -> None:
    first = make_subscription("1", extensions=("100", "101"), with_credential=with_credential)
    second = make_subscription("2", feed="feed-2")

    async def test(store: EventStore) -> None:
        before = await store.subscriptions_version()
        await store.add_subscription(first)
        await store.add_subscription(second)
        assert await store.subscriptions_version() != before
        other = open_store()
        for reader in (store, other):
            found = await reader.get_subscription(first.id)
            assert found is not None
            assert found.subscription == first
            assert (found.state, found.reason) == ("active", "")
            records = await reader.list_subscriptions()
            assert [each.subscription for each in records] == [first, second]
            [of_feed] = await reader.list_subscriptions("feed-2")
            assert of_feed.subscription == second
            assert await reader.list_subscriptions("feed-3") == []
        await other.aclose()
        with pytest.raises(EventStoreError, match="already a subscription"):
            await store.add_subscription(first)
        assert await store.remove_subscription(first.id)
        assert not await store.remove_subscription(first.id)
        assert await store.get_subscription(first.id) is None
        assert len(await store.list_subscriptions()) == 1

    run(open_store, test)


def test_a_subscription_gets_events_from_then_on(open_store: OpenStore) -> None:
    subscription = make_subscription(extensions=("100",))

    async def test(store: EventStore) -> None:
        await store.append(FEED, [make_event(1)])
        await store.add_subscription(subscription)
        events = [make_event(2), make_event(3, extension="101"), make_event(4, name="call.ended")]
        await store.append(FEED, events)
        await store.append("feed-2", [make_event(5)])
        # A second process, which has not seen the subscription yet, makes deliveries for it too.
        other = open_store()
        await other.append(FEED, [make_event(6)])
        await other.aclose()
        found = await store.pending_deliveries(subscription.id, after=None, limit=10)
        assert ids_of(found) == [2, 6]
        assert {each.subscription_id for each in found} == {subscription.id}
        assert [each.attempts for each in found] == [0, 0]
        assert all(each.first_due == each.next_at for each in found)
        stored = await store.read(FEED, after=None, limit=10)
        assert found[0].stored == stored[1]

    run(open_store, test)


def test_pending_deliveries_are_read_in_pages(open_store: OpenStore) -> None:
    subscription = make_subscription()

    async def test(store: EventStore) -> None:
        await store.add_subscription(subscription)
        await store.append(FEED, make_events(range(25)))
        found: list[int] = []
        after: str | None = None
        while page := await store.pending_deliveries(subscription.id, after=after, limit=10):
            assert len(page) <= 10
            found += ids_of(page)
            after = page[-1].stored.position
        assert found == list(range(25))
        assert await store.pending_deliveries("unknown", after=None, limit=10) == []

    run(open_store, test)


def test_results_are_recorded(open_store: OpenStore) -> None:
    subscription = make_subscription()

    async def test(store: EventStore) -> None:
        await store.add_subscription(subscription)
        await store.append(FEED, make_events(range(4)))
        first, second, third, _ = await store.pending_deliveries(subscription.id, after=None, limit=10)
        unknown = result_of(first)
        await store.record_deliveries(
            [
                result_of(first),
                result_of(second, "retry", problem="answered 503", minutes=5),
                result_of(third, "dead", problem="x" * 10_000),
                # A second time, as after a response that was lost, and of what is not there.
                unknown,
                result_of(first, "dead"),
            ]
        )
        assert await store.count_deliveries(subscription.id) == DeliveryCounts(2, 1, 1, 0)
        waiting, fresh = await store.pending_deliveries(subscription.id, after=None, limit=10)
        assert (waiting.stored, waiting.attempts) == (second.stored, 1)
        assert waiting.next_at == NOON + timedelta(minutes=5)
        assert waiting.first_due == second.first_due
        assert fresh.attempts == 0
        await store.record_deliveries([result_of(waiting, "retry", minutes=9)])
        attempts = await store.list_deliveries(subscription.id, 10)
        shown = [
            (int(each.result.event_id.split("/")[1]), each.result.state, each.attempt) for each in attempts
        ]
        assert shown == [(1, "retry", 2), (2, "dead", 1), (1, "retry", 1), (0, "delivered", 1)]
        assert attempts[-1].result == result_of(first)
        assert attempts[2].result == result_of(second, "retry", problem="answered 503", minutes=5)
        assert len(attempts[1].result.problem) == 500
        assert len(await store.list_deliveries(subscription.id, 2)) == 2
        record = await store.get_subscription(subscription.id)
        assert record is not None
        assert (record.delivered, record.failed, record.dropped) == (1, 1, 0)

    run(open_store, test)


def test_a_parked_subscription_is_resumed_with_all_it_missed(open_store: OpenStore) -> None:
    subscription = make_subscription()

    async def test(store: EventStore) -> None:
        await store.add_subscription(subscription)
        await store.append(FEED, [make_event(1)])
        [delivery] = await store.pending_deliveries(subscription.id, after=None, limit=10)
        await store.record_deliveries([result_of(delivery, "retry", minutes=60)])
        version = await store.subscriptions_version()
        await store.set_state(subscription.id, "parked", "not reachable for 24 hours")
        assert await store.subscriptions_version() != version
        record = await store.get_subscription(subscription.id)
        assert record is not None
        assert (record.state, record.reason) == ("parked", "not reachable for 24 hours")
        await store.append(FEED, [make_event(2)])
        await store.resume(subscription.id)
        resumed = await store.get_subscription(subscription.id)
        assert resumed is not None
        assert (resumed.state, resumed.reason) == ("active", "")
        # By this, the process that delivers notices it.
        assert record.resumed != resumed.resumed
        assert await store.list_subscriptions() == [resumed]
        found = await store.pending_deliveries(subscription.id, after=None, limit=10)
        assert ids_of(found) == [1, 2]
        assert [each.attempts for each in found] == [0, 0]
        assert found[0].next_at == found[0].first_due == found[1].next_at
        # Of a subscription that is gone meanwhile.
        await store.resume("unknown")
        await store.set_state("unknown", "parked")
        assert await store.count_deliveries("unknown") == DeliveryCounts()
        assert await store.get_subscription("unknown") is None

    run(open_store, test)


def test_a_removed_subscription_leaves_nothing(open_store: OpenStore) -> None:
    subscription = make_subscription()

    async def test(store: EventStore) -> None:
        await store.add_subscription(subscription)
        await store.append(FEED, make_events(range(3)))
        found = await store.pending_deliveries(subscription.id, after=None, limit=10)
        await store.record_deliveries([result_of(found[0])])
        await store.remove_subscription(subscription.id)
        await store.record_deliveries([result_of(found[1])])
        await store.append(FEED, make_events([9]))
        await store.add_subscription(subscription)
        assert await store.pending_deliveries(subscription.id, after=None, limit=10) == []
        assert await store.list_deliveries(subscription.id, 10) == []
        assert await store.count_deliveries(subscription.id) == DeliveryCounts()

    run(open_store, test)


def test_one_process_at_a_time_runs_a_feed(open_store: OpenStore) -> None:
    async def test(store: EventStore) -> None:
        other = open_store()
        async with store.lease(FEED) as lease:
            assert lease.held
            assert not lease.lost.is_set()
            async with other.lease("feed-2") as second:
                assert second.held
            waiting = asyncio.create_task(take(other))
            await asyncio.sleep(0.01)
            assert not waiting.done()
        await asyncio.wait_for(waiting, 30)
        # One that gives up waiting does not take it later.
        async with store.lease(FEED):
            waiting = asyncio.create_task(take(other))
            await asyncio.sleep(0.01)
            waiting.cancel()
        await asyncio.wait_for(take(other), 30)
        await other.aclose()

    async def take(store: EventStore) -> None:
        async with store.lease(FEED) as lease:
            assert lease.held

    run(open_store, test)


def test_readers_announce_what_they_want(open_store: OpenStore) -> None:
    async def test(store: EventStore) -> None:
        assert await store.list_wants(FEED) == frozenset()
        await store.announce_wants(FEED, "a", frozenset({"call.missed"}), 60)
        await store.announce_wants(FEED, "a", frozenset({"call.ended"}), 60)
        await store.announce_wants(FEED, "b", frozenset({"chat.new"}), 60)
        await store.announce_wants(FEED, "c", frozenset({"trunk.up"}), -1)
        assert await store.list_wants(FEED) == {"call.ended", "chat.new"}
        assert await store.list_wants("feed-2") == frozenset()

    run(open_store, test)


def test_as_many_attempts_are_kept_as_the_limit_says(open_store: OpenStore) -> None:
    subscription = make_subscription()

    async def test(store: EventStore) -> None:
        await store.add_subscription(subscription)
        await store.append(FEED, make_events(range(12)))
        found = await store.pending_deliveries(subscription.id, after=None, limit=20)
        await store.record_deliveries([result_of(each) for each in found])
        attempts = await store.list_deliveries(subscription.id, 100)
        assert [int(each.result.event_id.split("/")[1]) for each in attempts] == [11, 10, 9, 8, 7]

    run(open_store, test, attempts=5)


def test_secrets_are_shown_nowhere(open_store: OpenStore, dump: Callable[[], bytes]) -> None:
    async def test(store: EventStore) -> None:
        subscription = make_subscription(with_credential=True)
        await store.add_subscription(subscription)
        await store.append(FEED, make_events(range(3)))
        record = await store.get_subscription(subscription.id)
        pending = await store.pending_deliveries(subscription.id, after=None, limit=10)
        await store.record_deliveries([result_of(each) for each in pending])
        shown: list[Any] = [store, record, pending, await store.list_deliveries(subscription.id, 10)]
        texts = [repr(each) for each in shown] + [str(each) for each in shown]
        for secret in (API_KEY, WEBHOOK_SECRET):
            assert not any(secret in text for text in texts)
            assert secret.encode() not in dump()
        # The rest is in clear text: the search would find the secrets.
        assert b"call.missed" in dump()
        assert URL.encode() not in dump()

    run(open_store, test)
