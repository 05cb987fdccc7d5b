"""The grant: client credentials for a token, and when to buy the next one.

Only one token per client may be live: buying one ends the older at once. So a token is bought only when there
is none, when it is about to end, or when the PBX has refused it; never to be safe.
"""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import quote, quote_plus

from .errors import LoginRefusedError
from .fields import MASK, Credential, Secret

if TYPE_CHECKING:
    from .token_store import TokenStore

# `expires_in` counts minutes before release 20.0.9 and seconds since; a token lives an hour. A value this small
# can only be minutes (if it were seconds, the 401 at its end would renew it all the same).
_LARGEST_MINUTES = 120
_FALLBACK_LIFETIME = 3600.0
# Renew this long before the end, or a tenth of the lifetime where that is shorter.
_MARGIN = 60.0
# Seconds for which a refused login is not tried again.
_REFUSAL_HOLDS = 10.0


class TokenResponse(Protocol):
    """What the grant needs of an HTTP response; httpx's has it."""

    @property
    def status_code(self) -> int:
        """HTTP status."""

    def json(self) -> Any:
        """The body as JSON; raises ValueError when it is none."""


Post = Callable[[str, Mapping[str, str]], Awaitable[TokenResponse]]
"""Posts a form to a URL."""


@dataclass(frozen=True, slots=True)
class Token:
    """An access token; `expires_at` and `renew_at` are seconds since the epoch by this machine's clock."""

    access_token: Secret
    expires_at: float
    renew_at: float

    @classmethod
    def received(cls, access_token: str, expires_in: object, now: float) -> Token:
        """A token that came at `now`; its end by the JWT's own claims first, `expires_in` after."""
        lifetime = jwt_lifetime(access_token, now)
        if lifetime is None:
            lifetime = _lifetime_of(expires_in)
        return cls(Secret(access_token), now + lifetime, now + lifetime - min(_MARGIN, lifetime / 10))


def _lifetime_of(expires_in: object) -> float:
    try:
        value = float(str(expires_in))
    except ValueError:
        return _FALLBACK_LIFETIME
    if not 0 < value < float("inf"):
        return _FALLBACK_LIFETIME
    return value * 60 if value <= _LARGEST_MINUTES else value


def jwt_lifetime(access_token: str, now: float) -> float | None:
    """Seconds that a JWT lives from `now`, None where its claims do not tell.

    `exp` minus `iat` does not depend on this machine's clock being right; `exp` alone does.
    """
    parts = access_token.split(".")
    if len(parts) != 3:
        return None
    try:
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
        expires = float(claims["exp"])
        issued = float(claims.get("iat", now))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    lifetime = expires - issued
    return lifetime if 0 < lifetime < float("inf") else None


async def request_token(post: Post, credential: Credential) -> Token:
    """Buys a token; raises LoginRefusedError with the PBX's words."""
    response = await post(
        credential.token_url,
        {
            "grant_type": "client_credentials",
            "client_id": credential.client_id,
            "client_secret": credential.client_secret.reveal(),
        },
    )
    try:
        answer = response.json()
    except ValueError:
        answer = None
    if not isinstance(answer, dict):
        raise LoginRefusedError(response.status_code, "no_json", "")
    token = answer.get("access_token")
    if response.status_code != 200 or not isinstance(token, str) or not token:
        words = str(answer.get("error_description") or "")
        secret = credential.client_secret.reveal()
        # As it is, and as it stands in a form that a server may show.
        for shown in (secret, quote_plus(secret, errors="replace"), quote(secret, errors="replace")):
            words = words.replace(shown, MASK)
        raise LoginRefusedError(response.status_code, str(answer.get("error") or ""), words)
    return Token.received(token, answer.get("expires_in"), time.time())


class TokenSource:
    """Gives the live token of one credential, buying one only when it must."""

    def __init__(self, credential: Credential, store: TokenStore, post: Post) -> None:
        self._credential = credential
        self._store = store
        self._post = post
        self._key = f"{credential.base_url}|{credential.client_id}"
        self._refusal: tuple[float, LoginRefusedError] | None = None

    async def token(self, *, refused: Secret | None = None) -> Token:
        """The live token; `refused` is one that the PBX has just answered with 401.

        Of many callers with the same refused token the first buys, the others take what it bought.
        """
        token = await self._store.load(self._key)
        if token is not None and self._usable(token, refused):
            return token
        async with self._store.lock(self._key):
            token = await self._store.load(self._key)
            if token is None or not self._usable(token, refused):
                token = await self._buy()
                await self._store.save(self._key, token)
            return token

    async def _buy(self) -> Token:
        """A new token. Who waited while another was refused gets that refusal: 3CX bars an address that insists."""
        if self._refusal is not None and time.monotonic() < self._refusal[0]:
            raise self._refusal[1]
        try:
            return await request_token(self._post, self._credential)
        except LoginRefusedError as refusal:
            self._refusal = (time.monotonic() + _REFUSAL_HOLDS, refusal)
            raise

    def _usable(self, token: Token, refused: Secret | None) -> bool:
        return token.access_token != refused and time.time() < token.renew_at
