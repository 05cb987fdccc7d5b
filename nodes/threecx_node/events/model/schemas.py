"""JSON Schemas of events, and the webhooks of the service's OpenAPI document, made from the table of types."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .event import SCHEMA_VERSION
from .event_types import COMMON_FIELDS, EVENT_TYPES, TEST_TYPE
from .samples import make_sample

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from .event_fields import Field, Shape
    from .event_types import EventType

COMPONENT = "#/components/schemas/{model}"
"""The reference to a schema in an OpenAPI document."""
_DEFINITION = "#/$defs/{model}"

_TYPES: dict[str, dict[str, Any]] = {
    "text": {"type": "string"},
    "time": {"type": "string", "format": "date-time"},
    "integer": {"type": "integer"},
    "number": {"type": "number"},
    "boolean": {"type": "boolean"},
    "texts": {"type": "array", "items": {"type": "string"}},
    "integers": {"type": "array", "items": {"type": "integer"}},
}
_HEADERS = (
    (
        "webhook-id",
        "The same for each attempt to deliver one event, whatever the subscription",
        "evt_" + "0" * 32,
    ),
    ("webhook-timestamp", "When this attempt was made, in seconds since 1970", "1772352000"),
    (
        "webhook-signature",
        "v1, a comma, and base64 of the HMAC-SHA256 of `webhook-id.webhook-timestamp.body` with the secret of the "
        "subscription; several are separated by blanks",
        "v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4=",
    ),
)


def name_schema(event_type: EventType) -> str:
    """Return the name of the schema of a type: `CallMissedEvent`."""
    words = event_type.name.replace(".", "_").split("_")
    return f"{''.join(word.capitalize() for word in words)}Event"


def build_schema(event_type: EventType) -> dict[str, Any]:
    """Return the JSON Schema of the events of a type, complete in itself."""
    schema = _build_event(event_type, _DEFINITION)
    shapes = _list_shapes(event_type.fields)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **schema,
        "$defs": {shape.name: _build_object(shape.fields, _DEFINITION) for shape in shapes},
    }


def build_components() -> dict[str, Any]:
    """Return the schemas of all events for an OpenAPI document, by their names."""
    found: dict[str, Any] = {}
    for event_type in (*EVENT_TYPES.values(), TEST_TYPE):
        found[name_schema(event_type)] = _build_event(event_type, COMPONENT)
        for shape in _list_shapes(event_type.fields):
            found[shape.name] = _build_object(shape.fields, COMPONENT)
    names = {event_type.name: name_schema(event_type) for event_type in EVENT_TYPES.values()}
    found["Event"] = {
        "description": "An event of any type",
        "oneOf": [{"$ref": COMPONENT.format(model=name)} for name in names.values()],
        "discriminator": {
            "propertyName": "type",
            "mapping": {name: COMPONENT.format(model=schema) for name, schema in names.items()},
        },
    }
    return found


def build_webhooks() -> dict[str, Any]:
    """Return the webhooks of an OpenAPI document: the requests that a receiver gets, one for each type."""
    return {each.name: {"post": _build_webhook(each)} for each in (*EVENT_TYPES.values(), TEST_TYPE)}


def _build_webhook(event_type: EventType) -> dict[str, Any]:
    schema = {"$ref": COMPONENT.format(model=name_schema(event_type))}
    return {
        "operationId": f"receive{name_schema(event_type)}",
        "summary": event_type.title,
        "description": event_type.description,
        "security": [],
        "parameters": [
            {
                "name": name,
                "in": "header",
                "required": True,
                "description": description,
                "schema": {"type": "string"},
                "example": example,
            }
            for name, description, example in _HEADERS
        ],
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": schema, "example": make_sample(event_type)}},
        },
        "responses": {
            "2XX": {"description": "The event was received"},
            "410": {"description": "The receiver is gone: the subscription is parked"},
            "default": {"description": "The event was not received: it is sent again later"},
        },
    }


def _build_event(event_type: EventType, reference: str) -> dict[str, Any]:
    schema = _build_object((*COMMON_FIELDS, *event_type.fields), reference)
    schema["properties"]["schemaVersion"]["const"] = SCHEMA_VERSION
    schema["properties"]["type"]["const"] = event_type.name
    return {
        "title": event_type.title,
        "description": event_type.description,
        **schema,
        "examples": [make_sample(event_type)],
    }


def _build_object(fields: Iterable[Field], reference: str) -> dict[str, Any]:
    """Return the schema of an object. It allows further fields, which later versions may add."""
    known = tuple(fields)
    return {
        "type": "object",
        "properties": {field.name: _build_property(field, reference) for field in known},
        "required": [field.name for field in known if field.is_required],
    }


def _build_property(field: Field, reference: str) -> dict[str, Any]:
    if field.shape is not None:
        inner = {"$ref": reference.format(model=field.shape.name)}
        schema = {"type": "array", "items": inner} if field.kind == "objects" else inner
        return {**schema, "description": field.description}
    choices = {"enum": list(field.choices)} if field.choices else {}
    example = {} if field.example is None else {"examples": [field.example]}
    return {**_TYPES[field.kind], **choices, "description": field.description, **example}


def _list_shapes(fields: Iterable[Field]) -> Iterator[Shape]:
    """Yield the shapes of fields, and of the fields in these."""
    for field in fields:
        if field.shape is not None:
            yield field.shape
            yield from _list_shapes(field.shape.fields)
