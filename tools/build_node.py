"""Build the node for n8n and print the folder of the package, as npm would install it.

    python -m tools.build_node            # builds if something changed
    python -m tools.build_node --prepare  # only node_modules, for lint and tests
    python -m tools.build_node --run test # a script of package.json, with this project's Node.js

n8n-workflow and n8n's node-cli have other licences than this project: they are linked from the user's cache into
node_modules, and are neither in package-lock.json nor in the built package.
"""

from __future__ import annotations

import argparse
import os
import shlex
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock

from tools.cache import BuildError, build_once, cache_directory, digest, run
from tools.install_n8n import N8N, NODE, N8nInstallation, install
from tools.version import find_differences

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT = Path(__file__).resolve().parent.parent
NODE_CLI = "0.48.3"
# The versions that package.json names too: node-cli looks for its own TypeScript and ESLint.
_TOOLS = (f"@n8n/node-cli@{NODE_CLI}", "typescript@5.9.2", "eslint@9.29.0")
README = "nodes/README.md"
_SOURCES = (
    "package.json",
    "package-lock.json",
    "tsconfig.json",
    "node_definition.json",
    "nodes/ThreeCx/**/*",
    "nodes/ThreeCxPhoneSystem/**/*",
    "nodes/shared/**/*",
    "nodes/ThreeCxTrigger/**/*",
    "credentials/*.ts",
    "LICENSE",
    README,
)
# The output schemas are generated from these.
_SCHEMAS = "nodes/threecx_node/codegen/descriptor/output_schemas.py"
_SCHEMA_SOURCES = (_SCHEMAS, "nodes/threecx_node/catalog/**/*.py", "nodes/threecx_node/catalog/xapi.json")
_LINTED = ("eslint.config.mjs", "vitest.config.mts", "tests/node/*")
_PACKAGE = ROOT / "build" / "n8n-nodes-threecx"


def build_environment(node_folder: Path, tools: Path | None = None) -> dict[str, str]:
    """Return the environment in which npm and its scripts find this Node.js and its npm."""
    programs = [
        *([str(tools / "bin")] if tools else []),
        str(node_folder / "bin"),
        os.environ.get("PATH", ""),
    ]
    return os.environ | {
        "PATH": os.pathsep.join(programs),
        "npm_config_fund": "false",
        "npm_config_audit": "false",
        "npm_config_update_notifier": "false",
        # Packages in npm's cache are not requested again, and a failed request to the registry is repeated.
        "npm_config_prefer_offline": "true",
        "npm_config_fetch_retries": "5",
    }


def prepare(installation: N8nInstallation) -> dict[str, str]:
    """Install node_modules as package-lock.json says, with links to the packages in the cache.

    Return the environment for commands that use it. Raise BuildError.
    """
    tools = _install_tools(installation, build_environment(installation.node_folder))
    env = build_environment(installation.node_folder, tools)
    modules = ROOT / "node_modules"
    stamp = modules / ".threecx-stamp"
    key = digest(ROOT / "package-lock.json", NODE, N8N, NODE_CLI)
    if not stamp.is_file() or stamp.read_text() != key:
        # Not `npm ci`: it refuses a lock that lacks the optional packages of other platforms, and a registry that
        # mirrors only this platform does not know those. The versions are the lock's in both cases.
        shutil.rmtree(modules, ignore_errors=True)
        run([*installation.npm, "install", "--no-save", "--ignore-scripts", "--no-progress"], ROOT, env=env)
        stamp.write_text(key)
    _link(modules / "n8n-workflow", installation.folder / "node_modules" / "n8n-workflow")
    _link(modules / "@n8n" / "node-cli", tools / "node_modules" / "@n8n" / "node-cli")
    return env


def build(installation: N8nInstallation) -> Path:
    """Return the folder of the built package; build it if a source changed. Raise BuildError."""
    if differences := find_differences():
        raise BuildError("\n".join(differences))
    _PACKAGE.parent.mkdir(exist_ok=True)
    # Test processes that begin at the same time share one package.
    with FileLock(_PACKAGE.with_suffix(".lock")):
        return _build(installation)


def _build(installation: N8nInstallation) -> Path:
    env = prepare(installation)
    stamp = _PACKAGE.with_suffix(".stamp")
    sources = sorted(
        path for pattern in (*_SOURCES, *_SCHEMA_SOURCES) for path in ROOT.glob(pattern) if path.is_file()
    )
    key = digest(
        *(part for path in sources for part in (path.relative_to(ROOT).as_posix(), path)), N8N, NODE_CLI
    )
    if _PACKAGE.is_dir() and stamp.is_file() and stamp.read_text() == key:
        return _PACKAGE
    run([str(installation.node), str(_node_cli()), "build"], ROOT, env=env)
    run([sys.executable, "-m", "threecx_node.codegen.descriptor.output_schemas", "dist/nodes"], ROOT)
    _pack(installation, env)
    stamp.write_text(key)
    return _PACKAGE


