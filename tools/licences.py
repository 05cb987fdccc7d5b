"""List the licences of everything that the packages bring along: `python -m tools.licences`.

For Python these are the installed distributions that threecx-node needs with all its extras, and the npm packages that
are bundled into the expression engine. The package for n8n brings nothing along: n8n provides its one peer dependency.
The exit code is 1 if a licence is not allowed.
"""

from __future__ import annotations

import json
import re
import sys
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = "threecx-node"
# Licences that allow use in a closed product under conditions that a list of notices meets. The MPL asks for the
# source of its own files if they were changed; they are used as they are.
ALLOWED = frozenset(
    {"Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "MIT", "MIT-0", "MPL-2.0", "PSF-2.0"}
)
# Names that distributions used before SPDX expressions, as SPDX writes them.
_OTHER_NAMES = {
    "Apache 2.0": "Apache-2.0",
    "Apache Software License": "Apache-2.0",
    "BSD": "BSD-3-Clause",
    "BSD License": "BSD-3-Clause",
    "ISC License": "ISC",
    "MIT License": "MIT",
    "MIT license": "MIT",
}
_WORDS_OF_EXPRESSIONS = frozenset({"AND", "OR"})


def find_shipped(package: str = PACKAGE) -> dict[str, Distribution]:
    """Return the distributions that a package needs with all its extras, by name. Raise LookupError."""
    found: dict[str, Distribution] = {}
    extras = {canonicalize_name(package): set(distribution(package).metadata.get_all("Provides-Extra") or ())}
    waiting = [canonicalize_name(package)]
    while waiting:
        name = waiting.pop()
        try:
            found[name] = distribution(name)
        except PackageNotFoundError as error:
            raise LookupError(f"{name} is not installed; run make setup") from error
        for text in found[name].requires or ():
            needed = Requirement(text)
            other = canonicalize_name(needed.name)
            if not _applies(needed, extras[name]):
                continue
            is_new = other not in extras or not needed.extras <= extras[other]
            extras.setdefault(other, set()).update(needed.extras)
            if is_new:
                waiting.append(other)
    del found[canonicalize_name(package)]
    return dict(sorted(found.items()))


def _applies(needed: Requirement, extras: set[str]) -> bool:
    marker = needed.marker
    return marker is None or any(marker.evaluate({"extra": each}) for each in {"", *extras})


def read_licence(found: Distribution) -> str:
    """Return the SPDX expression of a distribution, or what it writes in place of one; empty if it writes nothing."""
    metadata = found.metadata
    expression = metadata["License-Expression"] or ""
    if not expression:
        # The old field may contain the whole text of a licence.
        expression = next(iter((metadata["License"] or "").splitlines()), "").strip()
    if not expression or expression == "Dual License":
        classifiers = [
            each.rpartition(" :: ")[2]
            for each in metadata.get_all("Classifier") or ()
            if each.startswith("License")
        ]
        expression = " AND ".join(_OTHER_NAMES.get(each, each) for each in classifiers)
    return _OTHER_NAMES.get(expression, expression)


def read_bundled(folder: Path = ROOT / "engine") -> dict[str, str]:
    """Return the licences of the npm packages in the expression engine, by name."""
    lock = json.loads((folder / "package-lock.json").read_text("utf-8"))
    return {
        path.removeprefix("node_modules/"): each.get("license", "")
        for path, each in lock["packages"].items()
        if path and not each.get("dev")
    }


def is_allowed(expression: str) -> bool:
    """Return whether every licence that an SPDX expression names is allowed, also where one of them may be chosen."""
    names = [each for each in re.split(r"[\s()]+", expression) if each and each not in _WORDS_OF_EXPRESSIONS]
    return bool(names) and set(names) <= ALLOWED


def find_npm_dependencies(folder: Path = ROOT) -> list[str]:
    """Return the packages that npm installs with the package for n8n."""
    package = json.loads((folder / "package.json").read_text("utf-8"))
    names = [
        name
        for field in ("dependencies", "optionalDependencies", "bundleDependencies", "bundledDependencies")
        for name in package.get(field, ())
    ]
    lock = json.loads((folder / "package-lock.json").read_text("utf-8"))
    paths = (path for path, each in lock["packages"].items() if path and not each.get("dev"))
    return sorted({*names, *(path.removeprefix("node_modules/") for path in paths)})


def main() -> int:
    """Print each distribution with its licence and return the exit code."""
    shipped = {name: read_licence(found) for name, found in find_shipped().items()} | read_bundled()
    refused = [name for name, licence in shipped.items() if not is_allowed(licence)]
    for name, licence in shipped.items():
        print(f"{name:<28} {licence or 'unknown'}{'  NOT ALLOWED' if name in refused else ''}")
    if in_npm := find_npm_dependencies():
        print(f"the package for n8n has dependencies, whose licences are not checked: {', '.join(in_npm)}")
    return 1 if refused or in_npm else 0


if __name__ == "__main__":
    sys.exit(main())
