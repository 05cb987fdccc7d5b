"""Choose the name of a downloaded file: the server's (RFC 6266), else one of the operation, its keys and the type."""

from __future__ import annotations

import mimetypes
import re
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.message import Message
from typing import TYPE_CHECKING, Any

from ..values.safe_text import make_safe_name

if TYPE_CHECKING:
    from collections.abc import Mapping

# Beyond it, a header is not a name.
_LONGEST_HEADER = 32_768
_LONGEST_WORDS = 2000
_LONGEST_KEY = 40
_MOST_KEYS = 3
# Python's own table alone, because the system's differs between machines, and the types that it lacks.
_TYPES = mimetypes.MimeTypes()
_ENDINGS = {
    "audio/wav": ".wav",
    "audio/wave": ".wav",
    "audio/vnd.wave": ".wav",
    "audio/mpeg": ".mp3",
    "text/plain": ".txt",
    "text/xml": ".xml",
    "application/xml": ".xml",
    "application/gzip": ".gz",
    "application/x-gzip": ".gz",
    "application/x-zip-compressed": ".zip",
    "application/x-pem-file": ".pem",
    "application/vnd.tcpdump.pcap": ".pcap",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ".xlsx",
    # Says nothing about the content.
    "application/octet-stream": "",
}


def read_given_name(disposition: str) -> str:
    """Return the name in a Content-Disposition header as the server gave it; empty where it has none.

    `filename*`, which can contain any character, takes precedence over `filename`.
    """
    header = Message()
    try:
        header["content-disposition"] = disposition[:_LONGEST_HEADER]
        # The value of an extended parameter is a tuple, which the types of the standard library do not say.
        given: list[Any] = header.get_params([], "content-disposition")
    except (ValueError, LookupError, TypeError):
        # The parser of the standard library refuses some headers in its own ways.
        return ""
    names = [value for name, value in given if name.lower() == "filename"]
    extended = [value for value in names if isinstance(value, tuple)]
    if extended:
        charset, _, text = extended[0]
        return _decode_text(str(charset or ""), str(text))
    return _decode_words(names[0]) if names else ""


def read_file_name(disposition: str) -> str:
    """Return the name in a Content-Disposition header, safe to save; empty where it has none that can be used."""
    return make_safe_name(read_given_name(disposition))


def _decode_text(charset: str, text: str) -> str:
    """Return a text of bytes in `charset`; in UTF-8 where Python has no such charset for text."""
    content = text.encode("latin-1", "replace")
    try:
        return content.decode(charset or "utf-8", "replace")
    except (LookupError, ValueError):
        return content.decode("utf-8", "replace")


def make_file_name(operation: str, keys: Mapping[str, Any], media_type: str) -> str:
    """Return a name for a file that has none: `DownloadRecording-12.wav`. `keys` are the request's path parameters."""
    texts = [re.sub(r"[^\w.+-]", "_", str(value)) for value in keys.values() if isinstance(value, str | int)]
    shown = [text for text in texts if 0 < len(text) <= _LONGEST_KEY][:_MOST_KEYS]
    ending = _ENDINGS.get(media_type)
    if ending is None:
        ending = _TYPES.guess_extension(media_type) or ""
    return make_safe_name("-".join([operation or "download", *shown]) + ending) or "download"


def _decode_words(name: str) -> str:
    """Return a name whose words are encoded as in mail headers (`=?utf-8?B?…?=`), which some servers do."""
    if "=?" not in name or len(name) > _LONGEST_WORDS:
        return name
    try:
        return str(make_header(decode_header(name)))
    except (HeaderParseError, LookupError, ValueError):
        return name
