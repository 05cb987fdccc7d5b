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
# The paths of 3CX itself: its API, and the pages that people copy the address of. A prefix of a proxy is before them.
_OWN_PATH = re.compile(r"/+(?:xapi|callcontrol|connect/+token|webclient|index\.html?)(?=/|$)", re.IGNORECASE)
_API_PATH = re.compile(r"(?:/+xapi(?:/+v1)?)?/*", re.IGNORECASE)
_LONGEST_SHOWN = 60


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
    certificate authorities to trust instead of the system's. `left_out` is what was typed after the address and does
    not belong to it, such as `/#/office/users` of a browser's address line.
    """

    base_url: str
    client_id: str
    client_secret: Secret = field(repr=False)
    verify_tls: bool = True
    ca_file: str | None = None
    left_out: str = field(default="", repr=False, compare=False)

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
        address, left_out = split_base_url(base_url)
        return cls(address, client, secret, verify_tls, ca_file, left_out)

    @property
    def api_url(self) -> str:
        """Return the base URL of the API: `https://pbx.example.com/xapi/v1`."""
        return self.base_url + BASE_PATH

    @property
    def note(self) -> str:
        """Return a sentence about what was left out of the URL as typed, empty where nothing was."""
        if not self.left_out:
            return ""
        return f"the PBX URL is read as {self.base_url}: {self.left_out} is not a part of the address"


def normalise_base_url(text: str) -> str:
    """Normalise a URL as typed: `pbx.example.com:5001/xapi/v1/` → `https://pbx.example.com:5001`.

    Raises CredentialError as `split_base_url` does.
    """
    return split_base_url(text)[0]


def split_base_url(text: str) -> tuple[str, str]:
    """Return the address in a URL as typed, and the rest where it was copied from a browser.

    `https://pbx.example.com/#/office/users` gives `https://pbx.example.com` and `/#/office/users`. The rest is empty
    for the base URL of the API (`/xapi/v1`), and ends before a `?`, since it is shown to the user.

    The default scheme is https. Raises CredentialError for another scheme than http and https, user and password in
    the URL, a query, a bad port or no host. No message repeats the URL, since it may contain a password.
    """
    typed = str(text).strip()
    if not typed:
        raise _url_error(
            "the PBX URL is missing", "Enter a URL such as https://pbx.example.com or pbx.example.com:5001."
        )
    if _CONTROL.search(typed):
        raise _url_error("the PBX URL contains a control character or line break", "Paste it again.")
    # A browser's address line has the page of 3CX after a "#".
    address, mark, page = typed.partition("#")
    parts = _split(address if "://" in address else f"https://{address}")
    if parts.scheme not in ("http", "https"):
        raise _url_error(
            f"the PBX URL's scheme is {parts.scheme!r}", "Use https, or http on a trusted network."
        )
    if "@" in parts.netloc:
        raise _url_error(
            "the PBX URL contains a user name or password",
            "Remove them: the Client ID and the API key are used to log in.",
        )
    if "?" in address:
        raise _url_error("the PBX URL contains a query", "Enter only scheme, host and port.")
    if not parts.hostname or not _HOST.match(parts.netloc):
        raise _url_error("the PBX URL has no host name", "Enter a URL such as https://pbx.example.com.")
    if any(part in (".", "..") for part in parts.path.split("/")) or re.search(r"\s", parts.path):
        raise _url_error("the path of the PBX URL cannot be used", "Enter only scheme, host and port.")
    prefix, rest = _split_path(parts.path)
    base_url = f"{parts.scheme}://{parts.netloc.lower()}{prefix}"
    if not mark and _API_PATH.fullmatch(rest):
        return base_url, ""
    return base_url, _show(rest, page if mark else None)


def _split_path(path: str) -> tuple[str, str]:
    """Return the prefix of a proxy, and the path of 3CX's API or of one of its pages."""
    match = _OWN_PATH.search(path)
    prefix, rest = (path[: match.start()], path[match.start() :]) if match else (path, "")
    return prefix.rstrip("/"), rest


def _show(rest: str, page: str | None) -> str:
    """Return what is left out of a URL for a message: without a query, which may contain a token, and cut."""
    path = re.sub(r"/+", "/", rest).rstrip("/")
    if page is None:
        return _cut(path)
    shown = page.partition("?")[0]
    return _cut(f"{path}/#{shown}") if shown.strip("/!") else _cut(path)


def _cut(text: str) -> str:
    text = "".join(each if each.isprintable() else " " for each in text)
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…"


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
