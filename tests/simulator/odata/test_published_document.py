"""The document that the simulator serves without a login: importing it gives back the catalog's operations."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from threecx_node.catalog import Catalog, OperationVersion, load_catalog
from threecx_node.codegen.catalog.openapi_file import parse_document
from threecx_node.codegen.catalog.read import read_document
from threecx_node.codegen.catalog.writer import add_own_documents, build_catalog
from threecx_node.simulator import Simulator
from threecx_node.simulator.odata.published_document import build_published_document
from threecx_node.simulator.odata.release_model import load_model

CATALOG = load_catalog()


def describe_body(catalog: Catalog, version: OperationVersion, release: str) -> dict[str, Any]:
    fields = catalog.body_properties(version, release)
    return {
        name: (each.type_in(release).name, each.type_in(release).collection, each.max_length, each.navigation)
        for name, each in fields.items()
    }


def describe(catalog: Catalog, release: str) -> dict[str, Any]:
    """Return all operations of a release in a form that can be compared."""
    found = {}
    for operation in catalog.operations(release=release):
        version = operation.version(release)
        found[operation.id] = {
            "kind": (operation.resource, operation.kind),
            "request": (
                version.method,
                version.base_path,
                version.path,
                set(version.query),
                version.if_match,
            ),
            "parameters": version.parameters,
            "body": version.body
            if isinstance(version.body, str)
            else describe_body(catalog, version, release),
            "upload": version.upload,
            "required": operation.required,
        }
    return found


@pytest.mark.parametrize("release", CATALOG.releases)
def test_importing_the_document_gives_the_operations(release: str) -> None:
    model = load_model(CATALOG, release)
    document = parse_document(build_published_document(model), release, "swagger.yaml")
    imported = Catalog(build_catalog(add_own_documents([read_document(document)])))
    assert imported.releases == (release,)
    wanted, got = describe(CATALOG, release), describe(imported, release)
    assert [name for name in wanted if wanted[name] != got.get(name)] == []
    assert set(got) == set(wanted)
    # Responses may have been different in this release: the catalog has those of the newest.
    for operation, version in model.operations():
        assert imported.operation(operation.id).version().returns == version.returns
    for name in CATALOG.schemas_in(release):
        if name.startswith("Pbx."):
            assert describe_schema(imported, name, release) == describe_schema(CATALOG, name, release), name
    for name, enum in CATALOG.enums.items():
        if name.startswith("Pbx.") and enum.members_in(release):
            other = imported.enums[name]
            assert (other.members, other.flags) == (enum.members_in(release), enum.flags)


def describe_schema(catalog: Catalog, name: str, release: str) -> dict[str, Any]:
    return {
        each.name: (each.type_in(release), each.max_length, each.navigation)
        for each in catalog.properties_in(name, release).values()
    }


def test_the_document_needs_no_login(anyone: httpx.Client, pbx: Simulator) -> None:
    answer = anyone.get("/xapi/v1/swagger.yaml")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/yaml"
    assert answer.headers["x-3cx-version"].startswith(pbx.release)
    assert answer.json()["openapi"] == "3.0.4"
    assert anyone.post("/xapi/v1/swagger.yaml").status_code == 405
    assert anyone.get("/xapi/v1/Users").status_code == 401
