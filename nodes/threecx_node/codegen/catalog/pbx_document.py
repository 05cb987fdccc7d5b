"""Read the OpenAPI document that a PBX serves at /xapi/v1/swagger.yaml, without a login."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from threecx_credentials import Credential, CredentialError
from threecx_credentials.fields import BASE_PATH

from ...errors import ConfigurationError, InputError
from ...transport.download import download, read_version
from .openapi_file import MAX_BYTES, Document, find_release, parse_document

if TYPE_CHECKING:
    from collections.abc import Callable

DOCUMENT_PATH = f"{BASE_PATH}/swagger.yaml"
_SUFFIXES = (".yaml", ".yml", ".json")


def is_url(name: str) -> bool:
    """Return whether `name` is the URL of a PBX or of its document, not the path of a file."""
    return name.lower().startswith(("https://", "http://"))


def fetch_document(
    url: str,
    release: str | None = None,
    *,
    verify_tls: bool = True,
    ca_file: str | None = None,
    on_note: Callable[[str], None] | None = None,
) -> Document:
    """Return the document of the PBX at `url`, which may also be the URL of the document itself.

    The release is the version that the PBX reports, unless it is given or part of the document's name. `on_note` is
    called with a text about what was left out of the URL. Raises ConfigurationError for the URL and the TLS options,
    UnreachableError where the PBX does not respond, InputError where it is not an OpenAPI document.
    """
    base_url, path = _split_url(url)
    try:
        # The document needs no login.
        credential = Credential.of(base_url, "none", "none", verify_tls=verify_tls, ca_file=ca_file)
    except CredentialError as error:
        raise ConfigurationError(str(error), description=error.remedy, field=error.field) from error
    if credential.note and on_note is not None:
        on_note(credential.note)
    found = asyncio.run(download(credential, path, max_bytes=MAX_BYTES))
    release = release or find_release(found.version or "") or find_release(path)
    if release is None:
        # A proxy may serve the document as a plain file, without the headers of the API.
        release = find_release(asyncio.run(read_version(credential)) or "")
    if release is None:
        raise InputError(
            f"{found.url} came without the version of the PBX",
            description=f"Give it before the URL: 20.0.10={url}",
        )
    return parse_document(found.content, release, found.url)


def _split_url(url: str) -> tuple[str, str]:
    """Return the address of the PBX and the path of the document."""
    try:
        parts = urlsplit(url.strip())
    except ValueError:
        # The credential reports what is wrong.
        return url, DOCUMENT_PATH
    if not parts.path.lower().endswith(_SUFFIXES):
        return url, DOCUMENT_PATH
    query = f"?{parts.query}" if parts.query else ""
    return f"{parts.scheme}://{parts.netloc}", f"{parts.path}{query}"
