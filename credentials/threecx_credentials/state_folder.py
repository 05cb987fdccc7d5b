"""The folder in which this user's processes keep their state, which no other user may read.

`threecx` in the state folder of the user (`XDG_STATE_HOME`, on Linux `~/.local/state` by default).
"""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

PRIVATE_FOLDER = 0o700
PRIVATE_FILE = 0o600


def find_state_folder() -> Path:
    """Return the path of the folder, which may not exist."""
    from platformdirs import user_state_path

    return user_state_path("threecx", appauthor=False)


def open_private_folder(folder: Path) -> None:
    """Create a folder that only this user may use, with its parents, or check that it is one.

    Raises OSError whose text says what is wrong.
    """
    with suppress(FileExistsError):
        folder.mkdir(mode=PRIVATE_FOLDER, parents=True)
    link, found = folder.lstat(), folder.stat()
    if not stat.S_ISDIR(found.st_mode):
        raise OSError("it is not a folder")
    if not hasattr(os, "geteuid"):
        return
    # systemd makes a link of its state folder, where the user is dynamic.
    if stat.S_ISLNK(link.st_mode) and link.st_uid not in (0, os.geteuid()):
        raise OSError("it is a link of another user")
    if found.st_uid != os.geteuid():
        raise OSError("it belongs to another user")
    if stat.S_IMODE(found.st_mode) & 0o077:
        folder.chmod(PRIVATE_FOLDER)
