"""Build the everyday node: the operations that people use, in their words, with fields instead of bodies."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from threecx_credentials.form import CREDENTIAL_TYPE

from ...catalog.sentences import summarize_operation
from .body_properties import build_body_properties
from .common_properties import build_output_properties
from .everyday_table import RESOURCES
from .hints import EVERYDAY_HINTS
from .options import build_options, build_search
from .parameters import build_path_properties, show_for
from .sensitive_fields import find_sensitive_fields
from .task_properties import build_task_options, build_task_properties
from .trigger import ICON_OF_OTHERS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from ...catalog import Catalog, Operation
    from ...descriptor.definition import Choice, Definition, NodeProperty
    from .everyday_table import EverydayOperation, EverydayResource

NAME = "threeCxPhoneSystem"
# Options for those who know the API: the node with all operations has them.
_NOT_OPTIONS = frozenset(
    {"$expand", "$search", "$skip", "allowIncompleteLists", "includeCount", "responseFormat"}
)
_NAMES = {"create": "Create", "get": "Get", "list": "Get Many", "update": "Update", "delete": "Delete"}


def build_everyday(catalog: Catalog) -> Definition:
    """Return the everyday node; operations that the catalog does not have, such as an older one's, are left out."""
    resources = [(each, _find_operations(catalog, each)) for each in RESOURCES]
    choices = {each["value"]: each for _, offered in resources for each in offered}
    operations = [catalog.operation(each) for each in choices]
    known = {each.id for each in operations}
    return {
        "displayName": "3CX",
        "name": NAME,
        "icon": ICON_OF_OTHERS,
        "group": ["transform"],
        "version": 1,
        "subtitle": _build_subtitle(choices.values()),
        "description": "Users, calls, contacts, queues, departments and recordings of a 3CX phone system",
        "defaults": {"name": "3CX"},
        "inputs": ["main"],
        "outputs": ["main"],
        "usableAsTool": True,
        "credentials": [{"name": CREDENTIAL_TYPE["name"], "required": True}],
        "hints": EVERYDAY_HINTS,
        "sensitiveOutputFields": find_sensitive_fields(catalog, operations),
        "properties": [
            _build_resource_property(resources),
            *(_build_operation_property(each, offered) for each, offered in resources if offered),
            *build_path_properties(catalog, known),
            *_share((each.id, draft) for each in operations for draft in build_task_properties(each)),
            *_share((each.id, draft) for each in operations for draft in _draft_body(catalog, each)),
            build_search(catalog, known),
            *build_output_properties(
                catalog, known, tasks=[each.id for each in operations if each.task and each.task.summary]
            ),
            _build_few_options(
                catalog,
                known,
                _share(
                    ((each.id, draft) for each in operations for draft in build_task_options(each)),
                    nested=True,
                ),
            ),
        ],
    }


def _build_few_options(
    catalog: Catalog, names: Collection[str], more: Iterable[NodeProperty]
) -> NodeProperty:
    options = build_options(catalog, names, more)
    return {**options, "options": [each for each in options["options"] if each["name"] not in _NOT_OPTIONS]}


def _find_operations(catalog: Catalog, resource: EverydayResource) -> list[Choice]:
    known = {*catalog.operation_ids, *catalog.task_ids}
    return [_build_choice(catalog, resource, each) for each in resource.operations if each.id in known]


def _build_choice(catalog: Catalog, resource: EverydayResource, listed: EverydayOperation) -> Choice:
    operation = catalog.operation(listed.id)
    name, action = listed.name, listed.action
    if operation.task is not None:
        name, action = name or operation.name, action or operation.action
    name = name or _NAMES.get(operation.kind, operation.name)
    noun = resource.plural if operation.kind == "list" else resource.name.lower()
    return {
        "name": name,
        "value": operation.id,
        "action": action or f"{name.capitalize()} {noun}",
        "description": summarize_operation(
            catalog, operation, "" if listed.action else resource.name.lower()
        ),
    }


def _build_subtitle(choices: Iterable[Choice]) -> str:
    """Return an expression for the action of the chosen operation, the same words as in the panel.

    The actions that follow from the names of their operations are made by the expression.
    """
    actions = {
        each["value"]: each["action"] for each in choices if derive_action(each["value"]) != each["action"]
    }
    named = json.dumps(actions, separators=(",", ":"))
    derived = (
        '$parameter["operation"].replace(/(?!^)[A-Z]/g, each => " " + each.toLowerCase())'
        '.replace(/^List (.+)/, "Get many $1s")'
    )
    return f'={{{{ ({named})[$parameter["operation"]] || {derived} }}}}'


def derive_action(operation: str) -> str:
    """Return the action that the name of an operation says: "Delete call flow app" of DeleteCallFlowApp."""
    words = re.sub(r"(?!^)[A-Z]", lambda each: f" {each[0].lower()}", operation)
    return re.sub(r"^List (.+)", r"Get many \1s", words)


def _build_resource_property(resources: list[tuple[EverydayResource, list[Choice]]]) -> NodeProperty:
    choices: list[Choice] = [
        {"name": each.name, "value": each.value, "description": each.description}
        for each, offered in resources
        if offered
    ]
    return {
        "displayName": "Resource",
        "name": "resource",
        "type": "options",
        "noDataExpression": True,
        "default": choices[0]["value"],
        "options": choices,
    }


def _build_operation_property(resource: EverydayResource, choices: list[Choice]) -> NodeProperty:
    reading = [each["value"] for each in choices if each["name"] == "Get Many"]
    return {
        "displayName": "Operation",
        "name": "operation",
        "type": "options",
        "noDataExpression": True,
        "displayOptions": {"show": {"resource": [resource.value]}},
        "default": reading[0] if reading else choices[0]["value"],
        "options": choices,
    }


def _draft_body(catalog: Catalog, operation: Operation) -> Iterator[NodeProperty]:
    if operation.task is None and operation.version().body:
        yield from build_body_properties(catalog, operation)


def _share(drafts: Iterable[tuple[str, NodeProperty]], *, nested: bool = False) -> list[NodeProperty]:
    """Return each different property once, with a condition that shows it for the operations that have it."""
    uses: dict[str, tuple[NodeProperty, list[str]]] = {}
    for operation_id, draft in drafts:
        uses.setdefault(json.dumps(draft, sort_keys=True), (draft, []))[1].append(operation_id)
    return [_show_also(draft, operations, nested=nested) for draft, operations in uses.values()]


def _show_also(draft: NodeProperty, operations: list[str], *, nested: bool) -> NodeProperty:
    conditions: dict[str, list[Any]] = draft.get("displayOptions", {}).get("show", {})
    shown = show_for(draft, operations, nested=nested)
    shown["displayOptions"]["show"] |= conditions
    return shown
