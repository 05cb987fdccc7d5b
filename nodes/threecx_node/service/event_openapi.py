"""The part of the OpenAPI document about subscriptions and events."""

from __future__ import annotations

from typing import Any

from .event_models import (
    MAX_DELIVERIES,
    DeliveriesResponse,
    EventCheckRequest,
    EventCheckResponse,
    EventsRequest,
    SubscriptionRequest,
    SubscriptionResponse,
    SubscriptionsResponse,
    WebhookTestRequest,
    WebhookTestResponse,
)

EVENT_MODELS = (
    SubscriptionRequest,
    EventsRequest,
    EventCheckRequest,
    WebhookTestRequest,
    SubscriptionResponse,
    SubscriptionsResponse,
    DeliveriesResponse,
    EventCheckResponse,
    WebhookTestResponse,
)
"""The models of these requests and responses."""

_REF = "#/components/schemas/{model}"
_ID = {
    "name": "subscriptionId",
    "in": "path",
    "required": True,
    "schema": {"type": "string", "format": "uuid"},
}
_STREAM = {
    "description": "Events as they come, until one side closes the connection",
    "content": {
        "text/event-stream": {"schema": {"type": "string"}},
        "application/x-ndjson": {"schema": {"type": "string"}},
    },
}
_PROBLEM = {
    "description": "The error and how to fix it",
    "content": {"application/problem+json": {"schema": {"type": "object", "required": ["status", "detail"]}}},
}


def build_event_paths() -> dict[str, Any]:
    """Return the paths of subscriptions and events."""
    one = "/v1/subscriptions/{subscriptionId}"
    added = _make("Subscribe a URL to events of a PBX", SubscriptionResponse, body=SubscriptionRequest)
    created = added["responses"].pop("200")
    created["headers"] = {"Location": {"schema": {"type": "string"}}}
    added["responses"] = {"201": created, **added["responses"]}
    removed = _make("Remove a subscription", None, in_path=True)
    removed["responses"] = {"204": {"description": "Removed"}, "default": _PROBLEM}
    return {
        "/v1/subscriptions": {
            "get": _make("List all subscriptions", SubscriptionsResponse),
            "post": added,
        },
        one: {
            "get": _make("Return a subscription", SubscriptionResponse, in_path=True),
            "delete": removed,
        },
        f"{one}/deliveries": {
            "get": _make(
                "Return the last deliveries of a subscription",
                DeliveriesResponse,
                in_path=True,
                query=[
                    _make_parameter("limit", {"type": "integer", "minimum": 1, "maximum": MAX_DELIVERIES})
                ],
            )
        },
        "/v1/subscriptions/check": {
            "post": _make(
                "Check whether a client can have events", EventCheckResponse, body=EventCheckRequest
            )
        },
        f"{one}/test": {
            "post": {
                **_make("Send a test event", WebhookTestResponse, in_path=True),
                "requestBody": {**_make_body(WebhookTestRequest), "required": False},
            }
        },
        f"{one}/resume": {
            "post": _make("Deliver again to a parked subscription", SubscriptionResponse, in_path=True)
        },
        "/v1/events": {
            "get": _make_stream("Read the events of a profile", query=_list_query()),
            "post": {
                **_make_stream("Read the events of a PBX", query=[]),
                "requestBody": _make_body(EventsRequest),
            },
        },
    }


def _make(
    summary: str,
    answer: type[Any] | None,
    *,
    body: type[Any] | None = None,
    in_path: bool = False,
    query: list[dict[str, Any]] | None = None,
) -> dict[str, Any]:
    """Return an operation; `in_path` says that the path contains the ID of a subscription."""
    schema = {"$ref": _REF.format(model=answer.__name__)} if answer else {"type": "object"}
    success = {"description": "Success", "content": {"application/json": {"schema": schema}}}
    operation: dict[str, Any] = {"summary": summary, "responses": {"200": success, "default": _PROBLEM}}
    if parameters := [*([_ID] if in_path else []), *(query or [])]:
        operation["parameters"] = parameters
    if body is not None:
        operation["requestBody"] = _make_body(body)
    return operation


def _make_stream(summary: str, *, query: list[dict[str, Any]]) -> dict[str, Any]:
    last = {"name": "Last-Event-ID", "in": "header", "schema": {"type": "string"}}
    return {
        "summary": summary,
        "parameters": [*query, last],
        "responses": {"200": _STREAM, "default": _PROBLEM},
    }


def _make_body(model: type[Any]) -> dict[str, Any]:
    schema = {"$ref": _REF.format(model=model.__name__)}
    return {"required": True, "content": {"application/json": {"schema": schema}}}


def _list_query() -> list[dict[str, Any]]:
    """Return the parameters of GET /v1/events; the names of events and filters are those of the request's body."""
    text = {"type": "string"}
    names = ("events", "extension", "direction", "number", "group", "severity", "after")
    return [_make_parameter("profile", text, required=True), *(_make_parameter(each, text) for each in names)]


def _make_parameter(name: str, schema: dict[str, Any], *, required: bool = False) -> dict[str, Any]:
    found = {"name": name, "in": "query", "schema": schema}
    return {**found, "required": True} if required else found
