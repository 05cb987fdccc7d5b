"""Pages of one list: several at once, order kept, and no list that ends silently short."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support import FakePbx, credential, odata_error, run
from threecx_node import Batch, Executor, Options


class ListPbx(httpx.AsyncBaseTransport):
    """A PBX with one list. Later pages answer sooner than earlier ones."""

    def __init__(
        self, size: int, *, cap: int = 100, counts: bool = True, fails_at: int | None = None
    ) -> None:
        self.size = size
        self.cap = cap
        self.counts = counts
        self.fails_at = fails_at
        self.skips: list[int] = []
        self.now = 0
        self.most_at_once = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == "/connect/token":
            return httpx.Response(200, json={"access_token": "t", "expires_in": 60})
        params = request.url.params
        top, skip = min(int(params["$top"]), self.cap), int(params.get("$skip", 0))
        self.skips.append(skip)
        self.now += 1
        self.most_at_once = max(self.most_at_once, self.now)
        try:
            for _ in range(20 - len(self.skips) % 20):
                await asyncio.sleep(0)
        finally:
            self.now -= 1
        if self.fails_at is not None and skip >= self.fails_at:
            return odata_error(500, "broken")
        counted = {"@odata.count": self.size} if self.counts and "$count" in params else {}
        rows = [{"Id": number} for number in range(skip, min(skip + top, self.size))]
        return httpx.Response(200, json={**counted, "value": rows})


def read(pbx: ListPbx, parameters: dict[str, Any], concurrency: int = 8) -> Batch:
    async def main() -> Batch:
        async with Executor(credential(), connections=concurrency, transport=pbx) as executor:
            options = Options(concurrency=concurrency)
            return await executor.run("ListUser", [{}], parameters, options=options)

    return asyncio.run(main())


def ids(batch: Batch) -> list[int]:
    [result] = batch.results
    assert result.error is None, result.error
    return [item["json"]["Id"] for item in result.items or ()]


def test_pages_overlap_in_order() -> None:
    pbx = ListPbx(2345)
    assert ids(read(pbx, {"returnAll": True})) == list(range(2345))
    assert pbx.most_at_once == 8
    # 24 pages, and the one after them, which is empty.
    assert len(pbx.skips) == 25


def test_the_batch_bounds_the_pages() -> None:
    pbx = ListPbx(1000)
    read(pbx, {"returnAll": True}, concurrency=3)
    assert pbx.most_at_once == 3


@settings(max_examples=80, deadline=None)
@given(
    size=st.integers(0, 420),
    cap=st.integers(7, 100),
    counts=st.booleans(),
    limit=st.none() | st.integers(1, 300),
    skip=st.integers(0, 150),
)
def test_no_entity_is_lost_or_repeated(
    size: int, cap: int, counts: bool, limit: int | None, skip: int
) -> None:
    pbx = ListPbx(size, cap=cap, counts=counts)
    parameters = {"returnAll": True} if limit is None else {"limit": limit}
    expected = list(range(size))[skip:][:limit]
    assert ids(read(pbx, {**parameters, "$skip": skip})) == expected


def test_an_error_ends_the_list() -> None:
    pbx = ListPbx(5000, fails_at=300)
    [result] = read(pbx, {"returnAll": True}).results
    assert result.error is not None
    assert result.error.http_code == 500
    # The page with the error is sent three times.
    assert len(set(pbx.skips)) < 20


def test_a_list_that_shrinks_meanwhile_ends() -> None:
    class Shrinking(ListPbx):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            response = await super().handle_async_request(request)
            self.size = 250
            return response

    assert ids(read(Shrinking(500), {"returnAll": True})) == list(range(250))


@pytest.mark.parametrize("parameters", [{}, {"limit": 100}, {"$top": 5}])
def test_one_page_is_neither_counted_nor_sorted(parameters: dict[str, Any]) -> None:
    pbx = FakePbx(lambda _: httpx.Response(200, json={"value": []}))
    run(pbx, "ListUser", [{}], parameters)
    assert "$count" not in pbx.targets[0]
    assert "$orderby" not in pbx.targets[0]


def test_a_list_without_a_key_is_not_sorted() -> None:
    pbx = FakePbx(lambda _: httpx.Response(200, json={"value": []}))
    run(pbx, "GetAudioFiles", [{}], {"Id": 5, "returnAll": True})
    assert "$orderby" not in pbx.targets[0]


def test_the_users_own_count_is_kept() -> None:
    pbx = FakePbx(lambda _: httpx.Response(200, json={"value": []}))
    run(pbx, "ListUser", [{}], {"returnAll": True, "$count": False})
    assert pbx.targets[0].count("$count=") == 1
