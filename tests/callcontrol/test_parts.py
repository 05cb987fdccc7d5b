"""Small parts of the client: requests over the socket, repeats, the log of skips, and the watch for other programs."""

from __future__ import annotations

import json
import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from threecx_node.callcontrol.contest import MOST_LOSSES, ContestWatch
from threecx_node.callcontrol.repeats import RepeatFilter
from threecx_node.callcontrol.skips import SkipLog
from threecx_node.callcontrol.wire import (
    Skipped,
    SocketEvent,
    SocketResponse,
    make_participant_path,
    make_path,
    make_request,
    read_entity,
    read_message,
)


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@given(st.text() | st.binary())
def test_no_message_raises(data: str | bytes) -> None:
    assert isinstance(read_message(data, is_response_expected=True), (Skipped, SocketEvent, SocketResponse))


@pytest.mark.parametrize("as_text", [False, True])
def test_a_response_is_read_whether_or_not_its_body_is_text(as_text: bool) -> None:
    body = [{"dn": "100"}]
    attached = {
        "RequestID": 7,
        "Path": "/callcontrol",
        "StatusCode": "200",
        "Response": json.dumps(body) if as_text else body,
    }
    event = {"event_type": 4, "entity": None, "attached_data": json.dumps(attached) if as_text else attached}
    message = json.dumps({"sequence": 3, "event": event})
    assert read_message(message, is_response_expected=True) == SocketResponse("7", 200, body, 3)


def test_requests_and_paths_are_encoded() -> None:
    assert json.loads(make_request("a1", "/callcontrol")) == {"RequestID": "a1", "Path": "/callcontrol"}
    assert make_path("150", "devices", "sip:150@127.0.0.1:5063;x=1") == (
        "/150/devices/sip%3A150%40127.0.0.1%3A5063%3Bx%3D1"
    )
    assert make_participant_path(("1/0", 5)) == "/1%2F0/participants/5"
    assert read_entity("/callcontrol/1%2F0/participants/5") == ("1/0", 5)
    assert read_entity("/CallControl/150/Participants/8106/") == ("150", 8106)
    assert read_entity("/callcontrol/150/participants/81x") is None
    assert read_entity("/callcontrol/150/participants/" + "9" * 40) is None


def test_digits_of_two_sockets_are_reported_once() -> None:
    clock, old, new = Clock(), object(), object()
    repeats = RepeatFilter(clock)

    def digit(text: str) -> SocketEvent:
        return SocketEvent("dtmf", ("100", 1), text)

    assert not repeats.is_repeat(old, digit("1"))
    repeats.begin()
    both = [repeats.is_repeat(old, digit("1")), repeats.is_repeat(old, digit("1"))]
    both += [repeats.is_repeat(new, digit("1")), repeats.is_repeat(new, digit("1"))]
    assert both == [False, False, True, True]
    assert not repeats.is_repeat(new, digit("2"))
    repeats.end()
    assert repeats.is_repeat(old, digit("2"))
    assert not repeats.is_repeat(new, SocketEvent("upsert", ("100", 1)))
    clock.now += 2
    assert not repeats.is_repeat(new, digit("2"))


def test_a_skip_is_logged_once_a_minute(caplog: pytest.LogCaptureFixture) -> None:
    clock = Clock()
    skips = SkipLog("pbx.example", clock)
    with caplog.at_level(logging.WARNING):
        for _ in range(1000):
            skips.note("a message of the socket: not JSON")
        clock.now += 61
        skips.note("a message of the socket: not JSON")
    assert [each.getMessage() for each in caplog.records] == [
        "pbx.example: skipped a message of the socket: not JSON",
        "pbx.example: skipped a message of the socket: not JSON, and 999 more since the last line",
    ]
    assert skips.count == 1001


def test_many_lost_tokens_in_a_short_time_are_a_contest() -> None:
    clock = Clock()
    watch = ContestWatch(clock)
    for _ in range(MOST_LOSSES):
        assert not watch.note_loss()
        clock.now += 5
    assert watch.note_loss()
    clock.now += 1000
    assert not watch.note_loss()
