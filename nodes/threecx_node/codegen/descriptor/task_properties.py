"""Build the properties of a task's parameters, which have the same names in all tasks that take them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .list_texts import CHOOSE_NUMBERS
from .locators import draft_entity_locator

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ...catalog import Operation
    from ...catalog.tasks.task_model import Task, TaskParameter
    from ...descriptor.definition import NodeProperty

_HANDLE: Any = {"type": "string", "default": "={{ $json.call }}"}
_MATCHING = {
    "loadOptionsDependsOn": ["operation"],
    "resourceMapper": {
        "resourceMapperMethod": "getBodyFields",
        "mode": "upsert",
        "fieldWords": {"singular": "field", "plural": "fields"},
        "multiKeyMatch": True,
        "supportAutoMap": True,
        "noFieldsError": "Fields not loaded: test the credential",
    },
}


def build_task_properties(operation: Operation) -> Iterator[NodeProperty]:
    """Yield the properties of a task that are always shown, without conditions for its operation."""
    task: Task | None = operation.task
    for each in task.parameters if task else ():
        if not each.is_option:
            draft = _draft(each)
            if each.shown_for:
                draft["displayOptions"] = {"show": dict(_read_conditions(each))}
            yield draft


def build_task_options(operation: Operation) -> Iterator[NodeProperty]:
    """Yield the properties of a task that are seldom needed, which are members of Options."""
    task: Task | None = operation.task
    yield from (_draft(each) for each in (task.parameters if task else ()) if each.is_option)


def _read_conditions(parameter: TaskParameter) -> Iterator[tuple[str, list[Any]]]:
    texts: Mapping[str, bool] = {"true": True, "false": False}
    for name, values in parameter.shown_for.items():
        yield name, [texts.get(each, each) for each in values]


def _draft(parameter: TaskParameter) -> NodeProperty:
    draft: NodeProperty = {
        "displayName": parameter.title,
        "name": parameter.name,
        "type": "string",
        "default": "" if parameter.default is None else parameter.default,
    }
    if parameter.required and parameter.type != "boolean":
        draft["required"] = True
    if parameter.placeholder:
        draft["placeholder"] = parameter.placeholder
    draft["description"] = parameter.description.rstrip(".")
    match parameter.type:
        case "reference":
            draft.pop("placeholder", None)
            draft |= _draft_reference(parameter)
        case "number":
            draft.pop("placeholder", None)
            draft |= {"type": "number", "default": parameter.default or parameter.minimum or 0}
            limits = {"minValue": parameter.minimum, "maxValue": parameter.maximum}
            if found := {name: value for name, value in limits.items() if value is not None}:
                draft["typeOptions"] = found
        case "boolean":
            draft |= {"type": "boolean", "default": parameter.default is True}
        case "options" | "multiOptions":
            draft |= _draft_choices(parameter)
        case "dateTime":
            draft |= {"type": "dateTime"}
        case "fields":
            draft |= {
                "type": "resourceMapper",
                "default": {"mappingMode": "defineBelow", "value": None},
                "noDataExpression": True,
                "typeOptions": _MATCHING,
            }
        case "handle":
            draft |= _HANDLE
        case "date" | "time" | "string":
            pass
    return draft


def _draft_reference(parameter: TaskParameter) -> Any:
    if not parameter.multiple:
        return draft_entity_locator(parameter.reference, by_number=True)
    return {
        "displayName": f"{parameter.title.removesuffix('s')} Names or IDs",
        "type": "multiOptions",
        "default": [],
        "description": f"{parameter.description.rstrip('.')}. {CHOOSE_NUMBERS}",
        "typeOptions": {"loadOptionsMethod": f"get{parameter.reference}"},
    }


def _draft_choices(parameter: TaskParameter) -> Any:
    choices = [{"name": title, "value": value} for value, title in parameter.choices]
    if parameter.type == "multiOptions":
        return {"type": "multiOptions", "default": [], "options": choices}
    return {"type": "options", "default": parameter.default or choices[0]["value"], "options": choices}
