"""Look at the address of a PBX before a request is sent: name, connection, TLS and certificate.

To a request it is the same which of these steps failed. A diagnosis needs them one by one.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import httpx

from ..errors import TransportError
from .addresses import open_socket
from .failures import translate_failure
from .tls import build_tls_context

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from threecx_credentials import Credential

_PORTS = {"https": 443, "http": 80}
_UNTRUSTED = frozenset({"tls", "tls_self_signed"})
# So many addresses of a name can be tried.
_ADDRESSES = 3
# OpenSSL's code for a certificate that has expired.
_EXPIRED = 10


@dataclass(frozen=True, slots=True)
class Certificate:
    """The certificate of a PBX: its name, its issuer and its end (None: not known), and the version of TLS.

    `problem` is the error of a certificate that is not trusted, None where it is trusted or trust is not wanted.
    """

    name: str = ""
    issuer: str = ""
    expires: datetime | None = None
    is_expired: bool = False
    tls_version: str = ""
    problem: TransportError | None = None


class AddressProbe:
    """Connects to the address of a credential, without a request. `timeout` is in seconds and bounds each connection.

    `host` is name and port as in the URL.
    """

    def __init__(self, credential: Credential, *, timeout: float) -> None:
        parts = urlsplit(credential.base_url)
        self._credential = credential
        self._timeout = timeout
        self.uses_tls = parts.scheme == "https"
        self.host_name = parts.hostname or ""
        self.port = parts.port or _PORTS[parts.scheme]
        self.host = parts.netloc

    async def connect(self) -> str:
        """Return the IP address that the name leads to, once a connection was made. Raises TransportError."""
        async with self._connection(None) as transport:
            return str(transport.get_extra_info("peername")[0])

    async def read_certificate(self) -> Certificate:
        """Return the certificate. Raises TransportError where there is no connection or no TLS."""
        verify, ca_file = self._credential.verify_tls, self._credential.ca_file
        problem = None
        if verify:
            try:
                return await self._read(build_tls_context(verify=True, ca_file=ca_file))
            except TransportError as error:
                if error.code not in _UNTRUSTED:
                    raise
                problem = error
        async with self._connection(build_tls_context(verify=False, ca_file=None)) as transport:
            encoded = transport.get_extra_info("ssl_object").getpeercert(binary_form=True)
        # Python takes apart only a certificate that it trusts.
        return replace(await self._read_untrusted(encoded), problem=problem)

    async def _read_untrusted(self, encoded: bytes) -> Certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
        context.load_verify_locations(cadata=encoded)
        try:
            return await self._read(context)
        except TransportError as error:
            return Certificate(is_expired=_is_expired(error))

    async def _read(self, context: ssl.SSLContext) -> Certificate:
        async with self._connection(context) as transport:
            connection: ssl.SSLObject = transport.get_extra_info("ssl_object")
            return _read_certificate(connection.getpeercert() or {}, connection.version() or "")

    @contextlib.asynccontextmanager
    async def _connection(self, context: ssl.SSLContext | None) -> AsyncIterator[asyncio.Transport]:
        """Yield a connection, with TLS where there is a context. Raises TransportError."""
        try:
            async with asyncio.timeout(self._timeout):
                transport = await self._open(context)
        except TimeoutError as error:
            raise self._translate(httpx.ConnectTimeout("")) from error
        except (OSError, ValueError) as error:
            failure = httpx.ConnectError("")
            failure.__cause__ = error
            raise self._translate(failure) from error
        try:
            yield transport
        finally:
            # The end of the connection is not waited for.
            transport.abort()

    async def _open(self, context: ssl.SSLContext | None) -> asyncio.Transport:
        loop = asyncio.get_running_loop()
        opened = await self._connect()
        try:
            transport, _ = await loop.create_connection(
                asyncio.Protocol,
                sock=opened,
                ssl=context,
                server_hostname=self.host_name if context is not None else None,
            )
        except BaseException:
            opened.close()
            raise
        return transport

    async def _connect(self) -> socket.socket:
        """Return a connected socket, to the first address of the name that accepts a connection."""
        loop = asyncio.get_running_loop()
        failure: OSError | None = None
        for info in await loop.getaddrinfo(self.host_name, self.port, type=socket.SOCK_STREAM):
            try:
                opened = open_socket(info)
            except OSError as error:
                failure = error
                continue
            try:
                opened.setblocking(False)
                # An address that drops packets must not take the time of the others.
                async with asyncio.timeout(self._timeout / _ADDRESSES):
                    await loop.sock_connect(opened, info[4])
                return opened
            except OSError as error:
                opened.close()
                failure = error
            except BaseException:
                opened.close()
                raise
        raise failure or OSError("the name has no address")

    def _translate(self, error: Exception) -> TransportError:
        return translate_failure(error, self.host, timeout=self._timeout, connect_timeout=self._timeout)


def _read_certificate(decoded: Mapping[str, Any], tls_version: str) -> Certificate:
    end = decoded.get("notAfter")
    expires = datetime.fromtimestamp(ssl.cert_time_to_seconds(end), UTC) if end else None
    names = [str(value) for _, value in decoded.get("subjectAltName", ())]
    return Certificate(
        ", ".join(names) or _read_name(decoded.get("subject", ()), "commonName"),
        _read_name(decoded.get("issuer", ()), "organizationName", "commonName"),
        expires,
        expires is not None and expires <= datetime.now(UTC),
        tls_version,
    )


def _read_name(parts: Any, *wanted: str) -> str:
    """Return the first of the wanted parts of a name of a certificate, empty where it has none of them."""
    found = {key: str(value) for group in parts for key, value in group}
    return next((found[each] for each in wanted if each in found), "")


def _is_expired(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return error.verify_code == _EXPIRED
        error = error.__cause__
    return False
