"""Whether a descriptor is one: its shape by JSON Schema, and what a schema cannot say by hand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import resources
from typing import Any, cast

import orjson
from jsonschema import Draft202012Validator

from ..errors import ConfigurationError
from .models import Definition, NodeProperty, shown_operations


@cache
def schema() -> dict[str, Any]:
    """The descriptor's JSON Schema (draft 2020-12)."""
    text = resources.files(__package__).joinpath("schema.json").read_bytes()
    read: dict[str, Any] = orjson.loads(text)
    return read


def validate(document: Any, source: str = "the descriptor") -> Definition:
    """`document` as a descriptor; raises ConfigurationError that names the first place that is wrong."""
    for problem in problems(document):
        raise ConfigurationError(f"{source}: {problem}")
    return cast("Definition", document)


def problems(document: Any) -> Iterator[str]:
    """Everything that is wrong, each with its place; the second kind only where the first found nothing."""
    found = sorted(
        Draft202012Validator(schema()).iter_errors(document), key=lambda each: list(map(str, each.path))
    )
    for error in found:
        # The deepest cause tells most: "type is not one of …", not "matches none of the alternatives".
        deepest = error
        while deepest.context:
            deepest = min(deepest.context, key=lambda each: (-len(each.absolute_path), each.message))
        yield f"{_place(document, deepest.absolute_path)}: {_short(deepest.message)}"
    if not found:
        yield from _disagreements(document)


def _short(message: str) -> str:
    """jsonschema quotes what it complains about, however long; what is wrong stands at the end."""
    return message if len(message) <= 200 else f"{message[:80]} … {message[-100:]}"


def _place(document: Any, path: Any) -> str:
    """A path in words: the name of a property says more than its position."""
    words: list[str] = []
    for part in path:
        document = document[part]
        name = document.get("name") if isinstance(document, Mapping) else None
        words.append(str(name) if isinstance(part, int) and name else str(part))
    return " > ".join(words) or "the whole"


def _disagreements(document: Definition) -> Iterator[str]:
    operations = Counter(
        choice["value"]
        for each in document["properties"]
        if each["name"] == "operation"
        for choice in each.get("options", [])
    )
    for operation_id, times in operations.items():
        if times > 1:
            yield f"operation {operation_id} is offered {times} times"
    yield from _resource_disagreements(document)
    for each in document["properties"]:
        yield from _property_disagreements(each, operations)
        if each["type"] == "collection":
            for option in each.get("options", []):
                yield from _property_disagreements(option, operations)
    yield from _doubles(document, operations)


def _resource_disagreements(document: Definition) -> Iterator[str]:
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
        yield f"resource {resource} is {'without operations' if resource in offered else 'unknown'}"
    for resource, times in served.items():
        if times > 1:
            yield f"resource {resource} has {times} lists of operations"


def _property_disagreements(each: NodeProperty, operations: Mapping[str, int]) -> Iterator[str]:
    if each["type"] == "options":
        values = [choice["value"] for choice in each.get("options", [])]
        if each["default"] not in values:
            yield f"{each['name']}: its default {each['default']!r} is not among its options"
        if len(set(values)) != len(values):
            yield f"{each['name']}: two options have the same value"
    for operation_id in shown_operations(each) or ():
        if operation_id not in operations:
            yield f"{each['name']}: shown by the unknown operation {operation_id!r}"


def _doubles(document: Definition, operations: Mapping[str, int]) -> Iterator[str]:
    seen: Counter[tuple[str, str]] = Counter()
    for each in document["properties"]:
        if each["name"] not in ("resource", "operation"):
            seen.update((each["name"], shown) for shown in shown_operations(each) or operations)
    for (name, operation_id), times in seen.items():
        if times > 1:
            yield f"{name} is offered {times} times for {operation_id}"
