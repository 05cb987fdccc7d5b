"""Results as lines of JSON: one per item, or one per page of a list."""

from __future__ import annotations

import json
import tempfile
import tracemalloc
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from threecx_node import Result
from threecx_node.errors import ResponseError
from threecx_node.service.ndjson import ResultEncoder


def part(index: int, *ids: int, more: bool = False) -> Result:
    return Result(index, items=[{"json": {"Id": each}} for each in ids], more=more)


def lines_of(*results: Result, in_pages: bool = False) -> list[dict[str, Any]]:
    with closing(ResultEncoder(in_pages=in_pages)) as encoder:
        text = b"".join(chunk for each in results for chunk in encoder.encode(each))
    return [json.loads(line) for line in text.splitlines()]


def ids(line: dict[str, Any]) -> list[int]:
    return [each["json"]["Id"] for each in line["items"]]


def test_parts_of_several_lists_become_one_line_each() -> None:
    first, second, third = lines_of(
        part(0, 1, 2, more=True),
        part(1, 7, more=True),
        part(0, more=True),
        part(2, 9),
        part(1, 8),
        part(0, 3),
    )
    assert (first["index"], ids(first)) == (2, [9])
    assert (second["index"], ids(second)) == (1, [7, 8])
    assert (third["index"], ids(third)) == (0, [1, 2, 3])
    assert all("more" not in each for each in (first, second, third))


@pytest.mark.parametrize("last", [(), (1,)])
def test_list_whose_parts_are_empty(last: tuple[int, ...]) -> None:
    [line] = lines_of(part(0, more=True), part(0, *last))
    assert ids(line) == list(last)


def test_failed_list_has_the_items_before_its_error() -> None:
    [line] = lines_of(part(0, 1, 2, more=True), Result(0, error=ResponseError("page 2 failed")))
    assert set(line) == {"index", "items", "error"}
    assert ids(line) == [1, 2]
    *pages, last = lines_of(
        part(0, 1, 2, more=True), Result(0, error=ResponseError("page 2 failed")), in_pages=True
    )
    assert [ids(each) for each in pages] == [[1, 2]]
    assert set(last) == {"index", "error"}


def test_attempts_follow_the_items() -> None:
    done = Result(0, items=[{"json": {"Id": 1}}], attempts=3)
    [whole] = lines_of(done)
    [spooled] = lines_of(part(0, 7, more=True), done)
    failed = Result(1, error=ResponseError("no"), attempts=2)
    assert (whole["attempts"], spooled["attempts"], lines_of(failed)[0]["attempts"]) == (3, 3, 2)
    assert ids(spooled) == [7, 1]


def test_other_results() -> None:
    assert lines_of(Result(0), Result(1, request={"method": "DELETE"}), Result(2, items=[])) == [
        {"index": 0},
        {"index": 1, "request": {"method": "DELETE"}},
        {"index": 2, "items": []},
    ]


def test_pages() -> None:
    first, other, last = lines_of(part(0, 1, 2, more=True), part(1, 7), part(0, 3), in_pages=True)
    assert (first["index"], ids(first), first["more"]) == (0, [1, 2], True)
    assert (other["index"], ids(other)) == (1, [7])
    assert (last["index"], ids(last)) == (0, [3])
    assert "more" not in {**other, **last}


def test_memory_does_not_grow_with_the_list() -> None:
    """100,000 entities, about 20 MB of JSON."""

    def parts() -> Iterator[Result]:
        for page in range(1_000):
            entities = [{"json": {"Id": page * 100 + number, "Name": "x" * 180}} for number in range(100)]
            yield Result(0, items=entities, more=page < 999)

    size = 0
    with closing(ResultEncoder(in_pages=False)) as encoder:
        tracemalloc.start()
        try:
            for each in parts():
                for chunk in encoder.encode(each):
                    size += len(chunk)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    assert size > 20_000_000
    assert peak < 4_000_000


def test_list_without_a_temporary_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    refused = []

    def refuse(*_: object, **__: object) -> None:
        refused.append(1)
        raise FileNotFoundError("no usable temporary directory")

    monkeypatch.setattr(tempfile, "TemporaryFile", refuse)
    name = "x" * 1_000_000
    parts = [Result(0, items=[{"json": {"Name": name}}], more=number < 4) for number in range(5)]
    [line] = lines_of(*parts)
    assert [each["json"]["Name"] == name for each in line["items"]] == [True] * 5
    assert len(refused) == 1


def test_a_long_line_comes_in_parts() -> None:
    encoder = ResultEncoder(in_pages=False)
    result = Result(0, [{"json": {"text": "x" * 1_000_000}}])
    parts = list(encoder.encode(result))
    assert len(parts) > 3
    assert json.loads(b"".join(parts)) == {"index": 0, **result.to_json()}
    encoder.close()
