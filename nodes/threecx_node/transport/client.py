"""The client of one PBX: adds the token to requests, sends them, retries, and bounds the connections."""

from __future__ import annotations

import logging
import re
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Generic, TypeVar
from urllib.parse import urlencode

import httpx

from threecx_credentials import (
    Credential,
    LoginRefusedError,
    MemoryTokenStore,
    Secret,
    TokenSource,
    TokenStore,
)

from ..advice import read_other_address
from ..errors import (
    ConfigurationError,
    GivenUpError,
    NotThreeCxError,
    ThreeCxError,
    TransportError,
    UnreachableError,
)
from ..messages import IN_MEMORY, HttpResponse
from ..options import DEFAULT_CONNECT_TIMEOUT, DEFAULT_CONNECTIONS, DEFAULT_TIMEOUT
from .exchange import HEADERS, Exchange, HttpxExchange, Transport
from .failures import FOREIGN, translate_failure, translate_refusal
from .gate import Caller
from .gates import Membership
from .health import Sign, read_sign, read_sign_of_login
from .retry import RetryPolicy, back_off
from .secrets import Secrets
from .session import Session
from .tls import build_tls_context

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ..messages import FilePart, HttpRequest, Reception
    from ..observer import Observer
    from .gate import Pass
    from .retry import Attempts, Verdict

VERSION_HEADER = "x-3cx-version"
_FORM = "application/x-www-form-urlencoded"
_LONGEST_TARGET = 65_536
# Seconds in which a login is repeated, unless the PBX has answered before.
_FIRST_CONTACT = 3.0
_SENDABLE = re.compile(r"[!-~]+")

Read = TypeVar("Read")

