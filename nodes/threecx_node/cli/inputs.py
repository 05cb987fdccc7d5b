"""What a user hands over: files of items and nodes, `-p NAME=VALUE`, bodies, the PBX and its credential."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from threecx_credentials import Credential, CredentialError, Secret

from ..errors import ConfigurationError, InputError, UsageError
from ..values.json import loads, why_not_json

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

BASE_URL = "THREECX_BASE_URL"
CLIENT_ID = "THREECX_CLIENT_ID"
CLIENT_SECRET = "THREECX_CLIENT_SECRET"  # noqa: S105 (a variable's name)
VERIFY_TLS = "THREECX_VERIFY_TLS"
CA_FILE = "THREECX_CA_FILE"


def read_text(name: str, what: str, *, keep_mark: bool = False) -> str:
    """The text of a file, or of standard input for `-`; `what` names it in errors. A byte order mark goes."""
    try:
        data = sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
    except OSError as error:
        raise InputError(f"cannot read {what} {name}: {error.strerror}") from error
    try:
        return data.decode("utf-8" if keep_mark else "utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"{what} {_shown(name)} is not UTF-8 (byte {error.start})") from error


def read_json(name: str, what: str) -> Any:
    """The JSON value in a file; InputError tells line and column."""
    return parse_json(read_text(name, what), f"{what} {_shown(name)}")


def parse_json(text: str, what: str) -> Any:
    """The value of a JSON text; InputError tells line and column."""
    try:
        return loads(text)
    except ValueError as error:
        raise InputError(f"{what} is not JSON{why_not_json(error)}", description="Mend it there.") from error


def read_items(name: str | None) -> list[Mapping[str, Any]]:
    """The input items: a JSON list of objects, plain or as n8n wraps them (`{"json": {…}}`); one empty without file."""
    if name is None:
        return [{}]
    document = read_json(name, "items")
    if not isinstance(document, list):
        raise InputError(
            f"items {_shown(name)} hold {_kind(document)}, not a list of objects",
            description='Give them like [{"Id": 1}, {"Id": 2}].',
        )
    for index, item in enumerate(document):
        if not isinstance(item, dict):
            raise InputError(
                f"item {index} is {_kind(item)}, not an object", description='Give items like [{"Id": 1}].'
            )
    if document and all(_is_wrapped(item) for item in document):
        return [item["json"] for item in document]
    return document


def _is_wrapped(item: Mapping[str, Any]) -> bool:
    known = {"json", "binary", "pairedItem", "error", "index"}
    return isinstance(item.get("json"), dict) and set(item) <= known


def read_parameters(given: Sequence[str]) -> dict[str, str]:
    """`["Id=5", "Name==x"]` → `{"Id": "5", "Name": "=x"}`; each name once."""
    parameters: dict[str, str] = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not equals or not name.strip():
            raise UsageError(f"-p {text!r} has no name and value", description="Give it like -p Id=5.")
        if name.strip() in parameters:
            raise UsageError(f"-p {name.strip()} is given twice", description="Give each parameter once.")
        parameters[name.strip()] = value
    return parameters


def read_body(given: str) -> Any:
    """The body of `--body`: JSON, or `@FILE` with JSON."""
    if given.startswith("@"):
        return read_json(given[1:], "body")
    return parse_json(given, "body")


def credential(
    base_url: str | None,
    client_id: str | None,
    client_secret_file: str | None,
    *,
    verify_tls: bool | None = None,
    ca_file: str | None = None,
) -> Credential:
    """From options, else from the environment; ConfigurationError names what is missing and how to give it."""
    url = base_url or os.environ.get(BASE_URL)
    client = client_id or os.environ.get(CLIENT_ID)
    secret = os.environ.get(CLIENT_SECRET)
    if client_secret_file:
        secret = read_text(client_secret_file, "client secret").strip()
    for value, option, variable in (
        (url, "--base-url", BASE_URL),
        (client, "--client-id", CLIENT_ID),
        (secret, "--client-secret-file", CLIENT_SECRET),
    ):
        if not value:
            raise ConfigurationError(
                f"no PBX to talk to: {option} is missing", description=f"Give {option} or set {variable}."
            )
    if verify_tls is None:
        verify_tls = os.environ.get(VERIFY_TLS, "").strip().lower() not in ("0", "false", "no", "off")
    try:
        return Credential.of(
            url or "",
            client or "",
            secret or "",
            verify_tls=verify_tls,
            ca_file=ca_file or os.environ.get(CA_FILE),
        )
    except CredentialError as error:
        raise ConfigurationError(str(error), description=error.remedy, field=error.field) from error


def credential_for_dry_run(base_url: str | None) -> Credential:
    """A credential that logs in nowhere: a dry run needs none, and shows paths alone without a PBX URL."""
    url = base_url or os.environ.get(BASE_URL)
    if not url:
        return Credential("", "", Secret(""))
    try:
        return Credential.of(url, "dry-run", "dry-run")
    except CredentialError as error:
        raise ConfigurationError(str(error), description=error.remedy, field=error.field) from error


def _shown(name: str) -> str:
    return "on standard input" if name == "-" else name


def _kind(value: Any) -> str:
    if value is None:
        return "null"
    names = {dict: "an object", list: "a list", str: "a text", bool: "true or false"}
    return names.get(type(value), "a number")
