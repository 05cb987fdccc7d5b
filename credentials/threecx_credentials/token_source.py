"""Request tokens by the client credentials grant, and only when one is needed.

A client has only one valid token: a new one ends the older at once. So a token is requested only if there is none,
if it is about to expire, or if the PBX has refused it; never in advance. The token in memory comes before the store:
as long as a token works, the store is not asked.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Protocol

from .errors import InvalidTokenResponseError, LoginRefusedError, TokenContestedError, TokenRefusedError
from .fields import TOKEN_PATH, Credential, Secret
from .masking import mask_bytes, mask_text
from .token import Token, is_sendable
from .token_store import RefusalStore, build_key

if TYPE_CHECKING:
    from .token_store import TokenStore

# For this many seconds after a refused login, no other is tried.
_REFUSAL_PAUSE = 10.0
# So many tokens in a row are requested that never work.
_MAX_UNACCEPTED = 2
# So many tokens may end early before another program is suspected to request tokens too; for every so many accepted
# requests, and every so many seconds, one more.
_MAX_LOSSES = 5.0
_REQUESTS_PER_LOSS = 8
_SECONDS_PER_LOSS = 15.0
_REMEMBERED_REFUSED = 16


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
Clock = Callable[[], float]
"""Returns seconds."""


async def request_token(
    post_form: PostForm, credential: Credential, timeout: float, *, now: Clock = time.time
) -> Token:
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
    except (ValueError, RecursionError):
        document = None
    is_object = isinstance(document, dict)
    token = document.get("access_token") if is_object else None
    if response.status == 200 and is_sendable(token):
        return Token.from_response(str(token), document.get("expires_in"), now())
    if not is_object:
        raise InvalidTokenResponseError(response.status, mask_bytes(response.content, [secret]))
    code, description = (
        mask_text(_read_text(document, name), [secret]) for name in ("error", "error_description")
    )
    if response.status == 200 and not (code or description):
        raise InvalidTokenResponseError(response.status, what=_describe_token(token))
    raise LoginRefusedError(response.status, code, description, mask_bytes(response.content, [secret]))


def _describe_token(token: object) -> str:
    return "an access token that cannot be sent" if token else "a JSON object without an access token"


def _read_text(document: Mapping[str, object], name: str) -> str:
    value = document.get(name)
    return value if isinstance(value, str) else ""


class TokenSource:
    """Gives the valid token of one credential, and requests one only if necessary.

    `now` is the clock of the machine, `timer` one that is never set. Use it within one event loop.
    """

    def __init__(
        self,
        credential: Credential,
        store: TokenStore,
        post_form: PostForm,
        *,
        now: Clock = time.time,
        timer: Clock = time.monotonic,
    ) -> None:
        self._credential = credential
        self._store = store
        self._post_form = post_form
        self._now = now
        self._timer = timer
        self._key = build_key(credential)
        self._flight = asyncio.Lock()
        self._current: Token | None = None
        # Whether this source requested the current token, and how many requests were accepted with it.
        self._is_own = False
        self._accepted = 0
        # Whether the last token was refused, so that the next one is needed before its time.
        self._is_lost = False
        self._refused: deque[Secret] = deque(maxlen=_REMEMBERED_REFUSED)
        # The last refusal, when it came, and until when it stays valid.
        self._refusal: tuple[LoginRefusedError, float, float] | None = None
        self._unaccepted = 0
        self._losses_left, self._counted_at = _MAX_LOSSES, timer()

    @property
    def current(self) -> Token | None:
        """The token that can be used without a request and without the store, None if there is none."""
        token = self._current
        return token if token is not None and self._now() < token.renew_at else None

    async def get_token(self, *, timeout: float, refused: Secret | None = None) -> Token:
        """Return the valid token; `refused` is one that the PBX has just refused with 401.

        Of several callers with the same refused token the first takes a newer one from the store, or requests one,
        which the others take. `timeout` bounds the token request in seconds, if there is one. Raises LoginRefusedError.
        """
        if (token := self._get_current(refused)) is not None:
            return token
        asked_at = self._timer()
        async with self._flight:
            if (token := self._get_current(refused)) is not None:
                return token
            if refused is not None:
                self._drop(refused)
            if (token := await self._load()) is not None:
                return token
            if refused is not None:
                self._give_up_refused()
            self._raise_refusal(asked_at)
            async with self._store.lock(self._key):
                # Another process may have requested one while this one waited.
                return await self._load() or await self._request(timeout, asked_at)

    def accept(self, token: Token) -> None:
        """Note that the PBX accepted a request with `token`."""
        if token is self._current:
            self._accepted += 1
            self._unaccepted = 0

    def refuse(self, token: Token) -> bool:
        """Note that the PBX refused a request with `token`; return whether there may be a newer one.

        Raises TokenRefusedError where the PBX has refused several new tokens in a row.
        """
        may_be_newer = token is not self._current or not self._is_own
        self._drop(token.access_token)
        self._give_up_refused()
        return may_be_newer

    def _give_up_refused(self) -> None:
        """Raise TokenRefusedError where the PBX has refused several new tokens in a row."""
        if self._unaccepted >= _MAX_UNACCEPTED:
            raise self._pause(TokenRefusedError())

    def _get_current(self, refused: Secret | None) -> Token | None:
        token = self.current
        # Compared by identity: a PBX may issue the same text again.
        return None if token is None or token.access_token is refused else token

    def _drop(self, refused: Secret) -> None:
        """Forget the current token where it is the refused one, and count the loss."""
        current = self._current
        if current is None or current.access_token is not refused:
            return
        if self._is_own and not self._accepted:
            self._unaccepted += 1
        self._current, self._is_lost = None, True
        self._refused.append(refused)
        self._earn_losses()

    async def _load(self) -> Token | None:
        """Take the token of the store, if it can be used."""
        token = await self._store.load(self._key)
        if token is None or token.access_token in self._refused or self._now() >= token.renew_at:
            return None
        self._set_current(token, is_own=False)
        return token

    def _set_current(self, token: Token, *, is_own: bool) -> None:
        self._earn_losses()
        self._current, self._is_own, self._is_lost = token, is_own, False

    async def _request(self, timeout: float, asked_at: float) -> Token:
        """Request a token, unless a login was refused a moment ago: 3CX blocks addresses after repeated failures.

        Callers that waited for a login that failed, for whatever reason, share its error.
        """
        self._raise_refusal(asked_at)
        store = self._store if isinstance(self._store, RefusalStore) else None
        if store is not None and (shared := await store.load_refusal(self._key)) is not None:
            raise self._pause(shared)
        if self._is_lost:
            self._spend_loss()
        try:
            token = await request_token(self._post_form, self._credential, timeout, now=self._now)
        except LoginRefusedError as refusal:
            self._pause(refusal)
            if store is not None and not refusal.is_temporary:
                await store.save_refusal(self._key, refusal, _REFUSAL_PAUSE)
            raise
        self._set_current(token, is_own=True)
        await self._store.save(self._key, token)
        return token

    def _raise_refusal(self, asked_at: float) -> None:
        if self._refusal is not None:
            refusal, came_at, until = self._refusal
            if asked_at <= came_at or self._timer() < until:
                raise refusal

    def _pause(self, refusal: LoginRefusedError) -> LoginRefusedError:
        """Keep a refusal for those who ask within the next seconds, and return it."""
        now = self._timer()
        self._refusal = (refusal, now, now if refusal.is_temporary else now + _REFUSAL_PAUSE)
        return refusal

    def _earn_losses(self) -> None:
        """Add to the losses that are left what the accepted requests and the time since have earned."""
        now = self._timer()
        earned = self._accepted / _REQUESTS_PER_LOSS + (now - self._counted_at) / _SECONDS_PER_LOSS
        self._losses_left = min(_MAX_LOSSES, self._losses_left + earned)
        self._accepted, self._counted_at = 0, now

    def _spend_loss(self) -> None:
        """Count a token that ended before its time. Raises TokenContestedError where too many did."""
        self._earn_losses()
        if self._losses_left < 1:
            raise self._pause(TokenContestedError())
        self._losses_left -= 1
