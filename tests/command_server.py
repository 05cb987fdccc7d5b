"""Run `threecx` in forks of one process that has loaded its modules: loading them takes longer than most commands.

A test that is about the start of a process, its signals or its streams starts `python -m threecx_node.cli` itself.
"""

from __future__ import annotations

import atexit
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from tempfile import TemporaryFile

from tests.support import ROOT

# The variables that a command reads while it runs; other ones may matter to modules that are loaded already.
_OWN_VARIABLES = ("THREECX_", "XDG_", "COLUMNS", "HOME", "PYTHONPATH", "TZ", "PYTEST_CURRENT_TEST")
_LOADED = (
    "threecx_node.cli.commands",
    "threecx_node.cli.execute_command",
    "threecx_node.catalog.load",
    "threecx_node.execution.executor",
    "threecx_node.service.serve",
    "threecx_node.simulator.simulator",
)
_HEAD = 8


class CommandServer:
    """The process that forks; it ends with this one. Commands may change only some variables of `environment`."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._socket, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", __name__, str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                env=dict(environment),
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
            )

    def run(
        self,
        arguments: Sequence[str],
        environment: Mapping[str, str],
        stdin: bytes,
        folder: Path | None,
        timeout: float,
    ) -> subprocess.CompletedProcess[bytes]:
        """Run a command; raise subprocess.TimeoutExpired, and end it, if it takes too long."""
        given = json.dumps([list(arguments), dict(environment), str(folder or Path.cwd())]).encode()
        with TemporaryFile() as source, TemporaryFile() as out, TemporaryFile() as err:
            source.write(stdin)
            source.seek(0)
            streams = [each.fileno() for each in (source, out, err)]
            socket.send_fds(self._socket, [len(given).to_bytes(_HEAD, "big")], streams)
            self._socket.sendall(given)
            pid = _receive_number(self._socket)
            self._socket.settimeout(timeout)
            try:
                status = _receive_number(self._socket)
            except TimeoutError:
                os.kill(pid, 9)
                self._socket.settimeout(None)
                _receive_number(self._socket)
                raise subprocess.TimeoutExpired(list(arguments), timeout) from None
            self._socket.settimeout(None)
            code = os.waitstatus_to_exitcode(status)
            written = [(each.seek(0), each.read())[1] for each in (out, err)]
        return subprocess.CompletedProcess(list(arguments), code, *written)

    def stop(self) -> None:
        """End the process."""
        self._socket.close()
        self._process.wait()


@cache
def _start_server(python_path: str) -> CommandServer:
    server = CommandServer({**os.environ, "PYTHONPATH": python_path})
    atexit.register(server.stop)
    return server


def find_server(environment: Mapping[str, str]) -> CommandServer | None:
    """Return the server for commands in this environment, None if they need a process with variables of its own.

    Nor does it serve where there are no forks, or where coverage is measured.
    """
    if not hasattr(os, "fork") or "COVERAGE_PROCESS_CONFIG" in os.environ:
        return None
    is_served = _shared(environment) == _shared(os.environ)
    return _start_server(environment["PYTHONPATH"]) if is_served else None


def _shared(environment: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in environment.items() if not name.startswith(_OWN_VARIABLES)}


def _receive_number(connection: socket.socket) -> int:
    return int.from_bytes(_receive(connection, _HEAD), "big")


def _receive(connection: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        part = connection.recv(count - len(data))
        if not part:
            raise EOFError
        data += part
    return data


def _fork_commands(connection: socket.socket) -> None:
    """Fork a process for each request, and return in each of them; end with the other side."""
    while True:
        try:
            head, rights, _, _ = socket.recv_fds(connection, _HEAD, 3)
            size = int.from_bytes(head, "big")
            arguments, environment, folder = json.loads(_receive(connection, size))
        except (EOFError, ValueError):
            sys.exit()
        if (pid := os.fork()) == 0:
            connection.close()
            for number, stream in enumerate(rights):
                os.dup2(stream, number)
                os.close(stream)
            os.chdir(folder)
            os.environ.clear()
            os.environ.update(environment)
            time.tzset()
            sys.argv[1:] = arguments
            return
        for stream in rights:
            os.close(stream)
        connection.sendall(pid.to_bytes(_HEAD, "big"))
        _, status = os.waitpid(pid, 0)
        connection.sendall(status.to_bytes(_HEAD, "big"))


if __name__ == "__main__":
    import gc
    import runpy
    from importlib import import_module

    for each in _LOADED:
        import_module(each)
    gc.freeze()
    _fork_commands(socket.socket(fileno=int(sys.argv[1])))
    runpy.run_module("threecx_node.cli", run_name="__main__", alter_sys=True)
