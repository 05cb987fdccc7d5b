"""The effect of each function: reviewed by people, and decisive for what is sent again."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path

import httpx
import pytest

from tests.support import FakePbx, run
from threecx_node.catalog import load_catalog
from threecx_node.catalog.catalog import Catalog
from threecx_node.cli.describe import describe_operation, to_text
from threecx_node.codegen.catalog.naming import load_overrides
from threecx_node.codegen.catalog.openapi_file import parse_document
from threecx_node.codegen.catalog.read import read_document
from threecx_node.codegen.catalog.writer import build_catalog

CATALOG = load_catalog()
FUNCTIONS = {each.id for each in CATALOG.operations() if each.kind == "function"}
EFFECTS = load_overrides()["functions"]
CHANGES = frozenset(EFFECTS["change"])
READS = [name for group in EFFECTS["read"] for name in group["ids"]]


def test_each_get_function_is_reviewed_once() -> None:
    reviewed = Counter([*CHANGES, *READS])
    assert [name for name, count in reviewed.items() if count > 1] == []
    assert sorted(FUNCTIONS - set(reviewed)) == [], (
        "functions of a new release: add each to `functions` in overrides.json, under change or read, with the reason"
    )
    assert sorted(set(reviewed) - FUNCTIONS) == []


def test_each_decision_has_its_reason() -> None:
    reasons = [*EFFECTS["change"].values(), *(group["why"] for group in EFFECTS["read"])]
    assert all(re.match(r"[A-Z].{5,}", each) for each in reasons)


def test_the_catalog_has_the_effects() -> None:
    found = {each.id for each in CATALOG.operations() if each.kind == "function" and each.effect == "change"}
    assert found == CHANGES
    assert {"GenerateApiKey", "GenerateProvLink", "GetRequestHelpLink"} <= found
    by_kind = {each.kind: each.effect for each in CATALOG.operations() if each.kind != "function"}
    assert by_kind == {
        **dict.fromkeys(("list", "get"), "read"),
        **dict.fromkeys(("create", "update", "delete", "action"), "change"),
    }


@pytest.mark.parametrize("name", sorted(CHANGES))
def test_a_function_that_may_change_something_is_sent_once(name: str) -> None:
    needed = {
        each.name: 1 if each.type == "Int32" else "x" for each in CATALOG.operation(name).version().parameters
    }
    pbx = FakePbx(lambda _: httpx.Response(504))
    [result] = run(pbx, name, [{}], needed).results
    assert result.error is not None
    assert result.error.outcome_unknown
    assert len(pbx.requests) == 1


def test_a_function_that_only_reads_is_sent_again() -> None:
    answers = iter([httpx.Response(504), httpx.Response(200, json={"ScheduleEnabled": False})])
    pbx = FakePbx(lambda _: next(answers))
    assert run(pbx, "GetBackupSettings", [{}], {}).exit_code == 0
    assert len(pbx.requests) == 2


def document(name: str, prefix: str = "Pbx") -> Catalog:
    """Return the catalog of a release with one function."""
    schema = {"type": "object", "properties": {"Id": {"type": "integer", "format": "int32"}}}
    content = {
        "openapi": "3.0.4",
        "info": {"title": "XAPI", "version": "21.0.0"},
        "paths": {
            f"/Users/{prefix}.{name}()": {
                "get": {
                    "operationId": name,
                    "tags": ["Users"],
                    "x-ms-docs-operation-type": "function",
                    "responses": {"200": {"description": "ok"}},
                }
            }
        },
        "components": {"schemas": {f"{prefix}.User": schema}},
    }
    facts = read_document(parse_document(json.dumps(content).encode(), "21.0.0", "swagger.yaml"))
    return Catalog(build_catalog([facts]))


def test_an_imported_function_without_review_may_change() -> None:
    assert document("GetSomethingNew").operation("GetSomethingNew").effect == "change"
    assert document("ExportExtensions").operation("ExportExtensions").effect == "read"
    # The review is of 3CX's functions, and of no other server's.
    assert document("ExportExtensions", "Other").operation("ExportExtensions").effect == "change"


def test_a_catalog_of_an_earlier_version_has_no_reviews(tmp_path: Path) -> None:
    shipped = json.loads((Path(load_catalog.__code__.co_filename).with_name("xapi.json")).read_text())
    for each in shipped["operations"].values():
        each.pop("reads", None)
    path = tmp_path / "catalog.json"
    path.write_text(json.dumps(shipped))
    catalog = load_catalog(path)
    assert catalog.operation("ExportExtensions").effect == "change"
    assert catalog.operation("GetUser").effect == "read"


def test_describe_shows_the_effect() -> None:
    described = describe_operation(CATALOG, CATALOG.operation("GenerateApiKey"))
    assert described["effect"] == "change"
    assert "not sent again after a lost response" in to_text(described)
    for name in ("ExportExtensions", "DeleteUser"):
        assert "lost response" not in to_text(describe_operation(CATALOG, CATALOG.operation(name)))
