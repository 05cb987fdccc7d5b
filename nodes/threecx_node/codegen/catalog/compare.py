"""Compare the operations of a catalog with those of another one: added, changed and removed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ...catalog import Catalog, OperationVersion, Property


@dataclass(frozen=True, slots=True)
class Comparison:
    """The differences between two releases; `changed` lists those of each operation in words."""

    release: str
    other_release: str
    added: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    changed: dict[str, list[str]] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Return the comparison as JSON values."""
        return {
            "release": self.release,
            "comparedWith": self.other_release,
            "added": self.added,
            "removed": self.removed,
            "changed": [{"operation": name, "changes": what} for name, what in self.changed.items()],
        }


def compare_catalogs(new: Catalog, old: Catalog) -> Comparison:
    """Return the differences between the newest release of `new` and that of `old` which a PBX of it would use."""
    release = new.newest
    other = old.release_of(release) or old.newest
    ours = {each.id for each in new.operations(release=release)}
    theirs = {each.id for each in old.operations(release=other)}
    now, before = _Shapes(new, release), _Shapes(old, other)
    changed = {name: [*_find_changes(now, before, name)] for name in sorted(ours & theirs)}
    return Comparison(
        release,
        other,
        sorted(ours - theirs),
        sorted(theirs - ours),
        {name: what for name, what in changed.items() if what},
    )


class _Shapes:
    """The requests and responses of one release in a form that can be compared."""

    def __init__(self, catalog: Catalog, release: str) -> None:
        self._catalog = catalog
        self._release = release
        self._fields: dict[str, dict[str, str]] = {}

    def version(self, operation: str) -> OperationVersion:
        return self._catalog.operation(operation).version(self._release)

    def body(self, operation: str) -> dict[str, Any]:
        """Return each field of the body with all that it contains."""
        fields = self._catalog.body_properties(self.version(operation), self._release)
        return {name: self._contents(each.type_in(self._release).name, each) for name, each in fields.items()}

    def returns(self, operation: str) -> Any:
        returns = self.version(operation).returns
        return returns.kind, returns.type, self._contents(returns.type)

    def _contents(self, type_name: str, declared: Property | None = None) -> Any:
        """Return a type with the fields of all schemas and the members of all enums that it contains."""
        found: dict[str, Any] = {}
        waiting = [type_name]
        while waiting:
            name = waiting.pop()
            if name in found:
                continue
            if enum := self._catalog.enums.get(name):
                found[name] = enum.members_in(self._release)
            elif self._catalog.is_schema(name):
                found[name] = self._read_schema(name)
                waiting += self._inner_types(name)
        return declared and _describe(declared, self._release), found

    def _read_schema(self, name: str) -> dict[str, str]:
        if (fields := self._fields.get(name)) is None:
            properties = self._catalog.properties_in(name, self._release)
            fields = {each.name: _describe(each, self._release) for each in properties.values()}
            self._fields[name] = fields
        return fields

    def _inner_types(self, name: str) -> list[str]:
        properties = self._catalog.properties_in(name, self._release)
        return [each.type_in(self._release).name for each in properties.values()]


def _describe(declared: Property, release: str) -> str:
    # Whether null is allowed changed often and means little: the PBX decides.
    return f"{declared.type_in(release)} {declared.max_length or ''}"


def _find_changes(now: _Shapes, before: _Shapes, operation: str) -> Iterator[str]:
    """Yield what changed of an operation, each in a few words."""
    new, old = now.version(operation), before.version(operation)
    if (new.method, new.base_path, new.path) != (old.method, old.base_path, old.path):
        yield f"request: {new.method} {new.path}"
    if {(each.name, each.type) for each in new.parameters} != {
        (each.name, each.type) for each in old.parameters
    }:
        yield "parameters"
    if set(new.query) != set(old.query):
        yield f"query options: {' '.join(new.query) or 'none'}"
    if new.if_match != old.if_match or new.upload != old.upload:
        yield "headers or file"
    yield from _compare_fields(now.body(operation), before.body(operation))
    if now.returns(operation) != before.returns(operation):
        yield "response"


def _compare_fields(new: Mapping[str, Any], old: Mapping[str, Any]) -> Iterator[str]:
    for word, names in (
        ("added", new.keys() - old.keys()),
        ("removed", old.keys() - new.keys()),
        ("changed", {name for name in new.keys() & old.keys() if new[name] != old[name]}),
    ):
        if names:
            yield f"body fields {word}: {', '.join(sorted(names))}"
