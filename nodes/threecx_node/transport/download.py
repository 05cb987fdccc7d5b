"""Download a document from a PBX: without a login, and with limits for its size and time."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from threecx_credentials.fields import BASE_PATH

from ..errors import InputError
from ..options import DEFAULT_CONNECT_TIMEOUT
from .client import VERSION_HEADER
from .exchange import HEADERS
from .failures import FOREIGN, translate_failure
from .session import Session
from .tls import build_tls_context

if TYPE_CHECKING:
    from threecx_credentials import Credential

    from ..messages import HttpResponse

TIMEOUT = 60.0
# Only the header is of interest.
_VERSION_BYTES = 64 * 1024
_MAX_REDIRECTS = 3
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_REMEDIES = {
    401: "3CX serves its document without a login. Check the URL.",
    403: "3CX serves its document without a login. Check the URL, and whether a firewall is in front of the PBX.",
    404: "On a PBX the document is at /xapi/v1/swagger.yaml. Check the URL.",
}


@dataclass(frozen=True, slots=True)
class Download:
    """A document, the URL that it came from, and the version that the PBX reported with it (None: none)."""

    content: bytes
    url: str
    version: str | None


async def download(
    credential: Credential, path: str, *, max_bytes: int, timeout: float = TIMEOUT
) -> Download:
    """Return the document at `path` of the PBX; of the credential only the address and the TLS options are used.

    At most `max_bytes` are read, within `timeout` seconds. A redirect is followed on the same host only. Raises
    UnreachableError where the PBX does not respond, InputError where it is not a document.
    """
    url = credential.base_url + path
    async with _open_session(credential) as session:
        for _ in range(_MAX_REDIRECTS + 1):
            response = await _get(session, url, max_bytes, timeout)
            if response.status not in _REDIRECTS:
                return Download(_read(response, url, max_bytes), url, response.headers.get(VERSION_HEADER))
            url = _follow(url, response.headers.get("location", ""))
    raise InputError(f"{url} redirects more than {_MAX_REDIRECTS} times", description="Check the URL.")


async def read_version(credential: Credential, *, timeout: float = TIMEOUT) -> str | None:
    """Return the version that the PBX reports to a request without a login, None where it reports none.

    Raises UnreachableError where the PBX does not respond.
    """
    async with _open_session(credential) as session:
        url = f"{credential.base_url}{BASE_PATH}/Defs?$select=Id"
        response = await _get(session, url, _VERSION_BYTES, timeout)
    return response.headers.get(VERSION_HEADER)


def _open_session(credential: Credential) -> Session:
    tls = build_tls_context(verify=credential.verify_tls, ca_file=credential.ca_file)
    return Session(tls=tls, connect_timeout=DEFAULT_CONNECT_TIMEOUT, headers=HEADERS)


async def _get(session: Session, url: str, max_bytes: int, timeout: float) -> HttpResponse:
    try:
        return await session.download(url, max_bytes=max_bytes, timeout=timeout)
    except FOREIGN as error:
        host = urlsplit(url).netloc
        raise translate_failure(
            error, host, timeout=timeout, connect_timeout=DEFAULT_CONNECT_TIMEOUT
        ) from error


def _follow(url: str, location: str) -> str:
    """Return the URL of a redirect. Raises InputError where it leads to another host, or away from HTTPS."""
    try:
        target = urljoin(url, location)
        here, there = urlsplit(url), urlsplit(target)
        is_same = bool(location) and there.hostname == here.hostname
    except ValueError:
        target, is_same = location, False
    if is_same and (there.scheme == here.scheme or there.scheme == "https"):
        return target
    shown = "".join(each if each.isprintable() else "?" for each in target[:200])
    raise InputError(
        f"{url} redirects to {shown or 'nowhere'}, which was not followed",
        description="Give that URL instead if it is the right one.",
    )


def _read(response: HttpResponse, url: str, max_bytes: int) -> bytes:
    if response.status != 200:
        raise InputError(
            f"{url} answered {response.status} instead of a document",
            description=_REMEDIES.get(response.status, "Check the URL, or try again later."),
            http_code=response.status,
        )
    content = response.content
    if encoding := response.headers.get("content-encoding", ""):
        content = _decompress(content, encoding, url, max_bytes)
    if len(content) > max_bytes:
        raise InputError(
            f"{url} is larger than the limit of {max_bytes // 2**20} MB",
            description="The document of a PBX has about 1 MB. Check the URL.",
        )
    media_type = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type == "text/html" or content.lstrip()[:1] == b"<":
        raise InputError(
            f"{url} answered with a web page instead of an OpenAPI document",
            description="On a PBX the document is at /xapi/v1/swagger.yaml. Check host and port.",
        )
    return content


def _decompress(content: bytes, encoding: str, url: str, max_bytes: int) -> bytes:
    """Return a body that was compressed although that was not requested, up to one byte more than `max_bytes`."""
    if encoding.strip().lower() not in ("gzip", "x-gzip", "deflate"):
        raise InputError(f"{url} is encoded as {encoding[:20]!r}", description="Save the document as a file.")
    # 32: either of the two headers.
    reader = zlib.decompressobj(32 + zlib.MAX_WBITS)
    try:
        document = reader.decompress(content, max_bytes + 1)
    except zlib.error:
        document = b""
    if not reader.eof and len(document) <= max_bytes:
        raise InputError(f"{url} cannot be decompressed", description="Save the document as a file.")
    return document
