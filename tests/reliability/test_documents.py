"""docs/reliability.md and SECURITY.md: each promise and each threat names its test, and these tests exist."""

from __future__ import annotations

import pytest

from tests.reliability.documented_tests import find_missing, find_references, find_rows_without_test
from tests.support import ROOT

PAGES = {"docs/reliability.md": "## Promises", "SECURITY.md": "## Threats"}


@pytest.mark.parametrize("page", PAGES)
def test_tests_that_a_document_names_exist(page: str) -> None:
    text = (ROOT / page).read_text("utf-8")
    assert find_references(text)
    assert find_missing(text) == []


@pytest.mark.parametrize("page", PAGES)
def test_each_promise_and_each_threat_names_its_test(page: str) -> None:
    assert find_rows_without_test((ROOT / page).read_text("utf-8"), PAGES[page]) == []


def test_rows_without_a_test_and_missing_tests_are_found() -> None:
    text = """
## Promises

| promise | shown by |
|---|---|
| one | `tests/reliability/test_documents.py::test_rows_without_a_test_and_missing_tests_are_found` |
| two | soon |

| promise | shown by |
|---|---|
| three | `tests/reliability/test_documents.py::test_nothing` |
"""
    assert find_rows_without_test(text, "## Promises") == ["| two | soon |"]
    assert find_missing(text) == ["tests/reliability/test_documents.py::test_nothing"]
