"""Read the URL of a request to 3CX: the PBX's address, the segments of the path below `/xapi/v1`, and the query."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import unquote, unquote_plus, urlsplit

from .masked_text import MaskedText, UnreadableTextError, has_code, show

_API = re.compile(r"/xapi/v1(?=[/?#\"'`]|$)", re.IGNORECASE)
_TOKEN = re.compile(r"/connect/token/?(?:[?#].*)?$", re.IGNORECASE | re.DOTALL)
_SEGMENT = re.compile(r"(?P<name>[^()]*)\((?P<arguments>.*)\)\s*", re.DOTALL)
_NAMED = re.compile(r"\s*(?P<name>\w+)\s*=(?P<value>.*)", re.DOTALL)
_QUOTED = re.compile(r"'(?P<text>.*)'", re.DOTALL)


@dataclass(frozen=True, slots=True)
class UrlArgument:
    """An argument in parentheses, with its name or ""; `value` is a masked text without its quotes."""

    name: str
    value: str
    is_quoted: bool


@dataclass(frozen=True, slots=True)
class UrlSegment:
    """A segment of the path; `arguments` is None where it has no parentheses."""

    name: str
    arguments: tuple[UrlArgument, ...] | None = None


@dataclass(frozen=True, slots=True)
class ApiUrl:
    """A URL below `/xapi/v1`. `address` is the part before it as n8n's value; pieces of `mask` are values of it."""

    address: str
    segments: tuple[UrlSegment, ...]
    query: tuple[tuple[str, str], ...]
    mask: MaskedText

    @property
    def origin(self) -> str:
        """Return scheme, host and port in the form that compares equal, "" where an expression gives them."""
        return "" if self.address.startswith("=") else origin_of(self.address)

    @property
    def path(self) -> str:
        """Return the path for a message."""
        return "/" + "/".join(_describe(each) for each in self.segments)


def origin_of(address: str) -> str:
    """Return scheme, host and port of an address, or the address itself where it has none."""
    try:
        parts = urlsplit(address if "://" in address else f"https://{address}")
        port = parts.port or {"https": 443, "http": 80}.get(parts.scheme, 0)
    except ValueError:
        return address.lower()
    return f"{parts.scheme}://{parts.hostname}:{port}".lower()


def is_token_url(value: str) -> bool:
    """Return whether a URL is that of 3CX's token endpoint."""
    try:
        return _TOKEN.search(MaskedText.read(value, flatten=True).text.strip()) is not None
    except UnreadableTextError:
        return False


def is_api_text(text: str) -> bool:
    """Return whether a text contains the path of 3CX's API."""
    return _API.search(text) is not None


def read_api_url(value: str, *, has_token: bool = False) -> ApiUrl | None:
    """Return the URL, None where it is not one of 3CX's API.

    `has_token` says that the request carries a token of 3CX: an expression at the beginning may then contain
    `/xapi/v1`. Raises UnreadableTextError.
    """
    try:
        mask = MaskedText.read(value, flatten=True)
    except UnreadableTextError:
        if is_api_text(value):
            raise
        return None
    text = mask.text.strip()
    if found := _API.search(text):
        start, end = found.span()
    elif has_token and text[1:2] == "/" and has_code(text[0]):
        start = end = 1
    elif any(_API.search(code) for code in mask.codes):
        raise UnreadableTextError("an expression chooses between several URLs, or builds it in code")
    else:
        return None
    path, _, query = text[end:].partition("#")[0].partition("?")
    segments = tuple(_read_segment(each) for each in _split(path.strip("/"), "/") if each)
    pairs = tuple(_read_pair(each) for each in query.split("&") if each)
    return ApiUrl(mask.to_value(text[:start]), segments, pairs, mask)


def _read_segment(text: str) -> UrlSegment:
    # Decoded after the split: an encoded slash belongs to a value.
    decoded = unquote(text)
    found = _SEGMENT.fullmatch(decoded)
    if found is None:
        return UrlSegment(decoded)
    arguments = found["arguments"].strip()
    pieces = _split(arguments, ",") if arguments else []
    return UrlSegment(found["name"], tuple(_read_argument(each) for each in pieces))


def _read_argument(text: str) -> UrlArgument:
    named = _NAMED.fullmatch(text)
    value = (named["value"] if named else text).strip()
    quoted = _QUOTED.fullmatch(value)
    if quoted is not None:
        value = quoted["text"].replace("''", "'")
    return UrlArgument(named["name"] if named else "", value, quoted is not None)


def _read_pair(text: str) -> tuple[str, str]:
    name, _, value = text.partition("=")
    return unquote_plus(name), unquote_plus(value)


def _split(text: str, separator: str) -> list[str]:
    """Split a text where the separator is outside quotes and parentheses."""
    parts, depth, is_quoted = [""], 0, False
    for letter in text:
        if letter == "'":
            is_quoted = not is_quoted
        elif not is_quoted:
            depth += {"(": 1, ")": -1}.get(letter, 0)
        if letter == separator and depth <= 0 and not is_quoted:
            parts.append("")
        else:
            parts[-1] += letter
    return parts


def _describe(segment: UrlSegment) -> str:
    name = show(segment.name)
    return name if segment.arguments is None else f"{name}(…)"
