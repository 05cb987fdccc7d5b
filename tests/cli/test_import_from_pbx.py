"""Import the document of a PBX, and use a PBX that is newer than this package's catalog."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest

from tests.cli.conftest import run
from tests.service.conftest import pbx_of, serving
from tests.transport.servers import response, running
from threecx_node.catalog import Catalog, load_catalog
from threecx_node.catalog.load import SHIPPED
from threecx_node.codegen.catalog import compare_catalogs
from threecx_node.simulator import Simulator

FEATURE = {
    "post": {
        "tags": ["Users"],
        "operationId": "ResetUser",
        "parameters": [{"name": "Id", "in": "path", "schema": {"type": "integer", "format": "int32"}}],
        "responses": {"204": {"description": "Success"}},
        "x-ms-docs-operation-type": "action",
    }
}


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    """The document of a PBX that adds an operation and a field, and lacks an operation."""
    with Simulator() as pbx:
        found: dict[str, Any] = httpx.get(f"{pbx.base_url}/xapi/v1/swagger.yaml").json()
    found["paths"]["/Users({Id})/Pbx.ResetUser"] = FEATURE
    found["components"]["schemas"]["Pbx.Greeting"]["properties"]["Language"] = {"type": "string"}
    del found["paths"]["/UpgradeDebian"]
    return found


@pytest.fixture(scope="module")
def newer(document: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The catalog of that PBX, imported from its URL."""
    folder = tmp_path_factory.mktemp("catalog")
    answer = response(
        body=json.dumps(document).encode(),
        media_type="application/yaml",
        extra="X-3CX-Version: 20.0.11.1621\r\n",
    )
    with running(lambda _: answer) as server:
        ran = run("import-spec", f"http://127.0.0.1:{server.port}", cwd=folder)
    assert ran.code == 0, ran.err
    assert "3CX 20.0.11 compared with 20.0.10 of this package:" in ran.out
    assert "1 operation added:\n  ResetUser\n" in ran.out
    assert "1 operation removed:\n  UpgradeDebian\n" in ran.out
    assert "  UpdateUser (body fields changed: Greetings; response)" not in ran.out
    assert "UpdateUser (body fields changed: " in ran.out
    assert "export THREECX_CATALOG=catalog-20.0.11.json" in ran.err
    return folder / "catalog-20.0.11.json"


def test_a_pbx_over_tls_is_imported(tmp_path: Path) -> None:
    target = tmp_path / "mine.json"
    with Simulator(tls=True) as pbx:
        refused = run("import-spec", pbx.base_url, "-o", str(target))
        assert refused.code == 3
        assert "--ca-file" in refused.err
        ran = run("import-spec", pbx.base_url, "-o", str(target), "--json", "--ca-file", str(pbx.ca_file))
        assert [each.path for each in pbx.requests] == ["/xapi/v1/swagger.yaml"]
    assert ran.json == {
        "catalog": str(target),
        "releases": ["20.0.10"],
        "release": "20.0.10",
        "comparedWith": "20.0.10",
        "added": [],
        "removed": [],
        "changed": [],
    }
    listed = run("operations", "--json", "--catalog", str(target)).json
    shipped = run("operations", "--json", "--release", "20.0.10").json
    assert [each["operation"] for each in listed] == [each["operation"] for each in shipped]


def test_an_imported_catalog_is_used(newer: Path) -> None:
    env = {"THREECX_CATALOG": str(newer)}
    reset = ("execute", "ResetUser", "-p", "Id=5", "--dry-run")
    assert run(*reset).code == 2
    for ran in (run(*reset, "--catalog", str(newer)), run(*reset, env=env)):
        assert ran.json[0]["request"]["url"].endswith("/xapi/v1/Users(5)/Pbx.ResetUser")
    assert "ResetUser" in run("describe", "ResetUser", "--catalog", str(newer)).out
    node = {
        "parameters": {"resource": "Users", "operation": "ResetUser", "Id": 5},
        "type": "n8n-nodes-threecx.threeCx",
    }
    ran = run("execute", "--node", "-", "--dry-run", "--catalog", str(newer), stdin=json.dumps(node))
    assert ran.json[0]["request"]["method"] == "POST"


