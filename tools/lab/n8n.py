"""Run a real n8n: for the tests, the bench and `make n8n`.

It listens on loopback and keeps everything in the folder that it is given. Its calls to the internet are switched off
where n8n has a setting for it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING

from mirakuru import HTTPExecutor
from mirakuru.exceptions import ProcessFinishedWithError

from tools.lab.processes import LabProcess, find_free_port

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from tools.install_n8n import N8nInstallation

PACKAGE = "n8n-nodes-threecx"
# The first start in a folder takes half a minute on a quiet machine.
_TIMEOUT = 180
# Seconds that n8n waits for running executions when it ends, and what it then logs. In queue mode its main process can
# wait in vain for a job that ended before the main began to wait for it.
_SHUTDOWN_TIMEOUT = 10
_ENDED_BY_TIMEOUT = f"process exited after {_SHUTDOWN_TIMEOUT}s"
_QUIET = (
    "N8N_DIAGNOSTICS_ENABLED",
    "N8N_VERSION_NOTIFICATIONS_ENABLED",
    "N8N_TEMPLATES_ENABLED",
    "N8N_PERSONALIZATION_ENABLED",
    "N8N_HIRING_BANNER_ENABLED",
    "N8N_DYNAMIC_BANNERS_ENABLED",
)


def place_package(package: Path, user_folder: Path) -> None:
    """Copy the built package to where n8n looks for community nodes, as its own installer does."""
    nodes = user_folder / ".n8n" / "nodes"
    place = nodes / "node_modules" / PACKAGE
    shutil.rmtree(place, ignore_errors=True)
    place.parent.mkdir(parents=True, exist_ok=True)
    shutil.copytree(package, place)
    (nodes / "package.json").write_text('{"name": "installed-nodes", "private": true, "dependencies": {}}\n')


class N8nInstance(LabProcess):
    """One n8n process (`start`, `worker` or `webhook`) with the task runners that it starts."""

    def __init__(
        self,
        installation: N8nInstallation,
        user_folder: Path,
        *,
        command: Sequence[str] = ("start",),
        port: int | None = None,
        env: Mapping[str, str] | None = None,
    ) -> None:
        self.user_folder = user_folder
        self.port = port or find_free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        super().__init__(
            "n8n",
            user_folder / f"n8n-{command[0]}-{self.port}.log",
            lambda log: HTTPExecutor(
                [*installation.n8n, *command],
                f"{self.url}/healthz/readiness",
                method="GET",
                timeout=_TIMEOUT,
                cwd=str(user_folder),
                envvars=_build_environment(installation, user_folder, self.port) | dict(env or {}),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            ),
        )

    def stop(self) -> None:
        """Ask n8n to end. The only error that it may end with is that an execution was still running."""
        try:
            super().stop()
        except ProcessFinishedWithError:
            if _ENDED_BY_TIMEOUT not in self.read_log_end():
                raise


def _build_environment(installation: N8nInstallation, user_folder: Path, port: int) -> dict[str, str]:
    return {
        "PATH": f"{installation.node_folder / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}",
        "N8N_USER_FOLDER": str(user_folder),
        "N8N_PORT": str(port),
        "N8N_LISTEN_ADDRESS": "127.0.0.1",
        "N8N_ENCRYPTION_KEY": "only-for-trying-out",
        "N8N_SECURE_COOKIE": "false",
        "N8N_RUNNERS_BROKER_PORT": str(find_free_port()),
        "N8N_DISABLED_MODULES": "mcp-registry",
        "N8N_GRACEFUL_SHUTDOWN_TIMEOUT": str(_SHUTDOWN_TIMEOUT),
        "QUEUE_HEALTH_CHECK_PORT": str(port),
        **dict.fromkeys(_QUIET, "false"),
    }
