"""Expressions that take too much, that meddle, and that come from several threads."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from threecx_node.errors import ExpressionError
from threecx_node.expressions.evaluate import EngineLimits, evaluate, evaluate_batch

pytestmark = pytest.mark.slow

SHORT = EngineLimits(item_timeout=0.3, batch_timeout=8)
FIVE = [{"Id": number} for number in range(5)]


def only_third(code: str) -> str:
    return f"={{{{ $itemIndex === 2 ? {code} : $json.Id * 10 }}}}"


@pytest.mark.parametrize(
    "code",
    [
        "(() => { while (true) {} })()",
        "/^(a+)+$/.test('a'.repeat(40) + 'b')",
        # One of V8's own loops, which nothing interrupts.
        "Array(2 ** 31).indexOf(1)",
    ],
)
def test_an_endless_item_does_not_harm_the_others(code: str) -> None:
    started = time.monotonic()
    results = evaluate_batch(only_third(code), FIVE, limits=SHORT)
    assert time.monotonic() - started < 30
    stopped = results.pop(2)
    assert results == [0, 10, 30, 40]
    assert isinstance(stopped, ExpressionError)
    assert "time limit of 0.3 s" in stopped.message
    assert stopped.item_index == 2


@pytest.mark.parametrize(
    "code",
    [
        "(() => { const all = []; for (;;) all.push('x'.repeat(1000) + all.length) })()",
        # V8 ends its process over these.
        "[...Array(2 ** 30)].length",
        "'x'.repeat(2 ** 29 - 24).split('').length",
    ],
)
def test_item_out_of_memory_leaves_the_others(code: str) -> None:
    results = evaluate_batch(only_third(code), FIVE, limits=EngineLimits(item_timeout=60, batch_timeout=120))
    failed = results.pop(2)
    assert results == [0, 10, 30, 40]
    assert isinstance(failed, ExpressionError)
    assert any(word in failed.message for word in ("more memory", "engine crash")), failed.message
    assert evaluate("={{ 1 + 1 }}", FIVE, 0) == 2


def test_memory_outside_of_the_heap_is_limited_too() -> None:
    if sys.platform != "linux":
        pytest.skip("only Linux limits a process's data")
    with pytest.raises(ExpressionError, match="allocation failed"):
        evaluate("={{ new Uint8Array(2 ** 31).fill(1).length }}", FIVE, 0)


def test_batch_has_a_limit_of_its_own() -> None:
    limits = EngineLimits(item_timeout=0.2, batch_timeout=0.7)
    started = time.monotonic()
    results = evaluate_batch("={{ (() => { while (true) {} })() }}", FIVE * 10, limits=limits)
    assert time.monotonic() - started < 30
    assert "time limit" in results[0].message
    assert "together took longer" in results[-1].message


def test_compiling_has_a_limit_too() -> None:
    with pytest.raises(ExpressionError):
        evaluate("={{ " + "(" * 100_000 + "1" + ")" * 100_000 + " }}", FIVE, 0, limits=SHORT)
    assert evaluate("={{ 1 + 1 }}", FIVE, 0) == 2


@pytest.mark.parametrize("limits", [{"item_timeout": 0}, {"batch_timeout": -1}, {"memory_mb": 1}])
def test_limits_must_make_sense(limits: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="limits"):
        EngineLimits(**limits)


@pytest.mark.parametrize(
    ("meddling", "probe", "untouched"),
    [
        ("globalThis.x = 1", "globalThis.x ?? 'clean'", "clean"),
        ("(function () { this.x = 1 })()", "typeof x", "undefined"),
        ("leaked = 1", "typeof leaked", "undefined"),
        ("Array.prototype.first = 1", "typeof [].first", "undefined"),
        ("Array.prototype.map = () => 'bad'", "[1].map(n => n).length", 1),
        ("({}).__proto__.polluted = 1", "({}).polluted ?? 'clean'", "clean"),
        ("Object.assign(Object.prototype, {polluted: 1})", "({}).polluted ?? 'clean'", "clean"),
        ("Object.setPrototypeOf(Object.prototype, {polluted: 1})", "({}).polluted ?? 'clean'", "clean"),
        ("JSON.stringify = () => 'bad'", "JSON.stringify(1)", "1"),
        ("DateTime.now = () => 'bad'", "typeof DateTime.now()", "object"),
        ("DateTime.prototype.toISO = () => 'bad'", "DateTime.fromMillis(0).toISODate()", "1970-01-01"),
        (
            "$now.zone.constructor.create = 'bad'",
            "DateTime.now().setZone('Europe/Berlin').zoneName",
            "Europe/Berlin",
        ),
        (
            "DateTime.now().setZone('Asia/Tokyo').zone.zoneName = 'bad'",
            "$now.setZone('Asia/Tokyo').zoneName",
            "Asia/Tokyo",
        ),
        ("$json.Id = 5", "$json.Id * 1", 7),
        ("$input.first().json.Id = 5", "$input.first().json.Id", 7),
        ("delete $json.Id", "$json.Id * 1", 7),
        ("$json.list.push(1)", "$json.list.length * 1", 1),
        ("[$json].forEach(item => Object['ass' + 'ign'](item, {Id: 5}))", "$json.Id * 1", 7),
        ("(({sort}) => sort.call($json.list))([])", "$json.list.length * 1", 1),
        ("'ab'.match(/(a)/)", "typeof RegExp.$1", "undefined"),
        ("Symbol.x = 1", "typeof Symbol.x", "undefined"),
        ("(function* () {})().__proto__.__proto__.next = 1", "[...(function* () { yield 1 })()][0]", 1),
    ],
)
def test_nothing_leaks(meddling: str, probe: str, untouched: object) -> None:
    items = [{"Id": 7, "list": [0]}, {"Id": 7, "list": [0]}]
    evaluate_batch(f"={{{{ {meddling} }}}}", items)
    assert evaluate_batch(f"={{{{ {probe} }}}}", items) == [untouched, untouched]
    first_look = f"const seen = {probe}; try {{ {meddling} }} catch {{ }} return seen;"
    both = evaluate_batch(f"={{{{ (() => {{ {first_look} }})() }}}}", items)
    assert both == [untouched, untouched]
    assert items == [{"Id": 7, "list": [0]}, {"Id": 7, "list": [0]}]


@pytest.mark.parametrize(
    "name", ["require", "process", "fetch", "setTimeout", "console", "WebAssembly", "Atomics"]
)
def test_nothing_outside_is_in_reach(name: str) -> None:
    assert evaluate(f"={{{{ typeof {name} }}}}", FIVE, 0) == "undefined"


@pytest.mark.parametrize(
    "code",
    [
        "({}).constructor.constructor('return this')()",
        "(() => {}).constructor('return 1')()",
        "(function* () {}).constructor('return 1')()",
        "Reflect.getPrototypeOf(() => {}).constructor('return 1')()",
        "Function('return 1')()",
    ],
)
def test_no_code_from_text(code: str) -> None:
    with pytest.raises(ExpressionError, match="creating code from text"):
        evaluate(f"={{{{ {code} }}}}", FIVE, 0)


def test_bare_constructor_is_just_an_unknown_name() -> None:
    assert evaluate("={{ constructor?.constructor('return this')() ?? 'nothing' }}", FIVE, 0) == "nothing"


def test_threads_share_the_engine() -> None:
    def work(number: int) -> list[object]:
        return evaluate_batch(f"={{{{ $json.Id * {number} }}}}", FIVE)

    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(work, range(40)))
    assert results == [[item["Id"] * number for item in FIVE] for number in range(40)]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_forked_process_has_an_engine_of_its_own() -> None:
    script = """
import os, sys
from threecx_node.expressions.evaluate import evaluate
assert evaluate("={{ 1 + 1 }}", [{}], 0) == 2
child = os.fork()
if child == 0:
    os._exit(evaluate("={{ 2 + 2 }}", [{}], 0))
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 4
assert evaluate("={{ 3 + 3 }}", [{}], 0) == 6
"""
    assert run_python("-W", "ignore::DeprecationWarning", "-c", script) == ("", "", 0)


def test_interpreter_ends_cleanly_and_silently() -> None:
    script = """
from threecx_node.expressions.evaluate import EngineLimits, evaluate, evaluate_batch
assert evaluate("={{ 1 + 1 }}", [{}], 0) == 2
evaluate_batch("={{ [...Array(2 ** 30)].length }}", [{}], limits=EngineLimits(5, 5))
evaluate("={{ console.log('x'), 1 }}", [{}], 0)
"""
    started = time.monotonic()
    assert run_python("-W", "error", "-c", script) == ("", "", 0)
    assert time.monotonic() - started < 20


def run_python(*arguments: str) -> tuple[str, str, int]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, *arguments], capture_output=True, text=True, timeout=60, check=False, env=environment
    )
    return done.stdout, done.stderr, done.returncode
