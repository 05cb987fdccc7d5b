"""Standard output and standard error that may be closed, full or broken: a command says what it did all the same."""

from __future__ import annotations

import errno
import os
import stat
import sys
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

from ..values.safe_text import escape_control

_QUOTA = getattr(errno, "EDQUOT", errno.ENOSPC)
_LOST = frozenset(
    {errno.EPIPE, errno.ENOSPC, _QUOTA, errno.EIO, errno.EBADF, errno.EFBIG, errno.ECONNRESET, errno.EINVAL}
)


class OutputError(Exception):
    """Standard output cannot be written; the message says why. `is_closed`: its reader has gone."""

    def __init__(self, reason: str, *, is_closed: bool = False) -> None:
        self.is_closed = is_closed
        super().__init__(f"standard output cannot be written: {reason}")


def open_missing_streams() -> None:
    """Open the standard streams that the caller has closed, so that no other file gets their descriptors."""
    for descriptor in (0, 1, 2):
        try:
            os.fstat(descriptor)
        except OSError:
            # The lowest free descriptor is this one. Writing to it fails, as it does to a closed one.
            os.open(os.devnull, os.O_RDONLY)
    if sys.stdin is None:
        sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115 (as long as the process)
    if sys.stdout is None:
        sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115 (as long as the process)
    if sys.stderr is None:
        sys.stderr = open(2, "w", encoding="utf-8", closefd=False)  # noqa: SIM115 (as long as the process)


_PREFIX = "threecx: "
# Whether messages are lines of JSON; a list, because a signal handler reads it too.
_is_json = [False]


def say_in_json(is_json: bool) -> None:
    """Choose the form of all further messages of this process: a line of JSON each, or text."""
    _is_json[0] = is_json


def _format_message(text: str, level: str, fields: Mapping[str, Any]) -> str:
    if not _is_json[0]:
        return escape_control(text)
    from ..log_lines import make_json_line

    return make_json_line(time.time(), level, text.removeprefix(_PREFIX), fields)


def say(text: str, *, level: str = "info", **fields: Any) -> None:
    """Write a line to standard error, control characters as escapes; one that cannot be written changes nothing.

    `level` and `fields`, the content of the text by names, are for lines of JSON.
    """
    try:
        sys.stderr.write(f"{_format_message(text, level, fields)}\n")
        sys.stderr.flush()
    except (OSError, ValueError):
        discard_stream(2)


def say_at_once(text: str) -> None:
    """Write a line to standard error from a signal handler, past the buffers that it may have interrupted."""
    with suppress(OSError):
        os.write(2, f"{_format_message(text, 'info', {})}\n".encode(errors="backslashreplace"))


def print_line(text: str) -> None:
    """Write a line to standard output, with control characters as escapes. Raise OutputError."""
    write_output(f"{escape_control(text)}\n".encode(errors="backslashreplace"))


def write_output(data: bytes) -> None:
    """Write bytes to standard output, and flush it. Raise OutputError."""
    try:
        sys.stdout.flush()
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
    except OSError as error:
        raise lose_output(error) from error


def flush_output() -> None:
    """Flush standard output. Raise OutputError."""
    try:
        sys.stdout.flush()
    except OSError as error:
        raise lose_output(error) from error


def lose_output(error: OSError) -> OutputError:
    """Return the error of a lost standard output, and discard what is left in its buffer."""
    discard_stream(1)
    # On Windows, a closed pipe is an invalid argument.
    is_closed = error.errno in (errno.EPIPE, errno.ECONNRESET, errno.EINVAL)
    return OutputError("its reader has closed it" if is_closed else str(error.strerror), is_closed=is_closed)


def is_output_error(error: OSError) -> bool:
    """Return whether an error may be that of a standard stream, which commands write with any library."""
    return error.errno in _LOST and error.filename is None


def is_output_closed() -> bool:
    """Return whether the caller has closed standard output, as `>&-` does."""
    if sys.platform == "win32":
        return False
    import fcntl

    try:
        return fcntl.fcntl(1, fcntl.F_GETFL) & os.O_ACCMODE == os.O_RDONLY
    except OSError:
        return True


def has_reader() -> bool:
    """Return whether standard output can still be read: false for a pipe whose reader has closed it."""
    if sys.platform == "win32":
        return True
    import select

    try:
        mode = os.fstat(1).st_mode
        if not (stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)):
            return True
        poll = select.poll()
        poll.register(1, 0)
        return not any(event & (select.POLLERR | select.POLLNVAL) for _, event in poll.poll(0))
    except OSError:
        return False


def discard_stream(descriptor: int) -> None:
    """Write a standard stream to nowhere from now on: Python flushes it again when it ends, and would fail again."""
    with suppress(OSError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, descriptor)
        os.close(nowhere)
