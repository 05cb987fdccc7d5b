"""The client of one PBX: adds the token to requests, sends them, retries, and bounds the connections."""

from __future__ import annotations

import re
import time
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

import httpx

from threecx_credentials import MemoryTokenStore

from ..errors import ConfigurationError, GivenUpError, ThreeCxError, TransportError, UnreachableError
from ..messages import IN_MEMORY, HttpResponse
from ..options import DEFAULT_CONNECT_TIMEOUT, DEFAULT_CONNECTIONS, DEFAULT_TIMEOUT
from .addresses import refuse_host
from .exchange import HEADERS, Exchange, HttpxExchange, Transport
from .failures import FOREIGN, translate_failure
from .gate import Caller
from .gates import Membership
from .health import Sign, read_sign, read_sign_of_login
from .login import Login
from .retry import RetryBudget, RetryPolicy, back_off, log_retry
from .secrets import Secrets
from .session import Session
from .tls import build_tls_context
from .websocket import WebSockets

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from threecx_credentials import Credential, Secret, Token, TokenStore

    from ..messages import FilePart, HttpRequest, Reception
    from ..observer import Observer
    from .gate import Pass
    from .retry import Attempts, Verdict

VERSION_HEADER = "x-3cx-version"
_LONGEST_TARGET = 65_536
# Transports that stand for a PBX in tests: their tokens are not shared with the processes of real ones.
_IN_MEMORY = (httpx.MockTransport, httpx.ASGITransport, httpx.WSGITransport)
# After a 401 a request is repeated with a newer token of the store, and then with one that is requested for it.
_NEW_TOKENS = 2
_SENDABLE = re.compile(r"[!-~]+")

# A look-up in an enum is a call, and these are for every request.
_WORKS, _NOTHING = Sign.WORKS, Sign.NOTHING

Read = TypeVar("Read")


