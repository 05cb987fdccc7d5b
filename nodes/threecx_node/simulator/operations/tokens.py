"""Secrets and tokens: of service principals, of logins, of OAuth clients; MCP servers."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from ..refusals import INVALID, Problem, refuse
from ..registry import Call, handles
from .common import changed, made, new_secret, not_found, now, owned, required

if TYPE_CHECKING:
    from ..pbx import Pbx
    from ..state import Entity

_TOKEN_SETS = {"RevokeToken": "MyTokens", "RevokeSecurityToken": "SecurityTokens"}


@handles("GenerateAppToken")
def _app_token(pbx: Pbx, call: Call) -> str:
    """The secret of a service principal, which logs in with its number from now on."""
    principal = owned(pbx, "ServicePrincipals", call).value
    return pbx.auth.new_key(principal["Number"])


@handles(*_TOKEN_SETS)
def _revoke(pbx: Pbx, call: Call) -> None:
    set_name = _TOKEN_SETS[call.route.operation.id]
    owned(pbx, set_name, call)
    key = call.arguments["Id"]
    changed(pbx, set_name, key, Revoked=now(), RevokedByIp="127.0.0.1", ReasonRevoked="Manual")


@handles("RefreshClientMetadata")
def _refresh_metadata(pbx: Pbx, call: Call) -> bool:
    owned(pbx, "OAuthClients", call)
    return True


@handles("IssueDownloadTicket")
def _download_ticket(pbx: Pbx, _call: Call) -> Entity:
    return made(pbx, "Pbx.OneTimeTicket", Ticket=new_secret(), ExpiresInSeconds=60)


@handles("GetServerMetadata")
def _mcp_metadata(pbx: Pbx, call: Call) -> Entity:
    issuer = _address(call.arguments["targetIssuer"])
    if issuer is None:
        raise not_found("targetIssuer")
    return made(
        pbx,
        "Pbx.OAuthServerMetadata",
        AuthorizationEndpoint=f"{issuer}/authorize",
        TokenEndpoint=f"{issuer}/token",
        RegistrationEndpoint=f"{issuer}/register",
        ClientIdMetadataDocumentSupported=True,
    )


@handles("Register", "Exchange")
def _mcp_login(_pbx: Pbx, call: Call) -> None:
    name = "registrationEndpoint" if call.route.operation.id == "Register" else "tokenEndpoint"
    if _address(required(call, name)) is None:
        raise refuse(400, Problem(name, INVALID))


def _address(text: str) -> str | None:
    """An absolute web address without a slash at its end, None for anything else."""
    try:
        parts = urlsplit(text)
    except ValueError:
        return None
    return text.rstrip("/") if parts.scheme in ("http", "https") and parts.netloc else None
