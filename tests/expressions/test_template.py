"""Parameters shared by a batch: literal parts are shared, expressions are evaluated per item."""

from __future__ import annotations

from typing import Any

import pytest

from threecx_node.errors import ExpressionError
from threecx_node.expressions import evaluate as expression
from threecx_node.expressions.template import Template
from threecx_node.values.undefined import UNDEFINED

ITEMS = [{"Id": 1, "name": "Ada"}, {"Id": 2, "name": "Grace"}, {}]


def test_expressions_are_found_at_any_depth() -> None:
    template = Template(
        {
            "Id": "={{ $json.Id }}",
            "plain": "text",
            "options": {"$filter": "=Name eq '{{ $json.name }}'", "$select": ["Id", "={{ $json.name }}"]},
            "body": {"Groups": [{"GroupId": "={{ $json.Id }}"}], "fixed": {"a": 1}},
        },
        ITEMS,
    )
    assert template.parameters(1) == {
        "Id": 2,
        "plain": "text",
        "options": {"$filter": "Name eq 'Grace'", "$select": ["Id", "Grace"]},
        "body": {"Groups": [{"GroupId": 2}], "fixed": {"a": 1}},
    }
    assert template.parameters(2)["Id"] is UNDEFINED


def test_an_expression_is_evaluated_once_for_the_whole_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []
    original = expression.evaluate_batch

    def counting(text: str, items: Any, *, time_zone: str) -> list[Any]:
        calls.append(text)
        return original(text, items, time_zone=time_zone)

    monkeypatch.setattr(expression, "evaluate_batch", counting)
    template = Template({"Id": "={{ $json.Id }}", "again": "={{ $json.Id }}"}, ITEMS)
    assert [template.parameters(index)["again"] for index in range(2)] == [1, 2]
    assert calls == ["={{ $json.Id }}"]


def test_an_error_names_the_field() -> None:
    template = Template({"options": {"$filter": "={{ 1 + }}"}}, ITEMS)
    with pytest.raises(ExpressionError, match=r"options\.\$filter") as caught:
        template.parameters(0)
    assert caught.value.field == "options.$filter"


def test_what_an_expression_gave_is_not_evaluated_again() -> None:
    template = Template({"Id": "={{ $json.x }}"}, [{"x": "={{ 1 + 1 }}"}])
    assert template.parameters(0) == {"Id": "={{ 1 + 1 }}"}
