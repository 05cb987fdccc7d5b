"""The client of one PBX: adds the token to requests, sends them, retries, and bounds the connections."""

from __future__ import annotations

import asyncio
import logging
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol, TypeVar
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

from .. import __version__
from ..advice import read_other_address
from ..errors import ConfigurationError, NotThreeCxError, ThreeCxError, TransportError
from ..messages import IN_MEMORY, HttpResponse, is_file
from ..options import DEFAULT_CONNECT_TIMEOUT, DEFAULT_CONNECTIONS, DEFAULT_TIMEOUT, MINIMUM_RATE
from .body import open_body
from .failures import FOREIGN, translate_failure, translate_refusal
from .retry import RetryPolicy, back_off
from .secrets import Secrets
from .session import Session
from .tls import build_tls_context

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ..messages import BodyFile, FilePart, HttpRequest, Reception
    from .retry import Attempts, Verdict

Transport = httpx.AsyncBaseTransport
"""The interface at which a user or a test replaces the network."""
VERSION_HEADER = "x-3cx-version"
HEADERS = {
    "user-agent": f"threecx-node/{__version__}",
    "accept": "application/json, */*;q=0.5",
    "accept-encoding": "gzip, deflate",
}
_FORM = "application/x-www-form-urlencoded"
_LONGEST_TARGET = 65_536
_SENDABLE = re.compile(r"[!-~]+")

Read = TypeVar("Read")

_log = logging.getLogger("threecx_node.transport")


class Exchange(Protocol):
    """Sends one request and returns its response. `Session.exchange` is one; raises httpx's exceptions."""

    async def __call__(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        body: bytes | None = None,
        timeout: float,
        reception: Reception = IN_MEMORY,
    ) -> HttpResponse:
        """Return the response; `url` is encoded, `timeout` is in seconds and bounds the attempt as a whole."""


class PbxClient:
    """Sends requests to one PBX. Use it as an async context manager, within one event loop.

    At most `connections` requests are under way at a time. `connect_timeout` is in seconds and bounds DNS, TCP and
    TLS of a new connection, not the wait for a free one. `transport` replaces the network, for example by
    `httpx.MockTransport`. `version` is the `X-3CX-Version` of the last response, None before the first.
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
    ) -> None:
        self.credential = credential
        self.version: str | None = None
        base = _parse_base_url(credential.base_url)
        self.host = base.netloc.decode()
        self._base_url = str(base).rstrip("/")
        self._connect_timeout = connect_timeout
        self._retry = retry or RetryPolicy()
        # No other place limits the connections: neither the session nor the transport of a user does.
        self._slots = asyncio.Semaphore(connections)
        self._transport: Transport
        self._exchange: Exchange
        if transport is None:
            tls = build_tls_context(verify=credential.verify_tls, ca_file=credential.ca_file)
            session = Session(tls=tls, connect_timeout=connect_timeout, headers=HEADERS)
            self._transport, self._exchange = session, session.exchange
        else:
            self._transport, self._exchange = transport, _HttpxExchange(transport, connect_timeout)
        self._secrets = Secrets(credential.client_secret)
        self._tokens = TokenSource(credential, token_store or MemoryTokenStore(), self._post_form)

    async def __aenter__(self) -> PbxClient:
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close all connections."""
        await self._transport.aclose()

    async def send(self, request: HttpRequest, *, timeout: float = DEFAULT_TIMEOUT) -> HttpResponse:
        """Return the response of the PBX, whatever its status. Raises UnreachableError if there is none.

        `timeout` is the time limit in seconds of each attempt as a whole, once there is a connection. A file that is
        sent or received at `MINIMUM_RATE` may take longer.
        """
        return await self.exchange(request, _as_it_came, timeout=timeout)

    async def exchange(
        self,
        request: HttpRequest,
        read: Callable[[HttpResponse], Read],
        *,
        timeout: float = DEFAULT_TIMEOUT,
        attempts: Attempts | None = None,
    ) -> Read:
        """Return what `read` makes of the response.

        `read` raises TransportError for a response of success that cannot be used, which counts as none. `attempts`
        counts the attempts, and limits the time for them. After a 401 the request is repeated with a new token.
        retry.py decides what else is repeated. Raises what `read` raises, and UnreachableError.
        """
        try:
            return await self._exchange_repeatedly(request, read, timeout, attempts or self._retry.open())
        except ThreeCxError as error:
            self._secrets.mask_error(error)
            raise

    async def _exchange_repeatedly(
        self, request: HttpRequest, read: Callable[[HttpResponse], Read], timeout: float, attempts: Attempts
    ) -> Read:
        attempts.restart()
        while True:
            attempts.begin()
            async with self._slots:
                answer = await self._send_once(request, timeout)
            if isinstance(answer, HttpResponse) and 200 <= answer.status < 300:
                try:
                    value = read(answer)
                except TransportError as error:
                    answer = error
                else:
                    attempts.end(works=True)
                    return value
            verdict = self._retry.decide(request.effect, answer, attempts)
            if verdict.wait is not None:
                self._log_retry(request.method, request.path, attempts.count, answer, verdict.wait)
                if await self._retry.wait(verdict.wait, attempts):
                    continue
            return _conclude(answer, verdict, read)

    async def pause(self, attempts: Attempts) -> None:
        """Wait before a look at what became of a request, where the time for repeats allows it."""
        seconds = back_off(attempts.tries, self._retry.jitter())
        if seconds <= attempts.time_left:
            await self._retry.wait(seconds, attempts)

    async def _send_once(self, request: HttpRequest, timeout: float) -> HttpResponse | TransportError:
        token = await self._request_token(None, timeout)
        answer = await self._send_authorized(request, token, timeout)
        if isinstance(answer, HttpResponse) and answer.status == 401:
            # Another client may have requested a token since, which ends this one.
            token = await self._request_token(token, timeout)
            answer = await self._send_authorized(request, token, timeout)
        return answer

    async def _request_token(self, refused: Secret | None, timeout: float) -> Secret:
        try:
            return (await self._tokens.get_token(refused=refused, timeout=timeout)).access_token
        except LoginRefusedError as error:
            raise translate_refusal(error, self.host) from error

    async def _send_authorized(
        self, request: HttpRequest, token: Secret, timeout: float
    ) -> HttpResponse | TransportError:
        self._secrets.add_token(token)
        headers = {**request.headers, "authorization": f"Bearer {token.reveal()}"}
        body = request.body
        if request.part is not None:
            headers["content-type"], body = _encode_multipart(request.part)
        elif body is not None:
            headers["content-type"] = "application/json"
        try:
            response = await self._exchange_translated(
                request.method, request.url(""), headers, body, timeout, request.reception
            )
        except TransportError as error:
            return error
        self.version = response.headers.get(VERSION_HEADER) or self.version
        if response.status < 400:
            return response
        # A server that repeats the request in its error repeats the token. Its text may be cut later, in a secret.
        content = self._secrets.mask_body(response.content)
        return HttpResponse(response.status, response.headers, content)

    async def _post_form(self, path: str, form: Mapping[str, str], timeout: float) -> HttpResponse:
        body = urlencode(form).encode()
        headers = {"content-type": _FORM}
        attempts = self._retry.open()
        while True:
            attempts.begin()
            answer: HttpResponse | TransportError
            try:
                answer = await self._exchange_translated("POST", path, headers, body, timeout)
            except TransportError as error:
                answer = error
            verdict = self._retry.decide("login", answer, attempts)
            if verdict.wait is not None:
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


