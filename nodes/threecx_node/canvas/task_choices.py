"""Find what a canvas offers for the parameters of a task: entities of a set, or the choices that are declared."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..catalog.call_control import DEVICE_ID, DN, RESOURCE
from ..errors import UnknownNameError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..catalog import Catalog, Operation
    from ..catalog.tasks import Task, TaskParameter

_NUMBER = "Number"
DEVICES = "CallControlDevices"


def translate_task(
    task: Task, parameter: str | None, parameters: Mapping[str, Any]
) -> tuple[str | None, Mapping[str, Any]]:
    """Return the parameter of the Call Control API that a parameter of a task is, and the others by their names there.

    Another parameter stays as it is.
    """
    names = {RESOURCE: DN, DEVICES: DEVICE_ID}
    found = {each.name: names[each.reference] for each in task.parameters if each.reference in names}
    if parameter not in found:
        return parameter, parameters
    return found[parameter], {found.get(name, name): value for name, value in parameters.items()}


def find_task_listing(catalog: Catalog, task: Task, parameter: str | None) -> tuple[Operation, str]:
    """Return the operation that lists the entities of a parameter, and the property that is its value.

    Without a parameter, it is the first one that names an entity. One of several entities is named by its number,
    because a list of them is read as numbers. Raises UnknownNameError.
    """
    found = _find_reference(task, parameter)
    listing = catalog.listing(found.reference) if found is not None else None
    if found is None or listing is None:
        raise UnknownNameError(
            f"{parameter or 'parameter'} of {task.id}: there is no list to choose from",
            description="Set the value itself." if parameter else "Name the parameter.",
            field=parameter,
        )
    version = listing.version()
    has_number = _NUMBER in catalog.properties(version.returns.type)
    if found.multiple and has_number:
        return listing, _NUMBER
    return listing, catalog.entity_key(version) or "Id"


def list_task_choices(task: Task, parameter: str) -> list[dict[str, Any]]:
    """Return `name` and `value` of each declared choice of a parameter. Raises UnknownNameError."""
    for each in task.parameters:
        if each.name == parameter:
            return [{"name": title, "value": value} for value, title in each.choices]
    raise UnknownNameError(f"{task.id} has no parameter {parameter!r}", field=parameter)


def _find_reference(task: Task, parameter: str | None) -> TaskParameter | None:
    return next((each for each in task.parameters if each.reference and parameter in (None, each.name)), None)
