"""An HTTP answer → a payload, or the error that it is.

What came is told by the answer itself, its status, Content-Type and Content-Disposition; the catalog only says
whether a JSON object is an entity, a collection or a bare value.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from email.message import Message
from typing import TYPE_CHECKING, Any, Literal

from ..advice import BY_WARNING, UNKNOWN_OUTCOME, advice_for
from ..errors import NotThreeCxError, PartialFailureError, ResponseError
from ..values.json import loads

if TYPE_CHECKING:
    from ..catalog import Operation, OperationVersion
    from ..messages import HttpResponse

_CODE = re.compile(r"WARNINGS(?:\.[A-Z0-9_]+)+")
_LONGEST_MESSAGE = 2000


@dataclass(frozen=True, slots=True)
class File:
    """A downloaded file; `name` holds no path."""

    content: bytes
    media_type: str
    name: str


@dataclass(frozen=True, slots=True)
class Payload:
    """What a success brought: an entity, a list of entities or values, a value, a file, or nothing."""

    kind: Literal["entity", "collection", "value", "file", "nothing"]
    value: Any = None
    count: int | None = None


def decode(operation: Operation, shape: OperationVersion, answer: HttpResponse, host: str) -> Payload:
    """The payload; raises ResponseError (the PBX's words, our advice), or TransportError for what is no 3CX."""
    media_type = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
    if not 200 <= answer.status < 300:
        raise _response_error(answer, media_type, host)
    if not answer.content and "content-disposition" not in answer.headers:
        return Payload("nothing")
    if _is_file(answer, media_type):
        if media_type == "text/html" and "content-disposition" not in answer.headers:
            raise NotThreeCxError(host, answer.status, "a web page")
        return Payload("file", _file(answer, media_type, shape))
    try:
        document = loads(answer.content)
    except ValueError as error:
        raise NotThreeCxError(host, answer.status, "JSON that cannot be read") from error
    return _payload(operation, shape, document)


def _is_file(answer: HttpResponse, media_type: str) -> bool:
    disposition = answer.headers.get("content-disposition", "").strip().lower()
    if disposition.startswith("attachment") or "filename" in disposition:
        return True
    return not (media_type == "application/json" or media_type.endswith("+json"))


def _payload(operation: Operation, shape: OperationVersion, document: Any) -> Payload:
    if isinstance(document, Mapping) and isinstance(document.get("value"), list):
        value = document["value"]
        _check_partial_failure(operation, value)
        count = document.get("@odata.count")
        return Payload("collection", value, count if isinstance(count, int) else None)
    if isinstance(document, list):
        return Payload("collection", document)
    if isinstance(document, Mapping) and shape.returns.kind == "value" and "value" in document:
        return Payload("value", document["value"])
    if isinstance(document, Mapping):
        return Payload(
            "entity", {name: value for name, value in document.items() if name != "@odata.context"}
        )
    return Payload("nothing") if document is None else Payload("value", document)


def _check_partial_failure(operation: Operation, results: list[Any]) -> None:
    """A bulk action answers 200 and lists what failed, each with its `Error`."""
    if operation.kind != "action":
        return
    failures = [each for each in results if isinstance(each, Mapping) and each.get("Error")]
    if not failures:
        return
    named = "; ".join(_failure_text(each) for each in failures)
    raise PartialFailureError(
        f"{operation.id} failed for {len(failures)} of what it was given: {_cut(named)}",
        description=advice_for(None, "partial_failure"),
        failures=failures,
        http_code=200,
    )


def _failure_text(failure: Mapping[str, Any]) -> str:
    rest = [str(value) for name, value in failure.items() if name not in ("Error", "Status") and value]
    return f"{' '.join(rest)}: {failure['Error']}" if rest else str(failure["Error"])


def _response_error(answer: HttpResponse, media_type: str, host: str) -> Exception:
    document: Any = None
    if "json" in media_type:
        try:
            document = loads(answer.content)
        except ValueError:
            document = None
    elif media_type == "text/html" and answer.status in (200, 301, 302, 303, 307, 308, 404):
        return NotThreeCxError(host, answer.status, "a web page")
    if 300 <= answer.status < 400:
        return NotThreeCxError(host, answer.status, "a redirection to another address")
    message, code, target = _words(document)
    if not message:
        text = (
            answer.content[:_LONGEST_MESSAGE].decode("utf-8", "replace") if media_type == "text/plain" else ""
        )
        message = " ".join(text.split())
    advice = advice_for(answer.status, code)
    return ResponseError(
        _cut(message) or f"{host} answered {answer.status}",
        description=f"{UNKNOWN_OUTCOME} {advice}" if answer.outcome_unknown else advice,
        code=code or f"http_{answer.status}",
        http_code=answer.status,
        field=target,
        outcome_unknown=answer.outcome_unknown,
    )


def _words(document: Any) -> tuple[str, str, str | None]:
    """Message, code and target of an error body: OData's (`{"error": {…}}`) or a flat one of the token endpoint."""
    if not isinstance(document, Mapping):
        return "", "", None
    error = document.get("error")
    if isinstance(error, str):
        return str(document.get("error_description") or error), error, None
    if not isinstance(error, Mapping):
        return str(document.get("message") or document.get("title") or ""), "", None
    details = [each for each in error.get("details") or [] if isinstance(each, Mapping)]
    message = str(error.get("message") or "").strip()
    if not message and details:
        message = "; ".join(str(each.get("message") or "") for each in details)
    known = [code for code in _CODE.findall(f"{error.get('code')} {message} {details}") if code in BY_WARNING]
    code = known[0] if known else str(error.get("code") or "")
    target = next((str(each["target"]) for each in details if each.get("target")), None)
    return message.replace("\r", ""), code, target or (str(error["target"]) if error.get("target") else None)


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST_MESSAGE else f"{text[:_LONGEST_MESSAGE]}…"


def _file(answer: HttpResponse, media_type: str, shape: OperationVersion) -> File:
    header = Message()
    header["content-disposition"] = answer.headers.get("content-disposition", "")
    # Only the last part of what the server says, whichever slash it uses: a name must not lead out of a folder.
    name = re.split(r"[/\\]", header.get_filename() or "")[-1].replace("\x00", "").strip()
    if name in ("", ".", ".."):
        segment = shape.path.rsplit("/", 1)[-1].removeprefix("Pbx.").partition("(")[0]
        name = segment or "download"
    return File(answer.content, media_type or "application/octet-stream", name)
