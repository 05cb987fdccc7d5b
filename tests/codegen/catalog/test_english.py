"""Singulars, plurals and possessives, and the texts of documents that are not 3CX's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest

from tests.support import ADDED_OPERATIONS
from threecx_node.codegen.catalog.english import plural_of, singular_of
from threecx_node.codegen.catalog.writer import import_documents


@pytest.mark.parametrize(
    ("singular", "plural"),
    [
        ("ring group", "ring groups"),
        ("queue", "queues"),
        ("category", "categories"),
        ("property", "properties"),
        ("key", "keys"),
        ("box", "boxes"),
        ("tax", "taxes"),
        ("address", "addresses"),
        ("match", "matches"),
        ("cache", "caches"),
        ("status", "statuses"),
        ("call status", "call statuses"),
        ("alias", "aliases"),
        ("bus", "buses"),
        ("gas", "gases"),
        ("house", "houses"),
        ("license", "licenses"),
        ("database", "databases"),
        ("response", "responses"),
        ("process", "processes"),
        ("movie", "movies"),
        ("cookie", "cookies"),
        ("tie", "ties"),
        ("hero", "heroes"),
        ("shoe", "shoes"),
        ("quiz", "quizzes"),
        ("person", "people"),
        ("salesperson", "salespeople"),
        ("child", "children"),
        ("human", "humans"),
        ("index", "indices"),
        ("analysis", "analyses"),
        ("shelf", "shelves"),
        ("menu", "menus"),
        ("SBC", "SBCs"),
        ("FAQ", "FAQs"),
        ("news", "news"),
        ("series", "series"),
        ("data", "data"),
    ],
)
def test_singulars_and_plurals(singular: str, plural: str) -> None:
    assert (singular_of(plural), plural_of(singular)) == (singular, plural)
    # A noun that has the form already keeps it.
    assert (singular_of(singular), plural_of(plural)) == (singular, plural)


def operation(tag: str, *, key: str = "", reads: str = "entity") -> dict[str, Any]:
    """Return an operation of a plain REST document."""
    ref = {"$ref": "#/components/schemas/Thing"}
    schemas = {
        "entity": ref,
        "array": {"type": "array", "items": ref},
        "page": {"type": "object", "properties": {"value": {"type": "array", "items": ref}}},
    }
    schema = schemas[reads]
    described: dict[str, Any] = {
        "tags": [tag],
        "responses": {"200": {"description": "", "content": {"application/json": {"schema": schema}}}},
    }
    if key:
        described["parameters"] = [{"name": key, "in": "path", "schema": {"type": "string"}}]
    return described


def created(tag: str) -> dict[str, Any]:
    schema = {"schema": {"$ref": "#/components/schemas/Thing"}}
    return {**operation(tag), "requestBody": {"content": {"application/json": schema}}}


def test_texts_of_a_document_of_others(tmp_path: Path) -> None:
    paths: dict[str, dict[str, dict[str, Any]]] = {
        "/RingGroups": {"get": operation("Ring groups", reads="array"), "post": created("Ring groups")},
        "/RingGroups({id})": {
            "get": operation("Ring groups", key="id"),
            "delete": operation("Ring groups", key="id"),
        },
        "/RingGroups({id})/Members": {"get": operation("Ring groups", key="id", reads="page")},
        "/people": {"get": operation("people", reads="page"), "post": created("people")},
        "/call_statuses": {"post": created("call_statuses")},
        "/Settings": {"get": operation("Settings"), "put": created("Settings")},
        "/Größen": {"get": operation("Größen", reads="page")},
        "/客服": {"get": operation("客服", reads="page")},
    }
    ids = iter(["GetLogs", "CreateRingGroup", "Update", "Purge", "f", "g", "h", "i", "j", "k", "l", "m", "n"])
    for item in paths.values():
        for described in item.values():
            described["operationId"] = next(ids)
    document = {
        "openapi": "3.0.1",
        "info": {"title": "Another PBX", "version": "1"},
        "paths": paths,
        "components": {"schemas": {"Thing": {"type": "object", "properties": {"Id": {"type": "string"}}}}},
    }
    file = tmp_path / "other.yaml"
    file.write_bytes(orjson.dumps(document))
    catalog = import_documents([f"1.0.0={file}"])
    texts = {name: (each["name"], each["action"]) for name, each in catalog["operations"].items()}
    for name in ADDED_OPERATIONS:
        texts.pop(name, None)
    assert sorted(texts.values()) == sorted(
        [
            ("Get Many", "Get many ring groups"),
            ("Create", "Create ring group"),
            ("Get", "Get ring group"),
            ("Delete", "Delete ring group"),
            ("Get Many Members", "Get many members of ring group"),
            ("Get Many", "Get many people"),
            ("Create", "Create person"),
            ("Create", "Create call status"),
            ("Get", "Get settings"),
            ("Update", "Update settings"),
            ("Get Many", "Get many größen"),
            ("Get Many", "Get many 客服"),
        ]
    )
    # The texts and rules for operations of 3CX are not used for those of others with the same names.
    assert not any(
        "required" in each or "description" in each
        for name, each in catalog["operations"].items()
        if name not in ADDED_OPERATIONS
    )
    names = {each["name"] for each in catalog["resources"].values()}
    assert {"Ring Groups", "People", "Call Statuses", "Settings", "Größen", "客服"} <= names
