"""Load the catalog from a file."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest

from threecx_node.catalog import load_catalog
from threecx_node.catalog.catalog import FORMAT
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


def test_path_from_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    document = orjson.loads(SHIPPED.read_bytes())
    path = tmp_path / "newer.json"
    path.write_bytes(orjson.dumps({**document, "releases": [*document["releases"], "20.0.11"]}))
    monkeypatch.setenv("THREECX_CATALOG", str(path))
    assert load_catalog().newest == "20.0.11"
    assert load_catalog(SHIPPED).newest == "20.0.10"
