"""Check that a successful response is what its operation returns.

A status of 2xx alone does not say that something was done: a proxy, a captive portal or a PBX in trouble answers 200
with an empty body, `{}`, a text or `{"error": …}`, and 202 says only that a request was accepted.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..catalog.api_request import API_REQUEST
from ..catalog.earlier_returns import list_returns
from ..errors import UnusableResponseError
from ..values.call_results import is_accepted
from ..values.error_body import read_error_body

if TYPE_CHECKING:
    from ..catalog import Catalog, Operation, OperationVersion, Returns
    from ..messages import HttpResponse
    from .payload import Payload

_OK, _ACCEPTED, _NO_CONTENT = 200, 202, 204
# 203 is a 200 that a proxy has changed; the content is checked.
_COMPLETE = frozenset({_OK, 201, 203, _NO_CONTENT})
# The documents do not say what this type contains: any content, or none.
_ANY = "Pbx.IActionResult"
_CONTEXT = ("@odata.context", "@context", "@odata.type", "@type")
# Where the PBX says which entity it created, the entity itself may be left out.
_CREATED = ("location", "odata-entityid")
_EXPECTED: Mapping[str, str] = {
    "entity": "an object",
    "collection": "a list",
    "value": "a value",
    "file": "a file",
    "nothing": "no content",
}


class ResponseChecker:
    """Checks the successful responses of one operation; with a `catalog`, the names of their properties too."""

    def __init__(self, operation: Operation, version: OperationVersion, catalog: Catalog | None) -> None:
        self._operation = operation
        self._version = version
        self._catalog = catalog
        self._returns = list_returns(operation.id, version)
        self._is_api_request = operation.id == API_REQUEST

    def check(self, payload: Payload, response: HttpResponse, host: str) -> None:
        """Raise UnusableResponseError where the response is not what the operation returns."""
        if _has_error(payload.document) and not self._has_field("error"):
            message = read_error_body(response.content).message
            raise UnusableResponseError(host, response.status, f"an error{message and f': {message}'}")
        if not (self._is_complete(response.status) and self._fits(payload, response)):
            raise UnusableResponseError(host, response.status, self._describe(payload, response.status))

    def _is_complete(self, status: int) -> bool:
        # The Call Control API answers 202 with its result.
        return status in _COMPLETE or (
            status == _ACCEPTED and not self._version.is_odata and self._version.method == "POST"
        )

    def _fits(self, payload: Payload, response: HttpResponse) -> bool:
        if not response.content and payload.kind == "nothing":
            return self._may_be_empty(response)
        if self._is_api_request:
            return True
        return any(self._is(returns, payload) for returns in self._returns)

    def _may_be_empty(self, response: HttpResponse) -> bool:
        kinds = {each.kind for each in self._returns}
        is_empty_status = response.status == _NO_CONTENT
        if self._version.method == "GET":
            if self._is_api_request:
                return is_empty_status
            # OData answers 204 for null: the result of a function, or an entity that another one refers to.
            return is_empty_status and not kinds & {"file"} and self._may_be_null
        if not self._version.is_odata and is_accepted(response.status, response.content):
            return True
        if is_empty_status or self._is_api_request or "nothing" in kinds or self._returns_anything:
            return True
        return self._operation.kind == "create" and any(name in response.headers for name in _CREATED)

    @property
    def _may_be_null(self) -> bool:
        segments = self._version.template.segments
        is_reference = self._operation.kind == "get" and len(segments) > 1 and not segments[-1].key
        return self._operation.kind == "function" or is_reference

    @property
    def _returns_anything(self) -> bool:
        return any(each.type == _ANY for each in self._returns)

    def _is(self, returns: Returns, payload: Payload) -> bool:
        """Return whether a response with content is what `returns` describes."""
        if returns.type == _ANY and returns.kind != "file":
            return True
        if payload.kind == "file":
            # A function or an action may return a file that the documents describe as JSON.
            is_attached = payload.response is not None and "content-disposition" in payload.response.headers
            return returns.kind == "file" or (is_attached and self._operation.kind in ("function", "action"))
        match returns.kind:
            case "entity":
                return payload.kind == "entity" and self._is_entity(payload.document, returns.type)
            case "collection":
                return payload.kind == "collection" and self._is_list(payload, returns.type)
            case "value":
                return payload.kind in ("value", "entity") and _is_value(_get_value(payload), returns.type)
            case "file":
                return payload.kind != "nothing" and payload.document != {}
            case _:
                return self._is_unasked(payload)

    def _is_unasked(self, payload: Payload) -> bool:
        """Return whether the PBX may have sent this though the operation returns nothing.

        An update may return the entity, and an action of another release what OData describes.
        """
        document = payload.document
        if document is None:
            return self._operation.kind == "action"
        if self._operation.kind == "update":
            body = self._version.body
            return payload.kind == "entity" and self._is_entity(
                document, body if isinstance(body, str) else ""
            )
        return self._operation.kind == "action" and _has_context(document)

    def _is_entity(self, document: Any, type_name: str) -> bool:
        if _has_context(document):
            return True
        names = [name for name in document if "@" not in name]
        known = self._properties(type_name)
        return bool(names) and (not known or any(name in known for name in names))

    def _is_list(self, payload: Payload, type_name: str) -> bool:
        has_properties = self._catalog is None or self._catalog.is_schema(type_name)
        if not has_properties:
            return True
        is_set = self._operation.kind == "list"
        if self._catalog is None:
            return True
        # Of JSON, so each object is a dict. Pages are many, and their entities more: no step for each of them.
        if not set(map(type, payload.value)) <= ({dict} if is_set else {dict, type(None)}):
            return False
        if not is_set or not payload.value or _has_context(payload.document):
            return True
        return self._is_entity(payload.value[0], type_name)

    def _properties(self, type_name: str) -> Mapping[str, Any]:
        if self._catalog is None or not self._catalog.is_schema(type_name):
            return {}
        return self._catalog.properties(type_name)

    def _has_field(self, name: str) -> bool:
        return any(name in self._properties(each.type) for each in self._returns)

    def _describe(self, payload: Payload, status: int) -> str:
        content = _describe_content(payload, self._returns[0].kind)
        if self._is_complete(status):
            expected = "a response" if self._is_api_request else _EXPECTED[self._returns[0].kind]
            return f"something other than {expected}: {content}"
        if status == _ACCEPTED and self._version.method != "GET":
            return "no result: it accepted the request, but does not say whether it was carried out"
        return f"{content}, and a status that 3CX does not send"


def _has_error(document: Any) -> bool:
    """Return whether the document is an error, or a list that an error ended (OData's in-stream error)."""
    if not isinstance(document, Mapping) or "error" not in document:
        return False
    error = document["error"]
    is_odata = isinstance(error, Mapping) and ("message" in error or "code" in error)
    return is_odata or all(name == "error" or "@" in name or name == "error_description" for name in document)


def _has_context(document: Any) -> bool:
    return isinstance(document, Mapping) and any(name in document for name in _CONTEXT)


def _get_value(payload: Payload) -> Any:
    """Return the value of a response, whose operation may return an entity in the newest release."""
    is_wrapped = payload.kind == "entity" and "value" in payload.value
    return payload.value["value"] if is_wrapped else payload.value


def _is_value(value: Any, type_name: str) -> bool:
    if value is None:
        return True
    if isinstance(value, (Mapping, list)):
        return False
    if type_name == "Boolean":
        return isinstance(value, bool)
    if type_name.startswith("Int"):
        # With IEEE754Compatible a large number is a text.
        is_digits = isinstance(value, str) and value.removeprefix("-").isdigit()
        return is_digits or (isinstance(value, (int, float)) and not isinstance(value, bool))
    return isinstance(value, str)


def _describe_content(payload: Payload, expected: str) -> str:
    document = payload.document
    if payload.kind == "file":
        media_type = payload.value.media_type
        return "text" if media_type.startswith("text/") else f"a file of the type {media_type}"
    if payload.response is not None and not payload.response.content:
        return "an empty body"
    match document:
        case None:
            return "null"
        case Mapping():
            if not document:
                return "an empty object"
            if payload.kind == "collection":
                return "a list of something else" if expected == "collection" else "a list"
            return "an object of another type" if expected == "entity" else "an object"
        case list():
            return "a list of something else" if expected == "collection" else "a list"
        case bool():
            return "true or false"
        case str():
            return "a text"
    return "a number"
