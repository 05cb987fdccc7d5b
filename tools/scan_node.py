"""Run n8n's own scan of community packages on the built package and its source, as n8n does before it verifies one.

    python -m tools.scan_node

The scan's tool has n8n's licence: it is installed into the user's cache and never shipped.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tools.build_node import ROOT, build, build_environment
from tools.cache import BuildError, build_once, cache_directory, digest, run
from tools.install_n8n import install

if TYPE_CHECKING:
    from tools.install_n8n import N8nInstallation

SCANNER = "0.32.0"
# The files and folders of the repository that the scan reads.
_SCANNED = ("package.json", "nodes", "credentials")


def scan(installation: N8nInstallation) -> int:
    """Run the scan with its output on the terminal and return its exit code. Raise BuildError."""
    package = build(installation)
    tool = _install_tool(installation)
    script = Path(__file__).with_suffix(".mjs")
    command = [str(installation.node), str(script), str(tool), str(package), str(_copy_tracked_files())]
    return subprocess.run(command, check=False).returncode


def _install_tool(installation: N8nInstallation) -> Path:
    env = build_environment(installation.node_folder)

    def fill(work: Path) -> None:
        (work / "package.json").write_text('{"private": true}\n')
        scanner = f"@n8n/scan-community-package@{SCANNER}"
        run([*installation.npm, "install", scanner, "--ignore-scripts", "--no-progress"], work, env=env)

    return build_once(cache_directory("node-scan") / f"{SCANNER}-{digest(*installation.npm)}", fill)


def _copy_tracked_files() -> Path:
    """Copy what git tracks of the scanned folders, since the scan reads every file that it finds; return the copy."""
    place = ROOT / "build" / "n8n-scan"
    shutil.rmtree(place, ignore_errors=True)
    listed = subprocess.run(
        ["git", "ls-files", "-z", *_SCANNED], cwd=ROOT, capture_output=True, text=True, check=False
    )
    names = [name for name in listed.stdout.split("\0") if name]
    if not names:
        raise BuildError(f"git lists no files to scan: {listed.stderr.strip() or 'is this a checkout?'}")
    for name in names:
        if (ROOT / name).is_file():
            copy = place / name
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, copy)
    return place


def main() -> int:
    """Scan; the exit code is 1 if something is found or the scan cannot be run."""
    try:
        return scan(install())
    except (BuildError, OSError) as error:
        print(error, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
