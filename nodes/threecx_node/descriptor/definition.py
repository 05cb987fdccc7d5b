"""Types of the descriptor: the part of n8n's node descriptions that these nodes use.

A property belongs to the operations in its `displayOptions.show.operation`, or to all operations where that is
missing. Inside a collection the list is under `/operation`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NotRequired, TypedDict

if TYPE_CHECKING:
    from collections.abc import Iterator

PropertyType = Literal[
    "boolean",
    "collection",
    "dateTime",
    "fixedCollection",
    "hidden",
    "json",
    "multiOptions",
    "notice",
    "number",
    "options",
    "resourceLocator",
    "resourceMapper",
    "string",
]


class Choice(TypedDict):
    """One entry of an options list; `action` only where the choice is an operation."""

    name: str
    value: str
    action: NotRequired[str]
    description: NotRequired[str]


class NodeProperty(TypedDict):
    """One parameter of the node; `options` are choices, or properties where the type is a collection."""

    displayName: str
    name: str
    type: PropertyType
    default: Any
    required: NotRequired[bool]
    description: NotRequired[str]
    placeholder: NotRequired[str]
    hint: NotRequired[str]
    builderHint: NotRequired[dict[str, str]]
    noDataExpression: NotRequired[bool]
    typeOptions: NotRequired[dict[str, Any]]
    modes: NotRequired[list[dict[str, Any]]]
    displayOptions: NotRequired[dict[str, dict[str, list[Any]]]]
    options: NotRequired[list[Any]]


class CredentialUse(TypedDict):
    """A credential type that the node uses."""

    name: str
    required: bool


class CredentialType(TypedDict):
    """The form of a credential."""

    name: str
    displayName: str
    properties: list[NodeProperty]


class Hint(TypedDict):
    """A text that a canvas shows while `displayCondition` is true, in the format of n8n's NodeHint."""

    message: str
    type: Literal["info", "warning", "danger"]
    location: Literal["outputPane", "inputPane", "ndv"]
    whenToDisplay: Literal["always", "beforeExecution", "afterExecution"]
    displayCondition: str


class Definition(TypedDict):
    """One node; those without `hints` and `usableAsTool` are triggers, which have `webhooks` and texts of their own."""

    displayName: str
    name: str
    icon: dict[str, str]
    group: list[str]
    version: int
    subtitle: str
    description: str
    defaults: dict[str, str]
    inputs: list[str]
    outputs: list[str]
    credentials: list[CredentialUse]
    usableAsTool: NotRequired[Literal[True]]
    hints: NotRequired[list[Hint]]
    sensitiveOutputFields: NotRequired[list[str]]
    builderHint: NotRequired[dict[str, str]]
    eventTriggerDescription: NotRequired[str]
    activationMessage: NotRequired[str]
    properties: list[NodeProperty]


class Descriptor(TypedDict):
    """The whole file: the nodes of the package, and the forms of their credentials."""

    generator: str
    credentialTypes: list[CredentialType]
    nodes: list[Definition]


def shown_operations(each: NodeProperty) -> tuple[str, ...] | None:
    """Return the operations that show a property, None where all do."""
    shown = each.get("displayOptions", {}).get("show", {})
    listed = shown.get("operation", shown.get("/operation"))
    return None if listed is None else tuple(listed)


def properties_of(definition: Definition, operation_id: str) -> Iterator[NodeProperty]:
    """Yield the properties of an operation in the order of the canvas, with only its own options in the collection."""
    for each in definition["properties"]:
        if each["name"] in ("resource", "operation"):
            continue
        listed = shown_operations(each)
        if listed is not None and operation_id not in listed:
            continue
        if each["type"] != "collection":
            yield each
            continue
        inner = [
            option
            for option in each["options"]
            if operation_id in (shown_operations(option) or (operation_id,))
        ]
        yield {**each, "options": inner}
