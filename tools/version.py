"""Keep the version in one place: `__version__` of threecx_node. package.json and package-lock.json repeat it.

    python -m tools.version                     # prints the version
    python -m tools.version --write             # writes it to the files that repeat it
    python -m tools.version --check-tag v1.2.3  # fails unless the tag and these files have this version

It needs nothing but Python, so that a release is checked before anything is installed.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SOURCE = Path("nodes", "threecx_node", "__init__.py")
COPIES = ("package.json", "package-lock.json")


def read_version(root: Path = ROOT) -> str:
    """Return the version of the Python package."""
    found = re.search(r'^__version__ = "([^"]+)"$', (root / SOURCE).read_text(encoding="utf-8"), re.MULTILINE)
    if found is None:
        raise ValueError(f'{SOURCE} has no line __version__ = "…"')
    return found[1]


def find_differences(root: Path = ROOT) -> list[str]:
    """Return a sentence for each place that repeats another version."""
    version = read_version(root)
    return [
        f"{name} has version {other}, {SOURCE} has {version}: run `make version`"
        for name in COPIES
        for other in _read_copies(root / name)
        if other != version
    ]


def write_copies(root: Path = ROOT) -> None:
    """Write the version to the files that repeat it, which stay as they are otherwise."""
    version = read_version(root)
    for name in COPIES:
        document = json.loads((root / name).read_text(encoding="utf-8"))
        document["version"] = version
        if "packages" in document:
            document["packages"][""]["version"] = version
        text = json.dumps(document, indent=2, ensure_ascii=False) + "\n"
        (root / name).write_text(text, encoding="utf-8", newline="\n")


def _read_copies(path: Path) -> list[str]:
    document = json.loads(path.read_text(encoding="utf-8"))
    found = [document["version"]]
    if "packages" in document:
        found.append(document["packages"][""]["version"])
    return found


def main() -> int:
    """Print, write or check the version; the exit code is 1 if something differs."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.version", description=(__doc__ or "").split("\n", maxsplit=1)[0]
    )
    choice = parser.add_mutually_exclusive_group()
    choice.add_argument("--write", action="store_true", help="write the version to the files that repeat it")
    choice.add_argument("--check-tag", metavar="TAG", help="compare a tag such as v1.2.3 with the version")
    arguments = parser.parse_args()
    if arguments.write:
        write_copies()
    elif arguments.check_tag:
        problems = find_differences()
        if arguments.check_tag != f"v{read_version()}":
            problems.append(f"the tag is {arguments.check_tag}, the version is {read_version()}")
        print("\n".join(problems), file=sys.stderr, end="\n" if problems else "")
        return bool(problems)
    else:
        print(read_version())
    return 0


if __name__ == "__main__":
    sys.exit(main())
