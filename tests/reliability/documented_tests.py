"""Tests that documents name: `tests/path.py::test_name` in backticks, or a title of a TypeScript test."""

from __future__ import annotations

import ast
import re
from functools import lru_cache
from pathlib import Path

from tests.support import ROOT

_REFERENCE = re.compile(r"`(?P<path>tests/[\w/.]+)::(?P<name>[^`]+)`")


def find_references(text: str) -> list[tuple[str, str]]:
    """Return path and name of each test in a text."""
    return [(each["path"], each["name"]) for each in _REFERENCE.finditer(text)]


def find_missing(text: str) -> list[str]:
    """Return the tests that a text names and that do not exist."""
    return [f"{path}::{name}" for path, name in find_references(text) if not _exists(ROOT / path, name)]


def find_rows_without_test(text: str, heading: str) -> list[str]:
    """Return the rows of the tables below a heading (`## Promises`) that name no test."""
    section = text.partition(f"\n{heading}\n")[2].partition("\n## ")[0]
    rows = [line for line in section.splitlines() if line.startswith("|")]
    # A table begins with the titles of its columns and a line of dashes.
    rules = {at for at, row in enumerate(rows) if set(row) <= set("|-: ")}
    heads = rules | {at - 1 for at in rules}
    return [row for at, row in enumerate(rows) if at not in heads and not find_references(row)]


@lru_cache(maxsize=256)
def _names(path: Path) -> frozenset[str]:
    tree = ast.parse(path.read_text("utf-8"))
    return frozenset(
        each.name for each in ast.walk(tree) if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)
    )


def _exists(path: Path, name: str) -> bool:
    if not path.is_file():
        return False
    if path.suffix == ".py":
        return name in _names(path)
    return any(f"{quote}{name}{quote}" in path.read_text("utf-8") for quote in "\"'`")
