"""Follow the next links of a list (`@odata.nextLink`): only to the same PBX, and no page twice.

A link is text from the network. Its address is compared with the PBX's, and the request that follows it always goes
to the PBX's own address: of the link only path and query are sent.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import SplitResult, quote, unquote, urljoin, urlsplit

from ..errors import ResponseError
from ..messages import IF_MATCH

if TYPE_CHECKING:
    from ..messages import HttpRequest

_DEFAULT_PORTS = {"http": 80, "https": 443}
# The characters that a URL may contain; everything else in a link is percent-encoded.
_URL_CHARACTERS = "!#$%&'()*+,/:;=?@[]~"
_LONGEST_NAME = 200
# Pages without an entity that may follow each other; a server that filters after paging sends some.
_MOST_EMPTY_PAGES = 20


class NextLinks:
    """The next links of one list. `api_url` is the base URL of the API, `request` the one that the list began with."""

    def __init__(self, request: HttpRequest, api_url: str) -> None:
        headers = {name: value for name, value in request.headers.items() if name != IF_MATCH}
        # The rest of a list is read, even where an action returned its first page.
        self._request = replace(request, method="GET", body=None, headers=headers)
        self._api_url = api_url
        self._followed: set[int] = set()
        self._empty_pages = 0

    def follow(self, link: str) -> HttpRequest:
        """Return the request of the page at `link`, absolute or relative.

        Raises ResponseError for a link to another address, and for one that was followed before.
        """
        path, query = self._locate(link)
        target = hash((path, query))
        if target in self._followed:
            raise endless_list()
        self._followed.add(target)
        return replace(self._request, path=path, query=query)

    def check_progress(self, entities: int) -> None:
        """Raise ResponseError where links led to many pages without an entity, one after the other."""
        self._empty_pages = 0 if entities else self._empty_pages + 1
        if self._empty_pages > _MOST_EMPTY_PAGES:
            raise endless_list()

    def _locate(self, link: str) -> tuple[str, str]:
        """Return path and query of a link, below the base URL of the API."""
        base = urlsplit(self._api_url)
        try:
            found = urlsplit(urljoin(self._base_of(link), link.strip()))
            # Not every program reads an address with a user name or a backslash in the same way.
            is_same = _address(found) == _address(base) and not {"@", "\\"} & set(found.netloc)
        except ValueError:
            raise _foreign_link("an address that cannot be read", base) from None
        if not is_same:
            raise _foreign_link(f"{_printable(found.scheme)}://{_printable(found.netloc)}", base)
        path = quote(found.path, safe=_URL_CHARACTERS)
        is_below = path.startswith(f"{base.path}/") and not {".", ".."} & set(unquote(path).split("/"))
        if not is_below:
            raise _foreign_link(f"the path {_printable(found.path)}", base)
        return path[len(base.path) :], quote(found.query, safe=_URL_CHARACTERS)

    def _base_of(self, link: str) -> str:
        """Return the URL that a relative link is relative to: the request's, or the API's for a path from its root."""
        own = self._request.path
        path = link.strip().partition("?")[0]
        is_from_root = bool(path) and unquote(path).strip("/") == unquote(own).strip("/")
        return f"{self._api_url}/" if is_from_root and not path.startswith("/") else f"{self._api_url}{own}"


def endless_list() -> ResponseError:
    """Return the error of a list whose links lead to pages that were read before."""
    return ResponseError(
        "the next link of the list leads to a page that was already read, so the list would not end",
        description="The entities before it are in the result. Read the rest with a $filter or with $skip and Limit.",
        code="paging",
    )


def _address(url: SplitResult) -> tuple[Any, ...]:
    return url.scheme.lower(), (url.hostname or "").rstrip("."), url.port or _DEFAULT_PORTS.get(url.scheme)


def _foreign_link(target: str, base: SplitResult) -> ResponseError:
    return ResponseError(
        f"the next link of the list leads to {target}, not to {base.scheme}://{base.netloc}{base.path}; "
        "it was not followed",
        description="If a proxy in front of 3CX changes the address, set its forwarded headers (host, scheme, port), "
        "or use the address of the link as the PBX URL.",
        code="next_link",
    )


def _printable(text: str) -> str:
    shown = "".join(character if character.isprintable() else "?" for character in text[:_LONGEST_NAME])
    return shown if len(text) <= _LONGEST_NAME else f"{shown}…"
