"""Choose the name of a downloaded file: the server's (RFC 6266), else one of the operation, its keys and the type."""

from __future__ import annotations

import mimetypes
import re
import unicodedata
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.message import Message
from email.utils import collapse_rfc2231_value
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

_LONGEST_NAME = 200
_LONGEST_ENDING = 20
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
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def read_file_name(disposition: str) -> str:
    """Return the name in a Content-Disposition header, without a path; empty where it has none that can be used.

    `filename*`, which can contain any character, takes precedence over `filename`.
    """
    header = Message()
    header["content-disposition"] = disposition
    # The value of an extended parameter is a tuple, which the types of the standard library do not say.
    given: list[Any] = header.get_params([], "content-disposition")
    names = [value for name, value in given if name.lower() == "filename"]
    extended = [value for value in names if isinstance(value, tuple)]
    if extended:
        return _clean(collapse_rfc2231_value(extended[0]))
    return _clean(_decode_words(names[0])) if names else ""


def make_file_name(operation: str, keys: Mapping[str, Any], media_type: str) -> str:
    """Return a name for a file that has none: `DownloadRecording-12.wav`. `keys` are the request's path parameters."""
    texts = [re.sub(r"[^\w.+-]", "_", str(value)) for value in keys.values() if isinstance(value, str | int)]
    shown = [text for text in texts if 0 < len(text) <= _LONGEST_KEY][:_MOST_KEYS]
    ending = _ENDINGS.get(media_type)
    if ending is None:
        ending = _TYPES.guess_extension(media_type) or ""
    return _clean("-".join([operation or "download", *shown]) + ending) or "download"


def _decode_words(name: str) -> str:
    """Return a name whose words are encoded as in mail headers (`=?utf-8?B?…?=`), which some servers do."""
    if "=?" not in name:
        return name
    try:
        return str(make_header(decode_header(name)))
    except (HeaderParseError, LookupError, ValueError):
        return name


def _clean(name: str) -> str:
    """Return the last part of a name, whichever slash it has: a name must not lead out of a folder.

    Characters that are not shown, such as line breaks and changes of direction, become underscores.
    """
    last = re.split(r"[/\\]", name.replace("\x00", ""))[-1]
    shown = "".join("_" if unicodedata.category(each) in _HIDDEN else each for each in last).strip()
    if not shown.strip("._ "):
        return ""
    if len(shown) <= _LONGEST_NAME:
        return shown
    stem, dot, ending = shown.rpartition(".")
    kept = f"{dot}{ending}" if stem and len(ending) <= _LONGEST_ENDING else ""
    return shown[: _LONGEST_NAME - len(kept)] + kept