def test_check_reports_a_pbx_newer_than_the_catalog(newer: Path, tmp_path: Path) -> None:
    with Simulator(catalog=load_catalog(newer)) as pbx:
        env = {
            "THREECX_BASE_URL": pbx.base_url,
            "THREECX_CLIENT_ID": pbx.client_id,
            "THREECX_CLIENT_SECRET": pbx.client_secret,
        }
        note = "The PBX is newer than the catalog, which ends at 20.0.10"
        ran = run("check", env=env)
        assert ran.code == 0
        assert note in ran.out
        assert f"threecx import-spec {pbx.base_url}" in ran.out
        assert run("check", "--json", env=env).json["note"].startswith(note)
        assert "newer" not in run("check", "--catalog", str(newer), env=env).out
        broken = tmp_path / "broken.json"
        broken.write_text('{"format": 3}')
        ran = run("check", "--catalog", str(broken), env=env)
        assert (ran.code, len(ran.err.splitlines())) == (2, 1)
        assert "releases is missing or wrong" in ran.err
        # The same in the service, and in the credential's test of n8n.
        with serving() as client:
            answer = client.post("/v1/check", json={"pbx": pbx_of(pbx)}).json()
        assert answer["note"].startswith(note)
        assert note in answer["message"]


def test_a_service_with_another_catalog(newer: Path) -> None:
    catalog = load_catalog(newer)
    with Simulator(catalog=catalog) as pbx, serving(catalog=catalog) as client:
        assert client.get("/health").json()["releases"] == ["20.0.11"]
        given = {"pbx": pbx_of(pbx), "options": {"dryRun": True}}
        items = [{"parameters": {"Id": {"__rl": True, "mode": "id", "value": "5"}, "options": {}}}]
        for operation in ("ResetUser", "GetUser", "DeleteUser"):
            answer = client.post("/v1/execute", json={"operation": operation, "items": items, **given}).json()
            assert "/xapi/v1/Users(5)" in answer["results"][0]["request"]["url"]
        gone = client.post("/v1/execute", json={"operation": "UpgradeDebian", "items": [{}], **given})
        assert gone.status_code == 404
        assert client.post("/v1/fields", json={"operation": "UpdateUser"}).status_code == 200
        choices = {"operation": "GetUser", "parameter": "$select"}
        assert client.post("/v1/options", json=choices).status_code == 200
        search = {"operation": "ResetUser", "parameter": "Id", "pbx": pbx_of(pbx)}
        assert client.post("/v1/search", json=search).json()["results"]


def test_serve_takes_a_catalog(tmp_path: Path) -> None:
    broken = tmp_path / "broken.json"
    broken.write_text("{}")
    for command in (("serve", "--without-key"), ("simulator",), ("migrate", str(broken))):
        ran = run(*command, "--catalog", str(broken))
        assert ran.code == 2
        assert "is not a catalog of format 3" in ran.err
        assert len(ran.err.splitlines()) == 1


@pytest.mark.parametrize("path", ["", "/xapi/v1/swagger.yaml?form=full"])
def test_the_catalog_of_a_pbx_replaces_no_other(tmp_path: Path, path: str) -> None:
    before = SHIPPED.read_bytes()
    with Simulator() as pbx:
        ran = run("import-spec", f"20.0.12={pbx.base_url}{path}", cwd=tmp_path)
        assert ran.code == 0, ran.err
        assert ran.out == "3CX 20.0.12 has the same operations as 20.0.10 of this package\n"
        nowhere = run("import-spec", pbx.base_url, "-o", str(tmp_path / "no" / "folder.json"))
    assert (tmp_path / "catalog-20.0.12.json").is_file()
    assert nowhere.code == 2
    assert "cannot write the catalog" in nowhere.err
    assert SHIPPED.read_bytes() == before


def test_many_differences_are_bounded(document: dict[str, Any], tmp_path: Path) -> None:
    kept = dict(list(document["paths"].items())[:100])
    path = tmp_path / "xapi-20.0.11.json"
    path.write_bytes(orjson.dumps({**document, "paths": kept}))
    ran = run("import-spec", str(path), "-o", str(tmp_path / "small.json"))
    assert len(ran.out.splitlines()) < 50
    assert "more; --json lists all" in ran.out
    ran = run("import-spec", str(path), "-o", str(tmp_path / "small.json"), "--json")
    assert len(ran.json["removed"]) > 300


def test_differences_of_two_releases() -> None:
    raw = orjson.loads(SHIPPED.read_bytes())
    found = compare_catalogs(Catalog(raw), Catalog({**raw, "releases": raw["releases"][:-1]}))
    assert (found.release, found.other_release) == ("20.0.10", "20.0.9")
    assert len(found.added) - len(found.removed) == 601 - 590
    assert any("body fields added" in change for changes in found.changed.values() for change in changes)
