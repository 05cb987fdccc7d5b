"""More connections than the process may have open files: the oldest idle ones make room, and others are served."""

from __future__ import annotations

import os
import shlex
import socket
import subprocess
from contextlib import ExitStack

import httpx
import pytest

from tests.cli.conftest import COMMAND, environment
from tests.service.conftest import Started, read_url

pytestmark = pytest.mark.skipif(os.name != "posix", reason="Windows has no limit for open files")

OPEN_FILES = 256
IDLE = 400


def limited(*arguments: str) -> Started:
    """A process of `threecx` that may have few files open."""
    line = f"ulimit -n {OPEN_FILES}; exec {shlex.join([*COMMAND, *arguments])}"
    return Started(
        ["sh", "-c", line], env=environment(), text=True, stderr=subprocess.PIPE, stdout=subprocess.PIPE
    )


def is_open(peer: socket.socket) -> bool:
    peer.setblocking(False)
    try:
        return peer.recv(1) != b""
    except BlockingIOError:
        return True
    except ConnectionError:
        return False


@pytest.mark.parametrize(
    ("arguments", "path"),
    [
        (("serve", "--without-key"), "/health"),
        (("simulator",), "/xapi/v1/Users"),
        (("simulator", "--tls"), "/xapi/v1/Users"),
    ],
)
def test_idle_connections_leave_room_for_others(arguments: tuple[str, ...], path: str) -> None:
    with limited(*arguments, "--port", "0") as process, ExitStack() as peers:
        if arguments[0] == "serve":
            url = read_url(process)
        else:
            assert process.stderr is not None
            url = process.stderr.readline().split(" listens on ")[1].split(";")[0]
        host, _, port = url.partition("://")[2].partition(":")
        idle = [
            peers.enter_context(socket.create_connection((host, int(port)), timeout=20)) for _ in range(IDLE)
        ]
        with httpx.Client(verify=False) as client:  # noqa: S501 (a certificate of this test)
            for _ in range(20):
                assert client.get(f"{url}{path}", timeout=20).status_code in (200, 401)
                with httpx.Client(verify=False) as other:  # noqa: S501 (as above)
                    assert other.get(f"{url}{path}", timeout=20).status_code in (200, 401)
        left = [each for each in idle if is_open(each)]
        # The newest ones are left.
        assert 50 < len(left) < OPEN_FILES / 2
        assert left == idle[-len(left) :]
        process.terminate()
        _, said = process.communicate(timeout=30)
    assert process.returncode == 0
    lines = [each for each in said.splitlines() if "limit" in each]
    assert len(lines) == 1
    assert f"the limit of {OPEN_FILES // 2} connections is reached" in lines[0]
    assert "Traceback" not in said
