"""Translate the exceptions of other libraries into errors of `errors.py`. No other module does so."""

from __future__ import annotations

import socket
import ssl
from http import HTTPStatus
from typing import TYPE_CHECKING

import httpx

from threecx_credentials import InvalidTokenResponseError, TokenContestedError, TokenRefusedError

from ..advice import advice_for
from ..errors import LoginError, NotThreeCxError, TransportError, UnreachableError
from ..options import MINIMUM_RATE, format_bytes
from ..values.error_body import ErrorBody, is_odata_error, read_error_body
from .addresses import ForbiddenAddressError
from .body import ResponseTooLargeError
from .session import NotTakenError, TooSlowError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from threecx_credentials import LoginRefusedError

FOREIGN = (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, OSError, ValueError)
"""The exceptions that a transport raises."""

# In each table the first class that fits counts, so a subclass is listed before its base class.
# By the class of any exception in the chain of causes:
_BY_CAUSE: tuple[tuple[type[BaseException], str], ...] = (
    (ssl.SSLCertVerificationError, "tls"),
    (ssl.SSLError, "tls_handshake"),
    (socket.gaierror, "dns"),
    (ForbiddenAddressError, "forbidden_address"),
    (ConnectionRefusedError, "connection_refused"),
)
# Once there is a connection, the request may have been sent. A fault of TLS is then none of the handshake.
_CONNECTED = (
    httpx.ReadError,
    httpx.WriteError,
    httpx.CloseError,
    httpx.RemoteProtocolError,
    httpx.DecodingError,
    httpx.ReadTimeout,
    httpx.WriteTimeout,
)
# By the class of the exception itself:
_BY_CLASS: tuple[tuple[type[BaseException], str], ...] = (
    (httpx.ConnectTimeout, "connect_timeout"),
    (httpx.PoolTimeout, "connect_timeout"),
    (TooSlowError, "too_slow"),
    (httpx.TimeoutException, "timeout"),
    (TimeoutError, "timeout"),
    (httpx.ConnectError, "unreachable"),
    (NotTakenError, "not_taken"),
    (ResponseTooLargeError, "response_too_large"),
    (httpx.InvalidURL, "unsendable"),
    (httpx.UnsupportedProtocol, "unsendable"),
    (httpx.LocalProtocolError, "unsendable"),
    (ValueError, "unsendable"),
    (Exception, "connection_lost"),
)
_MESSAGES: Mapping[str, str] = {
    "tls": "the certificate of {host} is not trusted: {reason}",
    "tls_self_signed": "the certificate of {host} is not trusted: {reason}",
    "tls_handshake": "the TLS handshake with {host} failed: {reason}",
    "dns": "the host name of {host} cannot be resolved",
    "connection_refused": "{host} refused the connection",
    "forbidden_address": "{host} is a link-local address or one of a cloud platform, which a PBX never has",
    "connect_timeout": "no connection to {host} within {connect_timeout:g} seconds",
    "response_too_large": "the response of {host} is larger than the limit of {limit}",
    "too_slow": "{host} sent the file at less than {rate:g} KB per second, after the time limit of {timeout:g} seconds",
    "timeout": "no complete response from {host} within {timeout:g} seconds",
    "unreachable": "cannot connect to {host}: {reason}",
    "unsendable": "the request to {host} cannot be sent: {reason}",
    "connection_lost": "the connection to {host} was closed before the response was complete",
    "not_taken": "the connection to {host} was closed before the request was taken; nothing was carried out",
}
_LONGEST_REASON = 200
# The codes of RFC 6749, and the one that 3CX documents.
_OAUTH_CODES = frozenset(
    {
        "access_denied",
        "invalid_client",
        "invalid_grant",
        "invalid_request",
        "invalid_scope",
        "server_error",
        "temporarily_unavailable",
        "unauthorized",
        "unauthorized_client",
        "unsupported_grant_type",
    }
)
_FINAL = frozenset({"tls", "tls_self_signed", "forbidden_address"})


