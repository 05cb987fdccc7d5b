"""Other libraries' exceptions → our tree: the one place that translates them."""

from __future__ import annotations

import socket
import ssl
from typing import TYPE_CHECKING

import httpx

from ..advice import advice_for
from ..errors import ConfigurationError, LoginError, TransportError

if TYPE_CHECKING:
    from threecx_credentials.errors import CredentialError, LoginRefusedError


def transport_error(error: Exception, host: str, *, timeout: float) -> TransportError:
    """The error of a request that got no answer; `host` is `name:port`."""
    chain = list(_causes(error))
    if isinstance(error, (httpx.InvalidURL, ValueError)):
        return _made(
            "unsendable", f"the request to {host} cannot be sent: {' '.join(str(error).split())[:200]}"
        )
    if any(isinstance(each, ssl.SSLCertVerificationError) for each in chain):
        # aiohttp's own error is of this class too, but only OpenSSL's tells the reason.
        reasons = [getattr(each, "verify_message", "") for each in chain]
        reason = next((each for each in reasons if each), "it cannot be verified")
        code = "tls_self_signed" if "self-signed" in reason or "self signed" in reason else "tls"
        return _made(code, f"the certificate of {host} is not trusted: {reason}")
    if any(isinstance(each, ssl.SSLError) for each in chain):
        return _made("tls_handshake", f"no TLS with {host}: {_reason(chain, ssl.SSLError)}")
    if any(isinstance(each, socket.gaierror) for each in chain):
        return _made("dns", f"the name of {host} cannot be resolved")
    if any(isinstance(each, ConnectionRefusedError) for each in chain):
        return _made("connection_refused", f"{host} refused the connection")
    if isinstance(error, (httpx.ConnectTimeout, httpx.PoolTimeout)) and _is_timeout(chain):
        return _made("connect_timeout", f"no connection to {host} in time")
    if isinstance(error, httpx.TimeoutException) and _is_timeout(chain):
        return _made("timeout", f"no answer from {host} within {timeout:g} seconds")
    if isinstance(error, httpx.ConnectError):
        return _made("unreachable", f"no connection to {host}: {_last_words(chain)}")
    return _made("connection_lost", f"the connection to {host} broke before the answer was there")


def not_a_3cx(host: str, status: int, what: str) -> TransportError:
    """The error of an answer that no 3CX gives."""
    return _made("not_3cx", f"{host} answered {status} with {what}: this is not 3CX's API", http_code=status)


def login_error(error: LoginRefusedError, host: str) -> LoginError | TransportError:
    """The error of a refused token request, the PBX's words kept."""
    if error.code == "no_json":
        return not_a_3cx(host, error.status, "no JSON to the token request")
    said = f": {error}" if str(error) else ""
    # A busy or broken PBX says nothing about the key.
    is_refusal = error.status < 500 and error.status != 429
    return LoginError(
        f"{host} {'refused the login' if is_refusal else f'answered {error.status} to the login'}{said}",
        description=advice_for(error.status, "login" if is_refusal else ""),
        http_code=error.status,
        code="login",
    )


def credential_error(error: CredentialError) -> ConfigurationError:
    """The error of a credential's field."""
    return ConfigurationError(str(error), description=error.remedy, field=error.field)


def _made(code: str, message: str, *, http_code: int | None = None) -> TransportError:
    return TransportError(message, description=advice_for(None, code), code=code, http_code=http_code)


def _causes(error: BaseException) -> list[BaseException]:
    found: list[BaseException] = []
    current: BaseException | None = error
    while current is not None and current not in found:
        found.append(current)
        # aiohttp keeps the cause of a failed connection on the exception itself.
        inner = getattr(current, "certificate_error", None) or getattr(current, "os_error", None)
        if isinstance(inner, BaseException) and inner not in found:
            found.append(inner)
        current = current.__cause__ or current.__context__
    return found


def _is_timeout(chain: list[BaseException]) -> bool:
    """Whether it truly timed out: the transport reports a dropped connection as a time-out too."""
    return any("timeout" in type(each).__name__.lower() for each in chain[1:])


def _reason(chain: list[BaseException], kind: type[ssl.SSLError]) -> str:
    error = next(each for each in chain if isinstance(each, kind))
    return str(getattr(error, "reason", None) or "the handshake failed").replace("_", " ").lower()


def _last_words(chain: list[BaseException]) -> str:
    system = next((each for each in chain if isinstance(each, OSError) and each.strerror), None)
    return str(system.strerror if system else "it was refused").lower()
