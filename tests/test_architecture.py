"""The arrows between modules, and what a command loads: structure that no timing test can guard."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

import pytest

from tests.cli.conftest import environment
from tests.support import ROOT

NODE = ROOT / "nodes" / "threecx_node"
CREDENTIALS = ROOT / "credentials" / "threecx_credentials"

# The ground floor: modules and rooms that every room may import.
GROUND = {
    "errors",
    "advice",
    "titles",
    "options",
    "messages",
    "log_lines",
    "observer",
    "secret_files",
    "values",
}
# The stages of the data's way. No stage imports a stage: what two of them share is on the ground floor.
STAGES = {"expressions", "parameters", "request", "transport", "response"}
_OUTER = ("events", "simulator")
# Room → the rooms that it imports besides itself and the ground floor. `package` is the package's own `__init__`.
ARROWS: Mapping[str, set[str]] = {
    "ground": set(),
    "catalog": set(),
    "expressions": set(),
    "parameters": {"catalog"},
    "request": {"catalog"},
    "transport": set(),
    "response": {"catalog"},
    "execution": {"callcontrol", "catalog", "expressions", "parameters", "request", "response", "transport"},
    # A task is made of operations, each of which is planned and sent as any other.
    "tasks": {"call_records", "catalog", "execution", "parameters", "request", "transport"},
    "package": {"tasks"},
    "callcontrol": {"transport"},
    "events.model": {"callcontrol", "catalog"},
    "events.store": {"events.model"},
    "events.delivery": {"catalog", "events.model", "events.store", "transport"},
    # Calls in the log are described in the words of live calls.
    "call_records": {"callcontrol"},
    # Records are read as batches read lists.
    "events.records": {
        "call_records", "callcontrol", "catalog", "events.model", "execution", "request", "response", "transport",
    },
    "events.feeds": {
        "callcontrol", "catalog", "events.delivery", "events.model", "events.records", "events.store", "execution",
        "transport",
    },
    "events": {
        "callcontrol", "catalog", "events.delivery", "events.feeds", "events.model", "events.store", "transport",
    },
    "canvas": {"catalog", "execution", "transport"},
    # A diagnosis looks at the address itself, and says about the release what a credential's test says.
    "setup": {"canvas", "catalog", "execution", "transport"},
    "descriptor": set(),
    # Expressions in the URL and the body of a request are taken apart to find keys and fields.
    "n8n": {"canvas", "catalog", "descriptor", "expressions", "parameters"},
    # The importer reads the document of a PBX over the network; the trigger's choices are the types of events.
    "codegen": {"catalog", "descriptor", "events.model", "transport"},
    "server": set(),
    # The pool opens one store of tokens for all executors.
    "service": {
        "callcontrol", "canvas", "catalog", "events", "events.delivery", "events.model", "events.store", "execution",
        "server", "tasks", "transport",
    },
    # Both sides of a test must not share one bug: the simulator shares the catalog with what it tests.
    "simulator.odata": {"catalog"},
    "simulator.store": {"simulator.odata"},
    "simulator.http": {"server", "simulator.odata"},
    "simulator.auth": {"simulator.http", "simulator.odata", "simulator.store"},
    # The engine of the calls knows no entity: the PBX passes what it asks for.
    "simulator.calls": set(),
    "simulator.pbx": {"simulator.auth", "simulator.calls", "simulator.odata", "simulator.store"},
    "simulator.seeds": {"catalog", "simulator.odata", "simulator.pbx", "simulator.store"},
    "simulator.operations": {"simulator.calls", "simulator.http", "simulator.odata", "simulator.pbx"},
    "simulator.instruments": {"simulator.calls", "simulator.http", "simulator.odata", "simulator.pbx"},
    "simulator.page": {
        "catalog", "simulator.calls", "simulator.http", "simulator.instruments", "simulator.odata", "simulator.pbx",
    },
    "simulator.callcontrol": {
        "server", "simulator.auth", "simulator.calls", "simulator.http", "simulator.instruments", "simulator.odata",
        "simulator.pbx",
    },
    "simulator": {
        "catalog", "server", "simulator.auth", "simulator.callcontrol", "simulator.calls",
        "simulator.http", "simulator.instruments", "simulator.odata", "simulator.operations",
        "simulator.page", "simulator.pbx", "simulator.seeds", "simulator.store",
    },
    "cli": {
        "callcontrol", "canvas", "catalog", "codegen", "events.delivery", "events.model", "events.store", "execution",
        "n8n", "service", "setup", "simulator", "tasks",
    },
}  # fmt: skip


@cache
def imports_of(path: Path, package_root: Path) -> frozenset[str]:
    """Absolute names of all modules that a file imports, those inside functions too."""
    return frozenset(_imports_of(path, package_root))


def _imports_of(path: Path, package_root: Path) -> Iterator[str]:
    inside = path.relative_to(package_root.parent).with_suffix("").parts
    package = inside[:-1]
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            target = ".".join([*base, *([node.module] if node.module else [])])
            yield target
            yield from (f"{target}.{alias.name}" for alias in node.names)


def room_of(module: str) -> str | None:
    """The room of an absolute module name, None outside the package."""
    parts = module.split(".")
    if parts[0] != "threecx_node":
        return None
    # `threecx_node.__version__` is a name of the package itself, not a room.
    is_room = len(parts) > 1 and ((NODE / parts[1]).is_dir() or (NODE / f"{parts[1]}.py").is_file())
    if not is_room:
        return "package"
    # The folders of the events and of the simulator are rooms of their own.
    is_inner = parts[1] in _OUTER and len(parts) > 2 and (NODE / parts[1] / parts[2]).is_dir()
    return "ground" if parts[1] in GROUND else ".".join(parts[1:3]) if is_inner else parts[1]


def room_of_file(path: Path) -> str:
    parts = path.relative_to(NODE.parent).with_suffix("").parts
    return room_of(".".join(part for part in parts if part != "__init__")) or "package"


def files(root: Path) -> list[Path]:
    return sorted(root.rglob("*.py"))


@cache
def arrows() -> dict[str, set[str]]:
    """Room → the rooms that it imports, as the code has them."""
    found: dict[str, set[str]] = {}
    for path in files(NODE):
        room = room_of_file(path)
        used = {target for module in imports_of(path, NODE) if (target := room_of(module))}
        # Every room may read the version and use the ground floor.
        found.setdefault(room, set()).update(used - {room, "ground", "package"})
    return found


@pytest.mark.parametrize("room", sorted({room_of_file(path) for path in files(NODE)} | set(ARROWS)))
def test_rooms_import_what_the_table_says(room: str) -> None:
    assert arrows().get(room) == ARROWS.get(room)


def test_contributing_names_each_folder() -> None:
    folders = {each.parent.name for each in NODE.glob("*/__init__.py")}
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    assert [each for each in sorted(folders) if f"\n| `{each}/` |" not in text] == []


def test_no_stage_imports_a_stage() -> None:
    assert {room: ARROWS[room] & STAGES for room in STAGES} == {room: set() for room in STAGES}


def test_arrows_between_rooms_form_no_circle() -> None:
    assert not circles(ARROWS)


def circles(graph: Mapping[str, set[str]]) -> list[list[str]]:
    """The groups of nodes that reach each other."""
    reach: dict[str, set[str]] = {}
    for start in graph:
        seen: set[str] = set()
        waiting = list(graph[start])
        while waiting:
            node = waiting.pop()
            if node not in seen:
                seen.add(node)
                waiting += graph.get(node, ())
        reach[start] = seen
    groups = {tuple(sorted(other for other in reach[node] if node in reach.get(other, ()))) for node in graph}
    return [list(group) for group in sorted(groups) if group]


@pytest.mark.parametrize("root", [NODE, CREDENTIALS], ids=lambda root: root.name)
def test_imports_between_modules_form_no_circle(root: Path) -> None:
    """Imports for types alone and inside functions count too."""
    modules = {
        ".".join(path.relative_to(root.parent).with_suffix("").parts).removesuffix(".__init__"): path
        for path in files(root)
    }
    # A package's own `__init__` runs before its modules, which is not an import by them; only named modules count.
    graph = {
        name: {target for target in imports_of(path, root) if target in modules and target != name}
        - {each for each in modules if name.startswith(f"{each}.")}
        for name, path in modules.items()
    }
    assert circles(graph) == []


HAND_WRITTEN = ("nodes", "credentials", "tools", "bench", "engine/src", "tests")
GENERATED = {"engine.js"}


def test_no_module_is_over_400_lines() -> None:
    long = {
        str(path.relative_to(ROOT)): lines
        for folder in HAND_WRITTEN
        for pattern in ("*.py", "*.ts", "*.mts", "*.js", "*.mjs")
        for path in (ROOT / folder).rglob(pattern)
        if path.name not in GENERATED and "node_modules" not in path.parts
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > 400
    }
    assert long == {}


@pytest.mark.parametrize("path", files(CREDENTIALS), ids=lambda path: path.name)
def test_the_credential_knows_nothing_of_the_node(path: Path) -> None:
    assert not [module for module in imports_of(path, CREDENTIALS) if module.startswith("threecx_node")]


@pytest.mark.parametrize("path", [*files(NODE), *files(CREDENTIALS)], ids=lambda path: path.name)
def test_inside_a_package_imports_are_relative(path: Path) -> None:
    own = "threecx_node" if NODE in path.parents else "threecx_credentials"
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.level == 0:
            assert (node.module or "").split(".")[0] != own


def test_only_transport_knows_the_http_libraries() -> None:
    for path in files(NODE):
        name = str(path.relative_to(NODE))
        if name.split("/")[0] in ("simulator", "cli"):
            continue
        modules = {module.split(".")[0] for module in imports_of(path, NODE)}
        assert "aiohttp" not in modules or name in (
            "transport/session.py", "transport/websocket.py", "transport/webhooks.py",
        )  # fmt: skip
        assert "httpx" not in modules or name in (
            "transport/session.py", "transport/client.py", "transport/exchange.py", "transport/failures.py",
            "transport/tls.py", "transport/body.py", "transport/probe.py",
        )  # fmt: skip


def loaded_by(code: str) -> set[str]:
    """Return the modules that are loaded in a new interpreter after `code`."""
    script = f"{code}\nimport sys; print('\\n'.join(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        check=True,
        env=environment(),
        timeout=60,
    )
    return set(done.stdout.split())


HEAVY = frozenset(
    {"httpx", "aiohttp", "jsonschema", "rich", "pydantic", "starlette", "uvicorn", "yaml"} | {"py_mini_racer"}
)


@pytest.mark.parametrize(
    "code",
    [
        "import threecx_node",
        "import threecx_node.cli",
        "import threecx_credentials",
        "import threecx_node.catalog, threecx_node.descriptor",
        "import threecx_node.parameters.resolve, threecx_node.expressions.template, threecx_node.n8n.node_json",
        "from threecx_node.expressions.evaluate import evaluate; evaluate('={{ $json.Id }}', [{'Id': 1}], 0)",
    ],
)
def test_nothing_heavy_is_loaded_before_it_is_needed(code: str) -> None:
    assert not HEAVY & loaded_by(code)


def test_the_commands_load_their_rooms_when_they_run() -> None:
    """`threecx --help` and completion load every command, and nothing that a command needs to run."""
    loaded = loaded_by("import threecx_node.cli.commands")
    assert not HEAVY & loaded
    rooms = {room for module in loaded if (room := room_of(module))}
    assert rooms == {"cli", "ground", "package"}


def test_help_loads_nothing_heavy_and_no_catalog() -> None:
    code = (
        "import sys\nsys.argv = ['threecx', '--help']\nimport io, contextlib\n"
        "from threecx_node.cli import app\n"
        "with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(SystemExit):\n    app()"
    )
    loaded = loaded_by(code)
    assert not (HEAVY | {"orjson", "asyncio"}) & loaded
    assert not [
        name for name in loaded if name.startswith(("threecx_node.catalog", "threecx_node.execution"))
    ]


def test_a_run_loads_no_codegen_and_no_validator() -> None:
    code = """