_log = logging.getLogger("threecx_node.transport")


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
        self._is_known = False
        self._membership = Membership(self.host, connections, is_shared=transport is None)
        self._observer = observer
        self._transport: Transport
        self._exchange: Exchange
        if transport is None:
            tls = build_tls_context(verify=credential.verify_tls, ca_file=credential.ca_file)
            session = Session(tls=tls, connect_timeout=connect_timeout, headers=HEADERS)
            self._transport, self._exchange = session, session.exchange
        else:
            self._transport, self._exchange = transport, HttpxExchange(transport, connect_timeout)
        self._secrets = Secrets(credential.client_secret)
        self._tokens = TokenSource(credential, token_store or MemoryTokenStore(), self._post_form)

    async def __aenter__(self) -> PbxClient:
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close all connections."""
        self._membership.end()
        await self._transport.aclose()

    def make_caller(self, *, is_short: bool = False, is_check: bool = False) -> Caller:
        """Return a new caller, which has a share of the PBX: for one batch, or for one request of the service."""
        return Caller(self._membership.join(), is_short=is_short, is_check=is_check)

    async def send(
        self, request: HttpRequest, *, timeout: float = DEFAULT_TIMEOUT, caller: Caller | None = None
    ) -> HttpResponse:
        """Return the response of the PBX, whatever its status. Raises UnreachableError if there is none.

        `timeout` is the time limit in seconds of each attempt as a whole, once there is a connection. A file that is
        sent or received at `MINIMUM_RATE` may take longer. Without `caller` the request is a caller
        by itself.
        """
        return await self.exchange(request, _as_it_came, timeout=timeout, caller=caller)

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
        try:
            return await self._exchange_repeatedly(request, read, timeout, attempts, caller)
        except ThreeCxError as error:
            self._secrets.mask_error(error)
            raise

    async def _exchange_repeatedly(
        self,
        request: HttpRequest,
        read: Callable[[HttpResponse], Read],
        timeout: float,
        attempts: Attempts,
        caller: Caller,
    ) -> Read:
        attempts.restart()
        gate = caller.member.gate
        last: tuple[HttpResponse | TransportError, Verdict] | None = None
        while True:
            taken = gate.try_enter(caller)
            if taken is None:
                budget = attempts.budget
                try:
                    taken = await gate.enter(
                        caller, attempts.time_left, patience=budget.retry_time, stop=budget.stop
                    )
                except GivenUpError:
                    if last is None:
                        raise
                    # How the last attempt ended says more than that there is no other one.
                    return _conclude(*last, read)
            attempts.begin()
            answer = await self._attempt(request, read, taken, timeout)
            if isinstance(answer, _Usable):
                attempts.end(works=True)
                return answer.value
            verdict = self._retry.decide(request.effect, answer, attempts)
            if verdict.wait is not None:
                last = answer, verdict
                self._note_retry(request, attempts.count, answer, verdict.wait)
                if await self._retry.wait(verdict.wait, attempts):
                    continue
            return _conclude(answer, verdict, read)

    async def pause(self, attempts: Attempts) -> None:
        """Wait before a look at what became of a request, where the time for repeats allows it."""
        seconds = back_off(attempts.tries, self._retry.jitter())
        if seconds <= attempts.time_left:
            await self._retry.wait(seconds, attempts)

    async def _attempt(
        self, request: HttpRequest, read: Callable[[HttpResponse], Read], taken: Pass, timeout: float
    ) -> HttpResponse | TransportError | _Usable[Read]:
        """Send a request once, and report to the gate how the PBX is."""
        sign, reason = Sign.NOTHING, ""
        try:
            answer = await self._send_once(request, taken, timeout)
            if isinstance(answer, HttpResponse) and 200 <= answer.status < 300:
                sign = Sign.WORKS
                try:
                    return _Usable(read(answer))
                except TransportError as error:
                    answer = error
            sign, reason = read_sign(answer)
            return answer
        except UnreachableError as error:
            sign, reason = read_sign_of_login(error)
            raise
        finally:
            taken.caller.member.gate.leave(taken, sign, operation=request.operation, reason=reason)

    async def _send_once(
        self, request: HttpRequest, taken: Pass, timeout: float
    ) -> HttpResponse | TransportError:
        token = await self._request_token(None, timeout)
        answer = await self._send_authorized(request, token, taken, timeout)
        if isinstance(answer, HttpResponse) and answer.status == 401:
            # Another client may have requested a token since, which ends this one.
            token = await self._request_token(token, timeout)
            answer = await self._send_authorized(request, token, taken, timeout)
        return answer

    async def _request_token(self, refused: Secret | None, timeout: float) -> Secret:
        try:
            return (await self._tokens.get_token(refused=refused, timeout=timeout)).access_token
        except LoginRefusedError as error:
            refusal = translate_refusal(error, self.host)
            refusal.is_final = refusal.is_final or not self._is_known
            raise refusal from error
        except TransportError as error:
            error.is_final = error.is_final or not self._is_known
            raise

    async def _send_authorized(
        self, request: HttpRequest, token: Secret, taken: Pass, timeout: float
    ) -> HttpResponse | TransportError:
        self._secrets.add_token(token)
        headers = {**request.headers, "authorization": f"Bearer {token.reveal()}"}
        body = request.body
        if request.part is not None:
            headers["content-type"], body = _encode_multipart(request.part)
        elif body is not None:
            headers["content-type"] = "application/json"
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
        self._is_known = True
        self.version = response.headers.get(VERSION_HEADER) or self.version
        if response.status < 400:
            return response
        # A server that repeats the request in its error repeats the token. Its text may be cut later, in a secret.
        content = self._secrets.mask_body(response.content)
        return HttpResponse(response.status, response.headers, content)

    async def _post_form(self, path: str, form: Mapping[str, str], timeout: float) -> HttpResponse:
        body = urlencode(form).encode()
        headers = {"content-type": _FORM}
        attempts, started, is_answered = self._retry.open(), time.monotonic(), self._is_known
        while True:
            attempts.begin()
            answer: HttpResponse | TransportError
            began, status = time.monotonic(), 0
            try:
                answer = await self._exchange_translated("POST", path, headers, body, timeout)
                status, is_answered = answer.status, True
            except TransportError as error:
                answer = error
            if self._observer is not None:
                self._observer.note_token_request(status, time.monotonic() - began)
            verdict = self._retry.decide("login", answer, attempts)
            # A PBX that has never answered is more likely to have another address than to come back.
            is_given_time = is_answered or time.monotonic() - started < _FIRST_CONTACT
            if verdict.wait is not None and is_given_time:
                self._log_retry("POST", path, attempts.count, answer, verdict.wait)
                if await self._retry.wait(verdict.wait, attempts):
                    continue
            if isinstance(answer, HttpResponse):
                self._refuse_other_address(answer)
                return answer
            if answer.code == "connection_lost" and self._base_url.startswith("http://"):
                answer.description += f" If the port expects HTTPS, use https://{self.host} as the PBX URL."
            raise answer

    def _refuse_other_address(self, response: HttpResponse) -> None:
        """Raise NotThreeCxError for a response that asks for another URL."""
        location = response.headers.get("location", "")
        if other := read_other_address(response.status, location, response.content, self.host):
            raise NotThreeCxError(self.host, response.status, other[0], description=other[1])

    def _note_retry(
        self, request: HttpRequest, attempt: int, answer: HttpResponse | TransportError, wait: float
    ) -> None:
        self._log_retry(request.method, request.path, attempt, answer, wait)
        if self._observer is not None:
            self._observer.note_retry(request)

    def _log_retry(
        self, method: str, path: str, attempt: int, answer: HttpResponse | TransportError, wait: float
    ) -> None:
        reason = answer.code if isinstance(answer, TransportError) else answer.status
        # The path alone: the query may contain personal data.
        _log.debug(
            "%s %s: attempt %d failed (%s), next attempt in %g s", *(method, path, attempt, reason, wait)
        )

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


@dataclass(frozen=True, slots=True)
class _Usable(Generic[Read]):
    """The value that was read from a response of success."""

    value: Read


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
        return httpx.URL(base_url)
    except (httpx.InvalidURL, ValueError) as error:
        raise ConfigurationError(
            "the host of the PBX URL cannot be used",
            description="Enter a URL such as https://pbx.example.com:5001.",
            field="baseUrl",
        ) from error
