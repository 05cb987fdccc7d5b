"""The listener against a small PBX on loopback: what it reports, and that nothing ends it."""

# ruff: noqa: ARG001 (all scenarios have the same arguments)

from __future__ import annotations

import asyncio
import json
import logging
from contextlib import suppress
from typing import Any

import pytest

from tests.callcontrol.scenarios import Events, play, ringing, show, until
from tests.callcontrol.small_pbx import SmallPbx, small_pbx
from threecx_node.callcontrol.changes import LegChange
from threecx_node.callcontrol.client import CallControlClient
from threecx_node.callcontrol.listener import ListenerTimes


def test_a_call_that_rings_already_is_inferred_and_then_followed() -> None:
    async def scenario(pbx: SmallPbx, client: CallControlClient, events: Events) -> None:
        live = [client.is_live]
        first = await events.next()
        assert show(first) == "updated 100/1 Ringing inferred"
        assert (first.dn_type, first.previous) == ("Wextension", None)
        assert [*live, client.is_live] == [False, True]
        await pbx.upsert("100", 1, status="Connected")
        second = await events.next()
        assert show(second) == "updated 100/1 Connected"
        assert second.previous == first.participant
        await pbx.send(2, "100", 1, {"dtmf_input": "5"})
        await pbx.send(3, "100", 1)
        await pbx.remove("100", 1)
        assert await events.texts(3) == ["dtmf 100/1 5", "prompt_finished 100/1", "removed 100/1"]
        # The snapshot came over the socket.
        assert [each for each in pbx.requests if each == "GET /callcontrol"] == []
        assert client.pbx == f"127.0.0.1:{pbx.port}"

    play(scenario, ringing)


def test_repeats_and_entities_that_are_gone_report_nothing() -> None:
    async def scenario(pbx: SmallPbx, client: CallControlClient, events: Events) -> None:
        await events.next()
        for _ in range(3):
            await pbx.send(0, "100", 1)
        await pbx.send(0, "100", 99)
        await pbx.send(1, "100", 98)
        await until(lambda: len(pbx.requests) >= 2)
        await pbx.upsert("100", 2, status="Dialing")
        assert await events.texts(1) == ["updated 100/2 Dialing"]
        # A 404 after an upsert means that a known participant is gone; the message that says so is a repeat.
        await pbx.remove("100", 2, quiet=True)
        await pbx.send(0, "100", 2)
        assert await events.texts(1) == ["removed 100/2 inferred"]
        await pbx.send(1, "100", 2)
        await pbx.remove("100", 1)
        assert await events.texts(1) == ["removed 100/1"]

    play(scenario, ringing)


def test_a_removal_waits_for_the_state_that_is_being_fetched() -> None:
    async def scenario(pbx: SmallPbx, client: CallControlClient, events: Events) -> None:
        await events.next()
        release, asked = asyncio.Event(), asyncio.Event()

        async def delay(path: str) -> None:
            document = dict(pbx.participants["100", 1])
            asked.set()
            await release.wait()
            pbx.participants["100", 1] = document

        pbx.delay = delay
        await pbx.upsert("100", 1, status="Connected")
        await asked.wait()
        await pbx.remove("100", 1)
        await pbx.send(2, "100", 1, {"dtmf_input": "1"})
        assert await events.texts(1) == ["dtmf 100/1 1"]
        release.set()
        assert await events.texts(2) == ["updated 100/1 Connected", "removed 100/1"]

    play(scenario, ringing)


def test_one_request_per_participant_and_a_bound_over_all() -> None:
    async def scenario(pbx: SmallPbx, client: CallControlClient, events: Events) -> None:
        await events.next()

        async def delay(path: str) -> None:
            await asyncio.sleep(0.002)

        pbx.delay = delay
        for turn in range(20):
            for number in range(2, 30):
                await pbx.upsert("100", number, status=f"s{turn}")
        last: dict[int, LegChange] = {}
        while len(last) < 28 or any(
            change.participant is None or change.participant.status != "s19" for change in last.values()
        ):
            change = await events.next()
            last[change.participant_id] = change
        assert pbx.most_at_once <= 4
        assert len(pbx.requests) < 20 * 28

    play(scenario, ringing, connections=4)


