"""The hub with a simulated PBX and a receiver on loopback."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from standardwebhooks import Webhook

from tests.events.hubs import (
    credential_of,
    running_hub,
    subscribe,
    until,
    until_connected,
    until_counted,
    until_polled,
    until_problem,
)
from tests.events.receiver import Receiver, receiving
from tests.transport.servers import free_port
from threecx_credentials import Secret
from threecx_node.errors import LoginError
from threecx_node.events.model.hub_observer import DeliveryEnd, NoObserver
from threecx_node.events.model.subscription import PbxReference
from threecx_node.events.store.sqlite_store import SqliteEventStore
from threecx_node.simulator import Simulator


def play(run: Callable[[Simulator], Coroutine[Any, Any, None]], **options: Any) -> None:
    with Simulator(monitored=["100", "101"], **options) as pbx:
        asyncio.run(run(pbx))


def count_logins(pbx: Simulator) -> int:
    return sum(each.path == "/connect/token" for each in pbx.requests)


def test_a_good_check_is_remembered_for_a_minute(tmp_path: Path) -> None:
    async def run(pbx: Simulator) -> None:
        async with running_hub(tmp_path) as hub:
            types = frozenset({"call.missed", "recording.ready"})
            assert await hub.check(credential_of(pbx), types) == ()
            asked = len(pbx.requests)
            assert await hub.check(credential_of(pbx), types) == ()
            assert len(pbx.requests) == asked
            assert await hub.check(credential_of(pbx), types, ("100",)) == ()
            assert len(pbx.requests) > asked
            assert len(await hub.check(credential_of(pbx), types, ("105",))) == 1
            asked = len(pbx.requests)
            assert len(await hub.check(credential_of(pbx), types, ("105",))) == 1
            assert len(pbx.requests) > asked

    play(run)


def test_a_call_becomes_signed_webhooks(tmp_path: Path) -> None:
    async def run(pbx: Simulator) -> None:
        async with receiving() as receiver, running_hub(tmp_path) as hub:
            subscription = subscribe(credential_of(pbx), receiver.url)
            await hub.add(subscription)
            await until_connected(hub)
            call = pbx.calls.inbound("+493012345", to="100")
            await receiver.until(lambda: "call.ringing" in receiver.types)
            call.step()
            await receiver.until(lambda: "call.answered" in receiver.types)
            call.step()
            await receiver.until(lambda: "call.ended" in receiver.types)
            assert receiver.types == ["call.started", "call.ringing", "call.answered", "call.ended"]
            for each in receiver.deliveries:
                document = Webhook(subscription.secret.reveal()).verify(each.body, each.headers)
                assert document == each.document
            await until_counted(hub, subscription, delivered=4)

    play(run)


def has_more(receiver: Receiver, seen: int) -> bool:
    return len(receiver.deliveries) > seen


class Attempts(NoObserver):
    """Has the results of attempts to deliver."""

    def __init__(self) -> None:
        self.results: list[str] = []

    def note_delivery(self, result: DeliveryEnd, seconds: float) -> None:
        del seconds
        self.results.append(result)


@pytest.mark.parametrize("by", ["test", "resume"])
def test_events_that_wait_come_when_the_receiver_is_there_again(tmp_path: Path, by: str) -> None:
    async def run(pbx: Simulator) -> None:
        attempts = Attempts()
        async with receiving() as receiver, running_hub(tmp_path, observer=attempts) as hub:
            receiver.answer = lambda _: web.Response(status=503, headers={"Retry-After": "3600"})
            subscription = subscribe(credential_of(pbx), receiver.url, "call.started")
            await hub.add(subscription)
            await until_connected(hub)
            pbx.calls.inbound("+493012345", to="100")
            await until(lambda: attempts.results)
            receiver.answer = None
            if by == "test":
                assert (await hub.test(subscription.id)).delivered
            else:
                await hub.resume(subscription.id)
            # Not in an hour.
            await until_counted(hub, subscription, delivered=1)

    play(run)


def test_a_receiver_that_hangs_delays_no_other(tmp_path: Path) -> None:
    async def run(pbx: Simulator) -> None:
        hanging = asyncio.Event()

        async def hang(document: dict[str, Any]) -> web.Response:
            del document
            await hanging.wait()
            return web.Response()

        async with receiving() as slow, receiving() as quick, running_hub(tmp_path) as hub:
            slow.answer = hang
            one, two = (subscribe(credential_of(pbx), each.url) for each in (slow, quick))
            await hub.add(one)
            await hub.add(two)
            await until_connected(hub)
            call = pbx.calls.inbound("+493011111", to="100")
            await quick.until(lambda: "call.ringing" in quick.types)
            await slow.until(lambda: slow.deliveries)
            pbx.calls.end(call.id)
            await quick.until(lambda: "call.ended" in quick.types)
            assert slow.types == ["call.started"]
            tested = await hub.test(two.id, "call.missed")
            assert (tested.delivered, tested.status_code) == (True, 200)
            assert quick.deliveries[-1].headers["webhook-id"].startswith("test_")
            assert quick.types[-1] == "call.missed"
            hanging.set()
            await slow.until(lambda: "call.ended" in slow.types)
            assert slow.types == ["call.started", "call.ringing", "call.missed", "call.ended"]

    play(run)


@pytest.mark.slow
def test_a_restart_in_mid_call_loses_and_doubles_nothing(tmp_path: Path) -> None:
    async def run(pbx: Simulator) -> None:
        async with receiving() as receiver:
            subscription = subscribe(credential_of(pbx), receiver.url)
            async with running_hub(tmp_path) as hub:
                await hub.add(subscription)
                await until_connected(hub)
                ending = pbx.calls.inbound("+493011111", to="100")
                staying = pbx.calls.inbound("+493022222", to="101")
                await receiver.until(lambda: receiver.types.count("call.ringing") == 2)
                staying.step()
                await receiver.until(lambda: "call.answered" in receiver.types)
            pbx.calls.end(ending.id)
            async with running_hub(tmp_path) as hub:
                await receiver.until(lambda: "call.ended" in receiver.types)
                staying.step()
                await receiver.until(lambda: receiver.types.count("call.ended") == 2)
                await until_counted(hub, subscription, pending=0)
            ids = {each.document["id"] for each in receiver.deliveries}
            assert len(ids) == len({each.headers["webhook-id"] for each in receiver.deliveries}) == 8
            by_call = {
                call: list(dict.fromkeys(each["type"] for each in receiver.documents_of(call)))
                for call in (ending.id, staying.id)
            }
            assert by_call == {
                ending.id: ["call.started", "call.ringing", "call.missed", "call.ended"],
                staying.id: ["call.started", "call.ringing", "call.answered", "call.ended"],
            }
            missed = receiver.documents_of(ending.id)[-2]
            assert missed["inferred"] is True
            assert (missed["extension"], missed["externalNumber"]) == ("100", "+493011111")

    play(run)


@pytest.mark.slow
def test_another_hub_takes_a_feed_over(tmp_path: Path) -> None:
    async def run(pbx: Simulator) -> None:
        async with receiving() as receiver, running_hub(tmp_path) as second:
            subscription = subscribe(credential_of(pbx), receiver.url)
            async with running_hub(tmp_path) as first:
                await first.add(subscription)
                await until_connected(first)
                call = pbx.calls.inbound("+493011111", to="100")
                await receiver.until(lambda: "call.ringing" in receiver.types)
                assert second.list_feeds() == []
                # The one that waits knows the problems of the feed.
                assert (await second.describe(subscription)).problems == ()
                assert pbx.sockets.count == 1
            pbx.calls.end(call.id)
            await receiver.until(lambda: "call.ended" in receiver.types)
            await until_connected(second)
            await until_counted(second, subscription, pending=0)
            assert receiver.types == ["call.started", "call.ringing", "call.missed", "call.ended"]

    play(run)


@pytest.mark.slow
def test_a_pbx_that_counts_from_one_again_has_new_calls(tmp_path: Path) -> None:
    async def run(port: int) -> None:
        async with receiving() as receiver, running_hub(tmp_path) as hub:
            for _ in range(2):
                with Simulator(monitored=["100"], port=port) as pbx:
                    subscription = subscribe(credential_of(pbx), receiver.url, "call.missed")
                    await hub.add(subscription)
                    await until_connected(hub)
                    seen = len(receiver.deliveries)
                    call = pbx.calls.inbound("+493011111", to="100")
                    await asyncio.sleep(0.5)
                    pbx.calls.end(call.id)
                    assert call.id == 1
                    await receiver.until(partial(has_more, receiver, seen))
                await hub.remove(subscription.id)
            ids = [each.document["id"] for each in receiver.deliveries]
            assert ids[0].endswith("/1/call/missed")
            assert len(set(ids)) == 2

    asyncio.run(run(free_port()))


def test_the_socket_is_open_while_live_calls_are_needed(tmp_path: Path) -> None:
    async def run(pbx: Simulator) -> None:
        credential = credential_of(pbx)
        async with receiving() as receiver, running_hub(tmp_path, linger=0.0) as hub:
            records = subscribe(credential, receiver.url, "user.created")
            await hub.add(records)
            assert pbx.sockets.count == 0
            live = subscribe(credential, receiver.url, "call.ringing")
            await hub.add(live)
            await until(lambda: pbx.sockets.count == 1)
            await hub.remove(live.id)
            await until(lambda: pbx.sockets.count == 0)
            async with hub.reading(PbxReference(credential=credential), frozenset({"call.ended"})) as key:
                assert key == live.feed
                await until(lambda: pbx.sockets.count == 1)
            await until(lambda: pbx.sockets.count == 0)
            wrong = replace(credential, client_secret=Secret("another key"))
            with pytest.raises(LoginError):
                async with hub.reading(PbxReference(credential=wrong), frozenset({"call.ended"})):
                    pass

    play(run)


@pytest.mark.slow
def test_missed_calls_come_from_records_without_call_control(tmp_path: Path) -> None:
    async def run(pbx: Simulator) -> None:
        credential = credential_of(pbx)
        types = frozenset({"call.missed", "call.ringing"})
        async with receiving() as receiver, running_hub(tmp_path) as hub:
            problems = await hub.check(credential, types)
            assert [(each.events, each.code, each.is_final) for each in problems] == [
                (("call.ringing",), "call_control_off", True)
            ]
            subscription = subscribe(credential, receiver.url, *types)
            await hub.add(subscription)
            await until_problem(hub, subscription, "call_control_off")
            call = pbx.calls.inbound("+493011111", to="100")
            await until_polled(SqliteEventStore(tmp_path), subscription.feed)
            pbx.calls.end(call.id)
            await receiver.until(lambda: receiver.deliveries)
            assert receiver.deliveries[0].document["source"] == "records"
            status = await hub.describe(subscription)
            assert [each.events for each in status.problems] == [("call.ringing",)]

    play(run, call_control=False)


def test_a_refused_login_is_reported_and_ends_nothing(tmp_path: Path) -> None:
    async def run(pbx: Simulator) -> None:
        good = credential_of(pbx)
        bad = replace(good, client_id="another", client_secret=Secret("wrong"))
        async with receiving() as receiver, running_hub(tmp_path) as hub:
            refused = subscribe(bad, receiver.url, "call.ended", "user.created")
            await hub.add(refused)
            await until_problem(hub, refused, "login")
            status = await hub.describe(refused)
            assert {name for each in status.problems for name in each.events} == {
                "call.ended",
                "user.created",
            }
            assert all(each.is_final for each in status.problems)
            logins = count_logins(pbx)
            await hub.add(subscribe(good, receiver.url))
            await until(lambda: (pbx.base_url.partition("://")[2], True) in hub.list_feeds())
            # One more, of the other client.
            assert count_logins(pbx) == logins + 1

    play(run)
