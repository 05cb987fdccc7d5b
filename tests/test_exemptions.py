"""Each exemption from a check says in its line why it is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.support import ROOT

FOLDERS = ("bench", "credentials", "engine", "examples", "nodes", "tests", "tools")
# Of the same form in Python and TypeScript; the reason follows the codes.
EXEMPTION = re.compile(
    r"(?:#\s*noqa\b(?::\s*[A-Z]+\d+(?:,\s*[A-Z]+\d+)*)?"
    r"|#\s*type:\s*ignore(?:\[[^\]]*\])?"
    r"|#\s*pragma:\s*no \w+"
    r"|(?://|/\*)\s*eslint-disable(?:-next-line|-line)?(?:[ ,]+[@a-z][\w@/-]*)*"
    r"|(?://|/\*)\s*@ts-(?:expect-error|ignore|nocheck))(?P<reason>.*)"
)


def list_files() -> list[Path]:
    found = (path for folder in FOLDERS for path in (ROOT / folder).rglob("*"))
    sources = (path for path in found if path.suffix in (".py", ".ts", ".mts", ".mjs"))
    return [each for each in sources if "node_modules" not in each.parts and each.name != Path(__file__).name]


def has_reason(line: str) -> bool:
    """Return whether each exemption of a line is followed by words."""
    found = EXEMPTION.search(line)
    return found is None or (
        re.search("[a-z]{2}", re.sub(EXEMPTION.pattern, r"\g<reason>", found["reason"])) is not None
    )


def test_each_exemption_has_a_reason() -> None:
    files = list_files()
    assert len(files) > 500
    bare = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in files
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if not has_reason(line)
    ]
    assert bare == []


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("x = 1", True),
        ("x = 1  # noqa: S101", False),
        ("x = 1  # noqa", False),
        ("x = 1  # noqa: S101, T201 (a command)", True),
        ("x = 1  # type: ignore[misc]", False),
        ("x = 1  # type: ignore[misc]  # frozen", True),
        ("x = 1  # type: ignore[misc]  # noqa: S101", False),
        ("// eslint-disable-next-line @n8n/rule, no-else", False),
        ("// eslint-disable-next-line @n8n/rule -- the name is n8n's", True),
        ("// @ts-expect-error", False),
    ],
)
def test_reasons(line: str, expected: bool) -> None:
    assert has_reason(line) is expected
