"""Lists page by page, and the release that decides an operation's form."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest

from tests.support import FakePbx, odata_error, run
from threecx_node.errors import UnknownNameError
from threecx_node.options import Options


def users(count: int, *, skips: bool = True, counts: bool = True) -> FakePbx:
    def answer(request: httpx.Request) -> httpx.Response:
        params = request.url.params
        top, skip = int(params["$top"]), int(params.get("$skip", 0))
        if top > 100:
            return odata_error(400, "The limit of '100' for Top query has been exceeded.")
        found = [{"Id": number} for number in range(count)]
        counted = {"@odata.count": count} if counts and params.get("$count") == "true" else {}
        page = found[skip : skip + top] if skips else found[:top]
        return httpx.Response(200, json={**counted, "value": page})

    return FakePbx(answer)


@pytest.mark.parametrize(
    ("parameters", "count", "targets"),
    [
        ({}, 50, ["?$top=50"]),
        (
            {"limit": 120},
            120,
            ["?$orderby=Id&$count=true&$top=100", "?$orderby=Id&$top=20&$skip=100"],
        ),
        (
            {"returnAll": True},
            250,
            [
                "?$orderby=Id&$count=true&$top=100",
                "?$orderby=Id&$top=100&$skip=100",
                "?$orderby=Id&$top=50&$skip=200",
                "?$orderby=Id&$count=true&$top=100&$skip=250",
            ],
        ),
        (
            {"returnAll": True, "$skip": 200},
            50,
            [
                "?$orderby=Id&$count=true&$top=100&$skip=200",
                "?$orderby=Id&$count=true&$top=100&$skip=250",
            ],
        ),
        (
            {"returnAll": True, "$orderby": ["Number desc"], "$filter": "Id ge 0"},
            250,
            [
                "?$orderby=Number%20desc&$filter=Id%20ge%200&$count=true&$top=100",
                "?$orderby=Number%20desc&$filter=Id%20ge%200&$top=100&$skip=100",
                "?$orderby=Number%20desc&$filter=Id%20ge%200&$top=50&$skip=200",
                "?$orderby=Number%20desc&$filter=Id%20ge%200&$count=true&$top=100&$skip=250",
            ],
        ),
        ({"$top": 5, "$filter": "Id gt 1"}, 5, ["?$filter=Id%20gt%201&$top=5"]),
        ({"limit": 30, "$skip": 240}, 10, ["?$top=30&$skip=240", "?$count=true&$top=20&$skip=250"]),
    ],
)
def test_lists_come_page_by_page(parameters: dict[str, Any], count: int, targets: list[str]) -> None:
    pbx = users(250)
    batch = run(pbx, "ListUser", [{}], parameters)
    assert batch.results[0].items is not None
    assert len(batch.results[0].items) == count
    assert [each.removeprefix("GET /Users") for each in pbx.targets] == targets


@pytest.mark.parametrize(
    ("parameters", "query"),
    [
        ({}, ""),
        ({"$top": 500, "$skip": 7}, "?$top=500&$skip=7"),
        ({"limit": 500}, "?$top=500"),
        ({"returnAll": True}, ""),
        ({"returnAll": True, "$top": 5}, ""),
    ],
)
def test_a_file_comes_as_a_whole(parameters: dict[str, Any], query: str) -> None:
    headers = {"content-type": "text/csv", "content-disposition": "attachment; filename=calls.csv"}
    pbx = FakePbx(lambda _: httpx.Response(200, content=b"Id\n1\n", headers=headers))
    shown = run(pbx, "DownloadCallHistory", [{}], parameters, Options(dry_run=True)).results[0].request
    assert shown is not None
    assert shown["url"].partition("Pbx.DownloadCallHistory()")[2] == query
    assert run(pbx, "DownloadCallHistory", [{}], parameters).results[0].error is None
    assert pbx.targets == [f"GET /CallHistoryView/Pbx.DownloadCallHistory(){query}"]


def test_a_list_of_whole_pages_ends() -> None:
    pbx = users(200)
    batch = run(pbx, "ListUser", [{}], {"returnAll": True})
    assert len(batch.results[0].items or []) == 200
    # The last one finds that nothing follows what the count announced.
    assert len(pbx.requests) == 3


def test_a_list_of_whole_pages_without_a_count_ends() -> None:
    pbx = users(200, counts=False)
    batch = run(pbx, "ListUser", [{}], {"returnAll": True})
    assert len(batch.results[0].items or []) == 200
    assert len(pbx.requests) == 3


def test_a_pbx_that_ignores_skip() -> None:
    pbx = users(250, skips=False)
    batch = run(pbx, "ListUser", [{}], {"returnAll": True})
    assert batch.results[0].error is not None
    assert "ignores $skip" in batch.results[0].error.message
    # The pages that overlapped with the first repetition, and the one after the announced pages.
    assert len(pbx.requests) <= 4


def test_a_pbx_that_ignores_skip_and_count() -> None:
    pbx = users(250, skips=False, counts=False)
    batch = run(pbx, "ListUser", [{}], {"returnAll": True})
    assert batch.results[0].error is not None
    assert "ignores $skip" in batch.results[0].error.message
    assert len(pbx.requests) == 2


@pytest.mark.parametrize("count", [30, 250])
def test_a_list_that_changes_and_ignores_skip_ends(count: int) -> None:
    requests = 0

    def answer(_: httpx.Request) -> httpx.Response:
        nonlocal requests
        requests += 1
        assert requests < 10
        rows = [{"Id": number, "ServerNow": requests} for number in range(min(count, 100))]
        return httpx.Response(200, json={"value": rows})

    [result] = run(FakePbx(answer), "ListActiveCall", [{}], {"returnAll": True}).results
    # A page of just the requested size may have had others after it.
    assert (result.error is None) == (count == 30)
    assert [each["json"]["Id"] for each in result.items or []] == list(range(min(count, 100)))


def test_a_set_that_ignores_top_is_taken_whole() -> None:
    pbx = FakePbx(lambda _: httpx.Response(200, json={"value": [{"Id": n} for n in range(250)]}))
    assert len(run(pbx, "ListUser", [{}], {"returnAll": True}).results[0].items or []) == 250
    assert len(run(pbx, "ListUser", [{}], {"limit": 7}).results[0].items or []) == 7


def versioned(version: str) -> FakePbx:
    return FakePbx(lambda _: httpx.Response(200, json={"Id": 7}, headers={"X-3CX-Version": version}))


@pytest.mark.parametrize(
    ("version", "target"),
    [
        ("20.0.4.12", "GET /Users/Pbx.GetByNumber(number='102')"),
        ("20.0.8.1", "GET /Users(Number='102')"),
        ("20.0.12.5", "GET /Users(Number='102')"),
        ("19.0.1", "GET /Users/Pbx.GetByNumber(number='102')"),
    ],
)
def test_the_version_of_the_pbx_decides_the_form(version: str, target: str) -> None:
    pbx = versioned(version)
    run(pbx, "GetUserByNumber", [{}], {"Number": "102"})
    assert pbx.targets == ["GET /Defs?$select=Id", target]


def test_the_release_counts_until_the_pbx_reports_its_version() -> None:
    pbx = versioned("20.0.8.1")

    async def main() -> None:
        async with pbx.executor() as executor:
            options = Options(release="20.0.4")
            await executor.run("GetUserByNumber", [{}], {"Number": "102"}, options=options)
            await executor.run("GetUserByNumber", [{}], {"Number": "102"}, options=options)

    asyncio.run(main())
    assert pbx.targets == ["GET /Users/Pbx.GetByNumber(number='102')", "GET /Users(Number='102')"]


def test_an_operation_that_the_release_lacks_is_refused() -> None:
    with pytest.raises(UnknownNameError, match=r"3CX 20\.0\.10 has no operation GetAudioFiles"):
        run(versioned("x"), "GetAudioFiles", [{}], {"Id": 5}, Options(release="20.0.10"))
    with pytest.raises(UnknownNameError, match=r"does not contain release '21'"):
        run(versioned("x"), "GetUser", [{}], {"Id": 5}, Options(release="21"))


def test_an_operation_of_old_releases_only_runs_in_its_last_form() -> None:
    pbx = FakePbx(lambda _: httpx.Response(200, json={"value": ["a"]}))
    assert run(pbx, "GetAudioFiles", [{}], {"Id": 5}).exit_code == 0
    assert pbx.targets[0] == "GET /CallFlowApps(5)/Pbx.GetAudioFiles()?$top=50"
