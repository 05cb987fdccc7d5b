"""Filters: what they let pass, and how a wrong one is refused."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from threecx_node.errors import ConfigurationError
from threecx_node.events.model.event import Event
from threecx_node.events.model.filters import FILTER_FIELDS, EventFilter


def event(name: str = "call.missed", **data: Any) -> Event:
    return Event(
        id="1", type=name, time=datetime(2026, 3, 1, tzinfo=UTC), pbx="pbx", order_key="1", data=data
    )


def entry(severity: str, **fields: str) -> Event:
    return event("event_log.new", logEntry={"severity": severity, **fields})


@pytest.mark.parametrize(
    ("document", "passing", "refused"),
    [
        ({"extensions": ["100", "101"]}, event(extension="101"), event(extension="102")),
        ({"extensions": ["100"]}, event(extensions=["102", "100"]), event()),
        ({"direction": "inbound"}, event(direction="inbound"), event(direction="unknown")),
        ({"direction": " Internal "}, event(direction="internal"), event()),
        ({"number": "+49 30 555"}, event(externalNumber="004930555"), event(externalNumber="+4930555123")),
        ({"number": "004930*"}, event(callerNumber="+49 (0)30-555"), event(callerNumber="+4989")),
        ({"number": "*555"}, event(calledNumber="+4930555"), event(calledNumber="+49305551")),
        ({"number": "*305*"}, event(did="+49305551"), event(did="+4930")),
        ({"group": "support"}, event(queue="Support"), event(queue="800")),
        ({"group": "801"}, event(ringGroup="801"), event()),
        ({"group": "trunks"}, entry("info", group="Trunks"), entry("info", group="System")),
        ({"group": "2"}, entry("info", group="2", groupName="Trunks"), entry("info")),
        ({"severity": "warning"}, entry("warning"), entry("info")),
        ({"severity": "info"}, entry("error"), event("event_log.new")),
        ({"number": "555", "direction": "inbound"}, event(did="555", direction="inbound"), event(did="555")),
    ],
)  # fmt: skip
def test_what_passes(document: dict[str, Any], passing: Event, refused: Event) -> None:
    chosen = EventFilter.from_json(document)
    assert chosen.matches(passing)
    assert not chosen.matches(refused)
    assert EventFilter.from_json(chosen.to_json()) == chosen


def test_a_field_leaves_events_alone_to_which_it_does_not_apply() -> None:
    chosen = EventFilter(extensions=("100",), direction="inbound", severity="error")
    assert chosen.matches(event("trunk.down"))
    assert chosen.matches(event("user.created", extension="100"))
    assert not chosen.matches(event("user.created", extension="101"))
    assert chosen.matches(event("of a later version"))


def test_an_empty_filter() -> None:
    nothing: tuple[Any, ...] = (None, {}, {"extensions": [], "number": "", "group": None})
    assert [EventFilter.from_json(document) for document in nothing] == [EventFilter()] * 3
    assert EventFilter().to_json() == {}
    assert EventFilter().matches(event())


@pytest.mark.parametrize(
    ("document", "field", "code", "line"),
    [
        ([], "filter", "bad_filter", "the filter is not a JSON object"),
        ({"extension": ["1"]}, "filter.extension", "unknown_filter", "Did you mean 'extensions'?"),
        ({"zzz": 1}, "filter.zzz", "unknown_filter", f"Choose from {', '.join(FILTER_FIELDS)}."),
        ({"extensions": "100"}, "filter.extensions", "bad_filter", "extensions is '100', not a list"),
        ({"extensions": [100]}, "filter.extensions", "bad_filter", "the extension 100 is not a number in quotes"),
        ({"extensions": [" "]}, "filter.extensions", "bad_filter", "not a number in quotes"),
        ({"extensions": ["1"] * 1001}, "filter.extensions", "bad_filter", "extensions has 1001 entries"),
        ({"direction": "inbund"}, "filter.direction", "bad_filter", "Did you mean 'inbound'?"),
        ({"direction": True}, "filter.direction", "bad_filter", "direction is True, not a text"),
        ({"severity": "xxxx"}, "filter.severity", "bad_filter", "Choose from info, warning, error."),
        ({"number": 4930}, "filter.number", "bad_filter", "number is 4930, not a text"),
        ({"number": "*"}, "filter.number", "bad_filter", "the number '*' is not a telephone number"),
        ({"number": "49*30"}, "filter.number", "bad_filter", "the number '49*30' is not a telephone number"),
        ({"number": "Ada"}, "filter.number", "bad_filter", "the number 'Ada' is not a telephone number"),
        ({"group": "x" * 201}, "filter.group", "bad_filter", "the group has 201 characters"),
        ({"group": "a\nb"}, "filter.group", "bad_filter", "the group 'a\\nb' has control characters"),
    ],
)  # fmt: skip
def test_a_wrong_filter_is_refused(document: Any, field: str, code: str, line: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        EventFilter.from_json(document)
    assert line in raised.value.one_line()
    assert (raised.value.field, raised.value.code) == (field, code)
    assert raised.value.description


def test_a_filter_that_applies_to_no_chosen_event_is_refused() -> None:
    chosen = EventFilter(severity="error")
    chosen.check_types(["call.missed", "event_log.new"])
    with pytest.raises(ConfigurationError) as raised:
        chosen.check_types(["call.missed", "trunk.down"])
    assert raised.value.one_line() == (
        "the filter severity does not apply to call.missed, trunk.down. Remove it, or add one of event_log.new."
    )
    assert (raised.value.code, raised.value.field) == ("filter_not_applicable", "filter.severity")


def test_a_direction_that_no_chosen_event_has_is_refused() -> None:
    chosen = EventFilter(direction="outbound")
    chosen.check_types(["call.missed", "call.ended"])
    EventFilter(direction="internal").check_types(["call.missed"])
    with pytest.raises(ConfigurationError) as raised:
        chosen.check_types(["call.missed", "trunk.down"])
    assert raised.value.one_line() == (
        "the direction of call.missed is never outbound. Choose another direction, or add other events."
    )
    assert (raised.value.code, raised.value.field) == ("filter_not_applicable", "filter.direction")
