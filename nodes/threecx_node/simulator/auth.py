"""The token endpoint's rules: client credentials in, one live token per client out."""

from __future__ import annotations

import hmac
import secrets
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import jwt

from .roles import role_of_rights

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .dialplan import DialPlan
    from .roles import Client, Role
    from .state import MemoryStore

# The keys that were generated for service principals, by their number.
API_KEYS = "(api keys)"

# From here on `expires_in` is in seconds, before it was in minutes.
_SECONDS_SINCE = (20, 0, 9)


@dataclass(slots=True)
class TokenRefusal(Exception):  # noqa: N818 - it is an answer, not a failure of the server
    """A flat OAuth error."""

    status: int
    error: str
    description: str

    def body(self) -> dict[str, str]:
        """The error body."""
        return {"error": self.error, "error_description": self.description}


class Auth:
    """Clients, their secrets and their tokens. A new token of a client ends its older one at once.

    Clients are those that the simulator was started with, and the service principals that got a key.
    """

    def __init__(
        self,
        release: str,
        clients: Iterable[Client],
        lifetime: float,
        store: MemoryStore,
        dial_plan: DialPlan,
    ) -> None:
        self.lifetime = lifetime
        self._clients = {client.id: client for client in clients}
        self._store = store
        self._dial_plan = dial_plan
        self._in_seconds = tuple(int(part) for part in release.split(".")) >= _SECONDS_SINCE
        self._signing_key = secrets.token_hex(32)
        self._current: dict[str, str] = {}
        self._live: dict[str, tuple[str, int]] = {}

    def issue(
        self, grant_type: str | None, client_id: str | None, client_secret: str | None
    ) -> dict[str, object]:
        """The token endpoint's answer; raises TokenRefusal."""
        if not grant_type:
            raise TokenRefusal(400, "invalid_request", "The parameter grant_type is missing.")
        if grant_type != "client_credentials":
            raise TokenRefusal(400, "unsupported_grant_type", "Only client_credentials is supported.")
        if not client_id or not client_secret:
            raise TokenRefusal(400, "invalid_request", "client_id or client_secret is missing.")
        known = self.secret_of(client_id)
        if not known or not hmac.compare_digest(known.encode(), client_secret.encode()):
            raise TokenRefusal(401, "unauthorized", "The client id or the client secret is wrong.")
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
        self.revoke(client_id)
        self._current[client_id] = token
        self._live[token] = (client_id, expires)
        lifetime = self.lifetime if self._in_seconds else self.lifetime / 60
        return {"token_type": "Bearer", "expires_in": max(1, round(lifetime)), "access_token": token}

    def client_of(self, authorization: str) -> str | None:
        """The client that a request's Authorization header stands for; None where its token is not live."""
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer":
            return None
        found = self._live.get(token.strip())
        if found is None or time.time() >= found[1]:
            return None
        return found[0]

    def role_of(self, client_id: str) -> Role | None:
        """What a client may do now; None where it is no client any more."""
        if client := self._clients.get(client_id):
            return client.role
        owner = self._store.owner_of(client_id)
        key = self._store.get(API_KEYS, client_id)
        # The key of a principal that was deleted does not open its successor of the same number.
        if owner is None or key is None or owner != ("ServicePrincipals", key.value["Id"]):
            return None
        record = self._store.get(*owner)
        if record is None or not record.value["XAPIEnabled"]:
            return None
        return role_of_rights(self._dial_plan.memberships(client_id))

    def new_key(self, client_id: str) -> str:
        """A fresh API key for a service principal; the older one and its token are worth nothing any more."""
        secret = secrets.token_urlsafe(24)
        self.revoke(client_id)
        owner = self._store.owner_of(client_id)
        self._store.put(API_KEYS, client_id, {"Id": owner[1] if owner else 0, "Secret": secret})
        return secret

    def secret_of(self, client_id: str) -> str:
        """The secret that opens for a client now, empty where nothing does."""
        if self.role_of(client_id) is None:
            return ""
        record = self._store.get(API_KEYS, client_id)
        if record is not None:
            return str(record.value["Secret"])
        client = self._clients.get(client_id)
        return client.secret if client else ""

    def revoke(self, client_id: str | None = None) -> None:
        """Ends the live token of a client, or of all clients."""
        for client in [client_id] if client_id is not None else list(self._current):
            if token := self._current.pop(client, None):
                self._live.pop(token, None)
