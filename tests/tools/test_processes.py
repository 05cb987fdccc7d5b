"""The lab starts programs, waits until they are ready, says why they are not, and ends them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from mirakuru import HTTPExecutor

from tools.lab.processes import LabError, LabProcess, find_free_port

SERVER = """
import http.server, sys
print("serving", flush=True)
http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), http.server.SimpleHTTPRequestHandler).serve_forever()
"""


def program(folder: Path, script: str) -> tuple[LabProcess, str]:
    """A program of the lab that runs `script` with its port as argument, and its address."""
    port = find_free_port()
    url = f"http://127.0.0.1:{port}/"
    process = LabProcess(
        "the program",
        folder / "logs" / "program.log",
        lambda log: HTTPExecutor(
            [sys.executable, "-c", script, str(port)],
            url,
            timeout=20,
            sleep=0.01,
            cwd=str(folder),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        ),
    )
    return process, url


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_it_is_ready_inside_and_gone_afterwards(tmp_path: Path) -> None:
    process, url = program(tmp_path, SERVER)
    with process:
        pid = process.pid
        assert httpx.get(url).status_code == 200
    assert not is_running(pid)
    assert process.read_log_end().startswith("serving")
    with pytest.raises(LabError, match="the program is not running"):
        process.pid  # noqa: B018 - reading it raises


def test_it_can_be_killed_and_started_again_with_the_same_log(tmp_path: Path) -> None:
    process, url = program(tmp_path, SERVER)
    pid = process.start().pid
    process.kill()
    assert not is_running(pid)
    with process:
        assert httpx.get(url).status_code == 200
    assert process.read_log_end().count("serving") == 2


def test_program_that_ends_at_start(tmp_path: Path) -> None:
    process, _ = program(tmp_path, "import sys; sys.exit('the disk is full')")
    with pytest.raises(LabError, match=r"the program did not start: .*\n.*the disk is full"):
        process.start()


def test_a_port_in_use_is_an_error(tmp_path: Path) -> None:
    process, url = program(tmp_path, SERVER)
    with process:
        other = LabProcess("another", tmp_path / "other.log", lambda _: HTTPExecutor(["true"], url))
        with pytest.raises(LabError, match="another did not start"):
            other.start()
