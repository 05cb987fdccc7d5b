"""Named PBXs of the service, so that a canvas does not have to store their secrets.

They are in a TOML file with one table per PBX:

    [office]
    base_url = "https://pbx.example.com:5001"
    client_id = "900"
    client_secret_file = "office.key"     # beside this file, or client_secret = "…"
    verify_tls = true
    ca_file = "ca.pem"
"""

from __future__ import annotations

import ssl
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from platformdirs import user_config_path

from threecx_credentials import Credential, CredentialError

from ..errors import ConfigurationError
from ..secret_files import check_ca_file, read_secret_file

if TYPE_CHECKING:
    from collections.abc import Mapping

_KNOWN = frozenset({"base_url", "client_id", "client_secret", "client_secret_file", "verify_tls", "ca_file"})
# The credential's names of the entries that have another name in the file.
_ENTRY_NAMES = {"baseUrl": "base_url", "clientId": "client_id", "clientSecret": "client_secret"}
_MISSING = {
    "base_url": 'Write base_url = "https://pbx.example.com:5001", with the address of the PBX, into its table.',
    "client_id": 'Write client_id = "900" into its table, as 3CX shows it in Admin > Integrations > API.',
}
_KEY_ADVICE = (
    "Write client_secret_file, the name of a file with the API key, or client_secret, the key itself, into "
    "its table. 3CX shows the API key once, in Admin > Integrations > API."
)


def default_path() -> Path:
    """Return the path of `profiles.toml` in the user's configuration folder, on Linux ~/.config/threecx."""
    return user_config_path("threecx", appauthor=False) / "profiles.toml"


def load_profiles(path: Path | None = None) -> Mapping[str, Credential]:
    """Return the profiles of a file; none if the default file does not exist. Raise ConfigurationError."""
    chosen = path or default_path()
    if path is None and not chosen.exists():
        return {}
    text = read_secret_file(chosen, if_missing="Create it, with a table such as [office] for each PBX.")
    try:
        document = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise ConfigurationError(
            f"{chosen} is not valid TOML: {error}", description="Fix the file."
        ) from error
    return {name: _credential(name, table, chosen) for name, table in document.items()}


def _credential(name: str, table: Any, path: Path) -> Credential:
    where = f"{path}, profile {name}"
    if not isinstance(table, dict):
        # An entry above the first table does not belong to a profile.
        raise ConfigurationError(
            f"{path}: {name} does not belong to a profile",
            description="Write the name of the profile in brackets, such as [office], above its lines.",
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
        entry = _ENTRY_NAMES.get(error.field, error.field)
        raise ConfigurationError(
            f"{where}, {entry}: {error}", description=error.remedy, field=error.field
        ) from error


def _refuse_entries(table: Mapping[str, Any], where: str) -> None:
    """Raise ConfigurationError if an entry is unknown, missing, of the wrong type, or contradicts another one."""
    if unknown := sorted(set(table) - _KNOWN):
        raise ConfigurationError(
            f"{where} has an unknown entry {unknown[0]!r}",
            description=f"The entries of a profile are {', '.join(sorted(_KNOWN))}.",
        )
    if not isinstance(table.get("verify_tls", True), bool):
        raise ConfigurationError(
            f"{where}: verify_tls must be true or false", description="Write it without quotes."
        )
    for entry in sorted(_KNOWN - {"verify_tls"}):
        if not isinstance(table.get(entry, ""), str):
            raise ConfigurationError(f"{where}: {entry} must be a string", description="Write it in quotes.")
    for entry, advice in _MISSING.items():
        if not table.get(entry, "").strip():
            raise ConfigurationError(f"{where} has no {entry}", description=advice)
    given = [each for each in ("client_secret", "client_secret_file") if table.get(each, "").strip()]
    if not given:
        raise ConfigurationError(
            f"{where} has neither client_secret_file nor client_secret", description=_KEY_ADVICE
        )
    if len(given) > 1:
        raise ConfigurationError(
            f"{where} has both client_secret and client_secret_file", description="Remove one of them."
        )


def _refuse_unreadable_ca(ca_file: str, where: str) -> None:
    check_ca_file(Path(ca_file))
    try:
        ssl.create_default_context(cafile=ca_file)
    except OSError as error:
        # An SSLError is an OSError too, but with a message of OpenSSL.
        reason = "it is not a PEM file" if isinstance(error, ssl.SSLError) else error.strerror
        raise ConfigurationError(
            f"{where}: cannot read the ca_file {ca_file}: {reason}",
            description="Choose a file with the certificate as PEM. A relative path starts at the profiles' folder.",
        ) from error


def _secret(table: Mapping[str, str], path: Path, where: str) -> str:
    if not table.get("client_secret_file", "").strip():
        return table["client_secret"]
    place = path.parent / table["client_secret_file"]
    advice = "Write the API key of the PBX, as 3CX shows it in Admin > Integrations > API, into this file."
    secret = read_secret_file(place, if_missing=advice).strip()
    if not secret:
        raise ConfigurationError(f"{where}: {place} is empty", description=advice)
    return secret
