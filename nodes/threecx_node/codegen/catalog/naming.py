"""Name resources and operations for people, by rules; `overrides.json` contains the texts that are better by hand.

`name` is the operation in the list of its resource ("Delete"), `action` is the operation alone ("Delete call flow
app"): in sentence case and without articles, as n8n's guidelines ask. No text is taken from an OpenAPI document.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...catalog.labels import join_title, lower_words, phrase_of, split_words, title_of
from ...catalog.path_template import PathTemplate, Segment
from .english import plural_of, singular_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

OVERRIDES = Path(__file__).with_name("overrides.json")

_REPORT = "Report"
_NAMESPACE = "Pbx."

Texts = dict[str, str]


@cache
def load_overrides() -> dict[str, Any]:
    """Return what is written by hand: texts of `resources`, `operations` and `parameters`, by 3CX's names.

    `arguments` has what differs from `parameters` in the functions of one resource. `required` has the fields that 3CX
    requires where its document says nothing: of each list, one must be set. `functions` has the effect of each
    function, with the reason: a GET that may `change` something is never sent again after a lost response.
    """
    overrides: dict[str, Any] = json.loads(OVERRIDES.read_text(encoding="utf-8"))
    return overrides


def is_of_3cx(schemas: Iterable[str]) -> bool:
    """Return whether a document with these schemas is 3CX's: only then what is written by hand is about it."""
    return any(name.startswith(_NAMESPACE) for name in schemas)


def find_argument(resource: str, name: str) -> Mapping[str, Any]:
    """Return what is known of an argument of a resource's functions: `description`, `empty`, `default` and so on."""
    overrides = load_overrides()
    known = overrides["parameters"].get(name, {})
    return {**known, **overrides["arguments"].get(resource, {}).get(name, {})}


def find_reads() -> frozenset[str]:
    """Return the functions that people have reviewed and that only read."""
    return frozenset(name for group in load_overrides()["functions"]["read"] for name in group["ids"])


def name_resources(operations: Mapping[str, Any], *, by_hand: bool = True) -> dict[str, Texts]:
    """Return `{"CallFlowApps": {"name": "Call Flow Apps", "singular": "call flow app"}}`, sorted by id.

    The singular of a resource that a PBX has once ("mail settings") is its whole name. Texts that are written by hand
    come first, unless `by_hand` is false.
    """
    overrides = load_overrides()["resources"]
    own = find_own_resources(operations)
    singletons = _find_singletons(operations)
    named = {}
    for resource in sorted({entry["resource"] for entry in operations.values()}):
        whole = phrase_of(resource)
        if resource.startswith(_REPORT):
            one = f"{phrase_of(resource.removeprefix(_REPORT))} report"
        else:
            one = whole if resource in singletons else singular_of(whole)
        chosen = overrides.get(resource, {}) if by_hand or resource in own else {}
        named[resource] = {"name": title_of(resource), "singular": one, **chosen}
    return named


def name_operations(operations: Mapping[str, Any], *, by_hand: bool = True) -> dict[str, Texts]:
    """Return `name`, `action` and, where they do not say enough, `description` of each operation."""
    overrides = load_overrides()["operations"]
    own = find_own_resources(operations)
    resources = name_resources(operations, by_hand=by_hand)
    singletons = _find_singletons(operations)
    return {
        operation_id: {
            **_name_operation(
                operation_id,
                entry,
                resources[entry["resource"]]["singular"],
                lists=_is_plain_get(entry) and entry["resource"] not in singletons,
            ),
            **(overrides.get(operation_id, {}) if by_hand or entry["resource"] in own else {}),
        }
        for operation_id, entry in operations.items()
    }


def find_own_resources(operations: Mapping[str, Any]) -> set[str]:
    """Return the resources of another API than the one of the document: only this package describes those."""
    return {entry["resource"] for entry in operations.values() if "base" in entry["versions"][-1]}


def _find_singletons(operations: Mapping[str, Any]) -> set[str]:
    """Return the resources that a PBX has once: they are read as a whole, not listed, created or read by a key."""
    several = set()
    for entry in operations.values():
        first, *rest = PathTemplate(entry["versions"][-1]["path"]).segments
        if first.key is not None or (not rest and entry["kind"] in ("list", "create")):
            several.add(entry["resource"])
    return {entry["resource"] for entry in operations.values() if _is_plain_get(entry)} - several


def _is_plain_get(entry: Mapping[str, Any]) -> bool:
    segments = PathTemplate(entry["versions"][-1]["path"]).segments
    return entry["kind"] == "get" and all(each.arguments is None for each in segments)


def _name_operation(operation_id: str, entry: Mapping[str, Any], one: str, *, lists: bool) -> Texts:
    """Name an operation on `one` entity; `lists` is whether a read returns all of them, whatever its kind."""
    kind = entry["kind"]
    first, *rest = PathTemplate(entry["versions"][-1]["path"]).segments
    if kind == "list" or lists:
        return _name_list(one, rest)
    if kind == "get" and first.arguments and first.key is None:
        by = title_of(first.arguments[0].name)
        return {"name": f"Get by {by}", "action": f"Get {one} by {by.lower()}"}
    if kind in ("get", "create", "update", "delete"):
        verb = kind.capitalize()
        return {"name": verb, "action": f"{verb} {one}"}
    if entry["resource"].startswith(_REPORT):
        verb = "Download" if operation_id.startswith("Download") else "Get"
        return {"name": f"{verb} Report", "action": f"{verb} {one}"}
    return _name_call(operation_id, one, bound=bool(first.arguments))


def _name_list(one: str, rest: Sequence[Segment]) -> Texts:
    if not rest:
        return {"name": "Get Many", "action": f"Get many {plural_of(one)}"}
    nested = split_words(rest[0].name)
    return {
        "name": f"Get Many {join_title(nested)}",
        "action": f"Get many {' '.join(lower_words(nested))} of {one}",
    }


def _name_call(operation_id: str, one: str, *, bound: bool) -> Texts:
    """Name a function or an action: its own words, and the entity that it is bound to."""
    parts = split_words(operation_id)
    verb, noun = parts[0], " ".join(lower_words(parts[1:]))
    action = f"{verb} {noun or one}"
    if bound and noun and one not in action.lower():
        action += f" of {one}"
    return {"name": join_title(parts), "action": action}
