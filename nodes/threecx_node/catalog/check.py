"""Check that a catalog file has the structure of a catalog, so that a broken one is reported when it is loaded."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from .models import Kind, ReturnKind

if TYPE_CHECKING:
    from collections.abc import Iterator

# A task is declared in this package, not in a document.
_KINDS = frozenset(Kind.__args__) - {"task"}  # type: ignore[attr-defined]  # the values of a Literal
_RETURNS = frozenset(ReturnKind.__args__)  # type: ignore[attr-defined]  # the values of a Literal


def find_problem(document: Mapping[str, Any]) -> str:
    """Return the first place of a catalog that is not as it must be, empty where there is none."""
    return next(_find_problems(document), "")


def _find_problems(document: Mapping[str, Any]) -> Iterator[str]:
    releases = document.get("releases")
    if not isinstance(releases, list) or not releases or not _are_texts(releases):
        yield "releases"
        return
    for section in ("resources", "operations", "schemas", "enums"):
        entries = document.get(section)
        if not isinstance(entries, Mapping):
            yield section
            return
        check = _CHECKS[section]
        for name, entry in entries.items():
            if not isinstance(entry, Mapping) or not check(entry, document, releases):
                yield f"{section}.{name}"


def _check_resource(entry: Mapping[str, Any], document: Mapping[str, Any], releases: list[str]) -> bool:
    del document, releases
    return _are_texts([entry.get("name"), entry.get("singular")])


def _check_operation(entry: Mapping[str, Any], document: Mapping[str, Any], releases: list[str]) -> bool:
    texts = [entry.get("name"), entry.get("action"), entry.get("description", "")]
    versions = entry.get("versions")
    return (
        _are_texts(texts)
        and isinstance(entry.get("resource"), str)
        and entry["resource"] in document["resources"]
        and entry.get("kind") in _KINDS
        and _are_releases(entry.get("releases", releases), releases)
        and isinstance(entry.get("required", []), list)
        and all(isinstance(each, list) and _are_texts(each) for each in entry.get("required", []))
        and isinstance(entry.get("reads", False), bool)
        and isinstance(versions, list)
        and bool(versions)
        and all(isinstance(each, Mapping) and _check_version(each, document, releases) for each in versions)
    )


def _check_version(version: Mapping[str, Any], document: Mapping[str, Any], releases: list[str]) -> bool:
    body, returns, upload = version.get("body"), version.get("returns", {}), version.get("upload")
    schemas = document.get("schemas")
    if isinstance(body, Mapping):
        is_body = _are_properties(body.get("properties"))
    else:
        is_body = body is None or (isinstance(schemas, Mapping) and isinstance(body, str) and body in schemas)
    parameters = version.get("parameters", {})
    return (
        _are_texts([version.get("method"), version.get("path"), version.get("base", "/")])
        and str(version["path"]).startswith("/")
        and _are_releases(version.get("releases", releases), releases)
        and isinstance(parameters, Mapping)
        and all(_is_typed(each) for each in parameters.values())
        and isinstance(version.get("query", []), list)
        and _are_texts(version.get("query", []))
        and isinstance(returns, Mapping)
        and all(kind in _RETURNS and isinstance(name, str) for kind, name in returns.items())
        and (upload is None or (isinstance(upload, Mapping) and isinstance(upload.get("name"), str)))
        and is_body
    )


def _check_schema(entry: Mapping[str, Any], document: Mapping[str, Any], releases: list[str]) -> bool:
    del document
    return _are_properties(entry.get("properties")) and _are_releases(
        entry.get("releases", releases), releases
    )


def _check_enum(entry: Mapping[str, Any], document: Mapping[str, Any], releases: list[str]) -> bool:
    del document
    members, only = entry.get("members"), entry.get("releases", {})
    return (
        isinstance(members, list)
        and _are_texts(members)
        and isinstance(only, Mapping)
        and all(_are_releases(each, releases) for each in only.values())
    )


_CHECKS = {
    "resources": _check_resource,
    "operations": _check_operation,
    "schemas": _check_schema,
    "enums": _check_enum,
}


def _are_properties(value: Any) -> bool:
    return isinstance(value, Mapping) and all(_is_typed(each) for each in value.values())


def _is_typed(value: Any) -> bool:
    if isinstance(value, Mapping):
        return isinstance(value.get("type"), str) and isinstance(value.get("earlier", {}), Mapping)
    return isinstance(value, str)


def _are_releases(value: Any, releases: list[str]) -> bool:
    return isinstance(value, list) and bool(value) and all(each in releases for each in value)


def _are_texts(values: list[Any]) -> bool:
    return all(isinstance(each, str) for each in values)
