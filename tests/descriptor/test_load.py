"""Find the descriptor of a checkout or of an installed wheel."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from threecx_node.descriptor import load

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("package", "project", "expected"),
    [
        ("src/nodes/threecx_node", "src/pyproject.toml", "src/node_definition.json"),
        ("lib/site-packages/threecx_node", None, "lib/site-packages/threecx_node/node_definition.json"),
        # A folder with the name "nodes" is not necessarily a checkout.
        ("lib/nodes/threecx_node", None, "lib/nodes/threecx_node/node_definition.json"),
        # Nor is a package in a folder of another project.
        ("app/vendor/threecx_node", "app/pyproject.toml", "app/vendor/threecx_node/node_definition.json"),
    ],
)
def test_shipped_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, package: str, project: str | None, expected: str
) -> None:
    (tmp_path / package).mkdir(parents=True)
    if project:
        (tmp_path / project).touch()
    monkeypatch.setattr(load, "_PACKAGE", tmp_path / package)
    assert load.shipped_path() == tmp_path / expected
