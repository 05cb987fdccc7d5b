"""The OpenAPI document of the service, built from the models of its requests."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from pydantic.json_schema import models_json_schema

from .. import __version__
from ..events.model.schemas import build_components, build_webhooks
from .event_openapi import EVENT_MODELS, build_event_paths
from .models import (
    BatchResponse,
    CheckRequest,
    ExecuteRequest,
    FieldsRequest,
    HealthResponse,
    OptionsRequest,
    SearchRequest,
)

_REQUESTS = {
    "/v1/execute": (
        ExecuteRequest,
        "Run one operation for a batch of items. Returns one result per item, in order",
    ),
    "/v1/search": (SearchRequest, "List entities to choose from"),
    "/v1/fields": (FieldsRequest, "List the fields of an operation's body"),
    "/v1/options": (OptionsRequest, "List the choices of a parameter"),
    "/v1/check": (CheckRequest, "Test a credential"),
}
_BATCH_ID = {
    "name": "batchId",
    "in": "path",
    "required": True,
    "schema": {"type": "string", "format": "uuid"},
}
_REF = "#/components/schemas/{model}"


@lru_cache(maxsize=1)
def build_openapi() -> dict[str, Any]:
    """Return the document, OpenAPI 3.1."""
    models = [(model, "validation") for model, _ in _REQUESTS.values()] + [
        (HealthResponse, "validation"),
        (BatchResponse, "validation"),
        *((each, "validation") for each in EVENT_MODELS),
    ]
    _, schemas = models_json_schema(models, ref_template=_REF)  # type: ignore[arg-type]  # "validation" is a Literal
    paths: dict[str, Any] = {
        "/health": {
            "get": {
                "summary": "Return the version of the executor",
                "security": [],
                "responses": _make_responses("HealthResponse"),
            }
        }
    }
    paths["/metrics"] = {
        "get": {
            "summary": "Return metrics for Prometheus",
            "responses": {
                "200": {"description": "Success", "content": {"text/plain": {"schema": {"type": "string"}}}}
            },
        }
    }
    for path, (model, summary) in _REQUESTS.items():
        body = {
            "required": True,
            "content": {"application/json": {"schema": {"$ref": _REF.format(model=model.__name__)}}},
        }
        paths[path] = {"post": {"summary": summary, "requestBody": body, "responses": _make_responses(None)}}
    paths["/v1/batches/{batchId}"] = {
        "get": {
            "summary": "Return what became of a batch, also after the executor was restarted",
            "parameters": [_BATCH_ID],
            "responses": _make_responses("BatchResponse"),
        }
    }
    paths.update(build_event_paths())
    execute = paths["/v1/execute"]["post"]["responses"]["200"]
    execute["content"]["application/x-ndjson"] = {"schema": {"type": "string"}}
    return {
        "openapi": "3.1.0",
        "info": {"title": "threecx executor", "version": __version__},
        "security": [{"key": []}],
        "paths": paths,
        "webhooks": build_webhooks(),
        "components": {
            "schemas": {**schemas["$defs"], **build_components()},
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
        },
    }


def _make_responses(schema: str | None) -> dict[str, Any]:
    success = {"$ref": _REF.format(model=schema)} if schema else {"type": "object"}
    problem = {"type": "object", "required": ["status", "detail"]}
    return {
        "200": {"description": "Success", "content": {"application/json": {"schema": success}}},
        "default": {
            "description": "The error and how to fix it",
            "content": {"application/problem+json": {"schema": problem}},
        },
    }
