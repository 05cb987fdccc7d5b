"""The Python path and V8 must agree, wherever the Python path gives an answer."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from threecx_node.errors import ExpressionError
from threecx_node.expressions import property_path
from threecx_node.expressions.evaluate import UNDEFINED, evaluate, evaluate_batch
from threecx_node.expressions.javascript import number, number_text, text
from threecx_node.expressions.property_path import NEEDS_ENGINE, compile_path

NAMES = [
    "a",
    "b",
    "Id",
    "length",
    "constructor",
    "toString",
    "__proto__",
    "hasOwnProperty",
    "map",
    "first",
    "isEmpty",
    "valueOf",
    "toFixed",
    "keys",
    "at",
    "0",
    "1",
    "01",
    "é",
    "電話",
    "$x",
    "_y",
    "key with space",
    "a.b",
    "😀",
    "",
]
SAFE_INTEGER = 2**53 - 1

leaves = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-SAFE_INTEGER, SAFE_INTEGER),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(st.characters(), max_size=4),
    st.sampled_from(["", "😀x", "x\ud83d"]),
)
values = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(NAMES), inner, max_size=4)
    ),
    max_leaves=12,
)
items = st.dictionaries(st.sampled_from(NAMES), values, max_size=6)


def dotted(name: str) -> bool:
    return name.replace("$", "_").isidentifier()


@st.composite
def steps(draw: st.DrawFn) -> str:
    name = draw(st.sampled_from(NAMES))
    space = draw(st.sampled_from(["", " ", "\n"]))
    optional = draw(st.booleans())
    kind = draw(st.sampled_from(["dot", "quoted", "number"]))
    if kind == "number":
        inner = str(draw(st.integers(0, 3)))
    elif kind == "dot" and dotted(name):
        return f"{space}{'?.' if optional else '.'}{space}{name}"
    else:
        inner = f'"{name}"' if draw(st.booleans()) else f"'{name}'"
    return f"{space}{'?.' if optional else ''}[{space}{inner}{space}]"


paths = st.builds(
    lambda root, rest: root + "".join(rest),
    st.sampled_from(["$json", "$input.item.json", "$input . item\n.json"]),
    st.lists(steps(), max_size=4),
)


def canonical(value: object) -> str:
    """With whole floats as integers, since JavaScript has one kind of number."""
    if isinstance(value, ExpressionError):
        return f"error: {value.message}"
    if value is UNDEFINED:
        return "undefined"

    def plain(part: Any) -> Any:
        if isinstance(part, float):
            return number(part)
        if isinstance(part, list):
            return [plain(element) for element in part]
        return {key: plain(element) for key, element in part.items()} if isinstance(part, dict) else part

    return json.dumps(plain(value), sort_keys=True)


@pytest.mark.slow
@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(path=paths, data=st.lists(items, min_size=1, max_size=3))
@example(path="$json.a[0]", data=[{"a": "😀"}])
@example(path="$json.a.length", data=[{"a": "😀"}])
@example(path="$json.__proto__", data=[{"__proto__": 5}, {}])
def test_python_and_v8_agree_on_values(path: str, data: list[dict[str, Any]]) -> None:
    assert compile_path(f" {path} ") is not None
    plain = evaluate_batch(f"={{{{ {path} }}}}", data)
    # The brackets send it to V8.
    engine = evaluate_batch(f"={{{{ ({path}) }}}}", data)
    assert [canonical(value) for value in plain] == [canonical(value) for value in engine]


@pytest.mark.slow
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(path=paths, data=st.lists(items, min_size=1, max_size=3))
@example(
    path="$json.a", data=[{"a": {"toString": 1}}, {"a": [[{"toString": 1}]]}, {"a": [None, [1, [2.5]], {}]}]
)
def test_python_and_v8_agree_in_text(path: str, data: list[dict[str, Any]]) -> None:
    plain = evaluate_batch(f"=<{{{{ {path} }}}}>", data)
    engine = evaluate_batch(f"=<{{{{ ({path}) }}}}>", data)
    assert [canonical(value) for value in plain] == [canonical(value) for value in engine]


@settings(max_examples=150, deadline=None)
@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=40))
@example(
    [
        0.0,
        -0.0,
        5.0,
        0.1,
        1e21,
        1e-7,
        1e-6,
        123456789012345680000.0,
        1.5e300,
        5e-324,
        1e22,
        999999999999999900000.0,
    ]
)
def test_numbers_are_written_as_v8_writes_them(numbers: list[float]) -> None:
    assert [number_text(number) for number in numbers] == evaluate(
        "={{ $json.n.map(String) }}", [{"n": numbers}], 0
    )


@given(st.integers(-SAFE_INTEGER, SAFE_INTEGER))
def test_integers_are_written_as_floats_are(number: int) -> None:
    assert text(number) == number_text(float(number))


def test_numbers_that_json_does_not_know() -> None:
    assert [number_text(number) for number in (math.nan, math.inf, -math.inf)] == [
        "NaN",
        "Infinity",
        "-Infinity",
    ]


def own_names(code: str) -> set[str]:
    expression = (
        "={{ (() => { const names = []; for (let at = Object(%s); at; at = Object.getPrototypeOf(at))"
        " names.push(...Object.getOwnPropertyNames(at)); return names; })() }}"
    )
    return set(evaluate(expression % code, [{}], 0))


@pytest.mark.parametrize(
    ("code", "known"),
    [
        ("({})", property_path._OBJECT_NAMES),
        ("([])", property_path._ARRAY_NAMES),
        ("('')", property_path._STRING_NAMES),
        ("(1)", property_path._NUMBER_NAMES),
        ("(true)", property_path._OBJECT_NAMES),
    ],
)
def test_every_name_of_javascripts_own_objects_is_known(code: str, known: frozenset[str]) -> None:
    assert own_names(code) - {"length"} <= known


@pytest.mark.parametrize(
    "code",
    [
        "$json.a + 1",
        "$json.a()",
        "$json[-1]",
        "$json[a]",
        "$json[01]",
        "$json['a\\n']",
        "$json.²",
        "$json.1",
        "$jsonx",
        "$json$",
        "$itemIndex.a",
        "$input.item",
        "$input.item.jsonx",
        "json.a",
        "($json.a)",
        "$json.a;",
        "$json.a // b",
        "$json..a",
        "$json?a",
        "$json.",
        "$json['a",
        "",
        "$json\\u002ea",
        "$json['a']b",
        "$json.a-b",
    ],
)
def test_more_than_a_plain_path_is_left_alone(code: str) -> None:
    assert compile_path(code) is None


@pytest.mark.parametrize(
    "path", ["$json.constructor", "$json.a.map", "$json.t.trim", "$json.n.toFixed", "$json.b.valueOf"]
)
def test_names_of_javascripts_own_objects_are_left_to_it(path: str) -> None:
    reader = compile_path(path)
    assert reader is not None
    assert reader({"a": [], "t": "", "n": 1, "b": True}, 0) is NEEDS_ENGINE


def test_item_index() -> None:
    assert evaluate_batch("={{ $itemIndex }}", [{}, {}]) == [0, 1]


def test_paths_are_compiled_once() -> None:
    code = (
        "import timeit\n"
        "from threecx_node.expressions.evaluate import evaluate\n"
        "items = [{'Id': 5}]\n"
        "once = lambda: evaluate('={{ $json.Id }}', items, 0)\n"
        "print(min(timeit.repeat(once, number=20000, repeat=5)) / 20000)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path[:] = {sys.path!r}\n{code}"],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    # Half a microsecond where this was written; compiling each time takes twenty.
    assert float(done.stdout) < 1e-5
