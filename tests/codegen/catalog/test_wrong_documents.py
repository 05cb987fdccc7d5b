"""Documents that are not as 3CX writes them: one error that names the place, in bounded time."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from threecx_node.codegen.catalog import import_documents
from threecx_node.codegen.catalog.openapi_file import MAX_BYTES, load_document, parse_document
from threecx_node.codegen.catalog.read import read_document
from threecx_node.errors import InputError

GET = {"operationId": "GetA", "tags": ["A"], "responses": {}}


def read(content: Any) -> None:
    read_document(parse_document(json.dumps(content).encode(), "21.0.0", "swagger.yaml"))


def schemas_of(**schemas: Any) -> dict[str, Any]:
    return {"paths": {}, "components": {"schemas": schemas}}


def ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


@pytest.mark.parametrize(
    "content",
    [
        {"paths": {"/A": []}, "components": {}},
        {"paths": {"/A": {"get": "x"}}, "components": {}},
        {"paths": {"/A": {"get": {"operationId": "GetA"}}}, "components": {}},
        {"paths": {"/A": {"get": {**GET, "tags": []}}}, "components": {}},
        {"paths": {"/A": {"get": {**GET, "parameters": [{}]}}}, "components": {}},
        {"paths": {"/A": {"get": {**GET, "responses": []}}}, "components": {}},
        {"paths": {"/A": {"post": {**GET, "requestBody": {"content": 5}}}}, "components": {}},
        {"paths": {"/A": {"get": GET}}, "servers": 5, "components": {}},
        schemas_of(A=[]),
        schemas_of(A={"enum": 5}),
        schemas_of(A={"type": "object", "properties": []}),
        schemas_of(A={"properties": {"x": {"type": ["string", "null"]}}}),
    ],
)
def test_a_document_that_is_written_otherwise(content: Any) -> None:
    with pytest.raises(InputError, match=r"swagger\.yaml") as caught:
        read(content)
    assert "\n" not in caught.value.one_line()


def test_references_that_never_end() -> None:
    twice = {f"A{n}": {"allOf": [ref(f"A{n + 1}")] * 2} for n in range(40)}
    endless: list[dict[str, Any]] = [
        {"A": {"allOf": [ref("A")]}},
        {"A": {"allOf": [ref("B")]}, "B": {"allOf": [ref("A")]}},
        {**twice, "A40": {"properties": {}}},
    ]
    for schemas in endless:
        with pytest.raises(InputError, match="refers to itself"):
            read(schemas_of(**schemas))
    body = {"requestBody": {"$ref": "#/components/x"}}
    content = {"paths": {"/A": {"post": {**GET, **body}}}, "components": {"x": {"$ref": "#/components/x"}}}
    with pytest.raises(InputError, match="refers to itself"):
        read(content)


def test_aliases_are_refused() -> None:
    laughs = "\n".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 30))
    text = f"paths: {{}}\ncomponents: {{}}\na0: &a0 [lol]\n{laughs}"
    with pytest.raises(InputError, match="contains YAML aliases"):
        parse_document(text.encode(), "21.0.0", "swagger.yaml")


def test_a_value_that_does_not_exist() -> None:
    text = "paths: {}\ncomponents: {}\nx: 2026-02-31\n"
    with pytest.raises(InputError, match="cannot be read"):
        parse_document(text.encode(), "21.0.0", "swagger.yaml")


def test_a_file_over_the_limit_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "xapi-21.0.0.yaml"
    path.write_bytes(b"#" * (MAX_BYTES + 1))
    with pytest.raises(InputError, match="larger than the limit of 10 MB"):
        load_document(path)
    endless = tmp_path / "xapi-21.0.1.yaml"
    endless.symlink_to("/dev/zero")
    with pytest.raises(InputError, match="larger than the limit of 10 MB"):
        import_documents([endless])


@pytest.mark.parametrize("name", ["a=b.yaml", "x=21.0.0.yaml", "=", "21.0.0="])
def test_a_release_that_cannot_be_read(name: str) -> None:
    with pytest.raises(InputError):
        import_documents([name])
