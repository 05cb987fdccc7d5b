"""The licences of what the packages bring along."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support import ROOT
from tools.licences import find_npm_dependencies, find_shipped, is_allowed, main, read_bundled


def test_licences_of_all_shipped_packages_are_allowed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main() == 0
    assert "NOT ALLOWED" not in capsys.readouterr().out


def test_shipped_packages_are_those_of_all_extras() -> None:
    shipped = set(find_shipped())
    assert {"aiohttp", "mini-racer", "pyyaml", "cryptography", "pydantic"} <= shipped
    # Of aiohttp, and of cryptography.
    assert {"multidict", "cffi"} <= shipped
    assert not {"pytest", "hypothesis", "mirakuru", "threecx-node"} & shipped


def test_bundled_packages_are_those_of_the_engine() -> None:
    assert set(read_bundled()) == {"@noble/hashes", "acorn", "jmespath", "luxon"}


def test_the_package_for_n8n_brings_nothing_along() -> None:
    assert find_npm_dependencies(ROOT) == []


def test_dependencies_of_a_package_for_npm_are_found(tmp_path: Path) -> None:
    package = {"dependencies": {"left-pad": "1"}, "bundleDependencies": ["right-pad"]}
    (tmp_path / "package.json").write_text(json.dumps(package))
    lock = {
        "": {},
        "node_modules/left-pad": {},
        "node_modules/deep": {},
        "node_modules/vitest": {"dev": True},
    }
    (tmp_path / "package-lock.json").write_text(json.dumps({"packages": lock}))
    assert find_npm_dependencies(tmp_path) == ["deep", "left-pad", "right-pad"]


@pytest.mark.parametrize(
    ("expression", "allowed"),
    [
        ("MIT", True),
        ("MPL-2.0 AND (Apache-2.0 OR MIT)", True),
        ("GPL-3.0-only", False),
        ("MIT OR GPL-3.0-only", False),
        ("MIT AND Proprietary", False),
        ("", False),
        ("AND", False),
    ],
)
def test_licence_is_allowed(expression: str, allowed: bool) -> None:
    assert is_allowed(expression) is allowed
