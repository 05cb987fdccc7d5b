"""Secrets and tokens of service principals, logins and OAuth clients; logins to MCP servers."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from ..odata.errors import INVALID, EntityNotFoundError, ErrorDetail, ODataError
from .common import build_entity, change_entity, format_now, generate_secret, get_addressed, require
from .dispatch import Invocation, handles

if TYPE_CHECKING:
    from ..odata.records import Entity
    from ..pbx.pbx import Pbx

_TOKEN_SETS = {"RevokeToken": "MyTokens", "RevokeSecurityToken": "SecurityTokens"}


@handles("GenerateAppToken")
def _generate_app_token(pbx: Pbx, invocation: Invocation) -> str:
    """Generate the key of a service principal, whose client id is its number."""
    principal = get_addressed(pbx, "ServicePrincipals", invocation).value
    return pbx.auth.generate_key(principal["Number"])


@handles(*_TOKEN_SETS)
def _revoke_token(pbx: Pbx, invocation: Invocation) -> None:
    set_name = _TOKEN_SETS[invocation.route.operation.id]
    get_addressed(pbx, set_name, invocation)
    key = invocation.arguments["Id"]
    change_entity(pbx, set_name, key, Revoked=format_now(), RevokedByIp="127.0.0.1", ReasonRevoked="Manual")


@handles("RefreshClientMetadata")
def _refresh_metadata(pbx: Pbx, invocation: Invocation) -> bool:
    get_addressed(pbx, "OAuthClients", invocation)
    return True


@handles("IssueDownloadTicket")
def _issue_download_ticket(pbx: Pbx, _invocation: Invocation) -> Entity:
    return build_entity(pbx, "Pbx.OneTimeTicket", Ticket=generate_secret(), ExpiresInSeconds=60)


@handles("GetServerMetadata")
def _get_mcp_metadata(pbx: Pbx, invocation: Invocation) -> Entity:
    issuer = _parse_address(invocation.arguments["targetIssuer"])
    if issuer is None:
        raise EntityNotFoundError("targetIssuer")
    return build_entity(
        pbx,
        "Pbx.OAuthServerMetadata",
        AuthorizationEndpoint=f"{issuer}/authorize",
        TokenEndpoint=f"{issuer}/token",
        RegistrationEndpoint=f"{issuer}/register",
        ClientIdMetadataDocumentSupported=True,
    )


@handles("Register", "Exchange")
def _log_in_to_mcp(_pbx: Pbx, invocation: Invocation) -> None:
    name = "registrationEndpoint" if invocation.route.operation.id == "Register" else "tokenEndpoint"
    if _parse_address(require(invocation, name)) is None:
        raise ODataError.of(400, ErrorDetail(name, INVALID))


def _parse_address(text: str) -> str | None:
    """Return an absolute web address without a final slash, None for anything else."""
    try:
        parts = urlsplit(text)
    except ValueError:
        return None
    return text.rstrip("/") if parts.scheme in ("http", "https") and parts.netloc else None
