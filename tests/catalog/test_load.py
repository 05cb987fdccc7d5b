"""Load the catalog from a file."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import orjson
import pytest

from threecx_node.catalog import load_catalog
from threecx_node.catalog.catalog import FORMAT
from threecx_node.catalog.check import find_problem
from threecx_node.catalog.load import SHIPPED
from threecx_node.errors import ConfigurationError


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"{", "is not valid JSON"),
        (b"[]", f"is not a catalog of format {FORMAT}"),
        (b'{"format": 1, "releases": []}', f"is not a catalog of format {FORMAT}"),
        (None, "cannot read the catalog"),
    ],
)
def test_another_file(tmp_path: Path, content: bytes | None, words: str) -> None:
    path = tmp_path / "catalog.json"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigurationError, match=words) as caught:
        load_catalog(path)
    assert "threecx import-spec" in caught.value.description


BROKEN = [
    ({"releases": []}, "releases"),
    ({"releases": [20]}, "releases"),
    ({"resources": []}, "resources"),
    ({"operations": None}, "operations"),
    ({"operations": {"GetUser": {}}}, "operations.GetUser"),
    ({"enums": {"Pbx.PeerType": {"members": "None"}}}, "enums.Pbx.PeerType"),
    ({"resources": {"Users": {"name": "Users"}}}, "resources.Users"),
]
VERSION_CHANGES: list[dict[str, Any]] = [
    {"path": "Users"},
    {"method": None},
    {"releases": ["1.0.0"]},
    {"parameters": {"Id": 5}},
    {"query": "$top"},
    {"returns": {"rows": "Pbx.User"}},
    {"body": "Pbx.Nothing"},
    {"body": {"properties": []}},
    {"upload": {}},
    {"base": 5},
]


@pytest.mark.parametrize(("change", "place"), BROKEN)
def test_a_broken_catalog_is_one_line(tmp_path: Path, change: dict[str, Any], place: str) -> None:
    path = tmp_path / "catalog.json"
    path.write_bytes(orjson.dumps({**orjson.loads(SHIPPED.read_bytes()), **change}))
    with pytest.raises(ConfigurationError, match=re.escape(f"{place} is missing or wrong")) as caught:
        load_catalog(path)
    assert "\n" not in caught.value.one_line()


def test_a_broken_schema_is_one_line(tmp_path: Path) -> None:
    document = orjson.loads(SHIPPED.read_bytes())
    document["schemas"]["Pbx.User"]["properties"]["Id"] = 5
    path = tmp_path / "catalog.json"
    path.write_bytes(orjson.dumps(document))
    with pytest.raises(ConfigurationError, match=r"schemas\.Pbx\.User is missing or wrong"):
        load_catalog(path)


@pytest.mark.parametrize("change", VERSION_CHANGES)
def test_a_broken_operation_is_one_line(tmp_path: Path, change: dict[str, Any]) -> None:
    document = orjson.loads(SHIPPED.read_bytes())
    document["operations"]["GetUser"]["versions"][-1] |= change
    path = tmp_path / "catalog.json"
    path.write_bytes(orjson.dumps(document))
    with pytest.raises(ConfigurationError, match=r"operations\.GetUser is missing or wrong"):
        load_catalog(path)


def test_a_catalog_of_the_format_before(tmp_path: Path) -> None:
    path = tmp_path / "catalog.json"
    path.write_bytes(orjson.dumps({**orjson.loads(SHIPPED.read_bytes()), "format": 2}))
    assert load_catalog(path).newest == "20.0.10"
    path = tmp_path / "newer.json"
    path.write_bytes(orjson.dumps({"format": FORMAT + 1}))
    with pytest.raises(ConfigurationError, match=f"not a catalog of format {FORMAT}") as caught:
        load_catalog(path)
    assert "Upgrade threecx-node" in caught.value.description


def test_a_catalog_over_the_size_limit_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="is larger than 64 MB"):
        load_catalog("/dev/zero")


def test_the_shipped_catalog_is_complete() -> None:
    assert find_problem(orjson.loads(SHIPPED.read_bytes())) == ""


def test_path_from_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    document = orjson.loads(SHIPPED.read_bytes())
    path = tmp_path / "newer.json"
    path.write_bytes(orjson.dumps({**document, "releases": [*document["releases"], "20.0.11"]}))
    monkeypatch.setenv("THREECX_CATALOG", str(path))
    assert load_catalog().newest == "20.0.11"
    assert load_catalog(SHIPPED).newest == "20.0.10"