import asyncio
from threecx_credentials import Credential, Secret
from threecx_node import Options, execute
credential = Credential("", "", Secret(""))
parameters = {"Id": "={{ $json.Id }}"}
options = Options(dry_run=True)
batch = asyncio.run(execute("DeleteUser", [{"Id": 1}], parameters, credential=credential, options=options))
assert batch.exit_code == 0
"""
    loaded = loaded_by(code)
    unwanted = (
        "threecx_node.codegen",
        "threecx_node.descriptor",
        "threecx_node.simulator",
        "jsonschema",
        "yaml",
    )
    assert not [name for name in loaded if name.startswith(unwanted)]
    # The code of a task is loaded by the batch that runs the task.
    rooms_of_tasks = ("threecx_node.tasks.", "threecx_node.call_records")
    assert [name for name in loaded if name.startswith(rooms_of_tasks)] == ["threecx_node.tasks.executor"]


def test_the_public_surface() -> None:
    import threecx_node

    assert threecx_node.__all__ == [
        "Batch",
        "Executor",
        "Item",
        "Options",
        "Result",
        "__version__",
        "execute",
    ]
    for name in threecx_node.__all__:
        assert getattr(threecx_node, name) is not None
    with pytest.raises(AttributeError):
        _ = threecx_node.nothing
