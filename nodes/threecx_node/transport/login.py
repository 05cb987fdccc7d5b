"""Log in to a PBX: post the token request with its retries, and explain a refusal."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlencode

from threecx_credentials import (
    LoginRefusedError,
    TokenSource,
    TokenStoreError,
    close_token_store,
    open_token_store,
)

from ..advice import read_other_address
from ..errors import ConfigurationError, NotThreeCxError, TransportError
from .failures import translate_refusal
from .retry import log_retry

if TYPE_CHECKING:
    from collections.abc import Mapping

    from threecx_credentials import Credential, Secret, Token, TokenStore
    from threecx_credentials.token_store import Report

    from ..messages import HttpResponse
    from ..observer import Observer
    from .retry import RetryPolicy
    from .secrets import Secrets

_FORM = "application/x-www-form-urlencoded"

# Seconds in which a login is repeated, unless the PBX has answered before.
_FIRST_CONTACT = 3.0
# Seconds in which requests that waited for a login that got no response share its error.
_SHARED_FOR = 1.0


class ExchangeForm(Protocol):
    """Sends one request to a path of the PBX; raises TransportError."""

    async def __call__(
        self, method: str, target: str, headers: Mapping[str, str], body: bytes | None, timeout: float
    ) -> HttpResponse:
        """Return the response; `timeout` is in seconds."""


def open_store(report: Report) -> TokenStore:
    """Return the store of tokens that THREECX_TOKEN_STORE names; `report` takes a sentence if it cannot be used later.

    Raises ConfigurationError for a value that names none.
    """
    try:
        return open_token_store(report)
    except TokenStoreError as error:
        raise ConfigurationError(str(error), description=error.remedy) from error


class Login:
    """The login of one credential. `notes` are sentences for the user about the store of tokens.

    Without `store` it opens the one that THREECX_TOKEN_STORE names, when it is first needed.
    """

    def __init__(
        self,
        credential: Credential,
        host: str,
        exchange: ExchangeForm,
        retry: RetryPolicy,
        secrets: Secrets,
        observer: Observer | None,
        store: TokenStore | None,
    ) -> None:
        self.notes: list[str] = []
        # The last login without a response, and when it ended: requests that waited for it share its error.
        self._failure: tuple[TransportError, float] | None = None
        # Whether the PBX has answered a request.
        self.is_known = False
        self._credential = credential
        self._host = host
        self._exchange = exchange
        self._retry = retry
        self._secrets = secrets
        self._observer = observer
        self._own_store: TokenStore | None = None
        if store is None:
            store = self._own_store = open_store(self.notes.append)
        self._tokens = TokenSource(credential, store, self._post_form)
        self.accept = self._tokens.accept

    async def aclose(self) -> None:
        """Close the connections of the store, if this login opened it."""
        if self._own_store is not None:
            await close_token_store(self._own_store)

    @property
    def current_token(self) -> Token | None:
        """The token that can be used without a request, None if there is none."""
        return self._tokens.current

    async def get_token(self, timeout: float, refused: Secret | None = None) -> Token:
        """Return a token, which is requested where there is none besides the one that was refused.

        `timeout` is in seconds and bounds the request. Raises LoginError.
        """
        try:
            return await self._tokens.get_token(refused=refused, timeout=timeout)
        except LoginRefusedError as error:
            refusal = translate_refusal(error, self._host)
            refusal.is_final = refusal.is_final or not self.is_known
            raise refusal from error
        except TransportError as error:
            error.is_final = error.is_final or not self.is_known
            raise

    def refuse(self, token: Token) -> bool:
        """Note that a request with a new token was refused too; return whether there may be a newer one.

        Raises LoginError where the PBX has refused several new tokens in a row.
        """
        try:
            return self._tokens.refuse(token)
        except LoginRefusedError as error:
            raise translate_refusal(error, self._host) from error

    async def _post_form(self, path: str, form: Mapping[str, str], timeout: float) -> HttpResponse:
        if self._failure is not None and time.monotonic() - self._failure[1] < _SHARED_FOR:
            failure = self._failure[0]
            raise TransportError(failure.message, description=failure.description, code=failure.code)
        body = urlencode(form).encode()
        headers = {"content-type": _FORM}
        attempts, started, is_answered = self._retry.open(), time.monotonic(), self.is_known
        while True:
            attempts.begin()
            answer: HttpResponse | TransportError
            began, status = time.monotonic(), 0
            try:
                answer = await self._exchange("POST", path, headers, body, timeout)
                status, is_answered = answer.status, True
            except TransportError as error:
                answer = error
            if self._observer is not None:
                self._observer.note_token_request(status, time.monotonic() - began)
            verdict = self._retry.decide("login", answer, attempts)
            # A PBX that has never answered is more likely to have another address than to come back.
            is_given_time = is_answered or time.monotonic() - started < _FIRST_CONTACT
            if verdict.wait is not None and is_given_time:
                log_retry("POST", path, attempts.count, answer, verdict.wait)
                if await self._retry.wait(verdict.wait, attempts):
                    continue
            if not isinstance(answer, TransportError):
                self._refuse_other_address(answer)
                return answer
            if answer.code == "connection_lost" and self._credential.base_url.startswith("http://"):
                answer.description += f" If the port expects HTTPS, use https://{self._host} as the PBX URL."
            self._failure = answer, time.monotonic()
            raise answer

    def _refuse_other_address(self, response: HttpResponse) -> None:
        """Raise NotThreeCxError for a response that asks for another URL."""
        location = response.headers.get("location", "")
        if other := read_other_address(
            response.status, self._secrets.mask_text(location), response.content, self._host
        ):
            raise NotThreeCxError(self._host, response.status, other[0], description=other[1])