def run_script(installation: N8nInstallation, script: str) -> int:
    """Run a script of package.json with its output on the terminal; return its exit code."""
    env = prepare(installation) | {"CI": "1"}
    place = _copy_package() if script == "lint" else ROOT
    return subprocess.run([*installation.npm, "run", script], cwd=place, env=env, check=False).returncode


def _copy_package() -> Path:
    """Copy the files of n8n's part, and return the folder of the copy.

    `n8n-node lint` reads every TypeScript file below the folder, those of .venv too, and its strict mode requires
    its own configuration unchanged.
    """
    place = ROOT / "build" / "n8n-lint"
    shutil.rmtree(place, ignore_errors=True)
    for pattern in (*_SOURCES, *_LINTED):
        for path in ROOT.glob(pattern):
            if path.is_file():
                copy = place / path.relative_to(ROOT)
                copy.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, copy)
    (place / "node_modules").symlink_to(ROOT / "node_modules", target_is_directory=True)
    return place


def _install_tools(installation: N8nInstallation, env: Mapping[str, str]) -> Path:
    def fill(work: Path) -> None:
        (work / "package.json").write_text('{"private": true}\n')
        command = [
            "install",
            *_TOOLS,
            "--save-exact",
            "--ignore-scripts",
            "--legacy-peer-deps",
            "--no-progress",
        ]
        run([*installation.npm, *command], work, env=env)
        # node-cli calls "npm", and the one in the wheel's bin/ does not find its own parts.
        npm = work / "bin" / "npm"
        npm.parent.mkdir()
        npm.write_text(f'#!/bin/sh\nexec {shlex.join(installation.npm)} "$@"\n')
        npm.chmod(0o755)

    place = f"{NODE_CLI}-{digest(*installation.npm, *_TOOLS)}"
    return build_once(cache_directory("node-tools") / place, fill)


def _node_cli() -> Path:
    return ROOT / "node_modules" / "@n8n" / "node-cli" / "bin" / "n8n-node.mjs"


def _link(place: Path, target: Path) -> None:
    if not target.is_dir():
        raise BuildError(f"{target} is missing: remove its folder from the cache and run this again")
    if place.is_symlink() and place.resolve() == target.resolve():
        return
    if place.is_symlink() or place.is_file():
        place.unlink()
    elif place.is_dir():
        shutil.rmtree(place)
    place.parent.mkdir(parents=True, exist_ok=True)
    place.symlink_to(target, target_is_directory=True)


def _pack(installation: N8nInstallation, env: Mapping[str, str]) -> None:
    """Pack what npm would publish, and unpack it, so that tests use exactly that."""
    shutil.rmtree(_PACKAGE, ignore_errors=True)
    _PACKAGE.parent.mkdir(exist_ok=True)
    tarballs = _PACKAGE.parent / "n8n-tarball"
    shutil.rmtree(tarballs, ignore_errors=True)
    tarballs.mkdir()
    place = _stage_package()
    run([*installation.npm, "pack", "--ignore-scripts", "--pack-destination", str(tarballs)], place, env=env)
    (tarball,) = tarballs.glob("*.tgz")
    with tarfile.open(tarball) as archive:
        archive.extractall(tarballs, filter="data")
    (tarballs / "package").rename(_PACKAGE)


def _stage_package() -> Path:
    """Copy the files of the npm package, and return their folder: its README is not that of the Python project."""
    place = _PACKAGE.parent / "n8n-stage"
    shutil.rmtree(place, ignore_errors=True)
    shutil.copytree(ROOT / "dist", place / "dist", ignore=shutil.ignore_patterns("*.whl", "*.tar.gz"))
    for name, source in (("package.json", "package.json"), ("LICENSE", "LICENSE"), ("README.md", README)):
        shutil.copyfile(ROOT / source, place / name)
    return place


def main() -> int:
    """Build, prepare or run a script; the exit code is 1 if something cannot be built."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.build_node", description=(__doc__ or "").split("\n")[0]
    )
    choice = parser.add_mutually_exclusive_group()
    choice.add_argument("--prepare", action="store_true", help="only node_modules")
    choice.add_argument("--run", metavar="SCRIPT", help="run a script of package.json")
    arguments = parser.parse_args()
    try:
        installation = install()
        if arguments.run:
            return run_script(installation, arguments.run)
        if arguments.prepare:
            prepare(installation)
        else:
            print(build(installation))
    except (BuildError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
