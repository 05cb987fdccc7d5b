"""The PBX of a command that a running executor carries out, and the secret of its webhooks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..errors import ConfigurationError
from ..secret_files import read_secret_file
from .inputs import build_credential, refuse_beside_profile
from .streams import say

if TYPE_CHECKING:
    from pathlib import Path

    import typer

    from .pbx_options import PbxOptions


def describe_pbx(
    context: typer.Context,
    profile: str | None,
    pbx: PbxOptions,
) -> dict[str, Any]:
    """Return `pbx` of a request: a profile of the executor, or a client with its API key. Raise UsageError.

    A profile takes precedence over the variables of the environment, and is refused beside such an option.
    """
    if profile is not None:
        refuse_beside_profile(context)
        return {"profile": profile}
    credential = build_credential(pbx)
    if credential.note:
        say(f"threecx: note: {credential.note}")
    return {
        "baseUrl": credential.base_url,
        "clientId": credential.client_id,
        "clientSecret": credential.client_secret.reveal(),
        "verifyTls": credential.verify_tls,
    }


def read_webhook_secret(secret: str | None, secret_file: Path | None) -> str | None:
    """Return the secret of webhooks as given, None where the executor is to make one. Raise ConfigurationError."""
    if secret_file is None:
        return (secret or "").strip() or None
    advice = "Write the secret into it: whsec_ and the Base64 of 24 to 64 random bytes."
    content = read_secret_file(
        secret_file,
        if_missing=advice,
        on_warning=lambda text: say(f"threecx: warning: {text}", level="warning"),
    ).strip()
    if not content:
        raise ConfigurationError(f"{secret_file} is empty", description=advice)
    return content
