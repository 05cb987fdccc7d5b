"""The form of events, in both directions."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from tests.callcontrol.leg_changes import OUTSIDE, PBX, TRUNK, Listener, leg, remove, update
from threecx_node.errors import InputError
from threecx_node.events.model.event import Event, from_call_event

EVENT = Event(
    id=f"{PBX}/backup/a.zip",
    type="backup.finished",
    time=datetime(2026, 3, 1, 9, tzinfo=timezone(timedelta(hours=1))),
    pbx=PBX,
    order_key="backup",
    data={"source": "records", "backup": {"id": "a.zip"}},
)


def test_the_form_of_an_event() -> None:
    assert EVENT.to_json() == {
        "schemaVersion": 1,
        "id": f"{PBX}/backup/a.zip",
        "type": "backup.finished",
        "time": "2026-03-01T08:00:00.000Z",
        "pbx": PBX,
        "source": "records",
        "backup": {"id": "a.zip"},
    }


def test_an_event_is_read_again() -> None:
    again = Event.from_json(EVENT.to_json(), "backup")
    assert again == EVENT
    assert again.time.tzinfo is UTC


def test_an_event_of_a_live_call() -> None:
    listener = Listener()
    listener.play(update(leg("100", 7, "Ringing", **TRUNK)), remove("100", 7, 20))
    listener.wait(22)
    call_event = listener.events[-2]
    event = from_call_event(call_event)
    assert event.to_json() == {"schemaVersion": 1, "pbx": PBX, "source": "live", **call_event.to_json()}
    assert (event.type, event.data["externalNumber"], event.order_key) == ("call.missed", OUTSIDE, "call/1")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"schemaVersion": 2}, "the event has schemaVersion 2, not 1"),
        ({"id": ""}, "the event has no id"),
        ({"type": 5}, "the event has no type"),
        ({"time": "yesterday"}, "the time 'yesterday' of the event is not valid"),
        ({"time": "2026-03-01T08:00:00"}, "the time '2026-03-01T08:00:00' of the event is not valid"),
    ],
)
def test_another_document_is_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError) as raised:
        Event.from_json({**EVENT.to_json(), **change}, "backup")
    assert raised.value.message == message
    assert raised.value.description
