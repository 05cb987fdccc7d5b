"""Keep in the user's cache directory what tools download or build once per machine, under names that are hashes."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from platformdirs import user_cache_path

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence


class BuildError(Exception):
    """Something could not be built or downloaded; the message says why and what to do."""


def cache_directory(name: str) -> Path:
    """Return the cache directory of one tool, which may not exist yet."""
    return user_cache_path("threecx-node", appauthor=False) / name


def build_once(place: Path, build: Callable[[Path], None]) -> Path:
    """Return the directory `place`; call `build` to fill it where it does not exist.

    It appears complete or not at all. Of two processes that build the same one, the second takes the first's.
    """
    if place.is_dir():
        return place
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        work = Path(tempfile.mkdtemp(prefix=f".{place.name}-", dir=place.parent))
    except OSError as error:
        raise BuildError(f"the cache directory {place.parent} cannot be written: {error.strerror}") from error
    try:
        build(work)
        try:
            work.rename(place)
        except OSError:
            if not place.is_dir():
                raise
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return place


def digest(*parts: str | Path) -> str:
    """Return twenty hexadecimal digits that change with any of the texts or files."""
    sum_ = hashlib.sha256()
    for part in parts:
        content = part.encode() if isinstance(part, str) else part.read_bytes().replace(b"\r\n", b"\n")
        sum_.update(f"{len(content)}\0".encode() + content)
    return sum_.hexdigest()[:20]


def run(
    command: Sequence[str], directory: Path, *, env: Mapping[str, str] | None = None, minutes: int = 10
) -> None:
    """Run a command in `directory`. Raise BuildError with the end of its output if it fails or takes too long."""
    try:
        done = subprocess.run(
            command, cwd=directory, env=env, capture_output=True, text=True, check=False, timeout=60 * minutes
        )
    except subprocess.TimeoutExpired as error:
        raise BuildError(f"{Path(command[0]).name} was still running after {minutes} minutes") from error
    if done.returncode != 0:
        said = f"{done.stdout.strip()[-2000:]}\n{done.stderr.strip()[-2000:]}".strip()
        raise BuildError(f"{' '.join(command[:4])} failed:\n{said}")
