"""Bulk actions in which entries failed: how many of how many, and whether anything was carried out."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.support import FakePbx, run
from threecx_node.errors import PartialFailureError

FAILED = "WARNINGS.XAPI.CANNOT_BE_DELETED"


def delete(ids: list[int], failures: Any, operation: str = "BatchDelete") -> PartialFailureError:
    pbx = FakePbx(lambda _: httpx.Response(200, json=failures))
    [result] = run(pbx, operation, [{}], {"body": {"ids": ids}}).results
    assert isinstance(result.error, PartialFailureError)
    assert "\n" not in result.error.one_line()
    return result.error


def entries(*numbers: int) -> list[dict[str, Any]]:
    return [{"ExtensionNumber": str(number), "Error": FAILED} for number in numbers]


@pytest.mark.parametrize("is_bare", [False, True])
def test_a_bulk_action_where_every_entry_failed(is_bare: bool) -> None:
    failures = entries(101, 102, 103)
    error = delete([1, 2, 3], failures if is_bare else {"value": failures})
    assert "3 of 3 failed" in error.message
    assert "101: " in error.message
    assert "Nothing was carried out" in error.description
    assert error.failures == failures


def test_a_bulk_action_where_some_entries_failed() -> None:
    error = delete([1, 2, 3], {"value": entries(101)})
    assert "1 of 3 failed" in error.message
    assert "other 2 were carried out" in error.description
    assert "other one was carried out" in delete([1, 2], {"value": entries(101)}).description


def test_an_entry_that_was_sent_twice_counts_once() -> None:
    assert "1 of 1 failed" in delete([1, 1, 1], {"value": entries(101)}).message
    assert "1 of 2 failed" in delete([1, 2], {"value": entries(101, 101)}).message


def test_more_failures_than_entries_claim_nothing() -> None:
    error = delete([1], {"value": entries(101, 102)})
    assert "2 failed" in error.message
    assert " of " not in error.message.partition(": 101")[0]
    assert "Check in 3CX which others" in error.description


def test_entries_that_succeeded_count_where_the_body_has_no_list() -> None:
    rows = [{"FileName": "a", "Error": "gone"}, {"FileName": "b", "Status": "Deleted"}]
    pbx = FakePbx(lambda _: httpx.Response(200, json={"value": rows}))
    [result] = run(pbx, "BatchDeleteFiles", [{}], {"body": {"model": {}}}).results
    assert result.error is not None
    assert "1 of 2 failed" in result.error.message


def test_a_long_list_of_failures_is_cut() -> None:
    error = delete(list(range(5000)), {"value": entries(*range(5000))})
    assert "5000 of 5000 failed" in error.message
    assert len(error.message) <= 2001
    assert len(error.failures) == 5000
