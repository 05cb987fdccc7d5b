"""The simulator's own OpenAPI document: complete, valid, and consistent with 3CX's document."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest
from openapi_schema_validator import OAS31Validator

from tests.support import OWN_OPERATIONS, RELEASES, document, operations_of
from threecx_node.catalog import load_catalog
from threecx_node.errors import UnknownNameError
from threecx_node.simulator import Simulator
from threecx_node.simulator.odata.openapi_document import build_openapi_document

CATALOG = load_catalog()


@pytest.fixture(scope="module", params=RELEASES)
def release(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


def own(release: str) -> dict[str, Any]:
    return build_openapi_document(CATALOG, release)


def test_operations_match_the_official_document(release: str) -> None:
    def facts(of: dict[str, Any]) -> dict[str, Any]:
        found = {}
        for method, path, operation in operations_of(of):
            found[operation["operationId"]] = (method, path, "requestBody" in operation)
        return found

    served = facts(own(release))
    assert all(served.pop(name) for name in OWN_OPERATIONS)
    assert served == facts(document(release))


def test_properties_match_the_official_document(release: str) -> None:
    theirs = document(release)["components"]["schemas"]
    checked = 0
    for name, schema in own(release)["components"]["schemas"].items():
        if name == "Error" or "properties" not in schema:
            continue
        assert set(schema["properties"]) == set(official_properties(theirs, name)), name
        checked += len(schema["properties"])
    assert checked > 2000


def official_properties(schemas: dict[str, Any], name: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    schema = schemas[name]
    for part in [schema, *schema.get("allOf", [])]:
        if "$ref" in part:
            found |= official_properties(schemas, part["$ref"].rpartition("/")[2])
        found |= part.get("properties", {})
    return found


def test_types_match_the_release() -> None:
    def password(release: str) -> Any:
        return own(release)["components"]["schemas"]["Pbx.Trunk"]["properties"]["AuthPassword"]

    assert password("20.0.4") == {"type": ["string", "null"]}
    assert password("20.0.5")["anyOf"][0] == {"$ref": "#/components/schemas/Pbx.ConcealedPassword"}


def test_schemas_and_references_are_valid(release: str) -> None:
    made = own(release)
    for schema in made["components"]["schemas"].values():
        OAS31Validator.check_schema(schema)
    text = json.dumps(made)
    for kind in ("schemas", "responses"):
        used = {part.partition('"')[0] for part in text.split(f"#/components/{kind}/")[1:]}
        assert used == set(made["components"][kind])


def test_exact_forms() -> None:
    paths = own("20.0.10")["paths"]
    by_number = paths["/Users(Number={Number})"]["get"]
    assert by_number["parameters"][0]["schema"] == {"type": "string", "pattern": "^'([^']|'')*'$"}
    assert paths["/Users"]["get"]["parameters"][0]["schema"]["maximum"] == 100
    assert paths["/CallHistoryView"]["get"]["parameters"][0]["schema"]["maximum"] > 100
    assert set(paths["/Users({Id})"]["delete"]["responses"]) == {"204", "400", "401", "403", "404", "412"}
    created = paths["/Users"]["post"]
    assert created["requestBody"]["required"] is False
    assert set(created["responses"]) == {"201", "400", "401", "403", "404", "413", "415"}
    recording = paths["/Recordings/Pbx.DownloadRecording(recId={recId})"]["get"]["responses"]["200"]
    assert "audio/x-wav" in recording["content"]


def test_an_unknown_release() -> None:
    with pytest.raises(UnknownNameError):
        own("19.0.0")


def test_the_control_endpoint_returns_it() -> None:
    with Simulator(release="20.0.7", control=True) as pbx:
        answer = httpx.get(f"{pbx.base_url}/_simulator/openapi.json")
    assert answer.status_code == 200
    assert answer.json() == own("20.0.7")
