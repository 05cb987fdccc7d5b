"""Read files with secrets: keys, profiles, certificate authorities. All commands and the service use this module.

A file that another user can read, write or replace contains no secret, and may contain that user's own. A file that is
not a file (a device, a named pipe) or that never ends must not stop a command. The checks are made on the file that was
opened, so that it cannot be exchanged in between.
"""

from __future__ import annotations

import errno
import os
import select
import shlex
import stat
import time
from pathlib import Path
from typing import TYPE_CHECKING

from .errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable

# No key and no file with profiles is larger.
MAX_BYTES = 256 * 1024
# All certificate authorities of a system have 250 KB.
MAX_CA_BYTES = 8 * 1024 * 1024
# Seconds that a command in `<(command)` may take.
_PIPE_TIMEOUT = 10.0
# Where container engines put secrets: with the owner and the mode that they choose, in a container of one user.
_MOUNTED = ("/run/secrets", "/var/run/secrets")
# How a shell passes on the pipe of `<(command)`.
_OWN_PIPES = ("/dev/fd/", "/proc/self/fd/", "/dev/stdin")
_NOT_FILES = (
    (stat.S_ISDIR, "is a folder", "Choose a file in it."),
    (stat.S_ISFIFO, "is a named pipe", "Choose a regular file, or use the shell's <(command)."),
    (stat.S_ISSOCK, "is a socket", "Choose a regular file."),
    (lambda mode: stat.S_ISCHR(mode) or stat.S_ISBLK(mode), "is a device", "Choose a regular file."),
)


def read_secret_file(
    path: Path, *, if_missing: str = "", on_warning: Callable[[str], None] | None = None
) -> str:
    """Return the text of a file with secrets. Raise ConfigurationError with the fix if it is not safe.

    `if_missing` is the advice if the file does not exist or is not text. With `on_warning`, a file that
    others can read is a warning, which it gets as one line.
    """
    return _decode(_read(path, MAX_BYTES, if_missing, on_warning, is_secret=True), path, if_missing)


def check_ca_file(path: Path) -> None:
    """Raise ConfigurationError if a file with certificate authorities is not a file of usual size, or not safe.

    It is not secret, but another user must not be able to change it. A file that does not exist is not an error here.
    """
    try:
        _read(path, 0, "", None, is_secret=False)
    except FileNotFoundError:
        return


def _read(
    path: Path,
    limit: int,
    if_missing: str,
    on_warning: Callable[[str], None] | None,
    *,
    is_secret: bool,
) -> bytes:
    """Check a file, and return its content; nothing if `limit` is 0."""
    descriptor = _open(path, if_missing, is_secret=is_secret)
    try:
        status = os.fstat(descriptor)
        if _is_own_pipe(path, status):
            return _read_pipe(descriptor, path, limit) if limit else b""
        for is_kind, what, advice in _NOT_FILES:
            if is_kind(status.st_mode):
                raise ConfigurationError(f"{path} {what}", description=advice)
        largest = MAX_BYTES if is_secret else MAX_CA_BYTES
        if status.st_size > largest:
            raise ConfigurationError(
                f"{path} is larger than {largest // 1024} KB", description="Choose the right file."
            )
        if os.name == "posix":
            _check_access(path, status, on_warning, is_secret=is_secret)
        with open(descriptor, "rb", closefd=False) as file:
            return file.read(limit + 1)[:limit] if limit else b""
    except OSError as error:
        raise ConfigurationError(f"cannot read {path}: {error.strerror}", description=if_missing) from error
    finally:
        os.close(descriptor)


