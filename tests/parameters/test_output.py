"""The fields of results: those of Simplify, all, or some that are named."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.support import FakePbx, run
from threecx_node.errors import ParameterError
from threecx_node.parameters.output import read_output


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, (False, ())),
        ({"simplify": True}, (True, ())),
        ({"simplify": "true", "output": None}, (True, ())),
        ({"output": "simplified", "simplify": None}, (True, ())),
        ({"output": "Raw", "simplify": True}, (False, ())),
        ({"output": "selectedfields", "outputFieldNames": "Id, Number,"}, (False, ("Id", "Number"))),
        ({"output": "selectedFields", "outputFieldNames": ["Id"]}, (False, ("Id",))),
        ({"output": "raw", "outputFieldNames": "Id"}, (False, ())),
    ],
)
def test_output(given: dict[str, Any], expected: tuple[bool, tuple[str, ...]]) -> None:
    assert read_output(given) == expected


@pytest.mark.parametrize(
    ("given", "field", "advice"),
    [
        ({"output": "simple"}, "output", "Did you mean 'simplified'?"),
        ({"output": 5}, "output", "Choose one"),
        ({"output": "selectedFields"}, "outputFieldNames", "separated by commas"),
        ({"output": "selectedFields", "outputFieldNames": " , "}, "outputFieldNames", "separated by commas"),
        ({"output": "selectedFields", "outputFieldNames": [5]}, "outputFieldNames", "separated by commas"),
    ],
)
def test_wrong_output(given: dict[str, Any], field: str, advice: str) -> None:
    with pytest.raises(ParameterError) as caught:
        read_output(given)
    assert caught.value.field == field
    assert advice in caught.value.description


def test_the_named_fields_come_back() -> None:
    user = {"Id": 1, "Number": "100", "FirstName": "Ada", "VMPIN": "1234"}
    pbx = FakePbx(lambda _: httpx.Response(200, json={"value": [user]}))
    given = {"output": "selectedFields", "outputFieldNames": "id,FirstName", "simplify": True}
    [result] = run(pbx, "ListUser", [given], {name: f"={{{{ $json.{name} }}}}" for name in given}).results
    assert [item["json"] for item in result.items or ()] == [{"Id": 1, "FirstName": "Ada"}]
