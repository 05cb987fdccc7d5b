"""Request tokens by the client credentials grant, and only when one is needed.

A client has only one valid token: a new one ends the older at once. So a token is requested only if there is none,
if it is about to expire, or if the PBX has refused it; never in advance.
"""

from __future__ import annotations

import json
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Protocol

from .errors import InvalidTokenResponseError, LoginRefusedError
from .fields import TOKEN_PATH, Credential, Secret
from .masking import mask_bytes, mask_text
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
        raise InvalidTokenResponseError(response.status, mask_bytes(response.content, [secret]))
    token = document.get("access_token")
    if response.status != 200 or not isinstance(token, str) or not token:
        content = mask_bytes(response.content, [secret])
        code, description = (
            mask_text(_read_text(document, name), [secret]) for name in ("error", "error_description")
        )
        raise LoginRefusedError(response.status, code, description, content)
    return Token.from_response(token, document.get("expires_in"), time.time())


def _read_text(document: Mapping[str, object], name: str) -> str:
    value = document.get(name)
    return value if isinstance(value, str) else ""


class TokenSource:
    """Gives the valid token of one credential, and requests one only if necessary."""

    def __init__(self, credential: Credential, store: TokenStore, post_form: PostForm) -> None:
        self._credential = credential
        self._store = store
        self._post_form = post_form
        self._key = f"{credential.base_url}|{credential.client_id}"
        # The last refusal, when it came, and until when it stays valid.
        self._refusal: tuple[LoginRefusedError, float, float] | None = None

    async def get_token(self, *, timeout: float, refused: Secret | None = None) -> Token:
        """Return the valid token; `refused` is one that the PBX has just refused with 401.

        Of several callers with the same refused token the first requests a new one, which the others take.
        `timeout` bounds the token request in seconds, if there is one. Raises LoginRefusedError.
        """
        token = await self._store.load(self._key)
        if token is not None and _is_usable(token, refused):
            return token
        asked_at = time.monotonic()
        async with self._store.lock(self._key):
            token = await self._store.load(self._key)
            if token is None or not _is_usable(token, refused):
                token = await self._request(timeout, asked_at)
                await self._store.save(self._key, token)
            return token

    async def _request(self, timeout: float, asked_at: float) -> Token:
        """Request a token, unless a login was refused a moment ago: 3CX blocks addresses after repeated failures.

        Callers that waited for a login that failed, for whatever reason, share its error.
        """
        if self._refusal is not None:
            refusal, came_at, until = self._refusal
            if asked_at <= came_at or time.monotonic() < until:
                raise refusal
        try:
            return await request_token(self._post_form, self._credential, timeout)
        except LoginRefusedError as refusal:
            now = time.monotonic()
            self._refusal = (refusal, now, now if refusal.is_temporary else now + _REFUSAL_PAUSE)
            raise


def _is_usable(token: Token, refused: Secret | None) -> bool:
    return token.access_token != refused and time.time() < token.renew_at
