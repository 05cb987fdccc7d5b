"""Run a PostgreSQL for n8n's queue mode: Debian's programs on loopback, with a database that is gone at the end.

SQLite is enough for one process of n8n; with several, an execution sometimes ends with "database is locked".

The process is pytest-postgresql's executor. Its fixtures are not used: they keep the data in pytest's temporary folder,
which belongs to root where tests run as root, and PostgreSQL refuses to run as root.
"""

from __future__ import annotations

import os
import pwd
import shlex
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Self

from mirakuru.exceptions import ExecutorError
from pytest_postgresql.executors import PostgreSQLExecutor

from tools.lab.processes import LabError, find_free_port

_USER = "n8n"
_TIMEOUT = 60


class PostgresServer:
    """One PostgreSQL; a context manager that ends what it started and removes the data."""

    def __init__(self) -> None:
        self.port = find_free_port()
        self._pg_ctl = _find_pg_ctl()
        self._folder = Path()
        self._executor: PostgreSQLExecutor | None = None

    @property
    def environment(self) -> dict[str, str]:
        """The variables that make n8n use this database."""
        return {
            "DB_TYPE": "postgresdb",
            "DB_POSTGRESDB_HOST": "127.0.0.1",
            "DB_POSTGRESDB_PORT": str(self.port),
            "DB_POSTGRESDB_DATABASE": "postgres",
            "DB_POSTGRESDB_USER": _USER,
        }

    def __enter__(self) -> Self:
        self._folder = Path(tempfile.mkdtemp(prefix="threecx-postgres-"))
        log = self._folder / "postgres.log"
        executor = PostgreSQLExecutor(
            executable=str(_place_pg_ctl(self._pg_ctl, self._folder)),
            host="127.0.0.1",
            port=self.port,
            datadir=str(self._folder / "data"),
            unixsocketdir="",
            logfile=str(log),
            startparams="-w",
            dbname="postgres",
            user=_USER,
            timeout=_TIMEOUT,
        )
        try:
            executor.start()
        except (ExecutorError, subprocess.CalledProcessError) as error:
            said = log.read_text(errors="replace")[-2000:] if log.exists() else ""
            shutil.rmtree(self._folder, ignore_errors=True)
            raise LabError(f"PostgreSQL did not start: {error}\n{said}") from error
        self._executor = executor
        return self

    def __exit__(self, *exc_info: object) -> None:
        executor, self._executor = self._executor, None
        if executor is not None:
            executor.stop()
        shutil.rmtree(self._folder, ignore_errors=True)


def _find_pg_ctl() -> str:
    """Return the path of pg_ctl, from PATH or from Debian's folder of the newest version."""
    newest_last = sorted(Path("/usr/lib/postgresql").glob("*/bin/pg_ctl"))
    found = shutil.which("pg_ctl") or (str(newest_last[-1]) if newest_last else None)
    if found is None:
        raise LabError("PostgreSQL is missing: run tools/install_programs.sh")
    return found


def _place_pg_ctl(pg_ctl: str, folder: Path) -> Path:
    """Return the program that the executor calls: pg_ctl itself, or for root a script that first changes the user."""
    if os.geteuid() != 0:
        return Path(pg_ctl)
    try:
        account = pwd.getpwnam("postgres")
    except KeyError:
        account = pwd.getpwnam("nobody")
    shutil.chown(folder, account.pw_uid, account.pw_gid)
    script = folder / "pg_ctl"
    change_user = f"setpriv --reuid={account.pw_uid} --regid={account.pw_gid} --clear-groups"
    # PostgreSQL's programs read the folder that they are started in, which may be closed to that user.
    script.write_text(
        f'#!/bin/sh\ncd {shlex.quote(str(folder))} && exec {change_user} {shlex.quote(pg_ctl)} "$@"\n'
    )
    script.chmod(0o755)
    return script
