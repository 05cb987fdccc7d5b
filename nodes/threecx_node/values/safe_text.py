"""Show text that others wrote without letting it control a terminal or a log, and make file names of it that are safe.

The words of a PBX, the data of an item and the name of a file may contain escape sequences, line breaks and changes of
direction. They are shown as escapes (`\\x1b`, `\\u202e`), so that a reader sees that they are there.
"""

from __future__ import annotations

import re
import unicodedata

# C0 and C1 with DEL, line and paragraph separators, changes of direction, invisible letters, halves of letters.
_HIDDEN = re.compile(
    r"[\x00-\x1f\x7f-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    r"\U000e0000-\U000e007f\ud800-\udfff]"
)
_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}
# The same in UTF-8, without C0, which JSON escapes itself.
_HIDDEN_BYTES = re.compile(
    rb"\x7f|\xc2[\x80-\x9f\xad]|\xd8\x9c|\xe1\xa0\x8e|\xe2\x80[\x8b\x8e\x8f\xa8-\xae]|\xe2\x81[\xa0-\xaf]|\xef\xbb\xbf"
    rb"|\xef\xbf[\xb9-\xbb]|\xf3\xa0[\x80\x81][\x80-\xbf]|\xed[\xa0-\xbf][\x80-\xbf]"
)


def escape_control(text: str) -> str:
    """Return a text with characters that control or hide something, line breaks too, as escapes."""
    if text.isprintable():
        return text
    return _HIDDEN.sub(_escape, text)


def _escape(match: re.Match[str]) -> str:
    if (short := _SHORT.get(match[0])) is not None:
        return short
    code = ord(match[0])
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def escape_json(data: bytes) -> bytes:
    """Return JSON in UTF-8 with the same characters as escapes of JSON; it is the same value."""
    return _HIDDEN_BYTES.sub(_escape_bytes, data)


def _escape_bytes(match: re.Match[bytes]) -> bytes:
    units = match[0].decode("utf-8", "surrogatepass").encode("utf-16-be", "surrogatepass")
    return b"".join(b"\\u%02x%02x" % (units[place], units[place + 1]) for place in range(0, len(units), 2))


_LONGEST_NAME = 200
_LONGEST_NAME_BYTES = 240
_LONGEST_ENDING = 20
_NAME_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
# A colon is a drive or a stream on Windows; the others no name there can contain.
_RESERVED = re.compile(r"[<>:|?*]")
_DEVICE = re.compile(r"(?:CON|PRN|AUX|NUL|CONIN\$|CONOUT\$|(?:COM|LPT)[0-9¹²³])[ ]*(?:\..*)?", re.IGNORECASE)


def make_safe_name(name: str) -> str:
    """Return a name under which a file can be saved on any system; empty where nothing of it can be used.

    It is the last part of a path, whichever slash it has. Characters that are not shown, that Windows reserves, or that
    begin an option or a hidden file become underscores; a name of a device gets one in front. A long name keeps its
    ending.
    """
    return _cut_name(clean_name(name))


def clean_name(name: str) -> str:
    """Return a name as `make_safe_name` does, however long it is."""
    last = re.split(r"[/\\]", name.replace("\x00", ""))[-1]
    shown = "".join("_" if unicodedata.category(each) in _NAME_HIDDEN else each for each in last)
    shown = _RESERVED.sub("_", shown).strip().rstrip(". ")
    if not shown.strip("._- "):
        return ""
    shown = re.sub(r"^[.\-]+", "_", shown)
    if _DEVICE.fullmatch(shown):
        shown = f"_{shown}"
    return shown


def _cut_name(name: str) -> str:
    stem, dot, ending = name.rpartition(".")
    kept = f"{dot}{ending}" if stem and len(ending) <= _LONGEST_ENDING else ""
    if len(name) > _LONGEST_NAME:
        name = name[: _LONGEST_NAME - len(kept)] + kept
    if len(name.encode()) > _LONGEST_NAME_BYTES:
        room = _LONGEST_NAME_BYTES - len(kept.encode())
        name = name[: len(name) - len(kept)].encode()[:room].decode(errors="ignore") + kept
    return name.rstrip(". ")
