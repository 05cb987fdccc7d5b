"""Decode an HTTP response into a payload, or raise the error that it reports.

Status, Content-Type and Content-Disposition of the response decide what it is; `expected.py` compares that with what
the operation returns.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ..advice import (
    BY_WARNING,
    NOT_FOUND,
    UNKNOWN_OUTCOME,
    advice_for,
    advise_on_call,
    advise_on_filter,
    advise_on_missing,
    has_types,
    read_other_address,
)
from ..catalog.call_control import BASE_PATH as CALL_CONTROL
from ..catalog.call_control import PLACE_CALL
from ..errors import NotThreeCxError, ResponseError, ThreeCxError, UnusableResponseError
from ..messages import is_file, is_json, read_media_type
from ..values.call_results import read_failed_call
from ..values.error_body import ErrorBody, is_action_result, is_odata_error, read_error_body
from ..values.json import loads
from ..values.safe_text import make_safe_name
from .bulk import check_failures
from .expected import ResponseChecker
from .file_name import make_file_name, read_given_name
from .payload import File, Payload

if TYPE_CHECKING:
    from ..catalog import Catalog, Operation, OperationVersion
    from ..messages import HttpRequest, HttpResponse

__all__ = ["File", "Payload", "decode"]

_CODE = re.compile(r"WARNINGS(?:\.[A-Z0-9_]+)+")


def decode(
    operation: Operation,
    version: OperationVersion,
    response: HttpResponse,
    host: str,
    request: HttpRequest | None = None,
    catalog: Catalog | None = None,
) -> Payload:
    """Return the payload of the response to `request`; `catalog` has the properties of what the operation returns.

    Raises ResponseError with the PBX's message and advice, UnusableResponseError for a status of success with anything
    but what the operation returns, and NotThreeCxError for a response that 3CX does not send. A file of the response is
    then closed.
    """
    if response.status == 204 and not response.content and version.method != "GET":
        # By far the most frequent response to a write.
        return Payload("nothing", response=response)
    try:
        return _decode(operation, version, response, host, request, catalog)
    except ThreeCxError:
        if response.file is not None:
            response.file.close()
        raise


def _decode(
    operation: Operation,
    version: OperationVersion,
    response: HttpResponse,
    host: str,
    request: HttpRequest | None,
    catalog: Catalog | None,
) -> Payload:
    media_type = read_media_type(response.headers)
    if not 200 <= response.status < 300:
        if operation.id == PLACE_CALL and not response.outcome_unknown:
            failed = read_failed_call(response.status, response.content)
            if failed is not None:
                return Payload("entity", failed, response=response, document=failed)
        raise _response_error(version, response, media_type, host)
    payload = _read_payload(version, response, media_type, host, request)
    ResponseChecker(operation, version, catalog).check(payload, response, host)
    if payload.kind == "collection":
        check_failures(operation, payload.value, request.body if request is not None else None)
    return payload


def _read_payload(
    version: OperationVersion,
    response: HttpResponse,
    media_type: str,
    host: str,
    request: HttpRequest | None,
) -> Payload:
    is_empty_file = version.returns.kind == "file" and media_type and not is_json(media_type)
    has_file = "content-disposition" in response.headers or (is_empty_file and response.status == 200)
    if not response.content and response.file is None and not has_file:
        return Payload("nothing", response=response)
    keys = request.keys if request is not None else {}
    if is_file(response.headers):
        if media_type == "text/html" and "content-disposition" not in response.headers:
            raise NotThreeCxError(host, response.status, "a web page")
        return Payload("file", _to_file(response, media_type, version, keys), response=response)
    try:
        document = loads(response.content)
    except ValueError as error:
        raise UnusableResponseError(host, response.status, "JSON that cannot be read") from error
    return replace(_to_payload(version, document), response=response, document=document)


def _to_payload(version: OperationVersion, document: Any) -> Payload:
    if isinstance(document, Mapping) and isinstance(document.get("value"), list):
        value = document["value"]
        link = _annotation(document, "nextLink")
        next_link = link if isinstance(link, str) and link.strip() else None
        return Payload("collection", value, _read_count(_annotation(document, "count")), next_link=next_link)
    if isinstance(document, list):
        return Payload("collection", document)
    if isinstance(document, Mapping) and version.returns.kind == "value" and "value" in document:
        return Payload("value", document["value"])
    if isinstance(document, Mapping):
        return Payload(
            "entity", {name: value for name, value in document.items() if name != "@odata.context"}
        )
    return Payload("nothing") if document is None else Payload("value", document)


def _annotation(document: Mapping[str, Any], name: str) -> Any:
    """Return an annotation of OData; 4.01 writes its name without `odata`."""
    value = document.get(f"@odata.{name}")
    return document.get(f"@{name}") if value is None else value


def _read_count(count: Any) -> int | None:
    """Return a count; with IEEE754Compatible it is a text."""
    if isinstance(count, str) and count.isascii() and count.isdigit() and len(count) < 19:
        return int(count)
    return count if isinstance(count, int) and not isinstance(count, bool) and count >= 0 else None


def _response_error(
    version: OperationVersion, response: HttpResponse, media_type: str, host: str
) -> ThreeCxError:
    location = response.headers.get("location", "")
    if other := read_other_address(response.status, location, response.content, host):
        return NotThreeCxError(host, response.status, other[0], description=other[1])
    is_page = media_type == "text/html"
    if is_page and response.status == 404:
        return NotThreeCxError(host, response.status, "a web page")
    if 300 <= response.status < 400:
        return NotThreeCxError(host, response.status, "a redirection to another address")
    body = read_error_body(response.content)
    said = f"{body.code} {body.message}"
    code = next((each for each in _CODE.findall(said) if each in BY_WARNING), body.code)
    advice = _advise(version, response.status, code, body)
    words = (
        f"{host} answered {response.status} with a web page: {body.message}" if body.is_page else body.message
    )
    error = ResponseError(
        words or f"{host} answered {response.status}",
        description=f"{UNKNOWN_OUTCOME} {advice}" if response.outcome_unknown else advice,
        code=code or f"http_{response.status}",
        http_code=response.status,
        field=body.fields[0] if body.fields else None,
        outcome_unknown=response.outcome_unknown,
    )
    if words and not (is_odata_error(response.content) or is_action_result(response.content)):
        error.foreign_words = f"{host} answered {response.status} with an error that is not one of 3CX"
    return error


def _advise(version: OperationVersion, status: int, code: str, body: ErrorBody) -> str:
    if version.base_path == CALL_CONTROL and (
        found := advise_on_call(status, [each.name for each in version.parameters])
    ):
        return found
    is_missing = status == 404 and code not in BY_WARNING
    if is_missing:
        key = version.key.name if version.key else ""
        return advise_on_missing(key, [each.name for each in version.parameters if each.name != key])
    if status == 400 and code not in BY_WARNING and has_types(body.message):
        return advise_on_filter(body.message)
    # Without a key there is no ID to check, whatever field the PBX names.
    names_field = bool(body.fields) and (version.key is not None or code != NOT_FOUND)
    return advice_for(status, code, names_field=names_field)


def _to_file(
    response: HttpResponse, media_type: str, version: OperationVersion, keys: Mapping[str, Any]
) -> File:
    given = read_given_name(response.headers.get("content-disposition", ""))
    name = make_safe_name(given) or make_file_name(
        version.template.segments[-1].local_name or "", keys, media_type
    )
    return File(response.content, media_type or "application/octet-stream", name, given, response.file)
