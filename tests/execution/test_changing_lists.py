"""Lists without an end, and lists that change while they are read: bounded, no entity twice, and a note."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support import FakePbx, run
from threecx_node import Options
from threecx_node.execution.executor import Batch, Result
from threecx_node.execution.list_changes import ListChanges

ALL = {"returnAll": True}


class ChangingPbx(FakePbx):
    """A PBX with a list of users; `change` changes it before each page, by the number of the page."""

    def __init__(
        self, ids: list[int], change: Callable[[int, list[int]], None], *, counts: bool = True
    ) -> None:
        self.ids = ids
        self.pages = 0
        self._change = change
        self._counts = counts
        super().__init__(self._answer)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self._change(self.pages, self.ids)
        self.pages += 1
        params = request.url.params
        top, skip = int(params["$top"]), int(params.get("$skip", 0))
        counted = {"@odata.count": len(self.ids)} if self._counts and "$count" in params else {}
        return httpx.Response(
            200, json={**counted, "value": [{"Id": each} for each in self.ids[skip : skip + top]]}
        )


def ids_of(batch: Batch) -> list[int]:
    return [item["json"]["Id"] for result in batch.results for item in result.items or ()]


def add_in_front(page: int, ids: list[int]) -> None:
    if page == 1:
        ids[:0] = [-2, -1]


def remove_the_first(page: int, ids: list[int]) -> None:
    if page == 1:
        del ids[:3]


@pytest.mark.parametrize("counts", [True, False])
@pytest.mark.parametrize("parameters", [ALL, {"limit": 220}])
def test_entities_that_come_twice_are_left_out(counts: bool, parameters: dict[str, Any]) -> None:
    pbx = ChangingPbx(list(range(250)), add_in_front, counts=counts)
    batch = run(pbx, "ListUser", [{}], parameters, Options(concurrency=1))
    assert batch.exit_code == 0
    assert ids_of(batch) == list(range(parameters.get("limit", 250)))
    [note] = batch.notes
    assert note.startswith("The list changed while it was read: ")
    assert "2 entities came twice and were left out" in note


def test_a_list_that_became_shorter_is_noted() -> None:
    pbx = ChangingPbx(list(range(250)), remove_the_first)
    batch = run(pbx, "ListUser", [{}], ALL, Options(concurrency=1))
    assert batch.exit_code == 0
    assert sorted(set(ids_of(batch))) == ids_of(batch)
    [note] = batch.notes
    assert "it had 250 entities at first and 247 at the end. Entities may be missing" in note


def test_a_list_that_stays_as_it_is_has_no_note() -> None:
    batch = run(ChangingPbx(list(range(250)), lambda *_: None), "ListUser", [{}], ALL)
    assert (ids_of(batch), batch.notes) == (list(range(250)), ())


def test_the_note_of_several_lists_names_the_item() -> None:
    def change(page: int, ids: list[int]) -> None:
        if page % 5 == 1:
            ids.insert(0, -page)

    batch = run(ChangingPbx(list(range(250)), change), "ListUser", [{}, {}, {}], ALL, Options(concurrency=1))
    [note] = batch.notes
    assert "list of item 0 changed" in note
    assert "so did 2 other lists" in note


def test_what_comes_twice_in_one_page_is_kept() -> None:
    """Such a property identifies no entity, whatever the documents say."""
    pbx = ChangingPbx([1, 1, 2] * 40, lambda *_: None)
    assert ids_of(run(pbx, "ListUser", [{}], ALL)) == [1, 1, 2] * 40


@pytest.mark.parametrize("counts", [True, False])
@pytest.mark.parametrize("response_format", ["items", "body"])
def test_a_list_without_an_end_is_bounded(counts: bool, response_format: str) -> None:
    def grow(_: int, ids: list[int]) -> None:
        ids.extend(range(len(ids), len(ids) + 200))

    pbx = ChangingPbx([], grow, counts=counts)
    parameters = {**ALL, "options": {"responseFormat": response_format}}
    [result] = run(pbx, "ListUser", [{}], parameters, Options(max_items=1_050)).results
    assert result.error is not None
    assert result.error.code == "too_many_items"
    assert "more than 1,050 entities" in result.error.message
    assert "--max-items" in result.error.description
    assert result.items is not None
    rows = [item["json"] for item in result.items]
    rows = rows if response_format == "items" else [row for body in rows for row in body["value"]]
    assert [row["Id"] for row in rows] == list(range(1_050))
    assert pbx.pages < 30


def test_next_links_without_an_end_are_bounded() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        number = int(request.url.params.get("$skiptoken", 0))
        link = f"/xapi/v1/Users?$skiptoken={number + 1}"
        return httpx.Response(200, json={"value": [{"Id": number}], "@odata.nextLink": link})

    [result] = run(FakePbx(answer), "ListUser", [{}], ALL, Options(max_items=40)).results
    assert result.error is not None
    assert result.error.code == "too_many_items"
    assert len(result.items or ()) == 40


@pytest.mark.parametrize("size", [99, 100, 200])
def test_a_list_of_just_the_limit_is_complete(size: int) -> None:
    batch = run(
        ChangingPbx(list(range(size)), lambda *_: None), "ListUser", [{}], ALL, Options(max_items=size)
    )
    assert batch.exit_code == 0
    assert len(ids_of(batch)) == size


def test_a_limit_of_the_user_is_the_only_one() -> None:
    pbx = ChangingPbx(list(range(300)), lambda *_: None)
    batch = run(pbx, "ListUser", [{}], {"limit": 250}, Options(max_items=100))
    assert len(ids_of(batch)) == 250


@pytest.mark.parametrize("parameters", [ALL, {"limit": 5_000}])
def test_pages_of_nothing_new_do_not_go_on(parameters: dict[str, Any]) -> None:
    """Each page has the entities of the first, in another order."""

    def turn(page: int, ids: list[int]) -> None:
        ids[:] = [number for _ in range(200) for number in (*range(page % 90, 100), *range(page % 90))]

    [result] = run(
        ChangingPbx([], turn, counts=False), "ListUser", [{}], parameters, Options(concurrency=1)
    ).results
    assert result.error is not None
    assert result.error.code == "paging"
    assert len(result.items or ()) == 100


def test_a_stream_reports_the_note() -> None:
    async def main() -> tuple[list[Result], list[str]]:
        notes: list[str] = []
        async with ChangingPbx(list(range(250)), add_in_front).executor() as executor:
            stream = executor.stream(
                "ListUser", [{}], ALL, options=Options(concurrency=1), on_note=notes.append
            )
            return [each async for each in stream], notes

    _, notes = asyncio.run(main())
    assert "came twice" in notes[0]


@settings(max_examples=200)
@given(
    st.lists(
        st.lists(st.integers(-5, 60) | st.sampled_from(["a", "b", 2**70, -(2**70)]), unique=True), max_size=6
    )
)
def test_each_key_is_kept_once_in_any_order(pages: list[list[int | str]]) -> None:
    changes = ListChanges("Id")
    kept = [row["Id"] for page in pages for row in changes.drop_repeats([{"Id": key} for key in page])]
    assert kept == list(dict.fromkeys(key for page in pages for key in page))
