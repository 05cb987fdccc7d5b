"""Read the page's HTML in tests."""

from __future__ import annotations

import re
from html import unescape

import httpx


def markup_of(answer: httpx.Response) -> str:
    """Return a page without its style and script."""
    return re.sub(r"(?s)<(style|script)\b.*?</\1>", " ", answer.text)


def text_of(answer: httpx.Response) -> str:
    """Return the words of a page, separated by one space."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", markup_of(answer))).split())


def links(answer: httpx.Response, start: str) -> list[str]:
    """Return the links of a page that begin with `start`."""
    found = (unescape(link) for link in re.findall(r'href="([^"]+)"', markup_of(answer)))
    return [link for link in found if link.startswith(start)]
