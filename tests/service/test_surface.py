"""The paths and fields of the HTTP interface, as callers use them. A change here belongs in the changelog."""

from __future__ import annotations

from typing import Any

from threecx_node.events.event_types import EVENT_TYPES
from threecx_node.events.schemas import build_components
from threecx_node.service.openapi import build_openapi

PATHS = {
    "/health": ("get", None),
    "/metrics": ("get", None),
    "/v1/batches/{batchId}": ("get", None),
    "/v1/check": ("post", "CheckRequest"),
    "/v1/execute": ("post", "ExecuteRequest"),
    "/v1/fields": ("post", "FieldsRequest"),
    "/v1/options": ("post", "OptionsRequest"),
    "/v1/search": ("post", "SearchRequest"),
}
# Required fields first.
FIELDS = {
    "BatchItem": (["outcome"], ["error", "items"]),
    "BatchResponse": (["batchId", "operation", "results", "status"], []),
    "CheckRequest": (["pbx"], []),
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
    "OptionsRequest": (["operation", "parameter"], ["pbx"]),
    "Pbx": ([], ["baseUrl", "clientId", "clientSecret", "profile", "verifyTls"]),
    "SearchRequest": (["operation", "pbx"], ["cursor", "filter", "parameter", "parameters"]),
}
DOCUMENT: dict[str, Any] = build_openapi()
# tests/events compares these with the table of the types of events.
EVENTS = build_components()


def test_paths() -> None:
    found = {}
    for path, methods in DOCUMENT["paths"].items():
        ((method, description),) = methods.items()
        schema = (
            description.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
        )
        found[path] = (method, schema["$ref"].rpartition("/")[2] if schema else None)
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
