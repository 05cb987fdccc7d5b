"""A PostgreSQL of its own for n8n's queue mode: Debian's programs, on loopback, its data gone when it ends.

SQLite would do for one process of n8n; with several, "database is locked" ends an execution now and then.
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any, Self

from tools.n8n_instance import N8nError, free_port
from tools.processes import end

USER = "n8n"
_READY_SECONDS = 30
_STOP_SECONDS = 20


class PostgresServer:
    """One PostgreSQL process; a context manager that ends what it started."""

    def __init__(self) -> None:
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self._folder = Path()

    @property
    def environment(self) -> dict[str, str]:
        """What n8n is told to use it."""
        return {
            "DB_TYPE": "postgresdb",
            "DB_POSTGRESDB_HOST": "127.0.0.1",
            "DB_POSTGRESDB_PORT": str(self.port),
            "DB_POSTGRESDB_DATABASE": "postgres",
            "DB_POSTGRESDB_USER": USER,
        }

    def __enter__(self) -> Self:
        # Its own folder: PostgreSQL's user must reach it, and a test's folder is closed to others.
        self._folder = Path(tempfile.mkdtemp(prefix="threecx-postgres-"))
        data, log = self._folder / "data", self._folder / "postgres.log"
        account = _account()
        if account:
            shutil.chown(self._folder, account["user"], account["group"])
        command = [
            _program("initdb"),
            "--pgdata",
            str(data),
            "--username",
            USER,
            "--auth",
            "trust",
            "--encoding",
            "UTF8",
        ]
        made = subprocess.run(
            command, capture_output=True, text=True, cwd=self._folder, check=False, **account
        )
        if made.returncode != 0:
            shutil.rmtree(self._folder, ignore_errors=True)
            raise N8nError(f"initdb failed:\n{made.stderr.strip()[-2000:]}")
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": self.port,
            "unix_socket_directories": "",
            "fsync": "off",
        }
        words = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                [_program("postgres"), "-D", str(data), *words],
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=self._folder,
                **account,
            )
        deadline = time.monotonic() + _READY_SECONDS
        while time.monotonic() < deadline and self._process.poll() is None:
            asked = [_program("pg_isready"), "--quiet", "--host", "127.0.0.1", "--port", str(self.port)]
            if subprocess.run(asked, check=False).returncode == 0:
                return self
            time.sleep(0.1)
        said = log.read_text(errors="replace")[-2000:]
        self.__exit__()
        raise N8nError(f"PostgreSQL did not start:\n{said}")

    def __exit__(self, *exc_info: object) -> None:
        process, self._process = self._process, None
        if process is not None:
            end(process, _STOP_SECONDS)
        shutil.rmtree(self._folder, ignore_errors=True)


def _program(name: str) -> str:
    """From PATH, or where Debian has it."""
    newest_last = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    found = shutil.which(name) or (str(newest_last[-1]) if newest_last else None)
    if found is None:
        raise N8nError(f"{name} of PostgreSQL is missing: run tools/install_programs.sh")
    return found


def _account() -> dict[str, Any]:
    """As whom it runs: never as root, which PostgreSQL refuses."""
    if os.geteuid() != 0:
        return {}
    try:
        found = pwd.getpwnam("postgres")
    except KeyError:
        found = pwd.getpwnam("nobody")
    return {"user": found.pw_uid, "group": found.pw_gid, "extra_groups": []}
