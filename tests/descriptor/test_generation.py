"""The committed descriptor is generated from the catalog, valid and small."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tests.descriptor.committed import CATALOG, DESCRIPTOR, every_property
from tests.support import ROOT, run_generator
from threecx_node.codegen.descriptor.build import build, render
from threecx_node.descriptor.load import shipped_path
from threecx_node.descriptor.validate import find_problems


def test_committed_file_is_up_to_date(tmp_path: Path) -> None:
    target = tmp_path / "made.json"
    run_generator("threecx_node.codegen.descriptor", target)
    assert target.read_bytes() == (ROOT / "node_definition.json").read_bytes()
    assert render(build(CATALOG)) == target.read_bytes()


def test_usage() -> None:
    command = [sys.executable, "-m", "threecx_node.codegen.descriptor", "--nonsense"]
    done = subprocess.run(
        command,
        cwd=ROOT,
        env={"PYTHONPATH": "nodes:credentials"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr.startswith("usage:")


def test_path_in_a_checkout() -> None:
    assert shipped_path() == ROOT / "node_definition.json"


# Kilobytes of each node's entry in n8n's list of node types.
LIMITS = {"threeCxPhoneSystem": 100, "threeCx": 250, "threeCxPhoneSystemTrigger": 30}

# Names to search for, links, methods and the version of the package, of a node that is a tool too.
ADDED_BY_N8N = 1_000


def test_size() -> None:
    sizes = {
        each["name"]: len(json.dumps(each, ensure_ascii=False, separators=(",", ":")).encode())
        for each in DESCRIPTOR["nodes"]
    }
    assert sizes.keys() == LIMITS.keys()
    for name, size in sizes.items():
        assert size + ADDED_BY_N8N <= LIMITS[name] * 1000, name
    assert len(list(every_property())) <= 300


def test_loading_imports_no_generator() -> None:
    code = (
        "import sys\n"
        "from threecx_node.descriptor import load_definition\n"
        "load_definition()\n"
        "print([n for n in sys.modules if n.startswith(('threecx_node.codegen', 'jsonschema', 'yaml'))])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={"PYTHONPATH": "nodes:credentials"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "[]"


def test_schema() -> None:
    assert list(find_problems(DESCRIPTOR)) == []


def test_generator_is_named_first() -> None:
    first = json.loads((ROOT / "node_definition.json").read_bytes())
    assert next(iter(first)) == "generator"
    assert first["generator"].startswith("GENERATED ")
