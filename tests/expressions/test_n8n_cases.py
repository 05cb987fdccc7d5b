"""Every expression whose value n8n's own engine gave: the same value, of the same type."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from threecx_node.errors import ExpressionError
from threecx_node.expressions.evaluate import UNDEFINED, evaluate, evaluate_batch

CASES_FILE = Path(__file__).resolve().parents[2].parent / "shared" / "expressions" / "n8n-cases.json"
N8N: dict[str, Any] = json.loads(CASES_FILE.read_text(encoding="utf-8")) if CASES_FILE.is_file() else {}

needs_cases = pytest.mark.skipif(
    not N8N, reason="n8n's cases are not in this checkout: ../shared/expressions/n8n-cases.json is missing"
)


def agrees(value: object, expected: dict[str, Any]) -> bool:
    if "error" in expected:
        return isinstance(value, ExpressionError) and value.message == expected["message"]
    if "undefined" in expected:
        return value is UNDEFINED
    if "number" in expected:
        return repr(value) == repr(float(expected["number"]))
    return json.dumps(value, default=repr) == json.dumps(expected["value"])


@needs_cases
@pytest.mark.parametrize("case", N8N.get("cases", []), ids=lambda case: case["expression"])
def test_batch_agrees_with_n8n(case: dict[str, Any]) -> None:
    values = evaluate_batch(case["expression"], N8N["items"])
    assert len(values) == len(case["results"])
    for value, expected in zip(values, case["results"], strict=True):
        assert agrees(value, expected), value


@needs_cases
@pytest.mark.parametrize("index", range(3))
@pytest.mark.parametrize("case", N8N.get("cases", []), ids=lambda case: case["expression"])
def test_single_item_agrees_with_n8n(case: dict[str, Any], index: int) -> None:
    try:
        value = evaluate(case["expression"], N8N["items"], index)
    except ExpressionError as error:
        value = error
    assert agrees(value, case["results"][index]), value


@needs_cases
def test_all_cases_are_there() -> None:
    assert len(N8N["cases"]) >= 148