def translate_failure(
    error: Exception, host: str, *, timeout: float, connect_timeout: float
) -> TransportError:
    """Return the error of a request without a usable response; `host` is name and port, the limits are seconds."""
    chain = list(_chain(error))
    causes = () if isinstance(error, _CONNECTED) else chain
    code = next((code for each, code in _BY_CAUSE if any(isinstance(cause, each) for cause in causes)), "")
    code = code or next(code for each, code in _BY_CLASS if isinstance(error, each))
    reason = _reason(code, chain)
    if code == "tls" and ("self-signed" in reason or "self signed" in reason):
        code = "tls_self_signed"
    limit = format_bytes(error.limit) if isinstance(error, ResponseTooLargeError) else ""
    message = _MESSAGES[code].format(
        host=host,
        reason=reason,
        timeout=timeout,
        connect_timeout=connect_timeout,
        limit=limit,
        rate=MINIMUM_RATE / 1024,
    )
    # A file that comes too slowly is one of the timeouts.
    code = "timeout" if code == "too_slow" else code
    translated = TransportError(message, description=advice_for(None, code), code=code)
    # A certificate does not change between two requests, and neither does a forbidden address.
    translated.is_final = code in _FINAL
    return translated


def translate_refusal(error: LoginRefusedError, host: str) -> UnreachableError:
    """Return the error of a refused token request, with the text of the PBX."""
    if isinstance(error, TokenRefusedError):
        return _translate_refused_token(error, host)
    body = read_error_body(error.content)
    is_answer_of_3cx = error.is_temporary or error.status in (401, 403)
    if isinstance(error, InvalidTokenResponseError) and not is_answer_of_3cx:
        what = error.what or _describe(body, error.content)
        return NotThreeCxError(host, error.status, f"{what}, to the token request")
    words = error.description or body.message or error.code
    text = f": {words}" if words else ""
    if error.is_temporary:
        # A PBX that is busy or broken says nothing about the key.
        phrase = HTTPStatus(error.status).phrase if error.status in set(HTTPStatus) else "no known status"
        kind = f", {_describe(body, error.content)}" if isinstance(error, InvalidTokenResponseError) else ""
        message = f"{host} answered {error.status} to the login ({phrase}{kind}){text}"
    else:
        message = f"{host} refused the login{text or f' with status {error.status}'}"
    refused = LoginError(
        message,
        description=_advise_on_login(error),
        http_code=error.status,
        code="login",
    )
    if text and error.code not in _OAUTH_CODES and not is_odata_error(error.content):
        refused.foreign_words = (
            f"{host} answered {error.status} to the login, with an error that is not one of 3CX"
        )
    return refused


def _translate_refused_token(error: TokenRefusedError, host: str) -> LoginError:
    code, message = "token_refused", f"{host} issues access tokens and refuses each of them with 401"
    if isinstance(error, TokenContestedError):
        code = "token_contested"
        message = f"the access tokens of this client for {host} end as soon as they are issued"
    return LoginError(message, description=advice_for(None, code), http_code=error.status, code=code)


def _advise_on_login(error: LoginRefusedError) -> str:
    if error.is_temporary:
        # The advice for a 500 is about the values of a request.
        return advice_for(503 if error.status == 500 else error.status)
    return advice_for(None, "login_forbidden" if error.status == 403 else "login")


def _describe(body: ErrorBody, content: bytes) -> str:
    if not content.strip():
        return "an empty body"
    return "a web page" if body.is_page else "a body that is not JSON"


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__


def _reason(code: str, chain: list[BaseException]) -> str:
    if code == "tls":
        texts = [getattr(each, "verify_message", "") for each in chain]
        return next((text for text in texts if text), "it cannot be verified")
    if code == "tls_handshake":
        texts = [each.reason for each in chain if isinstance(each, ssl.SSLError)]
        return str(texts[0] or "the reason is not known").replace("_", " ").lower()
    if code == "unreachable":
        texts = [each.strerror for each in chain if isinstance(each, OSError) and each.strerror]
        return str(texts[0] if texts else "the reason is not known").lower()
    return " ".join(str(chain[0]).split())[:_LONGEST_REASON]
