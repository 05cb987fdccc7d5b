"""Validate a descriptor by its JSON Schema, and by the rules that a schema cannot express."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from functools import cache
from importlib import resources
from typing import Any, cast

import orjson
from jsonschema import Draft202012Validator

from ..errors import ConfigurationError
from .definition import Definition, Descriptor, NodeProperty, shown_operations


@cache
def load_schema() -> dict[str, Any]:
    """Return the JSON Schema of the descriptor (draft 2020-12)."""
    text = resources.files(__package__).joinpath("schema.json").read_bytes()
    read: dict[str, Any] = orjson.loads(text)
    return read


def validate(document: Any, source: str = "the descriptor") -> Descriptor:
    """Return `document` as a descriptor. Raises ConfigurationError that names the first place that is not valid."""
    for problem in find_problems(document):
        raise ConfigurationError(f"{source}: {problem}")
    return cast("Descriptor", document)


def find_problems(document: Any) -> Iterator[str]:
    """Yield each problem with its place; contradictions only where the document fits the schema."""
    if isinstance(document, Mapping) and "properties" in document and "nodes" not in document:
        yield (
            "the document describes one node, as in an earlier release; put it into the list `nodes`, "
            "beside `generator` and `credentialTypes`"
        )
        return
    found = sorted(
        Draft202012Validator(load_schema()).iter_errors(document), key=lambda each: list(map(str, each.path))
    )
    for error in found:
        # The deepest cause is the most specific: "type is not one of …", not "matches none of the alternatives".
        deepest = error
        while deepest.context:
            deepest = min(deepest.context, key=lambda each: (-len(each.absolute_path), each.message))
        yield f"{_describe_place(document, deepest.absolute_path)}: {_shorten(deepest.message)}"
    if not found:
        for node in document["nodes"]:
            yield from _find_contradictions(node)


def _shorten(message: str) -> str:
    """Cut the middle of a message: jsonschema quotes the whole value, and the reason is at the end."""
    return message if len(message) <= 200 else f"{message[:80]} … {message[-100:]}"


def _describe_place(document: Any, path: Any) -> str:
    """Return a path in words, with the names of properties instead of their positions."""
    words: list[str] = []
    for part in path:
        document = document[part]
        name = document.get("name") if isinstance(document, Mapping) else None
        words.append(str(name) if isinstance(part, int) and name else str(part))
    return " > ".join(words) or "the document"


def _find_contradictions(document: Definition) -> Iterator[str]:
    if "trigger" in document["group"]:
        yield from _check_trigger(document)
        return
    operations = Counter(
        choice["value"]
        for each in document["properties"]
        if each["name"] == "operation"
        for choice in each.get("options", [])
    )
    for operation_id, times in operations.items():
        if times > 1:
            yield f"operation {operation_id} is offered {times} times"
    yield from _check_resources(document)
    names = {each["name"] for each in document["properties"]}
    for each in document["properties"]:
        yield from _check_property(each, operations, names)
        if each["type"] == "collection":
            for option in each.get("options", []):
                yield from _check_property(option, operations, names)
        if each["type"] == "fixedCollection":
            for group in each.get("options", []):
                # Those of the same entry, too, decide what is shown.
                inner = names | {value["name"] for value in group["values"]}
                for value in group["values"]:
                    yield from _check_property(value, operations, inner)
    yield from _check_duplicates(document, operations)


def _check_trigger(document: Definition) -> Iterator[str]:
    names = Counter(each["name"] for each in document["properties"])
    for each in document["properties"]:
        yield from _check_property(each, {}, names)
    yield from (f"{name} is offered {times} times" for name, times in names.items() if times > 1)


def _check_resources(document: Definition) -> Iterator[str]:
    offered = {
        choice["value"]
        for each in document["properties"]
        if each["name"] == "resource"
        for choice in each.get("options", [])
    }
    served = Counter(
        resource
        for each in document["properties"]
        if each["name"] == "operation"
        for resource in each.get("displayOptions", {}).get("show", {}).get("resource", [])
    )
    for resource in sorted(offered ^ set(served)):
        yield f"resource {resource} {'has no operations' if resource in offered else 'is unknown'}"
    for resource, times in served.items():
        if times > 1:
            yield f"resource {resource} has {times} lists of operations"


def _check_property(
    each: NodeProperty, operations: Mapping[str, int], names: Collection[str]
) -> Iterator[str]:
    if each["type"] == "options" and "options" in each:
        values = [choice["value"] for choice in each.get("options", [])]
        if each["default"] not in values:
            yield f"{each['name']}: its default {each['default']!r} is not among its options"
        if len(set(values)) != len(values):
            yield f"{each['name']}: two options have the same value"
    for shown in each.get("displayOptions", {}).get("show", {}):
        # A name that begins with @ is about the node: whether it is a tool.
        if not shown.startswith("@") and shown.removeprefix("/") not in names:
            yield f"{each['name']}: shown by the unknown parameter {shown!r}"
    for operation_id in shown_operations(each) or ():
        if operation_id not in operations:
            yield f"{each['name']}: shown by the unknown operation {operation_id!r}"


def _check_duplicates(document: Definition, operations: Mapping[str, int]) -> Iterator[str]:
    seen: Counter[tuple[str, str]] = Counter()
    for each in document["properties"]:
        if each["name"] not in ("resource", "operation"):
            seen.update((each["name"], shown) for shown in shown_operations(each) or operations)
    for (name, operation_id), times in seen.items():
        if times > 1:
            yield f"{name} is offered {times} times for {operation_id}"
