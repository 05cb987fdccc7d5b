"""Events of records on a simulated PBX: each kind once, in virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import timedelta

import httpx
import pytest

from tests.events.records.polls import Feed, open_pbx, run
from threecx_node.events.model.event import Event
from threecx_node.simulator import Client, Simulator

CALLER = "+4930123456"
CALLS = frozenset({"call.logged", "call.missed", "voicemail.new"})
RECORDINGS = frozenset({"recording.ready", "transcription.ready"})
USERS = frozenset({"user.created", "user.updated", "user.deleted"})


@pytest.fixture
def pbx() -> Iterator[Simulator]:
    with open_pbx() as simulator:
        yield simulator


def list_types(events: list[Event]) -> list[str]:
    return sorted(each.type for each in events if each.type != "event_log.new")


def request(pbx: Simulator, method: str, path: str, **json: object) -> httpx.Response:
    answer = httpx.request(
        method,
        f"{pbx.base_url}/xapi/v1/{path}",
        headers={"Authorization": f"Bearer {pbx.token()}"},
        json=json or None,
    )
    assert answer.is_success, answer.text
    return answer


def test_a_call_is_logged_once_with_all_legs(pbx: Simulator) -> None:
    async def scenario(feed: Feed) -> None:
        call = pbx.calls.queue(CALLER, "800")
        call.play()
        events = await feed.wait_for(180)
        [event] = events
        data = event.to_json()
        assert (event.type, data["direction"], data["queue"]) == ("call.logged", "inbound", "800")
        assert data["externalNumber"] == data["callerNumber"] == CALLER
        assert data["extension"] in data["extensions"]
        assert data["startedAt"] < data["answeredAt"] < data["endedAt"] == data["time"]
        record = data["callLog"]
        assert record["answered"] is True
        assert event.id == f"pbx.example:5001/callLog/{record['id']}/logged"
        rows = [
            each
            for each in pbx.state.entities("CallHistoryView")
            if each["SegmentStartTime"] >= data["startedAt"]
        ]
        assert {leg["id"] for leg in record["legs"]} <= {str(row["SegmentId"]) for row in rows}
        assert record["legs"][0]["destinationNumber"] == "800"
        assert record["durationSeconds"] == record["ringingSeconds"] + record["talkingSeconds"]

    run(pbx, scenario, types=CALLS)


def test_missed_calls_and_voicemails(pbx: Simulator) -> None:
    async def scenario(feed: Feed) -> None:
        call = pbx.calls.inbound(CALLER, to="103")
        feed.pass_time(8)
        call.hang_up()
        events = await feed.wait_for(60)
        assert list_types(events) == ["call.logged", "call.missed"]
        missed = next(each for each in events if each.type == "call.missed").to_json()
        assert (missed["extension"], missed["callerNumber"], missed["inferred"]) == ("103", CALLER, True)
        assert "answeredAt" not in missed
        pbx.calls.voicemail(CALLER, "103").play()
        events = await feed.wait_for(180)
        assert list_types(events) == ["call.logged", "call.missed", "voicemail.new"]
        message = next(each for each in events if each.type == "voicemail.new").to_json()
        assert message["voicemail"]["extension"] == message["extension"] == "103"
        assert message["voicemail"]["durationSeconds"] > 0
        # An outbound call that is not answered is not missed.
        call = pbx.calls.outbound("103", "+4989000")
        feed.pass_time(5)
        call.hang_up()
        events = await feed.wait_for(120)
        assert list_types(events) == ["call.logged"]
        assert events[0].data["externalNumber"] == "+4989000"
        assert feed.repeats == []

    run(pbx, scenario, types=CALLS)


def test_a_recording_and_its_transcription(pbx: Simulator) -> None:
    async def scenario(feed: Feed) -> None:
        call = pbx.calls.inbound(CALLER, to="103")
        call.answer("103")
        feed.pass_time(20)
        call.hang_up("103")
        events = await feed.wait_for(60)
        assert list_types(events) == ["call.logged", "recording.ready", "transcription.ready"]
        ready, transcribed = (
            next(each for each in events if each.type == name).to_json()
            for name in ("recording.ready", "transcription.ready")
        )
        assert ready["recording"]["durationSeconds"] == 20
        assert (ready["direction"], ready["extension"], ready["externalNumber"]) == ("inbound", "103", CALLER)
        assert transcribed["recording"] == ready["recording"]
        assert transcribed["transcription"] == {
            "recordingId": ready["recording"]["id"],
            "text": f"A tone of 425 Hz, recorded in a call from {CALLER}.",
            "summary": "A tone.",
            "sentimentScore": 4,
        }

    run(pbx, scenario, types=CALLS | RECORDINGS)


def test_a_recording_is_ready_when_its_file_is() -> None:
    async def scenario(feed: Feed) -> None:
        call = feed.pbx.calls.inbound(CALLER, to="103")
        call.answer("103")
        feed.pass_time(20)
        call.hang_up("103")
        feed.pass_time(15)
        assert await feed.wait_for(100) == []
        assert feed.pbx.state.count("Recordings") == 6
        asked = [each for each in feed.pbx.requests if "DownloadRecording" in each.path]
        assert 2 <= len(asked) < 15
        [event] = await feed.wait_for(120)
        assert event.type == "recording.ready"

    with open_pbx(file_delay=120) as pbx:
        run(pbx, scenario, types=frozenset({"recording.ready"}))


def test_trunks(pbx: Simulator) -> None:
    async def scenario(feed: Feed) -> None:
        pbx.set_trunk("10000", online=False)
        [down] = await feed.wait_for(20)
        assert (down.type, down.data["trunk"]["number"], down.data["trunk"]["isOnline"]) == (
            "trunk.down",
            "10000",
            False,
        )
        pbx.set_trunk("10000", online=True)
        [up] = await feed.wait_for(20)
        pbx.set_trunk("10000", online=False)
        [again] = await feed.wait_for(20)
        assert (up.type, again.type) == ("trunk.up", "trunk.down")
        assert down.order_key == up.order_key == again.order_key
        assert feed.repeats == []

    run(pbx, scenario, types=frozenset({"trunk.down", "trunk.up"}))


def test_chats_the_event_log_and_backups(pbx: Simulator) -> None:
    async def scenario(feed: Feed) -> None:
        pbx.receive_chat("Hello", sender="+4917012345", to="800", name="Ada")
        request(
            pbx,
            "POST",
            "Defs/Pbx.ReportLogEvent",
            request={"Source": "Disk", "Type": "Error", "Params": ["90 %"]},
        )
        request(pbx, "POST", "Backups/Pbx.Backup", description={"Name": "night"})
        events = await feed.wait_for(90)
        chat, entry, backup = (
            next(each for each in events if each.type == name).to_json()
            for name in ("chat.new", "event_log.new", "backup.finished")
        )
        assert (chat["chat"]["text"], chat["externalNumber"], chat["queue"]) == (
            "Hello",
            "+4917012345",
            "800",
        )
        assert (entry["logEntry"]["severity"], entry["logEntry"]["message"]) == ("error", "Disk 90 %")
        assert backup["backup"]["fileName"] == "night.zip"
        assert backup["backup"]["size"] > 0
        assert len([each for each in events if each.type == "backup.finished"]) == 1
        assert feed.repeats == []

    run(pbx, scenario, types=frozenset({"chat.new", "event_log.new", "backup.finished"}))


def test_users(pbx: Simulator) -> None:
    async def scenario(feed: Feed) -> None:
        user = request(pbx, "POST", "Users", Number="198", FirstName="Ada").json()
        [created] = await feed.wait_for(70)
        assert (created.type, created.data["extension"]) == ("user.created", "198")
        request(pbx, "PATCH", f"Users({user['Id']})", LastName="Lovelace", Mobile="+4917012345")
        [updated] = await feed.wait_for(70)
        assert {*updated.data["user"]["changedFields"]} - {"displayName"} == {"lastName", "mobile"}
        # A change there and back again is two changes.
        request(pbx, "PATCH", f"Users({user['Id']})", LastName="Byron")
        [_] = await feed.wait_for(70)
        request(pbx, "PATCH", f"Users({user['Id']})", LastName="Lovelace")
        [_] = await feed.wait_for(70)
        request(pbx, "DELETE", f"Users({user['Id']})")
        [deleted] = await feed.wait_for(140)
        assert deleted.type == "user.deleted"
        assert deleted.data["user"] == {"id": user["Id"], "number": "198"}
        assert deleted.data["extension"] == "198"
        assert feed.repeats == []

    run(pbx, scenario, types=USERS)


def test_a_restart_loses_and_repeats_nothing(pbx: Simulator) -> None:
    async def scenario(feed: Feed) -> None:
        first = pbx.calls.inbound(CALLER, to="103")
        feed.pass_time(5)
        first.hang_up()
        # The call is known, but not complete.
        await feed.poll(seconds=5)
        await feed.executor.aclose()
        feed.start()
        feed.pass_time(86400)
        second = pbx.calls.inbound(CALLER, to="104")
        feed.pass_time(5)
        second.hang_up()
        events = await feed.wait_for(120)
        assert [each.type for each in events] == ["call.logged", "call.logged"]
        assert feed.repeats == []

    run(pbx, scenario, types=frozenset({"call.logged"}))


@pytest.mark.parametrize("ahead", [timedelta(days=3), timedelta(days=-3), timedelta(hours=1)])
def test_the_clock_here_may_be_wrong(pbx: Simulator, ahead: timedelta) -> None:
    async def scenario(feed: Feed) -> None:
        feed.ahead = ahead
        for number in ("103", "104"):
            call = pbx.calls.inbound(CALLER, to=number)
            feed.pass_time(5)
            call.hang_up()
            assert list_types(await feed.wait_for(60)) == ["call.logged", "call.missed"]
            feed.ahead = -feed.ahead
        assert feed.repeats == []

    run(pbx, scenario, types=CALLS)


@pytest.mark.parametrize("release", ["20.0.4", "20.0.6"])
def test_earlier_releases(release: str) -> None:
    async def scenario(feed: Feed) -> None:
        call = feed.pbx.calls.inbound(CALLER, to="103")
        call.answer("103")
        feed.pass_time(20)
        call.hang_up("103")
        feed.pbx.receive_chat("Hello", sender="+4917012345", to="800")
        events = await feed.wait_for(70)
        assert list_types(events) == ["call.logged", "chat.new", "recording.ready", "transcription.ready"]
        assert feed.last is not None
        assert feed.last.problems == []
        name = "CallHistoryView" if release == "20.0.4" else "ReportCallLogData"
        assert any(name in each.path for each in feed.pbx.requests)

    with open_pbx(release=release) as pbx:
        run(pbx, scenario, types=CALLS | RECORDINGS | {"chat.new"})


def test_an_idle_pbx_gets_one_request_a_poll(pbx: Simulator) -> None:
    async def scenario(feed: Feed) -> None:
        await feed.poll(seconds=5)
        pbx.forget_requests()
        polls = 0
        while feed.seconds < 55:
            assert feed.last is not None
            await feed.poll(seconds=feed.last.next_after)
            polls += 1
        assert [each.path.rpartition("/")[2] for each in pbx.requests] == [
            "LastCdrAndChatMessageTimestamp"
        ] * polls
        pbx.forget_requests()
        await feed.wait_for(1800)
        # One look at the times, and one at the rows of long calls.
        assert len(pbx.requests) < 150
        assert feed.last is not None
        assert feed.last.next_after <= 60

    run(pbx, scenario, types=frozenset({"call.logged", "chat.new"}))


def test_a_missing_right_stops_only_its_source() -> None:
    async def main() -> None:
        administrator = Client("robot", "k" * 20, "System Administrator")
        with open_pbx(clients=[administrator]) as pbx:
            feed = Feed(pbx)
            feed.client_id, feed.client_secret = administrator.id, administrator.secret
            feed.start()
            try:
                assert await feed.poll() == []
                assert feed.last is not None
                [problem] = feed.last.problems
                assert problem.types == ("recording.ready", "transcription.ready")
                assert (problem.code, problem.is_final) == ("record_forbidden", True)
                assert "the role System Owner" in problem.advice
                assert list(await feed.poller.check(feed.types)) == [problem]
                call = pbx.calls.inbound(CALLER, to="103")
                feed.pass_time(5)
                call.hang_up()
                assert list_types(await feed.wait_for(60)) == ["call.logged", "call.missed"]
            finally:
                await feed.aclose()

    asyncio.run(main())


def test_a_pbx_that_is_away_is_a_problem(pbx: Simulator) -> None:
    async def scenario(feed: Feed) -> None:
        pbx.faults.set("503:100%")
        before = feed.cursor
        for _ in range(3):
            assert await feed.poll(seconds=60) == []
            assert feed.last is not None
            assert feed.last.problems
            assert not any(each.is_final for each in feed.last.problems)
        assert feed.cursor == before
        pbx.faults.set("")
        call = pbx.calls.inbound(CALLER, to="103")
        feed.pass_time(5)
        call.hang_up()
        assert list_types(await feed.wait_for(400)) == ["call.logged", "call.missed"]
        assert feed.last is not None
        assert feed.last.problems == []

    run(pbx, scenario, types=CALLS | {"event_log.new"})
