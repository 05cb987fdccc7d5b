"""The fields of the credential, read the way people type them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import SplitResult, urlsplit

from .errors import CredentialError

BASE_PATH = "/xapi/v1"
TOKEN_PATH = "/connect/token"  # noqa: S105 (a path)
MASK = "********"
# Not allowed in a client ID or key. A line break would split a header or a form; half of a surrogate pair cannot be
# sent at all.
_CONTROL = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
_HOST = re.compile(r"^[^\s/?#@\\]+$")


class Secret:
    """A text that only `reveal()` returns; str, repr, format and errors show a mask."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """Return the text itself. Call it only to send it."""
        return self._value

    def __repr__(self) -> str:
        return f"Secret({MASK!r})"

    def __str__(self) -> str:
        return MASK

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)

    def __bool__(self) -> bool:
        return bool(self._value)

    def __reduce__(self) -> str | tuple[object, ...]:
        raise TypeError("a secret is not pickled")


@dataclass(frozen=True, slots=True)
class Credential:
    """The address of a PBX, and the client that logs in there.

    `base_url` is scheme, host, port and any prefix of a proxy, without `/xapi/v1` and without a slash at the end.
    Build it with `Credential.of`, which accepts the forms that people type. `ca_file` is a PEM file of the
    certificate authorities to trust instead of the system's.
    """

    base_url: str
    client_id: str
    client_secret: Secret = field(repr=False)
    verify_tls: bool = True
    ca_file: str | None = None

    @classmethod
    def of(
        cls,
        base_url: str,
        client_id: str,
        client_secret: str | Secret,
        *,
        verify_tls: bool = True,
        ca_file: str | None = None,
    ) -> Credential:
        """Build a credential from the fields as typed. Raises CredentialError, which names the field."""
        secret = client_secret if isinstance(client_secret, Secret) else Secret(client_secret.strip())
        client = str(client_id).strip()
        if not client:
            raise CredentialError(
                "the Client ID is missing",
                field="clientId",
                remedy="3CX shows it in Admin > Integrations > API.",
            )
        if not secret:
            raise CredentialError(
                "the API key is missing",
                field="clientSecret",
                remedy="3CX shows it once, when the client is created in Admin > Integrations > API.",
            )
        for name, text in (("clientId", client), ("clientSecret", secret.reveal())):
            if _CONTROL.search(text):
                raise CredentialError(
                    f"{name} contains a control character or line break",
                    field=name,
                    remedy="Paste it again.",
                )
        return cls(normalise_base_url(base_url), client, secret, verify_tls, ca_file)

    @property
    def api_url(self) -> str:
        """Return the base URL of the API: `https://pbx.example.com/xapi/v1`."""
        return self.base_url + BASE_PATH


def normalise_base_url(text: str) -> str:
    """Normalise a URL as typed: `pbx.example.com:5001/xapi/v1/` → `https://pbx.example.com:5001`.

    The default scheme is https. Raises CredentialError for another scheme than http and https, user and password in
    the URL, a query, a fragment, a bad port or no host. No message repeats the URL, since it may contain a password.
    """
    typed = str(text).strip()
    if not typed:
        raise _url_error(
            "the PBX URL is missing", "Enter a URL such as https://pbx.example.com or pbx.example.com:5001."
        )
    if _CONTROL.search(typed):
        raise _url_error("the PBX URL contains a control character or line break", "Paste it again.")
    parts = _split(typed if "://" in typed else f"https://{typed}")
    if parts.scheme not in ("http", "https"):
        raise _url_error(
            f"the PBX URL's scheme is {parts.scheme!r}", "Use https, or http on a trusted network."
        )
    if "@" in parts.netloc:
        raise _url_error(
            "the PBX URL contains a user name or password",
            "Remove them: the Client ID and the API key are used to log in.",
        )
    if parts.query or parts.fragment or "?" in typed or "#" in typed:
        raise _url_error("the PBX URL contains a query or fragment", "Enter only scheme, host and port.")
    if not parts.hostname or not _HOST.match(parts.netloc):
        raise _url_error("the PBX URL has no host name", "Enter a URL such as https://pbx.example.com.")
    path = re.sub(r"/+$", "", parts.path)
    path = re.sub(r"(?i)/+xapi(/+v1)?$", "", path)
    if any(part in (".", "..") for part in path.split("/")) or re.search(r"\s", path):
        raise _url_error("the path of the PBX URL cannot be used", "Enter only scheme, host and port.")
    return f"{parts.scheme}://{parts.netloc.lower()}{path}"


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        _ = parts.port  # raises if it is not a number from 0 to 65535
    except ValueError as error:
        raise _url_error(
            "the host or port of the PBX URL cannot be used",
            "Enter a URL such as https://pbx.example.com:5001.",
        ) from error
    return parts


def _url_error(message: str, remedy: str) -> CredentialError:
    return CredentialError(message, field="baseUrl", remedy=remedy)