def _open(path: Path, if_missing: str, *, is_secret: bool) -> int:
    # A named pipe without a writer would block.
    flags = (
        os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0) | getattr(os, "O_CLOEXEC", 0)
    )
    try:
        if os.name != "posix" and path.is_dir():
            raise IsADirectoryError(errno.EISDIR, "is a folder")
        return os.open(path, flags)
    except (OSError, ValueError) as error:
        if isinstance(error, FileNotFoundError) and not is_secret:
            raise
        advice = if_missing if isinstance(error, FileNotFoundError) else "Choose a file that you can read."
        reason = error.strerror if isinstance(error, OSError) else "the name is not a path"
        raise ConfigurationError(f"cannot read {path}: {reason}", description=advice) from error


def _check_access(
    path: Path, status: os.stat_result, on_warning: Callable[[str], None] | None, *, is_secret: bool
) -> None:
    """Raise ConfigurationError if another user can read, change or replace the file."""
    quoted = shlex.quote(str(path))
    mode = status.st_mode
    if mode & stat.S_IWOTH:
        raise ConfigurationError(
            f"{path} can be changed by every user",
            description=f"Run: chmod {'600' if is_secret else 'o-w'} {quoted}",
        )
    folder = _find_open_folder(path)
    if folder is not None:
        raise ConfigurationError(
            f"{path} can be replaced by every user, because every user can write to the folder {folder}",
            description=f"Run: chmod o-w {shlex.quote(str(folder))}",
        )
    if not is_secret or _is_below(path, _MOUNTED):
        return
    if status.st_uid not in (0, os.geteuid()):
        raise ConfigurationError(
            f"{path} contains secrets and belongs to another user (uid {status.st_uid})",
            description=f"Run: sudo chown {os.geteuid()} {quoted}",
        )
    forbidden = stat.S_IRWXG | stat.S_IRWXO
    if _is_below(path, (os.environ.get("CREDENTIALS_DIRECTORY", ""),)):
        # If the service runs as another user, systemd gives it access by a list, which appears as the group's.
        forbidden &= ~stat.S_IRGRP
    if mode & forbidden:
        what = f"{path} contains secrets and can be read by others"
        if on_warning is None:
            raise ConfigurationError(what, description=f"Run: chmod 600 {quoted}")
        on_warning(f"{what}. Run: chmod 600 {quoted}")


def _find_open_folder(path: Path) -> Path | None:
    """Return the folder on the way to a file in which every user can replace entries, None if there is none.

    In a folder with the sticky bit, such as /tmp, a user can replace only entries of that user.
    """
    # A link, and what it leads to.
    for place in (path.absolute(), Path(os.path.realpath(path))):
        for folder in place.parents:
            try:
                mode = folder.stat().st_mode
            except OSError:
                continue
            if mode & stat.S_IWOTH and not mode & stat.S_ISVTX:
                return folder
    return None


def _is_below(path: Path, folders: tuple[str, ...]) -> bool:
    real = Path(os.path.realpath(path))
    return any(each and real.is_relative_to(os.path.realpath(each)) for each in folders)


def _is_own_pipe(path: Path, status: os.stat_result) -> bool:
    """Return whether a path names a pipe of this process, such as a shell opens for `<(command)`."""
    return stat.S_ISFIFO(status.st_mode) and str(path).startswith(_OWN_PIPES)


def _read_pipe(descriptor: int, path: Path, limit: int) -> bytes:
    content = b""
    end = time.monotonic() + _PIPE_TIMEOUT
    while len(content) <= limit:
        ready, _, _ = select.select([descriptor], [], [], max(0.0, end - time.monotonic()))
        if not ready:
            raise ConfigurationError(
                f"{path} was not written within {_PIPE_TIMEOUT:g} seconds", description="Use a regular file."
            )
        chunk = os.read(descriptor, limit + 1)
        if not chunk:
            return content
        content += chunk
    raise ConfigurationError(
        f"{path} is larger than {limit // 1024} KB", description="Choose the right file."
    )


def _decode(content: bytes, path: Path, advice: str) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigurationError(
            f"cannot read {path}: it is not UTF-8 (byte {error.start})",
            description=advice or "Choose a text file.",
        ) from error
