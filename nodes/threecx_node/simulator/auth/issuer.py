"""Issue access tokens: client credentials in, one live token per client out."""

from __future__ import annotations

import hmac
import secrets
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import jwt

from .roles import select_role

if TYPE_CHECKING:
    from ..odata.records import Entity
    from ..store.memory import MemoryStore
    from .roles import Client, Role

# Returns the groups that a number is a member of.
ListMemberships = Callable[[str], Sequence["Entity"]]

# The table of the keys that were generated for service principals, by number.
API_KEYS = "(api keys)"

# From this release on `expires_in` is in seconds; before, it was in minutes.
_SECONDS_SINCE = (20, 0, 9)


class OAuthError(Exception):
    """An error of the token endpoint, in OAuth's flat form."""

    def __init__(self, status: int, error: str, description: str) -> None:
        super().__init__(description)
        self.status = status
        self.error = error
        self.description = description

    def to_json(self) -> dict[str, str]:
        """Return the response's body as JSON values."""
        return {"error": self.error, "error_description": self.description}


@dataclass(frozen=True, slots=True)
class LiveToken:
    """A token that is valid until `expires`, in seconds since the epoch, or until it ends earlier."""

    text: str = field(repr=False)
    client_id: str
    expires: float


class TokenIssuer:
    """Clients, their secrets and their tokens. A new token of a client ends its older one at once.

    Clients are those that the simulator was started with, and the service principals that have a key. The functions in
    `on_end` are called with each token that ends before it expires.
    """

    def __init__(
        self,
        release: str,
        clients: Iterable[Client],
        lifetime: float,
        store: MemoryStore,
        list_memberships: ListMemberships,
    ) -> None:
        self.lifetime = lifetime
        self.clients = {client.id: client for client in clients}
        self.on_end: list[Callable[[LiveToken], None]] = []
        self._store = store
        self._list_memberships = list_memberships
        self._in_seconds = tuple(int(part) for part in release.split(".")) >= _SECONDS_SINCE
        self._signing_key = secrets.token_hex(32)
        self._current: dict[str, str] = {}
        self._live: dict[str, LiveToken] = {}

    def issue_token(
        self, grant_type: str | None, client_id: str | None, client_secret: str | None
    ) -> dict[str, object]:
        """Return the body of the token endpoint's response; raise OAuthError."""
        if not grant_type:
            raise OAuthError(400, "invalid_request", "The parameter grant_type is missing.")
        if grant_type != "client_credentials":
            raise OAuthError(400, "unsupported_grant_type", "Only client_credentials is supported.")
        if not client_id or not client_secret:
            raise OAuthError(400, "invalid_request", "client_id or client_secret is missing.")
        expected = self.find_secret(client_id)
        if not expected or not hmac.compare_digest(expected.encode(), client_secret.encode()):
            raise OAuthError(401, "unauthorized", "The client id or the client secret is wrong.")
        now = time.time()
        expires = int(now + self.lifetime)
        claims = {
            "sub": client_id,
            "unique_name": client_id,
            "iss": "threecx-simulator",
            "iat": int(now),
            "exp": expires,
            "jti": secrets.token_hex(8),
        }
        token = jwt.encode(claims, self._signing_key, algorithm="HS256")
        self.revoke_tokens(client_id)
        self._current[client_id] = token
        self._live[token] = LiveToken(token, client_id, expires)
        lifetime = self.lifetime if self._in_seconds else self.lifetime / 60
        return {"token_type": "Bearer", "expires_in": max(1, round(lifetime)), "access_token": token}

    def find_client(self, authorization: str) -> str | None:
        """Return the client of a request by its Authorization header, None if its token is not live."""
        found = self.find_token(authorization)
        return found.client_id if found is not None else None

    def find_token(self, authorization: str) -> LiveToken | None:
        """Return the live token of an Authorization header, None if there is none."""
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer":
            return None
        found = self._live.get(token.strip())
        return None if found is None or time.time() >= found.expires else found

    def find_role(self, client_id: str) -> Role | None:
        """Return a client's current role, None if it is not a client of the Configuration API any more."""
        if client := self.clients.get(client_id):
            return client.role
        principal = self._find_principal(client_id)
        if principal is None or not principal["XAPIEnabled"]:
            return None
        return select_role(self._list_memberships(client_id))

    def may_log_in(self, client_id: str) -> bool:
        """Return whether a client may use one of the PBX's APIs."""
        if client_id in self.clients:
            return True
        principal = self._find_principal(client_id)
        return principal is not None and bool(principal["XAPIEnabled"] or principal["CallControlEnabled"])

    def generate_key(self, client_id: str) -> str:
        """Return a new API key for a service principal; its older key and token are no longer valid."""
        secret = secrets.token_urlsafe(24)
        self.revoke_tokens(client_id)
        owner = self._store.find_owner(client_id)
        self._store.put(API_KEYS, client_id, {"Id": owner[1] if owner else 0, "Secret": secret})
        return secret

    def find_secret(self, client_id: str) -> str:
        """Return a client's current secret, an empty text if the client cannot log in."""
        if not self.may_log_in(client_id):
            return ""
        record = self._store.get(API_KEYS, client_id)
        if record is not None:
            return str(record.value["Secret"])
        client = self.clients.get(client_id)
        return client.secret if client else ""

    def revoke_tokens(self, client_id: str | None = None) -> None:
        """End the live token of a client, or of all clients."""
        for client in [client_id] if client_id is not None else list(self._current):
            token = self._current.pop(client, None)
            ended = self._live.pop(token, None) if token is not None else None
            if ended is not None:
                for each in self.on_end:
                    each(ended)

    def _find_principal(self, client_id: str) -> Entity | None:
        """Return the service principal whose key is that of a client."""
        owner = self._store.find_owner(client_id)
        key = self._store.get(API_KEYS, client_id)
        # The key of a deleted principal is not valid for a later one with the same number.
        if owner is None or key is None or owner != ("ServicePrincipals", key.value["Id"]):
            return None
        record = self._store.get(*owner)
        return record.value if record is not None else None
