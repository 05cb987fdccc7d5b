"""Guard rails of deletions: a limit that is checked before anything is sent, and each entity deleted once."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support import FakePbx, deleting, odata_error, run
from threecx_node.errors import ConfigurationError
from threecx_node.execution.journal import BatchIdentity
from threecx_node.execution.journal_file import FileJournal
from threecx_node.options import Options

ID = {"Id": "={{ $json.Id }}"}


def items(*ids: int) -> list[dict[str, Any]]:
    return [{"Id": each} for each in ids]


def refuse(operation: str, given: list[dict[str, Any]], parameters: dict[str, Any], limit: int) -> str:
    """Run a batch that must be refused, and return the message."""
    pbx = deleting()
    for options in (
        Options(max_deletes=limit),
        Options(max_deletes=limit, prepare_only=True, continue_on_fail=True),
    ):
        with pytest.raises(ConfigurationError) as caught:
            run(pbx, operation, given, parameters, options)
        assert (pbx.requests, pbx.logins) == ([], 0)
        assert caught.value.field == "maxDeletes"
        assert "--max-deletes" in caught.value.description
    return caught.value.message


def test_a_batch_that_deletes_more_than_allowed_is_refused() -> None:
    message = refuse("DeleteCallFlowApp", items(*range(250)), ID, 100)
    assert message == "the batch would delete 250 entities, and at most 100 are allowed"
    assert refuse("DeleteCallFlowApp", items(1), ID, 0).startswith("the batch would delete 1 entity,")
    batch = run(deleting(), "DeleteCallFlowApp", items(*range(100)), ID, Options(max_deletes=100))
    assert not batch.failed


@pytest.mark.parametrize(
    ("operation", "parameters", "count"),
    [
        ("BatchDelete", {"ids": [1, 2, 3]}, 3),
        ("BatchDelete", {"body": {"ids": [1, 2, 3, 3]}}, 3),
        ("DeleteContactsById", {"ids": [1, 2, 3]}, 3),
        ("BulkNumbersDelete", {"ids": ["a", "b", "c"]}, 3),
        ("ApiRequest", {"method": "DELETE", "path": "/xapi/v1/Users(5)"}, 1),
        (
            "ApiRequest",
            {"method": "POST", "path": "/xapi/v1/Users/Pbx.BatchDelete", "body": {"ids": [1, 2, 3]}},
            3,
        ),
        ("DeleteCompanyById", {"id": 5}, 1),
    ],
)
def test_bulk_actions_and_api_requests_count_too(
    operation: str, parameters: dict[str, Any], count: int
) -> None:
    message = refuse(operation, [{}], parameters, count - 1)
    assert f"would delete {count} " in message


@pytest.mark.parametrize("operation", ["AllContactsBulkDelete", "PurgeAllLogs"])
def test_actions_that_delete_all_are_refused_with_a_limit(operation: str) -> None:
    assert refuse(operation, [{}], {}, 10).startswith(f"{operation} deletes a number of entities")


@pytest.mark.parametrize("operation", ["UpdateUser", "GetUser"])
def test_other_operations_have_no_limit(operation: str) -> None:
    pbx = FakePbx(lambda request: httpx.Response(204 if request.method == "PATCH" else 200, json={"Id": 5}))
    parameters = {"Id": 5, **({"FirstName": "Ada"} if operation == "UpdateUser" else {})}
    assert not run(pbx, operation, [{}], parameters, Options(max_deletes=0)).failed


@pytest.mark.parametrize("nested", [True, False])
def test_the_option_of_a_node_is_a_limit_too(nested: bool) -> None:
    pbx = deleting()
    parameters = {**ID, **({"options": {"maxDeletes": 2}} if nested else {"maxDeletes": 2})}
    with pytest.raises(ConfigurationError):
        run(pbx, "DeleteCallFlowApp", items(1, 2, 3), parameters)
    # The smaller of two limits counts.
    with pytest.raises(ConfigurationError):
        run(pbx, "DeleteCallFlowApp", items(1, 2, 3), parameters, Options(max_deletes=10))
    assert not pbx.requests


def test_a_dry_run_says_that_the_batch_would_be_refused() -> None:
    batch = run(deleting(), "DeleteCallFlowApp", items(1, 2), ID, Options(max_deletes=1, dry_run=True))
    assert [each.request is not None for each in batch.results] == [True, True]
    [note] = batch.notes
    assert "would delete 2 entities, and at most 1 are allowed" in note


def test_a_limit_out_of_its_bounds_is_an_error() -> None:
    with pytest.raises(ConfigurationError, match="the limit of deletions"):
        Options(max_deletes=-1)


@pytest.mark.parametrize("concurrency", [1, 8])
def test_an_entity_that_several_items_delete_is_deleted_once(concurrency: int) -> None:
    pbx = deleting()
    options = Options(concurrency=concurrency, max_deletes=3)
    batch = run(pbx, "DeleteCallFlowApp", items(1, 2, 1, 3, 1, 2), ID, options)
    assert sorted(pbx.targets) == [f"DELETE /CallFlowApps({each})" for each in (1, 2, 3)]
    assert [each.index for each in batch.results] == list(range(6))
    for each in batch.results:
        assert each.items
        assert each.items[0]["json"]["deleted"] is True
        assert each.items[0]["pairedItem"] == {"item": each.index}
    assert batch.notes[0] == "items 0, 2, 4 delete the same entity: its deletion was sent once"
    assert len(batch.notes) == 2


def test_the_error_of_a_deletion_is_reported_for_each_item() -> None:
    pbx = FakePbx(lambda _: odata_error(400, "WARNINGS.XAPI.IN_USE"))
    batch = run(pbx, "DeleteCallFlowApp", items(1, 1), ID, Options(continue_on_fail=True))
    assert len(pbx.requests) == 1
    assert [each.error.item_index for each in batch.results if each.error] == [0, 1]


def test_deletions_with_different_etags_are_sent_each() -> None:
    pbx = deleting()
    given = [{"Id": 1, "tag": "a"}, {"Id": 1, "tag": "b"}]
    run(pbx, "DeleteCallFlowApp", given, {**ID, "ifMatch": "={{ $json.tag }}"})
    assert len(pbx.requests) == 2


def test_a_journal_continues_with_what_is_left(tmp_path: Path) -> None:
    pbx = deleting()
    given = items(1, 2, 1)

    async def main(is_resumed: bool) -> Any:
        async with pbx.executor() as executor:
            identity = BatchIdentity.of("DeleteCallFlowApp", given, ID, Options(), executor.credential)
            path = tmp_path / "journal"
            opened = FileJournal.resume(path, identity) if is_resumed else FileJournal.create(path, identity)
            with opened as journal:
                return await executor.run("DeleteCallFlowApp", given, ID, journal=journal)

    assert not asyncio.run(main(False)).failed
    # As a process leaves it that was killed before it reported the last item.
    lines = (tmp_path / "journal").read_text().splitlines(keepends=True)
    kept = [line for line in lines if json.loads(line).get("item") != 2 and "end" not in json.loads(line)]
    (tmp_path / "journal").write_text("".join(kept))
    assert not asyncio.run(main(True)).failed
    assert len(pbx.requests) == 2
