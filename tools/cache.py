"""The user's cache directory: what scripts bring or build once per machine, under names that are hashes."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence


class BuildError(Exception):
    """Something could not be built or brought; the message says why and what to do."""


def cache_directory(name: str) -> Path:
    """Where this machine keeps what can be made again, for one script."""
    if chosen := os.environ.get("XDG_CACHE_HOME"):
        base = Path(chosen)
    elif sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches"
    else:
        base = Path.home() / ".cache"
    return base / "threecx-node" / name


def made(place: Path, make: Callable[[Path], None]) -> Path:
    """The directory `place`; `make` fills it first where it is not there.

    It appears complete or not at all; of two processes that make the same one, the second takes the first's.
    """
    if place.is_dir():
        return place
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        work = Path(tempfile.mkdtemp(prefix=f".{place.name}-", dir=place.parent))
    except OSError as error:
        raise BuildError(f"the cache directory {place.parent} cannot be written: {error.strerror}") from error
    try:
        make(work)
        try:
            work.rename(place)
        except OSError:
            if not place.is_dir():
                raise
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return place


def digest(*parts: str | Path) -> str:
    """Twenty hexadecimal digits that change with any of the texts or files."""
    sum_ = hashlib.sha256()
    for part in parts:
        content = part.encode() if isinstance(part, str) else part.read_bytes().replace(b"\r\n", b"\n")
        sum_.update(f"{len(content)}\0".encode() + content)
    return sum_.hexdigest()[:20]


def run(
    command: Sequence[str], directory: Path, *, env: Mapping[str, str] | None = None, minutes: int = 10
) -> None:
    """Runs a command in `directory`; raises BuildError with the end of what it said when it fails."""
    try:
        done = subprocess.run(
            command, cwd=directory, env=env, capture_output=True, text=True, check=False, timeout=60 * minutes
        )
    except subprocess.TimeoutExpired as error:
        raise BuildError(f"{Path(command[0]).name} was still running after {minutes} minutes") from error
    if done.returncode != 0:
        said = f"{done.stdout.strip()[-2000:]}\n{done.stderr.strip()[-2000:]}".strip()
        raise BuildError(f"{' '.join(command[:4])} failed:\n{said}")
