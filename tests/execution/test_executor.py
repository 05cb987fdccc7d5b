"""A batch from items to results: order, faults, limits, paging, releases, dry runs."""

from __future__ import annotations

import asyncio
import json
import logging
import threading
from typing import Any

import httpx
import pytest

from tests.support import FakePbx, credential, deleting, odata_error, run
from threecx_credentials import Credential
from threecx_node.errors import (
    ConfigurationError,
    ExpressionError,
    NotAttemptedError,
    ParameterError,
    ResponseError,
    UsageError,
)
from threecx_node.execution.executor import Executor
from threecx_node.execution.results import Batch, Item, Result, format_ranges
from threecx_node.options import Options

ID = {"Id": "={{ $json.Id }}"}


def test_one_result_per_item_in_order() -> None:
    pbx = deleting()
    batch = run(pbx, "DeleteCallFlowApp", [{"Id": number} for number in range(30)], ID)
    assert [each.index for each in batch.results] == list(range(30))
    assert batch.results[7].to_json() == {
        "items": [{"json": {"deleted": True, "Id": 7}, "pairedItem": {"item": 7}}]
    }
    assert batch.exit_code == 0
    assert batch.summary() == ""
    assert pbx.logins == 1


def test_without_items_nothing_happens() -> None:
    pbx = deleting()
    assert run(pbx, "DeleteCallFlowApp", [], ID).results == []
    assert pbx.logins == 0


def test_a_mistake_in_the_last_item_sends_nothing() -> None:
    pbx = deleting()
    batch = run(pbx, "DeleteCallFlowApp", [{"Id": 1}, {"Id": 2}, {"Id": None}], ID)
    assert pbx.requests == []
    assert pbx.logins == 0
    assert isinstance(batch.results[2].error, ParameterError)
    assert [type(each.error) for each in batch.results[:2]] == [NotAttemptedError] * 2
    assert batch.summary() == (
        "item 2: Id is required, but it is null. Set Id for this item, or remove the item; nothing "
        "was sent for it. (done: none; not tried: items 0-1)"
    )


@pytest.mark.parametrize(
    ("value", "says"),
    [
        (None, "it is null"),
        ("", "it is empty"),
        ("abc", 'expected a whole number, got "abc"'),
        (2**31, "from -2147483648 to 2147483647"),
        ({"a": 1}, "expected a whole number"),
    ],
)
def test_the_rest_continues_after_an_item_that_cannot_be_sent(value: Any, says: str) -> None:
    pbx = deleting()
    items = [{"Id": 1}, {"Id": value}, {"Id": 3}]
    batch = run(pbx, "DeleteCallFlowApp", items, ID, Options(continue_on_fail=True))
    assert pbx.targets == ["DELETE /CallFlowApps(1)", "DELETE /CallFlowApps(3)"]
    error = batch.results[1].error
    assert error is not None
    assert says in error.message
    assert (error.item_index, error.field) == (1, "Id")
    assert batch.exit_code == 1


@pytest.mark.parametrize(
    ("parameters", "remedy"),
    [
        ({"Id": "{{ $json.Id }}"}, "Begin the value with = to make it an expression"),
        ({"Id": "abc"}, "Set another value for this item"),
        ({"Id": 5, "body": "{"}, "Set another value for this item"),
        ({"Id": 5, "body": {"Mobile": []}}, "Set another value for this item"),
    ],
)
def test_every_misfit_has_advice(parameters: dict[str, Any], remedy: str) -> None:
    [result] = run(deleting(), "UpdateUser", [{}], parameters).results
    assert result.error is not None
    assert result.error.description.startswith(remedy)


def test_advice_for_a_bad_filter() -> None:
    pbx = FakePbx(lambda _: odata_error(400, "The query specified in the URI is not valid."))
    [result] = run(pbx, "ListUser", [{}], {"$filter": "FirstName = 'Ada'"}).results
    assert result.error is not None
    assert "FirstName eq 'Ada'" in result.error.description


def test_the_first_error_stops_the_batch() -> None:
    pbx = deleting({3: odata_error(404, "WARNINGS.XAPI.NOT_FOUND", "Id")})
    batch = run(pbx, "DeleteCallFlowApp", [{"Id": n} for n in range(10)], ID, Options(concurrency=1))
    assert len(pbx.requests) == 4
    error = batch.results[3].error
    assert isinstance(error, ResponseError)
    assert error.request == {"method": "DELETE", "url": "https://pbx.example/xapi/v1/CallFlowApps(3)"}
    assert batch.summary().endswith("(done: items 0-2; not tried: items 4-9)")


def test_going_on_after_errors() -> None:
    failing = {3: odata_error(404, "WARNINGS.XAPI.NOT_FOUND", "Id"), 5: odata_error(412, "changed")}
    pbx = deleting(failing)
    batch = run(pbx, "DeleteCallFlowApp", [{"Id": n} for n in range(10)], ID, Options(continue_on_fail=True))
    assert len(pbx.requests) == 10
    assert [each.index for each in batch.failed] == [3, 5]
    assert batch.results[5].to_json()["error"]["httpCode"] == 412
    assert "failed: items 3, 5" in batch.summary()


