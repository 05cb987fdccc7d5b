"""Write `$metadata`: the release's API as CSDL, the XML of OData 4, for clients that are generated from it.

Facts that the catalog does not have are omitted or chosen simply: an entity type that no path addresses has a key
only if a property obviously is one; a set that only functions use (the reports) has the type of its rows.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ...catalog import Operation, OperationVersion
    from .release_model import ReleaseModel, SchemaField

NAMESPACE = "Pbx"
EDMX = "http://docs.oasis-open.org/odata/ns/edmx"
EDM = "http://docs.oasis-open.org/odata/ns/edm"

# Possible keys of types that no path addresses.
_KEYS = ("Id", "RoleName", "GroupID", "MacAddress")


@lru_cache(maxsize=16)
def build_csdl(model: ReleaseModel) -> bytes:
    """Return the document in UTF-8."""
    return _CsdlWriter(model).write()


class _CsdlWriter:
    """Writes the document of one release."""

    def __init__(self, model: ReleaseModel) -> None:
        self.model = model
        self.operations = [
            (operation, version)
            for operation, version in model.operations()
            if operation.kind in ("function", "action") and version.upload is None
        ]
        self.sets = {name: entity_set.schema for name, entity_set in model.sets.items()}
        self.sets.update(self._find_function_sets())
        self.keys = {entity_set.schema: entity_set.key for entity_set in model.sets.values()}
        self.entity_types = self._find_entity_types()

    def write(self) -> bytes:
        ET.register_namespace("edmx", EDMX)
        ET.register_namespace("", EDM)
        root = ET.Element(f"{{{EDMX}}}Edmx", Version="4.0")
        services = ET.SubElement(root, f"{{{EDMX}}}DataServices")
        schema = _add_element(services, "Schema", Namespace=NAMESPACE)
        for name in self._list_schema_names():
            self._write_type(schema, name)
        for name in sorted(set(self.sets.values()) - set(self._list_schema_names())):
            # Its rows are unknown, because its functions return files.
            _add_element(schema, "EntityType", Name=_strip_namespace(name))
        for name, enum in sorted(self.model.catalog.enums.items()):
            members = enum.members_in(self.model.release)
            if members and name.startswith(f"{NAMESPACE}."):
                self._write_enum(schema, name, members, flags=enum.flags)
        for operation, version in self.operations:
            self._write_operation(schema, operation, version)
        self._write_container(schema)
        ET.indent(root, " ")
        document: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
        return document

    def _list_schema_names(self) -> list[str]:
        return [
            name
            for name in self.model.catalog.schemas_in(self.model.release)
            if name.startswith(f"{NAMESPACE}.")
        ]

    def _find_function_sets(self) -> Iterator[tuple[str, str]]:
        """Yield the sets that no path lists, with the type that their functions return."""
        found: dict[str, str] = {}
        for _, version in self.operations:
            head = _split_path(version)[0][0]
            if (
                len(_split_path(version)) > 1
                and head not in self.model.sets
                and head not in self.model.singletons
            ):
                is_rows = version.returns.kind in ("collection", "entity")
                is_rows = is_rows and self.model.catalog.is_schema(version.returns.type)
                if is_rows:
                    found.setdefault(head, version.returns.type)
                elif not found.get(head):
                    found[head] = ""
        yield from ((head, schema or f"{NAMESPACE}.{head}") for head, schema in found.items())

    def _find_entity_types(self) -> frozenset[str]:
        types = {*self.sets.values(), *self.model.singletons.values()}
        for name in self.model.catalog.schema_names:
            types |= {field.type for field in self.model.schema(name).values() if field.navigation}
        return frozenset(types)

    def _write_type(self, parent: ET.Element, name: str) -> None:
        fields = self.model.schema(name)
        is_entity = name in self.entity_types
        element = _add_element(
            parent, "EntityType" if is_entity else "ComplexType", Name=_strip_namespace(name)
        )
        if is_entity and (key := self._find_key(name, fields)):
            _add_element(_add_element(element, "Key"), "PropertyRef", Name=key)
        for field in fields.values():
            tag = "NavigationProperty" if field.navigation else "Property"
            property_element = _add_element(
                element, tag, Name=field.name, Type=_format_csdl_type(field.type, collection=field.collection)
            )
            if not field.nullable and not (field.navigation and field.collection):
                property_element.set("Nullable", "false")
            if field.max_length is not None:
                property_element.set("MaxLength", str(field.max_length))
            if field.type == "Decimal":
                property_element.set("Scale", "variable")

    def _find_key(self, name: str, fields: Mapping[str, SchemaField]) -> str | None:
        if key := self.keys.get(name):
            return key
        return next((key for key in _KEYS if key in fields), None)

    def _write_enum(self, parent: ET.Element, name: str, members: tuple[str, ...], *, flags: bool) -> None:
        element = _add_element(parent, "EnumType", Name=_strip_namespace(name))
        if flags:
            element.set("IsFlags", "true")
        for index, member in enumerate(members):
            # The catalog has no numbers. They are never sent, because enums are property_element as names.
            _add_element(element, "Member", Name=member, Value=str(1 << index if flags else index))

    def _write_operation(self, parent: ET.Element, operation: Operation, version: OperationVersion) -> None:
        segments = _split_path(version)
        name, arguments = segments[-1]
        element = _add_element(
            parent, "Function" if operation.kind == "function" else "Action", Name=_strip_namespace(name)
        )
        if len(segments) > 1:
            element.set("IsBound", "true")
            head, keys = segments[0]
            one = bool(keys) or head in self.model.singletons
            schema = self.model.singletons.get(head) or self.sets[head]
            _add_element(
                element,
                "Parameter",
                Name="bindingParameter",
                Type=_format_csdl_type(schema, collection=not one),
            )
        types = {parameter.name: parameter.type for parameter in version.parameters}
        for url_name, argument in arguments:
            _add_element(
                element,
                "Parameter",
                Name=url_name or argument,
                Type=_format_csdl_type(types[argument]),
                Nullable="false",
            )
        for field in self.model.body_fields(version).values():
            parameter = _add_element(
                element,
                "Parameter",
                Name=field.name,
                Type=_format_csdl_type(field.type, collection=field.collection),
            )
            if not field.nullable:
                parameter.set("Nullable", "false")
        self._write_return(element, version)

    def _write_return(self, element: ET.Element, version: OperationVersion) -> None:
        returns = version.returns
        if returns.kind == "file":
            _add_element(element, "ReturnType", Type="Edm.Stream")
        elif returns.kind != "nothing":
            _add_element(
                element,
                "ReturnType",
                Type=_format_csdl_type(returns.type, collection=returns.kind == "collection"),
            )

    def _write_container(self, parent: ET.Element) -> None:
        container = _add_element(parent, "EntityContainer", Name="Container")
        by_type = {schema: name for name, schema in reversed(self.sets.items())}
        for name, schema in self.sets.items():
            element = _add_element(container, "EntitySet", Name=name, EntityType=schema)
            self._write_bindings(element, schema, by_type)
        for name, schema in self.model.singletons.items():
            element = _add_element(container, "Singleton", Name=name, Type=schema)
            self._write_bindings(element, schema, by_type)
        imported = set()
        for operation, version in self.operations:
            segments = _split_path(version)
            name = segments[-1][0]
            if len(segments) == 1 and name not in imported:
                imported.add(name)
                kind = "Function" if operation.kind == "function" else "Action"
                _add_element(container, f"{kind}Import", Name=name, **{kind: f"{NAMESPACE}.{name}"})

    def _write_bindings(self, element: ET.Element, schema: str, by_type: Mapping[str, str]) -> None:
        for field in self.model.schema(schema).values() if self.model.catalog.is_schema(schema) else ():
            if field.navigation and field.type in by_type:
                _add_element(
                    element, "NavigationPropertyBinding", Path=field.name, Target=by_type[field.type]
                )


def _split_path(version: OperationVersion) -> list[tuple[str, list[tuple[str, str]]]]:
    """Split a path into segments: the short name, and the arguments as pairs of name in the URL and parameter."""
    return [
        (segment.local_name, [(each.name, each.parameter) for each in segment.arguments or ()])
        for segment in version.template.segments
    ]


def _strip_namespace(name: str) -> str:
    return name.removeprefix(f"{NAMESPACE}.")


def _format_csdl_type(name: str, *, collection: bool = False) -> str:
    full = name if name.startswith(f"{NAMESPACE}.") else f"Edm.{name}"
    return f"Collection({full})" if collection else full


def _add_element(parent: ET.Element, tag: str, **attributes: str) -> ET.Element:
    return ET.SubElement(parent, f"{{{EDM}}}{tag}", attributes)
