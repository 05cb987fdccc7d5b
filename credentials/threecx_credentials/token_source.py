"""Request tokens by the client credentials grant, and only when one is needed.

A client has only one valid token: a new one ends the older at once. So a token is requested only if there is none,
if it is about to expire, or if the PBX has refused it; never in advance.
"""

from __future__ import annotations

import json
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Protocol
from urllib.parse import quote, quote_plus

from .errors import InvalidTokenResponseError, LoginRefusedError
from .fields import MASK, TOKEN_PATH, Credential, Secret
from .token import Token

if TYPE_CHECKING:
    from .token_store import TokenStore

# For this many seconds after a refused login, no other is tried.
_REFUSAL_PAUSE = 10.0


class TokenResponse(Protocol):
    """The parts of an HTTP response that the grant needs."""

    @property
    def status(self) -> int:
        """HTTP status."""

    @property
    def content(self) -> bytes:
        """The body."""


PostForm = Callable[[str, Mapping[str, str], float], Awaitable[TokenResponse]]
"""Posts a form to a path of the PBX, with a timeout in seconds."""


async def request_token(post_form: PostForm, credential: Credential, timeout: float) -> Token:
    """Request a token. Raises LoginRefusedError with the text of the PBX."""
    secret = credential.client_secret.reveal()
    form = {
        "grant_type": "client_credentials",
        "client_id": credential.client_id,
        "client_secret": secret,
    }
    response = await post_form(TOKEN_PATH, form, timeout)
    try:
        document = json.loads(response.content)
    except ValueError:
        document = None
    if not isinstance(document, dict):
        raise InvalidTokenResponseError(response.status)
    token = document.get("access_token")
    if response.status != 200 or not isinstance(token, str) or not token:
        description = str(document.get("error_description") or "")
        # As it is, and as it is written in a form that a server may show.
        for text in (secret, quote_plus(secret, errors="replace"), quote(secret, errors="replace")):
            description = description.replace(text, MASK)
        raise LoginRefusedError(response.status, str(document.get("error") or ""), description)
    return Token.from_response(token, document.get("expires_in"), time.time())


class TokenSource:
    """Gives the valid token of one credential, and requests one only if necessary."""

    def __init__(self, credential: Credential, store: TokenStore, post_form: PostForm) -> None:
        self._credential = credential
        self._store = store
        self._post_form = post_form
        self._key = f"{credential.base_url}|{credential.client_id}"
        self._refusal: tuple[float, LoginRefusedError] | None = None

    async def get_token(self, *, timeout: float, refused: Secret | None = None) -> Token:
        """Return the valid token; `refused` is one that the PBX has just refused with 401.

        Of several callers with the same refused token the first requests a new one, which the others take.
        `timeout` bounds the token request in seconds, if there is one. Raises LoginRefusedError.
        """
        token = await self._store.load(self._key)
        if token is not None and _is_usable(token, refused):
            return token
        async with self._store.lock(self._key):
            token = await self._store.load(self._key)
            if token is None or not _is_usable(token, refused):
                token = await self._request(timeout)
                await self._store.save(self._key, token)
            return token

    async def _request(self, timeout: float) -> Token:
        """Request a token, unless a login was refused a moment ago: 3CX blocks addresses after repeated failures."""
        if self._refusal is not None and time.monotonic() < self._refusal[0]:
            raise self._refusal[1]
        try:
            return await request_token(self._post_form, self._credential, timeout)
        except LoginRefusedError as refusal:
            self._refusal = (time.monotonic() + _REFUSAL_PAUSE, refusal)
            raise


def _is_usable(token: Token, refused: Secret | None) -> bool:
    return token.access_token != refused and time.time() < token.renew_at
