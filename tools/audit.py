"""Look for known vulnerabilities in what the packages bring along: `python -m tools.audit`.

pip-audit asks the package index about the installed distributions that threecx-node needs, npm its registry about the
package for n8n, its tools, and the packages in the expression engine. Where one of them does not answer, this is said.
The exit code is 1 if something was found, and 2 if nothing was found but not everything could be asked about.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from typing import TYPE_CHECKING, Any

from tools.licences import ROOT, find_shipped

if TYPE_CHECKING:
    from pathlib import Path

_TIMEOUT = 300
_NPM_FOLDERS = {"the package for n8n": ROOT, "the expression engine": ROOT / "engine"}


def audit_python() -> int:
    """Print what pip-audit finds and return the exit code."""
    shipped = find_shipped()
    with tempfile.NamedTemporaryFile("w", suffix=".txt", encoding="utf-8") as pins:
        pins.writelines(f"{name}=={found.version}\n" for name, found in shipped.items())
        pins.flush()
        command = [sys.executable, "-m", "pip_audit", "--disable-pip", "--no-deps", "--format=json"]
        document = _run([*command, "--progress-spinner=off", "--requirement", pins.name])
    if not isinstance(document, dict) or "dependencies" not in document:
        return _report_silence("Python", "pip-audit")
    asked = [each for each in document["dependencies"] if "skip_reason" not in each]
    found = [(each, bug) for each in asked for bug in each.get("vulns", ())]
    for each, bug in found:
        fixed = ", ".join(bug.get("fix_versions") or ()) or "no version"
        print(f"Python: {each['name']} {each['version']}: {bug['id']}, fixed in {fixed}")
    unanswered = len(shipped) - len(asked)
    print(f"Python: {len(asked)} of {len(shipped)} distributions audited, {len(found)} vulnerabilities")
    if unanswered:
        print(
            f"Python: NOT AUDITED: {unanswered} distributions; the package index answered nothing about them"
        )
    return 1 if found else 2 if unanswered else 0


def audit_npm(name: str, folder: Path) -> int:
    """Print what npm finds for the lock file of a folder and return the exit code."""
    npm = shutil.which("npm")
    document = _run([npm, "audit", "--json", "--package-lock-only"], folder) if npm else None
    if not isinstance(document, dict) or "metadata" not in document:
        return _report_silence(name, "npm audit")
    found = document.get("vulnerabilities", {})
    for package, each in found.items():
        print(f"{name}: {package} {each.get('range', '')}: {each.get('severity', 'unknown')}")
    total = document["metadata"].get("dependencies", {}).get("total", 0)
    print(f"{name}: {total} npm packages audited, {len(found)} with vulnerabilities")
    return 1 if found else 0


def _run(command: list[str], folder: Path = ROOT) -> Any:
    """Return the JSON that a command prints, whatever its exit code; None if it prints none."""
    try:
        done = subprocess.run(
            command, cwd=folder, capture_output=True, text=True, timeout=_TIMEOUT, check=False
        )
        return json.loads(done.stdout)
    except (OSError, subprocess.TimeoutExpired, ValueError):
        return None


def _report_silence(name: str, program: str) -> int:
    print(f"{name}: NOT AUDITED: {program} got no answer from the registry, or is not installed")
    return 2


def main() -> int:
    """Run all audits and return the exit code."""
    codes = [audit_python(), *(audit_npm(name, folder) for name, folder in _NPM_FOLDERS.items())]
    return 1 if 1 in codes else max(codes)


if __name__ == "__main__":
    sys.exit(main())
