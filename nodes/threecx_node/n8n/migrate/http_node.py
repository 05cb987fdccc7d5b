"""Read an HTTP Request node of any version of n8n: what it sends, and what it makes of the response."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

HTTP_REQUEST = "n8n-nodes-base.httpRequest"
_FIRST_OF_NEW = 3

BodyKind = Literal["none", "fields", "json", "other"]


@dataclass(frozen=True, slots=True)
class HttpNode:
    """A request as the node describes it; values may be expressions.

    `query` and `headers` are pairs, or one JSON text. `body` is a list of pairs (`fields`) or a text (`json`). `files`
    are the files of a form that contains nothing else: their names in the form and in the input item.
    """

    method: str
    url: Any
    query: Any = ()
    headers: Any = ()
    body_kind: BodyKind = "none"
    body: Any = None
    is_nested: bool = False
    files: tuple[tuple[str, str], ...] = ()
    response_format: str = ""
    output_field: str = ""
    is_full: bool = False
    never_error: bool = False
    pagination: Mapping[str, Any] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    authentication: str = ""


def is_http_request(type_name: str) -> bool:
    """Return whether a node type is n8n's HTTP Request, or the tool made of it."""
    return type_name.removesuffix("Tool") == HTTP_REQUEST


def read_http_node(node: Mapping[str, Any]) -> HttpNode:
    """Return the request of a node; a parameter that the node does not contain has n8n's default."""
    parameters = _mapping(node.get("parameters"))
    try:
        version = float(node.get("typeVersion") or 1)
    except (TypeError, ValueError):
        version = _FIRST_OF_NEW
    return _read_new(parameters, version) if version >= _FIRST_OF_NEW else _read_old(parameters)


def _read_new(parameters: Mapping[str, Any], version: float) -> HttpNode:
    """Read versions 3 and 4."""
    options = _mapping(parameters.get("options"))
    response = _inner(options, "response")
    kind, body = _read_body(parameters)
    return HttpNode(
        method=str(parameters.get("method") or "GET"),
        url=parameters.get("url"),
        query=_read_part(parameters, "sendQuery", "specifyQuery", "queryParameters", "jsonQuery"),
        headers=_read_part(parameters, "sendHeaders", "specifyHeaders", "headerParameters", "jsonHeaders"),
        body_kind=kind,
        body=body,
        files=_read_files(parameters) if kind == "other" else (),
        is_nested=kind == "fields" and version >= _FIRST_OF_NEW + 1,
        response_format=str(response.get("responseFormat") or "autodetect"),
        output_field=str(response.get("outputPropertyName") or "data"),
        is_full=bool(response.get("fullResponse")),
        never_error=bool(response.get("neverError")),
        pagination=_inner(options, "pagination"),
        options={name: each for name, each in options.items() if name not in ("response", "pagination")},
        authentication=_read_authentication(parameters),
    )


def _read_old(parameters: Mapping[str, Any]) -> HttpNode:
    """Read versions 1 and 2."""
    options = _mapping(parameters.get("options"))
    as_json = bool(parameters.get("jsonParameters"))

    def part(name: str) -> Any:
        if as_json:
            return parameters.get(f"{name}Json") or ()
        return _pairs(_mapping(parameters.get(f"{name}Ui")).get("parameter"))

    content_type = str(options.get("bodyContentType") or "json")
    body = part("bodyParameters")
    if parameters.get("sendBinaryData"):
        kind: BodyKind = "other"
    elif not body:
        kind = "none"
    elif content_type == "json" or (
        content_type == "raw" and _is_json(options.get("bodyContentCustomMimeType"))
    ):
        kind = "json" if as_json else "fields"
    else:
        kind = "other"
    known = {
        "bodyContentType",
        "bodyContentCustomMimeType",
        "fullResponse",
        "ignoreResponseCode",
        "splitIntoItems",
    }
    return HttpNode(
        method=str(parameters.get("requestMethod") or "GET"),
        url=parameters.get("url"),
        query=part("queryParameters"),
        headers=part("headerParameters"),
        body_kind=kind,
        body=body,
        files=_read_old_files(parameters, options),
        response_format={"string": "text"}.get(
            str(parameters.get("responseFormat")), str(parameters.get("responseFormat") or "json")
        ),
        output_field=str(parameters.get("dataPropertyName") or "data"),
        is_full=bool(options.get("fullResponse")),
        never_error=bool(options.get("ignoreResponseCode")),
        options={name: each for name, each in options.items() if name not in known}
        | ({"allowUnauthorizedCerts": True} if parameters.get("allowUnauthorizedCerts") else {}),
        authentication=_read_authentication(parameters),
    )


def _read_part(parameters: Mapping[str, Any], switch: str, specify: str, pairs: str, json_text: str) -> Any:
    if not parameters.get(switch):
        return ()
    if parameters.get(specify) == "json":
        return parameters.get(json_text) or ()
    return _pairs(_mapping(parameters.get(pairs)).get("parameters"))


def _read_body(parameters: Mapping[str, Any]) -> tuple[BodyKind, Any]:
    if not parameters.get("sendBody"):
        return "none", None
    content_type = parameters.get("contentType") or "json"
    if content_type == "json":
        if parameters.get("specifyBody") == "json":
            return "json", parameters.get("jsonBody")
        return "fields", _pairs(_mapping(parameters.get("bodyParameters")).get("parameters"))
    if content_type == "raw":
        if not parameters.get("body"):
            return "none", None
        if _is_json(parameters.get("rawContentType")):
            return "json", parameters["body"]
    return "other", None


def _read_files(parameters: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """Return the files of a multipart form, none where it has other fields too."""
    entries = _mapping(parameters.get("bodyParameters")).get("parameters")
    given = [each for each in entries if isinstance(each, Mapping)] if isinstance(entries, list) else []
    if parameters.get("contentType") != "multipart-form-data" or any(
        each.get("parameterType") != "formBinaryData" for each in given
    ):
        return ()
    return tuple((str(each.get("name") or ""), str(each.get("inputDataFieldName") or "")) for each in given)


def _read_old_files(parameters: Mapping[str, Any], options: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """Return the files of a multipart form of versions 1 and 2: `data`, or `name:data` and so on."""
    if not parameters.get("sendBinaryData") or options.get("bodyContentType") != "multipart-form-data":
        return ()
    names = [each.strip() for each in str(parameters.get("binaryPropertyName") or "data").split(",")]
    pairs = [each.partition(":") for each in names]
    return tuple((name, field) if colon else ("file", name) for name, colon, field in pairs)


def _read_authentication(parameters: Mapping[str, Any]) -> str:
    """Return the type of the credential that the node uses, "" for none."""
    given = str(parameters.get("authentication") or "none")
    if given == "predefinedCredentialType":
        return str(parameters.get("nodeCredentialType") or given)
    if given == "genericCredentialType":
        return str(parameters.get("genericAuthType") or given)
    return "" if given == "none" else given


def _is_json(media_type: Any) -> bool:
    return not media_type or "json" in str(media_type).lower()


def _pairs(entries: Any) -> tuple[tuple[str, Any], ...]:
    given = [each for each in entries if isinstance(each, Mapping)] if isinstance(entries, list) else []
    return tuple((str(each.get("name") or ""), each.get("value", "")) for each in given if each.get("name"))


def _inner(options: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """Return the content of a collection that n8n stores inside itself: `{"response": {"response": {…}}}`."""
    return _mapping(_mapping(options.get(name)).get(name))


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
