"""`$metadata`: the release's API as CSDL, the XML of OData 4, for clients that generate themselves from it.

What the catalog does not say is left out or chosen plainly: entity types that no path addresses have a key only
where a property is obviously one; sets that only functions know (the reports) have their rows' type.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ..catalog import Operation, OperationVersion
    from .model import Field, Model

NAMESPACE = "Pbx"
EDMX = "http://docs.oasis-open.org/odata/ns/edmx"
EDM = "http://docs.oasis-open.org/odata/ns/edm"

_SEGMENT = re.compile(r"(?P<name>[\w.]+)(?:\((?P<arguments>.*)\))?")
_ARGUMENT = re.compile(r"(?:(?P<written>\w+)=)?\{(?P<name>\w+)\}")
# Keys of types that are reached only through others.
_KEYS = ("Id", "RoleName", "GroupID", "MacAddress")


def csdl(model: Model) -> bytes:
    """The document, in UTF-8."""
    return _Document(model).write()


class _Document:
    def __init__(self, model: Model) -> None:
        self.model = model
        self.operations = [
            (operation, shape)
            for operation, shape in model.shapes()
            if operation.kind in ("function", "action")
        ]
        self.sets = {name: entity_set.schema for name, entity_set in model.sets.items()}
        self.sets.update(self._sets_of_functions())
        self.keys = {entity_set.schema: entity_set.key for entity_set in model.sets.values()}
        self.entity_types = self._entity_types()

    def write(self) -> bytes:
        ET.register_namespace("edmx", EDMX)
        ET.register_namespace("", EDM)
        root = ET.Element(f"{{{EDMX}}}Edmx", Version="4.0")
        services = ET.SubElement(root, f"{{{EDMX}}}DataServices")
        schema = _add(services, "Schema", Namespace=NAMESPACE)
        for name in self._schema_names():
            self._write_type(schema, name)
        for name in sorted(set(self.sets.values()) - set(self._schema_names())):
            # Nothing is known of its rows: its functions give files.
            _add(schema, "EntityType", Name=_short(name))
        for name, enum in sorted(self.model.catalog.enums.items()):
            members = enum.members_in(self.model.release)
            if members and name.startswith(f"{NAMESPACE}."):
                self._write_enum(schema, name, members, flags=enum.flags)
        for operation, shape in self.operations:
            self._write_operation(schema, operation, shape)
        self._write_container(schema)
        ET.indent(root, " ")
        written: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
        return written

    def _schema_names(self) -> list[str]:
        return [
            name
            for name in self.model.catalog.schemas_in(self.model.release)
            if name.startswith(f"{NAMESPACE}.")
        ]

    def _sets_of_functions(self) -> Iterator[tuple[str, str]]:
        """The sets that no path lists, with the type that their functions return."""
        found: dict[str, str] = {}
        for _, shape in self.operations:
            head = _segments(shape)[0][0]
            if (
                len(_segments(shape)) > 1
                and head not in self.model.sets
                and head not in self.model.singletons
            ):
                is_rows = shape.returns.kind in ("collection", "entity")
                is_rows = is_rows and self.model.catalog.is_schema(shape.returns.type)
                if is_rows:
                    found.setdefault(head, shape.returns.type)
                elif not found.get(head):
                    found[head] = ""
        yield from ((head, schema or f"{NAMESPACE}.{head}") for head, schema in found.items())

    def _entity_types(self) -> frozenset[str]:
        types = {*self.sets.values(), *self.model.singletons.values()}
        for name in self.model.catalog.schema_names:
            types |= {field.type for field in self.model.schema(name).values() if field.navigation}
        return frozenset(types)

    def _write_type(self, parent: ET.Element, name: str) -> None:
        fields = self.model.schema(name)
        is_entity = name in self.entity_types
        element = _add(parent, "EntityType" if is_entity else "ComplexType", Name=_short(name))
        if is_entity and (key := self._key(name, fields)):
            _add(_add(element, "Key"), "PropertyRef", Name=key)
        for field in fields.values():
            tag = "NavigationProperty" if field.navigation else "Property"
            written = _add(element, tag, Name=field.name, Type=_type(field.type, collection=field.collection))
            if not field.nullable and not (field.navigation and field.collection):
                written.set("Nullable", "false")
            if field.max_length is not None:
                written.set("MaxLength", str(field.max_length))
            if field.type == "Decimal":
                written.set("Scale", "variable")

    def _key(self, name: str, fields: Mapping[str, Field]) -> str | None:
        if key := self.keys.get(name):
            return key
        return next((key for key in _KEYS if key in fields), None)

    def _write_enum(self, parent: ET.Element, name: str, members: tuple[str, ...], *, flags: bool) -> None:
        element = _add(parent, "EnumType", Name=_short(name))
        if flags:
            element.set("IsFlags", "true")
        for index, member in enumerate(members):
            # The catalog has no numbers; nobody sees them, because enums travel as their names.
            _add(element, "Member", Name=member, Value=str(1 << index if flags else index))

    def _write_operation(self, parent: ET.Element, operation: Operation, shape: OperationVersion) -> None:
        segments = _segments(shape)
        name, arguments = segments[-1]
        element = _add(parent, "Function" if operation.kind == "function" else "Action", Name=_short(name))
        if len(segments) > 1:
            element.set("IsBound", "true")
            head, keys = segments[0]
            one = bool(keys) or head in self.model.singletons
            schema = self.model.singletons.get(head) or self.sets[head]
            _add(element, "Parameter", Name="bindingParameter", Type=_type(schema, collection=not one))
        types = {parameter.name: parameter.type for parameter in shape.parameters}
        for written, argument in arguments:
            _add(
                element, "Parameter", Name=written or argument, Type=_type(types[argument]), Nullable="false"
            )
        for field in self.model.body_fields(shape).values():
            parameter = _add(
                element, "Parameter", Name=field.name, Type=_type(field.type, collection=field.collection)
            )
            if not field.nullable:
                parameter.set("Nullable", "false")
        self._write_return(element, shape)

    def _write_return(self, element: ET.Element, shape: OperationVersion) -> None:
        returns = shape.returns
        if returns.kind == "file":
            _add(element, "ReturnType", Type="Edm.Stream")
        elif returns.kind != "nothing":
            _add(element, "ReturnType", Type=_type(returns.type, collection=returns.kind == "collection"))

    def _write_container(self, parent: ET.Element) -> None:
        container = _add(parent, "EntityContainer", Name="Container")
        by_type = {schema: name for name, schema in reversed(self.sets.items())}
        for name, schema in self.sets.items():
            element = _add(container, "EntitySet", Name=name, EntityType=schema)
            self._write_bindings(element, schema, by_type)
        for name, schema in self.model.singletons.items():
            element = _add(container, "Singleton", Name=name, Type=schema)
            self._write_bindings(element, schema, by_type)
        imported = set()
        for operation, shape in self.operations:
            segments = _segments(shape)
            name = segments[-1][0]
            if len(segments) == 1 and name not in imported:
                imported.add(name)
                kind = "Function" if operation.kind == "function" else "Action"
                _add(container, f"{kind}Import", Name=name, **{kind: f"{NAMESPACE}.{name}"})

    def _write_bindings(self, element: ET.Element, schema: str, by_type: Mapping[str, str]) -> None:
        for field in self.model.schema(schema).values() if self.model.catalog.is_schema(schema) else ():
            if field.navigation and field.type in by_type:
                _add(element, "NavigationPropertyBinding", Path=field.name, Target=by_type[field.type])


def _segments(shape: OperationVersion) -> list[tuple[str, list[tuple[str, str]]]]:
    """A path's segments: name without namespace, and its arguments as written name and parameter."""
    found = []
    for text in shape.path.split("/")[1:]:
        match = _SEGMENT.fullmatch(text)
        if match is None:
            raise ValueError(f"the catalog's path {shape.path} cannot be read")
        found.append((_short(match["name"]), _ARGUMENT.findall(match["arguments"] or "")))
    return found


def _short(name: str) -> str:
    return name.removeprefix(f"{NAMESPACE}.")


def _type(name: str, *, collection: bool = False) -> str:
    full = name if name.startswith(f"{NAMESPACE}.") else f"Edm.{name}"
    return f"Collection({full})" if collection else full


def _add(parent: ET.Element, tag: str, **attributes: str) -> ET.Element:
    return ET.SubElement(parent, f"{{{EDM}}}{tag}", attributes)
