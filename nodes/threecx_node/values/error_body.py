"""Read the body of an HTTP error, in every form that ASP.NET Core, OData and proxies give: its words, code and fields.

{"error": {"code", "message", "target", "details": […], "innererror": {…}}}     OData
{"title", "detail", "errors": {"Number": ["…"]}}                                ProblemDetails
{"Number": ["…"]}                                                               SerializableError
{"Message", "MessageDetail", "ExceptionMessage", "ModelState": {…}}             HttpError
{"error": "…", "error_description": "…"}                                        OAuth
{"finalstatus", "reason", "reasontext", "result"}                               the Call Control API
"…" and ["…"]                                                                   JSON texts
a web page or plain text                                                        anything else
"""

from __future__ import annotations

import html
import re
import string
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .json import loads

if TYPE_CHECKING:
    from collections.abc import Iterator

LONGEST_MESSAGE = 2000
# Of a long list of errors, the first ones are enough to find out what is wrong.
_MOST_TEXTS = 20
_LONGEST_TEXT = 500
_LONGEST_NAME = 100
# The title of a web page is at its beginning.
_LONGEST_PAGE = 64 * 1024
# Parts of a web page that are not shown, and how they end; any other tag ends with ">".
_NOT_SHOWN = {"<!--": "-->", "<script": "</script>", "<style": "</style>", "<head>": "</head>"}
# Unlike lower(), it keeps all positions.
_LOWER = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)
# 3CX puts the name of a field on a line of its own before its text.
_FIELD_LINE = re.compile(r"^([A-Za-z_][\w.\[\]/]{0,99}):[ \t]*$", re.MULTILINE)
_CODE = re.compile(r"\S{1,100}")
_CODE_OF_3CX = b"WARNINGS."


@dataclass(slots=True)
class ErrorBody:
    """An error: its words as one text, the server's own code, and the fields that it names.

    `is_page` is true for a web page, whose words are its title.
    """

    message: str = ""
    code: str = ""
    fields: list[str] = field(default_factory=list)
    is_page: bool = False

    def add(self, text: Any, name: Any = "") -> None:
        """Append a text, about the field `name` where there is one, unless the message contains it already."""
        words = read_text(text)
        owner = _clean_name(name)
        if owner and owner not in self.fields:
            self.fields.append(owner)
        if not words or len(self.fields) > _MOST_TEXTS or words in self.message:
            return
        words = words[:_LONGEST_TEXT] if self.message else words
        if owner and not words.startswith(owner):
            words = f"{owner}: {words}"
        separator = " " if self.message.endswith((".", "!", "?")) else "; "
        self.message = f"{self.message}{separator}{words}" if self.message else words


def read_error_body(content: bytes) -> ErrorBody:
    """Return what the body of an error says; nothing for one that is empty or cannot be read."""
    text = content[: 1024 * 1024].decode("utf-8-sig", "replace").strip()
    found = ErrorBody()
    if text[:1] in ("{", "[", '"'):
        try:
            document = loads(text)
        except (ValueError, RecursionError):
            text = ""
        else:
            _read_document(found, document)
            text = ""
    if text[:1] == "<":
        found.is_page = True
        found.message = _read_page(text)
    elif any(character.isalnum() for character in text[:LONGEST_MESSAGE]):
        found.message = " ".join(_printable(text[:LONGEST_MESSAGE]).split())
    for name in _FIELD_LINE.findall(found.message):
        found.add("", name)
    found.message = _cut(found.message)
    return found


def is_odata_error(content: bytes, *, with_code_of_3cx: bool = False) -> bool:
    """Return whether a body is an error in the form in which 3CX refuses a request.

    A gateway may write an error in the same form; `with_code_of_3cx` asks for one of 3CX's codes in it.
    """
    if content.lstrip()[:1] != b"{" or (with_code_of_3cx and _CODE_OF_3CX not in content):
        return False
    try:
        document = loads(content)
    except (ValueError, RecursionError):
        return False
    error = document.get("error") if isinstance(document, Mapping) else None
    if not isinstance(error, Mapping):
        return False
    code, message = error.get("code"), error.get("message")
    # A code that is a number is a gateway's.
    return (code is None or isinstance(code, str)) and bool(code or read_text(message))


def is_action_result(content: bytes) -> bool:
    """Return whether a body is the result of an action of the Call Control API."""
    try:
        document = loads(content) if content.lstrip()[:1] == b"{" else None
    except (ValueError, RecursionError):
        return False
    return isinstance(document, Mapping) and "finalstatus" in _lower_names(document)


def is_problem(content: bytes) -> bool:
    """Return whether a body is an error as ASP.NET writes it where a program gives none."""
    try:
        document = loads(content) if content.lstrip()[:1] == b"{" else None
    except (ValueError, RecursionError):
        return False
    return isinstance(document, Mapping) and isinstance(document.get("status"), int) and "title" in document


