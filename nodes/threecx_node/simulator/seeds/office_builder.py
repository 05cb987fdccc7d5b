"""Create entities of a seed, with the properties that the release has.

Seeds list only the values that differ from the defaults. Sets and properties that a release does not have are
skipped, so that one seed serves all releases.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..pbx.defaults import complete

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..odata.records import Entity
    from ..odata.release_model import ReleaseModel
    from ..pbx.pbx import Pbx


class OfficeBuilder:
    """Creates entities in a PBX of any release."""

    def __init__(self, pbx: Pbx) -> None:
        self.pbx = pbx
        self.model = pbx.model

    def create(self, set_name: str, **values: Any) -> int:
        """Create an entity and return its numeric id; return 0 for a text key, or if the release has no such set."""
        if set_name not in self.model.sets:
            return 0
        schema = self.model.sets[set_name].schema
        key, _ = self.pbx.entities.create(set_name, select_known(self.model, schema, values))
        return key if isinstance(key, int) else 0

    def change_singleton(self, name: str, **values: Any) -> None:
        """Change a singleton, if the release has it."""
        if name in self.model.singletons:
            schema = self.model.singletons[name]
            self.pbx.entities.update_singleton(name, select_known(self.model, schema, values))


def select_known(model: ReleaseModel, schema: str, values: Mapping[str, Any]) -> Entity:
    """Return the part of `values` that the release has."""
    fields = model.schema(schema)
    selected: Entity = {}
    for name, value in values.items():
        field = fields.get(name)
        if field is None:
            continue
        if field.kind == "enum" and isinstance(value, str) and value not in model.enum(field.type):
            continue
        selected[name] = _select_known_part(model, field.type, value) if field.kind == "complex" else value
    return selected


def _select_known_part(model: ReleaseModel, schema: str, value: Any) -> Any:
    if isinstance(value, list):
        return [complete(model, schema, select_known(model, schema, item)) for item in value]
    return select_known(model, schema, value) if isinstance(value, dict) else value


def to_ascii(text: str) -> str:
    """Return a name in ASCII letters, for an email address."""
    replaced = text.lower().translate(str.maketrans("áéíóöüç", "aeioouc"))
    return "".join(character for character in replaced if character.isascii() and character.isalnum())
