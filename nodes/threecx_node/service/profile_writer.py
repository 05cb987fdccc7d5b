"""Write a client into the file of profiles: its table, and its API key in a file beside it."""

from __future__ import annotations

import json
import os
import re
import shlex
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import ConfigurationError
from ..secret_files import read_secret_file
from .profiles import default_path, load_profiles

if TYPE_CHECKING:
    from collections.abc import Mapping

    from threecx_credentials import Credential, Secret

# A bare key of TOML, which is the name of a file too.
_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")


class ProfileWriter:
    """Stores the API key of a client as a profile; `credential` has the address of its PBX.

    The key is in a file of its own, so that a new key does not change the file that people edit. Both files can be read
    by this user only. Raises ConfigurationError where the profile, or one of the files, cannot be written.
    """

    def __init__(self, path: Path | None, name: str, credential: Credential) -> None:
        if not _NAME.fullmatch(name):
            raise ConfigurationError(
                f"{name!r} cannot be the name of a profile", description="Use letters, digits, - and _."
            )
        self._path = path or default_path()
        self._name = name
        self._credential = credential
        self._client_id = ""
        self._is_saved = False
        self._known = _load(self._path)
        self._key_file = self._path.parent / f"{name}.key"
        place = "" if path is None else f" --profiles {shlex.quote(str(path))}"
        self.option = f"--profile {name}{place}"

    @property
    def client_id(self) -> str | None:
        """The client of the profile, None where it does not exist yet."""
        if self._is_saved:
            return self._client_id
        known = self._known.get(self._name)
        return known.client_id if known else None

    def prepare(self, client_id: str) -> None:
        """Raise ConfigurationError if the key of this client cannot be stored; writes nothing."""
        self._client_id = client_id
        known = self._known.get(self._name)
        if known is not None and (known.client_id, known.base_url) != (client_id, self._credential.base_url):
            raise ConfigurationError(
                f"{self._path}: the profile {self._name} is of client {known.client_id} at {known.base_url}",
                description="Give another name with --profile.",
            )
        if known is not None and not self._key_file.is_file():
            raise ConfigurationError(
                f"{self._path}: the key of the profile {self._name} is not in {self._key_file.name}",
                description="Give another name with --profile, or --new-key without --profile and write the key "
                "yourself.",
            )
        if known is None and self._key_file.exists():
            raise ConfigurationError(
                f"{self._key_file} exists, but no profile {self._name} does",
                description="Give another name with --profile, or move the file away.",
            )
        folder = next(each for each in (self._path.parent, *self._path.absolute().parents) if each.exists())
        if not os.access(folder, os.W_OK | os.X_OK):
            raise ConfigurationError(
                f"cannot write into the folder {folder}", description="Give another file with --profiles."
            )

    def save(self, key: Secret) -> str:
        """Write the key, and the profile where it does not exist yet; return a sentence that says where."""
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            _write_secret(self._key_file, f"{key.reveal()}\n")
            if self._name not in self._known:
                text = read_secret_file(self._path) if self._path.exists() else ""
                _write_secret(self._path, _join(text, self._build_table()))
        except OSError as error:
            raise ConfigurationError(
                f"cannot write the profile {self._name} into {self._path}: {error.strerror}",
                description="Make room, or give another file with --profiles.",
            ) from error
        self._is_saved = True
        return f"wrote the profile {self._name} into {self._path}, and its API key into {self._key_file}"

    def _build_table(self) -> str:
        entries = {
            "base_url": self._credential.base_url,
            "client_id": self._client_id,
            "client_secret_file": self._key_file.name,
        }
        lines = [f"[{self._name}]", *(f"{name} = {_quote(value)}" for name, value in entries.items())]
        if not self._credential.verify_tls:
            lines.append("verify_tls = false")
        if self._credential.ca_file:
            lines.append(f"ca_file = {_quote(str(Path(self._credential.ca_file).absolute()))}")
        return "\n".join(lines) + "\n"


def find_reserved(path: Path | None, name: str | None, credential: Credential) -> dict[str, str]:
    """Return the clients of the profiles of a PBX, each with what uses it; that of the profile `name` is left out."""
    return {
        each.client_id: f"the profile {other}"
        for other, each in _load(path or default_path()).items()
        if other != name and each.base_url == credential.base_url
    }


def _load(path: Path) -> Mapping[str, Credential]:
    return load_profiles(path) if path.exists() else {}


def _quote(text: str) -> str:
    """Return a basic string of TOML, whose escapes are those of JSON."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _join(text: str, table: str) -> str:
    if not text.strip():
        return table
    return f"{text.rstrip()}\n\n{table}"


def _write_secret(path: Path, text: str) -> None:
    """Replace a file by one that this user alone can read. Raises OSError; the file is then as it was."""
    # Where the file is a link, the file that it leads to is replaced.
    target = Path(os.path.realpath(path))
    # A new temporary file can be read by its user alone.
    with tempfile.NamedTemporaryFile(
        "w", encoding="utf-8", newline="\n", prefix=f".{target.name}-", dir=target.parent, delete=False
    ) as file:
        try:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
            Path(file.name).replace(target)
        except BaseException:
            with suppress(OSError):
                Path(file.name).unlink()
            raise