def is_web_page(content: bytes) -> bool:
    """Return whether a body is HTML or XML."""
    return content[:_LONGEST_NAME].lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"<"


def read_text(value: Any) -> str:
    """Return the text of a value that may be a text, or an object of a text and its language."""
    if isinstance(value, Mapping):
        value = value.get("value")
    return _printable(value.replace("\r", "")).strip() if isinstance(value, str) else ""


def _read_document(found: ErrorBody, document: Any) -> None:
    if isinstance(document, str):
        found.add(document)
    elif isinstance(document, list):
        for each in document[:_MOST_TEXTS]:
            _read_entry(found, each)
    elif isinstance(document, Mapping):
        _read_object(found, document)


def _read_object(found: ErrorBody, document: Mapping[str, Any]) -> None:
    members = _lower_names(document)
    error = members.get("error", members.get("odata.error"))
    if isinstance(error, Mapping):
        _read_odata(found, _lower_names(error))
        return
    if isinstance(error, str):
        found.code = error if _CODE.fullmatch(error) else ""
        found.add(members.get("error_description"))
    for name in (
        "title",
        "message",
        "detail",
        "messagedetail",
        "exceptionmessage",
        "description",
        "reasontext",
    ):
        found.add(members.get(name))
    if "finalstatus" in members and not found.message and members.get("reason") != "None":
        found.add(members.get("reason"))
    if isinstance(error, str) and not found.message:
        found.add(error)
    by_field = members.get("errors", members.get("modelstate"))
    if by_field is not None:
        _read_errors(found, by_field)
    elif not found.message:
        # Without a member of its own, the object is one of fields and their errors.
        _read_errors(found, {name: value for name, value in document.items() if isinstance(value, list)})


def _read_odata(found: ErrorBody, error: Mapping[str, Any]) -> None:
    code = error.get("code")
    found.code = code if isinstance(code, str) else ""
    found.add(error.get("message"))
    details = error.get("details")
    for each in details[:_MOST_TEXTS] if isinstance(details, list) else []:
        _read_entry(found, each)
    if target := _clean_name(error.get("target")):
        found.add("", target)
    if "errors" in error:
        _read_errors(found, error["errors"])
    inner = error.get("innererror")
    if isinstance(inner, Mapping):
        found.add(_lower_names(inner).get("message"))


def _read_errors(found: ErrorBody, errors: Any) -> None:
    """Read errors by field, or a list of them."""
    if not isinstance(errors, Mapping):
        for each in errors[:_MOST_TEXTS] if isinstance(errors, list) else [errors]:
            _read_entry(found, each)
        return
    for name, texts in list(errors.items())[:_MOST_TEXTS]:
        for text in texts[:_MOST_TEXTS] if isinstance(texts, list) else [texts]:
            found.add(text, name)


def _read_entry(found: ErrorBody, entry: Any) -> None:
    """Read one error of a list: a text, or an object with a text and the field it is about."""
    if not isinstance(entry, Mapping):
        found.add(entry)
        return
    members = _lower_names(entry)
    text = next(
        (members[name] for name in ("message", "description", "errormessage") if members.get(name)), ""
    )
    code = members.get("code")
    if not found.code and isinstance(code, str):
        found.code = code
    found.add(
        text, next((members[name] for name in ("target", "field", "propertyname") if members.get(name)), "")
    )


def _lower_names(document: Mapping[str, Any]) -> dict[str, Any]:
    return {str(name).lower(): value for name, value in document.items()}


def _clean_name(name: Any) -> str:
    """Return the name of a field without the beginning of a JSON path."""
    text = _printable(name).strip() if isinstance(name, str) else ""
    return text.removeprefix("$").removeprefix(".")[:_LONGEST_NAME]


def _read_page(text: str) -> str:
    """Return the title of a web page, else the beginning of its words.

    Each search goes on where the one before it ended, since a page may be made of tags that never end.
    """
    page = text[:_LONGEST_PAGE]
    folded = page.translate(_LOWER)
    words = _find_title(page, folded) or " ".join(_find_shown(page, folded))
    return _printable(" ".join(html.unescape(words).split()))[:_LONGEST_TEXT]


def _find_title(page: str, folded: str) -> str:
    start = folded.find("<title")
    start = folded.find(">", start) + 1 if start >= 0 else 0
    end = folded.find("</title", start) if start else -1
    return page[start:end].strip() if end >= 0 else ""


def _find_shown(page: str, folded: str) -> Iterator[str]:
    position = 0
    while (start := folded.find("<", position)) >= 0:
        yield page[position:start]
        ending = next((end for begin, end in _NOT_SHOWN.items() if folded.startswith(begin, start)), ">")
        found = folded.find(ending, start)
        if found < 0:
            return
        position = found + len(ending)
    yield page[position:]


def _printable(text: str) -> str:
    return "".join(each if each.isprintable() or each in "\n\t" else " " for each in text)


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST_MESSAGE else f"{text[:LONGEST_MESSAGE]}…"
