"""The version has one source; its copies are checked, and written by `make version`."""

from __future__ import annotations

import importlib.metadata
import json
import shutil
from pathlib import Path

import pytest

import threecx_node
from tests.support import ROOT
from tools import version


def test_all_copies_agree_with_the_python_package() -> None:
    assert version.read_version() == threecx_node.__version__
    assert version.find_differences() == []


def test_the_installed_distribution_has_this_version() -> None:
    assert importlib.metadata.version("threecx-node") == threecx_node.__version__


@pytest.fixture
def changed(tmp_path: Path) -> Path:
    """Copy the files with a version, and set another one in the source."""
    for name in (version.SOURCE, *version.COPIES):
        place = tmp_path / name
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, place)
    source = tmp_path / version.SOURCE
    source.write_text(source.read_text().replace(f'"{threecx_node.__version__}"', '"98.7.6"'))
    return tmp_path


def test_a_copy_with_another_version_is_named(changed: Path) -> None:
    found = version.find_differences(changed)
    assert [sentence.split()[0] for sentence in found] == [
        "package.json",
        "package-lock.json",
        "package-lock.json",
    ]
    assert "98.7.6" in found[0]


def test_writing_changes_only_the_version(changed: Path) -> None:
    before = (ROOT / "package.json").read_text()
    version.write_copies(changed)
    assert version.find_differences(changed) == []
    after = (changed / "package.json").read_text()
    assert after == before.replace(f'"version": "{threecx_node.__version__}"', '"version": "98.7.6"')
    lock = json.loads((changed / "package-lock.json").read_text())
    assert (lock["version"], lock["packages"][""]["version"]) == ("98.7.6", "98.7.6")


@pytest.mark.parametrize(("tag", "code"), [(f"v{threecx_node.__version__}", 0), ("v98.7.6", 1), ("0.1.0", 1)])
def test_a_tag_is_compared_with_the_version(
    tag: str, code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["version", "--check-tag", tag])
    assert version.main() == code
    assert (tag in capsys.readouterr().err) == bool(code)
