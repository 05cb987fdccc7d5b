"""Save the files of responses in a folder or as one file, while they are received.

A file is written beside its place under a temporary name, and moved there when it is complete: a file that is there is
never a part of one, and what was there before stays until then.
"""

from __future__ import annotations

import os
import stat
import tempfile
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import ConfigurationError, ThreeCxError
from ..messages import IN_MEMORY, Reception

if TYPE_CHECKING:
    from ..options import Options
    from ..response.decode import File

_PREFIX = ".threecx-"
_SUFFIX = ".part"


class SaveError(ThreeCxError):
    """A file of a response cannot be saved."""

    default_code = "file"


class PartialFile:
    """A file that is being received. It is removed when it is closed, unless it was moved to its place."""

    def __init__(self, folder: Path) -> None:
        self.size = 0
        with _translated(folder):
            descriptor, name = tempfile.mkstemp(prefix=_PREFIX, suffix=_SUFFIX, dir=folder)
        self._path: Path | None = Path(name)
        self._folder = folder
        # Not buffered: what cannot be written is known at once.
        self._file = os.fdopen(descriptor, "r+b", buffering=0)

    def write(self, content: bytes, /) -> int:
        """Append bytes. Raises SaveError."""
        rest = memoryview(content)
        with _translated(self._folder):
            while rest:
                rest = rest[self._file.write(rest) :]
        self.size += len(content)
        return len(content)

    def read(self, size: int = -1, /) -> bytes:
        """Return the next bytes."""
        return self._file.read(size) or b""

    def seek(self, offset: int, /) -> int:
        """Set the place where the next bytes are read."""
        return self._file.seek(offset)

    def move(self, target: Path) -> None:
        """Move the complete file to `target`, which exists, and give it the permissions of that. Raises SaveError."""
        assert self._path is not None  # noqa: S101 (moved once)
        with _translated(target):
            self._file.close()
            self._path.chmod(stat.S_IMODE(target.stat().st_mode))
            self._path.replace(target)
        self._path = None

    def close(self) -> None:
        """Close the file, and remove it unless it was moved."""
        self._file.close()
        if self._path is not None:
            with suppress(OSError):
                self._path.unlink()
            self._path = None


class Downloads:
    """Saves the files of one batch at `target`: in a folder that exists, or as this file, where there is one item.

    In a folder no file is replaced: the name of a further one gets a number. Raises ConfigurationError where nothing
    can be saved at `target`.
    """

    def __init__(self, target: str | os.PathLike[str], items: int) -> None:
        # Relative to where the batch begins, and with the target of a link, which would be replaced otherwise.
        self._target = Path(os.path.realpath(target))
        self._is_folder = self._target.is_dir()
        self._folder = self._target if self._is_folder else self._target.parent
        shown = os.fspath(target)
        if shown.endswith(("/", os.sep)) and not self._is_folder:
            raise _unusable(f"the folder {shown} does not exist", "Create it, or give another folder.")
        if not self._is_folder:
            if items > 1:
                raise _unusable(
                    f"{shown} is one file, but the batch has {items:,} items", "Give a folder that exists."
                )
            if not self._folder.is_dir():
                raise _unusable(
                    f"the folder {self._folder} does not exist", "Create it, or give another folder."
                )
            if self._target.exists() and not self._target.is_file():
                raise _unusable(f"{shown} is not a regular file", "Give a folder, or the name of a file.")
        if not os.access(self._folder, os.W_OK | os.X_OK):
            raise _unusable(f"the folder {self._folder} cannot be written to", "Give another folder.")

    def open(self) -> PartialFile:
        """Return a new file to receive. Raises SaveError."""
        return PartialFile(self._folder)

    def save(self, file: File) -> Path:
        """Move a received file to its place and return that. Raises SaveError."""
        received = file.stored
        if not isinstance(received, PartialFile):
            received = self.open()
        try:
            if file.stored is None:
                received.write(file.content)
            target = self._reserve(file.name)
            received.move(target)
        finally:
            received.close()
        return target

    def _reserve(self, name: str) -> Path:
        """Return the path of a file: that of the target, or a new one in the folder, which is then empty."""
        with _translated(self._target):
            if not self._is_folder:
                self._target.touch()
                return self._target
            stem, dot, ending = name.rpartition(".")
            stem, ending = (stem, dot + ending) if stem else (name, "")
            for number in count(1):
                path = self._folder / (name if number == 1 else f"{stem}-{number}{ending}")
                try:
                    path.touch(exist_ok=False)
                except FileExistsError:
                    continue
                return path
        raise AssertionError  # the loop does not end


def prepare_reception(options: Options, items: int) -> tuple[Downloads | None, Reception]:
    """Return how the responses of a batch are taken, and what saves their files, None where they are returned.

    Raises ConfigurationError.
    """
    downloads = None if options.download_to is None else Downloads(options.download_to, items)
    if options.max_response_bytes is None and downloads is None:
        return None, IN_MEMORY
    return downloads, Reception(options.max_response_bytes, None if downloads is None else downloads.open)


class _translated:  # noqa: N801 (reads as a statement)
    """Raise SaveError for an OSError in the block."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> None:
        """Do nothing."""

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, OSError):
            raise SaveError(
                f"{self._path} cannot be written: {(error.strerror or str(error)).lower()}",
                description="Make room, or give another folder. The part that was received is removed.",
            ) from error


def _unusable(message: str, remedy: str) -> ConfigurationError:
    return ConfigurationError(message, description=f"{remedy} Nothing was sent.", field="download")
