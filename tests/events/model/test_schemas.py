"""The table of types describes the events that there are: samples, live calls, filters."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from jsonschema import Draft202012Validator

from tests.callcontrol.leg_changes import TRUNK, Listener, internal, leg, remove, update
from tests.callcontrol.test_calls_properties import RANDOMS, SCRIPTS, LegScript, interleave, play, spoil
from threecx_node.events.model.event import Event, from_call_event
from threecx_node.events.model.event_fields import Field
from threecx_node.events.model.event_types import COMMON_FIELDS, EVENT_TYPES, TEST_TYPE, EventType
from threecx_node.events.model.filters import FILTER_FIELDS, FILTER_HELP, EventFilter
from threecx_node.events.model.samples import make_sample
from threecx_node.events.model.schemas import build_components, build_schema, build_webhooks, name_schema

TYPES = (*EVENT_TYPES.values(), TEST_TYPE)
each_type = pytest.mark.parametrize("event_type", TYPES, ids=lambda each: each.name)


def find_problems(document: Any) -> list[str]:
    """Return where an event differs from the schema of its type, undocumented fields too."""
    validator = make_validator(document["type"])
    return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(document)]


@cache
def make_validator(name: str) -> Draft202012Validator:
    schema = close(build_schema(EVENT_TYPES.get(name, TEST_TYPE)))
    return Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)


def close(schema: Any) -> Any:
    """Return the schema without the permission to add fields."""
    if isinstance(schema, list):
        return [close(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {name: close(value) for name, value in schema.items()}
    return {**closed, "additionalProperties": False} if schema.get("type") == "object" else closed


@each_type
def test_a_schema_and_its_sample(event_type: EventType) -> None:
    schema = build_schema(event_type)
    Draft202012Validator.check_schema(schema)
    sample = make_sample(event_type)
    assert find_problems(sample) == []
    assert schema["examples"] == [sample]
    assert Event.from_json(sample, "").to_json() == sample
    assert json.loads(json.dumps(sample)) == sample


@each_type
def test_a_sample_shows_every_field(event_type: EventType) -> None:
    sample = make_sample(event_type)
    # A call is live or in the call log, and few calls are answered before they ring.
    hidden = {"call.missed": {"callLog"}, "call.ringing": {"answeredAt"}}.get(event_type.name, set())
    assert {field.name for field in (*COMMON_FIELDS, *event_type.fields)} - hidden == set(sample)


def test_schemas_refuse_other_events() -> None:
    sample = make_sample(EVENT_TYPES["call.missed"])
    assert find_problems({**sample, "more": 1})
    assert find_problems({**sample, "direction": "sideways"})
    assert find_problems({**sample, "call": {**sample["call"], "callId": "1001"}})
    assert find_problems({**sample, "time": None})
    del sample["source"]
    assert find_problems(sample) == ["$: 'source' is a required property"]


def play_calls() -> Iterator[Event]:
    """Yield events of all types of live calls."""
    listener = Listener(grace=2)
    queue = {**TRUNK, "party_did": "+493055500", "party_caller_name": "Ada", "on_behalf_of_dn": "800"}
    queue |= {"on_behalf_of_type": "Wqueue", "referred_by_dn": "101", "referred_by_type": "Wextension"}
    listener.play(
        update(leg("100", 7, "Ringing", **queue)),
        update(leg("101", 8, "Ringing", **queue)),
        update(leg("100", 7, "Connected", **queue), 4),
        update(leg("102", 9, "Ringing", **queue), 8),
        update(leg("102", 9, "Connected", **queue), 9),
        remove("100", 7, 10),
        remove("101", 8, 10),
        remove("102", 9, 20),
        update(leg("100", 20, "Dialing", call_id=2, **internal("101")), 21, inferred=True),
        update(leg("101", 21, "Ringing", call_id=2, **internal("100")), 21),
        remove("101", 21, 30, inferred=True),
        remove("100", 20, 30),
        update(leg("103", 30, "Ringing", call_id=3), 31),
    )
    listener.wait(100)
    yield from map(from_call_event, listener.events)


def test_events_of_live_calls_match_their_schemas() -> None:
    events = list(play_calls())
    live = {each.name for each in EVENT_TYPES.values() if each.source != "records"}
    assert {event.type for event in events} == live
    assert {event.type: find_problems(event.to_json()) for event in events} == {name: [] for name in live}


@pytest.mark.slow
@settings(max_examples=40)
@given(SCRIPTS, RANDOMS)
def test_events_of_any_calls_match_their_schemas(scripts: list[LegScript], choose: random.Random) -> None:
    sequences = [list(script.changes(number)) for number, script in enumerate(scripts, 1)]
    calls = play(spoil(interleave(sequences, choose), choose), choose)
    for event in (event for events in calls.values() for event in events):
        assert find_problems(from_call_event(event).to_json()) == []


def test_a_field_has_one_meaning_in_all_types() -> None:
    seen: dict[str, Field] = {}
    for field in (field for each in EVENT_TYPES.values() for field in each.fields):
        # No missed call is outbound.
        known = replace(field, example=None, choices=(), is_required=False, is_in_sample=True)
        assert seen.setdefault(field.name, known) == known


def test_one_shape_has_one_name() -> None:
    components = build_components()
    for event_type in TYPES:
        definitions = json.dumps(build_schema(event_type)["$defs"]).replace(
            "#/$defs/", "#/components/schemas/"
        )
        for name, schema in json.loads(definitions).items():
            assert components[name] == schema


@pytest.mark.parametrize("name", FILTER_FIELDS)
def test_filters_apply_to_types_that_have_their_fields(name: str) -> None:
    """A filter that looks at a field that no event of the type has would let nothing pass."""
    needed = {
        "extensions": {"extension"},
        "direction": {"direction"},
        "number": {"externalNumber"},
        "group": {"queue", "logEntry"},
        "severity": {"logEntry"},
    }[name]
    able = {each.name for each in EVENT_TYPES.values() if needed & {field.name for field in each.fields}}
    assert able == {each.name for each in EVENT_TYPES.values() if name in each.filters}


def test_filters_find_the_values_of_samples() -> None:
    values: dict[str, Any] = {
        "extensions": ["100"],
        "direction": "inbound",
        "number": "+4930*",
        "severity": "info",
    }
    assert set(FILTER_HELP) == set(FILTER_FIELDS) == {*values, "group"}
    for event_type in EVENT_TYPES.values():
        sample = Event.from_json(make_sample(event_type), "")
        group = "trunks" if event_type.name == "event_log.new" else "800"
        assert EventFilter.from_json({**values, "group": group}).matches(sample)


def test_webhooks_refer_to_schemas_that_exist() -> None:
    components = build_components()
    webhooks = build_webhooks()
    assert list(webhooks) == [*EVENT_TYPES, "test"]
    for event_type in TYPES:
        hook = webhooks[event_type.name]["post"]
        content = hook["requestBody"]["content"]["application/json"]
        assert content["schema"] == {"$ref": f"#/components/schemas/{name_schema(event_type)}"}
        headers = [header["name"] for header in hook["parameters"]]
        assert headers == ["webhook-id", "webhook-timestamp", "webhook-signature"]
    references = re.findall(r"#/components/schemas/(\w+)", json.dumps([webhooks, components]))
    assert set(references) <= set(components)
    assert name_schema(EVENT_TYPES["event_log.new"]) == "EventLogNewEvent"
