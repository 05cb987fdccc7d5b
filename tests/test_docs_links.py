"""Links in Markdown lead to existing files, pictures and headings."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.support import ROOT

PAGES = sorted(
    [
        *ROOT.glob("*.md"),
        *ROOT.glob("docs/*.md"),
        *ROOT.glob("examples/**/*.md"),
        ROOT / "nodes" / "README.md",
    ]
)
# The README of the npm package is read there too: it leads to files of the repository by whole addresses.
_REPOSITORY = re.compile(r"https://github\.com/threecx-node/threecx-node/(?:blob|tree)/main/")
_LINK = re.compile(r"\]\(([^)\s]+)\)")


def anchors(page: Path) -> set[str]:
    titles = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.casefold()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links(page: Path) -> None:
    for link in _LINK.findall(page.read_text()):
        is_whole = _REPOSITORY.match(link)
        if link.startswith(("http://", "https://")) and not is_whole:
            continue
        name, _, anchor = _REPOSITORY.sub("", link).partition("#")
        folder = ROOT if is_whole else page.parent
        target = (folder / name).resolve() if name else page
        assert target.exists(), f"{link} does not exist"
        if anchor:
            assert anchor in anchors(target), f"{link} does not name a heading"


def test_every_picture_is_used() -> None:
    shown = {Path(link).name for page in PAGES for link in _LINK.findall(page.read_text())}
    assert {each.name for each in (ROOT / "docs" / "images").iterdir()} <= shown


def test_make_targets() -> None:
    targets = set(re.findall(r"^([a-z][\w-]*):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for page in PAGES:
        used = set(re.findall(r"(?:^|`)make(?: -C \S+)? ([a-z][\w-]*)", page.read_text(), re.MULTILINE))
        assert used <= targets, f"{page.name}: there is no target {', '.join(used - targets)}"