def test_requests_under_way_are_awaited() -> None:
    """With eight at once the first error stops new requests, but the seven others end and are reported as done."""
    started: list[int] = []

    class Slow(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            if request.url.path == "/connect/token":
                return httpx.Response(200, json={"access_token": "t", "expires_in": 60})
            number = int(request.url.path.rpartition("(")[2].rstrip(")"))
            started.append(number)
            await asyncio.sleep(0.01 if number == 2 else 0.05)
            return odata_error(404, "gone") if number == 2 else httpx.Response(204)

    async def main() -> Batch:
        executor = Executor(credential(), transport=Slow())
        async with executor:
            return await executor.run("DeleteCallFlowApp", [{"Id": n} for n in range(50)], ID)

    batch = asyncio.run(main())
    done = [each.index for each in batch.results if each.error is None]
    assert sorted(started) == sorted([*done, 2])
    assert len(batch.not_tried) == 50 - len(started)


def test_a_stopped_batch_reports_what_was_done() -> None:
    async def main() -> Batch:
        stop = asyncio.Event()
        options = Options(concurrency=1)

        def seen(result: Result) -> None:
            if result.index == 2:
                stop.set()

        async with deleting().executor() as executor:
            items = [{"Id": number} for number in range(10)]
            return await executor.run(
                "DeleteCallFlowApp", items, ID, options=options, on_result=seen, stop=stop
            )

    batch = asyncio.run(main())
    assert [each.index for each in batch.not_tried] == list(range(3, 10))
    assert batch.failed == []
    assert batch.summary() == "stopped (done: items 0-2; not tried: items 3-9)"
    assert batch.exit_code == 1


def test_a_key_given_by_number_is_looked_up() -> None:
    pbx = FakePbx(
        lambda r: httpx.Response(204) if r.method == "DELETE" else httpx.Response(200, json={"Id": 77})
    )
    locator = {"__rl": True, "mode": "number", "value": " 102 "}
    batch = run(pbx, "DeleteUser", [{}], {"Id": locator})
    assert pbx.targets == ["GET /Users(Number='102')?$select=Id", "DELETE /Users(77)"]
    assert batch.results[0].items == [{"json": {"deleted": True, "Id": 77}, "pairedItem": {"item": 0}}]


def test_a_number_that_is_not_there_deletes_nothing() -> None:
    pbx = FakePbx(lambda _: odata_error(404, "WARNINGS.XAPI.NOT_FOUND"))
    batch = run(pbx, "DeleteUser", [{}], {"Id": {"__rl": True, "mode": "number", "value": "999"}})
    assert [each.method for each in pbx.requests] == ["GET"]
    assert batch.exit_code == 1


def test_a_dry_run_sends_nothing_and_shows_no_secret() -> None:
    pbx = deleting()
    batch = run(pbx, "DeleteCallFlowApp", [{"Id": 5}], {**ID, "If-Match": 'W/"1"'}, Options(dry_run=True))
    assert (pbx.requests, pbx.logins) == ([], 0)
    assert batch.results[0].to_json() == {
        "request": {
            "method": "DELETE",
            "url": "https://pbx.example/xapi/v1/CallFlowApps(5)",
            "headers": {"If-Match": 'W/"1"', "Authorization": "Bearer ********"},
            "body": None,
        }
    }


def test_a_nodes_own_options_count() -> None:
    pbx = deleting()
    batch = run(pbx, "DeleteCallFlowApp", [{"Id": 5}], {**ID, "options": {"dryRun": True}})
    assert pbx.requests == []
    assert batch.results[0].request is not None


def test_item_data_is_never_executed() -> None:
    pbx = FakePbx(lambda _: httpx.Response(204))
    item = Item({}, {"body": {"FirstName": "={{ 1 + 1 }}"}})
    run(pbx, "UpdateUser", [item], {"Id": 5})
    assert pbx.requests[0].content == b'{"FirstName":"={{ 1 + 1 }}"}'


def test_a_broken_expression_is_that_items_error() -> None:
    pbx = deleting()
    batch = run(pbx, "DeleteCallFlowApp", [{"Id": 1}], {"Id": "={{ 1 + }}"})
    assert isinstance(batch.results[0].error, ExpressionError)
    assert batch.results[0].error.field == "Id"
    assert pbx.requests == []


def test_wrong_names_are_the_callers_error() -> None:
    with pytest.raises(UsageError, match="the operation 'DeleteCallFlowAp' does not exist"):
        run(deleting(), "DeleteCallFlowAp", [{}])
    with pytest.raises(UsageError, match="has no parameter 'Nme'"):
        run(deleting(), "DeleteCallFlowApp", [{}], {"Nme": 5})


def test_simplify_and_the_choice_of_fields() -> None:
    entity = {"Id": 5, "Number": "102", "AuthPassword": "x"}
    pbx = FakePbx(lambda _: httpx.Response(200, json=entity))
    parameters = {"Id": 5, "simplify": True}
    [item] = run(pbx, "GetUser", [{}], parameters).results[0].items or []
    assert item["json"] == {"Id": 5, "Number": "102"}
    [item] = run(pbx, "GetUser", [{}], {**parameters, "$select": ["AuthPassword"]}).results[0].items or []
    assert item["json"] == entity


def test_simplify_keeps_what_was_expanded_and_the_etag() -> None:
    entity = {
        "@odata.etag": 'W/"1"',
        "Id": 5,
        "AuthPassword": "x",
        "Groups": [{"Name": "Sales"}],
        "Phones": [],
    }
    pbx = FakePbx(lambda _: httpx.Response(200, json=entity))
    for expand in ("Groups($select=Name)", "groups($Select=name)"):
        parameters = {"Id": 5, "simplify": True, "$expand": expand}
        [item] = run(pbx, "GetUser", [{}], parameters).results[0].items or []
        assert item["json"] == {"@odata.etag": 'W/"1"', "Id": 5, "Groups": [{"Name": "Sales"}]}


def test_results_are_seen_as_they_come() -> None:
    seen: list[int] = []
    run(
        deleting(),
        "DeleteCallFlowApp",
        [{"Id": n} for n in range(5)],
        ID,
        on_result=lambda r: seen.append(r.index),
    )
    assert sorted(seen) == [0, 1, 2, 3, 4]


def test_no_log_contains_a_secret(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    batch = run(
        deleting({3: odata_error(404, "gone")}), "DeleteCallFlowApp", [{"Id": n} for n in range(5)], ID
    )
    assert batch.failed
    logged = "\n".join(record.getMessage() for record in caplog.records)
    for secret in ("s3cr3t-key", "token-1"):
        assert secret not in logged
        assert secret not in repr(batch)
        assert secret not in repr([each.to_json() for each in batch.results])


def test_two_executors_in_two_threads() -> None:
    batches: list[Batch] = []

    def work() -> None:
        batches.append(run(deleting(), "DeleteCallFlowApp", [{"Id": n} for n in range(50)], ID))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [each.exit_code for each in batches] == [0, 0, 0, 0]


@pytest.mark.parametrize(
    ("indexes", "text"),
    [([0], "item 0"), ([0, 1, 2], "items 0-2"), ([5, 1, 2, 9, 8], "items 1-2, 5, 8-9")],
)
def test_ranges(indexes: list[int], text: str) -> None:
    assert format_ranges(indexes) == text


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("={{ $now.zoneName }}", "Europe/Berlin"),
        ("={{ $today.zoneName }}", "Europe/Berlin"),
        ("={{ DateTime.now().zoneName }}", "Europe/Berlin"),
        ("={{ DateTime.fromISO('2026-07-01').toISO() }}", "2026-07-01T00:00:00.000+02:00"),
    ],
)
def test_expressions_use_the_time_zone_of_the_batch(expression: str, value: str) -> None:
    pbx = FakePbx(lambda _: httpx.Response(204))
    options = Options(time_zone="Europe/Berlin")
    run(pbx, "UpdateUser", [{}], {"Id": 5, "FirstName": expression}, options)
    assert json.loads(pbx.requests[0].content) == {"FirstName": value}


