"""Write the service document, which lists the entity sets and singletons at the root of the API."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

if TYPE_CHECKING:
    from .release_model import ReleaseModel


def build_service_document(model: ReleaseModel, base: str) -> bytes:
    """Return the document as JSON; `base` is the address of the service."""
    value = [{"name": name, "kind": "EntitySet", "url": name} for name in model.sets]
    value += [{"name": name, "kind": "Singleton", "url": name} for name in model.singletons]
    return orjson.dumps({"@odata.context": f"{base}/$metadata", "value": value})
