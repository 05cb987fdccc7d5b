"""The expressions that must work, whatever else is at hand."""

from __future__ import annotations

import copy
import json
import pickle
from pathlib import Path
from typing import Any

import pytest

from threecx_node.errors import ExpressionError
from threecx_node.expressions.evaluate import UNDEFINED, evaluate, evaluate_batch, is_expression

FIXTURE = json.loads(Path(__file__).with_name("expression_cases.json").read_text(encoding="utf-8"))
ITEMS: list[dict[str, Any]] = FIXTURE["items"]

ONLY_IN_N8N = [
    "$('Webhook').first()",
    "$node['x'].json",
    "$workflow.id",
    "$execution.id",
    "$prevNode.name",
    "$env.HOME",
    "$vars.x",
    "$secrets.x",
    "$binary",
    "$parameter.x",
    "$fromAI('x')",
    "$nodeVersion",
    "$response.body",
]


def outcome(value: object) -> dict[str, Any]:
    """A result in the fixture's words."""
    if isinstance(value, ExpressionError):
        return {"error": value.message}
    if value is UNDEFINED:
        return {"undefined": True}
    if isinstance(value, float) and repr(value) in {"inf", "-inf", "nan"}:
        return {"number": repr(value)}
    return {"value": value}


def same(left: object, right: object) -> bool:
    """Compare so that True differs from 1, and 5.0 from 5."""
    return json.dumps(left) == json.dumps(right)


@pytest.mark.parametrize("case", FIXTURE["cases"], ids=lambda case: case["expression"])
def test_essential_case(case: dict[str, Any]) -> None:
    results = [outcome(value) for value in evaluate_batch(case["expression"], ITEMS)]
    assert same(results, case["results"]), results
    for index, expected in enumerate(case["results"]):
        assert same(outcome(single(case["expression"], index)), expected)


def single(expression: str, index: int) -> object:
    try:
        return evaluate(expression, ITEMS, index)
    except ExpressionError as error:
        return error if error.item_index == index else None


@pytest.mark.parametrize(("code", "expected"), FIXTURE["methods"].items())
def test_method(code: str, expected: object) -> None:
    value = evaluate(f"={{{{ {code.replace('}}', '} }')} }}}}", [{}], 0)
    assert value == pytest.approx(expected) if isinstance(expected, float) else same(value, expected), value


@pytest.mark.parametrize("code", ONLY_IN_N8N)
def test_data_of_a_running_n8n_is_refused_by_name(code: str) -> None:
    name = code.partition("(")[0].partition("[")[0].partition(".")[0]
    with pytest.raises(ExpressionError, match="only available inside n8n") as caught:
        evaluate(f"={{{{ {code} }}}}", [{}], 0)
    assert caught.value.message.startswith(name)


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("() => 1", "a function: call it"),
        ("Symbol('x')", "a symbol"),
        ("new Map()", "Object.fromEntries"),
        ("new Set()", "use \\[...set\\]"),
        ("({a: 5n})", "cannot be written as JSON"),
        ("(() => { const a = {}; a.a = a; return a })()", "cannot be written as JSON"),
        ("new Date('x')", "invalid Date"),
        ("DateTime.fromISO('x')", "invalid DateTime"),
        ("'x'.repeat(17e6)", "too large"),
        ("(() => { throw new Error('boo') })()", "boo"),
        ("JSON.parse('x')", "SyntaxError"),
        ("(function f() { return f() + 1 })()", "Maximum call stack"),
        ("'not a date'.toDateTime()", "cannot convert to Luxon DateTime"),
        ("'x'.toInt()", "is not a number"),
        ("'1,234'.toFloat()", "decimal separator"),
        ("(5.5).isEven()", "whole numbers"),
        ("'x'.hash('md4')", "does not support"),
        ("[1, 'x'].sum()", "numbers only"),
        ("[{a: 1}].merge([{a: 2}])", "two different values"),
        ("$input", "cannot be used as a value"),
        ("$input.params.x", "only available inside n8n"),
        ("(async () => 1)()", "cannot wait"),
        ("eval('1')", "creating code from text"),
        ("import('x')", "invalid syntax"),
        ("$jmespath($json, '[?')", "jmespath"),
    ],
)
def test_what_has_no_value_is_a_clear_error(code: str, message: str) -> None:
    [result] = evaluate_batch(f"={{{{ {code} }}}}", [{}])
    assert isinstance(result, ExpressionError)
    with pytest.raises(ExpressionError, match=message):
        raise result


def test_one_failing_item_leaves_the_others_their_values() -> None:
    results = evaluate_batch("={{ $json.n.isEven() }}", [{"n": 2}, {"n": 1.5}, {"n": 3}])
    assert [results[0], results[2]] == [True, False]
    assert isinstance(results[1], ExpressionError)
    assert results[1].item_index == 1


def test_time_zone() -> None:
    code = "={{ DateTime.fromISO('2026-07-01').toISO() }}"
    assert evaluate(code, [{}], 0, time_zone="Europe/Berlin") == "2026-07-01T00:00:00.000+02:00"
    assert evaluate(code, [{}], 0) == "2026-07-01T00:00:00.000Z"
    with pytest.raises(ExpressionError, match="not a time zone"):
        evaluate(code, [{}], 0, time_zone="Mars/Olympus")


def test_no_items_no_results() -> None:
    assert evaluate_batch("={{ $json.Id }}", []) == []
    assert evaluate_batch("={{ 1 + 1 }}", []) == []
    assert evaluate_batch("={{ ", []) == []
    with pytest.raises(IndexError):
        evaluate("={{ 1 + 1 }}", [], 0)


def test_item_that_is_not_json() -> None:
    [result] = evaluate_batch("={{ $json.x + 1 }}", [{"x": object()}])
    assert isinstance(result, ExpressionError)
    assert "item 0 cannot be written as JSON" in result.message


def test_items_that_orjson_refuses_reach_the_engine() -> None:
    items = [{"text": "\ud83d", "large": 2**70}]
    assert evaluate("={{ ($json.text) }}", items, 0) == "\ud83d"
    assert evaluate("={{ $json.large > 1e20 }}", items, 0) is True


def test_large_integers_keep_their_digits_on_plain_paths() -> None:
    items = [{"Id": 12345678901234567890}]
    assert evaluate("={{ $json.Id }}", items, 0) == 12345678901234567890
    assert evaluate("=/Users({{ $json.Id }})", items, 0) == "/Users(12345678901234567890)"


def test_is_expression() -> None:
    assert all(is_expression(value) for value in ("=", "={{ 1 }}"))
    assert not any(is_expression(value) for value in ("x=", "", 5, None))


def test_undefined_is_one_object() -> None:
    pickled = pickle.loads(pickle.dumps(UNDEFINED))  # noqa: S301 - our own bytes
    for twin in (copy.copy(UNDEFINED), copy.deepcopy([UNDEFINED])[0], pickled, type(UNDEFINED)()):
        assert twin is UNDEFINED
    assert not UNDEFINED
    assert repr(UNDEFINED) == "undefined"