class _HttpxExchange:
    """Sends requests through any transport of httpx."""

    def __init__(self, transport: Transport, connect_timeout: float) -> None:
        self._transport = transport
        self._connect_timeout = connect_timeout

    async def __call__(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        body: bytes | None = None,
        timeout: float,
        reception: Reception = IN_MEMORY,
    ) -> HttpResponse:
        limits = httpx.Timeout(timeout, connect=self._connect_timeout).as_dict()
        request = httpx.Request(
            method, url, headers={**HEADERS, **headers}, content=body, extensions={"timeout": limits}
        )
        # It is not known whether the transport connects or waits for the response.
        async with asyncio.timeout(self._connect_timeout + timeout) as limit:
            response = await self._transport.handle_async_request(request)
            try:
                content, file = await _take_body(response, reception, limit, timeout)
            finally:
                await response.aclose()
        return HttpResponse(response.status_code, response.headers, content, file=file)


async def _take_body(
    response: httpx.Response, reception: Reception, limit: asyncio.Timeout, timeout: float
) -> tuple[bytes, BodyFile | None]:
    """Return the decoded body, or the file that it was written to; each part of a file extends `limit`."""
    loop = asyncio.get_running_loop()
    is_saved = response.is_success and is_file(response.headers)
    started, size = loop.time(), 0
    if response.is_stream_consumed:
        # The transport has made the response from bytes, and httpx has decoded them.
        encoding, chunks = "", response.aiter_bytes()
    else:
        encoding, chunks = response.headers.get("content-encoding", ""), response.aiter_raw()
    with open_body(reception, encoding, is_file=is_saved) as body:
        async for chunk in chunks:
            body.add(chunk)
            size += len(chunk)
            if is_saved:
                limit.reschedule(min(started + timeout + size / MINIMUM_RATE, loop.time() + timeout))
        return body.take()


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