class PbxClient:
    """Sends requests to one PBX. Use it as an async context manager, within one event loop.

    At most `connections` requests are under way at a time, and fewer where the gate of the PBX says so, which all
    clients of the PBX share. `connect_timeout` is in seconds and bounds DNS, TCP and TLS of a new connection, not the
    wait for a free one. `transport` replaces the network, for example by `httpx.MockTransport`. `observer` counts the
    requests. `version` is the `X-3CX-Version` of the last response, None before the first.
    """

    def __init__(
        self,
        credential: Credential,
        *,
        connections: int = DEFAULT_CONNECTIONS,
        connect_timeout: float = DEFAULT_CONNECT_TIMEOUT,
        token_store: TokenStore | None = None,
        retry: RetryPolicy | None = None,
        transport: Transport | None = None,
        observer: Observer | None = None,
    ) -> None:
        self.credential = credential
        self.version: str | None = None
        base = _parse_base_url(credential.base_url)
        self.host = base.netloc.decode()
        self._base_url = str(base).rstrip("/")
        self._connect_timeout = connect_timeout
        self._retry = retry or RetryPolicy()
        # A transport of the user's is a network of its own: its PBX is not that of other clients.
        self._membership = Membership(self.host, connections, is_shared=transport is None)
        self._observer = observer
        self._sockets: WebSockets | None = None
        self._transport: Transport
        self._exchange: Exchange
        if transport is None:
            tls = build_tls_context(verify=credential.verify_tls, ca_file=credential.ca_file)
            session = Session(tls=tls, connect_timeout=connect_timeout, headers=HEADERS)
            self._transport, self._exchange = session, session.exchange
        else:
            self._transport, self._exchange = transport, HttpxExchange(transport, connect_timeout)
        if token_store is None and isinstance(transport, _IN_MEMORY):
            token_store = MemoryTokenStore()
        self._secrets = Secrets(credential.client_secret)
        # The token of the last request, and its header.
        self._token: Secret | None = None
        self._authorization = ""
        self._login = Login(
            credential,
            self.host,
            self._exchange_translated,
            self._retry,
            self._secrets,
            observer,
            token_store,
        )

    async def __aenter__(self) -> PbxClient:
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close all connections."""
        self._membership.end()
        if self._sockets is not None:
            await self._sockets.aclose()
        await self._login.aclose()
        await self._transport.aclose()

    @property
    def notes(self) -> Sequence[str]:
        """Sentences for the user about the store of access tokens; empty as long as it can be used."""
        return self._login.notes

    @property
    def limit(self) -> int:
        """The number of requests that the PBX gets at a time now, as adapted to it."""
        return self._membership.join().gate.limit.limit

    @property
    def sockets(self) -> WebSockets:
        """The WebSockets of the PBX, with the login of this client. They need the network, whatever `transport` is."""
        if self._sockets is None:
            credential = self.credential
            self._sockets = WebSockets(
                self._base_url,
                self.host,
                tls=build_tls_context(verify=credential.verify_tls, ca_file=credential.ca_file),
                login=self._login,
                secrets=self._secrets,
                connect_timeout=self._connect_timeout,
            )
        return self._sockets

    def make_caller(self, *, is_short: bool = False, is_check: bool = False, traceparent: str = "") -> Caller:
        """Return a new caller, which has a share of the PBX: for one batch, or for one request of the service."""
        return Caller(self._membership.join(), is_short=is_short, is_check=is_check, traceparent=traceparent)

    async def send(
        self,
        request: HttpRequest,
        *,
        timeout: float = DEFAULT_TIMEOUT,
        retry_time: float | None = None,
        caller: Caller | None = None,
    ) -> HttpResponse:
        """Return the response of the PBX, whatever its status. Raises UnreachableError if there is none.

        `timeout` is the time limit in seconds of each attempt as a whole, once there is a connection. A file that is
        sent or received at `MINIMUM_RATE` may take longer. `retry_time` is the seconds for repeats, by default those of
        the client. Without `caller` the request is a caller by itself.
        """
        attempts = None if retry_time is None else RetryBudget(retry_time).open()
        return await self.exchange(request, _as_it_came, timeout=timeout, attempts=attempts, caller=caller)

    async def exchange(
        self,
        request: HttpRequest,
        read: Callable[[HttpResponse], Read],
        *,
        timeout: float = DEFAULT_TIMEOUT,
        attempts: Attempts | None = None,
        caller: Caller | None = None,
    ) -> Read:
        """Return what `read` makes of the response.

        `read` raises TransportError for a response of success that cannot be used, which counts as none. `attempts`
        counts the attempts, and limits the time for them. After a 401 the request is repeated with a new token.
        retry.py decides what else is repeated, gate.py when a request may be sent. Raises what `read` raises, and
        UnreachableError.
        """
        attempts, caller = attempts or self._retry.open(), caller or self.make_caller()
        attempts.restart()
        last: tuple[HttpResponse | TransportError, Verdict] | None = None
        try:
            while True:
                try:
                    taken = caller.member.gate.try_enter(caller) or await _enter(caller, attempts)
                except GivenUpError:
                    if last is None:
                        raise
                    # The end of the last attempt says more than the end of all attempts.
                    return _conclude(*last, read)
                attempts.begin()
                answer = await self._attempt(request, read, taken, timeout)
                if isinstance(answer, tuple):
                    attempts.end(works=True)
                    return answer[0]
                verdict = self._retry.decide(request.effect, answer, attempts)
                if verdict.wait is None or not await self._wait(request, answer, verdict.wait, attempts):
                    return _conclude(answer, verdict, read)
                last = answer, verdict
        except ThreeCxError as error:
            self._secrets.mask_error(error)
            raise

    async def _wait(
        self, request: HttpRequest, answer: HttpResponse | TransportError, wait: float, attempts: Attempts
    ) -> bool:
        """Wait before the next attempt, and return whether it may begin."""
        log_retry(request.method, request.path, attempts.count, answer, wait)
        if self._observer is not None:
            self._observer.note_retry(request)
        return await self._retry.wait(wait, attempts)

    async def pause(self, attempts: Attempts) -> None:
        """Wait before a look at what became of a request, where the time for repeats allows it."""
        seconds = back_off(attempts.tries, self._retry.jitter())
        if seconds <= attempts.time_left:
            await self._retry.wait(seconds, attempts)

    async def rest(self, seconds: float, attempts: Attempts) -> bool:
        """Wait between two looks at something that changes; return False where the batch was stopped meanwhile."""
        return await self._retry.wait(seconds, attempts)

    async def _attempt(
        self, request: HttpRequest, read: Callable[[HttpResponse], Read], taken: Pass, timeout: float
    ) -> HttpResponse | TransportError | tuple[Read]:
        """Send a request once, and report to the gate how the PBX is.

        Return a tuple with the value that was read from a response of success, else what came instead.
        """
        sign, reason = _NOTHING, ""
        try:
            token = self._login.current_token or await self._login.get_token(timeout)
            answer = await self._send_authorized(request, token.access_token, taken, timeout)
            if isinstance(answer, HttpResponse):
                if answer.status == 401:
                    answer = await self._send_with_new_token(request, token, taken, timeout)
                elif answer.status < 500:
                    self._login.accept(token)
            if isinstance(answer, HttpResponse) and 200 <= answer.status < 300:
                sign = _WORKS
                try:
                    return (read(answer),)
                except TransportError as error:
                    answer = error
            sign, reason = read_sign(answer)
            return answer
        except UnreachableError as error:
            sign, reason = read_sign_of_login(error)
            raise
        finally:
            taken.caller.member.gate.leave(taken, sign, operation=request.operation, reason=reason)

    async def _send_with_new_token(
        self, request: HttpRequest, token: Token, taken: Pass, timeout: float
    ) -> HttpResponse | TransportError:
        """Send a request again, of which the PBX refused `token`: another client may have requested one since."""
        for _ in range(_NEW_TOKENS):
            token = await self._login.get_token(timeout, refused=token.access_token)
            answer = await self._send_authorized(request, token.access_token, taken, timeout)
            if isinstance(answer, TransportError):
                return answer
            if answer.status != 401:
                if answer.status < 500:
                    self._login.accept(token)
                return answer
            if not self._login.refuse(token):
                return answer
        return answer

    async def _send_authorized(
        self, request: HttpRequest, token: Secret, taken: Pass, timeout: float
    ) -> HttpResponse | TransportError:
        if token is not self._token:
            self._secrets.add_token(token)
            self._token, self._authorization = token, f"Bearer {token.reveal()}"
        headers = {**request.headers, "authorization": self._authorization}
        body = request.body
        if request.part is not None:
            headers["content-type"], body = _encode_multipart(request.part)
        elif body is not None:
            headers["content-type"] = "application/json"
        if taken.caller.traceparent:
            headers["traceparent"] = taken.caller.traceparent
        # The wait for a token is not a latency of the PBX.
        taken.began = time.monotonic()
        status = 0
        try:
            response = await self._exchange_translated(
                request.method, request.url(""), headers, body, timeout, request.reception
            )
            status = response.status
        except TransportError as error:
            return error
        finally:
            if self._observer is not None:
                self._observer.note_attempt(request, status, time.monotonic() - taken.began)
        self._login.is_known = True
        self.version = response.headers.get(VERSION_HEADER) or self.version
        if response.status < 400:
            return response
        # A server that repeats the request in its error repeats the token. Its text may be cut later, in a secret.
        content = self._secrets.mask_body(response.content)
        return HttpResponse(response.status, response.headers, content)

    async def _exchange_translated(
        self,
        method: str,
        target: str,
        headers: Mapping[str, str],
        body: bytes | None,
        timeout: float,
        reception: Reception = IN_MEMORY,
    ) -> HttpResponse:
        try:
            if len(target) > _LONGEST_TARGET or not _SENDABLE.fullmatch(target):
                raise ValueError("the URL is longer than 65,536 characters, or is not encoded")
            return await self._exchange(
                method,
                self._base_url + target,
                headers=headers,
                body=body,
                timeout=timeout,
                reception=reception,
            )
        except FOREIGN as error:
            raise translate_failure(
                error, self.host, timeout=timeout, connect_timeout=self._connect_timeout
            ) from error


async def _enter(caller: Caller, attempts: Attempts) -> Pass:
    """Return a pass for an attempt as soon as it may be sent. Raises GivenUpError."""
    budget = attempts.budget
    return await caller.member.gate.enter(
        caller, attempts.time_left, patience=budget.retry_time, stop=budget.stop
    )


def _as_it_came(response: HttpResponse) -> HttpResponse:
    return response


def _conclude(
    answer: HttpResponse | TransportError, verdict: Verdict, read: Callable[[HttpResponse], Read]
) -> Read:
    """Return what `read` makes of the last response, or raise the last error; both say whether the outcome is known."""
    is_unknown = verdict.outcome == "unknown"
    try:
        if isinstance(answer, TransportError):
            raise answer
        return read(replace(answer, outcome_unknown=True) if is_unknown else answer)
    except ThreeCxError as error:
        if is_unknown:
            error.mark_unknown()
        raise


def _encode_multipart(part: FilePart) -> tuple[str, bytes]:
    """Return the media type, which names the boundary, and the body."""
    file = part.file
    media_type = file.media_type or "application/octet-stream"
    request = httpx.Request("POST", "", files={part.field: (file.name, file.content, media_type)})
    return request.headers["content-type"], request.read()


def _parse_base_url(base_url: str) -> httpx.URL:
    try:
        url = httpx.URL(base_url)
    except (httpx.InvalidURL, ValueError) as error:
        raise ConfigurationError(
            "the host of the PBX URL cannot be used",
            description="Enter a URL such as https://pbx.example.com:5001.",
            field="baseUrl",
        ) from error
    refuse_host(url.host)
    return url
