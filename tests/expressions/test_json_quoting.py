"""A value between the quotes of a JSON text cannot end the text, on the command line and in the library."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support import FakePbx, run

ATTACK = 'x", "Enabled": false, "Mobile": "'


def sent(parameters: dict[str, Any], value: Any, operation: str = "UpdateUser") -> Any:
    """Return the body of the one request, or the error."""
    pbx = FakePbx(lambda _: httpx.Response(204))
    [result] = run(pbx, operation, [{"x": value}], {"Id": 1, **parameters}).results
    assert result.error is None, result.error.one_line()
    return json.loads(pbx.requests[-1].content)


@pytest.mark.parametrize(
    "body", ['={"FirstName": "{{ $json.x }}"}', '={"FirstName": "{{ $json.x.toString() }}"}']
)
def test_a_value_in_the_quotes_of_a_body_stays_in_them(body: str) -> None:
    assert sent({"body": body}, ATTACK) == {"FirstName": ATTACK}


@pytest.mark.parametrize("place", ["field", "body.field", "mapper"])
def test_a_value_in_the_quotes_of_a_list_stays_in_them(place: str) -> None:
    text = '=[{"Name": "{{ $json.x }}"}]'
    values: dict[str, Any] = {"ForwardingProfiles": text}
    parameters = {
        "field": values,
        "body.field": {"body": values},
        "mapper": {"body": {"mappingMode": "defineBelow", "value": values}},
    }[place]
    body = sent({**parameters, "allowIncompleteLists": True}, 'x"}, {"Name": "y')
    assert body == {"ForwardingProfiles": [{"Name": 'x"}, {"Name": "y'}]}


def test_what_the_code_escapes_itself_stays_as_it_is() -> None:
    body = '={"FirstName": "{{ JSON.stringify($json.x).slice(1, -1) }}"}'
    assert sent({"body": body}, 'Ada "A" \\ Byron\n') == {"FirstName": 'Ada "A" \\ Byron\n'}
    replaced = '={"FirstName": "{{ $json.x.replace(/"/g, \'\\\\"\') }}"}'
    assert sent({"body": replaced}, 'Ada "A" Byron') == {"FirstName": 'Ada "A" Byron'}


def test_values_outside_quotes_and_texts_are_as_before() -> None:
    assert sent({"body": '={"FirstName": {{ JSON.stringify($json.x) }}}'}, 'a"b') == {"FirstName": 'a"b'}
    assert sent({"FirstName": '={"a": "{{ $json.x }}"}'}, 'a"b') == {"FirstName": '{"a": "a"b"}'}
    assert sent({"body": '={"FirstName": "\\"{{ $json.x }}\\""}'}, 'a"b') == {"FirstName": '"a"b"'}


@given(st.text())
def test_no_value_ends_the_quotes(value: str) -> None:
    assert sent({"body": '={"FirstName": "{{ $json.x }}"}'}, value) == {"FirstName": value}
