"""The service's own PBXs, by name, so that a canvas need not hold their secrets.

A TOML file with one table per PBX:

    [office]
    base_url = "https://pbx.example.com:5001"
    client_id = "900"
    client_secret_file = "office.key"     # beside this file, or client_secret = "…"
    verify_tls = true
    ca_file = "ca.pem"
"""

from __future__ import annotations

import os
import stat
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from threecx_credentials import Credential, CredentialError

from ..errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping

_KNOWN = frozenset({"base_url", "client_id", "client_secret", "client_secret_file", "verify_tls", "ca_file"})


def default_path() -> Path:
    """Where profiles are looked for: `threecx/profiles.toml` in the user's configuration."""
    base = os.environ.get("XDG_CONFIG_HOME")
    return (Path(base) if base else Path.home() / ".config") / "threecx" / "profiles.toml"


def load_profiles(path: Path | None = None) -> Mapping[str, Credential]:
    """The profiles of a file, none where the default file is not there. Raises ConfigurationError."""
    chosen = path or default_path()
    if path is None and not chosen.exists():
        return {}
    refuse_if_others_can_read(chosen)
    try:
        document = tomllib.loads(chosen.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigurationError(f"cannot read the profiles {chosen}: {error.strerror}") from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigurationError(f"{chosen} is no TOML: {error}", description="Mend it there.") from error
    return {name: _credential(name, table, chosen) for name, table in document.items()}


def refuse_if_others_can_read(path: Path) -> None:
    """Raises ConfigurationError where a file with secrets can be read by group or others."""
    try:
        mode = path.stat().st_mode
    except OSError as error:
        raise ConfigurationError(f"cannot read {path}: {error.strerror}") from error
    forbidden = stat.S_IRWXG | stat.S_IRWXO
    if _is_systemds(path):
        # Where the service has a user of its own, systemd lets it in by an access list, which shows as the group's.
        forbidden &= ~stat.S_IRGRP
    if os.name == "posix" and mode & forbidden:
        raise ConfigurationError(
            f"{path} holds secrets and can be read by others", description=f"Do: chmod 600 {path}"
        )


def _is_systemds(path: Path) -> bool:
    folder = os.environ.get("CREDENTIALS_DIRECTORY")
    return bool(folder) and path.resolve().is_relative_to(Path(str(folder)).resolve())


def _credential(name: str, table: Any, path: Path) -> Credential:
    where = f"{path}, profile {name}"
    if not isinstance(table, dict):
        raise ConfigurationError(f"{where} is no table", description=f"Write [{name}] above its lines.")
    if unknown := sorted(set(table) - _KNOWN):
        raise ConfigurationError(
            f"{where} has an unknown entry {unknown[0]!r}",
            description=f"Known are {', '.join(sorted(_KNOWN))}.",
        )
    verify = table.get("verify_tls", True)
    if not isinstance(verify, bool):
        raise ConfigurationError(f"{where}: verify_tls must be true or false")
    ca_file = table.get("ca_file")
    for entry in _KNOWN - {"verify_tls"}:
        if not isinstance(table.get(entry, ""), str):
            raise ConfigurationError(f"{where}: {entry} must be a text", description="Put it in quotes.")
    try:
        return Credential.of(
            str(table.get("base_url") or ""),
            str(table.get("client_id") or ""),
            _secret(table, path, where),
            verify_tls=verify,
            ca_file=str(path.parent / ca_file) if ca_file else None,
        )
    except CredentialError as error:
        raise ConfigurationError(f"{where}: {error}", description=error.remedy, field=error.field) from error


def _secret(table: Mapping[str, Any], path: Path, where: str) -> str:
    if "client_secret_file" not in table:
        return str(table.get("client_secret") or "")
    place = path.parent / str(table["client_secret_file"])
    refuse_if_others_can_read(place)
    try:
        return place.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{where}: cannot read {place}") from error
