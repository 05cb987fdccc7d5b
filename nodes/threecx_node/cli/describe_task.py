"""Describe a task, as data and as text."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

from ..values.json import dumps
from .example_values import BY_OPERATION

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..catalog import Catalog, Operation
    from ..catalog.tasks import Task, TaskParameter


def describe_task(catalog: Catalog, operation: Operation, task: Task) -> dict[str, Any]:
    """Return what a task takes, which operations it uses, what it returns, and an example."""
    version = operation.version()
    return {
        "operation": task.id,
        "resource": catalog.resource_texts(task.resource)["name"],
        "action": task.action,
        "kind": "task",
        "note": task.description,
        "releases": list(operation.releases),
        "effect": task.effect,
        "uses": list(task.uses),
        "parameters": [_describe_parameter(each) for each in task.parameters],
        "body": [
            {"name": each.name, "type": str(each.type)} for each in catalog.body_properties(version).values()
        ],
        "returns": {
            "kind": version.returns.kind,
            "fields": [
                {"name": each.name, "type": each.type, "description": each.description}
                for each in task.returns
            ],
        },
        "example": build_task_example(task),
    }


def task_to_text(described: Mapping[str, Any]) -> str:
    """Return the description of a task as text for a terminal."""
    releases = described["releases"]
    lines = [
        f"{described['operation']}: {described['action']}",
        f"  {described['note']}",
        f"  task of {', '.join(described['uses'])}",
        f"  resource {described['resource']}, 3CX {releases[0]} to {releases[-1]}",
        "",
        "Parameters",
    ]
    for each in described["parameters"]:
        lines += [f"  {each['name']:<24}{_parameter_text(each)}", f"  {'':<24}{each['description']}"]
    if described["body"]:
        lines += ["", "Fields (all optional; a field that is not given is not sent)"]
        lines += [f"  {each['name']:<32}{each['type']}" for each in described["body"]]
    lines += ["", f"Returns {'items' if described['returns']['kind'] == 'collection' else 'one item'}"]
    for each in described["returns"]["fields"]:
        lines.append(f"  {each['name']:<24}{each['description']}")
    return "\n".join([*lines, "", "Example", f"  {described['example']}"])


def build_task_example(task: Task) -> str:
    """Return a command that can be pasted; one of a task that changes something has `--dry-run`."""
    given = BY_OPERATION.get(task.id, {})
    words = ["threecx", "execute", task.id]
    for each in task.parameters:
        value = given.get(each.name, _choose_value(each))
        if value is not None and each.type != "fields":
            text = value if isinstance(value, str) else dumps(value).decode()
            words += ["-p", f"{each.name}={text}"]
        elif value is not None:
            words += ["--body", dumps(value).decode()]
    return shlex.join(words if task.effect == "read" else [*words, "--dry-run"])


def _choose_value(parameter: TaskParameter) -> str | None:
    """Return a value of a required parameter, None for another."""
    if not parameter.required:
        return None
    return parameter.choices[0][0] if parameter.choices else _SAMPLES.get(parameter.type)


_SAMPLES = {
    "string": "text",
    "number": "5",
    "boolean": "true",
    "dateTime": "2026-12-24T12:00",
    "date": "2026-12-24",
    "time": "08:00",
}


def _describe_parameter(parameter: TaskParameter) -> dict[str, Any]:
    described: dict[str, Any] = {
        "name": parameter.name,
        "title": parameter.title,
        "type": parameter.type,
        "required": parameter.required,
        "description": parameter.description,
    }
    if parameter.choices:
        described["values"] = [value for value, _ in parameter.choices]
    if parameter.reference:
        described["reference"] = parameter.reference
    if parameter.multiple:
        described["multiple"] = True
    if parameter.fields_of:
        described["fieldsOf"] = parameter.fields_of
    if parameter.default is not None:
        described["default"] = parameter.default
    return described


def _parameter_text(parameter: Mapping[str, Any]) -> str:
    text = str(parameter["type"])
    if reference := parameter.get("reference"):
        text = f"{reference}: number, or ID from a list"
    if parameter.get("multiple"):
        text += ", several with commas"
    if values := parameter.get("values"):
        text += f": {', '.join(values)}"
    if "default" in parameter:
        return f"{text}, {dumps(parameter['default']).decode()} where it is not given"
    return text if parameter["required"] else f"{text}, optional"
