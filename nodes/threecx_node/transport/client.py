"""One PBX's client: a pool of connections, the token on every request, answers or errors of our tree."""

from __future__ import annotations

import asyncio
import contextvars
import ssl
from typing import TYPE_CHECKING

import aiohttp
import httpx
import yarl
from httpx_aiohttp import AiohttpTransport

from threecx_credentials import (
    Credential,
    LoginRefusedError,
    MemoryTokenStore,
    Secret,
    TokenSource,
    TokenStore,
)
from threecx_credentials.fields import MASK

from .. import __version__
from ..advice import UNKNOWN_OUTCOME
from ..errors import ConfigurationError, ThreeCxError, TransportError
from ..messages import HttpResponse
from ..options import Limits
from .failures import login_error, transport_error
from .retry import RetryPolicy, outcome_is_unknown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..messages import HttpRequest

VERSION_HEADER = "x-3cx-version"
_HEADERS = {
    "user-agent": f"threecx-node/{__version__}",
    "accept": "application/json, */*;q=0.5",
    "accept-encoding": "gzip, deflate",
}
_EXACT_URL: contextvars.ContextVar[yarl.URL] = contextvars.ContextVar("exact_url")


class PbxClient:
    """Sends requests to one PBX. Use it as an async context manager, within one event loop.

    `version` is what the PBX's `X-3CX-Version` said last, None before its first answer.
    """

    def __init__(
        self,
        credential: Credential,
        *,
        limits: Limits | None = None,
        token_store: TokenStore | None = None,
        retry: RetryPolicy | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self.credential = credential
        self.limits = limits or Limits()
        self.version: str | None = None
        self._retry = retry or RetryPolicy()
        self._slots = asyncio.Semaphore(self.limits.concurrency)
        self._host = _host(credential.base_url)
        # The transport alone: an httpx.AsyncClient around it looks for cookies, redirections and authentication at
        # each request, none of which we want, and takes a quarter of a request's time for it.
        self._transport = transport or _transport(credential, self.limits)
        self._tokens = TokenSource(credential, token_store or MemoryTokenStore(), self._post_form)

    async def __aenter__(self) -> PbxClient:
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Closes all connections."""
        await self._transport.aclose()

    @property
    def host(self) -> str:
        """Name and port of the PBX, for messages."""
        return self._host

    async def send(self, request: HttpRequest, *, timeout: float | None = None) -> HttpResponse:  # noqa: ASYNC109 (httpx's own, per read)
        """The PBX's answer, whatever its status; raises UnreachableError where there is none.

        `timeout` are seconds in place of the client's own limit, since batches that share a client may differ.

        A 401 buys one new token and tries once more; what else is repeated, `retry.py` decides.
        """
        async with self._slots:
            attempt = 1
            while True:
                try:
                    answer = await self._authorized(request, timeout or self.limits.timeout)
                except TransportError as error:
                    wait = self._retry.wait_after_failure(request.method, error.code, attempt)
                    if wait is None:
                        raise
                else:
                    wait = self._retry.wait(request.method, answer.status, answer.headers, attempt)
                    if wait is None:
                        return answer
                attempt += 1
                await self._retry.sleep(wait)

    async def _authorized(self, request: HttpRequest, seconds: float) -> HttpResponse:
        token = await self._token(None)
        answer = await self._exchange(request, token, seconds)
        if answer.status == 401:
            # Somebody else may have bought a token meanwhile, which ended this one.
            answer = await self._exchange(request, await self._token(token), seconds)
        return answer

    async def _token(self, refused: Secret | None) -> Secret:
        try:
            return (await self._tokens.token(refused=refused)).access_token
        except LoginRefusedError as error:
            raise login_error(error, self._host) from error

    async def _exchange(self, request: HttpRequest, token: Secret, seconds: float) -> HttpResponse:
        headers = {**_HEADERS, **request.headers, "authorization": f"Bearer {token.reveal()}"}
        if request.body is not None:
            headers["content-type"] = "application/json"
        url = self.credential.api_url + request.target
        try:
            response = await self._request(
                request.method, url, seconds, headers=headers, content=request.body
            )
        except TransportError as error:
            # Here, where it is known that it was not the login that failed.
            if outcome_is_unknown(request.method, code=error.code):
                error.outcome_unknown = True
                error.description = f"{UNKNOWN_OUTCOME} {error.description}"
            raise
        self.version = response.headers.get(VERSION_HEADER) or self.version
        content = response.content
        if response.status_code >= 400:
            # A server that shows the request in its error shows the token too.
            content = content.replace(token.reveal().encode(), MASK.encode())
        return HttpResponse(response.status_code, response.headers, content)

    async def _post_form(self, url: str, form: Mapping[str, str]) -> httpx.Response:
        return await self._request("POST", url, self.limits.timeout, headers=_HEADERS, data=dict(form))

    async def _request(
        self,
        method: str,
        url: str,
        seconds: float,
        *,
        headers: Mapping[str, str],
        content: bytes | None = None,
        data: dict[str, str] | None = None,
    ) -> httpx.Response:
        limits = httpx.Timeout(seconds, connect=self.limits.connect_timeout).as_dict()
        try:
            request = httpx.Request(
                method, url, headers=headers, content=content, data=data, extensions={"timeout": limits}
            )
            response = await self._transport.handle_async_request(request)
            try:
                await response.aread()
            finally:
                await response.aclose()
        except ThreeCxError:
            raise
        except (httpx.HTTPError, httpx.InvalidURL, aiohttp.ClientError, OSError, ValueError) as error:
            raise transport_error(error, self._host, timeout=seconds) from error
        return response


def _host(base_url: str) -> str:
    try:
        return httpx.URL(base_url).netloc.decode()
    except (httpx.InvalidURL, ValueError) as error:
        raise ConfigurationError(
            "the PBX URL's host cannot be used",
            description="Give it like https://pbx.example.com:5001.",
            field="baseUrl",
        ) from error


class _ExactUrlTransport(AiohttpTransport):
    """Sends URLs as they were built: aiohttp would decode what it thinks needs no encoding (`%26` in a key)."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        _EXACT_URL.set(yarl.URL(str(request.url), encoded=True))
        return await super().handle_async_request(request)


async def _keep_exact_url(
    request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    request.url = _EXACT_URL.get()
    return await handler(request)


def _transport(credential: Credential, limits: Limits) -> AiohttpTransport:
    context = _ssl_context(credential)

    def session() -> aiohttp.ClientSession:
        made = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=limits.concurrency, ssl=context, keepalive_timeout=30),
            cookie_jar=aiohttp.DummyCookieJar(),
            middlewares=(_keep_exact_url,),
            auto_decompress=False,
        )
        # aiohttp repeats a DELETE on its own when a kept connection turns out to be closed; whether anything is
        # repeated is decided in retry.py and nowhere else. There is no public switch.
        made._retry_connection = False
        return made

    return _ExactUrlTransport(verify=context, client=session)


def _ssl_context(credential: Credential) -> ssl.SSLContext:
    if not credential.verify_tls:
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return context
    if credential.ca_file is None:
        return httpx.create_ssl_context()
    try:
        return ssl.create_default_context(cafile=credential.ca_file)
    except (OSError, ssl.SSLError) as error:
        raise ConfigurationError(
            f"cannot read the CA file {credential.ca_file}",
            description="It must be a PEM file.",
            field="caFile",
        ) from error
