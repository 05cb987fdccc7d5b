"""Data files that cannot be written or read: one line, no traceback, and nothing of an existing file is lost."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.cli.conftest import COMMAND, environment, run
from tests.service.conftest import Started
from threecx_node.errors import ConfigurationError, ThreeCxError
from threecx_node.simulator import Simulator

# Starts with room, which ends when its input does.
SERVER = """
import resource, sys
from threecx_node.simulator import run
def ready(pbx):
    print(pbx.base_url, flush=True)
    sys.stdin.readline()
    size = max(each.stat().st_size for each in pbx.config.data.parent.glob("*"))
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
    print("full", flush=True)
from pathlib import Path
run(port=0, data=Path(sys.argv[1]), seed="empty", on_ready=ready)
"""


def refused(data: Path | str, *, words: str) -> str:
    """Return the message of the command about a data file, on one line."""
    ran = run("simulator", "--port", "0", "--data", str(data))
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)
    assert words in ran.err, ran.err
    return ran.err


@contextmanager
def full_disk(folder: Path) -> Iterator[str]:
    """The shell command that limits a process: a real disk of 64 KB for root, else the size of files."""
    folder.mkdir()
    mounted = False
    if os.geteuid() == 0:
        command = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(folder)]
        mounted = subprocess.run(command, capture_output=True, check=False).returncode == 0
    try:
        yield "true" if mounted else "ulimit -f 20"
    finally:
        if mounted:
            subprocess.run(["umount", str(folder)], check=True)


def test_a_disk_without_room_for_a_new_file(tmp_path: Path) -> None:
    with full_disk(tmp_path / "disk") as limit:
        data = tmp_path / "disk" / "office.sqlite"
        line = f'{limit}; exec "$@"'
        done = subprocess.run(
            ["sh", "-c", line, "sh", *COMMAND, "simulator", "--port", "0", "--data", str(data)],
            env=environment(), capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        assert (done.returncode, done.stderr.count("\n")) == (2, 1), done.stderr
        assert "Make room on its disk" in done.stderr
        # The file that was created is removed.
        assert list((tmp_path / "disk").iterdir()) == []


def test_a_disk_that_becomes_full_loses_nothing(tmp_path: Path) -> None:
    data = tmp_path / "office.sqlite"
    with Started(
        [sys.executable, "-c", SERVER, str(data)],
        env=environment(), text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        assert process.stdin is not None
        url = process.stdout.readline().strip()
        form = {"grant_type": "client_credentials", "client_id": "900", "client_secret": "simulator-secret"}
        token = httpx.post(f"{url}/connect/token", data=form).json()["access_token"]
        headers = {"authorization": f"Bearer {token}"}
        with httpx.Client(base_url=f"{url}/xapi/v1/", headers=headers, timeout=20) as api:
            before = [
                api.post("Contacts", json={"FirstName": f"Before {each}"}).json()["Id"] for each in range(5)
            ]
            process.stdin.write("\n")
            process.stdin.flush()
            assert process.stdout.readline() == "full\n"
            answers = [api.post("Contacts", json={"FirstName": "x" * 200_000}) for _ in range(3)]
            assert {each.status_code for each in answers} == {507}
            assert "cannot be written" in answers[0].json()["error"]["message"]
            assert api.get("Contacts?$count=true&$top=0").json()["@odata.count"] == len(before)
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=30)
    assert (process.returncode, said) == (0, "")
    with Simulator(data=data) as pbx:
        assert [each["Id"] for each in pbx.state.entities("Contacts")] == before


def test_places_that_are_not_files(tmp_path: Path) -> None:
    refused(tmp_path, words="unable to open a folder")
    os.mkfifo(tmp_path / "pipe")
    refused(tmp_path / "pipe", words="a device or a pipe")
    refused("/dev/full", words="a device or a pipe")
    refused(tmp_path / "none" / "office.sqlite", words=f"{tmp_path / 'none'} is not a folder")
    with pytest.raises(ConfigurationError):
        Simulator(data="a\0b")


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    # Root may write to every folder but those of the kernel.
    folder = tmp_path if os.geteuid() else Path("/proc")
    if os.geteuid():
        folder.chmod(0o500)
    refused(folder / "office.sqlite", words="in a folder in which you can create files")


def open_and_close(data: Path) -> ThreeCxError | None:
    """Return the error of a data file that cannot be used."""
    try:
        Simulator(data=data)._pbx.close()
    except ThreeCxError as error:
        return error
    return None


def test_damaged_files_are_never_changed(tmp_path: Path) -> None:
    data = tmp_path / "office.sqlite"
    with Simulator(data=data, seed="empty"):
        pass
    whole = data.read_bytes()
    chance = random.Random(12)  # noqa: S311 (places, not secrets)
    refusals = 0
    for step in range(24):
        damaged = bytearray(whole)
        if step % 4 == 0:
            del damaged[chance.randrange(100, len(damaged)) :]
        for _ in range(chance.choice((1, 20, 2_000))):
            damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        data.write_bytes(damaged)
        error = open_and_close(data)
        if error is not None:
            refusals += 1
            assert "\n" not in error.one_line()
            assert "--data file" in error.description or "Omit --" in error.description
            assert data.read_bytes() == damaged
        for each in tmp_path.glob("office.sqlite-*"):
            each.unlink()
    assert refusals > 6
