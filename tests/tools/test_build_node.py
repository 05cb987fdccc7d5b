"""The files of the npm package."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools import build_node


def test_the_package_has_a_readme_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = tmp_path / "checkout"
    (root / "dist" / "nodes").mkdir(parents=True)
    (root / "nodes").mkdir()
    for name in ("README.md", "nodes/README.md", "package.json", "LICENSE", "dist/nodes/a.js", "dist/a.whl"):
        (root / name).write_text(name)
    monkeypatch.setattr(build_node, "ROOT", root)
    monkeypatch.setattr(build_node, "_PACKAGE", root / "build" / "n8n-nodes-threecx")
    place = build_node._stage_package()
    assert (place / "README.md").read_text() == "nodes/README.md"
    found = {str(each.relative_to(place)) for each in place.rglob("*") if each.is_file()}
    assert found == {"LICENSE", "README.md", "dist/nodes/a.js", "package.json"}