def test_an_executor_can_be_closed_and_used_again() -> None:
    pbx = deleting()

    async def main() -> None:
        executor = pbx.executor()
        await executor.aclose()
        await executor.run("DeleteCallFlowApp", [{"Id": 1}], ID)
        await executor.aclose()
        await executor.run("DeleteCallFlowApp", [{"Id": 2}], ID)
        await executor.aclose()

    asyncio.run(main())
    assert len(pbx.requests) == 2


def test_a_ca_file_that_cannot_be_read_is_an_error_of_the_call() -> None:
    unusable = Credential.of("https://pbx.example", "900", "key", ca_file="missing.pem")

    async def main(options: Options) -> Batch:
        async with Executor(unusable) as executor:
            return await executor.run("DeleteCallFlowApp", [{"Id": 1}], ID, options=options)

    with pytest.raises(ConfigurationError, match="CA file"):
        asyncio.run(main(Options(continue_on_fail=True)))
    assert asyncio.run(main(Options(dry_run=True))).exit_code == 0


def test_an_address_from_the_browser_is_noted() -> None:
    async def main() -> Batch:
        copied = Credential.of("https://pbx.example/#/office/users", "workflow", "key")
        transport = httpx.MockTransport(FakePbx(lambda _: httpx.Response(204)))
        async with Executor(copied, transport=transport) as executor:
            return await executor.run("DeleteCallFlowApp", [{}], {"Id": 5})

    batch = asyncio.run(main())
    assert batch.exit_code == 0
    assert batch.notes == (
        "the PBX URL is read as https://pbx.example: /#/office/users is not a part of the address",
    )
