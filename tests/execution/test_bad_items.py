"""Several items that cannot be sent: one error names all of them, and nothing is sent."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support import deleting, odata_error, run
from threecx_node.errors import BadItemsError, ParameterError, ResponseError
from threecx_node.execution.plan import Planner
from threecx_node.options import Options

ID = {"Id": "={{ $json.Id }}"}
ITEMS: list[dict[str, Any]] = [{"Id": number} for number in range(500)]
ITEMS[100] = {"Id": None}
ITEMS[250] = {"Id": "abc"}


def test_all_bad_items_are_named_in_one_error() -> None:
    pbx = deleting()
    batch = run(pbx, "DeleteCallFlowApp", ITEMS, ID)
    assert pbx.requests == []
    assert batch.summary() == (
        "2 of 500 items cannot be sent, nothing was sent: 100: Id is required, but it is null; "
        '250: Id: expected a whole number, got "abc". Fix or remove these items.'
    )
    error = batch.error
    assert isinstance(error, BadItemsError)
    assert [each["itemIndex"] for each in error.to_json()["items"]] == [100, 250]
    assert error.to_json()["items"][1]["field"] == "Id"
    with pytest.raises(BadItemsError):
        batch.raise_for_error()
    assert batch.exit_code == 1


def test_a_dry_run_names_all_bad_items() -> None:
    assert (
        run(deleting(), "DeleteCallFlowApp", ITEMS, ID, Options(dry_run=True))
        .summary()
        .startswith("2 of 500 items cannot be sent, nothing was sent: 100: ")
    )


def test_the_error_of_many_bad_items_is_bounded() -> None:
    items = [{"Id": "x" * 100_000}] * 500
    batch = run(deleting(), "DeleteCallFlowApp", items, ID)
    summary = batch.summary()
    assert summary.startswith("500 of 500 items cannot be sent, nothing was sent: 0: ")
    assert summary.endswith("; and 480 more. Fix or remove these items.")
    assert len(summary) < 5000


def test_one_bad_item_keeps_its_own_error() -> None:
    batch = run(deleting(), "DeleteCallFlowApp", [{"Id": 1}, {"Id": None}], ID)
    assert isinstance(batch.error, ParameterError)
    assert batch.summary().startswith("item 1: Id is required, but it is null. ")


def test_items_that_were_sent_are_not_called_unsent() -> None:
    failing = {2: odata_error(404, "WARNINGS.XAPI.NOT_FOUND", "Id")}
    items: list[dict[str, Any]] = [{"Id": 1}, {"Id": None}, {"Id": 2}, {"Id": "x"}]
    batch = run(deleting(failing), "DeleteCallFlowApp", items, ID, Options(continue_on_fail=True))
    assert not isinstance(batch.error, BadItemsError)
    assert batch.summary().endswith("(done: item 0; failed: items 1-3)")
    batch = run(deleting(failing), "DeleteCallFlowApp", [{"Id": 2}, {"Id": 3}], ID, Options(concurrency=1))
    with pytest.raises(ResponseError):
        batch.raise_for_error()
    run(deleting(), "DeleteCallFlowApp", [{"Id": 3}], ID).raise_for_error()


def test_an_internal_error_of_one_item_is_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    plan_item = Planner._plan_item

    def fail(planner: Planner, index: int, resolved: Any) -> Any:
        if index == 1:
            raise OverflowError("a value")
        return plan_item(planner, index, resolved)

    monkeypatch.setattr(Planner, "_plan_item", fail)
    pbx = deleting()
    items = [{"Id": number} for number in range(3)]
    batch = run(pbx, "DeleteCallFlowApp", items, ID, Options(continue_on_fail=True))
    first, second, third = (each.error for each in batch.results)
    assert (first, third) == (None, None)
    assert second is not None
    assert second.code == "bug"
    assert second.message.startswith("internal error in the executor: OverflowError (fail, line ")
    assert "nothing was sent for it" in second.description
    assert len(pbx.requests) == 2
