"""The catalog as objects, which are created on first use: loading the catalog only parses one JSON file.

The format of the file (written by `codegen/catalog/writer.py`, types as in OData's EDM without the prefix):

    {"format": 3, "releases": ["20.0.4", …],
     "resources":  {"Users": {"name": "Users", "singular": "user"}},
     "operations": {"GetUser": {"resource", "kind", "name", "action", "description"?, "releases"?,
                   "required"?: [["Number"]], "reads"?: true, "versions": [
         {"releases"?, "base"?: "/callcontrol", "method", "path", "parameters"?: {"Id": "Int32"}, "ifMatch"?,
          "query"?: ["$select"], "body"?: "Pbx.User" or {"properties": {…}},
          "upload"?: {"name": "file", "mediaType"?: "audio/wav", "maxBytes"?}, "returns"?: {"entity": "Pbx.User"}}]}},
     "schemas":    {"Pbx.User": {"releases"?, "properties": {"Id": "Int32", "Groups": {"type", "releases"?,
                   "navigation"?, "maxLength"?, "earlier"?: {"String": ["20.0.4"]}}}}},
     "enums":      {"Pbx.PeerType": {"members": [...], "flags"?, "releases"?: {"None": ["20.0.4"]}}}}

`releases` is missing where it would be all releases of the catalog (for an operation or a schema) or of its owner, and
`base` where it is the one of the Configuration API. Format 2 has neither `base` nor `upload`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any

from ..errors import ConfigurationError, UnknownNameError
from .api_request import API_REQUEST, API_RESOURCE, API_RESOURCE_TEXTS, create_api_request
from .from_document import create_property, create_version
from .models import Enum, Operation, OperationVersion, Property
from .nearest import nearest_hint
from .path_index import PathIndex
from .task_operations import create_task_operation, list_task_ids
from .tasks import TASKS

FORMAT = 3
# An earlier format lacks only what is optional.
READABLE_FORMATS = (2, 3)


class Catalog:
    """Operations, schemas and enums by name; objects are created on first use and cached."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._document = document
        self._operations: dict[str, Operation] = {}
        self._schemas: dict[str, Mapping[str, Property]] = {}
        self._properties_in: dict[tuple[str, str | None], Mapping[str, Property]] = {}
        self.releases: tuple[str, ...] = tuple(document["releases"])

    @property
    def newest(self) -> str:
        """Return the newest release."""
        return self.releases[-1]

    @property
    def resources(self) -> Mapping[str, Mapping[str, str]]:
        """Return `name` ("Call Flow Apps") and `singular` ("call flow app") of each resource by its id."""
        resources: Mapping[str, Mapping[str, str]] = self._document["resources"]
        return resources

    def resource_texts(self, resource: str) -> Mapping[str, str]:
        """Return name and singular of a resource by its id; API Request has one that is not in the catalog."""
        return API_RESOURCE_TEXTS if resource == API_RESOURCE else self.resources[resource]

    @property
    def operation_ids(self) -> tuple[str, ...]:
        """Return the ids of all operations of 3CX's API, sorted."""
        return tuple(self._document["operations"])

    @cached_property
    def task_ids(self) -> tuple[str, ...]:
        """Return the ids of the tasks whose operations are all in the catalog, sorted."""
        return list_task_ids(self._document["operations"])

    def operation(self, operation_id: str) -> Operation:
        """Return the operation. Raises UnknownNameError that suggests the nearest name."""
        if found := self._operations.get(operation_id):
            return found
        if operation_id == API_REQUEST:
            found = self._operations[operation_id] = create_api_request(self.releases)
            return found
        raw = self._document["operations"].get(operation_id)
        if raw is not None:
            found = self._create_operation(operation_id, raw)
        elif operation_id in self.task_ids:
            found = self._create_task(operation_id)
        else:
            raise UnknownNameError(
                f"the operation {operation_id!r} does not exist",
                description=nearest_hint(operation_id, (*self.operation_ids, *self.task_ids))
                or "`threecx operations` lists them all.",
            )
        self._operations[operation_id] = found
        return found

    def operations(self, *, resource: str | None = None, release: str | None = None) -> Iterator[Operation]:
        """Yield the operations of a resource and a release (None: all) in the order of their ids.

        Those of a resource are the operations of 3CX's API and its tasks; without a resource, the former alone. Raises
        UnknownNameError where the catalog does not contain the resource or the release.
        """
        if resource is not None:
            resource = self.resource_id(resource)
            if resource == API_RESOURCE:
                yield self.operation(API_REQUEST)
                return
        if release is not None:
            self.check_release(release)
        for operation_id in self.operation_ids:
            raw = self._document["operations"][operation_id]
            if resource is not None and raw["resource"] != resource:
                continue
            if release is not None and release not in raw.get("releases", self.releases):
                continue
            yield self.operation(operation_id)
        for task_id in self.task_ids if resource is not None else ():
            task = self.operation(task_id)
            if task.resource == resource and release in (None, *task.releases):
                yield task

    def resource_id(self, name: str) -> str:
        """Return the id of a resource that is given by its id or name; case and spaces are ignored.

        Raises UnknownNameError that suggests the nearest id.
        """
        wanted = name.replace(" ", "").casefold()
        if wanted == API_RESOURCE.casefold():
            return API_RESOURCE
        for resource in self.resources:
            if wanted in (resource.casefold(), self.resources[resource]["name"].replace(" ", "").casefold()):
                return resource
        raise UnknownNameError(
            f"the resource {name!r} does not exist", description=nearest_hint(name, tuple(self.resources))
        )

    def check_release(self, release: str) -> str:
        """Return `release`. Raises UnknownNameError where the catalog does not contain it."""
        if release not in self.releases:
            known = ", ".join(self.releases)
            raise UnknownNameError(
                f"the catalog does not contain release {release!r}", description=f"Choose one of {known}."
            )
        return release

    def release_of(self, version: str) -> str | None:
        """Return the release that a PBX of `version` ("20.0.7.814") offers, None where the version is not readable.

        A PBX that is newer than the catalog has the newest release, one between two releases has the older.
        """
        numbers = _numbers(version)
        if not numbers:
            return None
        fitting = [release for release in self.releases if _numbers(release)[:3] <= numbers[:3]]
        return fitting[-1] if fitting else self.releases[0]

    def is_older_than(self, version: str) -> bool:
        """Return whether a PBX of `version` ("20.0.11.1621") is newer than the newest release."""
        return _numbers(version)[:3] > _numbers(self.newest)[:3]

    @property
    def schema_names(self) -> tuple[str, ...]:
        """Return the names of all schemas with properties, sorted."""
        return tuple(self._document["schemas"])

    def schemas_in(self, release: str) -> tuple[str, ...]:
        """Return the names of the schemas with properties in `release`, sorted."""
        schemas = self._document["schemas"]
        return tuple(name for name in schemas if release in schemas[name].get("releases", self.releases))

    def is_schema(self, name: str) -> bool:
        """Return whether `name` is a schema with properties."""
        return name in self._document["schemas"]

    def properties(self, schema: str) -> Mapping[str, Property]:
        """Return the properties of a schema over all releases, those of its base types included."""
        if (found := self._schemas.get(schema)) is None:
            raw = self._document["schemas"][schema]["properties"]
            found = self._schemas[schema] = {
                name: create_property(name, value) for name, value in raw.items()
            }
        return found

    def properties_in(self, schema: str, release: str | None) -> Mapping[str, Property]:
        """Return the properties that a schema has in `release`, or over all releases where it is None."""
        key = (schema, release)
        if (found := self._properties_in.get(key)) is None:
            found = self._properties_in[key] = select_release(self.properties(schema), release)
        return found

    @cached_property
    def enums(self) -> Mapping[str, Enum]:
        """Return all enums by name."""
        return {
            name: Enum(
                name,
                tuple(raw["members"]),
                flags=raw.get("flags", False),
                only={member: tuple(releases) for member, releases in raw.get("releases", {}).items()},
            )
            for name, raw in self._document["enums"].items()
        }

    def required_fields(self, operation: Operation) -> tuple[str, ...]:
        """Return the names of the fields that the body must contain.

        In OData a parameter of an action that is not nullable is required. An entity's fields have defaults, except
        those that are required by hand. A field that some releases lack cannot be required: those releases refuse it.
        """
        if not isinstance(operation.versions[-1].body, Mapping):
            return tuple(names[0] for names in self.required_choices(operation) if len(names) == 1)
        bodies = [self.body_properties(version, None) for version in operation.versions]
        return tuple(
            name
            for name, each in bodies[-1].items()
            if not each.type.nullable and each.releases is None and all(name in body for body in bodies)
        )

    def required_choices(self, operation: Operation) -> tuple[tuple[str, ...], ...]:
        """Return groups of fields that are required by hand: of each group one must be set."""
        known = self.body_properties(operation.versions[-1])
        return tuple(names for names in operation.required if all(name in known for name in names))

    def bodies(self) -> Iterator[tuple[str, str | Mapping[str, Property]]]:
        """Yield each body of the catalog with the kind of its operation, without creating the operations."""
        for raw in self._document["operations"].values():
            for version in raw["versions"]:
                body = version.get("body")
                if isinstance(body, str):
                    yield raw["kind"], body
                elif body is not None:
                    properties = body["properties"]
                    yield (
                        raw["kind"],
                        {name: create_property(name, value) for name, value in properties.items()},
                    )

    def body_properties(
        self, version: OperationVersion, release: str | None = None
    ) -> Mapping[str, Property]:
        """Return the fields of a body of `version` in `release` (None: in any), empty where it takes no body."""
        if version.body is None:
            return {}
        if isinstance(version.body, str):
            return self.properties_in(version.body, release)
        return select_release(version.body, release)

    def is_read(self, path: str) -> bool:
        """Return whether it is known that a GET of a path (encoded, below the base path) changes nothing."""
        return self._paths.is_read(path)

    def reader(self, operation: Operation, release: str | None = None) -> Operation | None:
        """Return the operation that gets the entity which `operation` updates, None where there is none."""
        found = self._paths.reader(operation.version(release).path)
        return self.operation(found) if found else None

    def entity_reader(self, name: str, *, by_key: bool) -> Operation | None:
        """Return the operation that gets an entity of the set `name` by its key, or the settings `name`."""
        key = self._paths.key(name) if by_key else None
        found = (
            self._paths.reader(f"/{name}({{{key}}})" if key else f"/{name}") if bool(key) == by_key else None
        )
        return self.operation(found) if found else None

    def entity_key(self, version: OperationVersion) -> str | None:
        """Return the property that is the key of the entities that `version` lists, None where it lists none."""
        is_set = version.returns.kind == "collection" and len(version.template.segments) == 1
        key = self._paths.key(version.entity_set) if is_set else None
        has_key = (
            key and self.is_schema(version.returns.type) and key in self.properties(version.returns.type)
        )
        return key if has_key else None

    def listing(self, entity_set: str, release: str | None = None) -> Operation | None:
        """Return the operation that lists `entity_set` in `release`, None where there is none.

        Without a release, it is the operation of the newest release that can list the set.
        """
        found = self._paths.listing(entity_set, release)
        return self.operation(found) if found else None

    def look_up_by_number(
        self, operation: Operation, parameter: str, release: str | None = None
    ) -> Operation:
        """Return the operation that gets the entity whose key is `parameter` of `operation` by its number.

        Raises UnknownNameError where `parameter` is not such a key, or 3CX has no look-up for its entity set.
        """
        version = operation.version(release)
        if version.key is not None and version.key.name == parameter:
            found = self._paths.look_up(version.entity_set, release)
            if found:
                return self.operation(found)
        raise UnknownNameError(
            f"{operation.id}: {parameter} cannot be looked up by number",
            description=f"Give {parameter} itself.",
            field=parameter,
        )

    def has_look_up_by_number(self, entity_set: str) -> bool:
        """Return whether some release can get an entity of `entity_set` by its number."""
        return self._paths.look_up(entity_set, None) is not None

    @cached_property
    def _paths(self) -> PathIndex:
        return PathIndex(self._document["operations"], self.releases)

    def _create_task(self, task_id: str) -> Operation:
        task = TASKS[task_id]
        used = [set(self.operation(each).releases) for each in task.uses]
        mapped = next((each.fields_of for each in task.parameters if each.fields_of), None)
        body = self.operation(mapped).version().body if mapped else None
        return create_task_operation(
            task, tuple(each for each in self.releases if all(each in releases for releases in used)), body
        )

    def _create_operation(self, operation_id: str, raw: Mapping[str, Any]) -> Operation:
        releases = tuple(raw.get("releases", self.releases))
        versions = tuple(create_version(value, releases) for value in raw["versions"])
        if not versions:
            raise ConfigurationError(f"the catalog's operation {operation_id} has no version")
        return Operation(
            operation_id,
            raw["resource"],
            raw["kind"],
            raw["name"],
            raw["action"],
            releases,
            versions,
            raw.get("description", ""),
            tuple(tuple(names) for names in raw.get("required", ())),
            reads=raw.get("reads", False),
        )


def select_release(properties: Mapping[str, Property], release: str | None) -> Mapping[str, Property]:
    """Return the properties that exist in `release`, all of them where it is None."""
    if release is None:
        return properties
    return {
        name: each for name, each in properties.items() if each.releases is None or release in each.releases
    }


def _numbers(version: str) -> tuple[int, ...]:
    parts = re.findall(r"\d+", version)
    return tuple(int(part) for part in parts)
