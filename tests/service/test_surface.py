"""The paths and fields of the HTTP interface, as callers use them. A change here belongs in the changelog."""

from __future__ import annotations

from typing import Any

from threecx_node.events.model.event_types import EVENT_TYPES
from threecx_node.events.model.schemas import build_components
from threecx_node.service.openapi import build_openapi

SUBSCRIPTION = "/v1/subscriptions/{subscriptionId}"
PATHS = {
    ("get", "/health"): None,
    ("get", "/metrics"): None,
    ("get", "/v1/batches/{batchId}"): None,
    ("post", "/v1/check"): "CheckRequest",
    ("get", "/v1/events"): None,
    ("post", "/v1/events"): "EventsRequest",
    ("post", "/v1/execute"): "ExecuteRequest",
    ("post", "/v1/fields"): "FieldsRequest",
    ("post", "/v1/options"): "OptionsRequest",
    ("post", "/v1/search"): "SearchRequest",
    ("get", "/v1/subscriptions"): None,
    ("post", "/v1/subscriptions"): "SubscriptionRequest",
    ("post", "/v1/subscriptions/check"): "EventCheckRequest",
    ("get", SUBSCRIPTION): None,
    ("delete", SUBSCRIPTION): None,
    ("get", f"{SUBSCRIPTION}/deliveries"): None,
    ("post", f"{SUBSCRIPTION}/test"): "WebhookTestRequest",
    ("post", f"{SUBSCRIPTION}/resume"): None,
}
# Required fields first.
FIELDS = {
    "BatchItem": (["outcome"], ["error", "items"]),
    "BatchResponse": (["batchId", "operation", "results", "status"], []),
    "CheckRequest": (["pbx"], []),
    "DeliveriesResponse": (["deliveries"], []),
    "Delivery": (["attempts", "event", "eventId", "result", "time"], ["problem", "statusCode"]),
    "DeliveryCounts": (["delivered", "failed", "pending"], ["dropped"]),
    "EventCheckRequest": (["events", "pbx"], ["filter"]),
    "EventCheckResponse": (["problems"], []),
    "EventProblem": (["code", "events", "message"], ["advice", "isFinal"]),
    "EventsRequest": (["pbx"], ["after", "events", "filter"]),
    "ExecuteOptions": (
        [],
        [
            "allowIncompleteLists",
            "concurrency",
            "continueOnFail",
            "dryRun",
            "literal",
            "maxDeletes",
            "maxItems",
            "maxResponse",
            "pages",
            "prepareOnly",
            "release",
            "retryTime",
            "timeZone",
            "timeout",
        ],
    ),
    "ExecuteRequest": (["items", "operation", "pbx"], ["batchId", "options", "resume"]),
    "FieldsRequest": (["operation"], ["pbx"]),
    "HealthResponse": (["contract", "releases", "version"], ["status"]),
    "OptionsRequest": (["operation", "parameter"], ["parameters", "pbx"]),
    "Pbx": ([], ["baseUrl", "clientId", "clientSecret", "profile", "verifyTls"]),
    "SearchRequest": (["operation", "pbx"], ["cursor", "filter", "parameter", "parameters"]),
    "SubscribedPbx": (["baseUrl", "clientId"], ["profile"]),
    "SubscriptionRequest": (["events", "pbx", "url"], ["concurrency", "description", "filter", "secret"]),
    "SubscriptionResponse": (
        ["createdAt", "deliveries", "events", "id", "pbx", "problems", "state", "url"],
        ["description", "filter", "secret", "stateReason"],
    ),
    "SubscriptionsResponse": (["subscriptions"], []),
    "WebhookTestRequest": ([], ["event", "pbx"]),
    "WebhookTestResponse": (["delivered"], ["advice", "problem", "statusCode"]),
}
DOCUMENT: dict[str, Any] = build_openapi()
# tests/events/model compares these with the table of the types of events.
EVENTS = build_components()


def test_paths() -> None:
    found = {}
    for path, methods in DOCUMENT["paths"].items():
        for method, description in methods.items():
            content = description.get("requestBody", {}).get("content", {})
            schema = content.get("application/json", {}).get("schema")
            found[method, path] = schema["$ref"].rpartition("/")[2] if schema else None
    assert found == PATHS


def test_fields() -> None:
    found = {}
    for name, schema in DOCUMENT["components"]["schemas"].items():
        if name in EVENTS:
            continue
        required = sorted(schema.get("required", []))
        found[name] = (required, sorted(set(schema["properties"]) - set(required)))
    assert found == FIELDS


def test_streams_and_problems() -> None:
    responses = DOCUMENT["paths"]["/v1/execute"]["post"]["responses"]
    assert set(responses["200"]["content"]) == {"application/json", "application/x-ndjson"}
    assert set(responses["default"]["content"]) == {"application/problem+json"}


def test_webhooks() -> None:
    assert list(DOCUMENT["webhooks"]) == [*EVENT_TYPES, "test"]
    assert EVENTS.items() <= DOCUMENT["components"]["schemas"].items()
