"""The table of types, and the look-up in it."""

from __future__ import annotations

import pytest

from threecx_node.callcontrol.call_events import CALL_EVENT_TYPES
from threecx_node.errors import ConfigurationError
from threecx_node.events.model.event_types import EVENT_TYPES, find_type, find_typed, find_types


def test_the_names() -> None:
    assert list(EVENT_TYPES) == [
        *("call.started", "call.ringing", "call.answered", "call.transferred", "call.missed", "call.ended"),
        *("call.logged", "recording.ready", "transcription.ready", "voicemail.new", "chat.new"),
        *("event_log.new", "trunk.down", "trunk.up", "backup.finished"),
        *("user.created", "user.updated", "user.deleted"),
    ]
    live = {each.name for each in EVENT_TYPES.values() if each.source != "records"}
    assert live == set(CALL_EVENT_TYPES)


def test_types_of_one_group_follow_each_other() -> None:
    groups = [each.group for each in EVENT_TYPES.values()]
    assert sorted(groups, key=["calls", "records", "system"].index) == groups


@pytest.mark.parametrize("name", ["call.mised", "Call.Missed", "missed", "callmissed"])
def test_an_unknown_name_suggests_the_nearest(name: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        find_type(name)
    assert raised.value.one_line() == f"there are no events {name!r}. Did you mean 'call.missed'?"
    assert (raised.value.code, raised.value.field) == ("unknown_event", "events")


def test_names_of_calls_may_be_typed_short() -> None:
    assert find_typed("missed") is find_typed("call.missed") is EVENT_TYPES["call.missed"]
    assert find_typed("trunk.down") is EVENT_TYPES["trunk.down"]
    for typed, nearest in (("mised", "call.missed"), ("trunk.dwon", "trunk.down")):
        with pytest.raises(ConfigurationError) as raised:
            find_typed(typed)
        assert raised.value.one_line() == f"there are no events {typed!r}. Did you mean {nearest!r}?"


def test_a_name_like_no_other_shows_all() -> None:
    with pytest.raises(ConfigurationError, match="there are no events 'zzzzzz'") as raised:
        find_type("zzzzzz")
    assert "call.started, call.ringing" in raised.value.description


def test_names_are_looked_up_once_each() -> None:
    assert [each.name for each in find_types(["trunk.up", "call.missed", "trunk.up"])] == [
        "trunk.up",
        "call.missed",
    ]
    with pytest.raises(ConfigurationError, match="no events are chosen"):
        find_types([])
