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
import shlex
import ssl
import stat
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from threecx_credentials import Credential, CredentialError

from ..errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping

_KNOWN = frozenset({"base_url", "client_id", "client_secret", "client_secret_file", "verify_tls", "ca_file"})
# The credential's names for what the file calls otherwise.
_ENTRIES = {"baseUrl": "base_url", "clientId": "client_id", "clientSecret": "client_secret"}
_MISSING = {
    "base_url": 'Write base_url = "https://pbx.example.com:5001", with the address of the PBX, into its table.',
    "client_id": 'Write client_id = "900" into its table, as 3CX shows it in Admin > Integrations > API.',
}
_KEY_REMEDY = (
    "Write client_secret_file, the name of a file that holds the API key, or client_secret, the key itself, into "
    "its table; 3CX shows the key once, in Admin > Integrations > API."
)


def default_path() -> Path:
    """Where profiles are looked for: `threecx/profiles.toml` in the user's configuration."""
    base = os.environ.get("XDG_CONFIG_HOME")
    return (Path(base) if base else Path.home() / ".config") / "threecx" / "profiles.toml"


def load_profiles(path: Path | None = None) -> Mapping[str, Credential]:
    """The profiles of a file, none where the default file is not there. Raises ConfigurationError."""
    chosen = path or default_path()
    if path is None and not chosen.exists():
        return {}
    refuse_if_others_can_read(chosen, if_missing="Write it, with a table such as [office] for each PBX.")
    try:
        document = tomllib.loads(chosen.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigurationError(
            f"cannot read the profiles {chosen}: {error.strerror}",
            description="Give a file that you can read.",
        ) from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigurationError(f"{chosen} is no TOML: {error}", description="Mend it there.") from error
    return {name: _credential(name, table, chosen) for name, table in document.items()}


def refuse_if_others_can_read(path: Path, *, if_missing: str = "") -> None:
    """Raises ConfigurationError where a file with secrets is none, or can be read by group or others.

    `if_missing` is the remedy where nothing is there.
    """
    try:
        mode = path.stat().st_mode
    except OSError as error:
        remedy = if_missing if isinstance(error, FileNotFoundError) else "Give a file that you can read."
        raise ConfigurationError(f"cannot read {path}: {error.strerror}", description=remedy) from error
    # What a shell puts in for `<(command)` is no regular file either, and fine.
    if stat.S_ISDIR(mode):
        raise ConfigurationError(f"{path} is a folder", description="Give the file itself.")
    forbidden = stat.S_IRWXG | stat.S_IRWXO
    if _is_systemds(path):
        # Where the service has a user of its own, systemd lets it in by an access list, which shows as the group's.
        forbidden &= ~stat.S_IRGRP
    if os.name == "posix" and mode & forbidden:
        raise ConfigurationError(
            f"{path} holds secrets and can be read by others",
            description=f"Do: chmod 600 {shlex.quote(str(path))}",
        )


def _is_systemds(path: Path) -> bool:
    folder = os.environ.get("CREDENTIALS_DIRECTORY")
    return bool(folder) and path.resolve().is_relative_to(Path(str(folder)).resolve())


def _credential(name: str, table: Any, path: Path) -> Credential:
    where = f"{path}, profile {name}"
    if not isinstance(table, dict):
        # What stands above the first table is no profile at all.
        raise ConfigurationError(
            f"{path}: {name} is in no profile",
            description="Write the profile's name in brackets, such as [office], above its lines.",
        )
    _refuse_entries(table, where)
    ca_file = str(path.parent / table["ca_file"]) if table.get("ca_file") else None
    if ca_file is not None:
        _refuse_unreadable_ca(ca_file, where)
    try:
        return Credential.of(
            table["base_url"],
            table["client_id"],
            _secret(table, path, where),
            verify_tls=table.get("verify_tls", True),
            ca_file=ca_file,
        )
    except CredentialError as error:
        entry = _ENTRIES.get(error.field, error.field)
        raise ConfigurationError(
            f"{where}, {entry}: {error}", description=error.remedy, field=error.field
        ) from error


def _refuse_entries(table: Mapping[str, Any], where: str) -> None:
    """Raises ConfigurationError for entries that are unknown, of the wrong type, missing or too many."""
    if unknown := sorted(set(table) - _KNOWN):
        raise ConfigurationError(
            f"{where} has an unknown entry {unknown[0]!r}",
            description=f"Known are {', '.join(sorted(_KNOWN))}.",
        )
    if not isinstance(table.get("verify_tls", True), bool):
        raise ConfigurationError(
            f"{where}: verify_tls must be true or false", description="Write it without quotes."
        )
    for entry in sorted(_KNOWN - {"verify_tls"}):
        if not isinstance(table.get(entry, ""), str):
            raise ConfigurationError(f"{where}: {entry} must be a text", description="Put it in quotes.")
    for entry, remedy in _MISSING.items():
        if not table.get(entry, "").strip():
            raise ConfigurationError(f"{where} has no {entry}", description=remedy)
    given = [each for each in ("client_secret", "client_secret_file") if table.get(each, "").strip()]
    if not given:
        raise ConfigurationError(
            f"{where} has neither client_secret_file nor client_secret", description=_KEY_REMEDY
        )
    if len(given) > 1:
        raise ConfigurationError(
            f"{where} has both client_secret and client_secret_file", description="Leave one of them out."
        )


def _refuse_unreadable_ca(ca_file: str, where: str) -> None:
    try:
        ssl.create_default_context(cafile=ca_file)
    except OSError as error:
        # An SSLError is an OSError too, whose words are OpenSSL's.
        reason = "it is no PEM file" if isinstance(error, ssl.SSLError) else error.strerror
        raise ConfigurationError(
            f"{where}: cannot read the ca_file {ca_file}: {reason}",
            description="Give a file with the certificate in PEM; a relative path counts from the profiles' folder.",
        ) from error


def _secret(table: Mapping[str, str], path: Path, where: str) -> str:
    if not table.get("client_secret_file", "").strip():
        return table["client_secret"]
    place = path.parent / table["client_secret_file"]
    remedy = "Write the PBX's API key, as 3CX shows it in Admin > Integrations > API, into it."
    refuse_if_others_can_read(place, if_missing=remedy)
    try:
        secret = place.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{where}: cannot read {place}", description=remedy) from error
    if not secret:
        raise ConfigurationError(f"{where}: {place} is empty", description=remedy)
    return secret
