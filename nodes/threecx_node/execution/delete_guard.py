"""Count what a batch would delete before anything is sent, and refuse more than is allowed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..errors import ConfigurationError
from ..values.json import dumps, loads

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..messages import HttpRequest
    from ..options import Options
    from .plan import PlannedItem

# The name of an action at the end of its path, such as /Users/Pbx.BatchDelete.
_ACTION = re.compile(r"/(?:Pbx\.)?(?P<name>\w+)(?:\(\))?$")
_DELETES = re.compile(r"[Dd]elete|^Purge|^Remove")
# Actions that delete everything of a kind: how much that is only the PBX knows.
_DELETES_ALL = re.compile(r"^Purge|ByType$|^All")
_KEY = re.compile(r"\([^()]+\)/")
_DEEPEST_LIST = 2


def count_deletes(items: Iterable[PlannedItem]) -> tuple[int, str]:
    """Return how many entities a batch would delete, and the name of an action for which that is not known.

    An entity that several items delete counts once.
    """
    total, unknown = 0, ""
    seen: set[tuple[str, str, tuple[str, ...]]] = set()
    for each in items:
        request = each.request
        if request is None or each.error is not None:
            continue
        if request.method == "DELETE":
            look_ups = tuple(look_up.request.target for look_up in each.look_ups)
            seen.add((request.base_path, request.path, look_ups))
            continue
        count = _count_of_action(request)
        if count is None:
            unknown = unknown or _name_action(request)
        else:
            total += count
    return total + len(seen), unknown


def check_deletes(items: Iterable[PlannedItem], options: Options) -> str:
    """Return a note about a dry run that would delete more than is allowed, empty where it would not.

    Raises ConfigurationError for a batch that would be sent.
    """
    if options.max_deletes is None:
        return ""
    count, unknown = count_deletes(items)
    if count <= options.max_deletes and not unknown:
        return ""
    what = f"{count:,} {'entity' if count == 1 else 'entities'}"
    if unknown:
        message = f"{unknown} deletes a number of entities that is not known before"
    else:
        message = f"the batch would delete {what}"
    message = f"{message}, and at most {options.max_deletes:,} are allowed"
    if options.dry_run:
        return f"{message}: without the dry run it would be refused"
    raise ConfigurationError(
        message,
        description="Check the items. If they are right, raise the limit or leave it out: --max-deletes on the command "
        "line, Max Deletes in n8n, maxDeletes or max_deletes elsewhere. Nothing was sent.",
        field="maxDeletes",
    )


def _count_of_action(request: HttpRequest) -> int | None:
    """Return how many entities an action deletes, None where only the PBX knows."""
    name = _name_action(request)
    if request.method != "POST" or not _DELETES.search(name):
        return 0
    body = _read_body(request)
    lists = _find_lists(body)
    if lists:
        return len({dumps(entry) for entries in lists for entry in entries})
    has_target = bool(body) or _KEY.search(request.path) is not None
    return 1 if has_target and not _DELETES_ALL.search(name) else None


def _name_action(request: HttpRequest) -> str:
    match = _ACTION.search(request.path)
    return match["name"] if match else ""


def _read_body(request: HttpRequest) -> Any:
    try:
        return loads(request.body) if request.body else None
    except ValueError:
        return None


def _find_lists(value: Any, depth: int = 0) -> list[list[Any]]:
    if isinstance(value, list):
        return [value]
    if not isinstance(value, Mapping) or depth > _DEEPEST_LIST:
        return []
    return [found for each in value.values() for found in _find_lists(each, depth + 1)]
