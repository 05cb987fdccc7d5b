"""Every operation of every release, built by us and checked against the official document itself.

Nothing of the catalog is used to say what is right: samples, expected URLs and body schemas come from the
document, read by the test.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from openapi_schema_validator import OAS30Validator

from tests.samples import BY_FORMAT
from tests.support import RELEASES, document, operations_of
from threecx_node.catalog import load_catalog
from threecx_node.parameters.resolve import resolve_parameters
from threecx_node.parameters.table import ParameterTable
from threecx_node.request.build import RequestBuilder

# (type, format) in the document → a value as users give it, and its literal in a URL.
SAMPLES: Mapping[tuple[str, str], tuple[Any, str]] = {
    ("string", ""): ("O'B & c/1", "'O''B%20%26%20c%2F1'"),
    ("integer", "int32"): (12, "12"),
    ("number", "int32"): (12, "12"),
    ("boolean", ""): (True, "true"),
    ("string", "uuid"): ("6f9619ff-8b86-d011-b42d-00c04fc964ff", "6f9619ff-8b86-d011-b42d-00c04fc964ff"),
    ("string", "date-time"): ("2026-03-29T03:30:00+02:00", "2026-03-29T01:30:00.000Z"),
}
DEEPEST = 3


def deref(doc: Mapping[str, Any], node: Any) -> Any:
    while "$ref" in node:
        target: Any = doc
        for part in node["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        node = target
    return node


def sample(doc: Mapping[str, Any], schema: Any, depth: int = 0) -> Any:
    """A value with every property of the schema, down to a depth."""
    schema = deref(doc, schema)
    if "enum" in schema:
        return schema["enum"][0]
    if "oneOf" in schema:
        return sample(doc, schema["oneOf"][0], depth)
    if schema.get("type") == "array":
        return [sample(doc, schema["items"], depth + 1)] if depth < DEEPEST else []
    properties = dict(properties_of(doc, schema))
    if properties:
        if depth >= DEEPEST:
            return {}
        return {name: sample(doc, value, depth + 1) for name, value in properties.items()}
    if len(schema.get("allOf", [])) == 1:
        return sample(doc, schema["allOf"][0], depth)
    return BY_FORMAT[schema.get("type", "object"), schema.get("format", "")]


def properties_of(doc: Mapping[str, Any], schema: Any) -> Iterator[tuple[str, Any]]:
    for part in schema.get("allOf", []):
        yield from properties_of(doc, deref(doc, part))
    yield from schema.get("properties", {}).items()


def body_schema(doc: Mapping[str, Any], operation: Mapping[str, Any]) -> Any:
    body = deref(doc, operation.get("requestBody", {}))
    return body.get("content", {}).get("application/json", {}).get("schema")


@pytest.mark.slow
@pytest.mark.parametrize("release", RELEASES)
def test_every_operation_is_built_as_the_document_says(release: str) -> None:
    doc = document(release)
    catalog = load_catalog()
    built = 0
    for method, path, declared in operations_of(doc):
        operation = catalog.operation(declared["operationId"])
        assert release in operation.releases
        given: dict[str, Any] = {}
        expected = path
        for reference in declared.get("parameters", []):
            parameter = deref(doc, reference)
            if parameter["in"] == "path":
                schema = parameter["schema"]
                value, literal = SAMPLES[schema["type"], schema.get("format", "")]
                if "maxLength" in schema:
                    value, literal = "SBC 1", "'SBC%201'"
                given[parameter["name"]] = value
                expected = expected.replace("{" + parameter["name"] + "}", literal)
            elif parameter["in"] == "header":
                assert parameter["name"] == "If-Match"
                given["If-Match"] = 'W/"1"'
        schema = body_schema(doc, declared)
        if schema is not None:
            given["body"] = sample(doc, schema)
        names = ParameterTable(catalog, operation, operation.version(release), release)
        resolved = resolve_parameters(names, given, {})
        request = RequestBuilder(catalog, operation, release).build(resolved.values)

        assert request.method == method, declared["operationId"]
        assert request.path == expected, declared["operationId"]
        assert request.headers == ({"If-Match": 'W/"1"'} if method == "DELETE" else {})
        if schema is None:
            assert request.body is None, declared["operationId"]
        else:
            assert request.body is not None
            sent = json.loads(request.body)
            # All that the user gave, nothing added, nothing lost.
            assert sent == given["body"], declared["operationId"]
            rooted = {"components": doc["components"], **schema}
            errors = [error.message for error in OAS30Validator(rooted).iter_errors(sent)]
            assert errors == [], declared["operationId"]
        built += 1
    assert built == len({each["operationId"] for _, _, each in operations_of(doc)})


@pytest.mark.slow
@pytest.mark.parametrize("release", RELEASES)
def test_query_options_are_those_of_the_document(release: str) -> None:
    doc = document(release)
    catalog = load_catalog()
    for _, _, declared in operations_of(doc):
        parameters = [deref(doc, each) for each in declared.get("parameters", [])]
        wanted = {each["name"] for each in parameters if each["in"] == "query"}
        shape = catalog.operation(declared["operationId"]).version(release)
        if release == RELEASES[-1]:
            assert set(shape.query) == wanted, declared["operationId"]
        else:
            assert wanted <= set(shape.query), declared["operationId"]


def test_date_times_in_urls_fit_the_documents_own_pattern() -> None:
    doc = document(RELEASES[-1])
    patterns = {
        deref(doc, parameter)["schema"]["pattern"]
        for _, _, declared in operations_of(doc)
        for parameter in declared.get("parameters", [])
        if deref(doc, parameter).get("schema", {}).get("format") == "date-time"
    }
    assert patterns
    for pattern in patterns:
        assert re.fullmatch(pattern, SAMPLES["string", "date-time"][1])
