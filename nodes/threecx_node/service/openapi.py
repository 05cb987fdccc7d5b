"""The service's own OpenAPI document, from the models of its calls."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from pydantic.json_schema import models_json_schema

from .. import __version__
from .models import CheckRequest, ExecuteRequest, FieldsRequest, HealthAnswer, OptionsRequest, SearchRequest

_CALLS = {
    "/v1/execute": (ExecuteRequest, "Run one operation for a batch of items; one result per item, in order"),
    "/v1/search": (SearchRequest, "Entries to choose from for a key"),
    "/v1/fields": (FieldsRequest, "Fields of an operation's body"),
    "/v1/options": (OptionsRequest, "Choices of a parameter"),
    "/v1/check": (CheckRequest, "Test a credential"),
}
_REF = "#/components/schemas/{model}"


@lru_cache(maxsize=1)
def openapi() -> dict[str, Any]:
    """The document, OpenAPI 3.1."""
    models = [(model, "validation") for model, _ in _CALLS.values()] + [(HealthAnswer, "validation")]
    _, schemas = models_json_schema(models, ref_template=_REF)  # type: ignore[arg-type]
    paths: dict[str, Any] = {
        "/health": {
            "get": {"summary": "Version and contract", "security": [], "responses": _answers("HealthAnswer")}
        }
    }
    for path, (model, summary) in _CALLS.items():
        body = {
            "required": True,
            "content": {"application/json": {"schema": {"$ref": _REF.format(model=model.__name__)}}},
        }
        paths[path] = {"post": {"summary": summary, "requestBody": body, "responses": _answers(None)}}
    execute = paths["/v1/execute"]["post"]["responses"]["200"]
    execute["content"]["application/x-ndjson"] = {"schema": {"type": "string"}}
    return {
        "openapi": "3.1.0",
        "info": {"title": "threecx executor", "version": __version__},
        "security": [{"key": []}],
        "paths": paths,
        "components": {
            "schemas": schemas["$defs"],
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
        },
    }


def _answers(schema: str | None) -> dict[str, Any]:
    good = {"$ref": _REF.format(model=schema)} if schema else {"type": "object"}
    problem = {"type": "object", "required": ["status", "detail"]}
    return {
        "200": {"description": "Done", "content": {"application/json": {"schema": good}}},
        "default": {
            "description": "What is wrong and what to do about it",
            "content": {"application/problem+json": {"schema": problem}},
        },
    }
