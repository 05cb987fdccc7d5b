"""`threecx migrate` as a process: what it writes where, what it keeps, and what it says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import run
from tests.n8n.migrate.generated import NEW, OLD, delete, workflow

pytestmark = pytest.mark.slow


def write(folder: Path, *parameters: dict[str, Any]) -> Path:
    path = folder / "flow.json"
    path.write_bytes(
        json.dumps(workflow(*parameters), indent=2, ensure_ascii=False).replace("\n", "\r\n").encode()
    )
    return path


def test_file_is_replaced_and_backed_up(tmp_path: Path) -> None:
    path = write(tmp_path, delete(), delete(Colour="red"))
    old = path.read_bytes()
    path.chmod(0o640)
    ran = run("migrate", str(path))
    assert ran.code == 1
    assert "Old 0: DeleteCallFlowApp" in ran.out
    assert "Old 1: left unchanged\n  - Colour: DeleteCallFlowApp takes no such parameter" in ran.out
    assert "1 of 2 generated 3CX nodes replaced" in ran.out
    assert [each["type"] for each in json.loads(path.read_bytes())["nodes"]] == [NEW, OLD]
    assert b"\n" not in path.read_bytes().replace(b"\r\n", b"")
    assert path.stat().st_mode & 0o777 == 0o640
    assert (tmp_path / "flow.json.bak").read_bytes() == old
    again = run("migrate", str(path))
    assert "0 of 1 generated" in again.out
    assert sorted(each.name for each in tmp_path.iterdir()) == ["flow.json", "flow.json.bak"]


def test_output_and_dry_run(tmp_path: Path) -> None:
    path = write(tmp_path, delete())
    old = path.read_bytes()
    dry = run("migrate", str(path), "--dry-run")
    assert (dry.code, "1 of 1" in dry.out) == (0, True)
    piped = run("migrate", "-", "-o", "-", stdin=old.decode())
    assert json.loads(piped.out)["nodes"][0]["type"] == NEW
    assert "1 of 1" in piped.err
    assert run("migrate", str(path), "--output", str(tmp_path / "new.json")).code == 0
    assert json.loads((tmp_path / "new.json").read_bytes())["nodes"][0]["type"] == NEW
    assert path.read_bytes() == old


@pytest.mark.parametrize(
    ("content", "words"),
    [("{", "not valid JSON at line 1"), ("{}", "is not an n8n workflow"), (None, "cannot read")],
)
def test_not_a_workflow(tmp_path: Path, content: str | None, words: str) -> None:
    path = tmp_path / "flow.json"
    if content is not None:
        path.write_text(content)
    ran = run("migrate", str(path))
    assert ran.code == 2
    assert words in ran.err
    assert len(ran.err.splitlines()) == 1


def test_links_devices_and_byte_order_marks(tmp_path: Path) -> None:
    real = write(tmp_path, delete())
    real.write_bytes(b"\xef\xbb\xbf" + real.read_bytes())
    link = tmp_path / "link.json"
    link.symlink_to(real)
    assert run("migrate", str(link)).code == 0
    assert link.is_symlink()
    assert real.read_bytes().startswith(b"\xef\xbb\xbf{")
    assert NEW in real.read_text("utf-8-sig")
    folder = run("migrate", str(real), "-o", str(tmp_path))
    assert (folder.code, len(folder.err.splitlines())) == (2, 1)
    assert sorted(each.name for each in tmp_path.iterdir()) == ["flow.json", "flow.json.bak", "link.json"]
    assert run("migrate", str(real), "-o", "/dev/null").code == 0
    assert not Path("/dev/null").is_file()


def test_a_read_only_file_is_not_replaced(tmp_path: Path) -> None:
    path = write(tmp_path, delete())
    old = path.read_bytes()
    path.chmod(0o444)
    ran = run("migrate", str(path))
    assert ran.code == 2
    assert "flow.json is read-only. Choose a file to write with --output FILE" in ran.err
    assert path.read_bytes() == old
    assert [each.name for each in tmp_path.iterdir()] == ["flow.json"]
    assert run("migrate", str(path), "--output", str(tmp_path / "new.json")).code == 0