def test_a_comparison_finds_changes_of_a_lost_connection() -> None:
    async def scenario(pbx: SmallPbx, client: CallControlClient, events: Events) -> None:
        await events.next()
        await pbx.cut()
        await pbx.remove("100", 1, quiet=True)
        await pbx.upsert("101", 5, quiet=True, status="Connected")
        assert await events.texts(2) == ["removed 100/1 inferred", "updated 101/5 Connected inferred"]
        assert client.is_live
        assert events.notes[0] == "connected; listening for events"
        assert events.notes[1].startswith("connection lost: ")
        assert events.notes[2] == "connected again"
        assert pbx.logins == 1

    play(scenario, ringing)


def test_the_next_token_gets_a_socket_before_the_old_ends() -> None:
    async def scenario(pbx: SmallPbx, client: CallControlClient, events: Events) -> None:
        await events.next()
        first = pbx.sockets[0]
        await until(lambda: pbx.opened == 2)
        # Both may be open now: digits are reported once, and a state once.
        for digit in "1234":
            await pbx.send(2, "100", 1, {"dtmf_input": digit})
        await pbx.upsert("100", 1, status="Connected")
        texts = await events.texts(5)
        assert sorted(texts) == [*(f"dtmf 100/1 {each}" for each in "1234"), "updated 100/1 Connected"]
        await until(lambda: first.closed)
        assert pbx.logins >= 2
        assert not [each for each in events.notes if "lost" in each]

    def prepare(pbx: SmallPbx) -> None:
        ringing(pbx)
        pbx.ends_old_sockets = False
        pbx.lifetime = 2

    play(scenario, prepare)


