"""Describe an operation, as data and as text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..catalog.api_request import API_REQUEST
from ..catalog.call_control import DEVICE_ID, PARTICIPANT_ID, PLACE_CALL
from ..catalog.filter_fields import takes_filter
from ..catalog.sentences import summarize_operation
from ..messages import FILTERS
from ..options import DEFAULT_WAIT, WAIT_GOALS
from ..values.json import dumps
from .describe_task import describe_task, task_to_text
from .examples import build_example

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..catalog import Catalog, Operation, Parameter, Property, Upload


def describe_operation(catalog: Catalog, operation: Operation, release: str | None = None) -> dict[str, Any]:
    """Return parameters, query options, body fields with types and choices, and an example."""
    if release is not None:
        catalog.check_release(release)
    if operation.task is not None:
        return describe_task(catalog, operation, operation.task)
    version = operation.version(release)
    resource = catalog.resource_texts(operation.resource)["name"]
    fields = catalog.body_properties(version, release)
    described: dict[str, Any] = {
        "operation": operation.id,
        "resource": resource,
        "action": operation.action,
        "kind": operation.kind,
        "note": summarize_operation(catalog, operation),
        "releases": list(operation.releases),
        "request": f"{version.method} {version.shown_path}",
        "effect": operation.effect,
        "parameters": [_parameter(each) for each in version.parameters],
        "query": list(version.query),
        "body": [_field(catalog, each, release) for each in fields.values()],
        "returns": {
            "kind": version.returns.kind,
            **({"type": version.returns.type} if version.returns.type else {}),
        },
        "example": build_example(
            catalog, operation, version, catalog.body_properties(version, release or version.releases[-1])
        ),
    }
    if version.upload:
        described["file"] = _describe_upload(version.upload)
    if version.if_match:
        described["parameters"].append({"name": "If-Match", "type": "String", "required": False})
    if takes_filter(catalog, version):
        kind = "conditions [{field, operator, value}]"
        described["parameters"].append({"name": FILTERS, "type": kind, "required": False})
    if operation.id == API_REQUEST:
        described["parameters"].append({"name": "body", "type": "JSON", "required": False})
    if operation.id == PLACE_CALL:
        described["parameters"] = _describe_call(described["parameters"])
    if any(each.name == PARTICIPANT_ID for each in version.parameters):
        described["parameters"] = _describe_handle(described["parameters"])
    others = [
        {"releases": list(each.releases), "request": f"{each.method} {each.shown_path}"}
        for each in operation.versions
    ]
    if len(others) > 1:
        described["shapes"] = others
    return described


def to_text(described: Mapping[str, Any]) -> str:
    """Return the description as text for a terminal."""
    if described["kind"] == "task":
        return task_to_text(described)
    releases = described["releases"]
    lines = [
        f"{described['operation']}: {described['action']}",
        f"  {described['request']}",
        f"  resource {described['resource']}, 3CX {releases[0]} to {releases[-1]}",
    ]
    if described["effect"] == "change" and described["request"].startswith("GET "):
        lines.append("  may change something, so it is not sent again after a lost response")
    lines.append(f"  {described['note']}")
    lines += [
        f"  3CX {version['releases'][0]} to {version['releases'][-1]}: {version['request']}"
        for version in described.get("shapes", [])
    ]
    if described["parameters"]:
        lines += ["", "Parameters"]
        lines += [f"  {each['name']:<24}{_parameter_text(each)}" for each in described["parameters"]]
    if described["query"]:
        lines += ["", "Query options", f"  {' '.join(described['query'])}"]
    if file := described.get("file"):
        limit = f", at most {file['maxBytes']} bytes" if file["maxBytes"] else ""
        lines += ["", "File", f"  {file['name']:<24}{file['mediaType'] or 'any type'}{limit}"]
    if described["body"]:
        lines += ["", "Body fields (all optional; a field that is not given is not sent)"]
        lines += [f"  {each['name']:<32}{_type_text(each)}" for each in described["body"]]
    returns = described["returns"]
    lines += ["", "Returns", f"  {returns['kind']} {returns.get('type', '')}".rstrip()]
    return "\n".join([*lines, "", "Example", f"  {described['example']}"])


def _describe_call(parameters: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the parameters of a new call: its device is looked up where none is given, and it can be waited for."""
    named = [each | {"required": each["required"] and each["name"] != DEVICE_ID} for each in parameters]
    wait_for = {"name": "waitFor", "type": "String", "required": False, "values": list(WAIT_GOALS)}
    return [
        *named,
        wait_for,
        {"name": "waitTimeout", "type": "Double", "required": False, "default": DEFAULT_WAIT},
    ]


def _describe_handle(parameters: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the parameters of an operation on a participant, which the handle of a call names too."""
    return [
        {"name": "call", "type": "handle {pbx, dn, participantId, callId}", "required": False},
        *(each | {"required": False} for each in parameters),
    ]


def _parameter_text(parameter: Mapping[str, Any]) -> str:
    text = str(parameter["type"])
    if choices := parameter.get("choices"):
        named = ", ".join(f"{name} ({value})" for name, value in choices.items())
        text += f": {named}, or another number of 3CX"
    if values := parameter.get("values"):
        text += f": {', '.join(values)}"
    if "default" in parameter:
        return f"{text}, {dumps(parameter['default']).decode()} where it is not given"
    return text if parameter["required"] else f"{text}, optional"


def _type_text(field: Mapping[str, Any]) -> str:
    text = str(field["type"])
    if choices := field.get("choices"):
        text += f": {', '.join(choices)}"
    if releases := field.get("releases"):
        text += f" (only {releases[0]} to {releases[-1]})"
    return text


def _describe_upload(upload: Upload) -> dict[str, Any]:
    return {"name": upload.name, "mediaType": upload.media_type, "maxBytes": upload.max_bytes}


def _parameter(parameter: Parameter) -> dict[str, Any]:
    described: dict[str, Any] = {"name": parameter.name, "type": parameter.type}
    described["required"] = not parameter.optional and parameter.default is None
    if parameter.choices:
        described["choices"] = dict(parameter.choices)
    if parameter.default is not None:
        described["default"] = parameter.default
    return described


def _field(catalog: Catalog, field: Property, release: str | None) -> dict[str, Any]:
    described: dict[str, Any] = {"name": field.name, "type": str(field.type)}
    if enum := catalog.enums.get(field.type.name):
        described["choices"] = list(enum.members_in(release))
    if field.max_length:
        described["maxLength"] = field.max_length
    if field.releases:
        described["releases"] = list(field.releases)
    return described
