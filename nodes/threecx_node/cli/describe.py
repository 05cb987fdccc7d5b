"""Describe an operation, as data and as text."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

from ..catalog.api_request import API_REQUEST, EXAMPLE
from ..values.json import dumps

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..catalog import Catalog, Operation, OperationVersion, Parameter, Property, Upload

_SAMPLES: Mapping[str, Any] = {
    "Int32": 12,
    "Int64": 12,
    "Byte": 1,
    "Boolean": True,
    "String": "text",
    "Guid": "6f9619ff-8b86-d011-b42d-00c04fc964ff",
    "DateTimeOffset": "2026-01-31T08:00:00Z",
    "Date": "2026-01-31",
    "TimeOfDay": "08:00:00",
    "Duration": "PT30S",
    "Single": 1.5,
    "Double": 1.5,
    "Decimal": 1.5,
}
_SAMPLE_FILES = {"audio/wav": "closed.wav"}
_FIELDS_IN_EXAMPLE = 2


def describe_operation(catalog: Catalog, operation: Operation, release: str | None = None) -> dict[str, Any]:
    """Return parameters, query options, body fields with types and choices, and an example."""
    if release is not None:
        catalog.check_release(release)
    version = operation.version(release)
    resource = catalog.resource_texts(operation.resource)["name"]
    fields = catalog.body_properties(version, release)
    described: dict[str, Any] = {
        "operation": operation.id,
        "resource": resource,
        "action": operation.action,
        "kind": operation.kind,
        "releases": list(operation.releases),
        "request": f"{version.method} {version.path}",
        "parameters": [_parameter(each) for each in version.parameters],
        "query": list(version.query),
        "body": [_field(catalog, each, release) for each in fields.values()],
        "returns": {
            "kind": version.returns.kind,
            **({"type": version.returns.type} if version.returns.type else {}),
        },
        "example": _example(catalog, operation, version, fields),
    }
    if version.upload:
        described["file"] = _describe_upload(version.upload)
    if version.if_match:
        described["parameters"].append({"name": "If-Match", "type": "String", "required": False})
    if operation.id == API_REQUEST:
        described["parameters"].append({"name": "body", "type": "JSON", "required": False})
    others = [
        {"releases": list(each.releases), "request": f"{each.method} {each.path}"}
        for each in operation.versions
    ]
    if len(others) > 1:
        described["shapes"] = others
    return described


def to_text(described: Mapping[str, Any]) -> str:
    """Return the description as text for a terminal."""
    releases = described["releases"]
    lines = [
        f"{described['operation']}: {described['action']}",
        f"  {described['request']}",
        f"  resource {described['resource']}, 3CX {releases[0]} to {releases[-1]}",
    ]
    lines += [
        f"  3CX {version['releases'][0]} to {version['releases'][-1]}: {version['request']}"
        for version in described.get("shapes", [])
    ]
    if described["parameters"]:
        lines += ["", "Parameters"]
        lines += [
            f"  {each['name']:<24}{each['type']}{'' if each['required'] else ', optional'}"
            for each in described["parameters"]
        ]
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
    return {"name": parameter.name, "type": parameter.type, "required": not parameter.optional}


def _field(catalog: Catalog, field: Property, release: str | None) -> dict[str, Any]:
    described: dict[str, Any] = {"name": field.name, "type": str(field.type)}
    if enum := catalog.enums.get(field.type.name):
        described["choices"] = list(enum.members_in(release))
    if field.max_length:
        described["maxLength"] = field.max_length
    if field.releases:
        described["releases"] = list(field.releases)
    return described


def _example(
    catalog: Catalog, operation: Operation, version: OperationVersion, fields: Mapping[str, Property]
) -> str:
    """Return a command that can be pasted; its values are samples."""
    if operation.id == API_REQUEST:
        return EXAMPLE
    words = ["threecx", "execute", operation.id]
    for parameter in version.parameters:
        value = _SAMPLES.get(parameter.type, "text")
        words += ["-p", f"{parameter.name}={str(value).lower() if isinstance(value, bool) else value}"]
    if version.upload:
        words += ["-p", f"{version.upload.name}=@{_SAMPLE_FILES.get(version.upload.media_type, 'FILE')}"]
    if fields:
        # Simple fields make the clearest example; keys are set by the PBX.
        plain = sorted(
            (name for name in fields if name not in ("Id", "Number")),
            key=lambda name: fields[name].type.name not in _SAMPLES or fields[name].type.collection,
        )
        choices = [each[0] for each in catalog.required_choices(operation) if len(each) > 1]
        needed = [*catalog.required_fields(operation), *choices]
        chosen = [*needed, *(name for name in plain if name not in needed)]
        shown = chosen[: max(_FIELDS_IN_EXAMPLE, len(needed))]
        body = {name: _sample(catalog, fields[name]) for name in shown}
        words += ["--body", dumps(body).decode()]
    return shlex.join([*words, "--dry-run"])


def _sample(catalog: Catalog, field: Property) -> Any:
    if field.type.collection:
        return []
    if enum := catalog.enums.get(field.type.name):
        return enum.members[0]
    return _SAMPLES.get(field.type.name, {})