HUGE = json.dumps(
    {"event": {"event_type": 0, "entity": "/callcontrol/100/participants/1", "x": "y" * 10_000_000}}
)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("not JSON", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ("null", "not an event"),
        ('{"event": 7}', "not an event"),
        (HUGE, "larger than an event can be"),
        ('{"event": {"event_type": 17, "entity": "/callcontrol/100/participants/1"}}', "an event of an unknown type"),
        ('{"event": {"event_type": "x"}}', "an event of an unknown type"),
        ('{"event": {"event_type": 0, "entity": "/callcontrol/100"}}', "an event whose entity is not a participant"),
        ('{"event": {"event_type": 1, "entity": "/xapi/v1/Users(5)"}}', "an event whose entity is not a participant"),
        ('{"event": {"event_type": 1, "entity": ["a"]}}', "an event whose entity is not a participant"),
        ('{"event": {"event_type": 4}}', "a response without its data"),
        ('{"event": {"event_type": 4, "attached_data": {}}}', "a response without request ID and status"),
    ],
)  # fmt: skip
def test_odd_messages_are_skipped_with_a_line_in_the_log(
    text: str, reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    async def scenario(pbx: SmallPbx, client: CallControlClient, events: Events) -> None:
        await events.next()
        for _ in range(3):
            await pbx.send_text(text)
        await pbx.upsert("100", 1, status="Connected")
        assert await events.texts(1) == ["updated 100/1 Connected"]
        assert pbx.opened == 1

    with caplog.at_level(logging.WARNING, "threecx_node.callcontrol"):
        play(scenario, ringing)
    assert [each.getMessage().partition(": skipped ")[2] for each in caplog.records] == [
        f"a message of the socket: {reason}"
    ]


def test_messages_that_end_a_connection_end_no_listener() -> None:
    async def scenario(pbx: SmallPbx, client: CallControlClient, events: Events) -> None:
        await events.next()
        with suppress(ConnectionError):
            await pbx.send_text("x" * (17 * 1024 * 1024))
        await pbx.upsert("100", 1, quiet=True, status="Connected")
        assert await events.texts(1) == ["updated 100/1 Connected inferred"]
        # Text that is not UTF-8.
        writer = pbx.sockets[-1]._writer
        assert writer is not None
        await writer.send_frame(b"\xff\xfe", 1)
        await until(lambda: pbx.opened == 3)
        await pbx.upsert("100", 1, status="Ringing")
        assert (await events.next()).participant == (await client.get_participant("100", 1))

    play(scenario, ringing)


def test_missing_messages_are_noticed_by_their_numbers() -> None:
    async def scenario(pbx: SmallPbx, client: CallControlClient, events: Events) -> None:
        await events.next()
        await pbx.remove("100", 1, quiet=True)
        pbx._sequence += 3
        await pbx.upsert("101", 2, status="Ringing")
        assert sorted(await events.texts(2)) == ["removed 100/1 inferred", "updated 101/2 Ringing"]

    play(scenario, ringing)


def test_a_missing_removal_is_found_by_the_next_comparison() -> None:
    async def scenario(pbx: SmallPbx, client: CallControlClient, events: Events) -> None:
        await events.next()
        await pbx.remove("100", 1, quiet=True)
        assert await events.texts(1) == ["removed 100/1 inferred"]

    play(scenario, ringing, times=ListenerTimes(compare=0.2))


def test_without_answers_over_the_socket_a_get_is_sent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("threecx_node.callcontrol.client._SNAPSHOT_TIMEOUT", 0.1)

    async def scenario(pbx: SmallPbx, client: CallControlClient, events: Events) -> None:
        assert await events.texts(1) == ["updated 100/1 Ringing inferred"]
        assert "GET /callcontrol" in pbx.requests

    def prepare(pbx: SmallPbx) -> None:
        ringing(pbx)
        pbx.answers_requests = False

    play(scenario, prepare)


def test_an_unreadable_participant_is_repaired_by_a_comparison() -> None:
    async def scenario(pbx: SmallPbx, client: CallControlClient, events: Events) -> None:
        await events.next()
        pbx.statuses["/callcontrol/100/participants/1"] = 418
        await pbx.upsert("100", 1, status="Connected")
        assert await events.texts(1) == ["updated 100/1 Connected inferred"]
        pbx.statuses["/callcontrol/100/participants/1"] = 403
        await pbx.upsert("100", 1, status="Ringing")
        await pbx.remove("100", 1)
        assert await events.texts(1) == ["removed 100/1"]

    play(scenario, ringing)


def test_a_socket_that_answers_no_ping_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("threecx_node.transport.websocket.PING_AFTER", 0.2)

    async def scenario(pbx: SmallPbx, client: CallControlClient, events: Events) -> None:
        await events.next()
        for socket in pbx.sockets:
            request: Any = socket._req
            # Nothing is read any more.
            request.transport.pause_reading()

        async def ping() -> None:
            while True:
                for socket in pbx.sockets:
                    with suppress(ConnectionError):
                        await socket.ping()
                await asyncio.sleep(0.05)

        pinging = asyncio.create_task(ping())
        await until(lambda: len(events.notes) >= 3)
        pinging.cancel()
        assert events.notes[1].startswith("connection lost: no answer for ")

    play(scenario, ringing)


def test_a_stale_socket_is_noticed_within_30_seconds() -> None:
    from threecx_node.transport.websocket import PING_AFTER

    # The check may be a quarter late.
    assert PING_AFTER * 1.75 < 30


def test_closing_the_client_ends_its_iterators() -> None:
    async def run() -> None:
        async with small_pbx() as pbx:
            ringing(pbx)
            client = pbx.client()
            seen: list[str] = []

            async def consume() -> None:
                async for change in client.events():
                    seen.append(show(change))  # noqa: PERF401 (the list is looked at meanwhile)

            consuming = asyncio.create_task(consume())
            await until(lambda: len(seen) == 1)
            await client.aclose()
            await consuming
            assert len(asyncio.all_tasks()) < 6
            assert not client.is_live

    asyncio.run(run())
