"""A real n8n as a process of its own: for the tests, the bench and `make n8n`.

It listens on loopback, keeps everything in the folder it is given, and asks the internet for nothing that it can
be told to leave.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Self

import httpx
from tools.processes import end

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from tools.install_n8n import N8nInstallation

PACKAGE = "n8n-nodes-threecx"
_READY_SECONDS = 180
_STOP_SECONDS = 30
_QUIET = (
    "N8N_DIAGNOSTICS_ENABLED",
    "N8N_VERSION_NOTIFICATIONS_ENABLED",
    "N8N_TEMPLATES_ENABLED",
    "N8N_PERSONALIZATION_ENABLED",
    "N8N_HIRING_BANNER_ENABLED",
    "N8N_DYNAMIC_BANNERS_ENABLED",
)


class N8nError(Exception):
    """n8n did not start or did not do what it was asked; the message holds the end of its log."""


def free_port() -> int:
    """A port that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def place_package(package: Path, user_folder: Path) -> None:
    """Puts our built package where n8n looks for community nodes, as its own installer would."""
    nodes = user_folder / ".n8n" / "nodes"
    place = nodes / "node_modules" / PACKAGE
    shutil.rmtree(place, ignore_errors=True)
    place.parent.mkdir(parents=True, exist_ok=True)
    shutil.copytree(package, place)
    (nodes / "package.json").write_text('{"name": "installed-nodes", "private": true, "dependencies": {}}\n')


class N8nInstance:
    """One n8n process (`start`, or `worker`); a context manager that ends what it started."""

    def __init__(
        self,
        installation: N8nInstallation,
        user_folder: Path,
        *,
        command: Sequence[str] = ("start",),
        port: int | None = None,
        env: Mapping[str, str] | None = None,
    ) -> None:
        self.installation = installation
        self.user_folder = user_folder
        self.port = port or free_port()
        self.log = user_folder / f"n8n-{command[0]}-{self.port}.log"
        self._command = command
        self._extra = dict(env or {})
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        """The id of the running process."""
        if self._process is None:
            raise N8nError("n8n is not running")
        return self._process.pid

    def environment(self) -> dict[str, str]:
        """What the process gets to see."""
        wanted = {
            "PATH": f"{self.installation.node_folder / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}",
            "N8N_USER_FOLDER": str(self.user_folder),
            "N8N_PORT": str(self.port),
            "N8N_LISTEN_ADDRESS": "127.0.0.1",
            "N8N_ENCRYPTION_KEY": "only-for-trying-out",
            "N8N_SECURE_COOKIE": "false",
            "N8N_RUNNERS_BROKER_PORT": str(free_port()),
            "N8N_DISABLED_MODULES": "mcp-registry",
            "QUEUE_HEALTH_CHECK_PORT": str(self.port),
            **dict.fromkeys(_QUIET, "false"),
        }
        return os.environ | wanted | self._extra

    def start(self) -> Self:
        """Starts it and waits until it answers; the first start in a folder takes half a minute."""
        self.user_folder.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [*self.installation.n8n, *self._command],
                cwd=self.user_folder,
                env=self.environment(),
                stdout=log,
                stderr=subprocess.STDOUT,
                # A group of its own: n8n starts task runners, which are to end with it.
                start_new_session=True,
            )
        self._wait_until_ready()
        return self

    def stop(self) -> None:
        """Ends it and what it started."""
        process, self._process = self._process, None
        if process is None:
            return
        end(process, _STOP_SECONDS)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *exc_info: object) -> None:
        self.stop()

    def log_end(self, characters: int = 3000) -> str:
        """The end of its log."""
        return self.log.read_text(errors="replace")[-characters:] if self.log.exists() else ""

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + _READY_SECONDS
        while time.monotonic() < deadline:
            if self._process is None or self._process.poll() is not None:
                raise N8nError(f"n8n ended while it started:\n{self.log_end()}")
            with suppress(httpx.TransportError):
                if httpx.get(f"{self.url}/healthz/readiness", timeout=5).status_code == httpx.codes.OK:
                    return
            time.sleep(0.3)
        self.stop()
        raise N8nError(f"n8n was not ready after {_READY_SECONDS} seconds:\n{self.log_end()}")
