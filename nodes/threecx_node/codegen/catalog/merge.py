"""Merge the facts of several releases into the operations, schemas and enums of one catalog."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from . import naming

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from .read import ReleaseFacts


def merge_operations(facts: Sequence[ReleaseFacts], releases: list[str]) -> dict[str, Any]:
    """Return all operations by id, each with its versions and its texts."""
    merged: dict[str, Any] = {}
    for operation_id in sorted({name for each in facts for name in each.operations}):
        having = [each for each in facts if operation_id in each.operations]
        present = [each.release for each in having]
        newest = having[-1].operations[operation_id]
        entry: dict[str, Any] = {"resource": newest["resource"], "kind": newest["kind"]}
        if present != releases:
            entry["releases"] = present
        entry["versions"] = _merge_versions(
            [(each.release, each.operations[operation_id]["version"]) for each in having]
        )
        merged[operation_id] = entry
    by_hand = naming.is_of_3cx(name for each in facts for name in each.schemas)
    texts = naming.name_operations(merged, by_hand=by_hand)
    required = naming.load_overrides().get("required", {}) if by_hand else {}
    reads = naming.find_reads() if by_hand else frozenset()
    for operation_id, entry in merged.items():
        if by_hand:
            _describe_arguments(entry)
        if entry["kind"] == "function" and operation_id in reads:
            entry["reads"] = True
        if operation_id in required:
            entry["required"] = required[operation_id]
    return {
        operation_id: {
            "resource": entry["resource"],
            "kind": entry["kind"],
            **texts[operation_id],
            **{
                key: value
                for key, value in entry.items()
                if key in ("releases", "required", "reads", "versions")
            },
        }
        for operation_id, entry in merged.items()
    }


def merge_schemas(facts: Sequence[ReleaseFacts], releases: list[str]) -> dict[str, Any]:
    """Return all schemas by name, each with the properties of all releases."""
    merged = {}
    for name in sorted({name for each in facts for name in each.schemas}):
        versions = [
            (each.release, each.schemas[name]["properties"]) for each in facts if name in each.schemas
        ]
        present = [release for release, _ in versions]
        newest = next(each.schemas[name] for each in reversed(facts) if name in each.schemas)
        entry = {key: value for key, value in newest.items() if key != "properties"}
        if present != releases:
            entry["releases"] = present
        merged[name] = {**entry, "properties": _merge_properties(versions)}
    return merged


def merge_enums(facts: Sequence[ReleaseFacts]) -> dict[str, Any]:
    """Return all enums by name, each with the members of all releases."""
    merged = {}
    for name in sorted({name for each in facts for name in each.enums}):
        versions = [(each.release, each.enums[name]) for each in facts if name in each.enums]
        members: dict[str, list[str]] = {}
        for release, enum in reversed(versions):
            for member in enum["members"]:
                members.setdefault(member, []).insert(0, release)
        entry: dict[str, Any] = {"members": list(members)}
        if versions[-1][1].get("flags"):
            entry["flags"] = True
        partial = {member: present for member, present in members.items() if len(present) < len(versions)}
        if partial:
            entry["releases"] = partial
        merged[name] = entry
    return merged


def _describe_arguments(entry: Mapping[str, Any]) -> None:
    """Add what the documents do not say of a function's arguments: may be empty, default, known values.

    `overrides.json` says it.
    """
    for version in entry["versions"] if entry["kind"] == "function" else ():
        for name, given in version.get("parameters", {}).items():
            override = naming.find_argument(entry["resource"], name)
            known: dict[str, Any] = {"type": given} if isinstance(given, str) else dict(given)
            if known["type"] == "String" and override.get("empty"):
                known["optional"] = True
            known |= {key: override[key] for key in ("default", "choices") if key in override}
            if len(known) > 1:
                version["parameters"][name] = known


def _merge_versions(versions: Sequence[tuple[str, dict[str, Any]]]) -> list[dict[str, Any]]:
    """Return one version for all releases with the same request; fields of an action's body may differ in it."""
    groups: list[tuple[list[str], list[dict[str, Any]]]] = []
    for release, version in versions:
        for releases, members in groups:
            if _request_form(members[0]) == _request_form(version):
                releases.append(release)
                members.append(version)
                break
        else:
            groups.append(([release], [version]))
    merged = []
    for releases, members in groups:
        # Of the responses, those of the newest release: a response says itself what it contains.
        version = dict(members[-1])
        if isinstance(version.get("body"), dict):
            bodies = list(zip(releases, (member["body"]["properties"] for member in members), strict=True))
            version["body"] = {"properties": _merge_properties(bodies)}
        merged.append(version if len(groups) == 1 else {"releases": releases, **version})
    return merged


def _request_form(version: Mapping[str, Any]) -> str:
    body = version.get("body")
    form = {
        key: version.get(key)
        for key in ("base", "method", "path", "parameters", "ifMatch", "query", "upload")
    }
    return json.dumps({**form, "body": body if isinstance(body, str) else bool(body)})


def _merge_properties(versions: Iterable[tuple[str, Mapping[str, Any]]]) -> dict[str, Any]:
    """Return the properties of all releases, in the order of the newest."""
    listed = list(versions)
    every = [release for release, _ in listed]
    having: dict[str, list[tuple[str, Any]]] = {}
    for release, properties in reversed(listed):
        for name, value in properties.items():
            having.setdefault(name, []).insert(0, (release, value))
    return {name: _merge_property(found, every) for name, found in having.items()}


def _merge_property(versions: Sequence[tuple[str, Any]], every: list[str]) -> str | dict[str, Any]:
    """Return a property as the newest release has it, with its releases and earlier types where they differ."""
    newest = versions[-1][1]
    described: dict[str, Any] = dict(newest) if isinstance(newest, dict) else {"type": newest}
    present = [release for release, _ in versions]
    if present != every:
        described["releases"] = present
    earlier: dict[str, list[str]] = {}
    for release, value in versions:
        type_text = value["type"] if isinstance(value, dict) else value
        # Whether null is allowed changed often and means little: the PBX decides.
        if type_text.removesuffix("?") != described["type"].removesuffix("?"):
            earlier.setdefault(type_text, []).append(release)
    if earlier:
        described["earlier"] = earlier
    return described["type"] if set(described) == {"type"} else described
