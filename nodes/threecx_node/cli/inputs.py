"""Read the input of commands: items and nodes from files, `-p NAME=VALUE`, bodies, and the credential."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from threecx_credentials import Credential, CredentialError, Secret

from ..errors import ConfigurationError, InputError, UsageError
from ..execution.results import Item
from ..secret_files import read_secret_file
from ..values.json import loads, why_not_json
from .option_types import CLIENT_SECRET_VARIABLE
from .streams import say

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import typer

    from ..catalog import Operation
    from .pbx_options import PbxOptions


def read_text(name: str, what: str, *, keep_mark: bool = False) -> str:
    """Return the text of a file, or of standard input for `-`. A byte order mark is removed.

    `what` names the input in an InputError.
    """
    try:
        data = sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
    except OSError as error:
        raise InputError(f"cannot read {what} {name}: {error.strerror}") from error
    try:
        return data.decode("utf-8" if keep_mark else "utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"{what} {_name_source(name)} is not UTF-8 (byte {error.start})") from error


def read_json(name: str, what: str) -> Any:
    """Return the JSON value in a file. Raise InputError with line and column if it is not valid."""
    return parse_json(read_text(name, what), f"{what} {_name_source(name)}")


def parse_json(text: str, what: str) -> Any:
    """Return the value of a JSON text. Raise InputError with line and column if it is not valid."""
    try:
        return loads(text)
    except ValueError as error:
        raise InputError(
            f"{what} is not valid JSON{why_not_json(error)}", description="Fix the JSON there."
        ) from error


def read_items(name: str | None) -> list[Mapping[str, Any] | Item]:
    """Return the input items in a file; one empty item if there is no file.

    The file contains a JSON list of objects, plain or as n8n wraps them (`{"json": {…}, "binary": {…}}`).
    """
    if name is None:
        return [{}]
    document = read_json(name, "items")
    if not isinstance(document, list):
        raise InputError(
            f"items {_name_source(name)} must be a list of objects, not {_describe_type(document)}",
            description='Write them like [{"Id": 1}, {"Id": 2}].',
        )
    for index, item in enumerate(document):
        if not isinstance(item, dict):
            raise InputError(
                f"item {index} must be an object, not {_describe_type(item)}",
                description='Write items like [{"Id": 1}].',
            )
    if document and all(_is_wrapped(item) for item in document):
        return [Item(item["json"], binary=item.get("binary") or {}) for item in document]
    return document


def _is_wrapped(item: Mapping[str, Any]) -> bool:
    known = {"json", "binary", "pairedItem", "error", "index"}
    has_binary = isinstance(item.get("binary") or {}, dict)
    return isinstance(item.get("json"), dict) and has_binary and set(item) <= known


def read_parameters(given: Sequence[str]) -> dict[str, str]:
    """Return parameters by name: `["Id=5", "Name==x"]` → `{"Id": "5", "Name": "=x"}`."""
    parameters: dict[str, str] = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not equals or not name.strip():
            raise UsageError(f"-p {text!r} is not NAME=VALUE", description="Write it like -p Id=5.")
        if name.strip() in parameters:
            raise UsageError(f"-p {name.strip()} is given twice", description="Give each parameter once.")
        parameters[name.strip()] = value
    return parameters


def find_file(operation: Operation, parameters: Mapping[str, str]) -> dict[str, Any]:
    """Return parameters of the command line, with a path for the file of an upload: `file=@greeting.wav`.

    Raises UsageError for a file without `@`; an expression stays as it is.
    """
    upload = operation.version().upload
    found: dict[str, Any] = dict(parameters)
    for name, value in parameters.items():
        if upload is None or name.casefold() != upload.name.casefold() or value.startswith("="):
            continue
        if not value.startswith("@"):
            raise UsageError(
                f"-p {name}={value!r} is not a file",
                description=f"Write @ before its path: -p {name}=@{value}",
            )
        del found[name]
        found[upload.name] = Path(value[1:])
    return found


def read_body(given: str) -> Any:
    """Return the body in `--body`: JSON, or `@FILE` with JSON."""
    if given.startswith("@"):
        return read_json(given[1:], "body")
    return parse_json(given, "body")


def choose_credential(
    context: typer.Context,
    profile: str | None,
    profiles: Path | None,
    pbx: PbxOptions,
) -> Credential:
    """Return the credential of a profile, or the one that the options describe. Raise UsageError.

    `context` is that of the command. A profile takes precedence over the variables of the environment, and is refused
    beside such an option on the command line.
    """
    if profile is None:
        return build_credential(pbx)
    refuse_beside_profile(context)
    from ..service.profiles import default_path, load_profiles

    known = load_profiles(profiles)
    if profile not in known:
        names = f"Its profiles: {', '.join(known)}." if known else "It has no profiles."
        raise ConfigurationError(
            f"{profiles or default_path()} has no profile {profile}",
            description=f"{names} Create one with: threecx setup-events --profile NAME",
        )
    return known[profile]


def refuse_beside_profile(context: typer.Context) -> None:
    """Raise UsageError if an option of the command line describes a client too."""
    names = ("base_url", "client_id", "client_secret_file", "verify_tls", "ca_file")
    for parameter in context.command.params:
        source = context.get_parameter_source(parameter.name or "")
        if parameter.name in names and source is not None and source.name == "COMMANDLINE":
            raise UsageError(
                f"{parameter.opts[0]} and --profile are both given",
                description="Give one of them: the profile contains the address and the client.",
            )


def build_credential(pbx: PbxOptions) -> Credential:
    """Return the credential that the options describe. Raise ConfigurationError if one is missing or not valid."""
    base_url, client_id, client_secret = pbx.base_url, pbx.client_id, pbx.client_secret
    if pbx.client_secret_file:
        client_secret = _read_client_secret(pbx.client_secret_file)
    for value, option, variable in (
        (base_url, "--base-url", "THREECX_BASE_URL"),
        (client_id, "--client-id", "THREECX_CLIENT_ID"),
        (client_secret, "--client-secret-file", CLIENT_SECRET_VARIABLE),
    ):
        if not value:
            raise ConfigurationError(
                f"the credential of the PBX is incomplete: {option} is missing",
                description=f"Give {option} or set {variable}.",
            )
    try:
        return Credential.of(
            base_url or "",
            client_id or "",
            client_secret or "",
            verify_tls=pbx.verify_tls,
            ca_file=pbx.ca_file,
        )
    except CredentialError as error:
        raise ConfigurationError(str(error), description=error.remedy, field=error.field) from error


def _read_client_secret(name: str) -> str:
    if name == "-":
        return read_text(name, "client secret").strip()
    advice = "Write the API key of the PBX, as 3CX shows it in Admin > Integrations > API, into this file."
    secret = read_secret_file(
        Path(name),
        if_missing=advice,
        on_warning=lambda text: say(f"threecx: warning: {text}", level="warning"),
    ).strip()
    if not secret:
        raise ConfigurationError(f"{name} is empty", description=advice)
    return secret


def build_dry_run_credential(base_url: str | None) -> Credential:
    """Return a credential that cannot log in. A dry run needs none; without a URL it shows paths only."""
    if not base_url:
        return Credential("", "", Secret(""))
    try:
        return Credential.of(base_url, "dry-run", "dry-run")
    except CredentialError as error:
        raise ConfigurationError(str(error), description=error.remedy, field=error.field) from error


def _name_source(name: str) -> str:
    return "on standard input" if name == "-" else name


def _describe_type(value: Any) -> str:
    if value is None:
        return "null"
    names = {dict: "an object", list: "a list", str: "a string", bool: "true or false"}
    return names.get(type(value), "a number")
